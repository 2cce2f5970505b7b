"""What was spent is kept beside the words, and is what the attempts say, whatever comes of them."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.ledger import (
    RUN,
    STARTED,
    attempt_record,
    ledger_at,
    one,
    result,
    rows,
    run_end,
    run_record,
    target,
    tell,
)
from ultra.core.budget import Limit
from ultra.core.errors import ErrorClass, Failure
from ultra.core.model import Endpoint, KeyRef, Target
from ultra.core.usage import Usage
from ultra.store.book import Book
from ultra.store.database import Place, open_database
from ultra.store.schema import MIGRATIONS

BEFORE = MIGRATIONS[:7]
"""The schema of a log without totals."""

TOKENS = (
    "text_input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "audio_input_tokens",
    "cache_audio_read_tokens",
    "text_output_tokens",
    "reasoning_tokens",
    "audio_output_tokens",
)

Row = dict[str, Any]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ultra.db"


def table(path: Path, name: str) -> list[Row]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {name}")]


def kept(path: Path) -> dict[str, Row]:
    """The totals by call, but for their number."""
    found = table(path, "call_totals")
    numbers = [row.pop("seq") for row in found]
    assert len(set(numbers)) == len(numbers)
    return {row["call_id"]: row for row in found}


def added(values: Sequence[int | None]) -> int | None:
    """The sum of what is known; None when nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def said(path: Path) -> dict[str, Row]:
    """The same as the rows of runs, calls and attempts have it."""
    runs = {row["run_id"]: row for row in table(path, "runs")}
    attempts = sorted(table(path, "attempts"), key=lambda row: int(row["number"]))
    return {
        call["call_id"]: of_call(call, runs[call["run_id"]], mine)
        for call in table(path, "calls")
        if call["status"] != "running" and call["provider"] != "ensemble"
        if (mine := [row for row in attempts if row["call_id"] == call["call_id"]])
    }


def of_call(call: Row, run: Row, attempts: list[Row]) -> Row:
    last = attempts[-1]
    asked = [row for row in attempts if row["kind"] != "cache"]
    waited = max(0.0, last["started_at"] - call["started_at"])
    copied = ("started_at", "call_id", "run_id", "role", "provider", "model", "name", "simulated")
    whose = ("verb", "strategy", "profile", "environment", "cost_center")
    return {
        **{name: call[name] for name in (*copied, "status")},
        **{name: run[name] for name in whose},
        "route": "",
        "cached": int(last["kind"] == "cache"),
        "error_class": None if call["status"] == "ok" else last["error_class"],
        "attempts": len(asked),
        "ttft_s": None if last["ttft_s"] is None else waited + last["ttft_s"],
        "duration_s": None if last["duration_s"] is None else waited + last["duration_s"],
        **{name: added([row[name] for row in asked]) for name in TOKENS},
        "known_nano": added([row["cost_nano"] for row in attempts]) or 0,
        "unpriced": sum(row["cost_nano"] is None for row in attempts),
        "charged_nano": added([row["charged_nano"] for row in attempts]) or 0,
        "saved_nano": added([row["saved_nano"] for row in attempts]),
    }


def failed(word: ErrorClass = ErrorClass.OVERLOADED) -> Failure:
    return Failure(word, "busy", provider="lab", model="m-1")


