"""Opens the file so that nothing can be written, with the standard library alone."""

import sqlite3
from pathlib import Path

_NO_PLACE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


def open_to_read(path: Path, busy_s: float = 5.0) -> sqlite3.Connection:
    """A connection to a log that is there. `busy_s` is how long a lock is waited for.

    Raises `sqlite3.Error` when the file cannot be read.
    """
    uri = path.absolute().as_uri()
    connection = sqlite3.connect(
        f"{uri}?mode=ro", uri=True, timeout=busy_s, check_same_thread=False
    )
    try:
        connection.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in _NO_PLACE:
            raise
        # WAL needs a file beside its own; where none can be made nobody writes either.
        return sqlite3.connect(f"{uri}?immutable=1", uri=True, check_same_thread=False)
    return connection
