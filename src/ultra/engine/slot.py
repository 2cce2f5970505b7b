"""Keeps no more calls of one endpoint under way than it takes: a number that is learnt.

Where the profile says `limits.concurrency`, that is where it begins and its ceiling. Elsewhere it
begins at 8 and grows by one with every call that the provider begins to answer, until the first
refusal for too much; from then on by one for every round of calls without a refusal. A refusal cuts
it to 0.7, or to the half where the provider says `slow_down`, once for all that were under way
together. Latency says nothing of load here: the time of a call follows the length of its answer.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ultra.core.errors import CallError, ErrorClass
from ultra.core.model import Endpoint
from ultra.core.stream import CONTENT
from ultra.engine.context import Call, CallContext, Policy, PolicyBody

START = 8
CUT = 0.7
HALF = 0.5
STEEP = "slow_down"
"""The code of a refusal that wants the rate cut by half and raised again step by step.
Source: platform.openai.com/docs/guides/error-codes (503 slow down)."""

TOO_MUCH = frozenset({ErrorClass.RATE_LIMIT, ErrorClass.OVERLOADED})
"""Failures that say that fewer calls at once would be welcome."""


class Places:
    """The places of one endpoint, given out in the order asked for. `ceiling` None is none."""

    def __init__(self, ceiling: int | None = None) -> None:
        self._ceiling = ceiling
        self._room = float(START if ceiling is None else ceiling)
        self._taken = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._growing = True
        self._clean = 0
        self._cut_at = float("-inf")

    @property
    def limit(self) -> int:
        """How many calls may be under way now."""
        return int(self._room)

    async def take(self) -> None:
        """Wait for a place."""
        place = asyncio.get_running_loop().create_future()
        self._queue.append(place)
        self._let_in()
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was ours just before the cancel
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place back."""
        self._taken -= 1
        self._let_in()

    def welcome(self) -> None:
        """A call was taken in: there may be room for more, where all that is known is used."""
        if self._taken < self.limit:
            return
        self._clean += 1
        if self._growing or self._clean >= self.limit:
            self._clean = 0
            self._room += 1.0
            if self._ceiling is not None:
                self._room = min(self._room, float(self._ceiling))
            self._let_in()

    def too_much(self, since: float, now: float, cut: float = CUT) -> None:
        """A call that left at `since` was refused for too much; both on one steady clock."""
        self._growing, self._clean = False, 0
        if since > self._cut_at:
            self._room, self._cut_at = max(1.0, self._room * cut), now

    def _let_in(self) -> None:
        while self._queue and self._taken < self.limit:
            place = self._queue.popleft()
            if not place.done():
                self._taken += 1
                place.set_result(None)


Everywhere = dict[tuple[str, str], Places]
"""The places of every endpoint, by provider and URL."""


def places_at(endpoint: Endpoint, everywhere: Everywhere) -> Places:
    """The places of an endpoint, opened when first asked for."""
    key = (endpoint.provider, endpoint.base_url)
    return everywhere.get(key) or everywhere.setdefault(key, Places(endpoint.concurrency))


def slot(everywhere: Everywhere) -> Policy:
    """Wait for a free place at the endpoint; one that is simulated has no end of them.

    Runs that are under way together share the places by sharing `everywhere`.
    """

    def policy(inner: Call) -> Call:
        async def call(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
            places = places_at(ctx.request.target.endpoint, everywhere)
            clock = ctx.run.clock
            asked = clock.monotonic()
            await places.take()
            since = clock.monotonic()
            ctx.waited_s += round(since - asked, 3)  # a place that was free is no wait
            on_record, silent = ctx.number, True
            try:
                async with aclosing(inner(ctx)) as bodies:
                    async for body in bodies:
                        if silent and isinstance(body, CONTENT):
                            silent = False
                            places.welcome()
                        yield body
            except CallError as error:
                if error.error_class in TOO_MUCH and ctx.number > on_record:
                    cut = HALF if error.code == STEEP else CUT
                    places.too_much(since, clock.monotonic(), cut)
                raise
            finally:
                places.leave()

        def limited(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
            return inner(ctx) if ctx.request.target.endpoint.simulated else call(ctx)

        return limited

    return policy
