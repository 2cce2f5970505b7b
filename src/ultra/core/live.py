"""What is under way now, in every process that writes the log, as frozen values for a screen.

A value that did not change from one `Live` to the next is the same object: who draws compares with
`is`. Times are UTC seconds since the epoch, durations seconds, money nano-dollars.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from ultra.core.usage import Usage

LogState = Literal["absent", "open", "older", "newer", "unreadable"]
"""`absent`: nobody has written yet. `older`: the next run brings the file up to date. `newer`: of a
newer ultra. `unreadable`: locked, damaged or not ours to read, for now."""

RUNNING = "running"
ABANDONED = "abandoned"
"""The status of a run whose process is gone; the next writer completes its rows."""


class LiveAttempt(Struct, frozen=True):
    """One try. `charged_nano` is the most it may cost while it runs, then what it was charged.

    `status` is `running` until it ends. `kind` `cache` is an earlier answer that served.
    """

    attempt_id: str
    number: int
    kind: str
    started_at: float
    wait_s: float
    status: str
    ended_at: float | None
    ttft_s: float | None
    duration_s: float | None
    cost_nano: int | None
    charged_nano: int | None
    saved_nano: int | None
    error_class: str | None
    error_message: str | None
    usage: Usage = Usage()


class LiveCall(Struct, frozen=True):
    """One call and its tries, in order.

    `text` is the end of what its running attempt has said so far, `characters` how many there were
    in all; both come as the writer checkpoints them, and go when the attempt ends: the log has the
    whole. `index` is the call's place among the members asked for.
    """

    call_id: str
    run_id: str
    role: str
    index: int | None
    name: str
    provider: str
    model: str
    simulated: bool
    parent: str
    started_at: float
    attempts: tuple[LiveAttempt, ...]
    text: str = ""
    characters: int = 0

    @property
    def last(self) -> LiveAttempt:
        """The latest try."""
        return self.attempts[-1]

    @property
    def running(self) -> bool:
        """Whether a try of it is under way."""
        return self.last.status == RUNNING

    @property
    def tries(self) -> int:
        """How often it was asked; what the cache served was not."""
        return sum(one.kind != "cache" for one in self.attempts)


class LiveRun(Struct, frozen=True):
    """One run and whose it is. `mine` says that this process makes it.

    `prompt` is its beginning, None where it is not kept. `calls` counts the calls seen so far,
    `failed` those of their attempts that came to nothing. `known_nano` is the sum of what ended
    attempts are known to have cost, `unpriced` how many of them have no price. `verdict` says that
    one was reached, `keeps_text` that what is said goes into the log.
    """

    run_id: str
    verb: str
    strategy: str
    profile: str
    environment: str
    simulated: bool
    prompt: str | None
    host: str
    pid: int
    mine: bool
    started_at: float
    status: str
    ended_at: float | None
    calls: int = 0
    failed: int = 0
    known_nano: int = 0
    unpriced: int = 0
    verdict: bool = False
    keeps_text: bool = True

    @property
    def running(self) -> bool:
        """Whether its process is at work on it."""
        return self.status == RUNNING


class Live(Struct, frozen=True):
    """All that is under way, and what ended a short while ago.

    `runs` and `calls` stand in the order in which they were first seen; nobody changes them.
    `words` says what keeps the log from being read, empty when nothing does. `changes` counts how
    often anybody wrote to the log, `runs_seen`, `attempts_seen` and `attempts_ended` what came and
    ended since this began; a log that was replaced or cleaned out makes `renewed` one more.
    """

    state: LogState = "absent"
    words: str = ""
    runs: Mapping[str, LiveRun] = field(default_factory=dict)
    calls: Mapping[str, LiveCall] = field(default_factory=dict)
    changes: int = 0
    runs_seen: int = 0
    attempts_seen: int = 0
    attempts_ended: int = 0
    renewed: int = 0
