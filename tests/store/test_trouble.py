"""A log that cannot be written warns once, and every attempt goes."""

import asyncio
import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.ledger import (
    RUN,
    attempt_record,
    ledger_at,
    one,
    result,
    rows,
    run_end,
    run_record,
    tell,
)
from tests.support.process import UNMEASURED
from ultra.core.errors import ErrorClass, Failure, StoreError, UsageError
from ultra.core.ledger import Admitted
from ultra.store.ledger import SqliteLedger
from ultra.store.queries import Log
from ultra.store.schema import MIGRATIONS
from ultra.store.search_index import TOGETHER

NEWER = len(MIGRATIONS) + 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ultra.db"


async def whole_run(ledger: SqliteLedger, run_id: str = RUN) -> tuple[str | None, bool]:
    """The warning of a run's admission and whether all of it came to be on record."""
    ledger.begin_run(run_record(run_id))
    outcome = await ledger.admit(attempt_record(run_id))
    ledger.checkpoint(f"{run_id}-1.1", "ray")
    ledger.close(f"{run_id}-1.1", result())
    ledger.end_run(run_id, run_end(run_id=run_id))
    assert isinstance(outcome, Admitted)
    return outcome.warning, await ledger.flush(10.0)


async def test_a_locked_file_is_written_when_the_lock_goes(path: Path) -> None:
    """The attempt leaves after the wait for the lock, warned about once; its rows follow."""
    await tell(ledger_at(path), "before000000")
    warnings: list[str] = []
    ledger = ledger_at(path, warnings, busy_s=0.2)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        ledger.begin_run(run_record())
        outcomes = [await ledger.admit(attempt_record(call=n)) for n in (1, 2)]
        early = await ledger.flush(0.01)
        other.execute("COMMIT")
    ledger.close(f"{RUN}-1.1", result())

    flushed = await ledger.flush(30.0)

    assert all(isinstance(item, Admitted) and item.warning for item in outcomes)
    assert (early, flushed, len(warnings)) == (False, True, 1)
    assert "cannot be written yet: database is locked" in warnings[0]
    found = rows(path, "SELECT status FROM attempts WHERE attempt_id LIKE ? ORDER BY 1", f"{RUN}%")
    assert found == [("ok",), ("running",)]


