"""Threads that nobody waits for: a resolver that hangs must not hold up the end of a run.

asyncio resolves names on the loop's default executor, and `asyncio.run` joins that executor before
it returns, as the interpreter does again at exit: with a dead resolver that is 10 to 30 s of a
Ctrl-C that does nothing. Whoever starts a loop calls `install()` in it first.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DaemonExecutor(ThreadPoolExecutor):
    """Runs each job on a daemon thread of its own (0.1 ms), and is shut down without waiting.

    It is a `ThreadPoolExecutor` because asyncio takes nothing else as its default executor; the
    pool itself stays empty, and it is the pool that the interpreter would join.
    """

    def __init__(self) -> None:
        super().__init__(max_workers=1)
        self._closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a job now. Raises `RuntimeError` after shutdown, as every executor does."""
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()

        def job() -> None:
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=job, name="ultra-daemon", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more jobs; those that run are left to themselves, whatever `wait` says."""
        self._closed = True


def install(loop: asyncio.AbstractEventLoop | None = None) -> None:
    """Give the loop (the running one by default) threads that it will not wait for."""
    (loop or asyncio.get_running_loop()).set_default_executor(DaemonExecutor())
