"""What a model wrote, as Markdown in which nothing can be followed or obeyed."""

from textual.widgets import Markdown

from ultra.output.blocks import inert_parser, words_first
from ultra.output.safe import VisibleStream

MOST = 200_000
"""Characters that are drawn; the log has them all, and no screen is that long."""

CUT = "\n\n… more than a screen holds: copy or export it to see all"


class Prose(Markdown):
    """A text that grows at its end, and is drawn anew as a whole once it is complete."""

    DEFAULT_CSS = """
    Prose { padding: 0; margin: 0; }
    """

    def __init__(self, text: str = "") -> None:
        super().__init__(_shown(text), parser_factory=inert_parser, open_links=False)
        self._visible = VisibleStream()
        self._pending: list[str] = []
        self._taken = 0

    def add(self, piece: str) -> None:
        """Take in a piece that is drawn with the next draw; beyond `MOST` it is left out."""
        if self._taken < MOST:
            self._taken += len(piece)
            self._pending.append(self._visible.feed(piece))

    async def draw(self) -> None:
        """Draw what was taken in since the last draw."""
        pieces, self._pending = "".join(self._pending), []
        if pieces:
            await self.append(pieces)

    async def whole(self, text: str) -> None:
        """Draw the whole text: a block that was cut by its pieces is now read as one."""
        self._pending = []
        await self.update(_shown(text))


def _shown(text: str) -> str:
    return words_first(text if len(text) <= MOST else text[:MOST] + CUT)
