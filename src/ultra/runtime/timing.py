"""How long a target usually takes to its first token, by the log."""

import asyncio
from pathlib import Path

from ultra.core.errors import StoreError
from ultra.core.health import Traffic
from ultra.core.model import Target
from ultra.core.ports import Clock

LEAST_ANSWERS = 20
"""Answers below which the slowest of them say nothing: the 95th percentile would be the last."""

READING_S = 0.5
"""How long the log may take to answer: a guess at a time is not worth more."""


class Timing:
    """Reads the log when asked, on a thread of its own. Nothing known is None, as is a log that
    cannot be read.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    async def usual_ttft_s(self, target: Target) -> float | None:
        """Seconds within which half of the latest answers began."""
        known = await self._traffic(target)
        return known.ttft_s.p50 if known is not None and known.ttft_s is not None else None

    async def slow_ttft_s(self, target: Target) -> float | None:
        """Seconds within which 95 % of the latest answers began; None below 20 answers."""
        known = await self._traffic(target)
        if known is None or known.ttft_s is None or known.answered < LEAST_ANSWERS:
            return None
        return known.ttft_s.p95

    async def _traffic(self, target: Target) -> Traffic | None:
        try:
            async with asyncio.timeout(READING_S):
                return await asyncio.to_thread(self._read, target)
        except (TimeoutError, StoreError):
            return None

    def _read(self, target: Target) -> Traffic | None:
        # 10 ms that only a run with a failure or a race pays.
        from ultra.store.health import Where, traffic
        from ultra.store.reading import reading

        where = Where.of(target.endpoint.provider, target.endpoint.base_url)
        with reading(self._path) as connection:
            if connection is None:
                return None
            return traffic(connection, where, target.model, self._clock.time())
