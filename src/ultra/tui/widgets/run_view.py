"""One run whole: its answers side by side, its attempts along time, and what was found."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.css.query import NoMatches
from textual.events import Resize
from textual.widgets import ContentSwitcher, Static

from ultra.core.records import CallDocument, RunDocument
from ultra.output.compare import COLUMNS, MEMBERS, ordered_calls, table_rows
from ultra.output.documents import finding_text
from ultra.output.figures import lower_bound, seconds, usd
from ultra.output.findings import findings, score_of
from ultra.output.logs import facts
from ultra.output.progress import call_name
from ultra.output.safe import cell
from ultra.output.tables import fitted_table
from ultra.output.timeline import timeline
from ultra.output.width import wrap
from ultra.tui.widgets.columns import Column, Columns, Turn

_VIEWS = ("answers", "attempts", "verdict")
_SHOWN = MEMBERS | {"writer"}


class RunView(Vertical):
    """A run of the log. `turn_over` goes through its views."""

    DEFAULT_CSS = """
    RunView > #about { height: auto; max-height: 2; padding: 0 1; color: $text-muted; }
    RunView > ContentSwitcher { height: 1fr; }
    RunView Reading, RunView #attempts, RunView #verdict { padding: 0 1; height: 1fr; }
    """

    ALLOW_SELECT: ClassVar[bool] = True

    def __init__(self, id: str | None = None) -> None:  # noqa: A002 - textual's
        super().__init__(id=id)
        self._document: RunDocument | None = None

    def compose(self) -> ComposeResult:
        """What the run is, and its views."""
        yield Static(id="about", markup=False)
        with ContentSwitcher(initial="answers"):
            yield Columns(id="answers")
            with VerticalScroll(id="attempts"):
                yield Static(markup=False)
            with VerticalScroll(id="verdict"):
                yield Static(markup=False)

    @property
    def columns(self) -> Columns:
        """The answers."""
        return self.query_one(Columns)

    async def show(self, document: RunDocument) -> None:
        """Show a run, its answers first."""
        self._document = document
        self.query_one(ContentSwitcher).current = "answers"
        columns = self.columns
        await columns.clear()
        calls = ordered_calls(document)
        shown = [call for call in calls if call.role in _SHOWN and not call.parent]
        for call in shown:
            await columns.add(_column(document, call))
        self.tell(document)

    def tell(self, document: RunDocument) -> None:
        """Say what is known of the run, its attempts and its verdict."""
        self._document = document
        width = max(self.size.width or self.app.size.width, 20) - 3
        view = self.query_one(ContentSwitcher).current or ""
        self.query_one("#about", Static).update(_about(document, view))
        self.query_one("#attempts Static", Static).update(_lines(timeline(document, width)))
        self.query_one("#verdict Static", Static).update(_lines(_verdict(document, width)))

    def focus_answer(self) -> None:
        """Let the keys scroll the answer that is looked at."""
        try:
            self.columns.query_one("Column.-here VerticalScroll").focus()
        except NoMatches:  # a run that has no answer to scroll
            self.query_one("#attempts").focus()

    def turn_over(self) -> None:
        """Show the next view."""
        switcher = self.query_one(ContentSwitcher)
        after = _VIEWS[(_VIEWS.index(switcher.current or "answers") + 1) % len(_VIEWS)]
        switcher.current = after
        if self._document is not None:
            self.tell(self._document)
        if after == "answers":
            self.focus_answer()
        else:
            self.query_one(f"#{after}").focus()

    def on_resize(self, event: Resize) -> None:
        """Lay out anew what is as wide as the screen."""
        if self._document is not None:
            self.tell(self._document)


def _column(document: RunDocument, call: CallDocument) -> Column:
    name = call_name(call.name, call.sample)
    named = name if call.role in MEMBERS else f"{call.role} {name}"
    note = ""
    if call.error is not None:
        note = f"{call.error.error_class.value}: {cell(call.error.message)}"
    if not call.text and not note:
        note = "under way" if call.status == "running" else "no words were kept"
    prompt = "(the prompt was not kept)" if document.prompt is None else document.prompt
    told = [named, call.status, seconds(call.duration_s), usd(call.cost_nano)]
    score = score_of(document, call)
    told += [] if score is None else [f"score {score:.2f}"]
    told += ["picked"] if document.picked == call.call_id else []
    turn = Turn(prompt, call.text or "", call.reasoning or "", note)
    return Column(named, turn, head=" · ".join(told), text=call.text or "")


def _about(document: RunDocument, view: str) -> Content:
    cost = lower_bound(document.cost_nano, document.known_nano)
    parts = [
        f"run {document.run_id[:8]}",
        f"{document.verb} ({document.strategy})",
        document.status if document.status != "running" else "under way",
        seconds(document.duration_s),
        cost,
        *(["simulated"] if document.simulated else []),
        *(["picked"] if document.picked else []),
    ]
    views = [(f" {one} ", "reverse" if one == view else "dim") for one in _VIEWS]
    return Content.assemble(cell(" · ".join(parts)), "  ", *views)


def _verdict(document: RunDocument, width: int) -> list[str]:
    """What was found, the figures of every call, and all else that is known of the run."""
    found = "\n".join(finding_text(one) for one in findings(document))
    figures = fitted_table(COLUMNS, table_rows(document), width)
    told = "".join(f"{name}: {value}\n" for name, value in facts(document))
    lines = "\n".join(part for part in (found, figures, told) if part).splitlines()
    return [piece for line in lines for piece in wrap(line, width)]


def _lines(lines: list[str]) -> Content:
    return Content("\n".join(lines) or "nothing was tried")
