"""How models fared in the user's own log: how often they answered, and how fast."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from msgspec import Struct

from ultra.core.errors import ACTIONS, ErrorClass
from ultra.core.estimates import Sample, median
from ultra.core.model import Target
from ultra.store.rows import without_credentials

LATEST = 100
"""Calls of a model that are looked at, newest first: how it fared last year says nothing."""

OWN = frozenset(
    {
        ErrorClass.CANCELLED,
        ErrorClass.DEADLINE,
        ErrorClass.BUDGET,
        ErrorClass.LOCAL_LIMIT,
        ErrorClass.BREAKER_OPEN,
        ErrorClass.CONFIG,
        ErrorClass.INTERNAL,
    }
)
"""Ends that are the user's or ultra's own doing and say nothing of the model."""

_ASKED = """NOT EXISTS (
    SELECT 1 FROM attempts s WHERE s.call_id = r.call_id AND s.kind IN ('cache', 'import'))"""
"""A call that was made here: what the cache served says nothing, and of other programs only answers
are known; neither takes the place of another."""

_SEEN = f"""
WITH RECURSIVE asked(id) AS (
  SELECT (SELECT rowid FROM calls ORDER BY provider, model LIMIT 1)
  UNION ALL
  SELECT coalesce(
    (SELECT n.rowid FROM calls n WHERE n.provider = c.provider AND n.model > c.model
     ORDER BY n.model LIMIT 1),
    (SELECT n.rowid FROM calls n WHERE n.provider > c.provider
     ORDER BY n.provider, n.model LIMIT 1))
  FROM asked JOIN calls c ON c.rowid = asked.id
)
SELECT c.provider, c.model, c.status, a.error_class, a.started_at - c.started_at + a.ttft_s,
  a.started_at - c.started_at + a.duration_s
FROM asked CROSS JOIN calls f ON f.rowid = asked.id
CROSS JOIN calls c ON c.rowid IN (
  SELECT r.rowid FROM calls r
  WHERE r.provider = f.provider AND r.model = f.model AND {_ASKED}
  ORDER BY r.started_at DESC LIMIT {LATEST})
CROSS JOIN attempts a ON a.call_id = c.call_id
  AND a.number = (SELECT max(number) FROM attempts t WHERE t.call_id = c.call_id)
ORDER BY c.provider, c.model
"""  # noqa: S608  (words and a number of our own)
"""From one model to the next through the index, so that a million calls cost as much as a few: one
comparison of provider and model together would seek the provider and walk along its calls."""


WINDOW_S = 7 * 86_400.0
WINDOW_CALLS = 200
"""How far back a route looks: so many days, and in them at most so many calls of a model."""

_TAGGED = """ AND EXISTS (
    SELECT 1 FROM run_tags g WHERE g.run_id = r.run_id AND g.name = ? AND g.value = ?)"""

_SAMPLES = f"""
SELECT w.column1, c.base_url, c.simulated, c.role, c.status, a.error_class,
  a.started_at - c.started_at, a.ttft_s, a.duration_s,
  ifnull(a.text_output_tokens, 0) + ifnull(a.reasoning_tokens, 0) + ifnull(a.audio_output_tokens, 0)
FROM (VALUES %s) AS w CROSS JOIN calls c ON c.rowid IN (
  SELECT r.rowid FROM calls r
  WHERE r.provider = w.column2 AND r.model = w.column3 AND r.started_at >= ? AND {_ASKED}{{tagged}}
  ORDER BY r.started_at DESC LIMIT {WINDOW_CALLS})
CROSS JOIN attempts a ON a.call_id = c.call_id
  AND a.number = (SELECT max(number) FROM attempts t WHERE t.call_id = c.call_id)
ORDER BY w.column1, c.started_at DESC
"""  # noqa: S608  (words and a number of our own)

_TURNS = """
SELECT w.column1, (SELECT r.started_at FROM calls r
  WHERE r.provider = w.column2 AND r.model = w.column3 ORDER BY r.started_at DESC LIMIT 1)
