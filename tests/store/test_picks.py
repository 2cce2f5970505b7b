"""What was found better than what, as the log keeps it: ballots, checks, picks and their branch."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.ledger import (
    RUN,
    STARTED,
    attempt_record,
    ledger_at,
    result,
    rows,
    run_end,
    run_record,
    tell,
)
from ultra.core.request import said
from ultra.core.verdict import Ballot, Check, Verdict
from ultra.store.database import Place
from ultra.store.picks import Pick, keep_pick
from ultra.store.queries import Log
from ultra.store.schema import MIGRATIONS

ONE, TWO, JUDGE = (f"{RUN}-{number}" for number in (1, 2, 3))
VERDICT = Verdict(
    (ONE, TWO),
    ballots=(Ballot("lab:judge", JUDGE, (TWO, ONE), (ONE, TWO)), Ballot("lab:judge", "c4", (ONE,))),
    checks=(
        Check(ONE, "contains:blue", True),
        Check(ONE, "number:3", False, "no number"),
        Check(TWO, "contains:blue", False, "it is not in it"),
    ),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ultra.db"


async def compared(path: Path, **fields: Any) -> None:
    """A comparison of two answers with a verdict on record."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record(verb="compare", conversation=RUN, session="tty", **fields))
    for call, text in ((1, "it is blue"), (2, "it is red")):
        asked = (said("system", "be brief"), said("user", "why?"))
        attempt = attempt_record(call=call, role="member", index=call - 1, messages=asked)
        await ledger.admit(attempt)
        ledger.close(attempt.attempt_id, result(text))
    ledger.end_run(RUN, run_end("", answer_call=None, verdict=VERDICT))
    assert await ledger.flush(30.0)
    ledger.shutdown()


async def test_every_ballot_is_a_row_with_the_order_it_was_shown(path: Path) -> None:
    """An order effect can be reckoned from the log alone; a tie has an empty ranking."""
    await compared(path)

    found = rows(path, "SELECT call_id, run_id, judge, display_order, ranking FROM ballots")

    assert [(*row[:3], json.loads(row[3]), json.loads(row[4])) for row in found] == [
        ("c4", RUN, "lab:judge", [ONE], []),
        (JUDGE, RUN, "lab:judge", [TWO, ONE], [ONE, TWO]),
    ]


async def test_every_check_is_a_row(path: Path) -> None:
    """By answer and expectation."""
    await compared(path)

    assert rows(path, "SELECT call_id, number, expectation, met FROM checks") == [
        (ONE, 0, "contains:blue", 1),
        (ONE, 1, "number:3", 0),
        (TWO, 0, "contains:blue", 0),
    ]


async def test_what_was_expected_is_kept_out_with_the_words(path: Path) -> None:
    """Whether it was met is no word of anybody's."""
    await compared(path, keep_text=False)

    assert rows(path, "SELECT expectation, met FROM checks") == [(None, 1), (None, 0), (None, 0)]
    assert "blue" not in str(rows(path, "SELECT verdict FROM verdicts"))


async def test_a_verdict_told_again_replaces_its_ballots(path: Path) -> None:
    """The last verdict on a run stands, with its ballots."""
    ledger = ledger_at(path)
    await tell(ledger)

    ledger.add_verdict(RUN, VERDICT)
    ledger.add_verdict(RUN, Verdict((ONE,), ballots=VERDICT.ballots[:1]))
    assert await ledger.flush(30.0)

    assert rows(path, "SELECT count(*) FROM ballots") == [(1,)]
    assert rows(path, "SELECT count(*) FROM checks") == [(0,)]


async def test_a_pick_is_on_record_and_the_last_one_counts(path: Path) -> None:
    """The document of the run says which answer it was."""
    await compared(path)

    keep_pick(Place(path), Pick(RUN, ONE, blind=True), STARTED)
    keep_pick(Place(path), Pick(RUN, TWO, blind=False), STARTED + 1.0)

    assert Log(path).run(RUN).picked == TWO
    assert rows(path, "SELECT call_id, blind, picked_at FROM picks") == [(TWO, 0, STARTED + 1.0)]


async def test_a_branch_is_what_one_call_was_sent_and_answered(path: Path) -> None:
    """A conversation that goes on from it holds nothing of the other answers."""
    await compared(path)
    ledger = ledger_at(path)
    run_id = "run000000002"
    ledger.begin_run(run_record(run_id, prompt="and?", conversation=TWO, started_at=STARTED + 50))
    asked = (said("user", "why?"), said("assistant", "it is red"), said("user", "and?"))
    attempt = attempt_record(run_id, messages=asked)
    await ledger.admit(attempt)
    ledger.close(attempt.attempt_id, result("so"))
    ledger.end_run(run_id, run_end("so", run_id))
    await ledger.flush(30.0)

    log = Log(path)

    assert [turn.text for turn in log.branch(ONE)] == ["be brief", "why?", "it is blue"]
    assert [turn.text for turn in log.conversation(TWO)] == ["why?", "it is red", "and?", "so"]
    assert log.branch(f"{RUN}-9") == []


async def test_a_branch_without_words_is_empty(path: Path) -> None:
    """Words that were kept out of the log cannot be continued."""
    await compared(path, keep_text=False)

    assert Log(path).branch(ONE) == []


async def test_a_log_from_before_picks_is_read(path: Path) -> None:
    """Looking at it changes nothing; it is renewed by the next run."""
    await compared(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in ("ballots", "checks", "picks"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) - 1}")

    assert Log(path).run(RUN).picked is None
