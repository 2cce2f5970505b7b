"""Reservations of processes that died: what their attempts may have cost is uncertain."""

import sqlite3

from ultra.store.holding import Holding
from ultra.store.owner import gone, myself

_HELD = "SELECT attempt_id, owner, expires_at FROM reservation WHERE state = 'held'"


def dead_reservations(connection: sqlite3.Connection, now: float) -> list[str]:
    """The ids of what is held by processes that are gone; `now` is UTC seconds since the epoch.

    A process that can be seen to be gone settles nothing any more, however long its lease. One that
    cannot be seen from here is given its lease and a day.
    """
    me = myself()
    return [
        attempt_id
        for attempt_id, owner, expires_at in connection.execute(_HELD)
        if gone(owner, me, now - expires_at)
    ]


def release_dead(connection: sqlite3.Connection, now: float) -> int:
    """Charge what dead processes held at its estimate, inside the caller's transaction; how many.

    What a run had set aside for calls that it never made is given back.
    """
    names = dead_reservations(connection, now)
    work = Holding(connection, names, now)
    for item in list(work.held.values()):
        if item.for_later:
            work.end(item, "released", 0)
        else:
            work.end(item, "uncertain", item.amount)
    work.write()
    return len(names)
