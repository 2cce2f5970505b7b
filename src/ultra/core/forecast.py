"""How fast money is spent in a window of the calendar, and where that leads.

The burn rate is what the window was charged so far over the time that has passed of it. A first
call says little of a day: until an hour of a day has passed (a day of a week or of a month), that
much is taken to have passed. The forecast is what was spent and this rate for what is left of the
window; when money runs out follows the same line. Times are UTC seconds since the epoch, so a day
of 23 or 25 hours has as many.
"""

from msgspec import Struct

LEAST_S = {"day": 3_600.0, "week": 86_400.0, "month": 86_400.0}
"""How much of a window is taken to have passed at least, in seconds."""


class Pace(Struct, frozen=True):
    """What a window was charged by a moment within it, in nano-dollars.

    `least_s` is how much of the window counts as passed at least.
    """

    spent_nano: int
    begins_at: float
    ends_at: float
    now: float
    least_s: float

    @property
    def nano_per_s(self) -> float:
        """The burn rate; never negative."""
        passed = min(self.now, self.ends_at) - self.begins_at
        return self.spent_nano / max(passed, self.least_s)

    @property
    def forecast_nano(self) -> int:
        """What the window will have been charged at its end; never less than it was already."""
        left = max(0.0, self.ends_at - max(self.now, self.begins_at))
        return self.spent_nano + round(self.nano_per_s * left)

    def exhausted_at(self, left_nano: int) -> float | None:
        """When so much more is spent at this rate; None when not before the window ends.

        What is used up already is exhausted now.
        """
        if left_nano <= 0:
            return self.now
        if not self.spent_nano:
            return None
        moment = self.now + left_nano / self.nano_per_s
        return moment if moment < self.ends_at else None


def pace(period: str, spent_nano: int, begins_at: float, ends_at: float, now: float) -> Pace:
    """The pace of a `day`, `week` or `month`."""
    return Pace(max(0, spent_nano), begins_at, ends_at, now, LEAST_S[period])
