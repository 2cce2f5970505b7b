"""What was spent in the windows of a calendar, how fast, and what it leads to.

Money is nano-dollars, moments UTC seconds since the epoch. What was simulated is in none of it.
"""

from collections.abc import Iterable

from msgspec import Struct

from ultra.core.forecast import Pace
from ultra.core.gauges import Gauge
from ultra.core.totals import Totals
from ultra.core.usage import Usage


class Spent(Struct, frozen=True):
    """What calls came to.

    `known_nano` is what is known of their cost, `charged_nano` with estimates for what is not;
    `unpriced` calls have a part of unknown cost.
    """

    calls: int = 0
    cached: int = 0
    known_nano: int = 0
    unpriced: int = 0
    charged_nano: int = 0
    saved_nano: int = 0
    usage: Usage = Usage()

    @classmethod
    def of(cls, totals: Totals) -> "Spent":
        """The same of totals that tell more."""
        return cls(*(getattr(totals, name) for name in cls.__struct_fields__))

    @property
    def cost_nano(self) -> int | None:
        """What all of it cost; None where a part is not known."""
        return None if self.unpriced else self.known_nano

    @property
    def uncertain_nano(self) -> int:
        """What was charged by estimate: nobody knows what a call that was cut short has cost."""
        return max(0, self.charged_nano - self.known_nano)

    def __add__(self, other: "Spent") -> "Spent":
        """Both together."""
        names = self.__struct_fields__
        return Spent(*(getattr(self, name) + getattr(other, name) for name in names))


class Part(Struct, frozen=True):
    """What one value of each dimension of `--by` came to; empty for none."""

    key: tuple[str, ...]
    spent: Spent


class CostWindow(Struct, frozen=True):
    """One day, week or month, named by its first day, and its parts, dearest first.

    `pace` is of the one that runs now, None for one that is over or that is not wholly asked about.
    """

    period: str
    window: str
    begins_at: float
    ends_at: float
    spent: Spent
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


def added(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Parts that are alike added up, dearest first."""
    found: dict[tuple[str, ...], Spent] = {}
    for part in parts:
        found[part.key] = found.get(part.key, Spent()) + part.spent
    whole = [Part(key, spent) for key, spent in found.items()]
    return tuple(sorted(whole, key=lambda part: (-part.spent.charged_nano, part.key)))
