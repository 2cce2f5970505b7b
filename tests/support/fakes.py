"""What fills the engine's seams: a provider by script, a ledger and a sink that remember."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from tests.support.grammar import check_events
from tests.support.virtual import LoopClock
from ultra.core.cost import Price, Rate
from ultra.core.errors import CallError, ErrorClass
from ultra.core.events import AttemptStarted, Body, Event
from ultra.core.ledger import Admitted, AttemptRecord, AttemptResult, Refused, RunEnd, RunRecord
from ultra.core.model import Endpoint, KeyRef, Target, Timers
from ultra.core.ports import CallSpec, Sink
from ultra.core.profile import RetryRules
from ultra.core.request import CallRequest, Prompt, said
from ultra.core.stream import Finished, StreamBody, TextDelta, UsageReported
from ultra.core.usage import Usage
from ultra.engine.caller import EngineCaller
from ultra.engine.context import EventHub, RunContext, UsualFirstToken
from ultra.engine.pipeline import compose

RUN = "run000000001"
PRICE = Price(Rate(1_000_000_000), Rate(2_000_000_000), source="test")
"""A dollar in and two dollars out per million tokens."""


class Wait(Struct, frozen=True):
    """A pause of the provider in seconds; None is for ever."""

    seconds: float | None = None


class SlowClose(Struct, frozen=True):
    """From here on, closing the stream takes so long; None never ends by itself."""

    seconds: float | None = None


Step = StreamBody | BaseException | Wait | SlowClose
Script = Sequence[Any]
"""Steps; `Any` since lists of them are written down in every mixture."""

Scripts = Script | Callable[[CallRequest, int], Script]
"""One script for every request, one a request (the last for all that follow), or a function."""


class ScriptedProvider:
    """Fills `ports.Provider`: answers each target name by its script and counts what is open."""

    def __init__(self, scripts: Mapping[str, Scripts]) -> None:
        self._scripts = scripts
        self.requests: list[CallRequest] = []
        self.sent_at: list[float] = []
        self.open = 0
        self.peak = 0
        self.closed_at: list[float] = []

    def to(self, name: str) -> list[CallRequest]:
        """The requests that one target got."""
        return [request for request in self.requests if request.target.name == name]

    async def credential(self, _endpoint: Endpoint) -> None:
        return None

    async def stream(self, request: CallRequest) -> AsyncGenerator[StreamBody, None]:
        script = self._script(request)
        self.requests.append(request)
        self.sent_at.append(asyncio.get_running_loop().time())
        self.open += 1
        self.peak = max(self.peak, self.open)
        closing: SlowClose | None = None
        try:
            for step in script:
                if isinstance(step, SlowClose):
                    closing = step
                elif isinstance(step, Wait):
                    await _pause(step.seconds)
                elif isinstance(step, BaseException):
                    raise step
                else:
                    yield step
        finally:
            try:
                if closing is not None:
                    await _pause(closing.seconds)
            finally:
                self.open -= 1
                self.closed_at.append(asyncio.get_running_loop().time())

    def _script(self, request: CallRequest) -> Script:
        scripts = self._scripts[request.target.name]
        number = len(self.to(request.target.name))
        if callable(scripts):
            return scripts(request, number)
        if scripts and isinstance(scripts[0], list | tuple):
            chosen = scripts[min(number, len(scripts) - 1)]
            assert isinstance(chosen, list | tuple)
            return chosen
        return scripts


async def _pause(seconds: float | None) -> None:
    if seconds is None:
        await asyncio.get_running_loop().create_future()
    else:
        await asyncio.sleep(seconds)


class RecordingLedger:
    """Fills `ports.Ledger` in memory. `refusals` are given out, one an attempt, before any admit.

    An `Admitted` among them lets its attempt go on its terms.

    A cancelled `admit` is closed by the ledger itself, as the store does: it never left.
    """

    def __init__(
        self, *, refusals: Sequence[Refused | Admitted | None] = (), admit_s: float = 0.0
    ) -> None:
        self._refusals = list(refusals)
        self._admit_s = admit_s
        self.runs: list[RunRecord] = []
        self.admitted: list[AttemptRecord] = []
        self.closed: list[tuple[str, AttemptResult]] = []
        self.served: list[tuple[AttemptRecord, AttemptResult]] = []
        self.pieces: list[tuple[str, str]] = []
        self.ends: list[tuple[str, RunEnd]] = []
        self.flushes: list[float] = []
        self.flush_s = 0.0

    def begin_run(self, run: RunRecord) -> None:
        self.runs.append(run)

    async def admit(self, attempt: AttemptRecord) -> Admitted | Refused:
        refused = self._refusals.pop(0) if self._refusals else None
        if isinstance(refused, Refused):
            return refused
        self.admitted.append(attempt)
        try:
            await asyncio.sleep(self._admit_s)
        except asyncio.CancelledError:
            self.close(attempt.attempt_id, AttemptResult("cancelled", 0.0, 0.0, charged_nano=0))
            raise
        return refused or Admitted()

    def serve(self, attempt: AttemptRecord, result: AttemptResult) -> None:
        self.served.append((attempt, result))

    def checkpoint(self, attempt_id: str, piece: str) -> None:
        self.pieces.append((attempt_id, piece))

    def close(self, attempt_id: str, result: AttemptResult) -> None:
        self.closed.append((attempt_id, result))

    def end_run(self, run_id: str, end: RunEnd) -> None:
        self.ends.append((run_id, end))

    async def flush(self, timeout_s: float, *, patient: bool = False) -> bool:
        self.flushes.append(timeout_s)
        await asyncio.sleep(min(self.flush_s, timeout_s))
        return self.flush_s <= timeout_s

    @property
    def results(self) -> list[AttemptResult]:
        """How the attempts ended, in the order of ending."""
        return [result for _, result in self.closed]

    def check(self) -> None:
        """Every attempt that was admitted is closed exactly once, and nothing else is."""
        admitted = [attempt.attempt_id for attempt in self.admitted]
        assert len(set(admitted)) == len(admitted), f"admitted twice: {admitted}"
        assert sorted(name for name, _ in self.closed) == sorted(admitted)


class Collecting:
    """Fills `ports.Sink`: keeps every event, and may be slow or act on one."""

    def __init__(
        self,
        *,
        act: Callable[[Event], None] | None = None,
        slow: Callable[[str], float] | None = None,
    ) -> None:
        self.events: list[Event] = []
        self._act = act
        self._slow = slow

    def on_event(self, event: Event) -> None:
        self.events.append(event)
        if self._act is not None:
            self._act(event)

    async def drained(self, call_id: str) -> None:
        seconds = self._slow(call_id) if self._slow else 0.0
        if seconds:
            await asyncio.sleep(seconds)

    def bodies(self, kind: type[Any] | None = None, call: str | None = None) -> list[Body]:
        """What was told, of one kind and one call where given."""
        return [
            event.body
            for event in self.events
            if (kind is None or isinstance(event.body, kind)) and call in (None, event.call)
        ]


class Bench:
    """One run over the real engine, with every seam filled. Make it inside the loop."""

    def __init__(
        self,
        scripts: Mapping[str, Scripts],
        *,
        deadline_s: float = 300.0,
        ledger: RecordingLedger | None = None,
        sinks: Sequence[Sink] = (),
        retry: RetryRules | None = None,
        seed: int = 0,
        patient: bool = False,
        usual_ttft_s: UsualFirstToken | None = None,
    ) -> None:
        self.provider = ScriptedProvider(scripts)
        self.ledger = ledger or RecordingLedger()
        self.sink = Collecting()
        self.warnings: list[str] = []
        self.clock = LoopClock()
        self.hub = EventHub(RUN, self.clock, [self.sink, *sinks], self.warnings.append)
        self.run = RunContext(
            RUN,
            clock=self.clock,
            hub=self.hub,
            deadline_s=deadline_s,
            rng=random.Random(seed),
            retry=retry or RetryRules(),
            patient=patient,
            usual_ttft_s=usual_ttft_s,
        )
        self.caller = EngineCaller(self.run, compose(self.provider, self.ledger))

    def emit(self, body: Body) -> None:
        """What a strategy is given to tell the run's own events."""
        self.hub.emit("", body)

    def check(self) -> None:
        """The grammar held, every row is complete, and no stream was left open."""
        check_events(self.sink.events)
        self.ledger.check()
        told = [body.attempt_id for body in self.sink.bodies() if isinstance(body, AttemptStarted)]
        assert set(told) <= {attempt.attempt_id for attempt in self.ledger.admitted}
        assert self.provider.open == 0, "a stream was left open"


