"""One run drawn into columns: the sink of a screen, fed with what happened since the last draw."""

from collections.abc import Sequence

from ultra.core.errors import Failure
from ultra.core.events import (
    CallCancelled,
    CallFailed,
    CallFinished,
    CallStarted,
    Concluded,
    Event,
    StageStarted,
)
from ultra.core.ports import Clock
from ultra.core.stream import ReasoningDelta, TextDelta
from ultra.output.documents import finding_text
from ultra.output.figures import lower_bound, seconds, usd
from ultra.output.findings import findings
from ultra.output.panels import state_words
from ultra.output.progress import Progress, Row, call_name
from ultra.output.receipt import Receipt
from ultra.output.safe import cell
from ultra.runtime.action import RunResult
from ultra.runtime.conversations import Branches, Conversation
from ultra.tui.widgets.columns import Column, Columns, Turn

SHOWN = frozenset({"answer", "member", "writer"})
"""Roles whose words are for the reader; what others say is told by the verdict."""


class Talk:
    """The columns of one run. Every event is taken in; a draw shows what they come to."""

    def __init__(self, columns: Columns, clock: Clock, words: str) -> None:
        self._columns = columns
        self._progress = Progress(clock)
        self._receipt = Receipt()
        self._words = words
        self._of_call: dict[str, Column] = {}
        self._spare: list[Column] = []
        self._stage = ""
        self._over = False

    async def begin(self, *, goes_on: bool) -> None:
        """Make room: columns of an earlier turn go on where their models do."""
        self._spare = list(self._columns.all) if goes_on else []
        if not goes_on:
            await self._columns.clear()

    async def recall(self, past: Conversation | Branches) -> None:
        """Show what was said before: of branches each model's own turns."""
        await self._columns.clear()
        every = past.messages if isinstance(past, Branches) else (past.messages,)
        names = past.names if isinstance(past, Branches) else (past.names or ("answer",))[:1]
        for name, messages in zip(names, every, strict=True):
            said = [message for message in messages if message.role in ("user", "assistant")]
            asked = [one.text for one in said if one.role == "user"]
            answers = [one.text for one in said if one.role == "assistant"]
            turns = [Turn(*both) for both in zip(asked, answers, strict=False)]
            last = answers[-1] if answers else ""
            await self._columns.add(Column(call_name(name, 0), *turns, text=last))

    async def draw(self, events: Sequence[Event]) -> None:
        """Take in what happened, and draw it once."""
        for event in events:
            self._receipt.take(event)
            row = self._progress.take(event)
            await self._take(event, row)
        now_s = self._progress.now_s
        for call, column in self._of_call.items():
            if not self._over:
                column.head(_head(self._progress.rows[call], now_s))
            await column.draw()

    async def _take(self, event: Event, row: Row | None) -> None:
        column = self._of_call.get(event.call)
        match event.body:
            case CallStarted() as call if row and call.role in SHOWN and not call.parent:
                await self._open(event.call, row)
            case StageStarted(stage=stage):
                self._stage = stage
            case TextDelta(text=text) if column:
                column.text += text
                column.turn.prose.add(text)
            case ReasoningDelta(text=text) if column:
                column.turn.think(text)
            case (
                CallFinished(answer=answer)
                | CallFailed(answer=answer)
                | CallCancelled(answer=answer)
            ) if column:
                await self._end(column, answer.text, answer.error, answer.status)
            case Concluded() as concluded:
                await self._conclude(concluded)
            case _:
                return

    async def _open(self, call: str, row: Row) -> None:
        """A column for a call: the one that its model had in the turn before, else a new one."""
        column = next((one for one in self._spare if one.title == row.name), None)
        if column is None:
            column = Column(row.name)
            await self._columns.add(column)
        else:
            self._spare.remove(column)
        await column.begin(self._words)
        self._of_call[call] = column
        if row.role == "writer":
            self._columns.look_at(self._columns.all.index(column))

    async def _end(self, column: Column, text: str, error: Failure | None, status: str) -> None:
        column.text = text or column.text
        await column.turn.prose.whole(column.text)
        if error is not None:
            hint = f"\n{cell(error.hint)}" if error.hint else ""
            kind = error.error_class.value.replace("_", " ")
            column.turn.note(f"{kind}: {cell(error.message)}{hint}")
        elif status != "ok":
            column.turn.note("cancelled; what came is kept" if column.text else "cancelled")

    async def _conclude(self, concluded: Concluded) -> None:
        """Show the answer of the run where no column has it yet, such as an ensemble's."""
        column = self._of_call.get(concluded.call_id)
        if column is None:
            column = Column("answer")
            await self._columns.add(column)
            await column.begin(self._words)
        if column.text != concluded.text:
            column.text = concluded.text
            await column.turn.prose.whole(concluded.text)
        if len(self._columns.all) > 1:
            self._columns.look_at(self._columns.all.index(column))

    async def end(self, result: RunResult) -> None:
        """Say of every answer how it ended and what it cost."""
        self._over = True
        for answer in result.calls:
            column = self._of_call.get(answer.call_id)
            if column is not None:
                row = self._progress.rows[answer.call_id]
                facts = [row.name, row.state, seconds(answer.duration_s), usd(answer.cost_nano)]
                if row.tokens:
                    facts.append(f"{row.tokens} tok")
                if answer.cached:
                    facts.append("cached")
                column.head(" · ".join([*facts, *_simulated(row)]))

    def findings(self, result: RunResult) -> str:
        """What judges and comparison found, in words."""
        return "\n".join(finding_text(one) for one in findings(result.document)).rstrip()

    def line(self, width: int) -> str:
        """How it stands with the run, and at its end the receipt, in at most so many columns."""
        if self._over:
            return self._receipt.line(width)
        rows = self._progress.ordered()
        ended = sum(not row.running for row in rows)
        known = sum(row.answer.cost_nano or 0 for row in rows if row.answer)
        facts = [f"{ended} of {len(rows)} done", seconds(self._progress.now_s)]
        if self._stage:
            facts.insert(0, self._stage)
        if known:
            facts.append(lower_bound(None, known))
        return cell(" · ".join([*facts, "Esc cancels"]), width)


def _head(row: Row, now_s: float) -> str:
    facts = [row.name, state_words(row, now_s), seconds(row.elapsed_s(now_s))]
    if row.tokens:
        facts.append(f"{row.tokens} tok")
    return " · ".join([*facts, *_simulated(row)])


def _simulated(row: Row) -> list[str]:
    return ["simulated"] if row.simulated else []
