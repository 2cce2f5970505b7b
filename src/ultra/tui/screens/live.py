"""Calls under way in every process, as they stream."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from ultra.tui.screens.page import Page


class LivePage(Page):
    """Calls under way in every process, as they stream."""

    def body(self) -> Iterable[Widget]:
        """Nothing is known yet."""
        yield Static("nothing yet", classes="empty", markup=False)
