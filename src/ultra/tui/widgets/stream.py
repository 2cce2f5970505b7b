"""Text as it comes: wrapped, followed at its end unless it was scrolled up, and bounded."""

from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from ultra.output.safe import VisibleStream
from ultra.output.width import wrap

MOST = 65_536
"""Characters that are held: what was said before is in the log."""


class Stream(ScrollView, can_focus=True):
    """Shows text that others wrote. What is added costs what is added, however much there is."""

    ALLOW_SELECT = True
    DEFAULT_CSS = """
    Stream {
        height: 1fr;
        background: $background;
        overflow: hidden scroll;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's own name
        super().__init__(id=id)
        self._safe = VisibleStream()
        self._raw = ""
        self._lines: list[str] = []
        self._open = ""
        self._columns = 0

    @property
    def text(self) -> str:
        """What is held, safe to show."""
        return self._raw

    def clear(self) -> None:
        """Begin with another text."""
        self._safe = VisibleStream()
        self._raw, self._open, self._lines = "", "", []
        self._grown(follow=True)

    def put(self, text: str) -> None:
        """Show another text from its end."""
        self.clear()
        self.add(text)

    def add(self, piece: str) -> None:
        """Show more of the text."""
        shown = self._safe.feed(piece)
        if not shown:
            return
        follow = self.scroll_offset.y >= self.max_scroll_y
        self._raw += shown
        if len(self._raw) > 2 * MOST:
            self._rewrap(self._raw[-MOST:])
        else:
            self._append(shown)
        self._grown(follow=follow)

    def on_resize(self) -> None:
        """Wrap anew for another width."""
        width = self.scrollable_content_region.width
        if width != self._columns:
            follow = self.scroll_offset.y >= self.max_scroll_y
            self._columns = width
            self._rewrap(self._raw)
            self._grown(follow=follow)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What is selected, as it is shown."""
        return selection.extract("\n".join(self._lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Show what is selected."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of what is in view."""
        place = self.scroll_offset.y + y
        style = self.visual_style
        width = self._columns
        if place >= len(self._lines):
            return Strip.blank(width, style.rich_style)
        content = Content(self._lines[place])
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(place)) is not None:
            start, end = span
            chosen = self.screen.get_visual_style("screen--selection")
            content = content.stylize(chosen, start, len(content) if end == -1 else end)
        strip = Strip(content.render_segments(style))
        return strip.adjust_cell_length(width, style.rich_style).apply_offsets(0, place)

    def _rewrap(self, text: str) -> None:
        self._raw, self._open, self._lines = text, "", []
        self._append(text)

    def _append(self, text: str) -> None:
        """Wrap what is new with the last line alone: no word moves a line that is full."""
        whole = (self._open + text).expandtabs(4)
        lines = wrap(whole, max(1, self._columns))
        self._lines[-1:] = lines
        last = whole.rpartition("\n")[2]
        self._open = last[max(0, len(last.rstrip()) - len(lines[-1])) :]

    def _grown(self, *, follow: bool) -> None:
        self.virtual_size = Size(self._columns, len(self._lines))
        if follow:
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True)
        self.refresh()
