"""Many processes on one file, and processes that die."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.budgets import CENT
from tests.support.ledger import RUN, STARTED, ledger_at, one, rows, tell
from tests.support.patience import PATIENCE_S
from tests.support.process import UNMEASURED
from ultra.core.budget import Limit
from ultra.store.book import Book
from ultra.store.check import check
from ultra.store.queries import Log
from ultra.store.schema import MIGRATIONS

FITTING, REFUSED = 8, 5
"""How many of a crowd a budget pays for, and the exit code of a child that it does not."""

# One parent loads everything and forks: the children then meet at the file, not at the importer.
# The exit code of each is counted, and what budgets hold is looked at all the while.
CROWD = """
import asyncio, collections, json, os, sqlite3, sys
from contextlib import closing
from pathlib import Path
from tests.support.budgets import attempt_of, run_of
from tests.support.ledger import STARTED, ledger_at, result, run_end, tell
from ultra.core.ledger import Admitted
from ultra.store.database import Place, open_database
from ultra.store.schema import MIGRATIONS

REFUSED = 5

async def whole_run(ledger, run_id):
    await tell(ledger, run_id)
    return 0

async def bounded(ledger, run_id):
    run = run_of(run_id)
    attempt = attempt_of(run)
    ledger.begin_run(run)
    went = isinstance(await ledger.admit(attempt), Admitted)
    if went:
        ledger.close(attempt.attempt_id, result(charged_nano=attempt.charged_nano))
    ledger.end_run(run_id, run_end(run_id=run_id))
    assert await ledger.flush(60.0)
    return 0 if went else REFUSED

async def of_two_versions(ledger, run_id):
    number = int(run_id[3:])
    steps = MIGRATIONS[:-1] if number % 2 else MIGRATIONS
    try:
        open_database(Place(path, 60.0, path.with_name("none"), steps), STARTED).connection.close()
    except Exception as error:
        assert "newer ultra" in str(error), error
        return REFUSED
    return await whole_run(ledger, run_id) if steps is MIGRATIONS else 0

def child(number, gate):
    os.read(gate, 1)
    warnings, code = [], 1
    ledger = ledger_at(path, warnings, busy_s=60.0, mounts=path.with_name("mounts"))
    try:
        code = asyncio.run(globals()[act](ledger, f"run{number:09}"))
        ledger.shutdown(60.0)
    except BaseException as error:
        warnings.append(repr(error))
    warnings = [line for line in warnings if "on a network file system" not in line]
    if warnings:
        print(warnings, file=sys.stderr, flush=True)
    os._exit(1 if warnings else code)

def used():
    with closing(sqlite3.connect(path, timeout=60.0)) as connection:
        held = "SELECT ifnull(max(spent_nano + reserved_nano + uncertain_nano), 0) FROM budget"
        return connection.execute(held).fetchone()[0]

path, crowd, act = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
gate, opener = os.pipe()
for number in range(crowd):
    if not os.fork():
        os.close(opener)
        child(number, gate)
os.close(opener)
codes, most = collections.Counter(), 0
while sum(codes.values()) < crowd:
    pid, status = os.waitpid(-1, os.WNOHANG if act == "bounded" else 0)
    if pid:
        codes[os.waitstatus_to_exitcode(status)] += 1
    if act == "bounded":
        most = max(most, used())
print(json.dumps([sorted(codes.items()), most]))
"""

# Says its ids on stdout once text is kept, and then waits to be killed.
UNDER_WAY = """
import asyncio, sys
from pathlib import Path
from tests.support.ledger import attempt_record, ledger_at, result, run_record, RUN

async def main(path, text):
    ledger = ledger_at(path, checkpoint_s=0.001)
    ledger.begin_run(run_record())
    await ledger.admit(attempt_record())
    if text == "closed":
        ledger.close(f"{RUN}-1.1", result())
    elif text == "retrying":
        ledger.close(f"{RUN}-1.1", result("", status="error"))
    elif text:
        ledger.checkpoint(f"{RUN}-1.1", text)
    await ledger.flush(30)
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ultra.db"


def crowd(path: Path, size: int, act: str = "whole_run") -> tuple[dict[int, int], int]:
    """How many children ended with which code, and the most that a budget ever held."""
    done = subprocess.run(
        [sys.executable, "-c", CROWD, str(path), str(size), act],
        env={**os.environ, **UNMEASURED},
        capture_output=True,
        text=True,
        check=False,
        timeout=4 * PATIENCE_S,
    )
    assert (done.returncode, done.stderr) == (0, "")
    codes, most = json.loads(done.stdout)
    return dict(codes), most


