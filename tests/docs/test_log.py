"""What `docs/log.md` asks of the log can be asked, and is looked up where it says so."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.filled import fill, word

PAGE = Path(__file__).resolve().parents[2] / "docs" / "log.md"
QUESTIONS = re.findall(r"^```sql\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)

DAY_S = 86_400.0

_READS_ALL = re.compile(r"SCAN (?:c|r|a|t|call_totals)\b")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A log that goes on for a day from now: something is of today, whatever time it is."""
    path = tmp_path_factory.mktemp("log") / "ultra.db"
    fill(path, 1_500, time.time() + DAY_S, 20 * DAY_S)
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def asked(log: sqlite3.Connection, sql: str) -> str:
    """The question about a run and words that are in this log."""
    (run,) = log.execute("SELECT run_id FROM runs ORDER BY id DESC LIMIT 1").fetchone()
    own = {"4f7k": run[:4], '"connection pool" OR timeout': f'"{word(0)} {word(1)}" OR {word(9)}'}
    for theirs, ours in own.items():
        sql = sql.replace(theirs, ours)
    return sql


def test_there_are_questions() -> None:
    """A pattern that finds nothing would prove nothing."""
    assert len(QUESTIONS) > 5


@pytest.mark.parametrize("sql", QUESTIONS)
def test_every_question_has_an_answer(log: sqlite3.Connection, sql: str) -> None:
    """A row at least, of columns that have values."""
    rows = log.execute(asked(log, sql)).fetchall()

    assert rows
    assert all(any(row[at] is not None for row in rows) for at in range(len(rows[0]))), rows[:3]


@pytest.mark.parametrize("sql", [sql for sql in QUESTIONS if "v_costs" not in sql])
def test_questions_that_are_not_about_all_days_are_looked_up(
    log: sqlite3.Connection, sql: str
) -> None:
    """The page says so of a log of a million calls."""
    plan = [row[3] for row in log.execute(f"EXPLAIN QUERY PLAN {asked(log, sql)}")]

    assert not [step for step in plan if _READS_ALL.match(step)], plan
    # A span of time is read once, and not again for every row of something else.
    assert not [step for step in plan[1:] if "(started_at>?" in step], plan


@pytest.mark.parametrize(
    "condition",
    [
        "call_id = 'x'",
        "run_id = 'x'",
        "started_at >= '2026-11-01'",
        "started_at BETWEEN '2026-11-01' AND '2026-11-02'",
        "name = 'fast'",
        "provider = 'openai' AND model = 'gpt-5.2'",
    ],
)
def test_lines_of_calls_are_looked_up(log: sqlite3.Connection, condition: str) -> None:
    """By what the page names."""
    sql = f"EXPLAIN QUERY PLAN SELECT * FROM v_calls WHERE {condition}"
    plan = [row[3] for row in log.execute(sql)]

    assert not [step for step in plan if _READS_ALL.match(step)], plan
