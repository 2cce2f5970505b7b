"""What is opened over a screen: a question, and text to read."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from ultra.tui.keys import key_of


class Confirm(ModalScreen[bool]):
    """A question with two answers; whoever does not say yes says no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="confirm.yes"),
        Binding("n,escape,q", "answer(False)", "No", id="confirm.no"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question, then what can be said to it; no is chosen first."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._question))
            with Horizontal():
                yield Button(f"No ({key_of(self, 'confirm.no')})", id="no")
                yield Button(f"Yes ({key_of(self, 'confirm.yes')})", id="yes")

    def on_mount(self) -> None:
        """Let Enter mean no."""
        self.query_one("#no", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button is the answer that it names."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Say yes or no."""
        self.dismiss(answer)


class Reading(ModalScreen[None]):
    """Lines to read under a title, as long as they are wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Close", id="reading.close"),
    ]

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        """The lines, which may be scrolled."""
        with VerticalScroll(classes="dialog") as box:
            box.border_title = Content(self._title)  # Content is no markup
            yield Static(Content("\n".join(self._lines)))
