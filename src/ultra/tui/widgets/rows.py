"""A table of rows to choose from, fitted to whatever width there is."""

from collections.abc import Sequence

from msgspec import Struct
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ultra.output.tables import Column, fitted


class Line(Struct, frozen=True):
    """A row: `key` tells it from the others, `style` colours its first cell."""

    key: str
    cells: tuple[str, ...]
    style: str = ""


class Rows(Vertical):
    """Keeps the cursor on its row when others come and go. Text in it is inert."""

    def __init__(self, columns: Sequence[Column], *, id: str) -> None:  # noqa: A002 - textual's word
        super().__init__(id=id)
        self._columns = columns
        self._lines: tuple[Line, ...] = ()

    def compose(self) -> ComposeResult:
        """The heading, and the rows below it."""
        yield Static(classes="heading", markup=False)
        yield OptionList(markup=False)

    @property
    def list(self) -> OptionList:
        """The rows as textual has them."""
        return self.query_one(OptionList)

    @property
    def chosen(self) -> str | None:
        """The key of the row that the cursor is on."""
        place = self.list.highlighted
        return None if place is None else self.list.get_option_at_index(place).id

    def fill(self, lines: Sequence[Line]) -> None:
        """Show these rows."""
        self._lines = tuple(lines)
        self._draw()

    def on_resize(self, _event: events.Resize) -> None:
        """Fit them to the new width."""
        self._draw()

    def _draw(self) -> None:
        width = max(1, self.size.width - 2)
        head, drawn = fitted(self._columns, [line.cells for line in self._lines], width)
        self.query_one(".heading", Static).update(Content(head))
        shown = [_styled(text, line) for text, line in zip(drawn, self._lines, strict=True)]
        rows = self.list
        if [option.id for option in rows.options] == [line.key for line in self._lines]:
            for place, prompt in enumerate(shown):
                if rows.get_option_at_index(place).prompt != prompt:
                    rows.replace_option_prompt_at_index(place, prompt)
            return
        kept = self.chosen
        rows.set_options(
            Option(prompt, line.key) for prompt, line in zip(shown, self._lines, strict=True)
        )
        keys = [line.key for line in self._lines]
        rows.highlighted = keys.index(kept) if kept in keys else 0 if keys else None


def _styled(text: str, line: Line) -> Content:
    content = Content(text)
    return content.stylize(line.style, 0, len(line.cells[0])) if line.style else content
