"""What an attempt costs the log, and whether that grows with what is on record."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.filled import fill
from benchmarks.stats import Checks, Result, compared, paired
from ultra.core.budget import Bound, Limit
from ultra.core.clock import SystemClock
from ultra.core.ids import new_run_id
from ultra.core.ledger import Admitted, AttemptRecord, AttemptResult, RunEnd, RunRecord
from ultra.core.model import Endpoint, KeyRef, Target
from ultra.core.request import said
from ultra.store.book import Book
from ultra.store.ledger import SqliteLedger

RECORDED = 100_000
SCOPES = ("all", "provider:lab", "profile:home", "key:abcd")
TARGET = Target("fast", "m-1", Endpoint("lab", "openai-chat", "http://127.0.0.1:1", KeyRef("none")))
CLOCK = SystemClock()


def hundred_thousand(pairs: int) -> list[Result]:
    """Opening the log, admitting and closing an attempt under eight hard budgets."""
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        full, empty = Path(folder) / "full.db", Path(folder) / "empty.db"
        fill(full, RECORDED, CLOCK.time())
        for path in (full, empty):
            set_budgets(path)
        before = rows_in(full)
        left, right = paired(
            opened_and_closed(full, checks), opened_and_closed(empty, checks), pairs
        )
        rows = [rows_in(path) for path in (full, empty)]
        checks.equal("rows written", rows, [before + pairs + 1, pairs + 1])
    return [
        compared(
            "open the log, admit and close",
            "the same on an empty log",
            left,
            right,
            target=1.3,
            checks=checks,
            seen={
                "rows": str(rows[0]),
                "note": f"{RECORDED:,} attempts on record, 8 hard budgets",
            },
        )
    ]


def set_budgets(path: Path) -> None:
    """Eight hard budgets that nothing comes near to; a log that is not there yet is begun."""
    for scope in SCOPES:
        for period in ("day", "month"):
            limit = Limit(scope, period, 10**15, "hard")
            Book(path, CLOCK.time).set(limit)


def opened_and_closed(path: Path, checks: Checks) -> Callable[[], float]:
    """Seconds of opening a log and putting one run of one call on record."""

    def run() -> float:
        warnings: list[str] = []
        start = time.perf_counter()
        ledger = SqliteLedger(path, clock=CLOCK, warn=warnings.append)
        went = asyncio.run(told(ledger, ("why is it blue?",)))
        seconds = time.perf_counter() - start
        ledger.shutdown()
        checks.equal("attempts that went, warnings", (went, warnings), (True, []))
        return seconds

    return run


async def told(ledger: SqliteLedger, prompts: Sequence[str]) -> bool:
    """Put runs of one call each on record, one after the other; the prompt comes back as answer."""
    went = [await _told(ledger, new_run_id(), prompt) for prompt in prompts]
    return all(went) and await ledger.flush(30.0)


async def _told(ledger: SqliteLedger, run_id: str, prompt: str) -> bool:
    now = CLOCK.time()
    ledger.begin_run(RunRecord(run_id, "ask", "single", now, prompt=prompt, profile="home"))
    attempt = AttemptRecord(
        attempt_id=f"{run_id}-1.1",
        call_id=f"{run_id}-1",
        run_id=run_id,
        number=1,
        role="answer",
        index=None,
        sample=0,
        target=TARGET,
        messages=(said("user", prompt),),
        options={},
        started_at=now,
        charged_nano=1_000,
        key_fp="abcd",
        bound=Bound(1_000, 0),
    )
    admitted = isinstance(await ledger.admit(attempt), Admitted)
    ended = AttemptResult("ok", now, 0.0, text=prompt, cost_nano=1_000, charged_nano=1_000)
    ledger.close(attempt.attempt_id, ended)
    ledger.end_run(run_id, RunEnd("ok", now, 0.0, f"{run_id}-1", prompt))
    return admitted


def rows_in(path: Path) -> int:
    """Attempts on record."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM attempts").fetchone()[0])
