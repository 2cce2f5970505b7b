"""What a reader of the log sees of what others write, whatever becomes of the file."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.ledger import (
    RUN,
    attempt_record,
    ledger_at,
    one,
    result,
    rows,
    run_end,
    run_record,
    tell,
)
from ultra.core.errors import ErrorClass, Failure
from ultra.core.verdict import Verdict
from ultra.store import arrivals, under_way
from ultra.store.database import Place, open_database
from ultra.store.ledger import SqliteLedger
from ultra.store.schema import MIGRATIONS
from ultra.store.tail import Tail

NOW = 1_790_000_010.0
"""Shortly after what the tests' records say of themselves."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ultra.db"


async def begin(ledger: SqliteLedger, run_id: str = RUN, call: int = 1, number: int = 1) -> str:
    """Put an attempt on record that stays under way; its id."""
    if number == call == 1:
        ledger.begin_run(run_record(run_id))
    attempt = attempt_record(run_id, call, number)
    await ledger.admit(attempt)
    return attempt.attempt_id


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        for statement in statements:
            connection.execute(statement)


async def test_a_call_is_followed_from_its_start_through_its_words_to_its_end(path: Path) -> None:
    tail, ledger = Tail(path), ledger_at(path, checkpoint_s=0.0)
    assert tail.look(NOW).state == "absent"

    attempt_id = await begin(ledger)
    live = tail.look(NOW)
    (run,), (call,) = live.runs.values(), live.calls.values()
    assert (live.state, run.verb, run.running, run.pid, run.mine) == (
        "open",
        "ask",
        True,
        os.getpid(),
        True,
    )
    assert (call.running, call.provider, call.model, call.tries) == (True, "lab", "m-1", 1)
    assert call.last.charged_nano == 900

    ledger.checkpoint(attempt_id, "ray")
    assert await ledger.flush(30.0)
    ledger.checkpoint(attempt_id, "leigh")
    assert await ledger.flush(30.0)
    (call,) = tail.look(NOW).calls.values()
    assert (call.text, call.characters) == ("rayleigh", 8)

    ledger.close(attempt_id, result())
    ledger.end_run(RUN, run_end())
    assert await ledger.flush(30.0)
    live = tail.look(NOW)
    (run,), (call,) = live.runs.values(), live.calls.values()
    assert (run.status, run.known_nano, run.calls, run.failed) == ("ok", 700, 1, 0)
    assert (call.last.status, call.text, call.last.cost_nano) == ("ok", "", 700)
    assert (live.runs_seen, live.attempts_seen, live.attempts_ended) == (1, 1, 1)


async def test_what_is_the_same_is_the_same_object(path: Path) -> None:
    tail, ledger = Tail(path), ledger_at(path)
    await begin(ledger)
    before = tail.look(NOW)
    assert tail.look(NOW) is before
    assert tail.tidy(NOW) is before

    await begin(ledger, "run000000002")
    after = tail.look(NOW)
    assert after.calls[f"{RUN}-1"] is before.calls[f"{RUN}-1"]
    assert len(after.calls) == 2
    assert len(before.calls) == 1


async def test_a_retry_shows_why_the_first_try_failed(path: Path) -> None:
    tail, ledger = Tail(path), ledger_at(path)
    first = await begin(ledger)
    tail.look(NOW)
    refusal = Failure(ErrorClass.RATE_LIMIT, "slow down", provider="lab", model="m-1")
    ledger.close(first, result("", status="error", failure=refusal, cost_nano=0, charged_nano=0))
    await begin(ledger, number=2)
    (call,) = tail.look(NOW).calls.values()
    assert call.running
    assert [(a.number, a.status, a.error_class) for a in call.attempts] == [
        (1, "error", "rate_limit"),
        (2, "running", None),
    ]
    assert tail.look(NOW).runs[RUN].failed == 1


