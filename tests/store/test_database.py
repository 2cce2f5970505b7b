"""How the file comes to its schema."""

import fcntl
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs

from tests.support.ledger import STARTED, one, rows
from ultra.store.database import LARGE_BYTES, Place, open_database, set_aside
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
    assert list(place.path.parent.glob("*.schema-*")) == []


@pytest.mark.parametrize("size", [0, LARGE_BYTES], ids=["small", "large"])
def test_what_takes_long_is_said_before_it_begins(place: Place, size: int) -> None:
    """How large it is, what is kept, and that it can be broken off; of a small log nothing."""
    made(place)
    with closing(sqlite3.connect(place.path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE room AS SELECT zeroblob(?) AS x", (size,))
    said: list[tuple[int, str]] = []

    def tell(words: str) -> None:
        said.append((one(place.path, "PRAGMA user_version"), words))

    made(structs.replace(place, steps=NEXT, tell=tell))

    (kept,) = place.path.parent.glob("*.schema-*")
    words = (
        f"the log `{place.path}` (0.1 GB) is brought up to date, which takes a while; as it was it"
        f" is kept as `{kept.name}`, and Ctrl-C leaves it as it was"
    )
    assert said == ([(len(MIGRATIONS), words)] if size else [])


def test_who_waits_for_another_process_says_so(place: Place) -> None:
    """Once, after a moment, and goes on when that has done."""
    made(place)
    said: list[str] = []
    with Path(f"{place.path}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        def tell(words: str) -> None:
            said.append(words)
            fcntl.flock(lock, fcntl.LOCK_UN)

        made(structs.replace(place, steps=NEXT, tell=tell))

    (words,) = said
    assert "another process brings the log" in words
    assert one(place.path, "PRAGMA user_version") == len(NEXT)


ENDLESS = """
import sys
from pathlib import Path
from ultra.store.database import Place, open_database
from ultra.store.schema import MIGRATIONS
step = "CREATE TABLE more AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
steps = (*MIGRATIONS, (f"{step} SELECT max(x) AS x FROM n",))
open_database(Place(Path(sys.argv[1]), steps=steps), 0.0)
"""


def test_ctrl_c_breaks_it_off_and_nothing_is_lost(place: Place) -> None:
    """In the middle of a statement that would never end; the copy is not needed then."""
    made(place)
    copy = Path(f"{place.path}.schema-{len(MIGRATIONS)}-unfinished")
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(place.path)], stderr=subprocess.PIPE
    ) as process:
        while not copy.exists():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()

    assert (process.returncode, b"KeyboardInterrupt" in err) == (-signal.SIGINT, True)
    assert one(place.path, "PRAGMA user_version") == len(MIGRATIONS)
    assert list(place.path.parent.glob("*.schema-*")) == []


def test_a_copy_that_was_not_finished_is_written_over(place: Place) -> None:
    """A process that was killed leaves no second one of gigabytes."""
    made(place)
    Path(f"{place.path}.schema-{len(MIGRATIONS)}-unfinished").write_bytes(b"half")

    made(structs.replace(place, steps=NEXT))

    (copy,) = place.path.parent.glob("*.schema-*")
    assert one(copy, "PRAGMA user_version") == len(MIGRATIONS)


def test_a_whole_file_is_not_set_aside(place: Place) -> None:
    """Another process may have made a new one between the error and the look at it."""
    made(place)

    assert set_aside(place, STARTED) is None
    assert one(place.path, "PRAGMA user_version") == len(MIGRATIONS)
