"""The attempts of a run along its time: when each began, what it waited for, how it ended."""

from datetime import datetime

from ultra.core.records import AttemptDocument, CallDocument, RunDocument
from ultra.output.compare import MEMBERS, ordered_calls
from ultra.output.figures import seconds, usd
from ultra.output.progress import call_name
from ultra.output.safe import cell
from ultra.output.width import cell_width, clip, pad

_NAME = 28
_LEAST = 10
"""Columns below which a bar says nothing."""

_GAP = "  "
_BAR, _REST = "━", "·"


def timeline(document: RunDocument, width: int) -> list[str]:
    """A line for every attempt with a bar where it stood in the run, errors below it.

    Lines are safe to show and at most `width` columns wide. A call without an attempt says why.
    """
    began = datetime.fromisoformat(document.started_at)
    whole = max(
        [document.duration_s or 0.0, *(_end(began, a) for c in document.calls for a in c.attempts)]
    )
    names = [_name(call) for call in document.calls]
    room = min(max((cell_width(name) for name in names), default=0), _NAME)
    lines: list[str] = []
    for call in ordered_calls(document):
        name = pad(_name(call), room)
        if not call.attempts:
            lines.append(f"{name}{_GAP}{_why(call)}")
        for attempt in call.attempts:
            lines += _attempt(name, began, attempt, whole, width)
    return [clip(line, width) for line in lines]


def _attempt(
    name: str, began: datetime, attempt: AttemptDocument, whole: float, width: int
) -> list[str]:
    """On one line where there is room for a bar before the words, else on two."""
    told = _told(began, attempt)
    beside = width - cell_width(name) - len(_GAP) * 2 - cell_width(told)
    bar = _bar(began, attempt, whole, beside if beside >= _LEAST else width - cell_width(name) - 2)
    below = " " * cell_width(name) + _GAP
    lines = [f"{name}{_GAP}{bar}", f"{below}{told}"]
    if beside >= _LEAST:
        lines = [_GAP.join((name, bar, told))]
    if attempt.error is not None:
        kind = attempt.error.error_class.value
        lines.append(f"{below}{kind}: {cell(attempt.error.message)}")
    return lines


def _name(call: CallDocument) -> str:
    name = call_name(call.name, call.sample)
    return name if call.role in MEMBERS else f"{call.role} {name}"


def _why(call: CallDocument) -> str:
    if call.error is not None:
        return f"not tried: {cell(call.error.message)}"
    return "made of other calls" if call.provider == "ensemble" else f"not tried ({call.status})"


def _told(began: datetime, attempt: AttemptDocument) -> str:
    """When it began, how long it took, what came of it and what it cost."""
    tried = attempt.kind if attempt.kind != "primary" else f"try {attempt.number}"
    facts = [f"+{seconds(_start(began, attempt))}", tried, seconds(attempt.duration_s)]
    if attempt.wait_s >= 0.01:
        facts.append(f"after a wait of {seconds(attempt.wait_s)}")
    if attempt.ttft_s is not None:
        facts.append(f"first word {seconds(attempt.ttft_s)}")
    facts += [attempt.status, usd(attempt.cost_nano)]
    return " · ".join(facts)


def _bar(began: datetime, attempt: AttemptDocument, whole: float, room: int) -> str:
    """Where the attempt stood in the whole run; empty where there is no room to tell."""
    room = min(room, 60)
    if room < _LEAST or whole <= 0.0:
        return ""
    first = min(int(_start(began, attempt) / whole * room), room - 1)
    last = min(max(round(_end(began, attempt) / whole * room), first + 1), room)
    return _REST * first + _BAR * (last - first) + _REST * (room - last)


def _start(began: datetime, attempt: AttemptDocument) -> float:
    return max((datetime.fromisoformat(attempt.started_at) - began).total_seconds(), 0.0)


def _end(began: datetime, attempt: AttemptDocument) -> float:
    return _start(began, attempt) + (attempt.duration_s or 0.0)
