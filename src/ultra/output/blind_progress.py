"""How far a comparison is whose names are hidden: how many have answered, and never who."""

from ultra.core.events import CallStarted, Event, RunFinished, RunStarted
from ultra.core.ports import Clock
from ultra.output.figures import seconds
from ultra.output.progress import Progress, Row
from ultra.output.screen import Screen
from ultra.output.ticker import Ticker
from ultra.output.width import clip

_SLOT = "blind"


class BlindProgressSink:
    """Draws one line on stderr until the end of the run."""

    def __init__(self, screen: Screen, *, clock: Clock) -> None:
        self._screen = screen
        self._progress = Progress(clock)
        self._ticker = Ticker(self._draw)
        self._asked = 0
        self._over = False

    def on_event(self, event: Event) -> None:
        """Take one event."""
        if self._over:
            return
        self._progress.take(event)
        if isinstance(event.body, RunStarted):
            self._asked = len(event.body.members)
        elif isinstance(event.body, CallStarted):
            self._ticker.start()
        elif isinstance(event.body, RunFinished):
            self.close()

    async def drained(self, call_id: str) -> None:
        """A screen skips frames and holds nobody up."""

    def close(self) -> None:
        """Remove what was drawn, for good."""
        self._over = True
        self._ticker.stop()
        self._screen.drop(_SLOT)

    def _draw(self) -> None:
        rows = [row for row in self._progress.ordered() if not row.parent]
        members = [row for row in rows if row.index is not None]
        ended = [row for row in members if not row.running]
        answered = sum(_usable(row) for row in ended)
        facts = [f"{answered} of {self._asked} have answered"]
        if len(ended) > answered:
            facts.append(f"{len(ended) - answered} lost")
        if len(rows) > len(members):
            facts.append("judging")
        facts.append(seconds(self._progress.now_s))
        line = clip(" · ".join(facts), self._screen.width - 1)
        self._screen.show(_SLOT, [self._screen.style(line, "dim")])


def _usable(row: Row) -> bool:
    return row.answer is not None and row.answer.ok