def target(
    name: str = "a",
    *,
    provider: str = "lab",
    timers: Timers | None = None,
    concurrency: int | None = None,
    **fields: Any,
) -> Target:
    """A model that costs `PRICE`, named and called by one word."""
    endpoint = Endpoint(
        provider,
        "openai-chat",
        "http://127.0.0.1:8000/v1",
        KeyRef("none"),
        timers=timers or Timers(),
        concurrency=concurrency,
    )
    return Target(
        name, fields.pop("model", f"model-{name}"), endpoint, **{"price": PRICE, **fields}
    )


def prompt(text: str = "why is the sky blue?") -> Prompt:
    return Prompt((said("user", text),))


def spec(to: Target | None = None, **fields: Any) -> CallSpec:
    """One call of one question."""
    request = CallRequest(to or target(), prompt().messages, stream=fields.pop("stream", True))
    return CallSpec(request, fields.pop("role", "answer"), **fields)


USAGE = Usage(text_input_tokens=10, text_output_tokens=5)


def says(*pieces: str, usage: Usage | None = USAGE) -> list[Step]:
    """A complete answer in pieces, with usage unless told otherwise."""
    told: list[Step] = [TextDelta(piece) for piece in pieces]
    if usage is not None:
        told.append(UsageReported(usage))
    return [*told, Finished("stop", "stop")]


def fails(kind: ErrorClass = ErrorClass.SERVER, **fields: Any) -> CallError:
    """A failure that the provider answered with before any content; `boom` is its text."""
    return CallError(kind, fields.pop("message", "boom"), **{"sent": True, **fields})
