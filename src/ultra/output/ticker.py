"""Frames by time: what is drawn moves on when no event comes, and never more often than this."""

import asyncio
from collections.abc import Callable

FRAME_S = 1 / 12
"""Seconds between frames; at most 15 a second."""


class Ticker:
    """Calls `frame` on the running event loop every `FRAME_S` seconds between start and stop."""

    def __init__(self, frame: Callable[[], None]) -> None:
        self._frame = frame
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, unless already begun. Without a running loop there are no frames by time."""
        if self._handle is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._handle = loop.call_later(FRAME_S, self._tick, loop)

    def stop(self) -> None:
        """End; it may be started again."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._handle = loop.call_later(FRAME_S, self._tick, loop)
        self._frame()
