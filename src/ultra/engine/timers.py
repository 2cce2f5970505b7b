"""Gives up on a provider that does not speak: first token and idle, with one watchdog a call.

Time in which the reader holds the stream counts against neither timer. Ids, usage and the like are
no token: the wait for the first one runs on over them.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ultra.core.errors import CallError, ErrorClass
from ultra.core.stream import CONTENT
from ultra.engine.context import Call, CallContext, PolicyBody


class Watchdog:
    """Cancels the task that waits once a wait exceeds its limit.

    Re-arming is an assignment; the loop's timer is moved only when it goes off or would go off too
    late, so a stream of 100,000 chunks costs a handful of timers.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a watchdog guards a task")
        self._task = task
        self._since: float | None = None
        self._limit = 0.0
        self._handle: asyncio.TimerHandle | None = None
        self._fired = False

    def arm(self, limit_s: float) -> None:
        """Start counting a wait of at most so many seconds."""
        self._since = self._loop.time()
        self._limit = limit_s
        if self._handle is None or self._since + limit_s < self._handle.when():
            self._schedule(self._since + limit_s)

    def rest(self) -> None:
        """Stop counting: something came, and whoever asked has it."""
        self._since = None

    def waited_s(self) -> float:
        """How long the wait under way has lasted."""
        return 0.0 if self._since is None else self._loop.time() - self._since

    def timed_out(self) -> bool:
        """Whether a cancel that came was ours alone; it is then taken back."""
        return self._take_back() and self._task.cancelling() == 0

    def stop(self) -> None:
        """Take the timer off the loop, and back a cancel of ours that somebody swallowed."""
        if self._handle is not None:
            self._handle.cancel()
        self._take_back()

    def _take_back(self) -> bool:
        fired, self._fired = self._fired, False
        if fired:
            self._task.uncancel()
        return fired

    def _schedule(self, when: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._loop.call_at(when, self._check)

    def _check(self) -> None:
        now = self._loop.time()
        due = (now if self._since is None else self._since) + self._limit
        if self._since is not None and now >= due:
            self._fired = True
            self._task.cancel()
        else:
            self._schedule(due)


def timers(inner: Call) -> Call:
    """Raise `CallError` of class `timeout` when the first token or the next chunk does not come."""

    async def call(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
        idle = ctx.request.target.endpoint.timers.idle_s
        first = _first_token_s(ctx)
        limit, silent = first, True
        watchdog = Watchdog()
        async with aclosing(inner(ctx)) as bodies:
            try:
                watchdog.arm(limit)
                async for body in bodies:
                    if silent and isinstance(body, CONTENT):
                        limit, silent = idle, False
                    elif silent:
                        limit -= watchdog.waited_s()
                    watchdog.rest()
                    yield body
                    watchdog.arm(limit)
            except asyncio.CancelledError:
                if not watchdog.timed_out():
                    raise
                waited = (
                    f"first token within {first:g}" if silent else f"next chunk within {idle:g}"
                )
                raise CallError(
                    ErrorClass.TIMEOUT,
                    f"no {waited} s",
                    hint="`timers` in the profile sets how long to wait",
                    sent=True,
                    retry=False,  # who was silent for so long is not worth as long again
                ) from None
            finally:
                watchdog.stop()

    return call


def _first_token_s(ctx: CallContext) -> float:
    """How long the first token may take; an answer that comes whole may take the whole run."""
    limits, target = ctx.request.target.endpoint.timers, ctx.request.target
    first = limits.reasoning_first_token_s if target.reasons else limits.first_token_s
    return first if ctx.request.stream else max(first, limits.run_s)
