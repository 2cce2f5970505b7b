"""Records to put in a ledger, and eyes for what its file then holds."""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ultra.core.ids import attempt_id, call_id
from ultra.core.ledger import AttemptRecord, AttemptResult, RunEnd, RunRecord
from ultra.core.model import Endpoint, KeyRef, Target
from ultra.core.profile import BreakerRules
from ultra.core.request import Message, said
from ultra.store.database import Place
from ultra.store.ledger import SqliteLedger

STARTED = 1_790_000_000.0
RUN = "run000000001"
ENDPOINT = Endpoint("lab", "openai-chat", "http://me:pass@127.0.0.1:8000/v1", KeyRef("none"))


class StillClock:
    """A clock that stands, so that rows can be compared whole."""

    def monotonic(self) -> float:
        return 0.0

    def time(self) -> float:
        return STARTED + 100.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the ledger never sleeps on the clock")


def target(name: str = "fast", model: str = "m-1") -> Target:
    return Target(name, model, ENDPOINT)


def run_record(run_id: str = RUN, **fields: Any) -> RunRecord:
    told = {"verb": "ask", "strategy": "single", "started_at": STARTED, "prompt": "why is it blue?"}
    return RunRecord(run_id, **{**told, **fields})


def attempt_record(
    run_id: str = RUN, call: int = 1, number: int = 1, **fields: Any
) -> AttemptRecord:
    name = call_id(run_id, call)
    told: dict[str, Any] = {
        "attempt_id": attempt_id(name, number),
        "call_id": name,
        "run_id": run_id,
        "number": number,
        "role": "answer",
        "index": None,
        "sample": 0,
        "target": target(),
        "messages": (said("user", "why is it blue?"),),
        "options": {},
        "started_at": STARTED + number,
        "charged_nano": 900,
    }
    return AttemptRecord(**{**told, **fields})


def result(text: str = "rayleigh", **fields: Any) -> AttemptResult:
    told: dict[str, Any] = {
        "status": "ok",
        "ended_at": STARTED + 9.0,
        "duration_s": 2.0,
        "text": text,
        "cost_nano": 700,
        "charged_nano": 700,
    }
    return AttemptResult(**{**told, **fields})


def run_end(text: str = "rayleigh", run_id: str = RUN, **fields: Any) -> RunEnd:
    told: dict[str, Any] = {
        "status": "ok",
        "ended_at": STARTED + 9.0,
        "duration_s": 9.0,
        "answer_call": call_id(run_id, 1),
        "answer_text": text,
    }
    return RunEnd(**{**told, **fields})


def ledger_at(
    path: Path,
    warnings: list[str] | None = None,
    *,
    busy_s: float = 5.0,
    checkpoint_s: float = 1.0,
    mounts: Path | None = None,
    breaker: BreakerRules | None = None,
) -> SqliteLedger:
    said_of_it = [] if warnings is None else warnings
    place = Place(path, busy_s, mounts or path.with_name("no-mounts"))
    return SqliteLedger(
        path,
        clock=StillClock(),
        warn=said_of_it.append,
        place=place,
        checkpoint_s=checkpoint_s,
        breaker=breaker,
    )


async def quick_once(database: Path, model: Target) -> None:
    """Put thirty answers of a few minutes ago into a log, each of which began at once."""
    database.parent.mkdir(parents=True, exist_ok=True)
    ledger, at = ledger_at(database), time.time() - 600.0
    for number in range(30):
        run = f"run{number:09}"
        ledger.begin_run(run_record(run, started_at=at))
        await ledger.admit(attempt_record(run, target=model, started_at=at))
        ledger.close(f"{run}-1.1", result(ttft_s=0.05, ended_at=at + 1.0))
    assert await ledger.flush(30.0)
    ledger.shutdown(30.0)


async def tell(
    ledger: SqliteLedger,
    run_id: str = RUN,
    *,
    answer: str = "rayleigh",
    messages: tuple[Message, ...] | None = None,
    **fields: Any,
) -> None:
    """Put a whole run of one call on record."""
    run = run_record(run_id, **fields)
    ledger.begin_run(run)
    attempt = attempt_record(run_id, messages=messages or (said("user", run.prompt),))
    await ledger.admit(attempt)
    ledger.close(attempt.attempt_id, result(answer))
    ledger.end_run(run_id, run_end(answer, run_id))
    assert await ledger.flush(30.0)


def rows(path: Path, sql: str, *values: Any) -> list[Any]:
    """What the file answers, asked on a connection of its own."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql, values).fetchall()


def one(path: Path, sql: str, *values: Any) -> Any:
    """The only row, or its only column."""
    (row,) = rows(path, sql, *values)
    return row[0] if len(row) == 1 else row


def words_in(directory: Path, words: Sequence[str]) -> list[str]:
    """Which of the words stand in any file of the directory."""
    data = b"".join(path.read_bytes() for path in directory.iterdir() if path.is_file())
    return [word for word in words if word.encode() in data]
