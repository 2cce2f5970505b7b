"""What was asked and answered: searched as it is typed, opened, copied, gone on from."""

import asyncio
import threading
from collections.abc import Iterable
from typing import ClassVar, Literal, cast

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Input, OptionList, Static

from ultra.core.errors import StoreError, UsageError
from ultra.core.history import Page as Found
from ultra.core.history import Place, Sought
from ultra.core.live import Live
from ultra.core.records import RunDocument
from ultra.output.documents import render_run
from ultra.output.files import write_new
from ultra.output.safe import cell
from ultra.runtime.history import FORMS, sought_of
from ultra.runtime.picking import pick
from ultra.runtime.talking import again, past_of
from ultra.tui.clipboard import copy
from ultra.tui.screens.ask import AskPage
from ultra.tui.screens.page import Page
from ultra.tui.widgets.run_view import RunView
from ultra.tui.widgets.runs import RunList

PAGE = 100
"""Runs of a page: more than a screen holds, and less than a moment to read."""

AHEAD = 20
"""The next page is read when so few runs are left below what is pointed at."""

DEBOUNCE_S = 0.12
"""How long typing has to pause before a search begins: longer than between two keys."""

SOON_S = 1.0
"""How long changes of the log are gathered before the list is read again."""

_EMPTY = "nothing was asked yet; the Ask screen (5) asks, in a shell `ultra ask` does"
_NONE = "no run is like that; fewer words or filters find more"
_OPEN = "Esc goes back; v: answers, attempts, verdict; [ and ]: another answer"


