"""Calls in the order in which they ended, as any process writes them, each once.

Who has read up to a call goes on after it, also in another process and another week: the order is
that of commits, and no later commit comes before an earlier one.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ultra.core.errors import UsageError
from ultra.core.text import one_line
from ultra.core.totals import EndedCall, Filter, Span
from ultra.core.usage import Usage
from ultra.store.database import check_version
from ultra.store.reading import connect, unreadable
from ultra.store.schema import MIGRATIONS
from ultra.store.totals import KINDS, check_told, conditions, within

PAGE = 500
"""Calls that are read at once."""

_NAMES = (
    *("call_id", "run_id", "started_at", "verb", "role", "strategy", "route", "profile"),
    *("environment", "cost_center", "provider", "model", "name", "simulated", "cached", "status"),
    *("error_class", "attempts", "ttft_s", "duration_s", "known_nano", "unpriced"),
    *("charged_nano", "saved_nano"),
)
_COLUMNS = ", ".join(f"t.{name}" for name in (*_NAMES, *KINDS))

_TAGS = """(SELECT json_group_object(g.name, g.value) FROM run_tags g WHERE g.run_id = t.run_id)"""

# By the order of their ends and by nothing else, whatever SQLite thinks of the conditions.
_PAGE = f"""SELECT t.seq, {_TAGS}, {_COLUMNS} FROM call_totals t INDEXED BY call_totals_seq
WHERE t.seq > ? AND t.seq <= ? AND {{where}} ORDER BY t.seq LIMIT {PAGE}"""  # noqa: S608

_LAST = "SELECT max(seq) FROM call_totals"
_FIRST = "SELECT min(+t.seq) FROM call_totals t WHERE {where}"
_AFTER = """SELECT seq FROM call_totals WHERE call_id = ?1 AND started_at =
  (SELECT started_at FROM calls WHERE call_id = ?1)
UNION ALL SELECT seq FROM call_totals WHERE call_id = ?1 LIMIT 1"""
"""By the time that its row is found by; of a call that was removed, all rows are looked through."""


class Ended:
    """The calls of the log at `path` that lie in a span and pass a filter. For one thread.

    `after` is the id of the last call that was read before, None to begin with the first.
    """

    def __init__(self, path: Path, span: Span, wanted: Filter, after: str | None = None) -> None:
        self._path = path
        self._span = span
        self._where = conditions(within(span), filter=wanted)
        self._after = after
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._version = -1
        self._read: int | None = None

    def look(self) -> Iterator[list[EndedCall]]:
        """What ended since the last look, some calls at a time; asks SQLite first whether any did.

        A log that was put in the place of another is read from its beginning. Raises `StoreError`,
        and `UsageError` for a call to go on after that is not there.
        """
        try:
            connection = self._opened()
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            if version == self._version:
                return
            if check_version(connection, self._path, len(MIGRATIONS)):
                check_told(connection)
                yield from self._pages(connection)
            elif self._after is not None:
                raise _unknown(self._after)
            self._version = version
        except sqlite3.Error as error:
            raise unreadable(self._path, error) from error

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _opened(self) -> sqlite3.Connection:
        """A connection to the file that is there now."""
        file = _identity(self._path)
        if self._connection is None or file != self._file:
            self.close()
            if self._file is not None:
                self._read = 0
            self._connection = connect(self._path)
            self._file, self._version = file, -1
        return self._connection

    def _pages(self, connection: sqlite3.Connection) -> Iterator[list[EndedCall]]:
        last = connection.execute(_LAST).fetchone()[0] or 0
        if self._read is None:
            self._read = self._begin(connection, last)
        sql = _PAGE.format(where=self._where.sql)
        while self._read < last:
            rows = connection.execute(sql, (self._read, last, *self._where.values)).fetchall()
            self._read = rows[-1][0] if len(rows) == PAGE else last
            if rows:
                yield [_call(row) for row in rows]

    def _begin(self, connection: sqlite3.Connection, last: int) -> int:
        """The place of the call to go on after."""
        if self._after is not None:
            found = connection.execute(_AFTER, (self._after,)).fetchone()
            if found is None:
                raise _unknown(self._after)
            return int(found[0])
        if self._span.begin <= 0.0:
            return 0
        within_span = within(self._span)
        sql = _FIRST.format(where=within_span.sql)
        first = connection.execute(sql, within_span.values).fetchone()[0]
        return last if first is None else first - 1


def _call(row: Sequence[Any]) -> EndedCall:
    names = dict(zip(_NAMES, row[2:], strict=False))
    names |= {"simulated": bool(names["simulated"]), "cached": bool(names["cached"])}
    usage = Usage(*row[2 + len(_NAMES) :])
    return EndedCall(tags=json.loads(row[1]), usage=usage, **names)


def _unknown(call_id: str) -> UsageError:
    return UsageError(
        f"no call `{one_line(call_id, 60)}` has ended in this log",
        hint="without `--after` all calls are told, with `--since` those of a time",
    )


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file is there; None for one without anything in it, which somebody is making."""
    try:
        told = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (told.st_dev, told.st_ino) if told.st_size else None
