"""Follows the log as any process writes it, over one connection that only reads.

Each look asks SQLite first whether anybody wrote, and ends its read at once: a reader that stays
would keep writers from starting their WAL over, and it would grow.
"""

import sqlite3
from contextlib import suppress
from pathlib import Path

from ultra.core.errors import StoreError
from ultra.core.live import Live, LogState
from ultra.store.arrivals import MOST_AT_ONCE, Reader
from ultra.store.database import BUSY, check_version, error_code
from ultra.store.filesystem import MOUNTS, network_filesystem
from ultra.store.reading import connect, reading
from ultra.store.schema import MIGRATIONS
from ultra.store.under_way import MOST_TEXT, UnderWay

WAIT_S = 0.05
"""How long a look waits for a lock, which only a log without WAL has: the next look comes soon."""

LATEST = 200
"""Attempts that are read of a log that is seen for the first time: those that ended just now."""


_WORDS = "SELECT substr(text, ?) FROM attempts WHERE call_id = ? ORDER BY number DESC LIMIT 1"


def last_words(path: Path, call_id: str) -> str:
    """The end of what the last attempt of a call has said; empty where none is kept.

    Raises `StoreError` when the log cannot be read.
    """
    with reading(path) as connection:
        row = connection.execute(_WORDS, (-MOST_TEXT, call_id)).fetchone() if connection else None
    return (row[0] if row else None) or ""


class Tail:
    """The log at `path`, which others make, replace or delete as they like. For one thread.

    `remote` says that it lies on a network file system, where each look is a round trip.
    """

    def __init__(self, path: Path, mounts: Path = MOUNTS) -> None:
        self._path = path
        self._mounts = mounts
        self._under_way = UnderWay()
        self._connection: sqlite3.Connection | None = None
        self._reader: Reader | None = None
        self._began = False
        self._looked = False
        self._file: tuple[int, int] | None = None
        self._version = -1
        self._changes = 0
        self.behind = False
        """Whether there is more to read at once."""
        self.remote = False

    def look(self, now: float) -> Live:
        """All that is under way; the same object as before when nothing is different.

        `now` is UTC seconds since the epoch. What keeps the log from being read is told in it, and
        the next look tries again.
        """
        state: LogState = "absent"
        words = ""
        try:
            if self._found():
                state = self._read(now)
        except StoreError as error:
            self._let_go()
            state, words = "newer", error.message
        except (sqlite3.Error, OSError) as error:
            if error_code(error) not in BUSY:
                self._let_go()
            state, words = "unreadable", f"the log `{self._path}` cannot be read: {error}"
        self._looked = True
        self._under_way.note(state, words, self._changes)
        return self._under_way.live

    def tidy(self, now: float) -> Live:
        """See to what time alone changes: no reading."""
        self._under_way.tidy(now)
        return self._under_way.live

    def close(self) -> None:
        """Let go of the file."""
        self._let_go()

    def _found(self) -> bool:
        """Whether there is a file; what was seen in another one at its place is forgotten."""
        try:
            told = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            found = None
        else:
            found = (told.st_dev, told.st_ino)
        if found != self._file:
            self._let_go()
            self._forget()
            self._file = found
        return found is not None

    def _read(self, now: float) -> LogState:
        connection = self._connection
        if connection is None:
            connection = self._connection = connect(self._path)
            connection.isolation_level = None
            connection.execute(f"PRAGMA busy_timeout={int(WAIT_S * 1000)}")
            self._version, self._reader = -1, None
            self.remote = network_filesystem(self._path, self._mounts) is not None
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version and not self.behind:
            return "older" if self._reader is None else "open"
        connection.execute("BEGIN")
        try:
            schema = check_version(connection, self._path, len(MIGRATIONS))
            if schema == len(MIGRATIONS):
                self._take(connection, now)
        finally:
            connection.execute("COMMIT")
        self._version = version
        self._changes += 1
        if not schema:  # another process is about to make it
            self._let_go()
            return "absent"
        return "older" if self._reader is None else "open"

    def _take(self, connection: sqlite3.Connection, now: float) -> None:
        """Read what came; all anew from a file or a log that is not the one that was read."""
        if self._reader is not None:
            try:
                came = self._reader.look()
            except LookupError:
                self._reader = None
            else:
                self._under_way.apply(self._reader, came, now)
                self.behind = came.full
                return
        self._forget()
        self._reader, self._began = Reader(connection), True
        came = self._reader.look() if self._is_new(connection) else self._reader.begin(LATEST)
        self._under_way.apply(self._reader, came, now)
        self.behind = came.full

    def _is_new(self, connection: sqlite3.Connection) -> bool:
        """Whether the log was made while we waited for it: then all that is in it has just come."""
        was_absent = self._under_way.live.state == "absent" and self._looked
        last = connection.execute("SELECT max(rowid) FROM attempts").fetchone()[0] or 0
        return was_absent and last <= MOST_AT_ONCE

    def _forget(self) -> None:
        if self._began:
            self._began = False
            self._under_way.forget()

    def _let_go(self) -> None:
        connection, self._connection, self._reader = self._connection, None, None
        self.behind = False
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()
