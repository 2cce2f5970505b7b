"""`ultra replay`: logged prompts sent again to another model."""

from pathlib import Path
from typing import Annotated

import typer

from ultra.cli import options
from ultra.cli.apps import verb_app
from ultra.cli.filters import marks_of, option_of
from ultra.core.errors import UsageError

app = verb_app()

EXAMPLES = """\b
Examples:
  ultra replay --since 30d -m cheap --judge smart       is it as good on what I ask?
  ultra replay --since 30d --limit 50 -m cheap --judge smart --dry-run
  ultra replay --tag task=sums -m cheap --extract number
  ultra replay 4f7k -m cheap --judge smart              one run
  ultra replay --since 8w -m cheap --judge smart --format markdown --output cheap.md
"""

FORMATS = ("text", "markdown", "json")


@app.command(epilog=EXAMPLES)
def replay(
    run: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]...", help="run ids or their beginnings"),
    ] = None,
    model: Annotated[
        list[str] | None,
        options.option(
            "--model",
            "-m",
            metavar="NAME",
            help="whom the prompts are sent to: one model, alias or ensemble",
        ),
    ] = None,
    judge: options.Judges = None,
    criteria: options.Criteria = None,
    self_judging: options.SelfJudging = False,
    expect: Annotated[
        list[str] | None,
        options.option(
            "--expect",
            metavar="KIND:WHAT",
            help="instead of a judge: what both answers are held to; repeat for all of several",
        ),
    ] = None,
    extract: Annotated[
        str | None,
        options.option(
            "--extract",
            metavar="KIND",
            help="instead of a judge: both must come to the same number, choice, json:PATH, ...",
        ),
    ] = None,
    since: Annotated[
        str | None,
        options.option(
            "--since", metavar="SPAN", of="replay", help="prompts of the last `12h`, `30d`, `8w`"
        ),
    ] = None,
    tag: Annotated[list[str] | None, option_of("replay", "--tag")] = None,
    limit: Annotated[
        int | None,
        options.option("--limit", min=1, metavar="N", of="replay", help="the newest N of them"),
    ] = None,
    seed: Annotated[
        int | None,
        options.option(
            "--seed",
            metavar="NUMBER",
            of="replay",
            help="with --limit: N drawn by it instead of the newest",
        ),
    ] = None,
    form: Annotated[str, options.option("--format", help="text, markdown or json")] = "text",
    as_json: options.Json = False,
    output: options.Output = None,
    deadline: options.Deadline = None,
    cost_center: options.CostCenter = None,
    max_cost: options.MaxCost = None,
    cache: options.Cache = None,
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
    """Send logged prompts to another model: on how many is it as good, and for how much less?

    The logged answers are the other side and are not paid for again. What was asked before, the
    same command does not ask again.
    """
    from ultra.cli.context import Session
    from ultra.cli.replay_run import Wanted, run_replay
    from ultra.cli.terms import CACHE_USES, Terms, secrets_rule
    from ultra.runtime.methods import Wish
    from ultra.runtime.replaying import Scope

    form = "json" if as_json else form
    if form not in FORMATS:
        raise UsageError(f"`--format {form}` is not known", hint=", ".join(FORMATS))
    terms = Terms(
        form=form,
        output=Path(output) if output else None,
        deadline_s=deadline,
        confirmed=yes,
        dry_run=dry_run,
        cost_center=cost_center or "",
        max_cost=max_cost,
        cache=CACHE_USES[cache],
        secrets=secrets_rule(redact=redact, allow=allow_secrets),
    )
    wish = Wish(
        judges=tuple(judge or ()),
        criteria=criteria or "",
        self_judging=self_judging,
        extract=extract or "",
        expect=tuple(expect or ()),
    )
    scope = Scope(tuple(run or ()), since, marks_of(None, tag), limit, seed)
    wanted = Wanted(tuple(model or ()), terms, wish, scope)
    return run_replay(Session(profile, quiet=quiet, verbose=verbose, key=key), wanted)
