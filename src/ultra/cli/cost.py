"""`ultra cost`: what was spent by day, week and month, how fast, and what the budgets have left."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, assert_never, cast

import typer

from ultra.cli import filters, options
from ultra.cli.filters import filter_of, option_of
from ultra.cli.nouns import Here, Under, noun, print_json, session, shown
from ultra.core.errors import UsageError
from ultra.core.scope import Scope
from ultra.core.totals import PERIODS, Filter, Period, Tag, dimensions_of
from ultra.output.cost import (
    cost_csv,
    cost_document,
    cost_markdown,
    plot_cost,
    render_cost,
)

if TYPE_CHECKING:
    from ultra.core.costs import CostReport
    from ultra.runtime.cost import Wanted

app = noun(
    "What was spent, how fast, where that leads, and what the budgets have left.",
    "ultra cost                            today, this week, this month; the budgets",
    "ultra cost daily --by model           the last 7 days, by model",
    "ultra cost weekly --by tag:team       the last 8 weeks, for each value of a tag",
    "ultra cost monthly --format csv       the last 12 months, for a spreadsheet",
    "ultra cost daily --since 2026-11-01 --until yesterday",
    "ultra cost --line                     one line for a shell prompt",
)

By = Annotated[
    list[str] | None,
    options.option(
        "--by",
        metavar="WHAT",
        of="cost",
        help="apart by model, provider, cost-center, environment, tag:NAME and more",
    ),
]
Since = Annotated[str | None, option_of("cost", "--since")]
Until = Annotated[str | None, option_of("cost", "--until")]
Timezone = Annotated[str, option_of("cost", "--timezone")]
Form = Annotated[filters.Form, option_of("cost", "--format")]
Plot = Annotated[bool, options.option("--plot", of="cost", help="bars below the table")]
Model = Annotated[list[str] | None, option_of("cost", "--model")]
Provider = Annotated[list[str] | None, option_of("cost", "--provider")]
CostCenter = Annotated[list[str] | None, option_of("cost", "--cost-center")]
Tags = Annotated[list[str] | None, option_of("cost", "--tag")]


@app.command(cls=Under, epilog=shown("ultra cost show --by provider", "ultra cost show --line"))
def show(
    ctx: typer.Context,
    line: Annotated[
        bool, options.option("--line", of="cost", help="one line for a shell prompt")
    ] = False,
    colour: Annotated[
        bool, options.option("--colour", of="cost", help="colours in that line")
    ] = False,
    by: By = None,
    since: Since = None,
    until: Until = None,
    timezone: Timezone = "",
    model: Model = None,
    provider: Provider = None,
    cost_center: CostCenter = None,
    tag: Tags = None,
    plot: Plot = False,
    form: Form = "table",
    as_json: options.Json = False,
) -> int:
    """Show today, this week and this month; with `--since` or `--until`, days."""
    if line:
        from ultra.cli.line import show as show_line

        _alone(ctx)
        return show_line(os.environ, colour=colour)
    chosen = filter_of(model=model, provider=provider, cost_center=cost_center, tag=tag)
    period: Period | None = None if since is None and until is None else "day"
    form = "json" if as_json else form
    if plot and period is None:
        raise UsageError(
            "`--plot` shows windows of one kind, and today is a part of this month",
            hint="`ultra cost daily --plot` or `ultra cost monthly --by model --plot`",
        )
    return _report(ctx, period, by, Scope(since, until, timezone, chosen), form, plot=plot)


_OF_THE_LINE = ("line", "colour", "profile", "quiet", "verbose", "debug")


def _alone(ctx: typer.Context) -> None:
    """Refuse what would be left out of the line; variables are for the other forms as well."""
    for option in ctx.command.params:
        source = ctx.get_parameter_source(option.name or "")
        typed = source is not None and source.name == "COMMANDLINE"
        if typed and option.name not in _OF_THE_LINE:
            raise UsageError(
                f"`--line` is of today, and takes no `{option.opts[0]}`",
                hint="`ultra cost` without `--line` takes it",
            )


def _periodic(period: Period, summary: str) -> Callable[..., int]:
    def command(
        ctx: typer.Context,
        by: By = None,
        since: Since = None,
        until: Until = None,
        timezone: Timezone = "",
        model: Model = None,
        provider: Provider = None,
        cost_center: CostCenter = None,
        tag: Tags = None,
        plot: Plot = False,
        form: Form = "table",
        as_json: options.Json = False,
    ) -> int:
        chosen = filter_of(model=model, provider=provider, cost_center=cost_center, tag=tag)
        form = "json" if as_json else form
        return _report(ctx, period, by, Scope(since, until, timezone, chosen), form, plot=plot)

    command.__doc__ = summary
    return command


for _name, _period, _summary in (
    ("daily", "day", "Show spending by day: the last 7 unless `--since` says otherwise."),
    ("weekly", "week", "Show spending by week, from Monday: the last 8."),
    ("monthly", "month", "Show spending by month: the last 12."),
):
    app.command(
        _name,
        cls=Under,
        epilog=shown(f"ultra cost {_name}", f"ultra cost {_name} --by provider,model --json"),
    )(_periodic(cast("Period", _period), _summary))


def _report(
    ctx: typer.Context,
    period: Period | None,
    by: Sequence[str] | None,
    scope: Scope,
    form: filters.Form,
    *,
    plot: bool,
) -> int:
    from ultra.runtime.cost import Wanted, costs

    here = session(ctx)
    dimensions = dimensions_of(by or ())
    if set(dimensions) & set(PERIODS):
        raise UsageError(
            "`--by` tells spending apart, not its days",
            hint="`ultra cost daily`, `weekly` and `monthly` do that",
        )
    wanted = Wanted(period, dimensions, scope)
    report = costs(here.runtime, wanted)
    match form:
        case "json":
            print_json(here, cost_document(report))
        case "csv":
            here.streams.write(cost_csv(report))
        case "markdown":
            here.streams.write(cost_markdown(report))
        case "table":
            _screen(here, report, plot=plot)
        case _:
            assert_never(form)
    _missing(here, wanted, report)
    return 0


def _screen(here: Here, report: "CostReport", *, plot: bool) -> None:
    if report.windows:
        here.streams.write(render_cost(report, streams=here.streams))
        if plot:
            here.streams.write("\n" + plot_cost(report, streams=here.streams))


def _missing(here: Here, wanted: "Wanted", report: "CostReport") -> None:
    """Say on stderr which names are nobody's: a slip would read as nothing spent."""
    parts = [part for window in report.windows for part in window.parts]
    if any(window.spent.calls for window in report.windows):
        for place, one in enumerate(wanted.by):
            if isinstance(one, Tag) and not any(part.key[place] for part in parts):
                here.note(f"no call of these is marked with a tag `{one.name}`")
    elif wanted.scope.filter != Filter() or not report.windows:
        marks = " and ".join(
            f"`{name}={value}`" for name, value in wanted.scope.filter.tags.items()
        )
        kind = " of that kind" if wanted.scope.filter != Filter() else ""
        here.note(f"no call{f' marked {marks}' if marks else kind} began then")
