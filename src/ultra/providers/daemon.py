"""Threads that nobody waits for: a resolver that hangs must not hold up the end of a run.

asyncio resolves names on the loop's default executor, and `asyncio.run` joins that executor before
it returns, as the interpreter does again at exit: with a dead resolver that is 10 to 30 s of a
Ctrl-C that does nothing. Whoever starts a loop calls `install()` in it first.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_Job = Callable[[], Callable[[], None]]
"""Does its work, and returns what tells what came of it."""


class DaemonExecutor(ThreadPoolExecutor):
    """Runs each job at once on a daemon thread (0.1 ms to begin one), and ends without waiting.

    `keep` threads at the most stay for jobs to come, for a process of days: the C library may give
    each thread that begins memory of its own, and keeps it when the thread ends.

    It is a `ThreadPoolExecutor` because asyncio takes nothing else as its default executor; the
    pool itself stays empty, and it is the pool that the interpreter would join.
    """

    def __init__(self, keep: int = 0) -> None:
        super().__init__(max_workers=1)
        self._closed = False
        self._keep = keep
        self._resting: list[SimpleQueue[_Job | None]] = []
        self._lock = threading.Lock()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a job now. Raises `RuntimeError` after shutdown, as every executor does."""
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()

        def job() -> Callable[[], None]:
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:
                return partial(future.set_exception, error)
            return partial(future.set_result, result)

        with self._lock:
            inbox = self._resting.pop() if self._resting else None
        if inbox is None:
            inbox = SimpleQueue()
            threading.Thread(
                target=self._serve, args=(inbox,), name="ultra-daemon", daemon=True
            ).start()
        inbox.put(job)
        return future

    def _serve(self, inbox: "SimpleQueue[_Job | None]") -> None:
        """Run a job, and those that come while this thread is kept."""
        kept = True
        while kept and (job := inbox.get()) is not None:
            tell = job()
            kept = self._rest(inbox)  # before it is told: whoever waits may have another job
            tell()
            del job, tell  # what was found is not held while there is nothing to do

    def _rest(self, inbox: "SimpleQueue[_Job | None]") -> bool:
        """Offer a thread for the next job; whether it is to stay."""
        with self._lock:
            stays = not self._closed and len(self._resting) < self._keep
            if stays:
                self._resting.append(inbox)
        return stays

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more jobs; those that run are left to themselves, whatever `wait` says."""
        with self._lock:
            self._closed = True
            resting, self._resting = self._resting, []
        for inbox in resting:
            inbox.put(None)


def install(loop: asyncio.AbstractEventLoop | None = None, *, keep: int = 0) -> None:
    """Give the loop (the running one by default) threads that it will not wait for.

    `keep` of them stay for jobs to come.
    """
    (loop or asyncio.get_running_loop()).set_default_executor(DaemonExecutor(keep))
