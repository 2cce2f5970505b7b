"""The log a page at a time."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.ledger import STARTED, attempt_record, ledger_at, result, run_end, run_record
from ultra.core.history import Place, Sought
from ultra.core.tags import Marks
from ultra.store.pages import page_of
from ultra.store.queries import Log


@pytest.fixture
async def log(tmp_path: Path) -> Log:
    """Seven runs, one second apart: the odd ones failed, the last is marked."""
    path = tmp_path / "ultra.db"
    ledger = ledger_at(path)
    for number in range(1, 8):
        run = f"run{number:09}"
        mark = {"cost_center": "lab", "tags": {"job": "night"}} if number == 7 else {}
        ledger.begin_run(
            run_record(run, started_at=STARTED + number, prompt=f"sky-blue {number}", **mark)
        )
        attempt = attempt_record(run)
        await ledger.admit(attempt)
        ledger.close(attempt.attempt_id, result(f'it "is" scattering {number}'))
        status = "error" if number % 2 else "ok"
        ledger.end_run(run, run_end(f"scattering {number}", run, status=status))
    await ledger.flush(30.0)
    return Log(path)


def numbers(log: Log, sought: Sought, limit: int = 3) -> list[list[int]]:
    """The runs of every page, each by its number."""
    pages, after = [], None
    while True:
        page = log.page(sought, after, limit=limit)
        pages.append([int(run.run_id[3:]) for run in page.runs])
        if page.end is None:
            return pages
        after = page.end


@pytest.mark.parametrize(
    ("sought", "pages"),
    [
        (Sought(), [[7, 6, 5], [4, 3, 2], [1]]),
        (Sought("scattering"), [[7, 6, 5], [4, 3, 2], [1]]),
        (Sought("scatt"), [[7, 6, 5], [4, 3, 2], [1]]),
        (Sought("scatt 4"), [[]]),
        (Sought("scattering 4"), [[4]]),
        (Sought("sc"), [[]]),
        (Sought("sky-blu"), [[7, 6, 5], [4, 3, 2], [1]]),
        (Sought('"is'), [[7, 6, 5], [4, 3, 2], [1]]),
        (Sought('"'), [[]]),
        (Sought("AND"), [[]]),
        (Sought("nothing* OR scattering"), [[7, 6, 5], [4, 3, 2], [1]]),
        (Sought(status="error"), [[7, 5, 3], [1]]),
        (Sought("blue", status="ok"), [[6, 4, 2], []]),
        (Sought(model="lab"), [[7, 6, 5], [4, 3, 2], [1]]),
        (Sought(model="lab:m-1"), [[7, 6, 5], [4, 3, 2], [1]]),
        (Sought(model="nobody"), [[]]),
        (Sought(marks=Marks("lab", {"job": "night"})), [[7]]),
        (Sought(marks=Marks(tags={"job": "day"})), [[]]),
        (Sought(since=STARTED + 3, until=STARTED + 5), [[4, 3]]),
    ],
    ids=str,
)
async def test_a_page_begins_where_the_last_one_ended(
    log: Log, sought: Sought, pages: list[list[int]]
) -> None:
    """Every run that is meant is on one page, whatever is typed into the search."""
    assert numbers(log, sought) == pages


async def test_a_search_that_is_no_longer_wanted_ends(log: Log, tmp_path: Path) -> None:
    """It is asked while SQLite works, long before the last row, and an empty page is no error."""
    with closing(sqlite3.connect(tmp_path / "ultra.db")) as connection, connection:
        columns = "verb, strategy, profile, environment, host, cwd, session, conversation,"
        columns += "simulated, keep_text, version, started_at, owner, status"
        connection.execute(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)"
            f" INSERT INTO runs (run_id, {columns}) SELECT printf('many%08d', n.n), {columns}"
            " FROM n, runs WHERE runs.id = 1"
        )
    asked = []

    def wanted() -> bool:
        asked.append(1)
        return False

    page = log.page(Sought(status="ok"), limit=9, wanted=wanted)

    assert (page.runs, page.end) == ((), None)
    assert len(asked) == 2  # once by SQLite, and once by who reads its error


def test_a_log_that_is_not_there_is_an_empty_page(tmp_path: Path) -> None:
    """Nothing was said yet."""
    assert Log(tmp_path / "none.db").page(Sought("x"), limit=3).runs == ()


@pytest.mark.parametrize("words", ["", "scattering"], ids=["list", "search"])
async def test_a_page_is_neither_sorted_nor_skipped_to(
    log: Log, tmp_path: Path, words: str
) -> None:
    """The plan walks an index from where the last page ended: no sorting, no whole table."""
    sql, values = page_of(Sought(words), Place(STARTED + 4, 4), 3)
    with closing(sqlite3.connect(tmp_path / "ultra.db")) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]

    assert not [step for step in plan if "TEMP B-TREE" in step], plan
    assert not [step for step in plan if step.startswith("SCAN r")] or words, plan
    if not words:
        assert any("runs_started" in step for step in plan), plan