async def test_words_that_come_under_a_number_given_again_are_not_lost(path: Path) -> None:
    """The end of an attempt deletes its pieces, and the next piece may bear the same number."""
    tail, ledger = Tail(path), ledger_at(path, checkpoint_s=0.0)
    first, second = await begin(ledger), await begin(ledger, call=2)
    ledger.checkpoint(first, "one ")
    assert await ledger.flush(30.0)
    ledger.checkpoint(second, "gone")
    assert await ledger.flush(30.0)
    tail.look(NOW)
    ledger.close(second, result())
    assert await ledger.flush(30.0)
    ledger.checkpoint(first, "two")
    assert await ledger.flush(30.0)
    assert one(path, "SELECT max(id) FROM pieces") == 2
    assert tail.look(NOW).calls[f"{RUN}-1"].text == "one two"


async def test_calls_that_begin_and_end_between_two_looks_are_seen(path: Path) -> None:
    tail, ledger = Tail(path), ledger_at(path)
    await tell(ledger, "run000000001")
    tail.look(NOW)
    for number in range(2, 12):
        await tell(ledger, f"run{number:09}")
    live = tail.look(NOW)
    assert (live.runs_seen, live.attempts_seen, live.attempts_ended) == (10, 10, 10)
    assert len(live.calls) == len(live.runs) == 11


