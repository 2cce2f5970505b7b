"""The app: five screens, what holds for all of them, and how it ends."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Input, OptionList, TextArea

from ultra.core.errors import ConfigError, UltraError
from ultra.core.live import Live
from ultra.core.profile import Profile
from ultra.output.safe import cell
from ultra.runtime.beside import Undertaking
from ultra.runtime.preferences import Preferences
from ultra.runtime.runtime import Runtime
from ultra.runtime.watching import Watch
from ultra.tui.clipboard import copy
from ultra.tui.keys import Taker, checked_keys, shadowed
from ultra.tui.mending import mend
from ultra.tui.screens import PAGES
from ultra.tui.screens.ask import AskPage
from ultra.tui.screens.cost import CostPage
from ultra.tui.screens.history import HistoryPage
from ultra.tui.screens.live import LivePage
from ultra.tui.screens.page import Page
from ultra.tui.screens.providers import ProvidersPage
from ultra.tui.widgets.asking import Confirm, Reading
from ultra.tui.widgets.calls import Calls
from ultra.tui.widgets.choosing import Choose
from ultra.tui.widgets.help import Help

PARTS: tuple[type[DOMNode], ...] = (Calls, Choose, Confirm, Reading, Help)
"""What has keys of its own beside the app and its screens."""

TAKERS = (
    Taker("the list of Providers", OptionList, ProvidersPage),
    Taker("the list of Live", Calls, LivePage),
    Taker("the list of Cost", OptionList, CostPage),
    Taker("the list of History", OptionList, HistoryPage),
    Taker("a field of History", Input, HistoryPage),
    Taker("the prompt of Ask", TextArea, AskPage),
    Taker("the search of a choice", Input, Choose),
    Taker("its list", OptionList, Choose),
    Taker("a question", Button, Confirm),
)
"""Who has the focus on a screen, or on what is opened over one."""

TICK_S = 10.0
"""How often a screen is told that time goes on, though nothing else has changed."""

LEAVING = "leave; calls under way are cancelled"

PLAIN = "ansi-dark"
"""The theme that leaves colours to the terminal; nothing else can be drawn without any."""


class Changed(Message):
    """Something is different in the log."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self.live = live

    def can_replace(self, message: Message) -> bool:
        """Only the latest counts."""
        return isinstance(message, Changed)


