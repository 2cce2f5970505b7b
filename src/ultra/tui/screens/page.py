"""What every screen of the app has: header, footer, and a way to read without stopping it."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from ultra.core.errors import UltraError
from ultra.core.live import Live
from ultra.output.messages import problem_line
from ultra.output.safe import visible
from ultra.runtime.runtime import Runtime
from ultra.tui.reader import Reader
from ultra.tui.widgets.keys_line import KeysLine
from ultra.tui.widgets.top import Top

if TYPE_CHECKING:
    from ultra.tui.app import UltraApp

T = TypeVar("T")

TINY = "The window is too small: 40 by 8 is the least. q leaves."


class Page(Screen[None]):
    """One of the app's screens: a subclass yields its widgets in `body` and fills `look`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave_field", "Leave the field", show=False, id="leave_field"),
        Binding("tab", "app.focus_next", "Next field", show=False),
        Binding("shift+tab", "app.focus_previous", "Field before", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Header, what is wrong with the profile if anything is, the screen's own, footer."""
        yield Top()
        yield Static(TINY, id="tiny")
        yield Static(id="trouble", markup=False)
        yield from self.body()
        yield KeysLine(compact=True)

    def body(self) -> Iterable[Widget]:
        """The widgets of this screen."""
        raise NotImplementedError

    @property
    def ultra(self) -> "UltraApp":
        """The app, by its own type."""
        return cast("UltraApp", self.app)

    @property
    def top(self) -> Top:
        """The header."""
        return self.query_one(Top)

    @property
    def runtime(self) -> Runtime:
        """The runtime of the app."""
        return self.ultra.runtime

    def on_mount(self) -> None:
        """Say what is wrong with the profile."""
        error = self.ultra.trouble
        if error is not None:
            self.complain(error)

    def on_screen_resume(self) -> None:
        """Show what holds now."""
        self.resume()

    def resume(self) -> None:
        """Read all that the screen shows, header and all."""
        self.top.reader.now()
        self.look()

    def look(self) -> None:
        """Read what is shown anew: the user came here, or wants it so. Called on the loop."""

    def tick(self) -> None:
        """Nothing need have changed but the time. Called on the loop, every ten seconds."""

    def changed(self, live: Live) -> None:
        """Something is different in the log; `live` is what is under way. Called on the loop."""

    def interrupt(self) -> bool:
        """Stop what this screen has under way; whether there was anything."""
        return False

    def complain(self, error: UltraError | None) -> None:
        """Say below the header what keeps this screen from its work; None when nothing does."""
        line = self.query_one("#trouble", Static)
        line.set_class(error is not None, "-told")
        if error is not None:
            line.update(_told(error))

    async def off_loop(self, work: Callable[[], T]) -> T | None:
        """What the work comes to, done on a thread; None when it failed, which is then shown."""
        try:
            found = await asyncio.to_thread(work)
        except UltraError as error:
            if self.is_attached:
                self.complain(error)
            return None
        if self.ultra.trouble is None and self.is_attached:
            self.complain(None)
        return found

    def action_leave_field(self) -> None:
        """Take the focus off a field, so that letters are keys again."""
        self.set_focus(None)


class ReadingPage(Page, Generic[T]):
    """A screen of figures: `read` gets them on a thread, `show` draws them on the loop."""

    def __init__(self) -> None:
        super().__init__()
        self._reader = Reader(self, self.read, self._showing, self.complain)

    def read(self) -> T:
        """What is to be shown. Runs on a thread; raises `UltraError` for what is then told."""
        raise NotImplementedError

    def show(self, found: T) -> None:
        """Draw it."""
        raise NotImplementedError

    def look(self) -> None:
        """Read at once."""
        self._reader.now()

    def tick(self) -> None:
        """Words such as `12 s ago` have changed."""
        self._reader.soon()

    def changed(self, live: Live) -> None:
        """Read soon."""
        self._reader.soon()

    def _showing(self, found: T) -> None:
        self.complain(self.ultra.trouble)
        self.show(found)


def _told(error: UltraError) -> Content:
    """An error as a screen tells it: what, every mistake of a file, what to do next."""
    lines = [visible(line) for line in (error.message, *map(problem_line, error.problems))]
    hint = Content.styled(f"\n{visible(error.hint)}", "dim") if error.hint else Content("")
    return Content("\n".join(lines)) + hint
