"""The grammar of events as an automaton: what `core.events` promises, checked event by event."""

from collections.abc import Sequence
from itertools import pairwise

from ultra.core.answer import AnswerBuilder
from ultra.core.events import (
    AttemptFailed,
    AttemptStarted,
    CallCancelled,
    CallFailed,
    CallFinished,
    CallStarted,
    CallWaiting,
    Concluded,
    Event,
    RunFinished,
    RunStarted,
    StageStarted,
    VerdictReached,
)
from ultra.core.model import ENSEMBLE
from ultra.core.stream import CONTENT, CacheHit

OF_THE_RUN = RunStarted | StageStarted | VerdictReached | Concluded | RunFinished


class CallState:
    """Where one call stands: `new`, `started`, `trying`, `failed` (a try), `served` or `ended`.

    What the cache serves has no try, nor has the call of an ensemble (`made`); a call that was
    tried is not served any more.
    """

    def __init__(self, call: str) -> None:
        self.call = call
        self.state = "new"
        self.tries = 0
        self.fold = AnswerBuilder()

    def take(self, event: Event) -> None:
        """Move on by one event; an event out of place fails."""
        body, where = event.body, f"{type(event.body).__name__} while {self.state} in {self.call}"
        assert not isinstance(body, OF_THE_RUN), where
        match body:
            case CallStarted():
                assert self.state == "new", where
                self.state = "made" if body.provider == ENSEMBLE else "started"
            case CallWaiting():
                assert self.state in ("started", "failed"), where
                assert body.wait_s > 0.0, where
            case AttemptStarted():
                self._tried(body, where)
            case AttemptFailed():
                assert self.state == "trying", where
                assert not (self.fold.committed and body.retry_in_s is not None), where
                self.state = "failed"
            case CacheHit():
                assert self.state == "started", where
                self.state = "served"
                self.fold.add(body, event.at_s)
            case CallFinished() | CallFailed() | CallCancelled():
                assert self.state in ("started", "trying", "failed", "served", "made"), where
                self._ended(body)
                self.state = "ended"
            case _:
                assert self.state in ("trying", "served", "made"), where
                assert self.fold.finished is None or not isinstance(body, CONTENT), where
                self.fold.add(body, event.at_s)

    def _tried(self, body: AttemptStarted, where: str) -> None:
        assert self.state in ("started", "failed"), where
        assert not self.fold.committed, f"spliced after content: {where}"
        self.tries += 1
        assert body.number == self.tries, where
        assert body.attempt_id == f"{self.call}.{self.tries}", where
        self.state, self.fold = "trying", AnswerBuilder()

    def _ended(self, body: CallFinished | CallFailed | CallCancelled) -> None:
        answer = body.answer
        assert answer.call_id == self.call
        assert answer.text == self.fold.text
        assert answer.reasoning == self.fold.reasoning
        assert answer.attempts == self.tries
        match body:
            case CallFinished():
                assert (answer.status, answer.error) == ("ok", None)
                assert self.state in ("trying", "served", "made"), self.state
                assert answer.cached == (self.state == "served")
                assert self.fold.finished is not None
            case CallFailed():
                assert answer.status in ("partial", "error")
                assert answer.error is not None
            case CallCancelled():
                assert answer.status in ("partial", "cancelled")
                assert answer.error is None


def check_events(events: Sequence[Event], *, complete: bool = True) -> dict[str, CallState]:
    """Hold a run's events against the grammar; `complete` means that every call has ended."""
    calls: dict[str, CallState] = {}
    assert [event.seq for event in events] == list(range(len(events)))
    assert all(one.at_s <= two.at_s for one, two in pairwise(events))
    for event in events:
        if event.call:
            calls.setdefault(event.call, CallState(event.call)).take(event)
        else:
            assert isinstance(event.body, OF_THE_RUN), event
    if complete:
        assert {call: state.state for call, state in calls.items() if state.state != "ended"} == {}
    return calls


def check_run(events: Sequence[Event]) -> None:
    """The same for a whole run: it begins, concludes at most once, and ends last."""
    check_events(events)
    own = [event.body for event in events if not event.call]
    assert isinstance(events[0].body, RunStarted)
    assert isinstance(events[-1].body, RunFinished)
    assert sum(isinstance(body, RunStarted) for body in own) == 1
    assert sum(isinstance(body, RunFinished) for body in own) == 1
    assert sum(isinstance(body, Concluded) for body in own) <= 1
