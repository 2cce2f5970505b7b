"""`ultra compare`: every answer side by side."""

from pathlib import Path
from typing import Annotated

from ultra.cli import options
from ultra.cli.apps import verb_app
from ultra.core.errors import UsageError

app = verb_app()

EXAMPLES = """\b
Examples:
  ultra compare -m fast -m smart "is 91 prime?"
  ultra compare -m @council --format html --output answers.html "name three risks"
  ultra compare -m fast -m fast "a random word"        two samples of one model
  cat bug.log | ultra compare --quorum 2 --grace 5 "what went wrong?"
  ultra compare -m fast -m smart --judge "openai:gpt-5" --criteria "no jargon" "what is WAL?"
  ultra compare -m @council --extract number --agree 0.8 "17 * 23?" || echo "ask a human"
  ultra compare -m fast --runs 5 --expect contains:391 "what is 17 * 23?"
  ultra compare -m fast -m smart --diff "name three risks"
  ultra compare -m @council --blind "explain WAL"
  ultra compare -m fast -m smart --prompts questions.csv --format html --output report.html
  ultra compare -m fast --prompts q.csv --baseline old.json --fail-if "accuracy<baseline-0.02"
"""

FORMATS = ("text", "markdown", "json", "ndjson", "csv", "html")
BULK_FORMATS = (*FORMATS, "junit")


@app.command(epilog=EXAMPLES)
def compare(
    prompt: options.Words = None,
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
        str, options.option("--format", help="text, markdown, json, ndjson, csv, html or junit")
    ] = "text",
    as_json: options.Json = False,
    events: options.Events = False,
    output: options.Output = None,
    deadline: options.Deadline = None,
    quorum: options.Quorum = None,
    grace: options.Grace = None,
    allow_partial: Annotated[
        bool, options.option("--allow-partial", help="exit 0 if a member was lost")
    ] = False,
    judge: options.Judges = None,
    criteria: options.Criteria = None,
    reference: options.Reference = None,
    duels: options.Duels = False,
    self_judging: options.SelfJudging = False,
    extract: options.Extract = None,
    expect: Annotated[
        list[str] | None,
        options.option(
            "--expect",
            metavar="KIND:WHAT",
            help="exact:TEXT, contains:TEXT, regex:PATTERN, number:VALUE or schema:FILE; "
            "exit 6 if an answer is not so; repeat for all of several",
        ),
    ] = None,
    agree: Annotated[
        float | None,
        options.option(
            "--agree",
            metavar="SHARE",
            help="exit 6 if fewer answers (0..1) come to the same, by `--extract` or a judge",
        ),
    ] = None,
    runs: Annotated[
        int | None, options.option("--runs", metavar="N", help="N samples of every model")
    ] = None,
    diff: Annotated[bool, options.option("--diff", help="only where the words differ")] = False,
    dissent: Annotated[bool, options.option("--dissent", help="only what most do not say")] = False,
    blind: Annotated[bool, options.option("--blind", help="hide the names until you pick")] = False,
    prompts: Annotated[
        str | None,
        options.option(
            "--prompts",
            metavar="FILE",
            help="ask every prompt of a file: lines, .jsonl or .csv with `prompt` and `expected`",
        ),
    ] = None,
    resume: Annotated[
        bool, options.option("--resume", help="go on with a batch that was cut")
    ] = False,
    baseline: Annotated[
        str | None,
        options.option(
            "--baseline", metavar="FILE", help="JSON of an earlier batch, for `--fail-if`"
        ),
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        options.option(
            "--fail-if",
            metavar="CONDITION",
            help="exit 6 if `accuracy<0.9`, `cost>1.2*baseline` or the like; repeat",
        ),
    ] = None,
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
    from ultra.runtime.comparing import Trial
    from ultra.runtime.methods import Wish

    form = "json" if as_json else form
    _check(form, prompts, resume or baseline or fail_if)
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
    wanted = Wanted(
        models=model or [],
        terms=terms,
        events=events,
        allow_partial=allow_partial,
        wish=Wish(
            judges=tuple(judge or ()),
            criteria=criteria or "",
            reference=reference or "",
            duels=duels,
            self_judging=self_judging,
            extract=extract or "",
            runs=runs,
        ),
        trial=Trial(tuple(expect or ()), agree, blind),
        only="diff" if diff else "dissent" if dissent else None,
    )
    if diff and dissent:
        raise UsageError("`--diff` and `--dissent` do not go together")
    session = Session(profile, quiet=quiet, verbose=verbose, key=key)
    if prompts is None:
        return run_compare(session, typed, wanted)
    from ultra.cli.compare_batch import Bulk, run_bulk

    return run_bulk(session, typed, wanted, Bulk(prompts, resume, baseline, fail_if or ()))


def _check(form: str, prompts: str | None, bulk: object) -> None:
    known = FORMATS if prompts is None else BULK_FORMATS
    if form not in known:
        hint = ", ".join(known)
        if form == "junit":
            hint = "it is for `--prompts FILE`"
        raise UsageError(f"`--format {form}` is not known", hint=hint)
    if bulk and prompts is None:
        raise UsageError(
            "`--resume`, `--baseline` and `--fail-if` are for many prompts",
            hint="name their file with `--prompts`",
        )
