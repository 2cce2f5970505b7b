"""Spending by stretches of time: the sums of the totals, and one range of rows for each."""

import sqlite3
from pathlib import Path

import pytest

from tests.support.budgets import CENT, NOON, Process, attempt_of, run_of
from ultra.core.costs import Spent
from ultra.core.totals import Filter, Span
from ultra.store.spending import Spending
from ultra.store.totals import sums

REAL = Filter(simulated=False)


@pytest.fixture
def log(tmp_path: Path) -> sqlite3.Connection:
    process = Process(tmp_path / "ultra.db", lambda: NOON)
    for number, nano in enumerate((CENT, None, 3 * CENT, 0)):
        run = run_of(f"run{number:09}", tags={"team": "ab"[number % 2]})
        attempt = attempt_of(run, at=NOON + number)
        process.admit(attempt, run)
        process.close(attempt, nano)
        process.end(run)
    return process.connection


@pytest.mark.parametrize("only", [REAL, Filter(tags={"team": "a"}), Filter(provider=("none",))])
@pytest.mark.parametrize("span", [Span(), Span(NOON + 1, NOON + 3), Span(NOON + 9)])
def test_a_stretch_comes_to_what_its_totals_do(
    log: sqlite3.Connection, span: Span, only: Filter
) -> None:
    """However it is asked, told apart or not."""
    spending = Spending(log, only)

    whole = sum((Spent.of(group.totals) for group in sums(log, span, only)), Spent())

    assert spending.spent(span) == whole
    assert sum((part.spent for part in spending.parts(span, ("model",))), Spent()) == whole


def test_each_question_reads_one_range_of_the_rows(log: sqlite3.Connection) -> None:
    """Nothing is sorted but the few models without a price."""
    asked: list[str] = []
    log.set_trace_callback(asked.append)
    spending = Spending(log, REAL)
    spending.spent(Span(NOON, NOON + 9))
    spending.unpriced(Span(NOON, NOON + 9))
    spending.reach(Span(NOON, NOON + 9))
    log.set_trace_callback(None)

    plans = [
        " ".join(row[3] for row in log.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall())
        for sql in asked
    ]

    assert all("SEARCH" in plan and "SCAN t" not in plan for plan in plans), plans
    assert "TEMP B-TREE" not in plans[0]
