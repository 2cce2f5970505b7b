"""What is under way, as lines of an exact width, for a screen that draws itself."""

from typing import Literal

from msgspec import Struct

from ultra.core.errors import ACTIONS
from ultra.core.live import ABANDONED, Live, LiveCall, LiveRun
from ultra.output.figures import count, seconds, usd
from ultra.output.safe import cell
from ultra.output.width import clip, pad

Tone = Literal["run", "call", "bad", "faded"]
"""How a line stands out: a run, a call under way, one that failed, one that ended a while ago."""

FADES_S = 10.0
"""How long what ended stands out like what is under way."""

MAY_RETRY_S = 60.0
"""How long a call that failed is taken for one that may be tried again."""

PER_TOKEN = 4
"""Characters that a token is taken for while nobody has counted: what English comes to."""

NARROW = 70
"""Below so many columns, tokens and tries have no place."""


class Row(Struct, frozen=True):
    """One line of the list: a run, or a call of it."""

    run: LiveRun
    call: LiveCall | None = None

    @property
    def key(self) -> str:
        """What it is told apart by from one moment to the next."""
        return self.run.run_id if self.call is None else self.call.call_id

    @property
    def running(self) -> bool:
        """Whether its process is at work on it."""
        return self.run.running and (self.call is None or self.call.running)


def rows(live: Live, *, ended: bool = True) -> list[Row]:
    """Runs with their calls: those under way as they began, then what ended, the latest first."""
    calls: dict[str, list[LiveCall]] = {}
    for call in live.calls.values():
        calls.setdefault(call.run_id, []).append(call)
    running = [run for run in live.runs.values() if run.running]
    over = [run for run in live.runs.values() if not run.running] if ended else []
    over.sort(key=lambda run: -(run.ended_at or run.started_at))
    found: list[Row] = []
    for run in (*running, *over):
        found.append(Row(run))
        mine = calls.get(run.run_id, [])
        found += [Row(run, call) for call in mine if call.running]
        found += [Row(run, call) for call in mine if ended and not call.running]
    return found


def tone(row: Row, now: float) -> Tone:
    """How the line of a row stands out at a moment, in UTC seconds since the epoch."""
    ended_at = row.run.ended_at if row.call is None else row.call.last.ended_at
    if not row.running and now - (ended_at or now) >= FADES_S:
        return "faded"
    if row.call is None:
        return "run"
    return "bad" if state(row.run, row.call, now) in _BAD else "call"


_BAD = frozenset({"error", "partial", "cancelled", "gone", "may retry"})


def state(run: LiveRun, call: LiveCall, now: float) -> str:
    """What a call is at, in a word or two."""
    last = call.last
    if call.running:
        if run.status == ABANDONED:
            return "gone"
        return "streaming" if call.characters else "sent"
    if last.kind == "cache":
        return "cached"
    action = ACTIONS.get(last.error_class or "") if last.status == "error" else None  # type: ignore[call-overload]
    if action and action.retries and run.running and now - (last.ended_at or now) < MAY_RETRY_S:
        return "may retry"
    return last.status


def heading(width: int) -> str:
    """What the columns of `line` are."""
    return _columns("run, and its calls", ("time", "tokens", "tries", "cost"), width)


def line(row: Row, now: float, width: int) -> str:
    """A row in exactly so many columns, safe to show."""
    return _run_line(row.run, now, width) if row.call is None else _call_line(row, now, width)


def owner(run: LiveRun) -> str:
    """Whose run it is."""
    return "here" if run.mine else f"pid {run.pid} on {cell(run.host, 40)}"


