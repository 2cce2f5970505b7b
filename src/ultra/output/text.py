"""The answer as plain text: the model's own bytes as they arrive, and nothing else."""

from ultra.core.events import Event, RunFinished
from ultra.output.safe import VisibleStream
from ultra.output.stdout import StdoutWriter
from ultra.output.tap import AnswerTap


class TextSink:
    """Writes the answer to stdout, with a line feed at its end when the model gave none.

    `sanitize` takes out what a terminal obeys; without it the bytes are the model's.
    `stream` false writes all of the answer at the end or nothing.
    """

    def __init__(self, writer: StdoutWriter, *, sanitize: bool, stream: bool = True) -> None:
        self._writer = writer
        self._tap = AnswerTap(stream=stream)
        self._visible = VisibleStream() if sanitize else None
        self._open_line = False

    def on_event(self, event: Event) -> None:
        """Take one event."""
        text = self._tap.take(event)
        if text and self._visible is not None:
            text = self._visible.feed(text)
        if text:
            self._open_line = not text.endswith("\n")
        if isinstance(event.body, RunFinished) or self._tap.concluded:
            text += self._line_end()
        # One write: the whole answers of several processes keep their lines in a shared pipe.
        self._writer.write(text)

    async def drained(self, call_id: str) -> None:
        """Wait for the reader, for the answer's own call only."""
        if self._tap.speaks(call_id):
            await self._writer.drained()

    def close(self) -> None:
        """End the last line."""
        self._writer.write(self._line_end())

    def _line_end(self) -> str:
        end, self._open_line = "\n" if self._open_line else "", False
        return end
