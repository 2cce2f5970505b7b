"""Answers side by side where there is room for it, else one at a time under their names."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, HorizontalScroll, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from ultra.output.safe import VisibleStream, cell, visible
from ultra.tui.widgets.prose import Prose

KEPT = 20_000
"""Characters of thinking that are drawn: more than a screen holds."""


class Fold(Static):
    """The line above what a model thought; a click shows or hides that, everywhere."""

    def on_click(self) -> None:
        """Show it, or hide it."""
        self.query_ancestor(Columns).fold()


class Turn(Vertical):
    """A question and what one model answers to it."""

    def __init__(self, asked: str, answer: str = "", thought: str = "", note: str = "") -> None:
        super().__init__()
        self._asked = asked
        self._thought = visible(thought)[-KEPT:]
        self._unseen = VisibleStream()
        self._drawn = ""
        self._thought_words = len(thought.split())
        self._note = note
        self.prose = Prose(answer)

    def compose(self) -> ComposeResult:
        """The question, what was thought of it, the answer, and what is wrong with that."""
        yield Static(Content(f"> {visible(self._asked).strip()}"), classes="asked")
        yield Fold(classes="fold", markup=False)
        yield Static(classes="thought", markup=False)
        yield self.prose
        yield Static(classes="note", markup=False)

    def on_mount(self) -> None:
        """Leave out what there is nothing of."""
        self.query_one(".asked").display = bool(self._asked)
        self._draw_thought()
        self.note(self._note)

    def think(self, piece: str) -> None:
        """Take in more of what the model lets us see of its thinking."""
        self._thought = (self._thought + self._unseen.feed(piece))[-KEPT:]
        self._thought_words += piece.count(" ")

    def note(self, text: str) -> None:
        """Say below the answer why there is none, or what is wrong with it."""
        below = self.query_one(".note", Static)
        below.display = bool(text)
        below.update(Content(visible(text)))

    async def draw(self) -> None:
        """Draw what came since the last draw."""
        if self._thought != self._drawn:
            self._draw_thought()
        await self.prose.draw()

    def _draw_thought(self) -> None:
        self._drawn = self._thought
        self.set_class(bool(self._thought), "-thought")
        if self._thought:
            words = self._thought_words
            told = f"thinking, {words} word{'' if words == 1 else 's'}"
            self.query_one(".fold", Static).update(Content(told))
            self.query_one(".thought", Static).update(Content(self._thought.strip()))


class Column(Vertical):
    """What one model says, turn below turn, under its name and figures.

    `text` is its last answer as the model wrote it, for whoever copies it.
    """

    DEFAULT_CSS = """
    Column { width: 1fr; min-width: 34; height: 1fr; padding: 0 1; }
    Column > .head { height: auto; max-height: 2; color: $text-muted; }
    Column.-here > .head { color: $text; text-style: bold; }
    Column > VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    Turn { height: auto; }
    Turn > .asked { color: $text-accent; text-style: bold; height: auto; }
    Turn > .fold, Turn > .thought {
        display: none; height: auto; color: $text-muted; text-style: dim italic;
    }
    Turn.-thought > .fold { display: block; }
    Turn > .note { color: $text-error; height: auto; }
    """

    def __init__(self, title: str, *turns: Turn, head: str = "", text: str = "") -> None:
        super().__init__()
        self.title = cell(title, 60)
        self.text = text
        self._head = head or self.title
        self._turns = list(turns)

    def compose(self) -> ComposeResult:
        """The name and figures, and the turns below."""
        yield Static(Content(self._head), classes="head")
        with VerticalScroll():
            yield from self._turns

    @property
    def turn(self) -> Turn:
        """The last turn."""
        return self._turns[-1]

    def head(self, text: str) -> None:
        """Say how it stands with this answer, on one line."""
        if text != self._head:
            self._head = text
            self.query_one(".head", Static).update(Content(text))

    async def begin(self, asked: str) -> None:
        """Begin the next turn, and follow its end."""
        self.text = ""
        self._turns.append(Turn(asked))
        await self._scroll.mount(self.turn)
        self._scroll.scroll_end(animate=False)

    async def draw(self) -> None:
        """Draw what came since the last draw; who reads the end goes on reading the end."""
        at_end = self._scroll.is_vertical_scroll_end
        await self.turn.draw()
        if at_end:
            self._scroll.scroll_end(animate=False)

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one(VerticalScroll)


class Columns(Vertical):
    """All answers of a run, one of them the one that is looked at."""

    DEFAULT_CSS = """
    Columns { height: 1fr; }
    Columns > #names { height: 1; display: none; }
    Columns > #names > Static { width: auto; padding: 0 1; color: $text-muted; }
    Columns > #names > .-here { color: $text; text-style: bold reverse; }
    Columns > HorizontalScroll { height: 1fr; }
    Columns.-unfolded Turn.-thought > .thought { display: block; }
    """

    def __init__(self, *columns: Column, id: str | None = None) -> None:  # noqa: A002 - textual's
        super().__init__(id=id)
        self._columns = list(columns)
        self._place = 0

    def compose(self) -> ComposeResult:
        """The names, for where there is room for one, and the answers."""
        yield Horizontal(id="names")
        with HorizontalScroll(can_focus=False):
            yield from self._columns

    async def on_mount(self) -> None:
        """Look at the first."""
        await self._name_all()

    @property
    def all(self) -> Sequence[Column]:
        """The answers, in the order asked for."""
        return tuple(self._columns)

    @property
    def here(self) -> Column | None:
        """The answer that is looked at."""
        return self._columns[self._place] if self._columns else None

    @property
    def place(self) -> int:
        """Its place, from 0."""
        return self._place

    async def clear(self) -> None:
        """Take all away."""
        await self.query_one(HorizontalScroll).remove_children()
        self._columns, self._place = [], 0
        await self._name_all()

    async def add(self, column: Column) -> None:
        """One more answer, the last."""
        self._columns.append(column)
        await self.query_one(HorizontalScroll).mount(column)
        await self._name_all()

    def move(self, by: int) -> None:
        """Look at the next answer, or at the one before; after the last comes the first."""
        if self._columns:
            self.look_at((self._place + by) % len(self._columns))
            self._columns[self._place].query_one(VerticalScroll).focus()

    def look_at(self, place: int) -> None:
        """Look at one of them; the focus stays where it is."""
        self._place = place
        self._mark()
        self._columns[place].scroll_visible(animate=False)

    def fold(self) -> None:
        """Show what the models thought, or hide it."""
        self.toggle_class("-unfolded")

    async def _name_all(self) -> None:
        names = self.query_one("#names", Horizontal)
        await names.remove_children()
        await names.mount_all(_Name(place, one.title) for place, one in enumerate(self._columns))
        self.set_class(len(self._columns) > 1, "-several")
        self._mark()

    def _mark(self) -> None:
        for place, column in enumerate(self._columns):
            column.set_class(place == self._place, "-here")
        for place, name in enumerate(self.query_one("#names").children):
            name.set_class(place == self._place, "-here")


class _Name(Static):
    """The name of an answer that is not on the screen; a click looks at it."""

    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(self, place: int, title: str) -> None:
        super().__init__(Content(title))
        self._place = place

    def on_click(self) -> None:
        """Look at it."""
        self.query_ancestor(Columns).look_at(self._place)
