"""A few things of which one holds, side by side on a line."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import HorizontalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static


class Choice(Static):
    """One of them; a click chooses it."""

    ALLOW_SELECT = False

    class Chosen(Message):
        """The user clicked on one."""

        def __init__(self, choices: "Choices", place: int) -> None:
            super().__init__()
            self.choices, self.place = choices, place

    def __init__(self, text: str, choices: "Choices", place: int) -> None:
        super().__init__(Content(text))
        self._choices, self._place = choices, place

    def on_click(self) -> None:
        """Say so to the screen."""
        self.post_message(self.Chosen(self._choices, self._place))


class Choices(HorizontalScroll, can_focus=False):
    """Shows which one holds. The screen decides: it is told by `Choice.Chosen`."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - textual's word
        super().__init__(id=id)
        self._shown: tuple[str, ...] = ()
        self._chosen = -1

    def show(self, texts: Sequence[str], chosen: int) -> None:
        """Show these, of which one holds."""
        if (tuple(texts), chosen) != (self._shown, self._chosen):
            self._shown, self._chosen = tuple(texts), chosen
            self.refresh(recompose=True)

    def compose(self) -> ComposeResult:
        """Each of them."""
        for place, text in enumerate(self._shown):
            choice = Choice(text, self, place)
            choice.set_class(place == self._chosen, "-here")
            yield choice
