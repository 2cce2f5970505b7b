"""What the policies around a call share: the run's clock, deadline and sinks, the call's tries."""

import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from msgspec.structs import replace

from ultra.core.answer import AnswerBuilder
from ultra.core.errors import ErrorClass
from ultra.core.events import AttemptFailed, AttemptStarted, Body, CallWaiting, Event
from ultra.core.ids import attempt_id, call_id
from ultra.core.ledger import Admitted, AttemptKind, AttemptResult
from ultra.core.model import Target
from ultra.core.ports import AttemptBudget, CallSpec, Clock, Sink, Within
from ultra.core.profile import RetryRules
from ultra.core.quota import Quota
from ultra.core.request import settled
from ultra.core.stream import StreamBody

PolicyBody = CallWaiting | AttemptStarted | AttemptFailed | StreamBody
"""What flows through the policies of a call, from the provider outwards."""

UsualFirstToken = Callable[[Target], Awaitable[float | None]]
"""The seconds that a target usually takes to its first token; None where that is not known."""


class EventHub:
    """Numbers the events of a run and hands each to every sink, in order.

    A sink that raises is dropped and reported through `warn`; the run goes on.
    """

    def __init__(
        self, run_id: str, clock: Clock, sinks: Sequence[Sink], warn: Callable[[str], None]
    ) -> None:
        self._run_id = run_id
        self._clock = clock
        self._sinks = list(sinks)
        self._warn = warn
        self._seq = 0
        self._told: set[str] = set()
        self.started = clock.monotonic()

    def emit(self, call: str, body: Body) -> None:
        """Tell every sink; `call` is empty for events of the run itself."""
        event = Event(self._run_id, call, self._seq, self._clock.monotonic() - self.started, body)
        self._seq += 1
        for sink in tuple(self._sinks):
            try:
                sink.on_event(event)
            except Exception as error:
                self._drop(sink, error)

    async def drained(self, call: str) -> None:
        """Wait until every sink can take more of the call's text."""
        for sink in tuple(self._sinks):
            try:
                await sink.drained(call)
            except Exception as error:
                self._drop(sink, error)

    def tell(self, note: str) -> None:
        """Tell the user something in one line, once a run."""
        if note not in self._told:
            self._told.add(note)
            self._warn(note)

    def _drop(self, sink: Sink, error: Exception) -> None:
        if sink in self._sinks:
            self._sinks.remove(sink)
            self._warn(f"`{type(sink).__name__}` failed and was dropped: {error}")


class RunContext:
    """One run: its ids, its events, its deadline and its only source of randomness.

    `deadline` is on the clock's monotonic scale; `patient` says that the user set it, and so that
    whatever fits it is worth waiting for. `usual_ttft_s` is asked only after a failure.
    """

    def __init__(  # noqa: PLR0913 - what a run is made with, all by name
        self,
        run_id: str,
        *,
        clock: Clock,
        hub: EventHub,
        deadline_s: float,
        rng: random.Random,
        retry: RetryRules,
        patient: bool = False,
        usual_ttft_s: UsualFirstToken | None = None,
    ) -> None:
        self.run_id = run_id
        self.clock = clock
        self.hub = hub
        self.rng = rng
        self.retry = retry
        self.patient = patient
        self.usual_ttft_s = usual_ttft_s
        self.deadline = hub.started + deadline_s
        self._calls = 0

    def next_call_id(self) -> str:
        """The id of one more call of this run."""
        self._calls += 1
        return call_id(self.run_id, self._calls)

    def attempts(self) -> AttemptBudget:
        """A fresh budget of tries, as the profile sets it."""
        return AttemptBudget(self.retry.attempts, self.retry.per_target)

    def remaining_s(self) -> float:
        """Seconds until the deadline; negative once it has passed."""
        return self.deadline - self.clock.monotonic()


class CallContext:
    """One call on its way through the policies.

    `number` counts the attempts that are on record. `builder` folds the attempt under way (or the
    last one), `left` says whether it was handed to the provider, so that bytes may be out, and
    `results` holds how every attempt ended. `kind` and `retry_of` say why the next attempt is made,
    `key_fp` with which key, `key_source` where that came from, `refused_quota` what a refusal said
    is left of the provider's limits.
    `waited_s` is how long the next attempt has waited to be made. `request` is what the attempt
    asks: `whole`, with its output capped where a budget says so. `reserve_nano` is what was set
    aside for it, None where nothing was; `cut_nano` what it had cost when it was stopped there,
    None unless it was. `inside` holds the calls that an ensemble's call was made of, None for a
    call of one model.
    """

    __slots__ = (
        "attempt_id",
        "attempts",
        "builder",
        "call_id",
        "cut_nano",
        "inside",
        "key_fp",
        "key_source",
        "kind",
        "left",
        "number",
        "refused_quota",
        "request",
        "reserve_nano",
        "results",
        "retry_of",
        "run",
        "spec",
        "started",
        "stopped_by_deadline",
        "waited_s",
        "whole",
    )

    def __init__(self, run: RunContext, spec: CallSpec) -> None:
        self.run = run
        self.spec = spec
        self.whole = self.request = settled(spec.request)
        self.call_id = run.next_call_id()
        self.attempts = spec.attempts or run.attempts()
        self.started = run.clock.monotonic()
        self.builder = AnswerBuilder()
        self.number = 0
        self.attempt_id = ""
        self.left = False
        self.results: list[AttemptResult] = []
        self.stopped_by_deadline = False
        self.kind: AttemptKind = spec.kind
        self.key_fp = ""
        self.key_source = ""
        self.retry_of: ErrorClass | None = None
        self.refused_quota: Quota | None = None
        self.waited_s = 0.0
        self.reserve_nano: int | None = None
        self.cut_nano: int | None = None
        self.inside: Within | None = None

    def prepare_attempt(self) -> None:
        """Name the next attempt and start its fold afresh; it counts once it is on record."""
        self.attempt_id = attempt_id(self.call_id, self.number + 1)
        self.builder = AnswerBuilder()
        self.left = False
        self.refused_quota = None
        self.request = self.whole
        self.reserve_nano = self.cut_nano = None

    def begin_attempt(self, admitted: Admitted) -> None:
        """Count the attempt that was prepared: it is on record, on these terms."""
        self.number += 1
        self.waited_s = 0.0
        self.reserve_nano = admitted.reserve_nano
        if admitted.output_tokens is not None:
            sampling = replace(self.whole.sampling, max_output_tokens=admitted.output_tokens)
            self.request = replace(self.whole, sampling=sampling)


Call = Callable[[CallContext], AsyncGenerator[PolicyBody, None]]
"""One call as a stream; a policy takes one and gives one back."""

Policy = Callable[[Call], Call]
