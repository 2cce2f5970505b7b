"""What was asked and answered: searched as it is typed, opened, copied, gone on from."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from ultra.tui.screens.page import Page


class HistoryPage(Page):
    """What was asked and answered: searched as it is typed, opened, copied, gone on from."""

    def body(self) -> Iterable[Widget]:
        """Nothing is known yet."""
        yield Static("nothing yet", classes="empty", markup=False)
