"""A loop for what is open as long as the user wants: it takes no run, and starts many."""

import asyncio
import gc
from collections.abc import Callable, Coroutine

from ultra.providers.daemon import install
from ultra.runtime import loop
from ultra.runtime.action import Interruption
from ultra.runtime.loop import Interrupt

GC_THRESHOLD = 10_000
"""Collections are as often as a screen of days needs; the program itself, which the loop has frozen
at the start, is not gone through. With 2,000 and all of it one draw in a hundred took 56 ms, now
15."""

THREADS = 4
"""Threads that stay for jobs to come: with a new one for each, the C library held 16 MB of unused
memory after ten minutes."""


def interactive(main: Callable[[Interrupt], Coroutine[None, None, None]]) -> Interruption | None:
    """Run it to its end on threads that nobody waits for; the signal that ended it, if one did."""
    seen: list[Interrupt] = []

    async def work(interrupt: Interrupt) -> None:
        install(keep=THREADS)
        gc.set_threshold(GC_THRESHOLD, 10, 10)
        seen.append(interrupt)
        try:
            await main(interrupt)
        except asyncio.CancelledError:
            if interrupt.cause is None:
                raise

    loop.run(work)
    return seen[0].cause
