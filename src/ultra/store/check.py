"""Whether the counters of the budgets are what their reservations and the log add up to."""

import sqlite3
from time import time

from ultra.core.cost import usd
from ultra.store.counters import MOST_NANO
from ultra.store.owner import gone, myself

_COUNTERS = """
SELECT b.scope, b.period, b.window_id,
  b.reserved_nano, ifnull(sum(r.amount_nano) FILTER (WHERE r.state = 'held'), 0),
  b.spent_nano,
  b.opening_nano + ifnull(sum(r.actual_nano) FILTER (WHERE r.state = 'settled'), 0),
  b.uncertain_nano, ifnull(sum(r.actual_nano) FILTER (WHERE r.state = 'uncertain'), 0)
FROM budget b
LEFT JOIN reservation_scope s
  ON s.scope = b.scope AND s.period = b.period AND s.window_id = b.window_id
LEFT JOIN reservation r ON r.attempt_id = s.attempt_id
GROUP BY b.scope, b.period, b.window_id"""

_WITHOUT_WINDOW = """
SELECT s.attempt_id, s.scope, s.period, s.window_id FROM reservation_scope s
LEFT JOIN budget b
  ON b.scope = s.scope AND b.period = s.period AND b.window_id = s.window_id
WHERE b.scope IS NULL"""

_ATTEMPTS = f"""
SELECT r.attempt_id, r.state, r.actual_nano, a.charged_nano
FROM reservation r JOIN attempts a ON a.attempt_id = r.attempt_id
WHERE r.state IN ('settled', 'uncertain') AND r.actual_nano <> min(a.charged_nano, {MOST_NANO})"""  # noqa: S608

_UNSETTLED = """
SELECT r.attempt_id, a.status FROM reservation r JOIN attempts a ON a.attempt_id = r.attempt_id
WHERE r.state = 'held' AND a.status <> 'running'"""

_HELD = "SELECT attempt_id, owner, expires_at FROM reservation WHERE state = 'held'"


def check(connection: sqlite3.Connection, now: float | None = None) -> list[str]:
    """What does not add up, each in one line; empty when all does.

    `now` is UTC seconds since the epoch, None for the system's clock. Reads only.
    """
    now = time() if now is None else now
    me = myself()
    lines = [line for row in connection.execute(_COUNTERS) for line in _differing(*row)]
    lines += [
        f"reservation `{attempt_id}` counts in `{scope}` per {period} of {window}, which has no row"
        for attempt_id, scope, period, window in connection.execute(_WITHOUT_WINDOW)
    ]
    lines += [
        f"attempt `{attempt_id}` is {state} at {usd(actual)}, but the log charges {usd(charged)}"
        for attempt_id, state, actual, charged in connection.execute(_ATTEMPTS)
    ]
    lines += [
        f"attempt `{attempt_id}` has ended ({status}), but its reservation is still held"
        for attempt_id, status in connection.execute(_UNSETTLED)
    ]
    lines += [
        f"reservation `{attempt_id}` is held by a process that is gone"
        for attempt_id, owner, expires_at in connection.execute(_HELD)
        if expires_at <= now and gone(owner, me, now - expires_at)
    ]
    return lines


def _differing(scope: str, period: str, window: str, *pairs: int) -> list[str]:
    names = ("reserved", "spent", "uncertain")
    return [
        f"budget `{scope}` per {period} of {window}: {name} is {usd(counted)},"
        f" its reservations come to {usd(summed)}"
        for name, counted, summed in zip(names, pairs[::2], pairs[1::2], strict=True)
        if counted != summed
    ]
