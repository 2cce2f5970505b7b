"""How long a test waits for what must come: a watchdog over what would never come by itself.

It is long enough for the slowest machine, so that it never decides how a test ends.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 60.0


async def in_time(awaited: Awaitable[T]) -> T:
    """What comes of it; `TimeoutError` when it never ends."""
    return await asyncio.wait_for(awaited, PATIENCE_S)


async def until(true: Callable[[], object]) -> None:
    """Wait for something that nobody tells of: a row, a file, what another process does."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110 - it has no way to tell us
            await asyncio.sleep(0.01)
