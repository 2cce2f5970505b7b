"""What was spent, for a screen that stays open: by whom, day by day, and of which budget."""

import sqlite3
from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct

from ultra.core.errors import ConfigError
from ultra.core.gauges import Gauge
from ultra.core.totals import Dimension, Filter, Group, Period, Span, Tag, Totals
from ultra.core.windows import begins, window_at, windows
from ultra.runtime.budgets import book
from ultra.runtime.runtime import Runtime
from ultra.store.marks import tag_names
from ultra.store.reading import reading
from ultra.store.totals import sums

DAYS = (1, 7, 30)
"""How many days can be looked at, today among them."""

MOST_TAGS = 20
"""Tags that are offered to tell spend apart by: one names them by hand beyond that."""


class Window(Struct, frozen=True):
    """An hour or a day by its beginning, and what real calls in it cost as far as it is known."""

    begins: str
    known_nano: int
    unpriced: int


class Outlay(Struct, frozen=True):
    """The spend of so many days. `groups` are by the dimension asked for, simulated ones last.

    `real` is the sum of all that was not simulated. `windows` are the hours of today, or the days,
    up to now. `tags` are names that runs were marked with.
    """

    days: int
    by: Dimension
    real: Totals
    groups: tuple[Group, ...] = ()
    windows: tuple[Window, ...] = ()
    gauges: tuple[Gauge, ...] = ()
    tags: tuple[str, ...] = ()


def outlay(runtime: Runtime, days: int, by: Dimension) -> Outlay:
    """The spend of the last days. Call it on a thread; raises `StoreError`."""
    try:
        limits = runtime.profile.budget.limits
    except ConfigError:  # the screen says what is wrong with the profile
        limits = ()
    gauges = tuple(book(runtime).gauges(limits))
    with reading(runtime.paths.database) as connection:
        if connection is None:
            return Outlay(days, by, Totals(), gauges=gauges)
        now = runtime.clock.time()
        span = Span(_begin(now, days))
        whole = sums(connection, span, Filter(simulated=False))
        return Outlay(
            days,
            by,
            whole[0].totals if whole else Totals(),
            tuple(sums(connection, span, Filter(), (by,))),
            tuple(_windows(connection, span, now, days)),
            gauges,
            tuple(tag_names(connection, MOST_TAGS)),
        )


def dimensions(tags: Sequence[str]) -> tuple[Dimension, ...]:
    """What spend can be told apart by, with the tags that there are."""
    return ("model", "provider", "cost_center", *(Tag(name) for name in tags))


def _begin(now: float, days: int) -> float:
    """The midnight here that so many days, today among them, begin with."""
    first = date.fromisoformat(window_at("day", now, None)) - timedelta(days=days - 1)
    return begins(first.isoformat(), None)


def _windows(connection: sqlite3.Connection, span: Span, now: float, days: int) -> list[Window]:
    """Every hour of today, or every day, those without a call among them."""
    period: Period = "hour" if days == 1 else "day"
    found = {
        group.key[0]: group.totals
        for group in sums(connection, span, Filter(simulated=False), (period,))
    }
    return [
        Window(name, there.known_nano, there.unpriced)
        for name, _, _ in windows(period, span.begin, max(now, span.begin + 1.0), None)
        for there in (found.get(name, Totals()),)
    ]
