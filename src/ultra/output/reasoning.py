"""What a model lets us see of its thinking, dimmed, on stderr, while nobody has answered yet."""

from ultra.core.events import CallStarted, Concluded, Event, RunFinished
from ultra.core.stream import ReasoningDelta
from ultra.output.safe import VisibleStream
from ultra.output.screen import Screen
from ultra.output.width import wrap


class ReasoningSink:
    """Prints the reasoning of the calls that answer, line by line as lines are complete."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._voices: set[str] = set()
        self._visible = VisibleStream()
        self._line = ""
        self._said = False

    def on_event(self, event: Event) -> None:
        """Take one event."""
        body = event.body
        if isinstance(body, CallStarted) and body.role in ("answer", "writer") and not body.parent:
            self._voices.add(event.call)
        elif isinstance(body, ReasoningDelta) and event.call in self._voices:
            *lines, self._line = (self._line + self._visible.feed(body.text)).split("\n")
            self._print(lines)
        elif event.call in self._voices or isinstance(body, Concluded | RunFinished):
            self._end()

    async def drained(self, call_id: str) -> None:
        """Wait for the terminal, for the calls whose thinking is shown."""
        if call_id in self._voices:
            await self._screen.writer.drained()

    def close(self) -> None:
        """Print what has no line end yet."""
        self._end()

    def _print(self, lines: list[str]) -> None:
        width = self._screen.width - 1
        fitted = [piece for line in lines for piece in wrap(line, width)]
        if fitted:
            self._said = True
            self._screen.print([self._screen.style(line, "dim") for line in fitted])

    def _end(self) -> None:
        if self._line.strip():
            self._print([self._line])
        self._line = ""
        if self._said:
            self._screen.print([""])
            self._said = False
