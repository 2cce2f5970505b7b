"""Owns the tasks of the calls that a strategy opens; leaving the block cancels what still runs."""

import asyncio
from collections.abc import Iterable, Sequence
from types import TracebackType

from ultra.core.answer import Answer
from ultra.core.ports import AttemptBudget, CallSpec
from ultra.engine.context import Call, CallContext, RunContext
from ultra.engine.report import report

CLOSING_S = 0.4
"""How long cancelled calls may take to close their connections; Ctrl-C promises one second."""

GIVING_UP_S = 0.1
"""How long they may take once they are cancelled out of closing as well."""


class CallGroup:
    """Calls under way. Fills `ports.Calls`."""

    def __init__(self, run: RunContext, call: Call, specs: Sequence[CallSpec]) -> None:
        self._contexts = [CallContext(run, spec) for spec in specs]
        self._arrivals: asyncio.Queue[Answer] = asyncio.Queue()
        self._awaited = len(specs)
        self._answers: list[Answer | None] = [None] * len(specs)
        self._tasks = [
            asyncio.create_task(self._one(call, place)) for place in range(len(self._contexts))
        ]
        self._deadline = asyncio.get_running_loop().call_later(
            max(0.0, run.remaining_s()), self._expire
        )

    async def _one(self, call: Call, place: int) -> None:
        answer = await report(call, self._contexts[place])
        self._answers[place] = answer
        self._arrivals.put_nowait(answer)

    def _expire(self) -> None:
        for ctx, task in zip(self._contexts, self._tasks, strict=True):
            if not task.done():
                ctx.stopped_by_deadline = True
                task.cancel()
        self._deadline = asyncio.get_running_loop().call_later(CLOSING_S, self._insist)

    def _insist(self) -> None:
        """Cancel once more what the deadline stopped and what does not close."""
        for task in self._tasks:
            task.cancel()

    def __aiter__(self) -> "CallGroup":
        """Yield each answer once when its call ends, in the order of arrival."""
        return self

    async def __anext__(self) -> Answer:
        """The next answer to arrive."""
        if self._awaited == 0:
            raise StopAsyncIteration
        answer = await self._arrivals.get()
        self._awaited -= 1
        return answer

    def answers(self) -> list[Answer]:
        """The answers of the calls that have ended, in the order the calls were given."""
        return [answer for answer in self._answers if answer is not None]

    async def settle(self, quorum: int | None, grace_s: float | None) -> list[Answer]:
        """Wait for the calls, then stop the rest; the answers in the order the calls were given."""
        if quorum is None or quorum >= len(self._tasks):
            await _ended(self._tasks, None)
            return self.answers()
        while self._awaited and sum(answer.ok for answer in self.answers()) < quorum:
            await anext(self)
        await _ended(self._running(), grace_s or 0.0)
        streaming = [
            task
            for ctx, task in zip(self._contexts, self._tasks, strict=True)
            if ctx.builder.committed and not task.done()
        ]
        await _see_off([task for task in self._running() if task not in streaming])
        await _ended(streaming, None)
        return self.answers()

    def _running(self) -> list[asyncio.Task[None]]:
        return [task for task in self._tasks if not task.done()]

    async def __aenter__(self) -> "CallGroup":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await _see_off(self._running())
        finally:
            self._deadline.cancel()


async def _ended(tasks: Iterable[asyncio.Task[None]], timeout_s: float | None) -> None:
    """Wait for tasks, if there are any and there is time."""
    pending = [task for task in tasks if not task.done()]
    if pending and timeout_s != 0.0:
        await asyncio.wait(pending, timeout=timeout_s)


async def _see_off(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they have told and recorded their end, half a second at most.

    A cancel of the one who waits is put off until then: what a loser has to say belongs into the
    run, and the run ends after this.
    """
    cancelled: asyncio.CancelledError | None = None
    loop = asyncio.get_running_loop()
    for patience_s in (CLOSING_S, GIVING_UP_S):
        until = loop.time() + patience_s
        for task in tasks:
            task.cancel()
        while any(not task.done() for task in tasks) and loop.time() < until:
            try:
                await _ended(tasks, until - loop.time())
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is not None:
        raise cancelled


class EngineCaller:
    """Opens calls through the whole chain of policies. Fills `ports.Caller`."""

    def __init__(self, run: RunContext, call: Call) -> None:
        self._run = run
        self._call = call

    def attempts(self) -> AttemptBudget:
        """A fresh budget of tries for calls that are to share one."""
        return self._run.attempts()

    def open(self, specs: Sequence[CallSpec]) -> CallGroup:
        """Start the calls at once; use it in `async with`."""
        return CallGroup(self._run, self._call, specs)
