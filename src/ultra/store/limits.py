"""The limits that the user has set, as the store keeps them."""

import sqlite3

from ultra.core.budget import Limit


def stored_limits(connection: sqlite3.Connection) -> tuple[Limit, ...]:
    """All limits of the store: one read of a small table."""
    rows = connection.execute("SELECT scope, period, limit_nano, mode, timezone FROM budget_limit")
    return tuple(Limit(*row) for row in rows)