async def test_an_attempt_does_not_wait_for_ever_for_a_disk_that_hangs(path: Path) -> None:
    """When the writer does not answer at all, the attempt goes with a warning."""
    path.parent.mkdir()
    ledger = ledger_at(path, busy_s=-0.9)  # a tenth of a second in all
    ledger.begin_run(run_record())
    with path.with_name("ultra.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        outcome = await ledger.admit(attempt_record())

    assert isinstance(outcome, Admitted)
    assert outcome.warning == f"the log `{path}` does not answer"


async def test_a_log_that_is_brought_up_to_date_holds_up_no_answer(path: Path) -> None:
    """Its attempts go at once, it is said why, and the rows follow when it is done."""
    path.parent.mkdir()
    warnings: list[str] = []
    ledger = ledger_at(path, warnings, busy_s=600.0)
    ledger.begin_run(run_record())
    with Path(f"{path}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        first = await ledger.admit(attempt_record())
        second = await ledger.admit(attempt_record(call=2))
        ledger.close(f"{RUN}-1.1", result())
        early = await ledger.flush(0.01)
        whole = asyncio.ensure_future(ledger.flush(0.01, patient=True))
        late, _ = await asyncio.wait([whole], timeout=0.1)
    written = await whole

    (warning,) = warnings
    assert "another process brings the log" in warning
    assert [one.warning for one in (first, second) if isinstance(one, Admitted)] == [warning] * 2
    assert (early, late, written) == (False, set(), True)
    assert sorted(rows(path, "SELECT status FROM attempts")) == [("ok",), ("running",)]


@pytest.mark.parametrize("place", ["/proc/ultra/ultra.db", "/dev/full/ultra.db"])
async def test_a_home_that_cannot_be_made_is_done_without(place: str) -> None:
    """One warning; the attempt goes, the flush says that nothing is kept."""
    warnings: list[str] = []

    warning, flushed = await whole_run(ledger_at(Path(place), warnings))

    assert warning
    assert warning.startswith(f"the log `{place}` cannot be written: ")
    assert (warnings, flushed) == ([warning], False)


async def test_a_damaged_file_is_set_aside(path: Path) -> None:
    """The old bytes are kept beside the new log, which has the whole run."""
    path.parent.mkdir()
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    warnings: list[str] = []

    warning, flushed = await whole_run(ledger_at(path, warnings))

    (aside,) = path.parent.glob("*.corrupt-*")
    assert (warning, flushed) == (None, True)
    assert aside.read_bytes().startswith(b"this is no database")
    assert warnings == [f"the log was damaged: it is kept as `{aside}` and a new one was begun"]
    assert one(path, "SELECT status, answer FROM runs") == ("ok", "rayleigh")


def damage(path: Path, table: str) -> None:
    """Overwrite the page that a table begins with."""
    page = one(path, "SELECT rootpage FROM sqlite_master WHERE name = ?", table)
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


async def test_a_file_that_is_damaged_inside_is_set_aside(path: Path) -> None:
    """Damage that shows only at the first write costs the old log, not the new run."""
    first = ledger_at(path)
    await tell(first, "first0000000")
    first.shutdown(30.0)
    damage(path, "attempts")
    warnings: list[str] = []

    warning, flushed = await whole_run(ledger_at(path, warnings))

    (aside,) = path.parent.glob("*.corrupt-*")
    assert (warning, flushed) == (None, True)
    assert warnings == [f"the log was damaged: it is kept as `{aside}` and a new one was begun"]
    assert one(path, "SELECT run_id, status FROM runs") == (RUN, "ok")


async def almost_together(ledger: SqliteLedger) -> None:
    """As many runs as wait to be put into the search index before the next one ends."""
    for number in range(TOGETHER - 1):
        await tell(ledger, f"first{number:07}")


async def test_a_damaged_search_index_costs_no_record(path: Path) -> None:
    """The run is on record all the same; only a search says that something is wrong."""
    first = ledger_at(path)
    await almost_together(first)
    first.shutdown(30.0)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DELETE FROM runs_fts_data")
    warnings: list[str] = []

    outcome = await whole_run(ledger_at(path, warnings))

    assert (outcome, warnings) == ((None, True), [])
    assert Log(path).run(RUN).answer == "rayleigh"


async def test_an_index_that_breaks_while_it_is_merged_costs_no_record(path: Path) -> None:
    """SQLite then ends the whole transaction: the group is put on record again without words."""
    warnings: list[str] = []
    first = ledger_at(path)
    for number in range(2 * TOGETHER):
        await tell(first, f"first{number:07}")
    first.shutdown(30.0)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE runs_fts_data SET block = x'00ff' WHERE id > 10")
        other.execute("UPDATE runs_fts_config SET v = 2 WHERE k IN ('automerge', 'crisismerge')")

    ledger = ledger_at(path, warnings)
    for number in range(3 * TOGETHER):
        await tell(ledger, f"later{number:07}")
    ledger.shutdown(30.0)

    assert warnings == []
    assert one(path, "SELECT count(*) FROM runs WHERE status = 'ok'") == 5 * TOGETHER
    assert one(path, "SELECT count(*) FROM runs WHERE NOT indexed") >= TOGETHER
    with pytest.raises(StoreError, match=r"search index of the log .* is damaged"):
        Log(path).runs(limit=0, query="rayleigh")


async def test_trouble_that_is_not_of_the_index_is_not_taken_for_it(path: Path) -> None:
    """Damage in a table that the index is made from sets the file aside like any other."""
    first = ledger_at(path)
    await almost_together(first)
    ledger = ledger_at(path)
    ledger.begin_run(run_record())
    await ledger.admit(attempt_record())
    ledger.shutdown(30.0)
    first.shutdown(30.0)
    damage(path, "runs_fts_data")

    _, flushed = await whole_run(ledger_at(path), "second000000")

    assert flushed
    assert len(list(path.parent.glob("*.corrupt-*"))) == 1


async def test_a_dead_run_that_cannot_be_completed_troubles_nobody(path: Path) -> None:
    """The sweep is best effort: it is rolled back and the run at hand goes on."""
    first = ledger_at(path)
    first.begin_run(run_record("first0000000"))
    await first.admit(attempt_record("first0000000"))
    first.shutdown(30.0)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE runs SET owner = replace(owner, ?, '4194999')", (str(os.getpid()),))
        other.execute(
            "CREATE TRIGGER no BEFORE UPDATE ON calls WHEN old.run_id LIKE 'first%'"
            " BEGIN SELECT raise(ABORT, 'no'); END"
        )
    warnings: list[str] = []

    outcome = await whole_run(ledger_at(path, warnings))

    assert (outcome, warnings) == ((None, True), [])
    assert one(path, "SELECT status FROM attempts WHERE attempt_id LIKE 'first%'") == "running"


async def test_what_left_while_the_log_did_not_answer_is_on_record(path: Path) -> None:
    """Nobody decides afterwards whether it may leave, whatever a breaker says by then."""
    first = ledger_at(path)
    failure = Failure(ErrorClass.OVERLOADED, "busy")
    for number in range(3):
        run = f"first{number:07}"
        first.begin_run(run_record(run))
        await first.admit(attempt_record(run))
        first.close(f"{run}-1.1", result("", status="error", failure=failure))
    assert await first.flush(30.0)
    first.shutdown(30.0)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode=DELETE")  # to be put right under the lock
    ledger = ledger_at(path, busy_s=-0.9)  # a tenth of a second in all
    ledger.begin_run(run_record())
    with path.with_name("ultra.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = await ledger.admit(attempt_record())

    ledger.close(f"{RUN}-1.1", result())
    ledger.end_run(RUN, run_end())
    assert await ledger.flush(30.0)

    assert isinstance(outcome, Admitted)
    assert outcome.warning
    assert rows(path, "SELECT status FROM attempts WHERE call_id = ?", f"{RUN}-1") == [("ok",)]


async def test_a_newer_schema_is_left_alone(path: Path) -> None:
    """The ledger goes on without it, the log says what to do, and the file stays as it was."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("CREATE TABLE future (x)")
        newer.execute(f"PRAGMA user_version = {NEWER}")
    before = path.read_bytes()
    warnings: list[str] = []

    warning, flushed = await whole_run(ledger_at(path, warnings))

    assert (warnings, flushed) == ([warning], False)
    assert "was written by a newer ultra" in warnings[0]
    assert path.read_bytes() == before
    with pytest.raises(StoreError, match="newer ultra") as caught:
        Log(path).runs(limit=3)
    assert caught.value.hint == "upgrade ultra, or move the file away to begin a new log"


async def test_a_file_of_another_program_is_left_alone(path: Path) -> None:
    """A SQLite file with somebody else's tables gets none of ours."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url)")
    warnings: list[str] = []

    await whole_run(ledger_at(path, warnings))

    assert "is a SQLite file of another program" in warnings[0]
    assert rows(path, "SELECT name FROM sqlite_master") == [("bookmarks",)]


async def test_the_next_run_tries_again(path: Path) -> None:
    """Trouble that has passed costs one run, and is not said twice."""
    path.parent.touch()
    warnings: list[str] = []
    ledger = ledger_at(path, warnings)
    first = await whole_run(ledger, "first0000000")
    path.parent.unlink()

    second = await whole_run(ledger, "second000000")

    assert first[0]
    assert (second, len(warnings)) == ((None, True), 1)
    assert rows(path, "SELECT run_id FROM runs") == [("second000000",)]


async def test_a_network_file_system_gets_a_rollback_journal(tmp_path: Path, path: Path) -> None:
    """WAL needs shared memory, which no network file system has: the user is told."""
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\n")
    local = ledger_at(path)
    await tell(local)
    local.shutdown(30.0)
    warnings: list[str] = []
    ledger = ledger_at(path, warnings, mounts=mounts)

    _, flushed = await whole_run(ledger, "second000000")

    assert flushed
    assert "on a network file system (`nfs4`)" in warnings[0]
    assert one(path, "PRAGMA journal_mode") == "delete"


def test_a_warning_reaches_the_user_after_the_event_loop_is_gone(path: Path) -> None:
    """What goes wrong while the process winds down is told all the same."""
    warnings: list[str] = []
    ledger = ledger_at(path, warnings)

    async def start() -> None:
        ledger.begin_run(run_record())
        await ledger.admit(attempt_record())

    asyncio.run(start())
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE pieces")
    ledger.close(f"{RUN}-1.1", result())
    ledger.shutdown(30.0)

    assert warnings == [f"the log `{path}` cannot be written: no such table: pieces"]


FULL = """
import asyncio, resource, signal, sys
from pathlib import Path
from tests.support.ledger import RUN, attempt_record, ledger_at, result, run_end, run_record

async def main(path):
    warnings = []
    ledger = ledger_at(path, warnings)
    ledger.begin_run(run_record())
    first = await ledger.admit(attempt_record())
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    ledger.close(f"{RUN}-1.1", result("x" * 400_000))
    ledger.end_run(RUN, run_end("x" * 400_000))
    flushed = await ledger.flush(10)
    print(first.warning, flushed, len(warnings), warnings[:1])

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_full_disk_warns_and_leaves_the_truth(path: Path) -> None:
    """The answer that did not fit is not on record; its attempt is, and what it may have cost."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **UNMEASURED},
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("None False 1 ")
    document = Log(path).run(RUN)
    assert (document.status, document.calls[0].status) == ("error", "error")
    assert (document.cost_nano, document.calls[0].charged_nano) == (None, 900)
    assert one(path, "SELECT status FROM attempts") == "running"


READ_ONLY = """
import asyncio, os, sys
from pathlib import Path
from tests.support.ledger import RUN, attempt_record, ledger_at, run_record
from ultra.store.queries import Log
from ultra.store.search_index import TOGETHER

async def main(path):
    warnings = []
    ledger = ledger_at(path, warnings)
    ledger.begin_run(run_record("second000000"))
    await ledger.admit(attempt_record("second000000"))
    print(warnings, [run.run_id for run in Log(path).runs(limit=3)], flush=True)
    os._exit(0)  # what would still be written at exit has nowhere to go

if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_directory_that_cannot_be_written_can_still_be_read(tmp_path: Path) -> None:
    """The ledger warns; the log gives what there is, though WAL has no room for its companions."""
    home = Path(tempfile.mkdtemp(dir="/tmp"))  # one that other users may enter: root drops its own
    path = home / "ultra.db"
    try:
        ledger = ledger_at(path)
        asyncio.run(tell(ledger))
        ledger.shutdown(30.0)
        path.chmod(0o444)
        home.chmod(0o555)

        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        home.chmod(0o755)
        shutil.rmtree(home)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (f"['the log `{path}` cannot be written: permission denied'] ['{RUN}']\n")


def test_a_log_that_is_no_database_cannot_be_read(path: Path) -> None:
    """Reading never moves the file: it says where it is."""
    path.parent.mkdir()
    path.write_bytes(b"no database" * 100)

    with pytest.raises(StoreError, match="cannot be read") as caught:
        Log(path).latest()

    assert caught.value.hint
    assert path.exists()


def test_a_log_that_is_not_there_is_empty(path: Path) -> None:
    """Before the first run there is nothing to see, and that is no error."""
    log = Log(path)

    assert (log.runs(limit=5), log.latest(), log.recent_ids(3), log.call_ids("ab")) == (
        [],
        None,
        [],
        [],
    )
    assert (log.last_run("tty"), log.conversation("c")) == (None, [])
    with pytest.raises(UsageError, match="no run has an id") as caught:
        log.run("abcd")
    assert caught.value.hint == "the log is empty"


async def test_a_failure_in_words_that_are_no_utf8_is_on_record(tmp_path: Path) -> None:
    """Half a character in what a provider says of its error costs neither row nor breaker."""
    warnings: list[str] = []
    ledger = ledger_at(tmp_path / "ultra.db", warnings)
    ledger.begin_run(run_record())
    attempt = attempt_record()
    await ledger.admit(attempt)
    busy = Failure(ErrorClass.OVERLOADED, "half \ud800 a character", provider="lab", model="m-1")
    ledger.close(attempt.attempt_id, result("", status="error", failure=busy, cost_nano=0))
    assert await ledger.flush(30.0)

    assert warnings == []
    found = one(tmp_path / "ultra.db", "SELECT status || ': ' || error_message FROM attempts")
    assert found == "error: half ? a character"
