"""All answers of a comparison while they come, side by side where there is room, then in full."""

from ultra.core.answer import Answer
from ultra.core.events import CallStarted, Event, RunFinished
from ultra.core.ports import Clock
from ultra.core.stream import TextDelta
from ultra.output.blocks import markdown
from ultra.output.figures import price, seconds
from ultra.output.panels import state_words
from ultra.output.progress import Progress, Row
from ultra.output.safe import VisibleStream, visible
from ultra.output.screen import Screen
from ultra.output.ticker import Ticker
from ultra.output.width import clip, pad, wrap_tail

LEAST = 30
"""Columns that an answer needs to be read beside another."""

_SLOT = "columns"
_BAR = " │ "
_KEPT = 20_000
"""Characters of a growing answer that are kept for drawing: more than a screen holds."""


class _Pane:
    """One answer as it grows: the end of its text, safe to show."""

    def __init__(self) -> None:
        self.text = ""
        self._visible = VisibleStream()

    def add(self, piece: str) -> None:
        self.text = (self.text + self._visible.feed(piece))[-_KEPT:]


class ColumnsSink:
    """Draws every member's answer live, and at the end prints all in the order asked for."""

    def __init__(self, screen: Screen, *, clock: Clock) -> None:
        self._screen = screen
        self._progress = Progress(clock)
        self._panes: dict[str, _Pane] = {}
        self._ticker = Ticker(self._draw)
        self._over = False

    def on_event(self, event: Event) -> None:
        """Take one event."""
        if self._over:
            return
        row = self._progress.take(event)
        body = event.body
        if isinstance(body, CallStarted):
            self._panes[event.call] = _Pane()
            self._ticker.start()
        elif isinstance(body, TextDelta) and row is not None:
            self._panes[event.call].add(body.text)
        if isinstance(body, RunFinished):
            self.close()

    async def drained(self, call_id: str) -> None:
        """A screen skips frames and holds nobody up."""

    def close(self) -> None:
        """Print all answers as they stand, once."""
        if self._over:
            return
        self._over = True
        self._ticker.stop()
        lines = [line for row in self._members() for line in self._whole(row)]
        self._screen.drop(_SLOT, above=lines)

    def _members(self) -> list[Row]:
        return [
            row
            for row in self._progress.ordered()
            if row.role in ("answer", "member") and not row.parent
        ]

    def _draw(self) -> None:
        rows = self._members()
        judging = self._judging()
        width, height = self._screen.width - 1, self._screen.height - 2 - len(judging)
        room = (width - len(_BAR) * (len(rows) - 1)) // max(len(rows), 1)
        if room >= LEAST:
            lines = self._beside(rows, room, height)
        else:
            lines = self._below(rows, width, height)
        self._screen.show(_SLOT, [*lines, *(clip(line, width) for line in judging)])

    def _judging(self) -> list[str]:
        """How far the judges are; no line where nobody judges yet."""
        rows = [row for row in self._progress.ordered() if row.role == "judge" and not row.parent]
        if not rows:
            return []
        now_s, ended = self._progress.now_s, sum(not row.running for row in rows)
        longest = seconds(max(row.elapsed_s(now_s) for row in rows))
        return [f"judging · {ended} of {len(rows)} done · {longest}"]

    def _beside(self, rows: list[Row], width: int, height: int) -> list[str]:
        panes = [wrap_tail(self._text(row), width, height - 1) for row in rows]
        tall = max((len(pane) for pane in panes), default=0)
        heads = (self._head(row, width) for row in rows)
        lines = [_BAR.join(heads)]
        for number in range(tall):
            cells = (pad(pane[number] if number < len(pane) else "", width) for pane in panes)
            lines.append(_BAR.join(cells).rstrip())
        return lines

    def _below(self, rows: list[Row], width: int, height: int) -> list[str]:
        each = max(height // max(len(rows), 1), 1)
        lines: list[str] = []
        for row in rows:
            lines.append(self._head(row, width).rstrip())
            lines.extend(wrap_tail(self._text(row), width, each - 1))
        return lines[:height]

    def _text(self, row: Row) -> str:
        return self._panes[row.call].text.rstrip() or row.note

    def _head(self, row: Row, width: int) -> str:
        now_s = self._progress.now_s
        facts = [row.name, state_words(row, now_s), seconds(row.elapsed_s(now_s))]
        if row.tokens:
            facts.append(f"{row.tokens} tok")
        if row.simulated:
            facts.insert(1, "simulated")
        return self._screen.style(pad(" · ".join(facts), width), "bold")

    def _whole(self, row: Row) -> list[str]:
        """A member's answer in full under its name; why there is none, when there is none."""
        width = self._screen.width - 1
        text = row.answer.text if row.answer is not None else self._panes[row.call].text
        body = self._screen.render(markdown(text), width) if text.strip() else []
        lines = [self._screen.style(clip(self._title(row), width), "bold"), "", *body]
        if row.note or not body:
            note = row.note or (_wordless(row.answer) if row.answer is not None else "stopped")
            lines.append(self._screen.style(clip(f"{row.state}: {note}", width), "red"))
        return [*lines, ""]

    def _title(self, row: Row) -> str:
        facts = [row.name, *(_facts(row.answer) if row.answer is not None else ("cut short",))]
        if row.simulated:
            facts.append("simulated")
        facts = list(dict.fromkeys(facts))  # a model may go by its own name
        return f"── {' · '.join(facts)} ──"


def _facts(answer: Answer) -> list[str]:
    facts = [visible(f"{answer.provider}:{answer.model}"), seconds(answer.duration_s)]
    facts.append(price(answer.cost_nano))
    if answer.cached:
        facts.append("cached")
    if answer.status != "ok":
        facts.append(answer.status)
    return facts


def _wordless(answer: Answer) -> str:
    """What an answer without words is, in a few of ours."""
    asked = ", ".join(call.name for call in answer.tool_calls)
    return f"asks for {asked}; `--json` shows the calls" if asked else "no words"
