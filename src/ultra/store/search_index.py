"""Words of the search index: put in, taken out, put in again, and all of it made anew.

The words of a run wait for those of others: they share most of them, so that thirty runs are not
much more to write than one, and each write makes the index merge its parts. Who searches catches up
before. What has no other word on it works inside the caller's transaction.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ultra.store.bulk import flat, slots
from ultra.store.database import connect_to_write, error_code
from ultra.store.reading import reading
from ultra.store.schema import MIGRATIONS

TOGETHER = 32
"""How many runs are put in at once. In a log of a million calls a run then writes 0.24 MB with all
that it has, for 0.39; with 64 it is the same."""

CATCH_UP_S = 0.5
"""How long a search waits for the lock."""

DAMAGED = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_CORRUPT)
"""What FTS5 says when its own tables are not as it left them."""

_DAMAGED_ALONE = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_CORRUPT_VTAB)
"""The same, in full codes, of an index in a file that is whole."""

# The condition of the index `runs_to_index`, word for word.
_WAITING = "SELECT id FROM runs WHERE keep_text AND NOT indexed AND status != 'running'"
_PUT = "UPDATE runs SET indexed = 1 WHERE id IN ({slots})"

_OUT = (
    "INSERT INTO runs_fts (runs_fts, rowid, prompt, answer)"
    " SELECT 'delete', id, prompt, answer FROM v_texts WHERE run_id IN ({slots})"
)
_IN = (
    "INSERT INTO runs_fts (rowid, prompt, answer)"
    " SELECT id, prompt, answer FROM v_texts WHERE {key} IN ({slots}) ORDER BY id"
)


def catch_up(path: Path) -> str:
    """Put in all that waits; what kept the log from being written, empty when nothing did.

    Raises `StoreError` when the file cannot be read or is of a newer ultra.
    """
    with reading(path) as connection:
        if connection is None or not _waits(connection):
            return ""
    try:
        with closing(connect_to_write(path, CATCH_UP_S)) as connection:
            put_in_all(connection)
    except sqlite3.Error as error:
        return str(error)
    return ""


def put_in_all(connection: sqlite3.Connection) -> None:
    """Put in all that waits, in transactions of its own."""
    more = _waits(connection)
    while more:
        connection.execute("BEGIN IMMEDIATE")
        more = put_in_waiting(connection, 1)
        connection.execute("COMMIT")


def put_in_waiting(connection: sqlite3.Connection, fewest: int = TOGETHER) -> bool:
    """Put the words of some runs in that wait for it, if so many do; whether that was done.

    It is not with a damaged index, which costs the search and never the record.
    """
    rows = connection.execute(f"{_WAITING} ORDER BY id LIMIT {TOGETHER}").fetchall()
    if len(rows) < fewest or not rows:
        return False
    connection.execute("SAVEPOINT words")
    try:
        connection.execute(_PUT.format(slots=slots(rows)), flat(rows))
        connection.execute(_IN.format(key="id", slots=slots(rows)), flat(rows))
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode not in _DAMAGED_ALONE or not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO words")
        rows = []
    connection.execute("RELEASE words")
    return bool(rows)


def take_out(connection: sqlite3.Connection, run_ids: Sequence[str]) -> bool:
    """Take the words of runs out, before they change or go; false when the index is damaged."""
    return _done(connection, _OUT, run_ids)


def put_in(connection: sqlite3.Connection, run_ids: Sequence[str]) -> bool:
    """Put the words of runs in again that were taken out; false when the index is damaged."""
    return _done(connection, _IN.replace("{key}", "run_id"), run_ids)


def renew(connection: sqlite3.Connection) -> None:
    """Make the index anew, of the runs that are in it.

    It is emptied by hand first, to what FTS5 makes of a new one: a damaged one it may not open.
    """
    for table in ("data", "idx", "docsize"):
        connection.execute(f"DELETE FROM runs_fts_{table}")  # noqa: S608  (constants)
    connection.execute("INSERT INTO runs_fts_data VALUES (1, x''), (10, x'00000000000000')")
    connection.execute("INSERT INTO runs_fts (runs_fts) VALUES ('rebuild')")


def _waits(connection: sqlite3.Connection) -> bool:
    """Whether a run waits, in a log of this schema: an older one is brought up to date first."""
    schema = connection.execute("PRAGMA user_version").fetchone()[0]
    return schema == len(MIGRATIONS) and bool(connection.execute(f"{_WAITING} LIMIT 1").fetchone())


def _done(connection: sqlite3.Connection, sql: str, run_ids: Sequence[str]) -> bool:
    rows = [(run_id,) for run_id in run_ids]
    connection.execute("SAVEPOINT words")
    whole = True
    try:
        connection.execute(sql.format(slots=slots(rows)), flat(rows))
    except sqlite3.DatabaseError as error:
        if error_code(error) not in DAMAGED or not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO words")
        whole = False
    connection.execute("RELEASE words")
    return whole
