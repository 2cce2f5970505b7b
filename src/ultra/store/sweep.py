"""Completes what processes that died left under way, and lets go of the money they held."""

import sqlite3

from ultra.store.dead import dead_reservations, release_dead
from ultra.store.giving_up import give_up
from ultra.store.owner import Owner, gone
from ultra.store.reading import load
from ultra.store.transactions import write_off

MOST = 100
"""Runs completed at one start, so that no start is slow: the next one goes on."""


def sweep(connection: sqlite3.Connection, me: Owner, now: float) -> int:
    """Complete runs whose process is gone; how many. `now` is UTC seconds since the epoch.

    What their attempts reserved of budgets becomes uncertain, charged at its estimate.
    """
    if not _abandoned(connection, me, now) and not dead_reservations(connection, now):
        return 0
    connection.execute("BEGIN IMMEDIATE")
    try:
        release_dead(connection, now)
        found = _abandoned(connection, me, now)
        for run_id in found:
            rows = load(connection, run_id)
            if rows is not None:
                write_off(connection, give_up(rows))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return len(found)


def _abandoned(connection: sqlite3.Connection, me: Owner, now: float) -> list[str]:
    running = connection.execute(
        "SELECT run_id, owner, started_at FROM runs WHERE status = 'running' ORDER BY started_at"
    )
    return [run_id for run_id, owner, began in running if gone(owner, me, now - began)][:MOST]
