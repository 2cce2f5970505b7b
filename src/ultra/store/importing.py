"""Takes runs of other programs into the log, so many in one transaction, each once."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from ultra.core.audit import Deed
from ultra.core.errors import StoreError, UsageError
from ultra.store.audit import append
from ultra.store.bulk import batches, flat
from ultra.store.database import Place, of_index, open_database
from ultra.store.owner import myself, to_text
from ultra.store.reading import reading
from ultra.store.transactions import Foreign, take_over

SLICE = 100
"""Runs in one transaction: some hundredths of a second, for which other writers wait."""


def bring_in(
    place: Place, now: float, found: Iterable[Foreign], deed: Callable[[int], Deed]
) -> int:
    """Put on record the runs that are not there yet; how many those were.

    `deed` is the entry of the audit trail for so many runs; it is added with the last of them, or
    with what there is when this is broken off. Raises `StoreError`, and whatever `found` raises.
    """
    owner, count = to_text(myself()), 0
    try:
        with closing(open_database(place, now).connection) as connection:
            try:
                for slice_ in _slices(found):
                    count += _take_over(connection, slice_, owner)
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if count:
                    append(connection, deed(count))
    except UsageError as error:
        if not count:
            raise
        raise UsageError(error.message, hint=f"{count:,} runs were imported before that") from error
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"the log `{place.path}` cannot be written: {error}",
            hint=f"{count:,} runs were imported before that; once it can, do it again",
        ) from error
    return count


def _take_over(connection: sqlite3.Connection, found: Sequence[Foreign], owner: str) -> int:
    """Put those on record that are not; once more without their words where the index is damaged.

    How many that were.
    """
    try:
        return _put(connection, found, owner, words=True)
    except sqlite3.DatabaseError as error:
        if not of_index(error):
            raise
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    return _put(connection, found, owner, words=False)


def _put(
    connection: sqlite3.Connection, found: Sequence[Foreign], owner: str, *, words: bool
) -> int:
    connection.execute("BEGIN IMMEDIATE")
    there = _known(connection, [item.run.run_id for item in found])
    fresh = [item for item in found if item.run.run_id not in there]
    take_over(connection, fresh, owner, words=words)
    connection.execute("COMMIT")
    return len(fresh)


def known(path: Path, run_ids: Sequence[str]) -> set[str]:
    """Which of these runs are on record. Raises `StoreError`."""
    with reading(path) as connection:
        return _known(connection, run_ids) if connection else set()


def _known(connection: sqlite3.Connection, run_ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for batch in batches([[run_id] for run_id in run_ids]):
        places = ", ".join("?" * len(batch))
        rows = connection.execute(
            f"SELECT run_id FROM runs WHERE run_id IN ({places})",  # noqa: S608
            flat(batch),
        )
        found.update(run_id for (run_id,) in rows)
    return found


def _slices(found: Iterable[Foreign]) -> Iterator[list[Foreign]]:
    """So many at a time; a run that comes twice counts once."""
    rest = iter(found)
    while taken := list(islice(rest, SLICE)):
        yield list({item.run.run_id: item for item in taken}.values())