def tokens(call: LiveCall) -> str:
    """What came out so far, guessed from the text until it is counted; empty for nothing."""
    if call.running:
        guess = -(-call.characters // PER_TOKEN)
        return f"~{guess:,}" if guess else ""
    return count(call.last.usage.output_tokens, missing="")


def cost(call: LiveCall) -> str:
    """What the call cost; while it runs, the most it may come to."""
    if call.simulated:
        return "simulated"
    known = sum(one.cost_nano or 0 for one in call.attempts)
    if call.running:
        most = call.last.charged_nano
        return "unknown" if most is None else f"≤ {usd(known + most)}"
    unpriced = any(one.cost_nano is None for one in call.attempts)
    if not unpriced:
        return usd(known)
    return f"≥ {usd(known)}" if known else "unknown"


def summary(live: Live) -> str:
    """What is under way in one line, or why nothing can be said of it."""
    if live.state != "open" and not live.runs:
        return _TROUBLE.get(live.state) or cell(live.words)
    runs = [run for run in live.runs.values() if run.running]
    going = {run.run_id for run in runs}
    calls = [call for call in live.calls.values() if call.running and call.run_id in going]
    if not runs:
        return _with_trouble("nothing is under way", live)
    processes = len({(run.host, run.pid) for run in runs})
    told = (
        f"{_several(len(calls), 'call')} under way in {_several(len(runs), 'run')}"
        f" of {_several(processes, 'process', 'processes')}"
    )
    most = [call.last.charged_nano for call in calls if not call.simulated]
    if most:
        known = [nano for nano in most if nano is not None]
        told += f", at most {usd(sum(known))}" if len(known) == len(most) else ", cost unknown"
    return _with_trouble(told, live)


_TROUBLE = {
    "absent": "nothing is logged yet: what any ultra here asks is shown as it comes",
    "older": "the log is of an older ultra: the next run brings it up to date",
}


def _with_trouble(told: str, live: Live) -> str:
    trouble = "" if live.state == "open" else _TROUBLE.get(live.state) or cell(live.words)
    return f"{told} - {trouble}" if trouble else told


def facts(row: Row, now: float) -> list[str]:
    """What is known of a row, for reading: a line each, as long as it is."""
    return _run_facts(row.run, now) if row.call is None else _call_facts(row.run, row.call, now)


def _run_line(run: LiveRun, now: float, width: int) -> str:
    marks = [run.run_id[:6], run.verb]
    if run.strategy != "single":
        marks.append(run.strategy)
    if not run.running:
        marks.append("gone" if run.status == ABANDONED else run.status)
    if run.mine:
        marks.append(owner(run))
    # What was asked tells runs apart at a glance; whose they are may be cut off at the end.
    told = [" ".join(cell(mark, 20) for mark in marks), cell(run.prompt or "")]
    left = " - ".join(one for one in (*told, "" if run.mine else owner(run)) if one)
    spent = "simulated" if run.simulated else usd(run.known_nano)
    if run.unpriced and not run.simulated:
        spent = f"≥ {usd(run.known_nano)}" if run.known_nano else "unknown"
    elif run.running and not run.known_nano:
        spent = ""
    return _columns(left, (_elapsed(run.started_at, run.ended_at, now), "", "", spent), width)


def _call_line(row: Row, now: float, width: int) -> str:
    call = row.call
    assert call is not None  # noqa: S101  the line of a call
    name = f"{call.provider}:{call.model}"
    if call.name != name:
        name = f"{call.name} ({name})"
    left = f"  {state(row.run, call, now):<9} {cell(name, 60)} {call.role}"
    if call.last.error_class and not call.running:
        left += f" - {call.last.error_class}"
    time = _elapsed(call.started_at, call.last.ended_at, now)
    return _columns(left, (time, tokens(call), str(call.tries or ""), cost(call)), width)


def _columns(left: str, right: tuple[str, str, str, str], width: int) -> str:
    time, out, tries, spent = right
    told = pad(time, 7, right=True)
    if width >= NARROW:
        told += pad(out, 9, right=True) + pad(tries, 6, right=True)
    told += pad(f" {spent}", 13, right=True)
    room = width - len(told) - 1
    return f"{pad(left, room)} {told}" if room > 0 else clip(left, width)


def _elapsed(began: float, ended: float | None, now: float) -> str:
    if ended is not None:
        return seconds(max(0.0, ended - began))
    taken = max(0.0, now - began)
    return f"{taken:.0f} s" if taken < 100 else f"{taken / 60:,.0f} min"


def _run_facts(run: LiveRun, now: float) -> list[str]:
    status = "under way" if run.running else run.status
    if run.status == ABANDONED:
        status = "its process is gone"
    place = ", ".join(cell(one, 40) for one in (run.profile, run.environment) if one)
    calls = f"{_several(run.calls, 'call')}, {_several(run.failed, 'failure')}"
    time = _elapsed(run.started_at, run.ended_at, now)
    return [
        f"run {run.run_id} - {run.verb} {run.strategy} - {status}",
        " - ".join(one for one in (owner(run), place, "simulated" * run.simulated) if one),
        ", ".join((calls, time, *(["a verdict"] * run.verdict))),
    ]


def _call_facts(run: LiveRun, call: LiveCall, now: float) -> list[str]:
    name = f"{cell(call.provider)}:{cell(call.model)}"
    ensemble = f" - for {cell(call.parent)}" if call.parent else ""
    lines = [
        f"{name} - {call.role}{ensemble} - {state(run, call, now)}",
        f"call {call.call_id} - {owner(run)} - {cost(call)}",
    ]
    for one in call.attempts:
        if one.kind == "cache":
            lines.append("an earlier answer served")
            continue
        told = f"{one.number}. {one.status} {_elapsed(one.started_at, one.ended_at, now)}"
        if one.kind != "primary":
            told += f" {one.kind}"
        if one.wait_s >= 0.05:
            told += f", waited {seconds(one.wait_s)}"
        if one.ttft_s is not None:
            told += f", first token {seconds(one.ttft_s)}"
        if one.error_class:
            told += f", {one.error_class}"
            told += f": {cell(one.error_message)}" if one.error_message else ""
        lines.append(told)
    return lines


def _several(number: int, word: str, words: str = "") -> str:
    return f"{number:,} {word if number == 1 else words or word + 's'}"
