"""`ultra stats`: what models were asked for, and which of them answer best."""

from typing import TYPE_CHECKING, Annotated

import typer

from ultra.cli import options
from ultra.cli.nouns import Here, Under, noun, print_json, session, shown
from ultra.core.errors import UsageError
from ultra.core.tags import Marks, cost_center_of, tags_of
from ultra.core.text import one_line

if TYPE_CHECKING:
    from ultra.runtime.stats import Scope

app = noun(
    "What models were asked for, how they fared and, with --rank, which of them answer best: all"
    " from your own log.",
    "ultra stats                          calls, times, tokens and cost by model",
    "ultra stats --since 30d --by job     for each value of the tag `job`",
    "ultra stats --rank                   by your picks, by judges and by expectations",
    "ultra stats --rank --tag task=sql    the same of runs marked so",
)


@app.command(
    cls=Under, epilog=shown("ultra stats show --rank --since 90d", "ultra stats show --json")
)
def show(
    ctx: typer.Context,
    rank: Annotated[
        bool,
        typer.Option(
            "--rank", envvar="ULTRA_STATS_RANK", help="models by picks, judges and expectations"
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="SPAN",
            envvar="ULTRA_STATS_SINCE",
            help="only runs of the last `12h`, `30d`, `8w`",
        ),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            metavar="NAME=VALUE",
            envvar="ULTRA_STATS_TAG",
            help="runs marked with it; repeat for all of several",
        ),
    ] = None,
    cost_center: Annotated[
        str | None,
        typer.Option(
            "--cost-center",
            metavar="NAME",
            envvar="ULTRA_STATS_COST_CENTER",
            help="runs charged to it",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="TAG",
            envvar="ULTRA_STATS_BY",
            help="apart for each value of the tag of that name",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Print calls by model; with `--rank`, models by what was found of their answers."""
    from ultra.runtime.stats import Scope

    here = session(ctx)
    if by is not None and "=" in by:
        raise UsageError(
            f"`--by {one_line(by, 60)}` names a tag with its value", hint="`--tag` takes those"
        )
    marks = Marks(cost_center_of(cost_center or ""), tags_of(tag or []))
    scope = Scope(since, marks, by or "")
    if rank:
        _rank(here, scope, as_json=as_json)
    else:
        _show(here, scope, as_json=as_json)


def _show(here: Here, scope: "Scope", *, as_json: bool) -> None:
    from ultra.output.stats import render_usage
    from ultra.runtime.stats import used

    parts = used(here.runtime, scope)
    if as_json:
        told = [{"value": value, "models": own} for value, own in parts.items()]
        print_json(here, {"type": "usage", "by": scope.by, "parts": told})
    elif parts:
        here.streams.write(render_usage(parts, scope.by, streams=here.streams))
    else:
        here.note("no call of such a run is in the log")


def _rank(here: Here, scope: "Scope", *, as_json: bool) -> None:
    from ultra.output.stats import render_rankings
    from ultra.runtime.stats import ranked

    parts = ranked(here.runtime, scope)
    if as_json:
        told = [{"value": value, "rankings": own} for value, own in parts.items()]
        print_json(here, {"type": "ranking", "by": scope.by, "parts": told})
    elif parts:
        here.streams.write(render_rankings(parts, scope.by, streams=here.streams))
    else:
        here.note(
            "nothing was picked, judged or checked in such a run: `ultra compare` with `--judge`,"
            " `--expect` or `ultra pick` does"
        )