async def play(path: Path, attempts: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Put attempts with their results on record, one after the other, in one run."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record(cost_center="search", environment="testing", profile="home"))
    for asked, ended in attempts:
        attempt = attempt_record(**asked)
        await ledger.admit(attempt)
        ledger.close(attempt.attempt_id, result(**ended))
    ledger.end_run(RUN, run_end())
    assert await ledger.flush(30.0)
    ledger.shutdown(30.0)


async def test_an_answer_is_kept_with_its_tokens_and_its_cost(path: Path) -> None:
    """Its times are those of the call, and so are its names."""
    usage = Usage(text_input_tokens=5, cache_read_tokens=3, reasoning_tokens=2)

    await play(path, [({}, {"usage": usage, "ttft_s": 0.5})])

    assert kept(path) == said(path)
    (row,) = kept(path).values()
    assert (row["name"], row["provider"], row["model"]) == ("fast", "lab", "m-1")
    assert (row["cost_center"], row["ttft_s"], row["duration_s"]) == ("search", 0.5, 2.0)
    assert (row["text_input_tokens"], row["text_output_tokens"]) == (5, None)
    assert (row["known_nano"], row["unpriced"], row["charged_nano"]) == (700, 0, 700)


@pytest.mark.parametrize("status", ["partial", "cancelled", "error"])
async def test_what_did_not_end_well_is_kept_as_it_ended(path: Path, status: str) -> None:
    """What it cost is not known, what was charged is; why it failed stands beside it."""
    ended = {"status": status, "failure": failed(), "cost_nano": None, "charged_nano": 900}

    await play(path, [({}, ended)])

    assert kept(path) == said(path)
    (row,) = kept(path).values()
    assert (row["status"], row["error_class"]) == (status, "overloaded")
    assert (row["known_nano"], row["unpriced"], row["charged_nano"]) == (0, 1, 900)


async def test_a_call_that_was_tried_again_is_one_row(path: Path) -> None:
    """Every attempt is paid for; the wait before the last one is part of the call's time."""
    lost = {"status": "error", "failure": failed(), "cost_nano": 100, "charged_nano": 100}

    await play(path, [({"number": 1}, lost), ({"number": 2}, lost), ({"number": 3}, {})])

    assert kept(path) == said(path)
    (row,) = kept(path).values()
    assert (row["status"], row["error_class"], row["attempts"]) == ("ok", None, 3)
    assert (row["known_nano"], row["duration_s"]) == (900, 4.0)


async def test_a_second_copy_is_a_row_of_its_own(path: Path) -> None:
    """The copy that lost was paid for as far as it came."""
    beaten = {"status": "cancelled", "cost_nano": None, "charged_nano": 400}
    copy = {"call": 2, "kind": "hedge"}
    others: list[tuple[Row, Row]] = [({"call": call}, {}) for call in range(3, 30)]

    await play(path, [*others, (copy, {}), ({"call": 1}, beaten)])

    assert kept(path) == said(path)
    statuses = {row["call_id"]: row["status"] for row in kept(path).values()}
    assert (statuses[f"{RUN}-1"], statuses[f"{RUN}-2"]) == ("cancelled", "ok")


async def test_what_the_cache_served_used_no_tokens(path: Path) -> None:
    """It was no attempt, it cost nothing, and what it saved is known."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record())
    usage = Usage(text_input_tokens=5, text_output_tokens=6)
    served = result(cost_nano=0, charged_nano=0, saved_nano=700, usage=usage)
    ledger.serve(attempt_record(number=0, kind="cache", charged_nano=0), served)
    ledger.end_run(RUN, run_end())
    assert await ledger.flush(30.0)

    assert kept(path) == said(path)
    (row,) = kept(path).values()
    assert (row["cached"], row["attempts"], row["saved_nano"]) == (1, 0, 700)
    assert (row["text_input_tokens"], row["known_nano"], row["unpriced"]) == (None, 0, 0)


async def test_an_ensemble_is_not_counted_beside_its_parts(path: Path) -> None:
    """Its own row costs nothing and would be a call too many."""
    whole = Target("panel", "panel", Endpoint("ensemble", "ensemble", "", KeyRef("none")))
    own = {"target": whole, "number": 0, "kind": "ensemble", "charged_nano": 0}
    part = {"call": 2, "parent": f"{RUN}-1"}

    await play(path, [(own, {"cost_nano": 0, "charged_nano": 0}), (part, {})])

    assert kept(path) == said(path)
    assert set(kept(path)) == {f"{RUN}-2"}


async def test_simulated_calls_are_told_apart(path: Path) -> None:
    """No sum of real money has to guess."""
    pretended = Target("sim", "sim-1", Endpoint("sim", "simulated", "", KeyRef("none")))

    await play(path, [({"target": pretended}, {}), ({"call": 2}, {})])

    assert kept(path) == said(path)
    assert {row["name"]: row["simulated"] for row in kept(path).values()} == {"sim": 1, "fast": 0}


async def test_a_call_under_way_is_not_there_yet(path: Path) -> None:
    """Only what has ended is told of what was spent."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record())
    await ledger.admit(attempt_record())
    assert await ledger.flush(30.0)

    assert kept(path) == {}

    ledger.close(f"{RUN}-1.1", result())
    assert await ledger.flush(30.0)
    assert kept(path) == said(path) != {}


_DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.support.ledger import attempt_record, ledger_at, run_record
from ultra.core.budget import Bound

async def main():
    ledger = ledger_at(Path(sys.argv[1]))
    ledger.begin_run(run_record())
    await ledger.admit(attempt_record(bound=Bound(900, 0)))
    await ledger.flush(30.0)

asyncio.run(main())
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_what_a_process_that_died_left_is_written_off_at_its_estimate(path: Path) -> None:
    """The next writer completes it; what it cost is not known."""
    died = subprocess.run([sys.executable, "-c", _DIES, str(path)], check=False)
    assert died.returncode == -signal.SIGKILL

    await tell(ledger_at(path), "second000000")

    assert kept(path) == said(path)
    row = kept(path)[f"{RUN}-1"]
    assert (row["status"], row["unpriced"], row["charged_nano"]) == ("error", 1, 900)


async def test_what_is_learnt_later_of_a_cost_is_followed(path: Path) -> None:
    """The bill of one whose process died: its row stays where it was, with what it came to."""
    book = Book(path, lambda: STARTED + 100.0)
    book.set(Limit("all", "day", 10**12, "hard"))
    died = subprocess.run([sys.executable, "-c", _DIES, str(path)], check=False)
    assert died.returncode == -signal.SIGKILL
    await tell(ledger_at(path), "second000000")
    before = dict(rows(path, "SELECT call_id, seq FROM call_totals"))

    (settled,) = book.reconcile([f"{RUN}-1.1"], 250)

    assert settled.attempt_id == f"{RUN}-1.1"
    assert kept(path) == said(path)
    row = kept(path)[f"{RUN}-1"]
    assert (row["known_nano"], row["unpriced"], row["charged_nano"]) == (250, 0, 250)
    assert dict(rows(path, "SELECT call_id, seq FROM call_totals")) == before


async def test_what_was_spent_stays_when_the_words_go(path: Path) -> None:
    """Deleting a run takes its rows and leaves what it cost."""
    await play(path, [({}, {}), ({"call": 2}, {})])
    before = kept(path)

    with closing(open_database(Place(path), STARTED).connection) as connection:
        connection.execute("DELETE FROM runs")

    assert one(path, "SELECT count(*) FROM attempts") == 0
    assert kept(path) == before


async def test_calls_are_numbered_as_they_end(path: Path) -> None:
    """Who has read up to one has read all that ended before it, in whatever order they began."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record())
    for call in (1, 2, 3):
        await ledger.admit(attempt_record(call=call))
    for call in (3, 1, 2):
        ledger.close(f"{RUN}-{call}.1", result())
        assert await ledger.flush(30.0)

    found = rows(path, "SELECT call_id FROM call_totals ORDER BY seq")
    assert [call_id[-1] for (call_id,) in found] == ["3", "1", "2"]


async def test_a_log_of_an_older_ultra_has_them_from_then_on(path: Path) -> None:
    """What was on record already is filled in, numbered by when it ended."""
    await play(
        path,
        [
            ({"call": 1, "number": 1}, {"status": "error", "failure": failed()}),
            ({"call": 1, "number": 2}, {"ended_at": STARTED + 30.0}),
            ({"call": 2}, {"cost_nano": None, "ended_at": STARTED + 20.0}),
        ],
    )
    wanted = kept(path)
    old = path.with_name("old.db")
    older(path, old)

    open_database(Place(old), STARTED).connection.close()

    assert kept(old) == said(old) == wanted
    found = rows(old, "SELECT call_id FROM call_totals ORDER BY seq")
    assert [call_id for (call_id,) in found] == [f"{RUN}-2", f"{RUN}-1"]


def older(path: Path, old: Path) -> None:
    """Write what a log holds into one of the schema before the totals."""
    with closing(open_database(Place(old, steps=BEFORE), STARTED).connection) as connection:
        connection.execute("ATTACH ? AS newer", (str(path),))
        for name in ("runs", "prompts", "messages", "calls", "attempts"):
            columns = ", ".join(
                row[1] for row in connection.execute(f"PRAGMA main.table_info({name})")
            )
            connection.execute(
                f"INSERT INTO main.{name} ({columns}) SELECT {columns} FROM newer.{name}"
            )


ENDS = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["ok", "partial", "cancelled", "error"]),
        "cost_nano": st.none() | st.integers(0, 10**12),
        "charged_nano": st.integers(0, 10**12),
        "ttft_s": st.none() | st.floats(0.0, 9.0),
        "usage": st.none()
        | st.builds(
            Usage,
            text_input_tokens=st.none() | st.integers(0, 10**6),
            reasoning_tokens=st.none() | st.integers(0, 10**6),
        ),
    }
)
CALLS = st.lists(st.lists(ENDS, min_size=1, max_size=3), min_size=1, max_size=3)
CORRECTED = st.lists(st.tuples(st.integers(0, 8), st.none() | st.integers(0, 10**12)), max_size=3)


@settings(max_examples=40, deadline=None)
@given(CALLS, CORRECTED)
def test_they_are_what_attempts_say_however_calls_end(
    calls: list[list[dict[str, Any]]], corrected: list[tuple[int, int | None]]
) -> None:
    """Retries, unknown costs and tokens, and corrections in any order."""
    attempts = [
        (
            {"call": call, "number": number, "target": replace(target(), model=f"m-{call}")},
            {**end, "failure": None if end["status"] == "ok" else failed()},
        )
        for call, ends in enumerate(calls, start=1)
        for number, end in enumerate(ends, start=1)
    ]
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "ultra.db"
        asyncio.run(play(path, attempts))
        with closing(sqlite3.connect(path)) as connection, connection:
            for place, cost in corrected:
                attempt = attempts[place % len(attempts)][0]
                name = f"{RUN}-{attempt['call']}.{attempt['number']}"
                connection.execute(
                    "UPDATE attempts SET cost_nano = ? WHERE attempt_id = ?", (cost, name)
                )

        assert kept(path) == said(path)
