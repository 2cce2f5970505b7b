"""Opens the file for reading only, and reads the rows of runs back."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from ultra.core.errors import StoreError
from ultra.core.verdict import Verdict
from ultra.store.database import check_version, of_index
from ultra.store.opening import open_to_read
from ultra.store.rows import (
    AttemptEnd,
    AttemptRow,
    CallRow,
    RunRow,
    RunRows,
    attempt_from,
)
from ultra.store.schema import MIGRATIONS


def names(*rows: type[Struct]) -> str:
    """The columns of some rows as SQL lists them."""
    return ", ".join(name for row in rows for name in row.__struct_fields__ if name != "end")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that cannot write; None for a log that is not there yet.

    Raises `StoreError` when the file cannot be read or is of a newer ultra.
    """
    try:
        with closing(connect(path)) as connection:
            version = check_version(connection, path, len(MIGRATIONS))
            yield connection if version else None
    except (sqlite3.Error, OSError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> StoreError:
    """A file that is damaged or no log at all, and what may be done."""
    if of_index(error):
        return StoreError(
            f"the search index of the log `{path}` is damaged: {error}",
            hint="every run is there, only words are not found; `ultra logs delete` or `redact`"
            " makes it anew with the next run that it changes",
        )
    return StoreError(
        f"the log `{path}` cannot be read: {error}",
        hint="`ultra logs path` shows where it is; move it away to begin a new one",
    )


@contextmanager
def of_one_moment(path: Path) -> Iterator[sqlite3.Connection | None]:
    """As `reading`, with everything as it is now, whatever is written or removed meanwhile."""
    with reading(path) as connection:
        if connection is not None:
            connection.execute("BEGIN")
        yield connection


def connect(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, to nothing where no log is yet. Raises `sqlite3.Error`."""
    try:
        size = path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        size = 0
    if not size:
        return sqlite3.connect(":memory:")
    return open_to_read(path)


RUN_COLUMNS = names(RunRow)
_RUN = f"SELECT {RUN_COLUMNS} FROM runs WHERE run_id = ?"  # noqa: S608  (names of our own structs)
_CALLS = f"SELECT {names(CallRow)} FROM calls WHERE run_id = ?"  # noqa: S608
_ATTEMPTS = (
    f"SELECT {names(AttemptRow, AttemptEnd)} FROM attempts"  # noqa: S608
    " WHERE call_id IN (SELECT call_id FROM calls WHERE run_id = ?)"
)
_TAGS = "SELECT name, value FROM run_tags WHERE run_id = ? ORDER BY name"
_HAS_PICKS = "SELECT 1 FROM sqlite_master WHERE name = 'picks'"
_PICK = "SELECT call_id FROM picks WHERE run_id = ?"
_PIECES = (
    "SELECT p.attempt_id, p.text FROM calls c JOIN attempts a ON a.call_id = c.call_id"
    " JOIN pieces p ON p.attempt_id = a.attempt_id WHERE c.run_id = ? ORDER BY p.id"
)


def load(connection: sqlite3.Connection, run_id: str) -> RunRows | None:
    """All rows of a run; None when there is no such run.

    An attempt that is still under way has as its text the pieces that were kept so far.
    """
    run = connection.execute(_RUN, (run_id,)).fetchone()
    if run is None:
        return None
    attempts = [attempt_from(row) for row in connection.execute(_ATTEMPTS, (run_id,))]
    if any(attempt.end.status == "running" for attempt in attempts):
        attempts = _with_pieces(attempts, connection.execute(_PIECES, (run_id,)))
    verdict = connection.execute("SELECT verdict FROM verdicts WHERE run_id = ?", (run_id,))
    return RunRows(
        RunRow(*run),
        tuple(CallRow(*row) for row in connection.execute(_CALLS, (run_id,))),
        tuple(attempts),
        _verdict(verdict.fetchone()),
        dict(connection.execute(_TAGS, (run_id,))),
        _picked(connection, run_id),
    )


def _with_pieces(
    attempts: Iterable[AttemptRow], pieces: Iterable[tuple[str, str]]
) -> list[AttemptRow]:
    texts: dict[str, list[str]] = {}
    for attempt_id, text in pieces:
        texts.setdefault(attempt_id, []).append(text)
    return [
        structs.replace(row, end=structs.replace(row.end, text="".join(texts[row.attempt_id])))
        if row.attempt_id in texts and row.end.status == "running"
        else row
        for row in attempts
    ]


def _picked(connection: sqlite3.Connection, run_id: str) -> str | None:
    """The call that the user chose; None in a log of an older ultra, which the next run renews."""
    if connection.execute(_HAS_PICKS).fetchone() is None:
        return None
    row = connection.execute(_PICK, (run_id,)).fetchone()
    return row[0] if row else None


def _verdict(row: tuple[Any] | None) -> Verdict | None:
    return msgspec.json.decode(row[0], type=Verdict) if row else None
