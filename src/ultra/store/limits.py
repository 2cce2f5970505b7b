"""The limits that the user has set, as the store keeps them."""

import sqlite3
from collections.abc import Iterable

from ultra.core.budget import RUN, Limit


def stored_limits(connection: sqlite3.Connection) -> tuple[Limit, ...]:
    """All limits of the store: one read of a small table."""
    rows = connection.execute("SELECT scope, period, limit_nano, mode, timezone FROM budget_limit")
    return tuple(Limit(*row) for row in rows)


def keep_limits(connection: sqlite3.Connection, limits: Iterable[Limit], now: float) -> None:
    """Set limits, each in place of the one of its scope and period."""
    for limit in limits:
        connection.execute(
            "INSERT OR REPLACE INTO budget_limit"
            " (scope, period, limit_nano, mode, timezone, set_at) VALUES (?, ?, ?, ?, ?, ?)",
            (limit.scope, limit.period, limit.limit_nano, limit.mode, limit.timezone, now),
        )


def note_limits(connection: sqlite3.Connection, profile: str, limits: Iterable[Limit]) -> None:
    """Remember what a profile bounds, in place of what it did when it ran last."""
    connection.execute("DELETE FROM profile_limit WHERE scope = ?", (f"profile:{profile}",))
    connection.executemany(
        "INSERT INTO profile_limit (scope, period, limit_nano) VALUES (?, ?, ?)",
        [
            (limit.scope, limit.period, limit.limit_nano)
            for limit in limits
            if limit.period != RUN and limit.scope == f"profile:{profile}"
        ],
    )
