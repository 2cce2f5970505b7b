"""Which endpoints can be used, how they fared, and breakers moved by hand."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from ultra.tui.screens.page import Page


class ProvidersPage(Page):
    """Which endpoints can be used, how they fared, and breakers moved by hand."""

    def body(self) -> Iterable[Widget]:
        """Nothing is known yet."""
        yield Static("nothing yet", classes="empty", markup=False)
