"""`ultra compare`: every answer side by side."""

from pathlib import Path
from typing import Annotated

import typer

from ultra.cli import options
from ultra.core.errors import UsageError

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

EXAMPLES = """\b
Examples:
  ultra compare -m fast -m smart "is 91 prime?"
  ultra compare -m @council --format html --output answers.html "name three risks"
  ultra compare -m fast -m fast "a random word"        two samples of one model
  cat bug.log | ultra compare --quorum 2 --grace 5 "what went wrong?"
"""

FORMATS = ("text", "markdown", "json", "ndjson", "csv", "html")


@app.command(epilog=EXAMPLES)
def compare(
    prompt: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PROMPT]...", help="the prompt; piped text goes before it"),
    ] = None,
    model: options.Models = None,
    system: options.System = None,
    option: options.Options = None,
    attachment: options.Attachments = None,
    file: options.Files = None,
    schema: options.Schema = None,
    tools: options.Tools = None,
    max_tokens: options.MaxTokens = None,
    no_log: options.NoLog = False,
    usage: options.Usage = False,
    no_stdin: options.NoStdin = False,
    no_stream: options.NoStream = False,
    form: Annotated[
        str,
        typer.Option(
            "--format", envvar="ULTRA_FORMAT", help="text, markdown, json, ndjson, csv or html"
        ),
    ] = "text",
    as_json: options.Json = False,
    events: options.Events = False,
    output: options.Output = None,
    deadline: options.Deadline = None,
    quorum: options.Quorum = None,
    grace: options.Grace = None,
    allow_partial: Annotated[
        bool,
        typer.Option(
            "--allow-partial", envvar="ULTRA_ALLOW_PARTIAL", help="exit 0 if a member was lost"
        ),
    ] = False,
    cost_center: options.CostCenter = None,
    tag: options.Tags = None,
    max_cost: options.MaxCost = None,
    cache: options.Cache = None,
    refresh: options.Refresh = False,
    redact: options.Redact = False,
    allow_secrets: options.AllowSecrets = False,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    key: options.Key = None,
    profile: options.Profile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> int:
    """Show the answers of several models, where they agree and where they part."""
    from ultra.cli.asking import Typed
    from ultra.cli.compare_run import Wanted, run_compare
    from ultra.cli.context import Session
    from ultra.cli.terms import CACHE_USES, Terms, secrets_rule

    form = "json" if as_json else form
    if form not in FORMATS:
        raise UsageError(f"`--format {form}` is not known", hint=", ".join(FORMATS))
    typed = Typed(
        words=prompt or [],
        system=system or "",
        files=file or [],
        attachments=attachment or [],
        options=option or [],
        max_tokens=max_tokens,
        schema=schema,
        tools=tools,
        read_stdin=not no_stdin and key != "-",
    )
    terms = Terms(
        form=form,
        output=Path(output) if output else None,
        stream=not no_stream,
        usage=usage,
        keep_text=not no_log,
        deadline_s=deadline,
        quorum=quorum,
        grace_s=grace,
        confirmed=yes,
        dry_run=dry_run,
        cost_center=cost_center or "",
        tags=tag or [],
        max_cost=max_cost,
        cache="refresh" if refresh else CACHE_USES[cache],
        secrets=secrets_rule(redact=redact, allow=allow_secrets),
    )
    wanted = Wanted(models=model or [], terms=terms, events=events, allow_partial=allow_partial)
    return run_compare(Session(profile, quiet=quiet, verbose=verbose, key=key), typed, wanted)