class HistoryPage(Page):
    """What was asked and answered: searched as it is typed, opened, copied, gone on from."""

    DEFAULT_CSS = """
    HistoryPage #search { height: 1; }
    HistoryPage Input, HistoryPage Input:focus { border: none; height: 1; padding: 0 1; }
    HistoryPage #words { width: 1fr; }
    HistoryPage #filters { width: 1fr; }
    HistoryPage ContentSwitcher { height: 1fr; }
    HistoryPage #state { height: 1; padding: 0 1; color: $text-muted; }
    """
    AUTO_FOCUS = "RunList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", id="history.search"),
        Binding("f", "filter", "Filter", id="history.filter", tooltip=FORMS),
        Binding("enter", "open", "Open", id="history.open", show=False),
        Binding("c", "copy", "Copy", id="history.copy", tooltip="the answer that is looked at"),
        Binding("e", "export('markdown')", "Export", id="history.export", tooltip="as Markdown"),
        Binding("E", "export('json')", "Export JSON", show=False, id="history.export_json"),
        Binding("g", "go_on", "Go on", id="history.go_on", tooltip="continue it on the Ask screen"),
        Binding("r", "replay", "Replay", id="history.replay", tooltip="ask another model the same"),
        Binding("p", "pick", "Pick", id="history.pick", tooltip="the answer that is looked at"),
        Binding("v", "view", "View", id="history.view", tooltip="answers, attempts, verdict"),
        Binding("t", "fold", "Thinking", show=False, id="history.fold", tooltip="show or hide it"),
        Binding("right_square_bracket", "move(1)", "Next", show=False, id="history.next"),
        Binding("left_square_bracket", "move(-1)", "Previous", show=False, id="history.previous"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._sought = Sought()
        self._end: Place | None = None
        self._pages = 0
        self._reading = False
        self._open: RunDocument | None = None
        self._soon: Timer | None = None

    def body(self) -> Iterable[Widget]:
        """The search and the filters, the list or the run that is open, and how many there are."""
        with Horizontal(id="search"):
            yield Input(id="words", placeholder="/ search prompts and answers", compact=True)
            yield Input(id="filters", placeholder=f"f {FORMS}", compact=True)
        with ContentSwitcher(initial="runs"):
            yield RunList(id="runs")
            yield RunView(id="run")
        yield Static(id="state", markup=False)

    def on_mount(self) -> None:
        """Begin in the list."""
        super().on_mount()
        for field in self.query(Input):
            field.cursor_blink = False
        self.query_one(RunList).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is done to a run needs one; what is done to answers needs it open."""
        if action in ("view", "fold", "move"):
            return self._open is not None
        if action == "pick":
            return self._open is not None and self._open.verb == "compare"
        if action == "open":
            return self._open is None and self._pointed() is not None
        if action in ("copy", "export", "go_on", "replay"):
            return self._pointed() is not None
        return True

    def look(self) -> None:
        """Read the first page anew, while nobody has gone beyond it."""
        if self._pages <= 1:
            self._read(keep=True)

    def changed(self, live: Live) -> None:
        """A run has begun or ended: it is at the top, or its status is another."""
        if self._soon is None:
            self._soon = self.set_timer(SOON_S, self._follow)

    def _follow(self) -> None:
        self._soon = None
        self.look()
        if self._open is not None and self._open.status == "running":
            self._reopen(self._open.run_id)

    @work(group="open", exclusive=True)
    async def _reopen(self, run_id: str) -> None:
        """Show a run that was open while it was under way as it ended."""
        document = await self._document()
        if document is not None and document.status != "running" and self._is_open(run_id):
            self._open = document
            await self.query_one(RunView).show(document)
            self.refresh_bindings()

    def _is_open(self, run_id: str) -> bool:
        return self._open is not None and self._open.run_id == run_id

    def action_search(self) -> None:
        """Type words to search for."""
        self._close()
        self.query_one("#words", Input).focus()

    def action_filter(self) -> None:
        """Type filters."""
        self._close()
        self.query_one("#filters", Input).focus()

    def action_leave_field(self) -> None:
        """Close the run, else leave the field for the list."""
        self._close()
        self.query_one(RunList).focus()

    def on_input_submitted(self) -> None:
        """Go to what was found."""
        self.query_one(RunList).focus()

    @work(group="search", exclusive=True)
    async def on_input_changed(self) -> None:
        """Search once the typing pauses; the newest search wins."""
        await asyncio.sleep(DEBOUNCE_S)
        words, filters = (self.query_one(name, Input).value for name in ("#words", "#filters"))
        try:
            self._sought = sought_of(words, filters, now=self.runtime.clock.time())
        except UsageError as error:
            self._say(f"{error.message}: {error.hint or FORMS}")
            return
        self._read(keep=False)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Read on before the end is reached."""
        runs = self.query_one(RunList)
        if self._end is not None and event.option_index >= len(runs.runs) - AHEAD:
            self._read_on()

    def on_option_list_option_selected(self) -> None:
        """Enter or a click opens a run."""
        self.action_open()

    @work(group="read", exclusive=True)
    async def _read(self, *, keep: bool) -> None:
        """The first page of what is sought; a read that is under way is given up for it."""
        if not keep:
            self._say("searching…")
        found = await self._page(None)
        if found is not None:
            self._end, self._pages = found.end, 1
            self.query_one(RunList).fill(found.runs, keep=keep)
            self._tell()

    @work(group="read")
    async def _read_on(self) -> None:
        """The next page, unless one is on its way."""
        if self._reading or self._end is None:
            return
        self._reading = True
        try:
            found = await self._page(self._end)
        finally:
            self._reading = False
        if found is not None:
            self._end = found.end
            self._pages += 1
            self.query_one(RunList).more(found.runs)
            self._tell()

    async def _page(self, after: Place | None) -> Found | None:
        """A page of what is sought, read on a thread; None when it failed or nobody wants it."""
        sought, given_up = self._sought, threading.Event()
        try:
            return await self.off_loop(
                lambda: self.runtime.log.page(
                    sought, after, limit=PAGE, wanted=lambda: not given_up.is_set()
                )
            )
        finally:
            given_up.set()

    def _tell(self) -> None:
        if self._open is not None:
            self._say(_OPEN)
            return
        runs = self.query_one(RunList).runs
        if not runs:
            self._say(_EMPTY if self._sought == Sought() else _NONE)
            return
        more = " and more below" if self._end is not None else ""
        order = ", the latest in the log first" if self._sought.words.strip() else ""
        many = "1 run" if len(runs) == 1 else f"{len(runs):,} runs"
        self._say(f"{many}{more}{order}; Enter opens one")

    def _say(self, text: str) -> None:
        self.query_one("#state", Static).update(Content(cell(text)))
        self.refresh_bindings()

    def _pointed(self) -> str | None:
        """The id of the run that a key is about."""
        if self._open is not None:
            return self._open.run_id
        run = self.query_one(RunList).pointed if self.is_mounted else None
        return None if run is None else run.run_id

    def _close(self) -> None:
        closes, self._open = self._open is not None, None
        self.query_one(ContentSwitcher).current = "runs"
        if closes:
            self._tell()
        self.refresh_bindings()

    @work(group="open", exclusive=True)
    async def action_open(self) -> None:
        """Show the run that is pointed at, whole."""
        document = await self._document()
        if document is not None:
            self._open = document
            await self.query_one(RunView).show(document)
            self.query_one(ContentSwitcher).current = "run"
            self.query_one(RunView).focus_answer()
            self._tell()

    async def _document(self) -> RunDocument | None:
        """The run that a key is about, as it is now; None, which is said, when it is gone."""
        run_id = self._pointed()
        if run_id is None:
            return None

        def read() -> RunDocument | UsageError:
            try:
                return self.runtime.log.run(run_id)
            except UsageError as error:
                return error

        found = await self.off_loop(read)
        if isinstance(found, RunDocument):
            return found
        if found is not None:
            gone = f"run `{run_id[:8]}` is no longer in the log"
            self.ultra.report(StoreError(gone, hint="it was deleted meanwhile"))
            self._close()
            self._read(keep=True)
        return None

    def action_view(self) -> None:
        """Go from the answers to the attempts, to the verdict, and back."""
        self.query_one(RunView).turn_over()

    def action_fold(self) -> None:
        """Show what models thought, or hide it."""
        self.query_one(RunView).columns.fold()

    def action_move(self, by: int) -> None:
        """Look at another answer."""
        self.query_one(RunView).columns.move(by)

    @work(group="do", exclusive=True)
    async def action_copy(self) -> None:
        """Copy the answer that is looked at, or the one of the run that is pointed at."""
        here = self.query_one(RunView).columns.here if self._open is not None else None
        if here is not None:
            text, whose = here.text, f"the answer of {here.title}"
        else:
            document = await self._document()
            if document is None:
                return
            compares = document.verb == "compare"
            text = render_run(document, "text") if compares else document.answer or ""
            whose = f"run {document.run_id[:8]}"
        if not text:
            self.notify(f"{whose} has no words to copy", severity="warning", markup=False)
            return
        told = await copy(self.app, text, dict(self.runtime.environ))
        self.notify(f"{whose}: {told}", markup=False)

    @work(group="do", exclusive=True)
    async def action_export(self, form: Literal["markdown", "json"]) -> None:
        """Write the run to a file of its own in the working directory."""
        document = await self._document()
        if document is None:
            return
        name = f"ultra-{document.run_id[:8]}.{'md' if form == 'markdown' else 'json'}"
        place = await self.off_loop(
            lambda: write_new(self.runtime.cwd, name, render_run(document, form))
        )
        if place is not None:
            self.notify(f"written to {cell(str(place))}", markup=False)

    @work(group="do", exclusive=True)
    async def action_go_on(self) -> None:
        """Go on from the run on the Ask screen."""
        run_id = self._pointed()
        if run_id is None:
            return
        past = await self.off_loop(lambda: past_of(self.runtime, run_id))
        if past is not None:
            page = await self._ask()
            if page is not None:
                await page.go_on(past)

    @work(group="do", exclusive=True)
    async def action_replay(self) -> None:
        """Put what was asked into the Ask screen, to be sent to whom is chosen there."""
        run_id = self._pointed()
        if run_id is None:
            return
        question = await self.off_loop(lambda: again(self.runtime, run_id))
        if question is not None:
            page = await self._ask()
            if page is not None:
                page.offer(question)
        elif await self._document() is not None:
            self.notify(f"the words of run {run_id[:8]} were not kept", severity="warning")

    async def _ask(self) -> AskPage | None:
        """The Ask screen; None, which is said, while it has a run under way."""
        await self.app.switch_mode("ask")
        page = cast("AskPage", self.app.screen)
        if page.busy:
            self.notify("a run is under way here; Esc cancels it", severity="warning")
            return None
        return page

    @work(group="do", exclusive=True)
    async def action_pick(self) -> None:
        """Put on record that the answer that is looked at is the one."""
        document, place = self._open, self.query_one(RunView).columns.place
        if document is None:
            return
        picked = await self.off_loop(lambda: pick(self.runtime, str(place + 1), document.run_id))
        if picked is not None:
            self.notify(f"picked {cell(picked.call.name)}; `g` goes on from it", markup=False)
            self._open = await self._document()
            if self._open is not None:
                self.query_one(RunView).tell(self._open)
