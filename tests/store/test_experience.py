"""How models fared, by the log."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.ledger import (
    STARTED,
    attempt_record,
    ledger_at,
    result,
    rows,
    run_end,
    run_record,
    target,
)
from ultra.core.errors import ErrorClass, Failure
from ultra.core.ledger import AttemptKind, AttemptResult
from ultra.core.profile import BreakerRules
from ultra.store.experience import _SEEN, LATEST, Experience
from ultra.store.ledger import SqliteLedger
from ultra.store.queries import Log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ultra.db"


async def called(
    ledger: SqliteLedger,
    number: int,
    model: str,
    *tries: AttemptResult,
    at: float = 0.0,
    kind: AttemptKind = "primary",
) -> None:
    """Put one call on record, with its tries in order."""
    run_id = f"run{number:09d}"
    ledger.begin_run(run_record(run_id))
    for place, outcome in enumerate(tries, 1):
        attempt = attempt_record(
            run_id,
            number=place,
            target=target(model, model),
            started_at=STARTED + at + place,
            kind=kind,
        )
        await ledger.admit(attempt)
        ledger.close(attempt.attempt_id, outcome)
    ledger.end_run(run_id, run_end(run_id=run_id))


def failed(error_class: ErrorClass, status: str = "error") -> AttemptResult:
    return result("", status=status, failure=Failure(error_class, "no"))


def timed(ttft_s: float, duration_s: float) -> AttemptResult:
    return result(ttft_s=ttft_s, duration_s=duration_s)


async def test_medians_and_success_are_those_of_the_models_own_calls(path: Path) -> None:
    """Retries count into the time of their call; what the user broke off is not counted."""
    ledger = ledger_at(path)
    await called(ledger, 1, "m-1", timed(0.5, 2.0))
    await called(ledger, 2, "m-1", timed(0.7, 4.0))
    await called(ledger, 3, "m-1", failed(ErrorClass.OVERLOADED), timed(0.25, 1.0))
    await called(ledger, 4, "m-1", failed(ErrorClass.SERVER))
    await called(ledger, 5, "m-1", result("ha", status="partial"))
    await called(ledger, 6, "m-1", failed(ErrorClass.CONFIG))
    await called(ledger, 7, "m-2", failed(ErrorClass.NETWORK, "partial"))
    await called(ledger, 8, "m-3", result("", status="cancelled"))
    await called(ledger, 9, "m-4", result(ttft_s=None))
    await ledger.flush(30.0)

    assert Log(path).experience() == [
        Experience("lab", "m-1", 4, 0.75, 0.7, 2.0),
        Experience("lab", "m-2", 1, 0.0, None, None),
        Experience("lab", "m-4", 1, 1.0, None, 2.0),
    ]


async def test_only_the_latest_calls_count(path: Path) -> None:
    """What failed a hundred calls ago is forgiven."""
    ledger = ledger_at(path, breaker=BreakerRules(failures=1000))
    for number in range(LATEST + 20):
        outcome = failed(ErrorClass.SERVER) if number < 20 else timed(0.1, 1.0)
        await called(ledger, number, "m-1", outcome, at=number * 10.0)
    await ledger.flush(30.0)

    (found,) = Log(path).experience()

    assert (found.calls, found.success) == (LATEST, 1.0)


async def test_what_the_cache_served_neither_counts_nor_takes_the_place_of_a_call(
    path: Path,
) -> None:
    """An answer from the disk says nothing of the model, however many there are."""
    ledger = ledger_at(path)
    await called(ledger, 0, "m-1", timed(0.5, 2.0))
    for number in range(1, LATEST + 5):
        await called(ledger, number, "m-1", timed(0.001, 0.001), at=number * 10.0, kind="cache")
    await called(ledger, LATEST + 5, "m-2", timed(0.001, 0.001), kind="cache")
    await ledger.flush(30.0)

    assert Log(path).experience() == [Experience("lab", "m-1", 1, 1.0, 0.5, 2.0)]


def test_a_log_that_is_not_there_has_seen_nothing(path: Path) -> None:
    """And one without calls."""
    assert Log(path).experience() == []


async def test_an_empty_log_has_seen_nothing(path: Path) -> None:
    """The walk from model to model ends before it begins."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record())
    ledger.end_run(run_record().run_id, run_end())
    await ledger.flush(30.0)

    assert Log(path).experience() == []


async def test_the_question_is_answered_from_indexes(path: Path) -> None:
    """No table is read from end to end, however long the log is."""
    ledger = ledger_at(path)
    await called(ledger, 1, "m-1", timed(0.5, 2.0))
    await ledger.flush(30.0)

    with closing(sqlite3.connect(path)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {_SEEN}")]

    read = [line for line in plan if line.startswith(("SCAN", "SEARCH")) and "asked" not in line]
    assert read
    assert [line for line in read if "INDEX" not in line and "PRIMARY KEY" not in line] == [
        "SCAN CONSTANT ROW"
    ]
    # The one scan through the index stops at its first entry.
    assert [line for line in read if line.startswith("SCAN calls")] == [
        "SCAN calls USING COVERING INDEX calls_model"
    ]


async def test_an_older_log_answers_too(path: Path) -> None:
    """The file is only read here: its index comes with the next run."""
    ledger = ledger_at(path)
    await called(ledger, 1, "m-1", timed(0.5, 2.0))
    await ledger.flush(30.0)
    ledger.shutdown()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP INDEX calls_model")
        connection.execute("PRAGMA user_version = 2")

    assert Log(path).experience()[0].calls == 1
    assert rows(path, "PRAGMA user_version") == [(2,)]
