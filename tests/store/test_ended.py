"""Calls as they end: each once, in the order of commits, whoever wrote them and whoever asks."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.ledger import (
    RUN,
    attempt_record,
    ledger_at,
    result,
    run_end,
    run_record,
    tell,
)
from tests.support.totals import add, filled
from ultra.core.errors import StoreError, UsageError
from ultra.core.totals import EndedCall, Filter, Span
from ultra.store.database import Place, open_database
from ultra.store.ended import PAGE, Ended
from ultra.store.schema import MIGRATIONS


def reader(path: Path, after: str | None = None, begin: float = 0.0, **chosen: Any) -> Ended:
    return Ended(path, Span(begin), Filter(**chosen), after)


def ids(calls: Ended) -> list[str]:
    return [call.call_id for page in calls.look() for call in page]


def more(path: Path, *rows: dict[str, Any]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        add(connection, *rows)
        connection.commit()


def test_calls_come_in_the_order_in_which_they_ended(tmp_path: Path) -> None:
    """Not in that of their beginnings, and by pages as by one."""
    rows = [{"started_at": 1000.0 - n} for n in range(PAGE + 3)]
    path = filled(tmp_path / "log.db", *rows)

    calls = reader(path)
    pages = list(calls.look())

    assert [len(page) for page in pages] == [PAGE, 3]
    assert [call.call_id for page in pages for call in page] == [
        f"call-{n}" for n in range(1, PAGE + 4)
    ]
    assert ids(calls) == []


def test_what_ends_later_is_told_later_and_once(tmp_path: Path) -> None:
    """A call that began long ago and ended just now is new."""
    path = filled(tmp_path / "log.db", {"started_at": 2000.0})
    calls = reader(path)

    first = ids(calls)
    more(path, {"started_at": 1.0}, {"started_at": 3000.0})

    assert (first, ids(calls), ids(calls)) == (["call-1"], ["call-2", "call-3"], [])


def test_who_comes_back_goes_on_after_the_last_call(tmp_path: Path) -> None:
    """Wherever one stops, what was read and what is read make the whole."""
    path = filled(tmp_path / "log.db", *({"started_at": 100.0 - n} for n in range(6)))
    whole = ids(reader(path))

    assert [whole[:n] + ids(reader(path, whole[n - 1])) for n in range(1, 7)] == [whole] * 6


def test_filters_hold_for_those_that_come(tmp_path: Path) -> None:
    """And a look at many that are not meant is not repeated."""
    path = filled(tmp_path / "log.db", {"provider": "other"}, {})
    calls = reader(path, provider=("lab",))

    assert ids(calls) == ["call-2"]
    more(path, {"provider": "other"}, {})
    assert ids(calls) == ["call-4"]


def test_a_span_begins_with_the_calls_that_began_in_it(tmp_path: Path) -> None:
    """Also where nothing has yet."""
    path = filled(tmp_path / "log.db", {"started_at": 10.0}, {"started_at": 30.0})
    late, calls = reader(path, begin=40.0), reader(path, begin=20.0)

    assert (ids(calls), ids(late)) == (["call-2"], [])
    more(path, {"started_at": 15.0}, {"started_at": 50.0})
    assert (ids(calls), ids(late)) == (["call-4"], ["call-4"])


def test_a_line_has_names_and_figures_and_tags(tmp_path: Path) -> None:
    """As the row has them."""
    row = {"run_id": "r1", "status": "error", "error_class": "timeout", "unpriced": 1}
    path = filled(tmp_path / "log.db", row, {"cached": 1}, tags={"r1": {"job": "nightly"}})

    ((first, second),) = reader(path).look()

    assert isinstance(first, EndedCall)
    assert (first.tags, second.tags) == ({"job": "nightly"}, {})
    assert (first.error_class, first.unpriced, first.cached) == ("timeout", 1, False)
    assert (second.cached, second.usage.output_tokens, second.provider) == (True, 31, "lab")


async def test_a_call_that_is_corrected_keeps_its_place(tmp_path: Path) -> None:
    """What a bill says afterwards makes no second line of it."""
    path = tmp_path / "log.db"
    ledger = ledger_at(path)
    await tell(ledger)
    calls = reader(path)
    before = ids(calls)
    await tell(ledger, "run000000002")
    ledger.shutdown(30.0)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE attempts SET cost_nano = 1 WHERE call_id = ?", (before[0],))
        connection.commit()

    assert len(before) == 1
    assert [one.partition("-")[0] for one in ids(calls)] == ["run000000002"]


def test_a_log_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    """Nothing, then what it has; one in the place of another is read from its beginning."""
    path = tmp_path / "log.db"
    calls = reader(path)

    nothing = ids(calls)
    filled(path, {})
    first = ids(calls)
    for part in tmp_path.glob("log.db*"):
        part.unlink()
    filled(path, {"call_id": "new-1"}, {"call_id": "new-2"})

    assert (nothing, first, ids(calls)) == ([], ["call-1"], ["new-1", "new-2"])
    calls.close()


def test_a_log_that_somebody_is_just_making_is_read_once_it_is_made(tmp_path: Path) -> None:
    """A file is empty at first, and the same file has the calls later."""
    path = tmp_path / "log.db"
    path.touch()
    calls = reader(path)

    nothing = ids(calls)
    filled(path, {})

    assert (nothing, ids(calls)) == ([], ["call-1"])
    calls.close()


def test_a_damaged_log_says_what_may_be_done(tmp_path: Path) -> None:
    """As wherever else the log is read."""
    path = tmp_path / "log.db"
    path.write_bytes(b"no database" * 500)

    with pytest.raises(StoreError, match="cannot be read") as told:
        ids(reader(path))

    assert "ultra logs path" in (told.value.hint or "")


@pytest.mark.parametrize("there", [True, False])
def test_a_call_that_nobody_made_is_no_place_to_go_on(tmp_path: Path, there: bool) -> None:
    """Better than all of it once more, or nothing."""
    path = tmp_path / "log.db"
    if there:
        filled(path, {})

    with pytest.raises(UsageError, match="no call `gone-1` has ended"):
        ids(reader(path, "gone-1"))


def test_logs_of_other_versions_say_what_they_are(tmp_path: Path) -> None:
    """An older one until the next run, a newer one until the next ultra."""
    old, new = tmp_path / "old.db", filled(tmp_path / "new.db", {})
    open_database(Place(old, steps=MIGRATIONS[:7]), 0.0).connection.close()
    with closing(sqlite3.connect(new)) as connection:
        connection.execute("PRAGMA user_version = 900")

    for path in (old, new):
        with pytest.raises(StoreError):
            ids(reader(path))


def test_a_page_is_found_by_its_index(tmp_path: Path) -> None:
    """Whatever it is filtered by: a follower must not read all there is at every look."""
    path = filled(tmp_path / "log.db", {})
    seen: list[str] = []
    calls = reader(path, provider=("lab",), begin=1.0)
    ids(calls)
    more(path, {})
    connection = calls._connection
    assert connection is not None
    connection.set_trace_callback(seen.append)
    ids(calls)
    connection.set_trace_callback(None)

    (page,) = [sql for sql in seen if "ORDER BY t.seq" in sql]
    plan = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {page}")]

    assert plan[0].startswith("SEARCH t USING INDEX call_totals_seq (seq>? AND seq<?)")
    calls.close()


async def test_what_is_removed_leaves_its_place_empty(tmp_path: Path) -> None:
    """The next call is told though the figures of those before it are gone; none comes twice."""
    path = tmp_path / "log.db"
    ledger = ledger_at(path)
    for number in range(3):
        await tell(ledger, f"run00000000{number}")
    calls = reader(path)
    before = ids(calls)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM call_totals WHERE run_id > 'run000000000'")
        connection.commit()
    await tell(ledger, "run000000009")
    ledger.shutdown(30.0)

    assert len(before) == 3
    assert [one.partition("-")[0] for one in ids(calls)] == ["run000000009"]


async def test_a_call_that_is_tried_again_is_told_with_how_it_ended(tmp_path: Path) -> None:
    """A failed try is no end while its run goes on; what fails for good ends with the run."""
    path = tmp_path / "log.db"
    ledger, calls = ledger_at(path), reader(path)
    ledger.begin_run(run_record())
    for call in (1, 2):
        await ledger.admit(attempt_record(call=call))
        ledger.close(f"{RUN}-{call}.1", result("", status="error", cost_nano=0))
    await ledger.flush(5.0)

    between = ids(calls)
    await ledger.admit(attempt_record(number=2))
    ledger.close(f"{RUN}-1.2", result())
    await ledger.flush(5.0)
    answered = [(one.call_id, one.status, one.attempts) for page in calls.look() for one in page]
    ledger.end_run(RUN, run_end())
    await ledger.flush(5.0)

    assert (between, answered) == ([], [(f"{RUN}-1", "ok", 2)])
    assert [(one.call_id, one.status) for page in calls.look() for one in page] == [
        (f"{RUN}-2", "error")
    ]
