"""Runs one coroutine to its end under the signals of a terminal.

The first Ctrl-C or SIGTERM cancels and lets the run settle; a second one ends the process at once.
Threads of ours are daemons, so that nothing that hangs (a resolver, a keyring, a pipe that nobody
reads) keeps the process alive.

A front end that draws keeps the main thread, and runs on another: signals are then its own, and it
stops the run through the interrupt.
"""

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

from ultra.config.commands import end_all
from ultra.runtime.action import Interrupted, Interruption

T = TypeVar("T")

SIGNALS: dict[signal.Signals, Interruption] = {
    signal.SIGINT: "sigint",
    signal.SIGTERM: "sigterm",
}
GC_THRESHOLD = 50_000
"""Collections are rarer than the interpreter's 700: a third off a fan-out of 1,000 calls."""


class Interrupt:
    """What stopped the run from outside. `stop` may be called from any thread.

    `signalled` says that a signal has come, which need not be the cause.
    """

    def __init__(self) -> None:
        self.cause: Interruption | None = None
        self.signalled = False
        self._task: asyncio.Task[Any] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, task: asyncio.Task[Any]) -> None:
        """Name the task to cancel; a stop that came earlier is carried out now."""
        self._task, self._loop = task, task.get_loop()
        if self.cause is not None:
            task.cancel()

    def stop(self, cause: Interruption) -> None:
        """Cancel the run for this cause; the first cause stands."""
        if self.cause is not None:
            return
        self.cause = cause
        if self._loop is not None and self._task is not None:
            with suppress(RuntimeError):  # the loop is already closed: nothing is left to stop
                self._loop.call_soon_threadsafe(self._task.cancel)


def run(main: Callable[[Interrupt], Coroutine[Any, Any, T]]) -> T:
    """Run `main` on a fresh loop; it is handed the interrupt that may cancel it.

    Raises what `main` raises, and `Interrupted` when it lets a cancel by the interrupt pass. Only
    the main thread can be told of signals; on another one they are left to whoever has that.
    """
    loop = asyncio.new_event_loop()
    interrupt = Interrupt()
    signals = SIGNALS if threading.current_thread() is threading.main_thread() else {}
    if signals:  # what is frozen is never collected: for a process of one run, not of a day
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD, 20, 20)
    try:
        asyncio.set_event_loop(loop)
        task = loop.create_task(main(interrupt))
        interrupt.attach(task)
        for number, cause in signals.items():
            loop.add_signal_handler(number, _on_signal, interrupt, number, cause)
        return loop.run_until_complete(task)
    except asyncio.CancelledError as error:
        if interrupt.cause is None:
            raise
        raise Interrupted(interrupt.cause) from error
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
        _close(loop)


def _on_signal(interrupt: Interrupt, number: signal.Signals, cause: Interruption) -> None:
    if interrupt.signalled:
        leave(number)
    interrupt.signalled = True
    interrupt.stop(cause)


def leave(number: int) -> NoReturn:
    """End the process at once as that signal ends one, and what it runs for the user with it."""
    end_all(grace_s=0.0)
    os._exit(128 + number)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left, timeout=0.2))
    loop.run_until_complete(loop.shutdown_asyncgens())
    asyncio.set_event_loop(None)
    loop.close()
