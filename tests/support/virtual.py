"""A loop whose clock jumps to the next timer instead of waiting for it."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

EPOCH = 1_790_000_000.0
"""What UTC shows when virtual time is 0."""


class _Jumping(selectors.DefaultSelector):
    """Never waits: a wait moves the loop's clock."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise AssertionError("nothing is ever going to happen")
        self.loop.now += timeout
        return ready


class _AtOnce(ThreadPoolExecutor):
    """Does each job where it is asked for: a clock that jumps cannot wait for threads."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


class VirtualLoop(asyncio.SelectorEventLoop):
    """Sleeps take no time; a program that waits for nothing fails instead of hanging.

    What goes to a thread is done at once. `timers` counts the timer handles that were ever made.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.timers = 0
        selector = _Jumping()
        selector.loop = self
        super().__init__(selector)
        self.set_default_executor(_AtOnce())

    def time(self) -> float:
        return self.now

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Nothing to wait for, and no thread to wait in: what went to one was done at once."""

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, **kwargs: Any
    ) -> asyncio.TimerHandle:
        self.timers += 1
        return super().call_at(when, callback, *args, **kwargs)


def virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time; a task that is left running is an error."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        result = runner.run(main)
        left = asyncio.all_tasks(runner.get_loop())
        assert not left, f"tasks were left running: {left}"
        return result


class LoopClock:
    """Fills `ports.Clock` with the time of the running loop."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def time(self) -> float:
        return EPOCH + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def now() -> float:
    """The running loop's time."""
    return asyncio.get_running_loop().time()


def after_steps(steps: int, act: Callable[[], object]) -> None:
    """Do something after so many turns of the loop, without a timer."""
    if steps <= 0:
        act()
    else:
        asyncio.get_running_loop().call_soon(after_steps, steps - 1, act)
