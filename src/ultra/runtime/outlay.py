"""What was spent, for a screen that stays open: by whom, day by day, and of which budget."""

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

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

    `real` has the calls, the cost and the calls without a price of all that was not simulated.
    `windows` are the hours of today, or the days, up to now; the last of them is over at `ends_at`.
    `tags` are names that runs were marked with.
    """

    days: int
    by: Dimension
    ends_at: float
    real: Totals = Totals()
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
    now = runtime.clock.time()
    span = Span(_begin(now, days))
    period: Period = "hour" if days == 1 else "day"
    shown = list(windows(period, span.begin, max(now, span.begin + 1.0), None))
    empty = Outlay(days, by, ends_at=shown[-1][2], gauges=gauges)
    with reading(runtime.paths.database) as connection:
        if connection is None:
            return empty
        groups = sums(connection, span, Filter(), (by,))
        course = sums(connection, span, Filter(simulated=False), (period,))
        spent = {group.key[0]: group.totals for group in course}
        return replace(
            empty,
            real=_added([group.totals for group in course]),
            groups=tuple(groups),
            windows=tuple(_window(name, spent.get(name, Totals())) for name, _, _ in shown),
            tags=tuple(tag_names(connection, MOST_TAGS)),
        )


def dimensions(tags: Sequence[str]) -> tuple[Dimension, ...]:
    """What spend can be told apart by, with the tags that there are."""
    return ("model", "provider", "cost_center", *(Tag(name) for name in tags))


def _begin(now: float, days: int) -> float:
    """The midnight here that so many days, today among them, begin with."""
    first = date.fromisoformat(window_at("day", now, None)) - timedelta(days=days - 1)
    return begins(first.isoformat(), None)


def _window(name: str, totals: Totals) -> Window:
    return Window(name, totals.known_nano, totals.unpriced)


def _added(parts: Sequence[Totals]) -> Totals:
    return Totals(
        calls=sum(one.calls for one in parts),
        known_nano=sum(one.known_nano for one in parts),
        unpriced=sum(one.unpriced for one in parts),
    )
