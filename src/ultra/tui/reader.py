"""Reads what a widget shows on a thread, no oftener than an eye needs it."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from textual.widget import Widget

from ultra.core.errors import UltraError

T = TypeVar("T")

REST_S = 1.0
"""The least time between two readings that nobody asked for."""

SHARE = 9.0
"""How many times as long as a reading took is rested after it: of a log of years, a month takes
half a second."""


class Reader(Generic[T]):
    """`read` runs on a thread and may raise `UltraError`; `show` and `fail` run on the loop."""

    def __init__(
        self,
        node: Widget,
        read: Callable[[], T],
        show: Callable[[T], None],
        fail: Callable[[UltraError], None],
    ) -> None:
        self._node, self._read, self._show, self._fail = node, read, show, fail
        self._asked = 0
        self._resting = False
        self._stale = False

    def now(self) -> None:
        """Read at once; what an earlier reading finds is not shown any more."""
        self._stale, self._resting = False, True
        self._asked += 1
        self._node.run_worker(self._work(self._asked), group="reading")

    def soon(self) -> None:
        """Read once there was a rest."""
        if self._resting:
            self._stale = True
        else:
            self.now()

    async def _work(self, number: int) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            found = await asyncio.to_thread(self._read)
        except UltraError as error:
            if self._counts(number):
                self._fail(error)
        else:
            if self._counts(number):
                self._show(found)
        if self._counts(number):
            self._node.set_timer(max(REST_S, SHARE * (clock() - began)), self._rested)

    def _counts(self, number: int) -> bool:
        return number == self._asked and self._node.is_attached

    def _rested(self) -> None:
        self._resting = False
        if self._stale and self._node.screen.is_current:
            self.now()
