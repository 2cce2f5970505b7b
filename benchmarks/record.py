"""What an attempt costs the log, and whether that grows with what is on record."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from benchmarks.stats import Checks, Result, compared, paired
from ultra.core.budget import Bound, Limit
from ultra.core.clock import SystemClock
from ultra.core.ids import new_run_id
from ultra.core.model import Endpoint, KeyRef, Target
from ultra.core.ports import Admitted, AttemptRecord, AttemptResult, RunEnd, RunRecord
from ultra.core.request import said
from ultra.store.book import Book
from ultra.store.database import Place, open_database
from ultra.store.ledger import SqliteLedger

RECORDED = 100_000
SCOPES = ("all", "provider:lab", "profile:home", "key:abcd")
TARGET = Target("fast", "m-1", Endpoint("lab", "openai-chat", "http://127.0.0.1:1", KeyRef("none")))
CLOCK = SystemClock()

_FILL = (
    (
        "CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS"
        " (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {count}) SELECT i FROM c"
    ),
    (
        "INSERT INTO runs (run_id, verb, strategy, profile, prompt, simulated, keep_text, version,"
        " started_at, owner, status, environment, host, cwd, session, conversation)"
        " SELECT printf('old%09d', i), 'ask', 'single', 'home', hex(randomblob(100)), 0, 1, '1',"
        " {now} - 26.0 * i, '[]', 'ok', '', '', '', '', '' FROM n"
    ),
    (
        "INSERT INTO calls (call_id, run_id, role, sample, name, provider, model, protocol,"
        " base_url, simulated, options, started_at, status)"
        " SELECT run_id || '-1', run_id, 'answer', 0, 'fast', 'lab', 'm-1', 'openai-chat',"
        " 'http://x', 0, '{{}}', started_at, 'ok' FROM runs"
    ),
    (
        "INSERT INTO attempts (attempt_id, call_id, number, started_at, status, text, charged_nano,"
        " cost_nano, key_fp)"
        " SELECT call_id || '.1', call_id, 1, started_at, 'ok', hex(randomblob(250)), 1000, 1000,"
        " 'abcd' FROM calls"
    ),
)


def hundred_thousand(pairs: int) -> list[Result]:
    """Opening the log, admitting and closing an attempt under eight hard budgets."""
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        full, empty = Path(folder) / "full.db", Path(folder) / "empty.db"
        _prepare(full, RECORDED)
        _prepare(empty, 0)
        left, right = paired(_attempt(full, checks), _attempt(empty, checks), pairs)
        rows = [_rows(path) for path in (full, empty)]
        checks.equal("rows written", rows, [RECORDED + pairs + 1, pairs + 1])
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


def _prepare(path: Path, count: int) -> None:
    with closing(open_database(Place(path), CLOCK.time()).connection) as connection:
        if count:
            connection.execute("BEGIN")
            for statement in _FILL:
                connection.execute(statement.format(count=count, now=CLOCK.time()))
            connection.execute("COMMIT")
    for scope in SCOPES:
        for period in ("day", "month"):
            limit = Limit(scope, period, 10**15, "hard")
            Book(path, CLOCK.time).set(limit)


def _attempt(path: Path, checks: Checks) -> Callable[[], float]:
    def run() -> float:
        warnings: list[str] = []
        start = time.perf_counter()
        ledger = SqliteLedger(path, clock=CLOCK, warn=warnings.append)
        went = asyncio.run(_told(ledger, new_run_id()))
        seconds = time.perf_counter() - start
        ledger.shutdown()
        checks.equal("attempts that went, warnings", (went, warnings), (True, []))
        return seconds

    return run


async def _told(ledger: SqliteLedger, run_id: str) -> bool:
    now = CLOCK.time()
    ledger.begin_run(RunRecord(run_id, "ask", "single", now, profile="home"))
    attempt = AttemptRecord(
        attempt_id=f"{run_id}-1.1",
        call_id=f"{run_id}-1",
        run_id=run_id,
        number=1,
        role="answer",
        index=None,
        sample=0,
        target=TARGET,
        messages=(said("user", "why is it blue?"),),
        options={},
        started_at=now,
        charged_nano=1_000,
        key_fp="abcd",
        bound=Bound(1_000, 0),
    )
    admitted = isinstance(await ledger.admit(attempt), Admitted)
    ended = AttemptResult("ok", now, 0.0, text="rayleigh", cost_nano=1_000, charged_nano=1_000)
    ledger.close(attempt.attempt_id, ended)
    ledger.end_run(run_id, RunEnd("ok", now, 0.0))
    return admitted and await ledger.flush(30.0)


def _rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM attempts").fetchone()[0])
