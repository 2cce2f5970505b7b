"""What was spent, how fast and where that leads, out of the log and the budgets."""

from collections.abc import Sequence
from datetime import tzinfo

from msgspec import Struct, structs

from ultra.core.costs import BudgetPace, CostReport, CostWindow, parts_of, together
from ultra.core.forecast import pace
from ultra.core.gauges import Gauge
from ultra.core.moments import span_between
from ultra.core.totals import Dimension, Filter, Group, Period, Span, Totals, word_of
from ultra.core.windows import begins, next_window, window_at, zone_named
from ultra.runtime.budgets import gauges
from ultra.runtime.runtime import Runtime
from ultra.store.reading import reading
from ultra.store.totals import sums

SHOWN: dict[Period, int] = {"day": 7, "week": 8, "month": 12}
"""How many windows are shown unless `--since` says otherwise."""


class Wanted(Struct, frozen=True):
    """What is asked: one period, or None for today, this week and this month."""

    period: Period | None = None
    by: tuple[Dimension, ...] = ()
    filter: Filter = Filter()
    since: str | None = None
    until: str | None = None
    zone: str = ""


def costs(runtime: Runtime, wanted: Wanted) -> CostReport:
    """The report; budgets are in it where no calls are left out.

    Raises `UsageError` for moments and zones that are none, `StoreError`.
    """
    now, zone = runtime.clock.time(), zone_named(wanted.zone)
    span = _span(wanted, zone, now)
    only = structs.replace(wanted.filter, simulated=False)
    found: list[Group] = []
    unpriced: list[Group] = []
    with reading(runtime.paths.database) as log:
        if log is not None:
            found = sums(log, span, only, (wanted.period or "day", *wanted.by))
            if any(group.totals.unpriced for group in found):
                unpriced = sums(log, span, only, ("model",))
    return CostReport(
        now,
        wanted.zone,
        span.begin,
        span.end,
        tuple(map(word_of, wanted.by)),
        _overview(found, zone, now)
        if wanted.period is None
        else _windows(found, wanted.period, span, zone, now),
        tuple(_paced(gauge, now) for gauge in gauges(runtime)) if wanted.filter == Filter() else (),
        tuple((one.key[0], one.totals.unpriced) for one in unpriced if one.totals.unpriced),
        runtime.catalog.price_date(),
    )


def _span(wanted: Wanted, zone: tzinfo | None, now: float) -> Span:
    """What is asked about; without `--since`, as many whole windows as are shown."""
    said = span_between(wanted.since, wanted.until, wanted.zone, now)
    if wanted.since is not None:
        return said
    if wanted.period is None:
        first = min(begins(window_at(period, now, zone), zone) for period in SHOWN)
        return structs.replace(said, begin=first)
    begin = min(now, now if said.end is None else said.end)
    for _ in range(SHOWN[wanted.period]):
        begin = begins(window_at(wanted.period, begin - 1e-3, zone), zone)
    return structs.replace(said, begin=begin)


def _overview(found: Sequence[Group], zone: tzinfo | None, now: float) -> tuple[CostWindow, ...]:
    """The day, the week and the month that run now, out of days."""
    windows = []
    for period in SHOWN:
        first = window_at(period, now, zone)
        groups = [group for group in found if group.key[0] >= first]
        windows.append(_window(period, first, groups, zone, now))
    return tuple(windows)


def _windows(
    found: Sequence[Group], period: Period, span: Span, zone: tzinfo | None, now: float
) -> tuple[CostWindow, ...]:
    """Every window that has calls, and the one that runs now where it is wholly asked about."""
    by_window: dict[str, list[Group]] = {}
    for group in found:
        by_window.setdefault(group.key[0], []).append(group)
    running = window_at(period, now, zone)
    whole = begins(running, zone) >= span.begin and (span.end is None or span.end >= now)
    if whole:
        by_window.setdefault(running, [])
    return tuple(
        _window(period, name, by_window[name], zone, now if whole and name == running else None)
        for name in sorted(by_window)
    )


def _window(
    period: str, name: str, groups: Sequence[Group], zone: tzinfo | None, now: float | None
) -> CostWindow:
    begin, end = begins(name, zone), begins(next_window(period, name), zone)
    whole: Totals = together(group.totals for group in groups)
    return CostWindow(
        period,
        name,
        begin,
        end,
        whole,
        parts_of(structs.replace(group, key=group.key[1:]) for group in groups),
        None if now is None else pace(period, whole.charged_nano, begin, end, now),
    )


def _paced(gauge: Gauge, now: float) -> BudgetPace:
    if gauge.begins_at is None or gauge.ends_at is None:
        return BudgetPace(gauge, None)
    return BudgetPace(
        gauge,
        pace(gauge.limit.period, gauge.spent_nano, gauge.begins_at, gauge.ends_at, now),
    )
