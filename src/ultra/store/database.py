"""Opens the file for writing: makes it, brings it up to date, sets a broken one aside."""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path

from msgspec import Struct

from ultra.core.errors import StoreError
from ultra.store.filesystem import MOUNTS, network_filesystem
from ultra.store.schema import MIGRATIONS, Steps

BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

LARGE_BYTES = 64 << 20
"""A log of which it is said that it is brought up to date: 2 s at 27 s/GB, half of it the copy."""

TOLD_AFTER_S = 1.5
"""How long another process may make, renew or replace the file before that is said."""

_LOOK_S = 0.01
_PAGES = 2_000
_STEPS = 100_000
"""Between two looks for a Ctrl-C: pages of a copy (8 MB), steps of SQLite's (milliseconds)."""


class Opened(Struct, frozen=True):
    """A connection ready for writing and what the user should be told about the file.

    `network` is the type of the network file system that it lies on, empty for a local one.
    """

    connection: sqlite3.Connection
    notes: tuple[str, ...] = ()
    network: str = ""


def _nobody(_words: str) -> None:
    """Nobody listens."""


class Place(Struct, frozen=True):
    """Where the log lies and how to treat it.

    `busy_s` is how long a lock is waited for, `care_s` how long by who tends the log, since
    whoever asks models comes first; `mounts` and `steps` stand in for the system's mount table and
    the shipped schema. `tell` hears why opening it is about to take long.
    """

    path: Path
    busy_s: float = 5.0
    mounts: Path = MOUNTS
    steps: Steps = MIGRATIONS
    care_s: float = 30.0
    tell: Callable[[str], None] = _nobody


def error_code(error: BaseException) -> int:
    """SQLite's primary result code, 0 for an error that is not SQLite's."""
    if isinstance(error, sqlite3.Error):
        with suppress(AttributeError):  # errors that Python's module raises itself carry no code
            return error.sqlite_errorcode & 0xFF
    return 0


def of_index(error: BaseException) -> bool:
    """Whether it says that the search index is damaged, in a file that is whole."""
    return isinstance(error, sqlite3.Error) and (
        getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_CORRUPT_VTAB
    )


def open_database(place: Place, now: float) -> Opened:
    """Open the log, making or migrating it when needed. `now` names what is put beside it.

    Raises `StoreError` for a newer schema or a file that is not ours, `sqlite3.Error` and
    `OSError` when it cannot be written.
    """
    _make_file(place.path)
    try:
        return _open(place, now)
    except sqlite3.DatabaseError as error:
        if error_code(error) not in BROKEN:
            raise
    note = set_aside(place, now)
    opened = _open(place, now)
    return Opened(
        opened.connection, (note, *opened.notes) if note else opened.notes, opened.network
    )


def set_aside(place: Place, now: float) -> str | None:
    """Move a broken file out of the way; None when it turns out to be whole.

    Another process may have done it meanwhile, so the file is looked at again under the lock.
    """
    path = place.path
    with _alone(place):
        if _whole(path):
            return None
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        aside = path.with_name(f"{path.name}.corrupt-{stamp}")
        path.rename(aside)
        for side in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{path}{side}").rename(f"{aside}{side}")
        _make_file(path)
    return f"the log was damaged: it is kept as `{aside}` and a new one was begun"


