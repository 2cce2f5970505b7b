"""`ultra ask`: one answer, from one model or made out of several."""

from pathlib import Path
from typing import Annotated

import typer

from ultra.cli import options
from ultra.cli.apps import verb_app
from ultra.core.errors import UsageError

app = verb_app()

EXAMPLES = """\b
Examples:
  ultra "why is the sky blue"
  git diff | ultra -m smart "review this"
  ultra -m fast -m smart --strategy first "what is 17 * 23?"
  ultra -f notes.md -s "be brief" "what is missing?"
  ultra -a photo.jpg "what is this?"
  ultra -m @council --dry-run "plan a migration to WAL"
  ultra pick 2 && ultra ask -c "and why?"       go on from one answer of a comparison
  ultra ask -c --all "and why?"                 go on from all of them
"""


@app.command(epilog=EXAMPLES)
def ask(
    prompt: options.Words = None,
    model: options.Models = None,
    system: options.System = None,
    strategy: options.Strategy = None,
    synthesizer: options.Synthesizer = None,
    judge: options.Judges = None,
    criteria: options.Criteria = None,
    reference: options.Reference = None,
    duels: options.Duels = False,
    self_judging: options.SelfJudging = False,
    extract: options.Extract = None,
    min_share: options.MinShare = None,
    weights: options.Weights = None,
    expect: options.Expect = None,
    samples: options.Samples = None,
    layers: options.Layers = None,
    one_call: options.OneCall = False,
    cite: options.Cite = False,
    sources_only: options.SourcesOnly = False,
    proceed: Annotated[
        bool, options.option("--continue", "-c", help="continue this terminal's conversation")
    ] = False,
    cid: Annotated[
        str | None, options.option("--cid", metavar="RUN", help="continue from that run")
    ] = None,
    every: Annotated[
        bool, options.option("--all", help="with -c: go on from every answer of a comparison")
    ] = False,
    template: options.Template = None,
    param: options.Params = None,
    save: Annotated[
        str | None,
        options.option("--save", metavar="NAME", help="save this as a template, ask nobody"),
    ] = None,
    option: options.Options = None,
    attachment: options.Attachments = None,
    file: options.Files = None,
    schema: options.Schema = None,
    repair: Annotated[
        bool, options.option("--repair", help="ask once more if `--schema` is not met")
    ] = False,
    tools: options.Tools = None,
    max_tokens: options.MaxTokens = None,
    code: Annotated[bool, options.option("--code", "-x", help="first code block only")] = False,
    code_last: Annotated[
        bool,
        typer.Option("--xl", envvar="ULTRA_CODE_LAST", help="last code block only"),
    ] = False,
    no_log: options.NoLog = False,
    usage: options.Usage = False,
    no_stdin: options.NoStdin = False,
    no_stream: options.NoStream = False,
    sanitize: Annotated[
        bool, options.option("--sanitize", help="strip control sequences in pipes")
    ] = False,
    form: Annotated[
        str, options.option("--format", help="text, markdown, json or ndjson")
    ] = "text",
    as_json: options.Json = False,
    events: options.Events = False,
    output: options.Output = None,
    deadline: options.Deadline = None,
    quorum: options.Quorum = None,
    grace: options.Grace = None,
    strict: Annotated[bool, options.option("--strict", help="exit 4 if a member was lost")] = False,
    cost_center: options.CostCenter = None,
    tag: options.Tags = None,
    max_cost: options.MaxCost = None,
    hedge: options.Hedge = False,
    cache: options.Cache = None,
    refresh: options.Refresh = False,
    redact: options.Redact = False,
    allow_secrets: options.AllowSecrets = False,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    explain: options.Explain = False,
    key: options.Key = None,
    profile: options.Profile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> int:
    """Ask for one answer: from one model, a route, an ensemble, or several models (fused)."""
    from ultra.cli.ask_run import Wanted, run_ask
    from ultra.cli.asking import Typed
    from ultra.cli.context import Session
    from ultra.cli.terms import CACHE_USES, Terms, secrets_rule
    from ultra.runtime.methods import Wish

    form = "json" if as_json else "ndjson" if events else form
    if form not in ("text", "markdown", "json", "ndjson"):
        raise UsageError(f"`--format {form}` is not for `ask`", hint="text, markdown, json, ndjson")
    typed = Typed(
        words=prompt or [],
        system=system or "",
        files=file or [],
        attachments=attachment or [],
        options=option or [],
        max_tokens=max_tokens,
        schema=schema,
        tools=tools,
        repair=repair,
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
        hedge=hedge,
        explain=explain,
        cache="refresh" if refresh else CACHE_USES[cache],
        secrets=secrets_rule(redact=redact, allow=allow_secrets),
    )
    wanted = Wanted(
        models=model or [],
        strategy=strategy,
        terms=terms,
        wish=Wish(
            synthesizer=synthesizer or "",
            judges=tuple(judge or ()),
            criteria=criteria or "",
            reference=reference or "",
            duels=duels,
            self_judging=self_judging,
            extract=extract or "",
            min_share=min_share,
            accuracies=weights or "",
            expect=tuple(expect or ()),
            layers=layers,
            one_call=one_call,
            cite=cite,
            sources_only=sources_only,
            samples=samples,
        ),
        extract="first" if code else "last" if code_last else None,
        held=repair,
        sanitize=sanitize,
        proceed=proceed,
        cid=cid,
        every=every,
        template=template,
        params=param or [],
        save=save,
        strict=strict,
    )
    return run_ask(Session(profile, quiet=quiet, verbose=verbose, key=key), typed, wanted)
