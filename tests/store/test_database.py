"""How the file comes to its schema."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.ledger import STARTED, one, rows
from ultra.store.database import Place, open_database, set_aside
from ultra.store.schema import MIGRATIONS

NEXT = (*MIGRATIONS, ("CREATE TABLE more (x)", "INSERT INTO more VALUES (1)"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "ultra.db", mounts=tmp_path / "none")


def made(place: Place) -> None:
    open_database(place, STARTED).connection.close()


def test_a_new_file_has_the_schema_and_wal(place: Place) -> None:
    """What SQLite keeps in the file: version, our mark, and WAL; what it keeps per connection."""
    with closing(open_database(place, STARTED).connection) as connection:
        settings = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        ]

    assert settings == ["wal", 1, 5000, 1]
    assert one(place.path, "PRAGMA user_version") == len(MIGRATIONS)
    assert one(place.path, "PRAGMA application_id") == int.from_bytes(b"ultr")


def test_an_older_file_is_backed_up_and_migrated(place: Place) -> None:
    """The new step is taken once; the copy beside it is the old file, for its owner only."""
    made(place)
    newer = Place(place.path, mounts=place.mounts, steps=NEXT)

    made(newer)
    made(newer)

    (copy,) = place.path.parent.glob("*.schema-*")
    assert copy.name == f"ultra.db.schema-{len(MIGRATIONS)}-20260921T141320Z"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert one(copy, "PRAGMA user_version") == len(MIGRATIONS)
    assert rows(place.path, "SELECT x FROM more") == [(1,)]


def test_a_migration_that_fails_leaves_the_file_as_it_was(place: Place) -> None:
    """All steps are one transaction."""
    made(place)
    bad = (*MIGRATIONS, ("CREATE TABLE more (x)", "nonsense"))

    with pytest.raises(sqlite3.OperationalError, match="nonsense"):
        made(Place(place.path, mounts=place.mounts, steps=bad))

    assert one(place.path, "PRAGMA user_version") == len(MIGRATIONS)
    assert rows(place.path, "SELECT * FROM sqlite_master WHERE name = 'more'") == []


def test_a_whole_file_is_not_set_aside(place: Place) -> None:
    """Another process may have made a new one between the error and the look at it."""
    made(place)

    assert set_aside(place, STARTED) is None
    assert one(place.path, "PRAGMA user_version") == len(MIGRATIONS)
