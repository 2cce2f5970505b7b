"""Alerts on a screen: what each looks at, what it measures now, whether it was told."""

from collections.abc import Sequence
from typing import Any

from ultra.core.alerts import Reading, Rule, State, Watched
from ultra.output.moments import ago, iso
from ultra.output.streams import Streams
from ultra.output.tables import Column, table

_COLUMNS = (
    Column("alert"),
    Column("when", shrink=True, spare=1),
    Column("now"),
    Column("state"),
    Column("told by", spare=2),
)

_NOT_TOLD = "not told yet"


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
            "readings": [_reading(reading, _crossed(one, reading)) for reading in one.readings],
        }
        for one in watched
    ]


def _lines(one: Watched, now: float) -> list[tuple[str, str]]:
    here = {found.subject for found in one.readings}
    lines = [(found.words, _told(found, _crossed(one, found), now)) for found in one.readings]
    gone = (state for state in one.states if state.crossed and state.subject not in here)
    lines += [(state.words, _NOT_TOLD) for state in gone if state.told_at is None]
    return lines or [("-", "armed")]


def _told(found: Reading, state: State | None, now: float) -> str:
    if state is not None and state.told_at is not None:
        return f"told {ago(state.told_at, now)}"
    return "armed" if state is None and found.position != "over" else _NOT_TOLD


def _crossed(one: Watched, found: Reading) -> State | None:
    """The crossing that stands: of its own window, or of one before that is still to be told."""
    return next(
        (
            state
            for state in one.states
            if state.subject == found.subject
            and state.crossed
            and (state.window == found.window or state.told_at is None)
        ),
        None,
    )


def _reading(reading: Reading, crossed: State | None) -> dict[str, Any]:
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