class UltraApp(App[None]):
    """Shows one user's ultra; `preferences` None are those of somebody who has none.

    Raises `UsageError` for keys that name no action.
    """

    TITLE = "ultra"
    CSS_PATH = "ultra.tcss"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        page.name: page.screen for page in PAGES
    }
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [  # noqa: RUF012 - textual's own
        (0, "-tiny"),
        (40, "-narrow"),
        (100, "-wide"),
    ]
    VERTICAL_BREAKPOINTS: list[tuple[int, str]] | None = [  # noqa: RUF012
        (0, "-flat"),
        (8, "-tall"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                str(place),
                f"page('{page.name}')",
                page.title,
                show=False,
                tooltip=page.summary,
                id=f"page.{page.name}",
            )
            for place, page in enumerate(PAGES, start=1)
        ),
        Binding("question_mark,f1", "help", "Help", id="help", tooltip="the keys of this screen"),
        Binding("q", "quit", "Quit", id="quit", tooltip=LEAVING),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, tooltip=LEAVING),
        Binding(
            "ctrl+c",
            "interrupt",
            "Copy, cancel or quit",
            show=False,
            priority=True,  # a field would take it for a copy of nothing
            id="interrupt",
            tooltip="what is selected, else the run of this screen, else all",
        ),
        Binding("ctrl+r", "look", "Look again", show=False, id="look"),
        Binding("ctrl+t", "dark", "Light or dark", show=False, id="dark"),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, id="suspend"),
    ]

    def __init__(self, runtime: Runtime, preferences: Preferences | None = None) -> None:
        mend()
        bare = bool(runtime.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if bare else None)
        wanted = Preferences() if preferences is None else preferences
        self.runtime = runtime
        self.animation_level = "none"
        self.theme = PLAIN if bare else _theme(wanted, runtime.environ)
        self.set_keymap(
            checked_keys(wanted.keys, (type(self), *(page.screen for page in PAGES), *PARTS))
        )
        self.profile, self.trouble = _profile(runtime)
        self.failure: Exception | None = None
        runtime.warn = self.warn
        told = "; ".join(shadowed(wanted.keys, type(self), TAKERS))
        self._told = [f"keys of `tui.yaml` that do something else there: {told}"] if told else []
        self.following = Watch(runtime, self._seen)
        self._begun: list[Undertaking] = []

    @property
    def page(self) -> Page | None:
        """The screen that is looked at, below whatever is open over it; none while the app closes,
        which takes its parts away one by one.
        """
        found = self.screen_stack[0] if self.is_running and self.screen_stack else None
        return found if isinstance(found, Page) else None

    def on_mount(self) -> None:
        """Begin at the first screen, and to follow the log."""
        self.switch_mode(PAGES[0].name)
        self.following.start()
        # textual comes back from a Ctrl-Z with an empty screen.
        self.app_resume_signal.subscribe(self, lambda _app: self.refresh(layout=True))
        self.set_interval(TICK_S, self._tick)
        for text in self._told:
            self.warn(text)

    def on_unmount(self) -> None:
        """Follow the log no more."""
        self.following.close()

    def on_changed(self, message: Changed) -> None:
        """Tell the screen that is looked at."""
        if self.page is not None and self.page.is_attached:
            self.page.top.reader.soon()
            self.page.changed(message.live)

    def begun(self, run: Undertaking) -> None:
        """Take in a run that a screen has begun, so that another one may look on and end it."""
        self._begun = [one for one in self._begun if not one.done.done()] + [run]

    def made_here(self, run_id: str) -> Undertaking | None:
        """The run of that id, if it is under way in this app."""
        mine = (one for one in self._begun if one.run_id == run_id and not one.done.done())
        return next(mine, None)

    def _tick(self) -> None:
        """See to what time alone changes, and whether a profile that was wrong is mended."""
        if self.trouble is not None:
            self.action_look()
        elif self.page is not None and self.page.is_attached:
            self.page.top.reader.soon()
            self.page.tick()

    def _seen(self, live: Live) -> None:
        """From the thread that follows the log."""
        self.post_message(Changed(live))

    def warn(self, text: str) -> None:
        """Tell the user something in one line. May be called from any thread."""
        if self.is_running:
            self.notify(cell(text), severity="warning", markup=False)
        else:
            self._told.append(text)

    def report(self, error: UltraError) -> None:
        """Tell what went wrong and what to do next."""
        hint = f"\n{cell(error.hint)}" if error.hint else ""
        self.notify(f"{cell(error.message)}{hint}", severity="error", markup=False)

    def action_page(self, name: str) -> None:
        """Go to a screen."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        self.switch_mode(name)

    def action_help(self) -> None:
        """Show every key that does something here; again, and it is gone."""
        if isinstance(self.screen, Help):
            self.pop_screen()
        elif self.page is not None:
            self.push_screen(Help(list(self.screen.active_bindings.values()), self))

    def action_look(self) -> None:
        """Read anew what the screen shows, and the profile if something was wrong with it."""
        if self.trouble is not None:
            self.profile, self.trouble = _profile(self.runtime)
        if self.page is not None and self.page.is_attached:
            self.page.resume()

    def action_dark(self) -> None:
        """Go from dark to light, and back."""
        if not self.no_color:
            self.theme = "textual-light" if self.current_theme.dark else "textual-dark"

    def action_interrupt(self) -> None:
        """Copy what is selected, else stop what the screen does, else leave."""
        selected = self._selected()
        if selected:
            self.run_worker(self._copy(selected), group="copying")
        elif self.page is None or not self.page.interrupt():
            self.exit()

    def _selected(self) -> str:
        """What is selected on the screen, or in the field that is typed in."""
        field = self.focused
        typed = field.selected_text if isinstance(field, Input | TextArea) else ""
        return typed or self.screen.get_selected_text() or ""

    async def _copy(self, text: str) -> None:
        self.notify(await copy(self, text, dict(self.runtime.environ)), markup=False)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action that has a key here, for the palette."""
        for node, binding, enabled, tooltip in screen.active_bindings.values():
            if enabled and binding.description and binding.id:
                title = f"{binding.description} ({self.get_key_display(binding)})"
                run = partial(self.run_action, binding.action, node)
                yield SystemCommand(title, tooltip or binding.tooltip, run)

    def _handle_exception(self, error: Exception) -> None:
        """Keep what failed for whoever ran the app, and leave.

        Textual would print the values of variables with it: prompts and keys among them.
        """
        if self.failure is None:
            self.failure = error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()


def _profile(runtime: Runtime) -> tuple[Profile | None, ConfigError | None]:
    """The profile, or what is wrong with it."""
    try:
        return runtime.profile, None
    except ConfigError as error:
        return None, error


def _theme(wanted: Preferences, environ: Mapping[str, str]) -> str:
    """The theme: as the user said, else as the terminal says of its background, else dark.

    Source: `COLORFGBG` of rxvt, which konsole and others set too: `foreground;background`, where
    7 and 15 are white.
    """
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    light = wanted.theme == "light" or (wanted.theme == "auto" and background in ("7", "15"))
    return "textual-light" if light else "textual-dark"
