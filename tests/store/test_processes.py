"""Many processes on one file, and processes that die."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.ledger import RUN, ledger_at, one, rows, tell
from ultra.store.queries import Log

# One parent loads everything and forks: the children then meet at the file, not at the importer.
CROWD = """
import asyncio, os, sys
from pathlib import Path
from tests.support.ledger import ledger_at, tell

def child(path, number, gate):
    os.read(gate, 1)
    warnings = []
    ledger = ledger_at(path, warnings, busy_s=60.0)
    try:
        asyncio.run(tell(ledger, f"run{number:09}"))
        ledger.shutdown(60.0)
    except BaseException as error:
        warnings.append(repr(error))
    if warnings:
        print(warnings, file=sys.stderr, flush=True)
    os._exit(bool(warnings))

path, crowd = Path(sys.argv[1]), int(sys.argv[2])
gate, opener = os.pipe()
children = []
for number in range(crowd):
    pid = os.fork()
    if not pid:
        os.close(opener)
        child(path, number, gate)
    children.append(pid)
os.close(opener)
sys.exit(sum(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0 for pid in children))
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
    await asyncio.sleep(60)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ultra.db"


def crowd(path: Path, size: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CROWD, str(path), str(size)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


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
    done = crowd(path, size)

    assert (done.returncode, done.stderr) == (0, "")
    assert one(path, "SELECT count(*), sum(status = 'ok') FROM runs") == (size, size)
    assert one(path, "SELECT count(*), sum(status = 'ok') FROM attempts") == (size, size)
    assert one(path, "SELECT count(*) FROM prompts") == 1
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
