"""Changes to what is on record already, made so that whoever writes hardly notices.

Work is done in slices, each a short transaction with a pause after it. One process tends a log at
a time. What is deleted is overwritten (`secure_delete`), in the search index as well.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from ultra.core.errors import StoreError
from ultra.store.database import Place, error_code, of_index, open_database
from ultra.store.search_index import renew

HELD_S = 0.05
"""For how long a slice should hold the lock. SQLite's own waiting looks again after 0.1 s at most,
so that whoever waits is not waiting for many slices."""

FIRST, MOST = 20, 2_000
"""How many things the first slice does, and the most that any does."""

PAGES = 256
"""Pages of the file that one slice gives back, or of the search index that one slice rewrites."""

SECURE_INDEX = (3, 42, 0)
"""The first SQLite whose search index forgets words at once. Source: sqlite.org/fts5.html."""

T = TypeVar("T")
Tell = Callable[[int], None]
"""Is told how many things were done so far."""


class Tender:
    """A connection for work on the log, `sleep` being how a pause is made."""

    def __init__(
        self, connection: sqlite3.Connection, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.connection = connection
        self._sleep = sleep
        self._secure_index = sqlite3.sqlite_version_info >= SECURE_INDEX

    @contextmanager
    def slice(self) -> Iterator[None]:
        """One transaction; then a pause as long as it took, for others to write."""
        self.connection.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        self._rest(time.monotonic() - began)

    def each(
        self, things: Sequence[T], work: Callable[[Sequence[T]], None], tell: Tell | None = None
    ) -> None:
        """Do work on all things, as many a slice as can be done in `HELD_S`."""
        done, size = 0, FIRST
        while done < len(things):
            batch = things[done : done + size]
            took = self._done(batch, work)
            done += len(batch)
            size = max(1, min(MOST, 2 * size, int(len(batch) * HELD_S / max(took, 1e-4))))
            if tell is not None:
                tell(done)

    def _done(self, batch: Sequence[T], work: Callable[[Sequence[T]], None]) -> float:
        """Do a slice of work; the seconds that it took. A damaged index is made anew for it."""
        try:
            with self.slice():
                began = time.monotonic()
                work(batch)
                return time.monotonic() - began
        except sqlite3.DatabaseError as error:
            if not of_index(error):
                raise
        self.renew_index()
        with self.slice():
            began = time.monotonic()
            work(batch)
            return time.monotonic() - began

    def renew_index(self) -> None:
        """Make the search index anew."""
        with self.slice():
            renew(self.connection)

    def remember_no_words(self) -> None:
        """Let the search index forget at once what is deleted from it, where SQLite can."""
        if self._secure_index:
            with self.slice():
                self.connection.execute(
                    "INSERT INTO runs_fts (runs_fts, rank) VALUES ('secure-delete', 1)"
                )

    def forget_words(self) -> None:
        """Rewrite the search index without what was deleted from it, where that is not done yet.

        Source: sqlite.org/fts5.html#the_merge_command.
        """
        if self._secure_index:
            return
        try:
            self._merge_all()
        except sqlite3.DatabaseError as error:
            if not of_index(error):
                raise
            self.renew_index()

    def _merge_all(self) -> None:
        pages, before = -PAGES, -2
        while self.connection.total_changes - before >= 2:
            with self.slice():
                before = self.connection.total_changes
                self.connection.execute(
                    "INSERT INTO runs_fts (runs_fts, rank) VALUES ('merge', ?)", (pages,)
                )
            pages = PAGES

    def give_back(self) -> int:
        """Make the file smaller by what is unused in it; how many bytes stay unused.

        A file that an older ultra made cannot be made smaller while others use it: what is unused
        in it serves again.
        """
        if self._number("auto_vacuum"):
            for _ in range(-(-self._number("freelist_count") // PAGES)):
                began = time.monotonic()
                # Every page is a step of the statement, and `execute` makes one step.
                self.connection.executescript(f"PRAGMA incremental_vacuum({PAGES})")
                self._rest(time.monotonic() - began)
        return self._number("freelist_count") * self._number("page_size")

    def settle(self) -> bool:
        """Write everything into the file itself; whether it is, since a reader may be in the way.

        Until then the words stand in the file beside it.
        """
        busy, _, _ = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    @property
    def size(self) -> int:
        """Bytes of the file once all is settled."""
        return self._number("page_count") * self._number("page_size")

    def _rest(self, took: float) -> None:
        """Let others write for as long as they could not."""
        self._sleep(max(0.01, took))

    def _number(self, name: str) -> int:
        return int(self.connection.execute(f"PRAGMA {name}").fetchone()[0])


@contextmanager
def tending(place: Place, now: float) -> Iterator[Tender]:
    """A tender of the log at `place`, the only one as long as the block lasts.

    Raises `StoreError` when another process is at it, and when the log cannot be written: what was
    done until then stays done.
    """
    try:
        with _only_one(place.path), closing(open_database(place, now).connection) as connection:
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute(f"PRAGMA busy_timeout={int(place.care_s * 1000)}")
            yield Tender(connection)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"the log `{place.path}` cannot be written: {_reason(error)}",
            hint="what was done until then stays done, nothing else was changed; run it again"
            " when that is mended",
        ) from error


def stamp(path: Path) -> Path:
    """The file that is locked while a log is tended, and whose time says when that was due last."""
    return path.with_name(f"{path.name}.care")


def copies(path: Path) -> tuple[str, ...]:
    """Older copies of a log that stand beside it: of earlier schemas, and of damaged files."""
    beside = (
        *path.parent.glob(f"{path.name}.schema-*"),
        *path.parent.glob(f"{path.name}.corrupt-*"),
    )
    return tuple(sorted(str(one) for one in beside))


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(stamp(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    with suppress(OSError):  # file systems without locks: sshfs without its option, some FUSE
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(
                f"another process is taking care of the log `{path}`",
                hint="one prunes, deletes or redacts at a time; try again in a moment",
            ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    if error_code(error) == sqlite3.SQLITE_FULL:
        return "the disk is full"
    return str(error)
