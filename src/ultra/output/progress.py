"""Where every call of a run stands: the fold that panels, columns and the receipt draw from."""

from typing import Literal

from msgspec import Struct

from ultra.core.answer import Answer
from ultra.core.events import (
    AttemptFailed,
    AttemptStarted,
    CallCancelled,
    CallFailed,
    CallFinished,
    CallRole,
    CallStarted,
    CallWaiting,
    Event,
)
from ultra.core.ports import Clock
from ultra.core.stream import ReasoningDelta, TextDelta, ToolCallDelta, UsageReported
from ultra.output.safe import cell

State = Literal[
    "waiting", "thinking", "streaming", "retrying", "held", "done", "partial", "failed", "cancelled"
]
RUNNING: frozenset[State] = frozenset({"waiting", "thinking", "streaming", "retrying", "held"})

_BYTES_PER_TOKEN = 4
"""A fair guess while a provider has not said: English and code average near four bytes a token."""


class Row(Struct):
    """One call. Times are seconds since the run started, None for not yet.

    `retry_at_s` is when the next try is due; `held` is a try that a rate limit or a breaker puts
    off. `note` says why a call failed or is put off, on one line. `thinks` says that the model is
    known to think before its first token. `parent` is the call of the ensemble that it is made for.
    """

    call: str
    role: CallRole
    name: str
    index: int | None
    simulated: bool
    started_s: float
    state: State = "waiting"
    first_s: float | None = None
    ended_s: float | None = None
    retry_at_s: float | None = None
    text_bytes: int = 0
    output_tokens: int | None = None
    answer: Answer | None = None
    note: str = ""
    thinks: bool = False
    parent: str = ""

    @property
    def running(self) -> bool:
        """Whether the call has not ended."""
        return self.state in RUNNING

    @property
    def tokens(self) -> str:
        """Output tokens: as reported, else an estimate marked `~`, else nothing."""
        if self.output_tokens is not None:
            return f"{self.output_tokens:,}"
        return f"~{-(-self.text_bytes // _BYTES_PER_TOKEN):,}" if self.text_bytes else ""

    def elapsed_s(self, now_s: float) -> float:
        """How long the call took, or has taken until now."""
        return max((now_s if self.ended_s is None else self.ended_s) - self.started_s, 0.0)


class Progress:
    """Folds the events of a run into rows. `clock` moves time on between events."""

    def __init__(self, clock: Clock) -> None:
        self.rows: dict[str, Row] = {}
        self._clock = clock
        self._origin: float | None = None

    def take(self, event: Event) -> Row | None:
        """Take in one event; the row it changed, None for an event of the run itself."""
        if self._origin is None:
            self._origin = self._clock.monotonic() - event.at_s
        if isinstance(event.body, CallStarted):
            self.rows[event.call] = self._row(event.call, event.body, event.at_s)
        row = self.rows.get(event.call)
        if row is not None:
            _advance(row, event)
        return row

    def _row(self, call: str, body: CallStarted, at_s: float) -> Row:
        """A new row; a call that is made for an ensemble's is named after it."""
        name = call_name(body.name, body.sample)
        if body.role not in ("answer", "member"):
            name = f"{body.role} {name}"
        above = self.rows.get(body.parent)
        return Row(
            call,
            body.role,
            name if above is None else f"{above.name}: {name}",
            body.index,
            body.simulated,
            at_s,
            thinks=body.thinks,
            parent=body.parent,
        )

    @property
    def now_s(self) -> float:
        """Seconds since the run started."""
        return self._clock.monotonic() - self._origin if self._origin is not None else 0.0

    def ordered(self) -> list[Row]:
        """Members in the order asked for, then the strategy's own calls in the order made."""
        members = [row for row in self.rows.values() if row.index is not None]
        others = [row for row in self.rows.values() if row.index is None]
        return [*sorted(members, key=lambda row: row.index or 0), *others]


def call_name(name: str, sample: int) -> str:
    """What a call goes by: the model's name, numbered when it was asked more than once."""
    return f"{cell(name, 60)} #{sample + 1}" if sample else cell(name, 60)


def _advance(row: Row, event: Event) -> None:
    body = event.body
    match body:
        case CallWaiting():
            row.note = cell(body.message)
            row.state, row.retry_at_s = "held", event.at_s + body.wait_s
        case AttemptStarted():
            row.state, row.retry_at_s = "thinking" if row.thinks else "waiting", None
        case AttemptFailed():
            row.note = cell(body.failure.message)
            if body.retry_in_s is not None:
                row.state, row.retry_at_s = "retrying", event.at_s + body.retry_in_s
        case TextDelta() | ReasoningDelta() | ToolCallDelta():
            _content(row, body, event.at_s)
        case UsageReported():
            row.output_tokens = body.usage.output_tokens
        case CallFinished() | CallFailed() | CallCancelled():
            _end(row, body, event.at_s)
        case _:
            return


def _content(row: Row, body: TextDelta | ReasoningDelta | ToolCallDelta, at_s: float) -> None:
    row.first_s = at_s if row.first_s is None else row.first_s
    row.state = "thinking" if isinstance(body, ReasoningDelta) else "streaming"
    piece = body.arguments if isinstance(body, ToolCallDelta) else body.text
    row.text_bytes += len(piece) if piece.isascii() else len(piece.encode("utf-8", "replace"))


def _end(row: Row, body: CallFinished | CallFailed | CallCancelled, at_s: float) -> None:
    answer = body.answer
    row.answer, row.ended_s = answer, at_s
    if isinstance(body, CallFinished):
        row.state, row.note = "done", ""
    elif isinstance(body, CallCancelled):
        row.state = "cancelled"
    else:
        row.state = "partial" if answer.status == "partial" else "failed"
    if answer.error is not None:
        row.note = cell(answer.error.message)
    if answer.usage is not None and answer.usage.output_tokens is not None:
        row.output_tokens = answer.usage.output_tokens
