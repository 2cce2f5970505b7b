"""A line for every call of a run, drawn on stderr and gone once the answer comes."""

from msgspec import Struct

from ultra.core.events import CallStarted, Concluded, Event, RunFinished
from ultra.core.ports import Clock
from ultra.output.figures import seconds, usd
from ultra.output.progress import Progress, Row, State
from ultra.output.screen import Screen
from ultra.output.tap import AnswerTap
from ultra.output.ticker import Ticker
from ultra.output.width import cell_width, clip, pad

_SLOT = "panels"
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_MARKS: dict[State, str] = {"done": "✓", "partial": "!", "failed": "✗", "cancelled": "-"}
_STYLES: dict[State, tuple[str, ...]] = {
    "done": ("green",),
    "partial": ("yellow",),
    "failed": ("red",),
    "retrying": ("yellow",),
    "held": ("yellow",),
    "cancelled": ("dim",),
    "waiting": ("dim",),
}
_NAME_MOST, _NAME_LEAST = 28, 4
_STATE, _STATE_WIDE = 9, 14
_ELAPSED, _TOKENS, _COST, _TTFT = 8, 12, 11, 13


class PanelsSink:
    """Draws what every call is doing, until the first word of the answer or the end of the run."""

    def __init__(self, screen: Screen, *, clock: Clock) -> None:
        self._screen = screen
        self._progress = Progress(clock)
        self._tap = AnswerTap()
        self._ticker = Ticker(self._draw)
        self._frames = 0
        self._over = False

    def on_event(self, event: Event) -> None:
        """Take one event."""
        if self._over:
            return
        self._progress.take(event)
        if self._tap.take(event) or isinstance(event.body, Concluded | RunFinished):
            self.close()
        elif isinstance(event.body, CallStarted):
            self._ticker.start()

    async def drained(self, call_id: str) -> None:
        """A screen skips frames and holds nobody up."""

    def close(self) -> None:
        """Remove what was drawn, for good."""
        self._over = True
        self._ticker.stop()
        self._screen.drop(_SLOT)

    def _draw(self) -> None:
        self._frames += 1
        rows, now_s = self._progress.ordered(), self._progress.now_s
        width, most = self._screen.width - 1, max(self._screen.height - 2, 1)
        shown, hidden = (rows, []) if len(rows) <= most else (rows[: most - 1], rows[most - 1 :])
        layout = fit(width, max((cell_width(row.name) for row in rows), default=0))
        spin = _SPINNER[self._frames % len(_SPINNER)]
        lines = [self._line(row, layout, now_s, spin) for row in shown]
        if hidden:
            running = sum(row.running for row in hidden)
            text = f"… {len(hidden)} more, {running} running"
            lines.append(self._screen.style(clip(text, width), "dim"))
        self._screen.show(_SLOT, lines)

    def _line(self, row: Row, layout: "Layout", now_s: float, spin: str) -> str:
        mark = _MARKS.get(row.state, spin)
        cells = [pad(row.name, layout.name), pad(state_words(row, now_s), layout.state)]
        if layout.elapsed:
            cells.append(pad(seconds(row.elapsed_s(now_s)), _ELAPSED, right=True))
        if layout.tokens:
            cells.append(pad(f"{row.tokens} tok" if row.tokens else "", _TOKENS, right=True))
        if layout.cost:
            cells.append(pad(usd(row.answer.cost_nano) if row.answer else "", _COST, right=True))
        if layout.ttft:
            first = "" if row.first_s is None else f"ttft {seconds(row.first_s - row.started_s)}"
            cells.append(pad(first, _TTFT, right=True))
        if layout.note and row.state != "done":
            cells.append(clip(row.note, layout.note))
        body = " ".join(cells).rstrip()
        return self._screen.style(f"{mark} {body}", *_STYLES.get(row.state, ()))


class Layout(Struct, frozen=True):
    """Columns of a line; 0 and False leave a column out."""

    name: int
    state: int
    elapsed: bool
    tokens: bool
    cost: bool
    ttft: bool
    note: int


def fit(width: int, longest: int) -> Layout:
    """Which columns a terminal has room for: what matters least is left out first."""
    name = max(min(longest, _NAME_MOST), _NAME_LEAST)
    state = _STATE_WIDE if width >= 60 else _STATE
    name = min(name, max(width - 3 - state, _NAME_LEAST))
    room = width - (2 + name + 1 + state)
    has: list[bool] = []
    for column in (_ELAPSED, _TOKENS, _COST, _TTFT):
        fits = all(has) and room >= column + 1
        room -= column + 1 if fits else 0
        has.append(fits)
    return Layout(name, state, has[0], has[1], has[2], has[3], max(room - 1, 0))


def state_words(row: Row, now_s: float) -> str:
    """The state in words, with the seconds until the next try."""
    if row.state in ("retrying", "held") and row.retry_at_s is not None:
        word = "retry" if row.state == "retrying" else "wait"
        return f"{word} {max(row.retry_at_s - now_s, 0):.0f} s"
    return row.state
