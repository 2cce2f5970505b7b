"""A loop for what is open as long as the user wants: it takes no run, and starts many."""

import asyncio
from collections.abc import Callable, Coroutine

from ultra.providers.daemon import install
from ultra.runtime import loop
from ultra.runtime.action import Interruption
from ultra.runtime.loop import Interrupt


def interactive(main: Callable[[Interrupt], Coroutine[None, None, None]]) -> Interruption | None:
    """Run it to its end on threads that nobody waits for; the signal that ended it, if one did."""
    seen: list[Interrupt] = []

    async def work(interrupt: Interrupt) -> None:
        install()
        seen.append(interrupt)
        try:
            await main(interrupt)
        except asyncio.CancelledError:
            if interrupt.cause is None:
                raise

    loop.run(work)
    return seen[0].cause
