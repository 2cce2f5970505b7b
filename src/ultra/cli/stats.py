"""`ultra stats`: what calls came to, which models answer best, and calls for log collectors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from ultra.cli import filters, options
from ultra.cli.filters import filter_of, option_of
from ultra.cli.nouns import Here, Under, json_text, noun, session, shown
from ultra.core.errors import UsageError
from ultra.core.scope import Scope
from ultra.core.totals import Dimension, Tag, dimensions_of

if TYPE_CHECKING:
    from pathlib import Path

    from ultra.core.totals import TotalsReport

app = noun(
    "What calls came to: how they ended, times, tokens and cost; with --rank, which models answer"
    " best; all from your own log.",
    "ultra stats                                calls, times, tokens and cost by model",
    "ultra stats --since 30d --by provider,day  several at once; `--by tag:job` too",
    "ultra stats --since 2026-11-01 --until yesterday --format csv --output november.csv",
    "ultra stats --since 7d --plot              calls, cost and times as plots",
    "ultra stats --rank --tag task=sql          by your picks, by judges, by expectations",
    "ultra stats --json-logs --follow           a line of JSON for each call that ends",
)

By = Annotated[
    list[str] | None,
    options.option(
        "--by",
        metavar="WHAT",
        of="stats",
        help="model, provider, name, route, strategy, cost-center, environment, profile, role,"
        " verb, tag:NAME, hour, day, week, month or all; repeat, or with commas",
    ),
]
Since = Annotated[str | None, option_of("stats", "--since")]
Until = Annotated[str | None, option_of("stats", "--until")]
Timezone = Annotated[str, option_of("stats", "--timezone")]
Model = Annotated[list[str] | None, option_of("stats", "--model")]
Provider = Annotated[list[str] | None, option_of("stats", "--provider")]
Tags = Annotated[list[str] | None, option_of("stats", "--tag")]
CostCenter = Annotated[list[str] | None, option_of("stats", "--cost-center")]
Environment = Annotated[list[str] | None, option_of("stats", "--environment")]
Rank = Annotated[
    bool, options.option("--rank", of="stats", help="models by picks, judges and expectations")
]
Plot = Annotated[bool, options.option("--plot", of="stats", help="plots instead of a table")]
JsonLogs = Annotated[
    bool, options.option("--json-logs", of="stats", help="a line of JSON for each ended call")
]
Follow = Annotated[
    bool, options.option("--follow", of="stats", help="with --json-logs: go on as calls end")
]
After = Annotated[
    str | None,
    options.option(
        "--after",
        metavar="CALL",
        of="stats",
        help="with --json-logs: those that ended after it, the last that was read",
    ),
]
Form = Annotated[filters.Form, option_of("stats", "--format")]


@app.command(
    cls=Under, epilog=shown("ultra stats show --by model,day --json", "ultra stats show --rank")
)
def show(
    ctx: typer.Context,
    by: By = None,
    since: Since = None,
    until: Until = None,
    timezone: Timezone = "",
    model: Model = None,
    provider: Provider = None,
    tag: Tags = None,
    cost_center: CostCenter = None,
    environment: Environment = None,
    rank: Rank = False,
    plot: Plot = False,
    json_logs: JsonLogs = False,
    follow: Follow = False,
    after: After = None,
    form: Form = "table",
    as_json: options.Json = False,
    output: options.Output = None,
) -> None:
    """Print what calls came to, by model unless `--by` says otherwise; nobody is asked."""
    here = session(ctx)
    chosen: filters.Form = "json" if as_json else form
    scope = Scope(
        since,
        until,
        timezone,
        filter_of(
            model=model,
            provider=provider,
            cost_center=cost_center,
            tag=tag,
            environment=environment,
        ),
    )
    _fitting(rank=rank, plot=plot, json_logs=json_logs, logging=follow or after is not None)
    if json_logs:
        _logs(here, scope, after, follow=follow, bare=not (by or output) and form == "table")
    elif rank:
        _rank(here, scope, dimensions_of(by or ()), chosen, output)
    else:
        _show(here, scope, by, chosen, output, plot=plot)


def _fitting(*, rank: bool, plot: bool, json_logs: bool, logging: bool) -> None:
    if rank + plot + json_logs > 1:
        raise UsageError("`--rank`, `--plot` and `--json-logs` do not go together")
    if logging and not json_logs:
        raise UsageError("`--follow` and `--after` go with `--json-logs`")


def _show(
    here: Here,
    scope: Scope,
    by: Sequence[str] | None,
    form: filters.Form,
    output: "Path | None",
    *,
    plot: bool,
) -> None:
    from ultra.output.stats import (
        render_plots,
        render_totals,
        totals_csv,
        totals_document,
        totals_markdown,
    )
    from ultra.runtime.stats import counted, unknown_tags

    if plot and form != "table":
        raise UsageError(f"`--plot` draws, and `--format {form}` does not")
    timely = plot and not by
    report = counted(
        here.runtime, scope, () if timely else dimensions_of(by or ("model",)), timely=timely
    )
    streams = None if output else here.streams
    match form:
        case "json":
            text = json_text(totals_document(report))
        case "csv":
            text = totals_csv(report)
        case "markdown":
            text = totals_markdown(report)
        case "table":
            text = render_plots(report, streams) if plot else render_totals(report, streams)
        case _:
            assert_never(form)
    _hand_over(here, text, output)
    _missing(here, scope, report, unknown_tags(report))


def _missing(here: Here, scope: Scope, report: "TotalsReport", tags: Sequence[str]) -> None:
    """Say on stderr why there is nothing to see."""
    if not report.groups:
        marks = [f"`{name}={value}`" for name, value in scope.filter.tags.items()]
        about = (
            f" marked {' and '.join(marks)}" if marks else " of that kind" if _some(scope) else ""
        )
        here.note(f"no call{about} is in the log `{here.runtime.paths.database}`")
    for name in tags if report.groups else ():
        here.note(f"no call of these is marked with a tag `{name}`")


def _some(scope: Scope) -> bool:
    return scope != Scope(timezone=scope.timezone)


def _rank(
    here: Here,
    scope: Scope,
    by: Sequence[Dimension],
    form: filters.Form,
    output: "Path | None",
) -> None:
    from ultra.output.ranking import render_rankings
    from ultra.runtime.stats import ranked

    chosen = scope.filter
    if chosen.model or chosen.provider or chosen.environment:
        raise UsageError("`--rank` goes by `--since`, `--until`, `--tag` and `--cost-center` only")
    if form not in ("table", "json") or output:
        raise UsageError("`--rank` is a table or JSON, on stdout")
    if len(by) > 1 or not all(isinstance(one, Tag) for one in by):
        raise UsageError(
            "`--rank` tells models apart, and the values of one tag",
            hint="write `--by tag:NAME`",
        )
    tag = next((one.name for one in by if isinstance(one, Tag)), "")
    parts = ranked(here.runtime, scope, tag)
    if form == "json":
        told = [{"value": value, "rankings": own} for value, own in parts.items()]
        here.streams.write(json_text({"type": "ranking", "by": tag, "parts": told}))
    elif parts:
        here.streams.write(render_rankings(parts, tag, streams=here.streams))
    else:
        here.note(
            "nothing was picked, judged or checked in such a run: `ultra compare` with `--judge`,"
            " `--expect` or `ultra pick` does"
        )


def _logs(here: Here, scope: Scope, after: str | None, *, follow: bool, bare: bool) -> None:
    from ultra.output.call_lines import call_lines, left
    from ultra.runtime.call_logs import ended

    if not bare:
        raise UsageError(
            "`--json-logs` is lines of JSON on stdout", hint="without --by, --format and --output"
        )
    patience = (lambda seconds: left(here.streams, seconds)) if follow else None
    for page in ended(here.runtime, scope, after, patience):
        here.streams.write(call_lines(page))


def _hand_over(here: Here, text: str, output: "Path | None") -> None:
    if output is not None:
        from ultra.output.files import write_atomic

        write_atomic(output, text, hint="choose another place with `--output`")
    elif text:
        here.streams.write(text)