FROM (VALUES %s) AS w
"""

ANSWERING = ("answer", "member", "writer")
"""Calls whose answers are like those that a route is asked for: no analysis, judge or probe."""


class Experience(Struct, frozen=True):
    """How a model fared in its latest calls.

    `calls` ended for better or worse by the model's doing; `success` is the share (0..1) of them
    that were answered whole. Seconds are medians of those, from the beginning of the call, retries
    included; None when no answer was timed.
    """

    provider: str
    model: str
    calls: int
    success: float
    ttft_s: float | None
    duration_s: float | None


_Row = tuple[str, str, str, str | None, float | None, float | None]


def experience(connection: sqlite3.Connection) -> list[Experience]:
    """Every model of the log that ever ended a call of its own."""
    rows: Iterable[_Row] = connection.execute(_SEEN)
    found = (_of(list(calls)) for _, calls in groupby(rows, lambda row: row[:2]))
    return [one for one in found if one is not None]


def _of(calls: list[_Row]) -> Experience | None:
    answered = [call for call in calls if call[2] == "ok"]
    failed = sum(
        call[2] in ("error", "partial") and call[3] is not None and call[3] not in OWN
        for call in calls
    )
    count = len(answered) + failed
    if not count:
        return None
    provider, model, *_ = calls[0]
    firsts = [call[4] for call in answered if call[4] is not None]
    wholes = [call[5] for call in answered if call[5] is not None]
    return Experience(
        provider,
        model,
        count,
        len(answered) / count,
        median(firsts),
        median(wholes),
    )


def samples(
    connection: sqlite3.Connection,
    targets: Sequence[Target],
    now: float,
    tags: Mapping[str, str] | None = None,
) -> list[list[Sample]]:
    """The calls of each model that say something of it, newest first; of runs with all the tags.

    What a cache answered, what the user broke off and what another model would have failed at as
    well says nothing. Made-up answers count for simulated models alone.
    """
    found: list[list[Sample]] = [[] for _ in targets]
    wanted = tags or {}
    sql = _SAMPLES.format(tagged=_TAGGED * len(wanted))
    values = [word for pair in wanted.items() for word in pair]
    for place, *row in _of_each(connection, sql, targets, now - WINDOW_S, *values):
        one = _sample(targets[place], *row)
        if one is not None:
            found[place].append(one)
    return found


def last_asked(connection: sqlite3.Connection, targets: Sequence[Target]) -> list[float | None]:
    """When each model was asked last, in UTC seconds; None for one that never was."""
    return [at for _, at in _of_each(connection, _TURNS, targets)]


def _of_each(
    connection: sqlite3.Connection, sql: str, targets: Sequence[Target], *values: float | str
) -> Iterable[Any]:
    """The rows that a question about several models has, each with its model's place."""
    if not targets:
        return ()
    wanted = ", ".join("(?, ?, ?)" for _ in targets)
    named = [
        value
        for place, target in enumerate(targets)
        for value in (place, target.endpoint.provider, target.model)
    ]
    return connection.execute(sql % wanted, (*named, *values))


def _sample(target: Target, base_url: str, simulated: int, *row: Any) -> Sample | None:
    role, status, error_class, offset_s, ttft_s, duration_s, tokens = row
    endpoint = target.endpoint
    if bool(simulated) != endpoint.simulated or role not in ANSWERING:
        return None
    if not endpoint.simulated and base_url != without_credentials(endpoint.base_url):
        return None
    offset_s = max(0.0, offset_s)
    if status == "ok":
        first_s = None if ttft_s is None else offset_s + ttft_s
        return Sample(
            answered=True,
            ttft_s=first_s,
            duration_s=None if duration_s is None else offset_s + duration_s,
            output_tokens=tokens or None,
            tokens_per_s=_pace(tokens, ttft_s, duration_s),
        )
    if error_class is None or error_class in OWN or not ACTIONS[ErrorClass(error_class)].fall_back:
        return None
    if error_class == ErrorClass.TIMEOUT and duration_s is not None:
        return Sample(
            answered=False, ttft_s=offset_s + duration_s, duration_s=offset_s + duration_s
        )
    return Sample(answered=False)


def _pace(tokens: int, ttft_s: float | None, duration_s: float | None) -> float | None:
    if tokens < 2 or ttft_s is None or duration_s is None or duration_s <= ttft_s:
        return None
    return (tokens - 1) / (duration_s - ttft_s)
