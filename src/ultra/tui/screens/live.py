"""Calls under way in every process, as they stream."""

from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from ultra.core.live import Live, LiveCall, LiveRun
from ultra.output.live import Row, facts, heading, owner, rows, summary
from ultra.runtime.watching import said
from ultra.tui.screens.page import Page
from ultra.tui.widgets.asking import Confirm
from ultra.tui.widgets.calls import Calls
from ultra.tui.widgets.stream import Stream

TICK_S = 1.0
"""How often times of calls under way are drawn anew when nothing else happens."""

UNKEPT = "what is said in this run does not go into the log"


class LivePage(Page):
    """Calls under way in every process, as they stream."""

    DEFAULT_CSS = """
    LivePage #summary { height: auto; max-height: 3; padding: 0 1; }
    LivePage #heading { height: 1; padding: 0 1; text-wrap: nowrap; }
    LivePage #heading { color: $text-muted; }
    LivePage Calls, LivePage Stream { padding: 0 0 0 1; }
    LivePage #both { height: 1fr; layout: vertical; }
    LivePage #list { height: 1fr; }
    LivePage #one { height: 1fr; border-top: solid $panel; }
    LivePage #facts-of-one { height: auto; max-height: 8; padding: 0 1; color: $text-muted; }
    LivePage #facts-of-one { text-wrap: nowrap; text-overflow: ellipsis; }
    LivePage.-wide #both { layout: horizontal; }
    LivePage.-wide #list { width: 3fr; height: 100%; }
    LivePage.-wide #one { width: 2fr; height: 100%; border-top: none; border-left: solid $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "cancel", "Cancel", id="live.cancel", tooltip="the run, if it is made here"),
        Binding("e", "ended", "Ended", id="live.ended", tooltip="show what ended, or hide it"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._live = Live()
        self._ended = True
        self._shown = ""
        self._characters = 0
        self._told: dict[str, str] = {}

    def body(self) -> Iterable[Widget]:
        """How much is under way, the list of it, and the one that is chosen."""
        yield Static(id="summary", markup=False)
        with Container(id="both"):
            with Vertical(id="list"):
                yield Static(id="heading", markup=False)
                yield Calls()
            with Vertical(id="one"):
                yield Static(id="facts-of-one", markup=False)
                yield Stream()

    def on_mount(self) -> None:
        """Begin in the list, and let times go on."""
        self.query_one(Calls).focus()
        self.set_interval(TICK_S, self._tick)

    def look(self) -> None:
        """Show what is under way now."""
        self.changed(self.ultra.following.live)

    def changed(self, live: Live) -> None:
        """Show what is under way."""
        self._live = live
        self._draw()

    def on_calls_fitted(self) -> None:
        """Fit the headings to the list."""
        self._draw()

    def on_calls_chosen(self) -> None:
        """Show the one that is chosen."""
        self._draw_one()

    def action_ended(self) -> None:
        """Show what ended, or hide it."""
        self._ended = not self._ended
        self._draw()

    @work(group="cancel", exclusive=True)
    async def action_cancel(self) -> None:
        """End the run of what is chosen, if this process makes it."""
        row = self.query_one(Calls).chosen
        if row is None:
            return
        run = row.run
        if not run.running:
            self.notify(f"run {run.run_id[:6]} is not under way any more", markup=False)
        elif (here := self.ultra.made_here(run.run_id)) is None:
            told = f"run {run.run_id[:6]} is made elsewhere: {owner(run)}; it is ended there"
            self.notify(told, severity="warning", markup=False)
        elif await self.app.push_screen_wait(Confirm(_question(run))):
            here.stop()

    def _tick(self) -> None:
        if self.is_current and self._live.runs:
            self._draw()

    def _draw(self) -> None:
        """Draw what is different; only what is in view is made."""
        if not (self.query("Calls") and self.query("Stream")):  # the app closes
            return
        calls = self.query_one(Calls)
        calls.show(rows(self._live, ended=self._ended), self.runtime.clock.time())
        self._say("#summary", summary(self._live))
        self._say("#heading", heading(calls.columns))
        self._draw_one()

    def _draw_one(self) -> None:
        row = self.query_one(Calls).chosen
        lines = [] if row is None else facts(row, self.runtime.clock.time())
        self._say("#facts-of-one", "\n".join(lines))
        if row is None:
            self._put("", "")
        elif row.call is None:
            self._put(row.key, row.run.prompt or "")
        elif row.call.running:
            self._follow(row, row.call)
        elif self._shown != (key := _ended_key(row.call)):
            self._put(key, "")
            self._read(row.call.call_id, key)

    def _say(self, place: str, text: str) -> None:
        """Show a text above a list, if it is another; what stays as high moves nothing."""
        before = self._told.get(place, "")
        if text != before:
            self._told[place] = text
            long = max(len(text), len(before)) > self.size.width - 2
            layout = long or text.count("\n") != before.count("\n") or not (text and before)
            self.query_one(place, Static).update(Content(text), layout=layout)

    def _put(self, key: str, text: str) -> None:
        """Show a text that does not grow."""
        if self._shown != key:
            self._shown = key
            self.query_one(Stream).put(text)

    def _follow(self, row: Row, call: LiveCall) -> None:
        """Show what is new of a text that grows: here as it comes, else as it is checkpointed."""
        key = call.last.attempt_id
        here = self.ultra.made_here(row.run.run_id)
        heard = here.heard(call.call_id) if here else None
        text, characters = (call.text, call.characters) if heard is None else heard
        if self._shown != key:
            self._characters = 0
            self._put(key, "" if row.run.keeps_text or heard else UNKEPT)
        new = min(characters - self._characters, len(text))
        if new > 0:
            self._characters = characters
            self.query_one(Stream).add(text[-new:])

    @work(group="read", exclusive=True)
    async def _read(self, call_id: str, key: str) -> None:
        """Show what a call that ended has said, as the log has it."""
        text = await self.off_loop(lambda: said(self.runtime, call_id))
        for stream in self.query("Stream").results(Stream):  # none while the app closes
            if self._shown == key:
                stream.put(text or "")


def _ended_key(call: LiveCall) -> str:
    return f"{call.last.attempt_id} ended"


def _question(run: LiveRun) -> str:
    calls = "its call" if run.calls == 1 else f"its {run.calls} calls"
    return f"Cancel run {run.run_id[:6]} and {calls}? What came so far is kept."
