"""What was spent, by whom it was charged, and what budgets leave."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from ultra.tui.screens.page import Page


class CostPage(Page):
    """What was spent, by whom it was charged, and what budgets leave."""

    def body(self) -> Iterable[Widget]:
        """Nothing is known yet."""
        yield Static("nothing yet", classes="empty", markup=False)
