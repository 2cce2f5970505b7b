"""Every screen of the app, in the order of their keys: one more is one module and one row."""

from typing import NamedTuple

from ultra.tui.screens.ask import AskPage
from ultra.tui.screens.cost import CostPage
from ultra.tui.screens.history import HistoryPage
from ultra.tui.screens.live import LivePage
from ultra.tui.screens.page import Page
from ultra.tui.screens.providers import ProvidersPage


class Row(NamedTuple):
    """A screen, what it is called, and what it is for."""

    name: str
    title: str
    summary: str
    screen: type[Page]


PAGES = (
    Row("providers", "Providers", "which endpoints can be used, and how they fare", ProvidersPage),
    Row("live", "Live", "calls under way, in every process", LivePage),
    Row("cost", "Cost", "what was spent, and what budgets leave", CostPage),
    Row("history", "History", "what was asked and answered", HistoryPage),
    Row("ask", "Ask", "a prompt to one model or to several", AskPage),
)
