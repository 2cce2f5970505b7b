"""How far budgets are used, and what of them is uncertain, for screens and documents."""

from typing import Literal

from msgspec import Struct

from ultra.core.budget import Limit

Source = Literal["store", "profile"]


class Gauge(Struct, frozen=True):
    """One limit and how far it is used in the window that runs now; money in nano-dollars.

    `source` is who set it. A budget per run has no window of its own: all of its figures are 0 and
    `window` is empty, as it is while there is no log. `spent_nano` is charged, `reserved_nano` set
    aside for calls under way, `uncertain_nano` what calls of dead processes may have cost;
    `overdraft_nano` is how much of the first exceeds what was set aside for it. `unpriced` calls
    are in none of them. Times are UTC seconds since the epoch.
    """

    limit: Limit
    source: Source
    window: str = ""
    begins_at: float | None = None
    ends_at: float | None = None
    spent_nano: int = 0
    reserved_nano: int = 0
    uncertain_nano: int = 0
    overdraft_nano: int = 0
    unpriced: int = 0

    @property
    def used_nano(self) -> int:
        """What is no longer there to be spent."""
        return self.spent_nano + self.reserved_nano + self.uncertain_nano

    @property
    def left_nano(self) -> int:
        """What may still be spent; negative once it is overdrawn."""
        return self.limit.limit_nano - self.used_nano


class Uncertain(Struct, frozen=True):
    """An attempt that was under way when its process died, charged at its estimate.

    `started_at` is UTC seconds since the epoch, None when the log has no such attempt any more.
    `characters` of its answer had come. `budgets` says where it counts, empty for nowhere.
    """

    attempt_id: str
    run_id: str
    charged_nano: int
    started_at: float | None
    provider: str
    model: str
    status: str
    characters: int
    budgets: str