async def test_more_than_is_read_at_once_is_read_in_the_next_looks(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tail, ledger = Tail(path), ledger_at(path, checkpoint_s=0.0)
    await tell(ledger)
    tail.look(NOW)
    few = arrivals._NEW_ATTEMPTS.replace("2000", "3")
    monkeypatch.setattr(arrivals, "_NEW_ATTEMPTS", few)
    monkeypatch.setattr(arrivals, "MOST_AT_ONCE", 3)
    attempts = [await begin(ledger, "run000000002", call) for call in range(1, 8)]
    ledger.checkpoint(attempts[-1], "the last of seven")
    assert await ledger.flush(30.0)
    seen = [tail.look(NOW).attempts_seen for _ in range(4)]
    assert seen == [3, 6, 7, 7]
    assert tail.look(NOW).calls["run000000002-7"].text == "the last of seven"


async def test_a_verdict_is_noticed(path: Path) -> None:
    tail, ledger = Tail(path), ledger_at(path)
    await begin(ledger)
    assert not tail.look(NOW).runs[RUN].verdict
    ledger.add_verdict(RUN, Verdict((f"{RUN}-1",)))
    assert await ledger.flush(30.0)
    assert tail.look(NOW).runs[RUN].verdict


async def test_a_run_deleted_while_it_is_under_way_goes(path: Path) -> None:
    tail, ledger = Tail(path), ledger_at(path)
    await begin(ledger)
    await begin(ledger, "run000000002")
    tail.look(NOW)
    change(path, f"DELETE FROM runs WHERE run_id = '{RUN}'")
    live = tail.look(NOW)
    assert list(live.runs) == ["run000000002"]
    assert list(live.calls) == ["run000000002-1"]


async def test_a_number_given_again_after_a_deletion_hides_nothing(path: Path) -> None:
    tail, ledger = Tail(path), ledger_at(path)
    await tell(ledger, "run000000001")
    await tell(ledger, "run000000002")
    tail.look(NOW)
    change(path, "DELETE FROM runs WHERE run_id = 'run000000002'")
    await tell(ledger, "run000000003")
    live = tail.look(NOW)
    assert "run000000003-1" in live.calls
    assert (live.runs_seen, live.renewed) == (1, 0)


async def test_a_log_that_was_made_smaller_is_followed_further(path: Path) -> None:
    """VACUUM gives the rows of attempts new numbers."""
    tail, ledger = Tail(path), ledger_at(path)
    for number in range(1, 6):
        await tell(ledger, f"run{number:09}")
    attempt_id = await begin(ledger, "run000000006")
    tail.look(NOW)
    change(path, "DELETE FROM runs WHERE run_id < 'run000000004'", "VACUUM")
    await tell(ledger, "run000000007")
    live = tail.look(NOW)
    assert (live.runs_seen, live.attempts_seen, live.renewed) == (1, 1, 0)
    ledger.close(attempt_id, result())
    assert await ledger.flush(30.0)
    assert not tail.look(NOW).calls["run000000006-1"].running


async def test_a_log_that_was_cleaned_out_is_begun_anew(path: Path) -> None:
    tail, ledger = Tail(path), ledger_at(path)
    await tell(ledger, "run000000001")
    tail.look(NOW)
    change(path, "DELETE FROM runs")
    live = tail.look(NOW)
    assert (live.runs, live.calls, live.renewed) == ({}, {}, 1)
    await tell(ledger, "run000000002")
    assert list(tail.look(NOW).calls) == ["run000000002-1"]


@pytest.mark.parametrize("how", ["set aside", "deleted"])
async def test_another_file_at_its_place_is_followed(path: Path, how: str) -> None:
    tail, ledger = Tail(path), ledger_at(path)
    await begin(ledger)
    assert tail.look(NOW).calls
    ledger.shutdown(30.0)
    for side in ("", "-wal", "-shm"):
        old = Path(f"{path}{side}")
        if old.exists() and how == "deleted":
            old.unlink()
        elif old.exists():
            old.rename(f"{path}.corrupt{side}")
    live = tail.look(NOW)
    assert (live.state, live.calls) == ("absent", {})
    await begin(ledger_at(path), "run000000002")
    live = tail.look(NOW)
    assert (live.state, list(live.calls)) == ("open", ["run000000002-1"])


async def test_a_newer_ultra_is_told_of_and_nothing_is_guessed(path: Path) -> None:
    tail, ledger = Tail(path), ledger_at(path)
    await begin(ledger)
    assert tail.look(NOW).state == "open"
    change(path, f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    live = tail.look(NOW)
    assert live.state == "newer"
    assert "newer ultra" in live.words
    change(path, f"PRAGMA user_version={len(MIGRATIONS)}")
    assert tail.look(NOW).state == "open"


async def test_a_log_of_an_older_ultra_waits_for_the_next_run(path: Path) -> None:
    path.parent.mkdir()
    older = Place(path, steps=MIGRATIONS[:-1])
    open_database(older, NOW).connection.close()
    tail = Tail(path)
    assert tail.look(NOW).state == "older"
    await begin(ledger_at(path))
    live = tail.look(NOW)
    assert (live.state, len(live.calls)) == ("open", 1)


async def test_a_damaged_log_is_told_of_until_it_is_replaced(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all, " * 100)
    tail = Tail(path)
    live = tail.look(NOW)
    assert live.state == "unreadable"
    assert str(path) in live.words
    await begin(ledger_at(path, []))
    assert tail.look(NOW).state == "open"


async def test_a_log_without_wal_is_followed_and_a_lock_is_only_waited_out(
    path: Path, tmp_path: Path
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x {tmp_path} nfs4 rw 0 0\n")
    tail, ledger = Tail(path, mounts), ledger_at(path, [], mounts=mounts)
    await begin(ledger)
    assert tail.look(NOW).state == "open"
    assert tail.remote
    await begin(ledger, "run000000002")
    assert len(tail.look(NOW).calls) == 2
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        live = tail.look(NOW)
        assert live.state == "unreadable"
        assert len(live.calls) == 2
        connection.execute("ROLLBACK")
    assert tail.look(NOW).state == "open"
    assert len(tail.look(NOW).calls) == 2


async def test_an_open_reader_does_not_make_the_wal_grow(path: Path) -> None:
    tail, ledger = Tail(path), ledger_at(path)
    await tell(ledger)
    tail.look(NOW)
    wal, sizes = Path(f"{path}-wal"), []
    for turn in range(3):
        for number in range(40):
            await tell(ledger, f"run{turn:04}{number:05}", answer="words " * 8_000)
            tail.look(NOW)
        sizes.append(wal.stat().st_size)
    assert one(path, "SELECT sum(length(text)) FROM attempts") > 5_000_000
    assert max(sizes) < 5_000_000, sizes


async def test_a_run_whose_process_is_gone_is_abandoned_and_leaves(path: Path) -> None:
    tail, ledger = Tail(path), ledger_at(path)
    await begin(ledger)
    pid = 2**22 + 1  # beyond the largest there can be: proc_sys_kernel(5), pid_max
    (owner,) = (text for (text,) in rows(path, "SELECT owner FROM runs"))
    change(path, f"UPDATE runs SET owner = replace('{owner}', ',{os.getpid()},', ',{pid},')")
    assert tail.look(NOW).runs[RUN].running
    run = tail.tidy(NOW).runs[RUN]
    assert (run.status, run.pid, run.mine) == ("abandoned", pid, False)
    live = tail.tidy(NOW + under_way.KEEP_S)
    assert (live.runs, live.calls) == ({}, {})


async def test_a_run_that_the_next_writer_gave_up_ends_when_that_is_seen(path: Path) -> None:
    """Its rows do not say when: nobody saw it."""
    tail, ledger = Tail(path), ledger_at(path)
    await begin(ledger)
    tail.look(NOW)
    change(
        path,
        "UPDATE attempts SET status = 'error', error_class = 'internal'",
        "UPDATE calls SET status = 'error'",
        "UPDATE runs SET status = 'error'",
    )
    live = tail.look(NOW + 100.0)
    (run,), (call,) = live.runs.values(), live.calls.values()
    assert (run.status, run.ended_at) == ("error", NOW + 100.0)
    assert (call.last.status, call.last.ended_at) == ("error", NOW + 100.0)
    assert run.failed == run.unpriced == 1
    assert tail.tidy(NOW + 100.0 + under_way.KEEP_S).runs == {}
    assert Tail(path).look(NOW + under_way.KEEP_S).calls == {}


async def test_a_call_deleted_while_it_is_under_way_goes_alone(path: Path) -> None:
    tail, ledger = Tail(path), ledger_at(path)
    await begin(ledger)
    await begin(ledger, call=2)
    tail.look(NOW)
    change(path, f"DELETE FROM calls WHERE call_id = '{RUN}-1'")
    live = tail.look(NOW)
    assert list(live.calls) == [f"{RUN}-2"]
    assert list(live.runs) == [RUN]


async def test_what_is_held_of_a_busy_log_is_bounded(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_way, "MOST_ENDED", 5)
    monkeypatch.setattr(under_way, "MOST_TEXT", 10)
    tail, ledger = Tail(path), ledger_at(path, checkpoint_s=0.0)
    attempt_id = await begin(ledger)
    tail.look(NOW)
    for number in range(2, 32):
        await tell(ledger, f"run{number:09}")
    ledger.checkpoint(attempt_id, "words beyond what a screen can show")
    assert await ledger.flush(30.0)
    tail.look(NOW)
    live = tail.tidy(NOW)
    assert len(live.calls) == len(live.runs) == 6
    assert live.attempts_ended == 30
    call = live.calls[f"{RUN}-1"]
    assert (call.running, call.text, call.characters) == (True, "n can show", 35)
    live = tail.tidy(NOW + under_way.KEEP_S)
    assert list(live.calls) == [f"{RUN}-1"]


async def test_a_full_log_is_joined_at_its_end(path: Path) -> None:
    ledger = ledger_at(path)
    for number in range(20):
        await tell(ledger, f"run{number:09}")
    await begin(ledger, "run000000099")
    live = Tail(path).look(NOW)
    assert (live.runs_seen, live.attempts_seen, live.attempts_ended) == (0, 0, 0)
    assert len(live.calls) == 21
    assert len(Tail(path).look(NOW + 86_400.0).calls) == 1


async def test_no_look_reads_a_table_from_end_to_end(path: Path) -> None:
    await tell(ledger_at(path))
    with closing(sqlite3.connect(path)) as connection:
        for name, sql in vars(arrivals).items():
            if (
                isinstance(sql, str)
                and "WHERE" in sql
                and name.startswith("_")
                and name != "__doc__"
            ):
                bound = [""] * sql.count("?")
                plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", bound).fetchall()
                steps = [step for *_, step in plan if step.startswith("SCAN")]
                assert all("json_each" in step or "_running" in step for step in steps), (
                    name,
                    plan,
                )


def test_waiting_for_nothing_costs_next_to_nothing(path: Path) -> None:
    """Counted in statements, not by a clock."""
    path.parent.mkdir()
    open_database(Place(path), NOW).connection.close()
    tail = Tail(path)
    tail.look(NOW)
    asked: list[str] = []
    assert tail._connection is not None
    tail._connection.set_trace_callback(asked.append)
    for _ in range(3):
        tail.look(time.time())
    assert asked == ["PRAGMA data_version"] * 3
