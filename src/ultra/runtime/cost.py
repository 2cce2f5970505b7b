"""What was spent, how fast and where that leads, out of the log and the budgets."""

from datetime import tzinfo

from msgspec import Struct, structs

from ultra.core.costs import BudgetPace, CostReport, CostWindow, Spent
from ultra.core.forecast import pace
from ultra.core.gauges import Gauge
from ultra.core.scope import Scope
from ultra.core.totals import Dimension, Filter, Period, Span, word_of
from ultra.core.windows import begins, next_window, window_at, windows, zone_named
from ultra.runtime.budgets import gauges
from ultra.runtime.runtime import Runtime
from ultra.store.spending import Spending, spending

SHOWN: dict[Period, int] = {"day": 7, "week": 8, "month": 12}
"""How many windows are shown unless `--since` says otherwise."""


class Wanted(Struct, frozen=True):
    """What is asked: one period, or None for today, this week and this month."""

    period: Period | None = None
    by: tuple[Dimension, ...] = ()
    scope: Scope = Scope()


def costs(runtime: Runtime, wanted: Wanted) -> CostReport:
    """The report; budgets are in it where no calls are left out.

    Raises `UsageError` for moments and zones that are none, `StoreError`.
    """
    scope = wanted.scope
    now, zone = runtime.clock.time(), zone_named(scope.timezone)
    span = _span(wanted, zone, now)
    only = structs.replace(scope.filter, simulated=False)
    with spending(runtime.paths.database, only) as log:
        look = _Look(log, span, wanted.by, zone, now)
        found = look.overview() if wanted.period is None else look.windows(wanted.period)
        doubtful = any(window.spent.unpriced for window in found)
        lacking = log.unpriced(span) if doubtful else []
    whole = scope.filter == Filter()
    return CostReport(
        now,
        scope.timezone,
        span.begin,
        span.end,
        tuple(map(word_of, wanted.by)),
        tuple(found),
        tuple(_paced(gauge, now) for gauge in gauges(runtime)) if whole else (),
        tuple(lacking),
        runtime.catalog.price_date(),
    )


def _span(wanted: Wanted, zone: tzinfo | None, now: float) -> Span:
    """What is asked about; without `--since`, as many whole windows as are shown."""
    said = wanted.scope.span(now)
    if wanted.scope.since is not None:
        return said
    if wanted.period is None:
        first = min(begins(window_at(period, now, zone), zone) for period in SHOWN)
        return structs.replace(said, begin=first)
    begin = now if said.end is None else min(now, said.end)
    for _ in range(SHOWN[wanted.period]):
        begin = begins(window_at(wanted.period, begin - 1e-3, zone), zone)
    return structs.replace(said, begin=begin)


class _Look:
    """One look at a log."""

    def __init__(
        self,
        log: Spending,
        span: Span,
        by: tuple[Dimension, ...],
        zone: tzinfo | None,
        now: float,
    ) -> None:
        self._log = log
        self._span = span
        self._by = by
        self._zone = zone
        self._now = now

    def overview(self) -> list[CostWindow]:
        """The day, the week and the month that run now."""
        return [self._window(period, window_at(period, self._now, self._zone)) for period in SHOWN]

    def windows(self, period: Period) -> list[CostWindow]:
        """Every window that has calls, and the one that runs now where it is wholly asked about."""
        reach = self._log.reach(self._span)
        named = []
        if reach is not None:
            named = [name for name, _, _ in windows(period, reach[0], reach[1] + 1e-3, self._zone)]
        running = window_at(period, self._now, self._zone)
        if running not in named and self._whole(running):
            named.append(running)
        seen = [self._window(period, name) for name in named]
        return [one for one in seen if one.spent.calls or one.window == running]

    def _window(self, period: str, name: str) -> CostWindow:
        begin, end = begins(name, self._zone), begins(next_window(period, name), self._zone)
        until = end if self._span.end is None else min(end, self._span.end)
        span = structs.replace(self._span, begin=max(begin, self._span.begin), end=until)
        parts = self._log.parts(span, self._by) if self._by else ()
        own = (part.spent for part in parts)
        spent = sum(own, Spent()) if self._by else self._log.spent(span)
        running = begin <= self._now < end and self._whole(name)
        ahead = pace(period, spent.charged_nano, begin, end, self._now) if running else None
        return CostWindow(period, name, begin, end, spent, parts, ahead)

    def _whole(self, name: str) -> bool:
        """Whether all that began in a window so far is asked about."""
        until = self._span.end
        return begins(name, self._zone) >= self._span.begin and (
            until is None or until >= self._now
        )


def _paced(gauge: Gauge, now: float) -> BudgetPace:
    if gauge.begins_at is None or gauge.ends_at is None:
        return BudgetPace(gauge, None)
    return BudgetPace(
        gauge,
        pace(gauge.limit.period, gauge.spent_nano, gauge.begins_at, gauge.ends_at, now),
    )
