"""Logged prompts that were sent again to another model, and what came of it.

Costs are nano-dollars, None for unknown. Durations are seconds.
"""

from msgspec import Struct, field

from ultra.core.answer import Answer
from ultra.core.request import Message

REPLAY_VERSION = 1
OF_TAG = "replay"
"""The tag of a replayed prompt's run: the id of the call whose answer it is held against."""


class Logged(Struct, frozen=True):
    """An answer of the log with what was asked for it, the system message included.

    `duration_s` is None for an answer that the cache served.
    """

    run_id: str
    messages: tuple[Message, ...]
    answer: Answer
    cost_nano: int | None
    duration_s: float | None
    tags: dict[str, str] = field(default_factory=dict)


class Found(Struct, frozen=True):
    """What the log has to replay: answers newest first, and how many were left out for what."""

    logged: tuple[Logged, ...]
    skipped: dict[str, int]


class Case(Struct, frozen=True):
    """One prompt with both answers.

    `share` is what the new answer won of the logged one: 1 better, 0.5 as good, 0 worse, anything
    between where judges part; None where that is not known, and `why` says why. `remarks` are what
    was found wrong with the new one. `run_id` is the logged run's, `replay_id` the new one's.
    """

    run_id: str
    replay_id: str
    prompt: str
    logged_model: str
    logged_text: str
    text: str | None
    share: float | None
    why: str = ""
    remarks: tuple[str, ...] = ()
    logged_nano: int | None = None
    cost_nano: int | None = None
    logged_s: float | None = None
    duration_s: float | None = None

    @property
    def lost(self) -> bool:
        """Whether the new answer is worse."""
        return self.share is not None and self.share < 0.5 - 1e-9


class ReplayDocument(Struct, frozen=True):
    """All prompts: on how many the model was as good, at what share of cost and time.

    `prompts` were to be asked, `done` of them have a result, in `failed` without an answer and in
    `unjudged` with one that nobody could hold against the logged one. `as_good` of `judged` were
    better or as good, `low` to `high` is the 95% interval of that share, None without scipy or
    where nothing was judged; `unmeasured` says so.
    `cost_share` and `time_share` are sums over the prompts where both sides are known, `costed` and
    `timed` say how many those are. `cost_nano` is what its answers cost; `known_nano` what is known
    of all calls, of which `unpriced` have no price, and `judges_nano` what of it went to judges.
    """

    version: int
    type: str
    model: str
    judges: list[str]
    prompts: int
    done: int
    failed: int
    unjudged: int
    judged: int
    as_good: int
    better: int
    low: float | None
    high: float | None
    cost_share: float | None
    costed: int
    time_share: float | None
    timed: int
    logged_nano: int | None
    cost_nano: int | None
    known_nano: int
    unpriced: int
    judges_nano: int
    simulated: bool
    skipped: dict[str, int]
    cases: list[Case]
    unmeasured: str = ""
    stopped: str = ""

    @property
    def losses(self) -> list[Case]:
        """The prompts on which the model was worse, the worst first."""
        return sorted((one for one in self.cases if one.lost), key=lambda one: one.share or 0.0)
