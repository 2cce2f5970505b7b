"""The machine's own clocks, behind the seam that tests fill with virtual time."""

import asyncio
import time


class SystemClock:
    """Fills `ports.Clock` with real time."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    def time(self) -> float:
        """UTC seconds since the epoch."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait on the running event loop."""
        await asyncio.sleep(seconds)
