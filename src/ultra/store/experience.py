"""How models fared in the user's own log: how often they answered, and how fast."""

import sqlite3
from collections.abc import Iterable
from itertools import groupby
from statistics import median

from msgspec import Struct

from ultra.core.errors import ErrorClass

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

_SEEN = f"""
WITH RECURSIVE asked(id) AS (
  SELECT (SELECT rowid FROM calls ORDER BY provider, model LIMIT 1)
  UNION ALL
  SELECT (SELECT n.rowid FROM calls n WHERE (n.provider, n.model) > (c.provider, c.model)
    ORDER BY n.provider, n.model LIMIT 1)
  FROM asked JOIN calls c ON c.rowid = asked.id
)
SELECT c.provider, c.model, c.status, a.error_class, a.started_at - c.started_at + a.ttft_s,
  a.started_at - c.started_at + a.duration_s
FROM asked CROSS JOIN calls f ON f.rowid = asked.id
CROSS JOIN calls c ON c.rowid IN (
  SELECT r.rowid FROM calls r WHERE r.provider = f.provider AND r.model = f.model
  ORDER BY r.started_at DESC LIMIT {LATEST})
CROSS JOIN attempts a ON a.call_id = c.call_id
  AND a.number = (SELECT max(number) FROM attempts t WHERE t.call_id = c.call_id)
ORDER BY c.provider, c.model
"""  # noqa: S608  (a number of our own)
"""From one model to the next through the index, so that a million calls cost as much as a few."""


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
        median(firsts) if firsts else None,
        median(wholes) if wholes else None,
    )
