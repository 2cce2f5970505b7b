"""Watches a run and its log, so that what happened can be told even when the log cannot be read."""

from ultra.core.answer import Answer
from ultra.core.events import CallCancelled, CallFailed, CallFinished, CallStarted, Event
from ultra.core.ledger import (
    Admitted,
    AttemptRecord,
    AttemptResult,
    Ledger,
    Refused,
    RunEnd,
    RunRecord,
)
from ultra.core.model import ENSEMBLE
from ultra.store.hedges import HEDGE


class Tally:
    """A sink that keeps the answer of every call, in the order of ending."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self._started: dict[str, CallStarted] = {}

    def on_event(self, event: Event) -> None:
        """Note how a call began and ended."""
        if isinstance(event.body, CallStarted):
            self._started[event.call] = event.body
        elif isinstance(event.body, CallFinished | CallFailed | CallCancelled):
            self.answers.append(event.body.answer)

    def members(self) -> tuple[Answer, ...]:
        """The members' answers so far, in the order asked for; those of helpers left out."""
        places = {call: body.index for call, body in self._started.items()}
        known = [answer for answer in self.answers if places[answer.call_id] is not None]
        return tuple(sorted(known, key=lambda answer: places[answer.call_id] or 0))

    def held_back(self) -> list[tuple[CallStarted, Answer]]:
        """The calls that ended before any try, so that no row tells of them.

        A second copy that `--hedge` was denied is left out: it was a wish, and nothing was lost.
        """
        return [
            (self._started[answer.call_id], answer)
            for answer in self.answers
            if not answer.attempts
            and answer.provider != ENSEMBLE
            and not answer.cached
            and (answer.error is None or answer.error.code != HEDGE)
        ]

    async def drained(self, _call_id: str) -> None:
        """Always ready."""

    def totals(self) -> tuple[int | None, int, int]:
        """Cost of all calls (None if any is unknown), the known part, how many are unknown.

        What an ensemble cost is the cost of the calls that were made for it.
        """
        made = [answer for answer in self.answers if answer.provider != ENSEMBLE]
        known = [answer.cost_nano for answer in made if answer.cost_nano is not None]
        unknown = len(made) - len(known)
        return (None if unknown else sum(known)), sum(known), unknown


class Recording:
    """A ledger that remembers what it was told while another one writes it down."""

    def __init__(self, inner: Ledger) -> None:
        self._inner = inner
        self.attempts: dict[str, tuple[AttemptRecord, AttemptResult | None]] = {}

    def begin_run(self, run: RunRecord) -> None:
        """Pass it on."""
        self._inner.begin_run(run)

    async def admit(self, attempt: AttemptRecord) -> Admitted | Refused:
        """Pass it on; an attempt that was refused is not remembered."""
        verdict = await self._inner.admit(attempt)
        if isinstance(verdict, Admitted):
            self.attempts[attempt.attempt_id] = (attempt, None)
        return verdict

    def serve(self, attempt: AttemptRecord, result: AttemptResult) -> None:
        """Remember it like an attempt, and pass it on."""
        self.attempts[attempt.attempt_id] = (attempt, result)
        self._inner.serve(attempt, result)

    def checkpoint(self, attempt_id: str, piece: str) -> None:
        """Pass it on."""
        self._inner.checkpoint(attempt_id, piece)

    def close(self, attempt_id: str, result: AttemptResult) -> None:
        """Remember how the attempt ended, and pass it on."""
        self.attempts[attempt_id] = (self.attempts[attempt_id][0], result)
        self._inner.close(attempt_id, result)

    def end_run(self, run_id: str, end: RunEnd) -> None:
        """Pass it on."""
        self._inner.end_run(run_id, end)

    async def flush(self, timeout_s: float, *, patient: bool = False) -> bool:
        """Pass it on."""
        return await self._inner.flush(timeout_s, patient=patient)
