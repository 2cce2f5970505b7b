"""Hard budgets when the log cannot be kept, and when processes die in the middle."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.budgets import CENT, attempt_of, run_of
from tests.support.ledger import ledger_at, one, result, rows, run_end, tell
from ultra.core.budget import Limit
from ultra.core.errors import ErrorClass
from ultra.core.ledger import Admitted, Refused, RunRecord
from ultra.store.book import Book
from ultra.store.check import check
from ultra.store.ledger import SqliteLedger

NOW = 1_790_000_100.0
"""What the ledger's clock shows."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ultra.db"


def limited(path: Path, mode: str = "hard", nano: int = 10 * CENT) -> None:
    Book(path, lambda: NOW).set(Limit("all", "day", nano, mode, "UTC"))  # type: ignore[arg-type]


async def asked(ledger: SqliteLedger, run: RunRecord) -> Admitted | Refused:
    ledger.begin_run(run)
    return await ledger.admit(attempt_of(run))


OWN = (Limit("run", "run", CENT, "hard"),)


@pytest.mark.parametrize("where", ["store", "run"])
async def test_a_locked_log_refuses_what_a_hard_budget_bounds(path: Path, where: str) -> None:
    """Whoever set it; the run itself can still be ended and leaves nothing behind."""
    await tell(ledger_at(path), "before000000")
    limits: tuple[Limit, ...] = ()
    if where == "store":
        limited(path)
    else:
        limits = OWN
    ledger = ledger_at(path, busy_s=0.2)
    run = run_of(limits=limits)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        outcome = await asked(ledger, run)
        other.execute("COMMIT")
    ledger.end_run(run.run_id, run_end(run_id=run.run_id))

    assert isinstance(outcome, Refused)
    assert outcome.failure.error_class is ErrorClass.BUDGET
    assert "cannot be kept: the log" in outcome.failure.message
    assert await ledger.flush(30.0)
    assert rows(path, "SELECT 1 FROM attempts WHERE attempt_id LIKE 'run0%'") == []
    assert rows(path, "SELECT * FROM reservation") == []


async def test_what_left_while_a_soft_budget_could_not_count_is_counted_after(path: Path) -> None:
    """The attempt goes, and its cost is in the budget once the lock is gone."""
    limited(path, "soft")
    ledger = ledger_at(path, busy_s=0.2)
    run = run_of()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        outcome = await asked(ledger, run)
        other.execute("COMMIT")
    ledger.close(attempt_of(run).attempt_id, result(charged_nano=CENT // 2))

    assert isinstance(outcome, Admitted)
    assert await ledger.flush(30.0)
    assert one(path, "SELECT spent_nano, reserved_nano FROM budget") == (CENT // 2, 0)


@pytest.mark.parametrize("place", ["/proc/ultra/ultra.db", "/dev/full/ultra.db"])
async def test_a_home_that_cannot_be_made_refuses_a_run_with_a_budget_of_its_own(
    place: str,
) -> None:
    """Without any the run goes on."""
    bounded, free = run_of(limits=OWN), run_of("run000000002")
    ledger = ledger_at(Path(place))

    assert isinstance(await asked(ledger, bounded), Refused)
    assert isinstance(await asked(ledger, free), Admitted)


async def test_a_log_that_does_not_answer_refuses_a_run_with_a_budget(path: Path) -> None:
    """The wait ends in time, and the attempt is taken back."""
    import fcntl

    path.parent.mkdir()
    ledger = ledger_at(path, busy_s=-0.9)  # a tenth of a second in all
    with path.with_name("ultra.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = await asked(ledger, run_of(limits=OWN))

    assert isinstance(outcome, Refused)
    assert "does not answer" in outcome.failure.message
    assert await ledger.flush(30.0)
    assert rows(path, "SELECT state FROM reservation") == [("released",)]


async def test_limits_survive_a_damaged_log(path: Path) -> None:
    """The new file holds what could be read of the old one."""
    limited(path)
    ledger = ledger_at(path)
    await tell(ledger, "before000000")
    ledger.shutdown(30.0)
    page = one(path, "SELECT rootpage FROM sqlite_master WHERE name = 'attempts'")
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)

    outcome = await asked(ledger_at(path), run_of())

    assert isinstance(outcome, Admitted)
    assert outcome.reserve_nano == CENT
    assert len(list(path.parent.glob("*.corrupt-*"))) == 1
    assert one(path, "SELECT scope, limit_nano, mode FROM budget_limit") == (
        "all",
        10 * CENT,
        "hard",
    )


async def test_a_cancelled_admission_gives_its_money_back(path: Path) -> None:
    """The attempt never left, whether or not it was reserved by then."""
    limited(path)
    ledger = ledger_at(path)
    run = run_of()
    ledger.begin_run(run)
    waiting = asyncio.create_task(ledger.admit(attempt_of(run)))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert await ledger.flush(30.0)
    assert one(path, "SELECT spent_nano, reserved_nano FROM budget") == (0, 0)
    assert rows(path, "SELECT state FROM reservation") == [("released",)]


# Says that it is there after a step of an attempt, and then waits to be killed.
STEP = """
import asyncio, sys
from pathlib import Path
from tests.support.budgets import CENT, attempt_of, run_of
from tests.support.ledger import ledger_at, result
from ultra.core.budget import Bound, Planned
from ultra.core.cost import Price, Rate

PRICE = Price(Rate(0), Rate(10**9))

async def main(path, step):
    ledger = ledger_at(path, checkpoint_s=0.001)
    run = run_of(plan=(Planned("lab", PRICE, 0, 1000), Planned("lab", PRICE, 0, 1000)))
    ledger.begin_run(run)
    attempt = attempt_of(run, bound=Bound(0, 10**9, 1000))
    if step != "before":
        await ledger.admit(attempt)
    if step in ("streaming", "closed"):
        ledger.checkpoint(attempt.attempt_id, "half an ans")
        await ledger.flush(30)
    if step == "closed":
        ledger.close(attempt.attempt_id, result(charged_nano=400_000))
    await ledger.flush(30)
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


@pytest.mark.parametrize(
    ("step", "spent", "uncertain"),
    [
        ("before", 0, 0),
        ("admitted", 0, 1_000_000),
        ("streaming", 0, 1_000_000),
        ("closed", 400_000, 0),
    ],
)
async def test_a_process_may_be_killed_at_every_step(
    path: Path, step: str, spent: int, uncertain: int
) -> None:
    """The next run charges what may have been spent, gives back the rest, and all adds up."""
    limited(path)
    with subprocess.Popen(
        [sys.executable, "-c", STEP, str(path), step], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGKILL)

    ledger = ledger_at(path)
    await tell(ledger, "second000000")
    ledger.shutdown(30.0)

    counters = one(path, "SELECT spent_nano, reserved_nano, uncertain_nano FROM budget")
    assert counters == (spent, 0, uncertain)
    with closing(sqlite3.connect(path)) as connection:
        assert check(connection) == []


async def test_a_long_stream_of_a_living_process_is_not_swept(path: Path) -> None:
    """However long its lease is over."""
    limited(path)
    run = run_of()
    ledger = ledger_at(path)
    ledger.begin_run(run)
    await ledger.admit(attempt_of(run, lease_s=-10_000_000.0))

    other = ledger_at(path)
    await tell(other, "second000000")
    other.shutdown(30.0)

    assert one(path, "SELECT reserved_nano, uncertain_nano FROM budget") == (CENT, 0)
