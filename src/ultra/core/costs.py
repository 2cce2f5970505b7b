"""What was spent in the windows of a calendar, how fast, and what it leads to.

Money is nano-dollars, moments UTC seconds since the epoch. What was simulated is in none of it.
"""

from collections.abc import Iterable
from functools import reduce

from msgspec import Struct, structs

from ultra.core.forecast import Pace
from ultra.core.gauges import Gauge
from ultra.core.totals import Group, Totals


class Part(Struct, frozen=True):
    """What one value of each dimension of `--by` came to; empty for none."""

    key: tuple[str, ...]
    totals: Totals


class CostWindow(Struct, frozen=True):
    """One day, week or month, named by its first day, and its parts, dearest first.

    `pace` is of the one that runs now, None for one that is over or that is not wholly asked about.
    """

    period: str
    window: str
    begins_at: float
    ends_at: float
    totals: Totals
    parts: tuple[Part, ...] = ()
    pace: Pace | None = None


class BudgetPace(Struct, frozen=True):
    """A budget, and where it leads at the rate of its own window; None for one per run."""

    gauge: Gauge
    pace: Pace | None

    @property
    def exhausted_at(self) -> float | None:
        """When it is used up; None when not before its window ends."""
        return None if self.pace is None else self.pace.exhausted_at(self.gauge.left_nano)


class CostReport(Struct, frozen=True):
    """Spending by window, oldest first. `by` are the dimensions as they were asked for.

    `since` and `until` bound what was asked about, `until` None for now. `unpriced` are models
    with tries of unknown price, and in how many calls. `priced_on` is the day of the price list.
    """

    made_at: float
    zone: str
    since: float
    until: float | None
    by: tuple[str, ...]
    windows: tuple[CostWindow, ...]
    budgets: tuple[BudgetPace, ...] = ()
    unpriced: tuple[tuple[str, int], ...] = ()
    priced_on: str = ""


def uncertain_nano(totals: Totals) -> int:
    """What was charged by estimate: of calls that were cut short, nobody knows what they cost."""
    return max(0, totals.charged_nano - totals.known_nano)


def together(groups: Iterable[Totals]) -> Totals:
    """What several came to together; times and errors are left out."""
    return reduce(_sum, groups, Totals())


def parts_of(groups: Iterable[Group]) -> tuple[Part, ...]:
    """The groups as parts, dearest first; those that are alike are added up."""
    found: dict[tuple[str, ...], Totals] = {}
    for group in groups:
        known = found.get(group.key)
        found[group.key] = group.totals if known is None else _sum(known, group.totals)
    parts = [Part(key, totals) for key, totals in found.items()]
    return tuple(sorted(parts, key=lambda part: (-part.totals.charged_nano, part.key)))


_ADDED = (
    *("calls", "answered", "cached", "cancelled", "attempts", "usage", "known_nano", "unpriced"),
    *("charged_nano", "saved_nano", "unsaved"),
)


def _sum(left: Totals, right: Totals) -> Totals:
    added = {name: getattr(left, name) + getattr(right, name) for name in _ADDED}
    return structs.replace(
        left, **added, errors={}, tokens_per_s=None, ttft_s=None, duration_s=None
    )