def killed_while_under_way(path: Path, text: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", UNDER_WAY, str(path), text], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("size", [40, 120])
def test_processes_that_meet_at_a_fresh_file_lose_nothing(path: Path, size: int) -> None:
    """Every one of them makes, finds or awaits the schema and writes its whole run."""
    codes, _ = crowd(path, size)

    assert codes == {0: size}
    assert one(path, "SELECT count(*), sum(status = 'ok') FROM runs") == (size, size)
    assert one(path, "SELECT count(*), sum(status = 'ok') FROM attempts") == (size, size)
    assert one(path, "SELECT count(*) FROM prompts") == 1
    assert one(path, "PRAGMA integrity_check") == "ok"


def test_forty_first_starts_on_a_network_home_lose_nothing(path: Path) -> None:
    """No memory is shared there, so there is no WAL: a rollback journal and locks of the file."""
    path.parent.mkdir()
    table = f"/dev/sda1 / ext4 rw 0 0\nserver:/x {path.parent} nfs4 rw 0 0\n"
    path.with_name("mounts").write_text(table)

    codes, _ = crowd(path, 40)

    assert codes == {0: 40}
    assert one(path, "PRAGMA journal_mode") == "delete"
    assert one(path, "SELECT count(*), sum(status = 'ok') FROM attempts") == (40, 40)
    assert one(path, "PRAGMA integrity_check") == "ok"


def test_forty_eight_at_once_never_hold_more_than_a_budget_for_eight(path: Path) -> None:
    """All of them ask at the same moment: eight go, and no look at the file ever sees a ninth."""
    limit = FITTING * CENT + CENT // 2
    Book(path, lambda: STARTED).set(Limit("all", "day", limit, "hard", "UTC"))

    codes, most = crowd(path, 48, "bounded")

    assert codes == {0: FITTING, REFUSED: 48 - FITTING}
    assert CENT <= most <= limit
    assert one(path, "SELECT spent_nano, reserved_nano, uncertain_nano FROM budget") == (
        FITTING * CENT,
        0,
        0,
    )
    with closing(sqlite3.connect(path)) as connection:
        assert check(connection) == []


def test_two_versions_that_meet_at_a_fresh_file_leave_the_newer(path: Path) -> None:
    """The older one makes its schema or is told of the newer; nothing of the newer is lost."""
    codes, _ = crowd(path, 40, "of_two_versions")

    assert codes.keys() <= {0, REFUSED}
    assert one(path, "PRAGMA user_version") == len(MIGRATIONS)
    assert one(path, "SELECT count(*), sum(status = 'ok') FROM attempts") == (20, 20)
    assert one(path, "PRAGMA integrity_check") == "ok"


def test_a_killed_process_leaves_a_running_row_with_its_text(path: Path) -> None:
    """The file itself tells what was under way; the log already reads it as partial."""
    killed_while_under_way(path, "half an ans")

    document = Log(path).run(RUN)
    summary = Log(path).runs(limit=1)[0]

    assert one(path, "SELECT status FROM attempts") == "running"
    assert rows(path, "SELECT text FROM pieces") == [("half an ans",)]
    (call,) = document.calls
    assert (document.status, call.status, call.text) == ("partial", "partial", "half an ans")
    assert (call.cost_nano, call.charged_nano) == (None, 900)
    assert call.error is not None
    assert call.error.message == "the process ended before the answer was complete"
    assert (summary.status, summary.answer, summary.cost_nano) == ("partial", "half an ans", None)


async def test_the_next_writer_completes_what_a_killed_process_left(path: Path) -> None:
    """Status, text and error are as they were read before; the text can now be found."""
    killed_while_under_way(path, "half an ans")
    before = Log(path).run(RUN)

    await tell(ledger_at(path), "second000000")

    assert rows(path, "SELECT * FROM pieces") == []
    assert one(
        path,
        "SELECT status, text, cost_nano, charged_nano, error_class FROM attempts WHERE text"
        " LIKE 'half%'",
    ) == ("partial", "half an ans", None, 900, "internal")
    assert Log(path).run(RUN) == before
    assert [run.run_id for run in Log(path).runs(limit=5, query="half")] == [RUN]


@pytest.mark.parametrize(
    ("text", "run", "call", "attempt"),
    [
        ("", "error", "error", "error"),
        ("closed", "partial", "ok", "ok"),
        ("retrying", "error", "error", "error"),
    ],
    ids=["before any text", "between the close and the end", "between two tries"],
)
async def test_a_process_may_be_killed_at_any_step(
    path: Path, text: str, run: str, call: str, attempt: str
) -> None:
    """The rows say what is known: no text is an error, a closed attempt stays as it was closed."""
    killed_while_under_way(path, text)
    before = Log(path).run(RUN)

    await tell(ledger_at(path), "second000000")

    after = Log(path).run(RUN)
    assert (after.status, after.calls[0].status) == (run, call)
    assert after.calls[0].attempts[0].status == attempt
    assert after == before


async def test_a_run_of_a_living_process_is_left_to_it(path: Path) -> None:
    """Another process sees it running, with the text so far."""
    with subprocess.Popen(
        [sys.executable, "-c", UNDER_WAY, str(path), "half an ans"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()

        await tell(ledger_at(path), "second000000")
        document = Log(path).run(RUN)
        process.kill()

    assert (document.status, document.calls[0].status) == ("running", "running")
    assert document.calls[0].text == "half an ans"
    assert json.loads(one(path, "SELECT owner FROM runs WHERE run_id = ?", RUN))[3] == process.pid
