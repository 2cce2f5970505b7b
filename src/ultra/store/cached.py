"""What is in the cache, what it saved, and making it forget."""

import sqlite3
from contextlib import closing
from pathlib import Path
from time import time

from ultra.core.errors import StoreError
from ultra.core.records import CacheStats
from ultra.store.database import Place, open_database
from ultra.store.documents import iso
from ultra.store.reading import reading

_KEPT = "SELECT count(*), ifnull(sum(size), 0), min(created_at) FROM cache WHERE expires_at > ?"
_SERVED = """
SELECT count(*), count(*) FILTER (WHERE NOT c.simulated AND a.saved_nano IS NULL),
  ifnull(sum(a.saved_nano) FILTER (WHERE NOT c.simulated), 0), ifnull(sum(c.simulated), 0)
FROM attempts a JOIN calls c ON c.call_id = a.call_id WHERE a.kind = 'cache'"""
_WHICH = (
    " WHERE (?1 IS NULL OR ?1 IN (model, provider, provider || ':' || model))"
    " AND (?2 IS NULL OR created_at <= ?2)"
)


def cache_stats(path: Path, now: float) -> CacheStats:
    """How full the cache is, and what it saved as far as the log goes back.

    What simulated models would have cost is not counted as saved. Raises `StoreError`.
    """
    with reading(path) as connection:
        if connection is None:
            return CacheStats(0, 0, 0, 0, 0, 0, None)
        entries, size, oldest = connection.execute(_KEPT, (now,)).fetchone()
        hits, unpriced, saved, simulated = connection.execute(_SERVED).fetchone()
    since = None if oldest is None else iso(oldest)
    return CacheStats(entries, size, hits, saved, unpriced, simulated, since)


def matching(path: Path, model: str | None, before: float | None) -> int:
    """How many answers `clear` would remove. Raises `StoreError`."""
    with reading(path) as connection:
        if connection is None:
            return 0
        row = connection.execute(f"SELECT count(*) FROM cache{_WHICH}", (model, before))  # noqa: S608
        return int(row.fetchone()[0])


def clear(path: Path, model: str | None, before: float | None) -> int:
    """Remove answers for good; how many.

    `model` is a model id, a provider or `provider:model`; `before` is UTC seconds since the epoch,
    of when an answer was kept. None takes all. Raises `StoreError`.
    """
    if not matching(path, model, before):
        return 0
    try:
        with closing(open_database(Place(path), time()).connection) as connection:
            connection.execute("PRAGMA secure_delete=ON")
            found = connection.execute(f"DELETE FROM cache{_WHICH}", (model, before))  # noqa: S608
            # Else the words stay in the side file until somebody else writes enough.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return found.rowcount
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"the cache in `{path}` cannot be written: {error}",
            hint="`ultra logs path` shows where it is",
        ) from error
