"""A prompt to the models that were chosen, answered side by side."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import ClassVar

from msgspec.structs import replace
from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.css.query import NoMatches
from textual.widget import Widget
from textual.widgets import Static, TextArea

from ultra.core.cost import usd
from ultra.core.errors import UltraError
from ultra.core.profile import Profile
from ultra.core.strategies import STRATEGIES
from ultra.core.text import one_line
from ultra.output.safe import cell
from ultra.runtime.action import Interrupted, RunResult
from ultra.runtime.beside import Undertaking, alerting
from ultra.runtime.conversations import Branches
from ultra.runtime.model_rows import offered
from ultra.runtime.picking import pick
from ultra.runtime.selection import no_model
from ultra.runtime.talking import ALL, Past, Question, Ready, past_of, ready, went_on
from ultra.tui import FPS
from ultra.tui.clipboard import copy
from ultra.tui.screens.page import Page
from ultra.tui.widgets.asking import Confirm
from ultra.tui.widgets.choosing import Choice, Choose
from ultra.tui.widgets.columns import Columns
from ultra.tui.widgets.talk import Talk

SETTLE_S = 2.0
"""How long leaving waits for the record of a run that is cancelled by it."""

_USUAL = "as they are"
_JUDGED = "all, judged"


class PromptBox(TextArea):
    """Where a prompt is typed; Enter sends it, which is why the page has that key."""

    DEFAULT_CSS = """
    PromptBox { height: auto; min-height: 3; max-height: 10; border: round $primary; padding: 0; }
    """


class AskPage(Page):
    """A prompt to the models that were chosen, answered side by side."""

    DEFAULT_CSS = """
    AskPage #whom { height: 1; padding: 0 1; }
    AskPage #found { height: auto; max-height: 8; padding: 0 1; color: $text-muted; }
    AskPage #receipt { height: auto; padding: 0 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", id="ask.send", priority=True),
        Binding(
            "ctrl+j,alt+enter,shift+enter",
            "newline",
            "New line",
            id="ask.newline",
            priority=True,
            tooltip="terminals swallow some of these",
        ),
        Binding("f2,m", "models", "Models", id="ask.models"),
        Binding("f3,s", "strategy", "Strategy", id="ask.strategy"),
        Binding("f4,n", "new", "New", id="ask.new", tooltip="begin another conversation"),
        Binding("slash,i", "type", "Type", show=False, id="ask.type", tooltip="to the prompt box"),
        Binding("t", "fold", "Thinking", show=False, id="ask.fold", tooltip="show it, or hide it"),
        Binding("right_square_bracket", "move(1)", "Next", show=False, id="ask.next"),
        Binding("left_square_bracket", "move(-1)", "Previous", show=False, id="ask.previous"),
        Binding("c", "copy", "Copy", id="ask.copy", tooltip="the answer that is looked at"),
        Binding("p", "pick", "Pick", id="ask.pick", tooltip="go on from the one looked at"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._question = Question("")
        self._run: Undertaking | None = None
        self._starting = False
        self._last: RunResult | None = None
        self._past: Past | None = None
        self._talk: Talk | None = None

    def body(self) -> Iterable[Widget]:
        """Whom, the answers, what was found, what it cost, and the box."""
        yield Static(id="whom", markup=False)
        yield Columns(id="answers")
        yield Static(id="found", markup=False)
        yield Static(id="receipt", markup=False)
        yield PromptBox(placeholder="ask anything", show_line_numbers=False)

    def on_mount(self) -> None:
        """Begin in the box."""
        super().on_mount()
        self.query_one("#found").display = False
        self.query_one("#receipt").display = False
        box = self.query_one(PromptBox)
        box.cursor_blink = False  # two draws a second for as long as it is open
        box.focus()
        self._tell_whom()
        if self.ultra.profile is not None and _nobody(self.ultra.profile):
            self.complain(no_model(self.ultra.profile))

    async def on_unmount(self) -> None:
        """Cancel what is under way, and let it be written down."""
        if self._run is not None:
            self._run.stop()
            done = asyncio.wrap_future(self._run.done)
            await asyncio.wait([done], timeout=SETTLE_S)

    @property
    def busy(self) -> bool:
        """Whether a run is under way."""
        return self._run is not None or self._starting

    def interrupt(self) -> bool:
        """Cancel the run; what came of it is kept."""
        if self._run is None:
            return False
        self._run.stop()
        return True

    def action_leave_field(self) -> None:
        """Cancel the run, else take the focus off the box, so that letters are keys."""
        if not self.interrupt():
            super().action_leave_field()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter and its kin are for the box alone; the rest for when there is something."""
        if action in ("send", "newline"):
            return isinstance(self.focused, PromptBox)
        if action in ("copy", "fold", "move"):
            return self._talk is not None
        if action == "pick":
            return self._last is not None and self._run is None and _compared(self._last)
        return True

    def action_type(self) -> None:
        """Go to the box."""
        self.query_one(PromptBox).focus()

    def action_newline(self) -> None:
        """Begin a line."""
        self.query_one(PromptBox).insert("\n")

    def action_move(self, by: int) -> None:
        """Look at another answer, and scroll that."""
        self.query_one(Columns).move(by)

    def action_fold(self) -> None:
        """Show what models thought, or hide it."""
        self.query_one(Columns).fold()

    async def action_copy(self) -> None:
        """Copy the answer that is looked at."""
        here = self.query_one(Columns).here
        if here is None or not here.text:
            self.notify("there is no answer to copy yet", severity="warning")
            return
        told = await copy(self.app, here.text, dict(self.runtime.environ))
        self.notify(f"the answer of {here.title}: {told}", markup=False)

    def action_new(self) -> None:
        """Forget what was said; the log keeps it."""
        self._past = None
        self._question = replace(self._question, before=(), attachments=())
        self._tell_whom()
        self.action_type()

    async def action_pick(self) -> None:
        """Put on record that the answer that is looked at is the one, and go on from it."""
        last, columns = self._last, self.query_one(Columns)
        if last is None:
            return
        picked = await self.off_loop(
            lambda: pick(self.runtime, str(columns.place + 1), last.run_id)
        )
        if picked is not None:
            self._past = await self.off_loop(lambda: past_of(self.runtime, last.run_id))
            self.notify(f"picked {cell(picked.call.name)}; what follows goes on from it")
            self._tell_whom()

    @work(group="choose", exclusive=True)
    async def action_models(self) -> None:
        """Choose whom to ask."""
        profile = self.ultra.profile
        if profile is None:
            return
        rows = await self.off_loop(lambda: offered(profile, self.runtime.catalog))
        choices = [Choice(row.name, _about(row.kind, row.model, row.members)) for row in rows or ()]
        chosen = await self.app.push_screen_wait(
            Choose("Whom to ask", choices, self._question.names, free=True)
        )
        if chosen is not None:
            self._ask_whom(chosen)

    @work(group="choose", exclusive=True)
    async def action_strategy(self) -> None:
        """Choose how one answer is made of several, or that all are shown."""
        profile = self.ultra.profile
        if profile is None:
            return
        choices = [
            Choice(_USUAL, "one model alone; of several, one writes what they come to"),
            Choice(ALL, STRATEGIES[ALL].summary),
            Choice(_JUDGED, "every answer, and what judges make of them"),
            *(Choice(name, row.summary) for name, row in STRATEGIES.items() if row.one_answer),
        ]
        chosen = await self.app.push_screen_wait(Choose("How to ask", choices, several=False))
        if chosen is None:
            return
        judges: tuple[str, ...] = ()
        if chosen[0] == _JUDGED:
            models = [Choice(name, str(one.ref)) for name, one in profile.models.items()]
            usual = (profile.defaults.judge,) if profile.defaults.judge else ()
            dialog = Choose("Who judges", models, usual, free=True)
            judged = await self.app.push_screen_wait(dialog)
            if judged is None:
                return
            judges = judged
        strategy = {_USUAL: "", _JUDGED: ALL}.get(chosen[0], chosen[0])
        self._question = replace(self._question, strategy=strategy, judges=judges)
        self._forget_branches()
        self._tell_whom()

    async def go_on(self, past: Past) -> None:
        """Go on from what the log has, and show that."""
        self._past = past
        self._question = replace(self._question, names=past.names, before=(), attachments=())
        self._talk = Talk(self.query_one(Columns), self.runtime.clock, "")
        await self._talk.recall(past)
        self._tell_whom()
        self.action_type()

    def offer(self, question: Question) -> None:
        """Put a logged question into the box, to be sent again to whom is to be chosen."""
        self._past = None
        self._question = replace(
            self._question, before=question.before, attachments=question.attachments
        )
        self.query_one(PromptBox).text = question.words
        self._tell_whom()
        self.action_type()
        self.action_models()

    @work(group="run", exclusive=False)
    async def action_send(self) -> None:
        """Send what is in the box, and show what comes."""
        box = self.query_one(PromptBox)
        if not box.text.strip():
            return
        if self.busy:
            self.notify("a run is under way; Esc cancels it", severity="warning")
            return
        self._starting = True
        try:
            question = replace(self._question, words=box.text, past=self._past)
            prepared = await self.off_loop(lambda: ready(self.runtime, question))
            if prepared is None or not await self._agreed(prepared):
                return
            for told in prepared.told:
                self.notify(cell(told), severity="warning", markup=False)
            self._run = Undertaking(self.runtime, prepared.action)
            self.ultra.begun(self._run)
        finally:
            self._starting = False
        box.clear()
        try:
            await self._follow(self._run, prepared, question)
        except NoMatches:  # a closing app takes its screens apart from the inside
            if self.app.is_running:
                raise

    async def _agreed(self, prepared: Ready) -> bool:
        """Whether the user wants what it is going to cost; asked above `confirm_usd`."""
        if prepared.costly_nano is None:
            return True
        selection = prepared.action.selection
        models = len(selection.members)
        what = f"{models} model{'s' if models > 1 else ''} (`{selection.strategy}`)"
        question = f"about {usd(prepared.costly_nano)} for {what}; go on?"
        return await self.app.push_screen_wait(Confirm(question))

    async def _follow(self, run: Undertaking, prepared: Ready, question: Question) -> None:
        """Draw the run to its end, at most `FPS` times a second."""
        self._last = None
        talk = Talk(self.query_one(Columns), self.runtime.clock, question.words)
        await talk.begin(goes_on=self._past is not None and self._talk is not None)
        self._talk = talk
        self.refresh_bindings()
        while True:
            over = run.done.done()
            await talk.draw(run.take())
            self._receipt(talk)
            if over:
                break
            await asyncio.sleep(1 / FPS)
        self._run = None
        await self._ended(run, talk, prepared, question)

    async def _ended(
        self, run: Undertaking, talk: Talk, prepared: Ready, question: Question
    ) -> None:
        """Show what it came to; what was typed comes back when nothing did."""
        past: Past | None = None
        result: RunResult | None = None
        try:
            result = run.done.result()
        except UltraError as error:
            self.complain(error)
        except Interrupted:
            self.notify("cancelled before anything was sent")
        else:
            self._last = result
            past = went_on(prepared.action, result)
            await talk.end(result)
            self._found(talk.findings(result))
        if past is not None:
            self._past = past
            self._question = replace(self._question, before=(), attachments=())
        else:
            self._give_back(question.words)
        self._receipt(talk)
        self._tell_whom()
        self.refresh_bindings()
        if result is not None and result.interrupted is None:
            await asyncio.wrap_future(alerting(self.runtime))

    def _give_back(self, words: str) -> None:
        """Put the prompt back, unless the next one has been begun."""
        box = self.query_one(PromptBox)
        if not box.text.strip():
            box.text = words
            box.move_cursor(box.document.end)

    def _ask_whom(self, names: Sequence[str]) -> None:
        self._question = replace(self._question, names=tuple(names))
        self._forget_branches()
        self._tell_whom()

    def _forget_branches(self) -> None:
        """Branches are of those who answered: asking others begins anew."""
        if isinstance(self._past, Branches):
            self._past = None

    def _found(self, text: str) -> None:
        below = self.query_one("#found", Static)
        below.display = bool(text)
        below.update(Content(text))

    def _receipt(self, talk: Talk) -> None:
        below = self.query_one("#receipt", Static)
        below.display = True
        below.update(Content(talk.line(self.size.width - 2)))

    def _tell_whom(self) -> None:
        """Say who is asked, how, and what it goes on from."""
        question, profile, past = self._question, self.ultra.profile, self._past
        if profile is None:
            return
        compares = question.strategy == ALL or isinstance(past, Branches)
        usual = profile.defaults.compare if compares else (profile.defaults.ask,)
        names = past.names if isinstance(past, Branches) else question.names
        whom = ", ".join(cell(name, 40) for name in names or usual if name) or "nobody yet"
        parts = [Content.assemble(("to ", "dim"), (whom, "bold"))]
        how = ALL if compares else question.strategy
        if how:
            judged = f", judged by {', '.join(question.judges)}" if question.judges else ""
            parts.append(Content.assemble(("how ", "dim"), cell(f"{how}{judged}", 60)))
        if past is not None:
            about = f"{past.last_run[:8]}: {one_line(past.about, 40)}"
            parts.append(Content.assemble(("goes on from ", "dim"), cell(about, 60)))
        elif question.before or question.attachments:
            parts.append(Content("with all that was sent with it then"))
        self.query_one("#whom", Static).update(Content("  ").join(parts))


def _compared(result: RunResult) -> bool:
    return result.document.verb == "compare" and any(one.ok for one in result.outcome.answers)


def _nobody(profile: Profile) -> bool:
    """Whether there is nobody whom the profile lets be asked."""
    return not (profile.models or profile.ensembles or profile.routes or profile.providers)


def _about(kind: str, model: str, members: Sequence[str]) -> str:
    return f"{kind}  {model or ', '.join(members)}"
