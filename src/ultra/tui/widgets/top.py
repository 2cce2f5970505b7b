"""The header: the screens by number, whose profile this is, and what was spent today."""

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from ultra.core.errors import UltraError
from ultra.core.profile import Profile
from ultra.output.figures import lower_bound
from ultra.output.safe import cell
from ultra.runtime.board import Spent, spent_today
from ultra.tui.reader import Reader

if TYPE_CHECKING:
    from ultra.tui.app import UltraApp


class Tab(Static):
    """The name of a screen; a click goes there."""

    ALLOW_SELECT = False

    def __init__(self, place: int, name: str, title: str, *, here: bool) -> None:
        super().__init__(
            Content.assemble((str(place), "bold"), f" {title}"), classes="-here" if here else ""
        )
        self.goal = name

    def on_click(self) -> None:
        """Go there."""
        cast("UltraApp", self.app).action_page(self.goal)


class Top(Horizontal):
    """One line above every screen."""

    def compose(self) -> ComposeResult:
        """The screens, then profile, environment and today's spend."""
        from ultra.tui.screens import PAGES  # noqa: PLC0415 - the screens are made of this

        for place, page in enumerate(PAGES, start=1):
            here = isinstance(self.screen, page.screen)
            yield Tab(place, page.name, page.title, here=here)
        yield Static(id="facts", markup=False)

    def __init__(self) -> None:
        super().__init__()
        self.reader = Reader(self, self._read, self._show, self._fail)

    def on_mount(self) -> None:
        """Say whose profile it is."""
        self._tell("")

    def _read(self) -> Spent:
        return spent_today(cast("UltraApp", self.app).runtime)

    def _show(self, spent: Spent) -> None:
        self._tell(
            f"today {lower_bound(None if spent.unpriced else spent.known_nano, spent.known_nano)}"
        )

    def _fail(self, error: UltraError) -> None:
        self._tell("")  # the screen below says what is the matter with the log

    def _tell(self, spent: str) -> None:
        profile = cast("UltraApp", self.app).profile
        parts = ["no profile"] if profile is None else _facts(profile)
        for line in self.query("#facts").results(Static):  # none while the app closes
            line.update(Content("  ".join([spent, *parts]).lstrip()))


def _facts(profile: Profile) -> list[str]:
    simulated = any(one.simulated for one in profile.providers.values())
    named = [cell(profile.name, 24)]
    if profile.environment != profile.name:
        named.append(profile.environment)
    return [*(["simulated"] if simulated else []), *named]
