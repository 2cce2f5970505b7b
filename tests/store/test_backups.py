"""A copy of the log is whole, of one moment, and never in anybody's way."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.ledger import ledger_at, one, tell
from tests.support.patience import PATIENCE_S
from ultra.core.errors import StoreError
from ultra.store.backups import back_up
from ultra.store.queries import Log
from ultra.store.schema import MIGRATIONS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ultra.db"


async def test_a_copy_is_whole_and_its_owners_alone(path: Path, tmp_path: Path) -> None:
    """One file, which is a log itself."""
    await tell(ledger_at(path))
    target, parts = tmp_path / "copy.db", list[float]()

    size = back_up(path, target, parts.append)

    assert size == target.stat().st_size
    assert target.stat().st_mode & 0o777 == 0o600
    assert [run.prompt for run in Log(target).runs(limit=0)] == ["why is it blue?"]
    assert parts[-1] == 1.0
    assert sorted(one.name for one in tmp_path.iterdir()) == ["copy.db", "home"]


async def test_a_copy_can_be_searched_where_nothing_can_be_written(
    path: Path, tmp_path: Path
) -> None:
    """Words that wait for the search index of the log are in that of the copy."""
    await tell(ledger_at(path), prompt="about whales")

    back_up(path, tmp_path / "copy.db")

    assert one(path, "SELECT count(*) FROM runs_fts WHERE runs_fts MATCH 'whales'") == 0
    assert one(tmp_path / "copy.db", "SELECT rowid FROM runs_fts WHERE runs_fts MATCH 'whales'")


async def test_a_damaged_search_index_keeps_nobody_from_a_copy(path: Path, tmp_path: Path) -> None:
    """The record is whole; the words wait on."""
    ledger = ledger_at(path)
    await tell(ledger, "first0000000", prompt="about whales")
    Log(path).runs(limit=0, query="whales")
    await tell(ledger, "second000000", prompt="about whales")
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE runs_fts_data SET block = x'00ff' WHERE id > 10")
        other.execute("UPDATE runs_fts_config SET v = 2 WHERE k IN ('automerge', 'crisismerge')")

    back_up(path, tmp_path / "copy.db")

    assert one(tmp_path / "copy.db", "SELECT count(*) FROM runs") == 2


async def test_a_copy_made_while_others_write_is_of_one_moment(path: Path, tmp_path: Path) -> None:
    """Everything in it fits together, and nobody waits."""
    await tell(ledger_at(path), answer="word " * 20_000)
    stop, written, failures = threading.Event(), list[int](), list[Exception]()

    def write() -> None:
        try:
            with closing(sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)) as other:
                number = 0
                while not stop.is_set() or number < 20:
                    number += 1
                    other.execute("BEGIN IMMEDIATE")
                    other.execute("INSERT INTO messages VALUES (?, 'a')", (f"a{number}",))
                    other.execute("INSERT INTO prompts VALUES (?, 'a')", (f"a{number}",))
                    other.execute("COMMIT")
                written.append(number)
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(5):
            back_up(path, tmp_path / f"{number}.db")
    finally:
        stop.set()
        thread.join(PATIENCE_S)

    assert failures == []
    for number in range(5):
        both = "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM prompts)"
        messages, prompts = one(tmp_path / f"{number}.db", both)
        assert messages == prompts
    assert one(path, "SELECT count(*) FROM prompts") == written[0] + 1


async def test_a_copy_replaces_nothing(path: Path, tmp_path: Path) -> None:
    """Neither a file nor a link that leads nowhere."""
    await tell(ledger_at(path))
    target, link = tmp_path / "copy.db", tmp_path / "link.db"
    target.write_text("mine")
    link.symlink_to(tmp_path / "nowhere")

    for place in (target, link):
        with pytest.raises(StoreError, match="is there already"):
            back_up(path, place)

    assert target.read_text() == "mine"


async def test_a_copy_that_cannot_be_written_is_not_there(path: Path, tmp_path: Path) -> None:
    """The error says where and why."""
    await tell(ledger_at(path))

    with pytest.raises(StoreError, match=r"cannot write .*: no such file or directory"):
        back_up(path, tmp_path / "nowhere" / "copy.db")


async def test_a_damaged_log_is_not_copied_in_silence(path: Path, tmp_path: Path) -> None:
    """Who trusts a copy may delete the log."""
    ledger = ledger_at(path)
    await tell(ledger, answer="word " * 20_000)
    ledger.shutdown(30.0)
    page = one(path, "SELECT rootpage FROM sqlite_master WHERE name = 'attempts'")
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)

    with pytest.raises(StoreError, match=r"damaged|cannot write"):
        back_up(path, tmp_path / "copy.db")

    assert [one.name for one in tmp_path.iterdir()] == ["home"]


async def test_a_log_of_a_newer_ultra_is_refused(path: Path, tmp_path: Path) -> None:
    """With the words that every other command has for it."""
    await tell(ledger_at(path))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")

    with pytest.raises(StoreError, match="newer ultra"):
        back_up(path, tmp_path / "copy.db")


def test_there_is_nothing_to_copy_of_an_empty_log(path: Path, tmp_path: Path) -> None:
    """And nothing is made."""
    with pytest.raises(StoreError, match="the log is empty"):
        back_up(path, tmp_path / "copy.db")

    assert list(tmp_path.iterdir()) == []
