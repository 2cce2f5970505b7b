"""One line at the end of a run: who took part, how long it took, what it cost."""

from collections.abc import Callable

from ultra.core.answer import Answer
from ultra.core.events import (
    CallCancelled,
    CallFailed,
    CallFinished,
    CallStarted,
    Concluded,
    Event,
    RunFinished,
    RunStarted,
)
from ultra.core.model import ENSEMBLE
from ultra.core.usage import Usage
from ultra.output.figures import lower_bound, savings, seconds
from ultra.output.progress import call_name
from ultra.output.safe import cell
from ultra.output.screen import Screen
from ultra.output.width import cell_width, clip

_DOT = " · "
_KEPT = ("simulated", "cost", "run")
"""What a narrow terminal keeps longest, most important first."""


class Receipt:
    """Gathers what the line says."""

    def __init__(self) -> None:
        self._run = ""
        self._members: list[str] = []
        self._usage = Usage()
        self._unsaid = 0
        self._calls = 0
        self._saved: list[int | None] = []
        self._guessed = False
        self._simulated = False
        self._reasons: tuple[str, ...] = ()
        self._end: RunFinished | None = None

    def take(self, event: Event) -> None:
        """Take in one event."""
        self._run = event.run
        match event.body:
            case RunStarted(simulated=simulated):
                self._simulated |= simulated
            case CallStarted() as call:
                self._simulated |= call.simulated
                if call.role in ("answer", "member") and not call.parent:
                    self._members.append(call_name(call.name, call.sample))
            case (
                CallFinished(answer=answer)
                | CallFailed(answer=answer)
                | CallCancelled(answer=answer)
            ):
                self._note(answer)
            case Concluded() as conclusion:
                self._reasons = conclusion.reasons if conclusion.degraded else ()
            case RunFinished() as end:
                self._end = end
            case _:
                return

    def _note(self, answer: Answer) -> None:
        if answer.provider == ENSEMBLE:  # what it used up is told of the calls made for it
            return
        self._calls += 1
        if answer.cached:  # its tokens were used up long ago
            self._saved.append(answer.saved_nano)
            return
        self._count(answer.usage, tried=answer.attempts > 0)
        self._guessed |= answer.usage_source in ("estimated", "partial")

    def _count(self, usage: Usage | None, *, tried: bool) -> None:
        if usage is None:
            self._unsaid += tried
        else:
            self._usage = self._usage + usage

    def line(self, width: int | None = None) -> str:
        """The line, in at most so many columns; None for as long as it is."""
        parts = {name: text for name, text in self._parts() if text}
        order = [name for name in parts if name not in _KEPT]
        while width is not None and order and cell_width(_DOT.join(parts.values())) > width:
            del parts[order.pop()]
        whole = _DOT.join(parts.values())
        if width is not None and cell_width(whole) > width:
            short = [parts[name] for name in _KEPT if name in parts]
            whole = _DOT.join(short).replace("run ", "")
        degraded = self._degraded()
        whole = f"{whole}{_DOT}{degraded}" if degraded else whole
        return whole if width is None else clip(whole, width)

    def _parts(self) -> list[tuple[str, str]]:
        end = self._end
        return [
            ("members", self._who()),
            ("duration", seconds(end.duration_s) if end else ""),
            ("cost", self._cost()),
            ("cached", savings(self._saved, self._calls)),
            ("tokens", self._tokens()),
            ("run", f"run {self._run[:8]}" if self._run else ""),
            ("simulated", "simulated" if self._simulated else ""),
        ]

    def _who(self) -> str:
        if len(self._members) == 1:
            return self._members[0]
        return f"{len(self._members)} members" if self._members else ""

    def _cost(self) -> str:
        if self._end is None:
            return ""
        cost = lower_bound(self._end.cost_nano, self._end.known_nano)
        return "cost unknown" if cost == "unknown" else cost

    def _tokens(self) -> str:
        went, came = self._usage.input_tokens, self._usage.output_tokens
        if went is None and came is None:
            return "tokens unknown" if self._unsaid else ""
        sign = "≥" if self._unsaid else "~" if self._guessed else ""
        return f"{_known(went, sign)} tokens in, {_known(came, sign)} out"

    def _degraded(self) -> str:
        if not self._reasons and not (self._end and self._end.degraded):
            return ""
        reasons = "; ".join(cell(reason) for reason in self._reasons)
        return f"degraded: {reasons}" if reasons else "degraded"


class ReceiptSink:
    """Tells the receipt when the run has finished; `tell` takes one line, without a line feed."""

    def __init__(self, tell: Callable[[str], None], *, width: Callable[[], int] | None) -> None:
        self._receipt = Receipt()
        self._tell = tell
        self._width = width

    @classmethod
    def on(cls, screen: Screen, tell: Callable[[str], None]) -> "ReceiptSink":
        """Told for a terminal, dimmed, on one line of its width."""
        return cls(lambda line: tell(screen.style(line, "dim")), width=lambda: screen.width)

    def on_event(self, event: Event) -> None:
        """Take one event."""
        self._receipt.take(event)
        if isinstance(event.body, RunFinished):
            self._tell(self._receipt.line(self._width() if self._width else None))

    async def drained(self, call_id: str) -> None:
        """One line holds nobody up."""

    def close(self) -> None:
        """Nothing is held back."""


def _known(tokens: int | None, sign: str) -> str:
    return "unknown" if tokens is None else f"{sign}{tokens:,}"
