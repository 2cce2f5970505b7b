"""What a shell prompt shows, read in a few rows with the standard library alone.

A prompt is drawn after every command: msgspec, which everything else here stands on, would take
longer to load than all of this.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from ultra.core.glance import Glance
from ultra.core.windows import begins, window_at, zone_known
from ultra.store.opening import open_to_read

BUSY_S = 0.02
"""How long a lock is waited for; in WAL nobody who reads meets one."""

_SPENT = """
SELECT ifnull(sum(known_nano), 0), ifnull(sum(unpriced), 0) FROM call_totals
WHERE started_at >= ? AND NOT simulated"""

# A limit of the store, or one of a profile that lowers it in the same window.
_LIMITS = """
SELECT l.scope, l.period, l.limit_nano, l.timezone, 1 FROM budget_limit l WHERE l.period != 'run'
UNION ALL
SELECT p.scope, p.period, p.limit_nano, ifnull(l.timezone, ''), 0
FROM profile_limit p LEFT JOIN budget_limit l USING (scope, period)"""

_USED = """
SELECT window_id, spent_nano + reserved_nano + uncertain_nano FROM budget
WHERE scope = ? AND period = ? ORDER BY window_id DESC LIMIT 1"""

# As `core.breaker.standing` reads them: an opening whose time is over lets the next call try.
_RED = """
SELECT provider, max(kind = 'endpoint') FROM breaker
WHERE base_url != '' AND (state = 'forced_open'
  OR state = 'open' AND open_until > :now AND open_until <= :now + 600
  OR state = 'half_open' AND probe_until > :now AND probe_until <= :now + 600)
GROUP BY provider ORDER BY provider"""


def glance(path: Path, now: float) -> Glance | None:
    """What the log says at `now`, in UTC seconds since the epoch; None when there is none.

    Days are the machine's own but for budgets that name a zone. Raises `OSError` when it cannot be
    read.
    """
    if not path.exists() or not path.stat().st_size:
        return None
    try:
        return _read(path, now)
    except sqlite3.Error as error:
        raise OSError(str(error)) from error


def _read(path: Path, now: float) -> Glance:
    with closing(open_to_read(path, BUSY_S)) as connection:
        today = begins(window_at("day", now, None), None)
        spent, unpriced = connection.execute(_SPENT, (today,)).fetchone()
        left, limit = _tightest(connection, now) or (None, None)
        red = connection.execute(_RED, {"now": now}).fetchall()
    down = [provider for provider, endpoint in red if endpoint]
    refused = [provider for provider, endpoint in red if not endpoint]
    return Glance(spent, unpriced, left, limit, down, refused)


def _tightest(connection: sqlite3.Connection, now: float) -> tuple[int, int] | None:
    """What is left of the budget that has least, and that budget; None without one."""
    found: list[tuple[int, int]] = []
    for scope, period, limit, timezone, stored in connection.execute(_LIMITS).fetchall():
        row = connection.execute(_USED, (scope, period)).fetchone()
        current = row is not None and row[0] >= window_at(period, now, zone_known(timezone))
        if current or stored:
            found.append((limit - (row[1] if current else 0), limit))
    return min(found, default=None)
