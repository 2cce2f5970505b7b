"""Words come into the search index some runs at a time, and a search finds all of them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.ledger import attempt_record, ledger_at, one, rows, run_record, tell
from ultra.core.history import Sought
from ultra.store.database import Place, open_database
from ultra.store.ledger import SqliteLedger
from ultra.store.queries import Log
from ultra.store.schema import MIGRATIONS
from ultra.store.search_index import TOGETHER


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ultra.db"


async def fill(ledger: SqliteLedger, runs: int, first: int = 0) -> None:
    for number in range(first, first + runs):
        await tell(ledger, f"run{number:09}", prompt=f"whale number{number}")


def indexed(path: Path) -> int:
    return int(one(path, "SELECT count(*) FROM runs_fts_docsize"))


def whole(path: Path) -> None:
    """FTS5's own check of the index against what it is of."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO runs_fts (runs_fts, rank) VALUES ('integrity-check', 1)")


async def test_runs_are_put_in_together(path: Path) -> None:
    """None before there are enough, then all that wait; the index is whole at every moment."""
    ledger = ledger_at(path)
    seen = []
    for first in (0, TOGETHER - 1, TOGETHER):
        await fill(ledger, TOGETHER - 1 if not first else 1, first)
        seen.append(indexed(path))
        whole(path)

    assert seen == [0, TOGETHER, TOGETHER]


@pytest.mark.parametrize("ask", ["list", "page", "documents"])
async def test_a_search_finds_what_has_just_ended(path: Path, ask: str) -> None:
    """Whichever way is searched; the next one has nothing to put in, and writes nothing."""
    ledger = ledger_at(path)
    await fill(ledger, 2 * TOGETHER + 3)
    last = f"number{2 * TOGETHER + 2}"
    log = Log(path)
    asks = {
        "list": lambda: [one.run_id for one in log.runs(limit=0, query=last)],
        "page": lambda: [one.run_id for one in log.page(Sought(last), limit=5).runs],
        "documents": lambda: [one.run_id for one in log.documents(Sought(last))],
    }
    with closing(sqlite3.connect(path)) as watching:
        found = asks[ask]()
        before = watching.execute("PRAGMA data_version").fetchone()
        again = asks[ask]()
        after = watching.execute("PRAGMA data_version").fetchone()

    assert found == again == [f"run{2 * TOGETHER + 2:09}"]
    assert indexed(path) == 2 * TOGETHER + 3
    assert before == after
    whole(path)


async def test_a_run_under_way_and_one_without_words_wait_for_nothing(path: Path) -> None:
    """The first is put in when it has ended, the second never."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record("underway"))
    await ledger.admit(attempt_record("underway"))
    await tell(ledger, "wordless", keep_text=False)
    await tell(ledger, "worded", prompt="whale")

    Log(path).runs(limit=0, query="whale")

    found = dict(rows(path, "SELECT run_id, indexed FROM runs"))
    assert found == {"underway": 0, "wordless": 0, "worded": 1}


async def test_a_log_that_cannot_be_written_is_searched_and_says_so(path: Path) -> None:
    """What is in the index is found; that the latest runs may be missing is told."""
    await fill(ledger_at(path), TOGETHER + 1)
    warnings: list[str] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        found = Log(path, warnings.append).runs(limit=0, query="whale")

    assert len(found) == TOGETHER
    (warning,) = warnings
    assert "may miss the latest runs" in warning
    assert "database is locked" in warning


async def test_what_waits_in_a_log_of_an_older_ultra_stays_until_it_is_renewed(path: Path) -> None:
    """A search does not bring a log up to date."""
    path.parent.mkdir()
    open_database(Place(path, steps=MIGRATIONS[:7]), 0.0).connection.close()

    assert Log(path).runs(limit=0, query="whale") == []
    assert one(path, "PRAGMA user_version") == 7
