"""The log's file as `ultra doctor` looks at it: reads only, whatever state it is in."""

import os
import sqlite3
import time
from pathlib import Path

from msgspec import Struct

from ultra.store.check import check
from ultra.store.filesystem import network_filesystem
from ultra.store.owner import gone, myself
from ultra.store.reading import reading
from ultra.store.schema import MIGRATIONS
from ultra.store.tending import copies

LONGEST_S = 10.0
"""How long the pages of a large file are looked through."""

_STEPS = 100_000
"""Steps of SQLite's machine between looks at the clock: some milliseconds."""


class FileState(Struct, frozen=True):
    """The file from outside. `mode` and `folder_mode` are permissions, `free` bytes of the disk.

    `kept` are copies beside it by name: what was set aside as damaged, and before migrations.
    """

    size: int
    mode: int
    folder_mode: int
    writable: bool
    network: str | None
    kept: tuple[str, ...]


class Inside(Struct, frozen=True):
    """What the file holds. `damage` is empty for a whole file, None when there was no time for it.

    `running` are runs under way, `abandoned` those whose process is gone. `differing` are sums
    that do not add up, a line each.
    """

    version: int
    runs: int
    attempts: int
    damage: tuple[str, ...] | None
    running: int
    abandoned: int
    differing: tuple[str, ...]


def file_state(path: Path) -> FileState | None:
    """The file from outside; None when there is none. Raises `OSError`."""
    try:
        told = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    size = sum(_size(Path(f"{path}{side}")) for side in ("", "-wal"))
    return FileState(
        size,
        told.st_mode & 0o777,
        path.parent.stat().st_mode & 0o777,
        _writable(path) and _writable(path.parent),
        network_filesystem(path),
        tuple(Path(copy).name for copy in copies(path)),
    )


def inside(path: Path, now: float) -> Inside | None:
    """What the file holds; None for one that is empty.

    Raises `StoreError` for a file that cannot be read, is none of ours, or is of a newer ultra.
    """
    with reading(path) as connection:
        if connection is None:
            return None
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        damage = _damage(connection)
        if version < len(MIGRATIONS):
            return Inside(version, *_counts(connection), damage, 0, 0, ())
        running = connection.execute(
            "SELECT owner, started_at FROM runs WHERE status = 'running'"
        ).fetchall()
        me = myself()
        return Inside(
            version,
            *_counts(connection),
            damage,
            len(running),
            sum(gone(owner, me, now - began) for owner, began in running),
            tuple(check(connection, now)),
        )


def _counts(connection: sqlite3.Connection) -> tuple[int, int]:
    runs = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
    return runs, connection.execute("SELECT count(*) FROM attempts").fetchone()[0]


def _damage(connection: sqlite3.Connection) -> tuple[str, ...] | None:
    """What is wrong with its pages. Source: sqlite.org/pragma.html#pragma_quick_check."""
    over = time.monotonic() + LONGEST_S
    connection.set_progress_handler(lambda: time.monotonic() > over, _STEPS)
    try:
        rows = connection.execute("PRAGMA quick_check(5)").fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return None
        raise
    finally:
        connection.set_progress_handler(None, 0)
    return tuple(line for (line,) in rows if line != "ok")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK)
