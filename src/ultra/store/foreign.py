"""Opens the database of another program, which is read and never written."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ultra.core.errors import UsageError
from ultra.core.text import one_line
from ultra.store.database import error_code

MAGIC = b"SQLite format 3\0"
"""What such a file begins with. Source: sqlite.org/fileformat.html, section 1.3."""

_CANNOT = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


@contextmanager
def foreign(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write, whose rows are told by column.

    Raises `UsageError` for a file that cannot be read as a database.
    """
    try:
        with _opened(path) as connection:
            connection.row_factory = sqlite3.Row
            yield connection
    except (sqlite3.Error, OSError) as error:
        raise UsageError(
            f"`{one_line(str(path), 400)}` cannot be read: {error}", hint="nothing was changed"
        ) from error


def is_database(path: Path) -> bool:
    """Whether a file begins as databases do. Raises `OSError`."""
    with path.open("rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC


def tables(connection: sqlite3.Connection) -> set[str]:
    """The names of all tables."""
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}


def columns(connection: sqlite3.Connection, table: str) -> set[str]:
    """The names of a table's columns; empty for a table that is not there."""
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def grouped(
    connection: sqlite3.Connection, sql: str, known: set[str], needed: str
) -> dict[Any, list[sqlite3.Row]]:
    """Rows by their first column; none where the table `needed` is not among the `known`."""
    found: dict[Any, list[sqlite3.Row]] = {}
    if needed in known:
        for row in connection.execute(sql):
            found.setdefault(row[0], []).append(row)
    return found


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    uri = path.absolute().as_uri()
    with closing(sqlite3.connect(f"{uri}?mode=ro", uri=True)) as connection:
        try:
            connection.execute("SELECT 1 FROM sqlite_master")
        except sqlite3.OperationalError as error:
            if error_code(error) not in _CANNOT:
                raise
        else:
            yield connection
            return
    # WAL needs a file beside its own, and none can be made there: a copy is read instead.
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        shutil.copyfile(path, copy)
        if Path(f"{path}-wal").exists():
            shutil.copyfile(f"{path}-wal", f"{copy}-wal")
        with closing(sqlite3.connect(copy)) as connection:
            yield connection
