"""Attempts of processes that died: what they cost is not known, and the user may say it."""

import sqlite3
from collections.abc import Sequence

from ultra.core.budget import RUN
from ultra.core.gauges import Uncertain
from ultra.store.bulk import batches, flat
from ultra.store.counters import Windows

_LISTED = """
SELECT r.attempt_id, r.run_id, r.actual_nano, a.started_at, ifnull(c.provider, ''),
  ifnull(c.model, ''), ifnull(a.status, ''), length(ifnull(a.text, ''))
    + ifnull((SELECT sum(length(p.text)) FROM pieces p WHERE p.attempt_id = r.attempt_id), 0),
  ifnull((SELECT group_concat(s.scope || ' per ' || s.period, ', ') FROM reservation_scope s
    WHERE s.attempt_id = r.attempt_id), '')
FROM reservation r
LEFT JOIN attempts a ON a.attempt_id = r.attempt_id
LEFT JOIN calls c ON c.call_id = a.call_id
WHERE r.state = 'uncertain'
ORDER BY a.started_at, r.attempt_id"""


def uncertain(connection: sqlite3.Connection) -> list[Uncertain]:
    """All of them, oldest first."""
    return [Uncertain(*row) for row in connection.execute(_LISTED)]


def apply(
    connection: sqlite3.Connection, ids: Sequence[str], cost_nano: int, now: float
) -> list[Uncertain]:
    """Settle attempts at what each cost, inside the caller's transaction; those that were settled.

    0 releases them. `now` is UTC seconds since the epoch.
    """
    found = [item for item in uncertain(connection) if item.attempt_id in ids]
    windows = Windows(connection, now)
    for item in found:
        keys = connection.execute(
            "SELECT scope, period, window_id FROM reservation_scope WHERE attempt_id = ?",
            (item.attempt_id,),
        ).fetchall()
        for window in filter(None, map(windows.at, keys)):
            window.uncertain -= item.charged_nano
            window.spent += cost_nano
    state = "settled" if cost_nano else "released"
    for batch in batches([(item.attempt_id,) for item in found]):
        places = ", ".join("?" * len(batch))
        connection.execute(
            f"UPDATE reservation SET state = ?, actual_nano = ? WHERE attempt_id IN ({places})",  # noqa: S608
            [state, cost_nano, *flat(batch)],
        )
        connection.execute(
            f"UPDATE attempts SET charged_nano = ?, cost_nano = ? WHERE attempt_id IN ({places})",  # noqa: S608
            [cost_nano, cost_nano, *flat(batch)],
        )
    for run_id in {item.run_id for item in found if f"{RUN} per {RUN}" in item.budgets}:
        windows.forget_run(run_id)
    windows.write()
    return found
