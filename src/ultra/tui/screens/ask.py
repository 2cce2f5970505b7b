"""A prompt to the models that were chosen, answered side by side."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from ultra.tui.screens.page import Page


class AskPage(Page):
    """A prompt to the models that were chosen, answered side by side."""

    def body(self) -> Iterable[Widget]:
        """Nothing is known yet."""
        yield Static("nothing yet", classes="empty", markup=False)
