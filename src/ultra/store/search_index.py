"""Words of the search index: taken out, put in again, and all of it made anew.

Each function works inside the caller's transaction.
"""

import sqlite3
from collections.abc import Sequence

from ultra.store.bulk import flat, slots
from ultra.store.database import error_code

DAMAGED = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_CORRUPT)
"""What FTS5 says when its own tables are not as it left them."""

_INDEXED = "FROM v_texts t JOIN runs r ON r.id = t.id WHERE r.indexed AND r.run_id IN ({slots})"
_OUT = (
    "INSERT INTO runs_fts (runs_fts, rowid, prompt, answer)"
    f" SELECT 'delete', t.id, t.prompt, t.answer {_INDEXED}"
)
_IN = f"INSERT INTO runs_fts (rowid, prompt, answer) SELECT t.id, t.prompt, t.answer {_INDEXED}"


def take_out(connection: sqlite3.Connection, run_ids: Sequence[str]) -> bool:
    """Take the words of runs out, before they change or go; false when the index is damaged."""
    return _done(connection, _OUT, run_ids)


def put_in(connection: sqlite3.Connection, run_ids: Sequence[str]) -> bool:
    """Put the words of runs in again that were taken out; false when the index is damaged."""
    return _done(connection, _IN, run_ids)


def renew(connection: sqlite3.Connection) -> None:
    """Make the index anew, of the runs that are in it.

    It is emptied by hand first, to what FTS5 makes of a new one: a damaged one it may not open.
    """
    for table in ("data", "idx", "docsize"):
        connection.execute(f"DELETE FROM runs_fts_{table}")  # noqa: S608  (constants)
    connection.execute("INSERT INTO runs_fts_data VALUES (1, x''), (10, x'00000000000000')")
    connection.execute("INSERT INTO runs_fts (runs_fts) VALUES ('rebuild')")
    connection.execute(
        "INSERT INTO runs_fts (runs_fts, rowid, prompt, answer)"
        " SELECT 'delete', t.id, t.prompt, t.answer FROM v_texts t JOIN runs r ON r.id = t.id"
        " WHERE NOT r.indexed"
    )


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