def check_version(connection: sqlite3.Connection, path: Path, known: int) -> int:
    """The schema version of the file. Raises `StoreError` when it is newer than `known`."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > known:
        raise StoreError(
            f"the log `{path}` was written by a newer ultra"
            f" (its schema is {version}, this one knows {known})",
            hint="upgrade ultra, or move the file away to begin a new log",
        )
    return version


def connect_to_write(path: Path, busy_s: float) -> sqlite3.Connection:
    """A connection that writes as all of ours do, to whatever is there; transactions are begun by
    hand. `busy_s` is how long a lock is waited for. Raises `sqlite3.Error`.
    """
    connection = sqlite3.connect(
        path, timeout=busy_s, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=NORMAL")
        # Else texts that were kept while they came, and words of the search index that was merged,
        # stay readable in unused places of the file, out of reach of whoever deletes their run.
        connection.execute("PRAGMA secure_delete=ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _make_file(path: Path) -> None:
    """See to it that the file is there and that only its owner can read it."""
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(descriptor).st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _open(place: Place, now: float) -> Opened:
    connection = connect_to_write(place.path, place.busy_s)
    try:
        network = network_filesystem(place.path, place.mounts)
        _bring_up_to_date(connection, place, "delete" if network else "wal", now)
    except BaseException:
        connection.close()
        raise
    if not network:
        return Opened(connection)
    note = (
        f"the log `{place.path}` is on a network file system (`{network}`): it is kept without WAL,"
        " which is slower"
    )
    return Opened(connection, (note,), network)


def _bring_up_to_date(
    connection: sqlite3.Connection, place: Place, journal: str, now: float
) -> None:
    if _settled(connection, place, journal):
        return
    with _alone(place):
        if _settled(connection, place, journal):
            return
        version = check_version(connection, place.path, len(place.steps))
        _check_ours(connection, place.path, version)
        older = bool(version) and version < len(place.steps)
        with _kept(connection, place, version, now) if older else nullcontext():
            if not version:  # only a file without pages takes it; costs a page in a thousand
                connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute(f"PRAGMA journal_mode={journal}")
            with _interruptible(connection):
                _migrate(connection, place.steps, version)


def _settled(connection: sqlite3.Connection, place: Place, journal: str) -> bool:
    version = check_version(connection, place.path, len(place.steps))
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    return version == len(place.steps) and mode == journal


def _check_ours(connection: sqlite3.Connection, path: Path, version: int) -> None:
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and not version:
        raise StoreError(
            f"`{path}` is a SQLite file of another program", hint="choose another path for the log"
        )


@contextmanager
def _kept(connection: sqlite3.Connection, place: Place, version: int, now: float) -> Iterator[None]:
    """Keep the file as it is beside the one that the block makes of it; nothing if that fails.

    What a process that was killed has left of such a copy is written over.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    kept = place.path.with_name(f"{place.path.name}.schema-{version}-{stamp}")
    copy = place.path.with_name(f"{place.path.name}.schema-{version}-unfinished")
    size = place.path.stat().st_size
    if size >= LARGE_BYTES:
        place.tell(
            f"the log `{place.path}` ({size / 1e9:.1f} GB) is brought up to date, which takes a"
            f" while; as it was it is kept as `{kept.name}`, and Ctrl-C leaves it as it was"
        )
    try:
        _back_up(connection, copy)
        yield
    except BaseException:
        _remove(copy)
        raise
    copy.rename(kept)


def _back_up(connection: sqlite3.Connection, copy: Path) -> None:
    _remove(copy)
    _make_file(copy)
    connection.execute("BEGIN")  # one moment of it, or it begins anew when an older ultra writes
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with closing(sqlite3.connect(copy)) as target:
            connection.backup(target, pages=_PAGES, progress=lambda *_: None)
    finally:
        connection.execute("COMMIT")


def _remove(copy: Path) -> None:
    for left in (copy, Path(f"{copy}-journal")):
        left.unlink(missing_ok=True)


@contextmanager
def _interruptible(connection: sqlite3.Connection) -> Iterator[None]:
    """Let Ctrl-C into statements that take long; on other threads than the main one none comes."""
    connection.set_progress_handler(lambda: 0, _STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if error_code(error) == sqlite3.SQLITE_INTERRUPT:  # the handler raised: nobody else can
            raise KeyboardInterrupt from error
        raise
    finally:
        connection.set_progress_handler(None, _STEPS)


def _migrate(connection: sqlite3.Connection, steps: Steps, version: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in steps[version:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def empty_database(steps: Steps) -> sqlite3.Connection:
    """A log that nothing was written to, in memory alone."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    _migrate(connection, steps, 0)
    return connection


def _whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        try:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
        except sqlite3.DatabaseError as error:
            if error_code(error) in BROKEN:
                return False
            raise


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Hold the lock under which the file itself is made, migrated or replaced.

    SQLite's own locks do not do: of 120 processes that migrated a fresh file, 12 died locked.
    """
    descriptor = os.open(f"{place.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with suppress(OSError):  # file systems without locks: sshfs without its option, some FUSE
            if not _free_soon(descriptor):
                place.tell(
                    f"another process brings the log `{place.path}` up to date or replaces it:"
                    " this one waits for it"
                )
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _free_soon(descriptor: int) -> bool:
    """Take the lock; false where it is held for longer than anybody should wait in silence."""
    until = time.monotonic() + TOLD_AFTER_S
    while time.monotonic() < until:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(_LOOK_S)
    return False
