"""Runs beside a front end that draws: each on a thread and a loop of its own.

A drawing loop must never wait for a keyring, a resolver or a locked file, and a run must never wait
for a slow terminal: they share a queue of events, which the front end empties when it draws.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future

from ultra.config.threads import in_background
from ultra.core.events import CallCancelled, CallFailed, CallFinished, Event
from ultra.core.ports import Sink
from ultra.core.stream import TextDelta
from ultra.runtime.action import Action, RunResult
from ultra.runtime.loop import Interrupt
from ultra.runtime.runtime import Runtime

MOST_HEARD = 16_384
"""Characters of a call under way that are held for those who look on."""


class Undertaking:
    """One run under way. Every method may be called from any thread.

    `done` holds what came of it once its record is complete, or what it raised.
    """

    def __init__(self, runtime: Runtime, action: Action) -> None:
        self._events: deque[Event] = deque()
        self._interrupt: Interrupt | None = None
        self._stopped = False
        self._heard: dict[str, tuple[str, int]] = {}
        self.run_id = ""
        """Empty until the run has begun."""
        self.done: Future[RunResult] = in_background(lambda: runtime.perform(action, self._watch))

    def _watch(self, interrupt: Interrupt) -> Sequence[Sink]:
        self._interrupt = interrupt
        if self._stopped:
            interrupt.stop("sigint")
        return [self]

    def on_event(self, event: Event) -> None:
        """Keep one event until it is taken."""
        self.run_id = event.run
        if isinstance(event.body, TextDelta):
            text, characters = self._heard.get(event.call, ("", 0))
            said = event.body.text
            self._heard[event.call] = ((text + said)[-MOST_HEARD:], characters + len(said))
        elif isinstance(event.body, CallFinished | CallFailed | CallCancelled):
            self._heard.pop(event.call, None)
        self._events.append(event)

    async def drained(self, call_id: str) -> None:
        """The queue holds nobody up."""

    def take(self) -> list[Event]:
        """What happened since this was last asked, in order; nothing is lost between."""
        return [self._events.popleft() for _ in range(len(self._events))]

    def heard(self, call_id: str) -> tuple[str, int] | None:
        """The end of what a call under way has said, and how much that is in all; None for nothing.

        Whoever takes the events has all of it: this is for those who look on.
        """
        return self._heard.get(call_id)

    def stop(self) -> None:
        """End the run as Ctrl-C does: what came is kept as partial. Later stops do nothing."""
        self._stopped = True
        if self._interrupt is not None:
            self._interrupt.stop("sigint")

    def wait(self, timeout_s: float) -> bool:
        """Wait for the record to be complete; whether it is."""
        try:
            self.done.exception(timeout_s)
        except TimeoutError:
            return False
        return True


def alerting(runtime: Runtime) -> Future[None]:
    """Tell of what the profile's alerts have seen crossed; nothing waits for it at exit."""
    return in_background(runtime.alert)
