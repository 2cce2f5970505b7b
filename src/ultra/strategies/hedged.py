"""`fallback` with `--hedge`: a first model that is slow to begin is raced by the next.

The copy goes out when most first calls would have begun (the 95th percentile of their time to the
first token); the first with content speaks, the other is stopped, logged and charged. Source: Dean
and Barroso, The Tail at Scale, CACM 56(2), 2013.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType

from ultra.core.answer import Answer
from ultra.core.errors import ACTIONS
from ultra.core.model import Target
from ultra.core.ports import (
    AttemptBudget,
    Caller,
    Calls,
    CallSpec,
    Emit,
    Outcome,
    Race,
    Settings,
)
from ultra.core.request import CallRequest, Prompt
from ultra.strategies.fallback import fallback
from ultra.strategies.requests import request_to

MOST_OUTPUT_TOKENS = 4096
"""Answers that may be longer are not worth asking for twice."""


async def hedged(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    emit: Emit,
    settings: Settings,
) -> Outcome:
    """Ask in order like `fallback`, the second early when the first is slow to begin."""
    if settings.hedge_after_s is None or why_not(prompt, members) is not None:
        return await fallback(prompt, members, caller, emit, settings)
    copy = request_to(prompt, members[1], settings)
    async with Hedging(caller, copy, settings.hedge_after_s) as hedging:
        return await fallback(prompt, members, hedging, emit, settings)


def why_not(prompt: Prompt, members: Sequence[Target]) -> str | None:
    """Why a prompt is not raced, in words; None when it may be."""
    if len(members) < 2:
        return "there is no second model to race"
    if prompt.tools:
        return "the prompt has tools"
    caps = [prompt.sampling.max_output_tokens or member.output_cap or 0 for member in members[:2]]
    if max(caps) > MOST_OUTPUT_TOKENS:
        return f"the answer may be longer than {MOST_OUTPUT_TOKENS:,} tokens"
    return None


class Hedging:
    """Fills `ports.Caller` for a walk in order: its first call is raced by the second, made early.

    A walk that goes on to the model of the copy gets the call that is under way. Whatever runs when
    the block is left is stopped.
    """

    def __init__(self, caller: Caller, copy: CallRequest, after_s: float) -> None:
        self._caller = caller
        self._copy = copy
        self._after_s = after_s
        self._decided = asyncio.Event()
        self._race = Race(self._decided.set)
        self._raced = False
        self._second: asyncio.Task[Answer] | None = None
        self._tasks: list[asyncio.Task[Answer]] = []

    def attempts(self) -> AttemptBudget:
        """A fresh budget of tries, which the racing calls share."""
        return self._caller.attempts()

    @asynccontextmanager
    async def open(self, specs: Sequence[CallSpec]) -> AsyncGenerator[Calls, None]:
        """Make the calls; one that is part of the race is over once the block is entered."""
        known = await self._known(specs[0]) if len(specs) == 1 else None
        if known is not None:
            yield Ended(known)
        else:
            async with self._caller.open(specs) as calls:
                yield calls

    async def _known(self, spec: CallSpec) -> Answer | None:
        """The answer of a call that is part of the race; None for one that has to be made."""
        if not self._raced:
            self._raced = True
            return await self._run(spec)
        second, self._second = self._second, None
        if second is None or spec.request.target != self._copy.target:
            return None
        answer = await second
        return None if _worth_a_call(answer) else answer

    async def _run(self, spec: CallSpec) -> Answer:
        """The answer of the first call, or of its copy where that is the first to speak."""
        spec.race = self._race
        first = self._start(spec)
        if await self._over(first, self._after_s):
            return await first
        copy = CallSpec(
            self._copy,
            spec.role,
            index=(spec.index or 0) + 1,
            attempts=spec.attempts,
            standby=True,
            kind="hedge",
            race=self._race,
        )
        self._second = second = self._start(copy)
        await self._over(first, None)
        if self._race.winner is copy:
            await _stopped(first)
            return await second
        if self._race.winner is spec:
            await _stopped(second)
        return await first

    async def _over(self, first: asyncio.Task[Answer], timeout_s: float | None) -> bool:
        """Wait until somebody speaks or the first call has ended; false when it took too long."""
        decided = asyncio.create_task(self._decided.wait())
        try:
            done, _ = await asyncio.wait(
                {first, decided}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            decided.cancel()
        return bool(done)

    def _start(self, spec: CallSpec) -> asyncio.Task[Answer]:
        task = asyncio.create_task(self._make(spec))
        self._tasks.append(task)
        return task

    async def _make(self, spec: CallSpec) -> Answer:
        async with self._caller.open([spec]) as calls:
            return (await calls.settle(None, None))[0]

    async def __aenter__(self) -> "Hedging":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await _stopped(*self._tasks)


class Ended:
    """Fills `ports.Calls` with one call that is over."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[Answer]:
        """Yield the answer."""
        yield self._answer

    def answers(self) -> list[Answer]:
        """The answer."""
        return [self._answer]

    async def settle(self, _quorum: int | None, _grace_s: float | None) -> list[Answer]:
        """The answer: there is nobody to wait for."""
        return [self._answer]


async def _stopped(*tasks: asyncio.Task[Answer]) -> None:
    """Stop calls and wait until they have told their end, also when whoever waits is cancelled."""
    cancelled: asyncio.CancelledError | None = None
    for task in tasks:
        task.cancel()
    while running := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(running)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


def _worth_a_call(answer: Answer) -> bool:
    """Whether a copy without an answer leaves its model worth asking in the ordinary way."""
    failed = answer.error
    return (
        failed is not None
        and not answer.text
        and (answer.attempts == 0 or ACTIONS[failed.error_class].retries > 0)
    )
