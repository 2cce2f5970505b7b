"""A whole copy of the log, as it was at one moment, while others go on writing."""

import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from ultra.core.errors import StoreError
from ultra.store.database import connect_to_write, error_code, of_index
from ultra.store.reading import reading
from ultra.store.search_index import put_in_all

PAGES = 2_000
"""Pages copied between two looks at how far it is: 8 MB."""


def back_up(path: Path, target: Path, tell: Callable[[float], None] | None = None) -> int:
    """Copy the log to a file that is not there yet, readable by its owner alone; its size.

    It is there whole and looked through, or not at all. `tell` is told the part that is done, 0 to
    1. Raises `StoreError`.
    """
    if target.exists() or target.is_symlink():
        raise _there(target)
    with reading(path) as source:
        if source is None:
            raise StoreError("the log is empty", hint="there is nothing to back up yet")
        # A reader's moment is held, or the copy would begin anew with everything that is written.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        try:
            return _copied(source, target, tell)
        except OSError as error:
            raise _failed(target, (error.strerror or str(error)).lower()) from error


def _copied(source: sqlite3.Connection, target: Path, tell: Callable[[float], None] | None) -> int:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.close(descriptor)
    beside = Path(name)
    try:
        _fill(source, beside, tell)
        size = beside.stat().st_size
        try:
            os.link(beside, target)  # unlike a rename it never replaces
        except FileExistsError as error:
            raise _there(target) from error
        except PermissionError:  # file systems without links
            beside.rename(target)
        return size
    except sqlite3.Error as error:
        full = error_code(error) == sqlite3.SQLITE_FULL
        raise _failed(target, "the disk is full" if full else str(error)) from error
    finally:
        for one in (beside, *(Path(f"{name}{side}") for side in ("-journal", "-wal", "-shm"))):
            with suppress(FileNotFoundError):
                one.unlink()


def _fill(source: sqlite3.Connection, beside: Path, tell: Callable[[float], None] | None) -> None:
    def progress(_status: int, left: int, pages: int) -> None:
        if tell is not None:
            tell(1.0 - left / max(1, pages))

    with closing(connect_to_write(beside, 0.0)) as copy:
        source.backup(copy, pages=PAGES, progress=progress)
        # One file, which can be read and searched where it cannot be written.
        copy.execute("PRAGMA journal_mode=DELETE")
        _index(copy)
        found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreError(
            f"the copy is damaged: {found}", hint="the log itself may be: see `ultra doctor`"
        )
    with beside.open("rb") as file:
        os.fsync(file.fileno())


def _index(copy: sqlite3.Connection) -> None:
    try:
        put_in_all(copy)
    except sqlite3.DatabaseError as error:  # a damaged index costs the search, here as there
        if not of_index(error):
            raise
        if copy.in_transaction:
            copy.execute("ROLLBACK")


def _there(target: Path) -> StoreError:
    return StoreError(
        f"`{target}` is there already", hint="a backup replaces nothing; choose another name"
    )


def _failed(target: Path, reason: str) -> StoreError:
    return StoreError(
        f"cannot write `{target}`: {reason}", hint="the log is as it was; choose another place"
    )
