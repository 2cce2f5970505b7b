"""Runs beside a front end that draws: each on a thread and a loop of its own.

A drawing loop must never wait for a keyring, a resolver or a locked file, and a run must never wait
for a slow terminal: they share a queue of events, which the front end empties when it draws.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future

from ultra.config.threads import in_background
from ultra.core.events import Event
from ultra.core.ports import Sink
from ultra.runtime.action import Action, RunResult
from ultra.runtime.loop import Interrupt
from ultra.runtime.runtime import Runtime


class Undertaking:
    """One run under way. Every method may be called from any thread.

    `done` holds what came of it once its record is complete, or what it raised.
    """

    def __init__(self, runtime: Runtime, action: Action) -> None:
        self._events: deque[Event] = deque()
        self._interrupt: Interrupt | None = None
        self._stopped = False
        self.done: Future[RunResult] = in_background(lambda: runtime.perform(action, self._watch))

    def _watch(self, interrupt: Interrupt) -> Sequence[Sink]:
        self._interrupt = interrupt
        if self._stopped:
            interrupt.stop("sigint")
        return [self]

    def on_event(self, event: Event) -> None:
        """Keep one event until it is taken."""
        self._events.append(event)

    async def drained(self, call_id: str) -> None:
        """The queue holds nobody up."""

    def take(self) -> list[Event]:
        """What happened since this was last asked, in order; nothing is lost between."""
        return [self._events.popleft() for _ in range(len(self._events))]

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
