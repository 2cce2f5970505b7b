"""The list of what is under way: only the lines in view are drawn, however many there are."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from ultra.output.live import Row, line, tone


class Calls(ScrollView, can_focus=True):
    """Runs and their calls, one of them chosen.

    Until the user chooses it is the first; then the choice stays with its row while others move.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Calls {
        height: 1fr;
        background: $background;
        overflow: hidden scroll;
        scrollbar-size-vertical: 1;
    }
    Calls > .calls--run { text-style: bold; }
    Calls > .calls--bad { color: $text-error; }
    Calls > .calls--faded { color: $text-muted; text-style: dim; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "calls--run",
        "calls--call",
        "calls--bad",
        "calls--faded",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="calls.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="calls.down"),
        Binding("pageup", "leap(-1)", "Page up", show=False, id="calls.page_up"),
        Binding("pagedown", "leap(1)", "Page down", show=False, id="calls.page_down"),
        Binding("home,g", "choose(0)", "First", show=False, id="calls.first"),
        Binding("end,G", "choose(-1)", "Last", show=False, id="calls.last"),
    ]

    class Chosen(Message):
        """The user chose another row."""

    class Fitted(Message):
        """It is as wide as `columns` says now."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's own name
        super().__init__(id=id)
        self._rows: Sequence[Row] = ()
        self._now = 0.0
        self._key = ""
        """Of the row that the user chose."""
        self._place = 0

    @property
    def columns(self) -> int:
        """How wide a line is."""
        return self.scrollable_content_region.width

    @property
    def chosen(self) -> Row | None:
        """The row that is chosen; None where there is none."""
        return self._rows[self._place] if self._rows else None

    def show(self, rows: Sequence[Row], now: float) -> None:
        """Show these rows as they are at a moment, in UTC seconds since the epoch."""
        top = self._place - self.scroll_offset.y
        self._rows, self._now = rows, now
        places = (place for place, row in enumerate(rows) if row.key == self._key)
        last = max(0, len(rows) - 1)
        self._place = next(places, min(self._place, last)) if self._key else 0
        self.virtual_size = Size(self.columns, len(rows))
        if self._place - self.scroll_offset.y != top and 0 <= top < self.size.height:
            self.scroll_to(y=self._place - top, animate=False, immediate=True)
        self._key = rows[self._place].key if rows and self._key else ""
        self.refresh()

    def choose(self, key: str) -> None:
        """Choose the row of that key, if it is there."""
        for place, row in enumerate(self._rows):
            if row.key == key:
                self.action_choose(place)

    def action_choose(self, place: int) -> None:
        """Choose the row at a place; -1 is the last."""
        if self._rows:
            self._place = len(self._rows) - 1 if place < 0 else min(place, len(self._rows) - 1)
            self._key = self._rows[self._place].key
            self.post_message(self.Chosen())
            self.scroll_to_region(Region(0, self._place, 1, 1), animate=False)
            self.refresh()

    def action_move(self, by: int) -> None:
        """Choose another row, so many further down."""
        self.action_choose(max(0, self._place + by))

    def action_leap(self, by: int) -> None:
        """Choose a row so many screens further down."""
        self.action_move(by * max(1, self.size.height - 1))

    def on_resize(self) -> None:
        """Let what stands above the columns be fitted to them."""
        self.post_message(self.Fitted())

    def on_click(self, event: Click) -> None:
        """Choose the row that is clicked."""
        place = event.y + self.scroll_offset.y
        if place < len(self._rows):
            self.action_choose(place)

    def render_line(self, y: int) -> Strip:
        """One row of those in view."""
        place, width = self.scroll_offset.y + y, self.columns
        if place >= len(self._rows):
            return Strip.blank(width, self.visual_style.rich_style)
        style = self._style(place)
        content = Content(line(self._rows[place], self._now, width))
        return Strip(content.render_segments(style)).adjust_cell_length(width, style.rich_style)

    def _style(self, place: int) -> Style:
        style = self.visual_style + self.get_visual_style(
            f"calls--{tone(self._rows[place], self._now)}"
        )
        # textual 8.2 leaves `reverse` out of the style of a component.
        return style + Style(reverse=True) if place == self._place else style
