"""Which answer of a comparison the user chose."""

import sqlite3
from contextlib import closing

from msgspec import Struct

from ultra.core.errors import StoreError
from ultra.store.database import Place, open_database


class Pick(Struct, frozen=True):
    """The call chosen of a run; `blind` says that names were hidden from whoever chose."""

    run_id: str
    call_id: str
    blind: bool


def keep_pick(place: Place, pick: Pick, now: float) -> None:
    """Put a choice on record in place of an earlier one. Raises `StoreError`."""
    try:
        with closing(open_database(place, now).connection) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT OR REPLACE INTO picks (run_id, call_id, blind, picked_at)"
                " VALUES (?, ?, ?, ?)",
                (pick.run_id, pick.call_id, int(pick.blind), now),
            )
            connection.execute("COMMIT")
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"the log `{place.path}` cannot be written: {error}", hint="picks are kept in it"
        ) from error
