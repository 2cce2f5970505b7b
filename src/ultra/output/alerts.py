"""Alerts on a screen: what each looks at, what it measures now, whether it was told."""

from collections.abc import Sequence
from typing import Any

from ultra.core.alerts import Reading, Rule, State, Watched
from ultra.output.moments import ago, iso
from ultra.output.streams import Streams
from ultra.output.tables import Column, table

_COLUMNS = (
    Column("alert"),
    Column("when", shrink=True),
    Column("now", shrink=True),
    Column("state"),
    Column("told by", spare=1),
)


def render_alerts(watched: Sequence[Watched], now: float, *, streams: Streams) -> str:
    """A line for each alert, and one for each budget or provider that one looks at."""
    rows = [
        [one.rule.name, one.rule.words, words, state, _means(one.rule)]
        for one in watched
        for words, state in _lines(one, now)
    ]
    return table(_COLUMNS, rows, streams=streams)


def alerts_document(watched: Sequence[Watched]) -> list[dict[str, Any]]:
    """The same as plain data, without the URL of a webhook."""
    return [
        {
            "alert": one.rule.name,
            "measure": one.rule.measure,
            "rule": one.rule.words,
            "told_by": _means(one.rule),
            "readings": [
                _reading(reading, _state(one, reading.subject)) for reading in one.readings
            ],
        }
        for one in watched
    ]


def _lines(one: Watched, now: float) -> list[tuple[str, str]]:
    if not one.readings:
        return [("-", "armed")]
    return [(reading.words, _told(_state(one, reading.subject), now)) for reading in one.readings]


def _told(state: State | None, now: float) -> str:
    if state is None or not state.crossed:
        return "armed"
    return "crossed, not told yet" if state.told_at is None else f"told {ago(state.told_at, now)}"


def _state(one: Watched, subject: str) -> State | None:
    return next((state for state in one.states if state.subject == subject), None)


def _reading(reading: Reading, state: State | None) -> dict[str, Any]:
    crossed = state if state is not None and state.crossed else None
    return {
        "subject": reading.subject,
        "value": reading.value,
        "position": reading.position,
        "text": reading.words,
        "window": reading.window or None,
        "crossed_at": None if crossed is None else iso(crossed.since),
        "told_at": None if crossed is None or crossed.told_at is None else iso(crossed.told_at),
    }


def _means(rule: Rule) -> str:
    return f"command {rule.command[0].rsplit('/', 1)[-1]}" if rule.command else "webhook"
