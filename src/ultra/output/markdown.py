"""The answer as Markdown on a terminal: finished blocks are printed once, the last one is live."""

import threading

from ultra.core.events import AttemptStarted, Event, RunFinished
from ultra.core.ports import Clock
from ultra.output.blocks import markdown, preview, split_finished
from ultra.output.safe import VisibleStream
from ultra.output.screen import Screen
from ultra.output.tap import AnswerTap
from ultra.output.ticker import Ticker

_SLOT = "answer"
_EASE = 4
"""A frame may take a fifth of the time: after one, four times what it took is left to the run."""


class MarkdownSink:
    """Draws the answer block by block, so that a long one scrolls as any text does."""

    def __init__(self, screen: Screen, *, clock: Clock, stream: bool = True) -> None:
        self._screen = screen
        self._clock = clock
        self._tap = AnswerTap(stream=stream)
        self._visible = VisibleStream()
        self._ticker = Ticker(self._frame)
        self._tail = ""
        self._news = False
        self._printed = False
        self._warm = False
        self._next_frame = 0.0

    def on_event(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event.body, AttemptStarted):
            self._warm_up()
        text = self._visible.feed(self._tap.take(event))
        if text:
            self._tail += text
            self._news = True
            self._ticker.start()
        if self._tap.concluded or isinstance(event.body, RunFinished):
            self.close()

    async def drained(self, call_id: str) -> None:
        """Wait for the terminal, for the answer's own call only."""
        if self._tap.speaks(call_id):
            await self._screen.writer.drained()

    def close(self) -> None:
        """Print what is still live."""
        self._ticker.stop()
        tail, self._tail = self._tail, ""
        self._screen.drop(_SLOT, above=self._settled(tail))

    def _frame(self) -> None:
        started = self._clock.monotonic()
        if not self._news or started < self._next_frame:
            return
        self._news = False
        finished, self._tail = split_finished(self._tail)
        above = self._settled(finished)
        lines = self._screen.render(markdown(preview(self._tail)), self._screen.width - 1)
        live = ["", *lines] if self._printed and lines else lines
        self._screen.show(_SLOT, live, above=above)
        ended = self._clock.monotonic()
        self._next_frame = ended + _EASE * (ended - started)

    def _settled(self, text: str) -> list[str]:
        """The lines of blocks that are printed for good, apart from those before them."""
        if not text.strip():
            return []
        lines = self._screen.render(markdown(text), self._screen.width - 1)
        if not lines:
            return []
        lines = ["", *lines] if self._printed else lines
        self._printed = True
        return lines

    def _warm_up(self) -> None:
        """Load rich while the request is on its way, so that its first word need not wait."""
        if not self._warm:
            self._warm = True
            threading.Thread(target=markdown, args=("",), daemon=True).start()
