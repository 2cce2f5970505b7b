"""What the log tells a route of its models, and what keeps them back: read, never written."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.ledger import (
    ENDPOINT,
    STARTED,
    attempt_record,
    ledger_at,
    result,
    rows,
    run_end,
    run_record,
    target,
)
from ultra.core.breaker import BreakerState
from ultra.core.errors import ErrorClass, Failure
from ultra.core.estimates import Sample
from ultra.core.gate import GateState
from ultra.core.ledger import AttemptResult
from ultra.core.profile import BreakerRules
from ultra.core.records import RouteDocument
from ultra.core.usage import Usage
from ultra.store import breakers, gates
from ultra.store.barriers import Barrier, Caller, barriers
from ultra.store.experience import _SAMPLES, _TAGGED, WINDOW_CALLS, WINDOW_S, last_asked, samples
from ultra.store.ledger import SqliteLedger
from ultra.store.queries import Log
from ultra.store.reading import reading

NOW = STARTED + 100.0
MODEL = target("m", "m-1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ultra.db"


class Teller:
    """Puts calls on record, each its own run."""

    def __init__(self, path: Path) -> None:
        self.ledger: SqliteLedger = ledger_at(path, breaker=BreakerRules(failures=100_000))
        self._count = 0

    async def call(
        self,
        *tries: AttemptResult,
        at: float = 0.0,
        tags: dict[str, str] | None = None,
        **fields: Any,
    ) -> None:
        self._count += 1
        run_id = f"run{self._count:09d}"
        self.ledger.begin_run(run_record(run_id, tags=tags or {}))
        for number, outcome in enumerate(tries, 1):
            attempt = attempt_record(
                run_id,
                number=number,
                **{"target": MODEL, "started_at": STARTED + at + number, **fields},
            )
            await self.ledger.admit(attempt)
            self.ledger.close(attempt.attempt_id, outcome)
        self.ledger.end_run(run_id, run_end(run_id=run_id))

    async def done(self) -> None:
        assert await self.ledger.flush(30.0)


def failed(error_class: ErrorClass, **fields: Any) -> AttemptResult:
    told = {"status": "error", "failure": Failure(error_class, "no"), **fields}
    return result("", **told)


def told_of(
    path: Path, *targets: Any, now: float = NOW, tags: dict[str, str] | None = None
) -> list[list[Sample]]:
    with reading(path) as connection:
        assert connection is not None
        return samples(connection, targets or (MODEL,), now, tags)


async def test_an_answer_says_how_long_how_much_and_how_fast(path: Path) -> None:
    """Retries count into its time, all kinds of output into its length."""
    teller = Teller(path)
    usage = Usage(text_output_tokens=10, reasoning_tokens=11)
    await teller.call(
        failed(ErrorClass.OVERLOADED), result(ttft_s=0.5, duration_s=2.5, usage=usage)
    )
    await teller.done()

    assert told_of(path) == [[Sample(True, 1.5, 3.5, 21, 10.0)]]


async def test_what_says_nothing_of_the_model_is_left_out(path: Path) -> None:
    """Earlier answers served again, helpers' calls, requests that were wrong, what we broke off."""
    teller = Teller(path)
    await teller.call(result(), kind="cache")
    await teller.call(result(), role="judge")
    await teller.call(result(), role="analysis")
    await teller.call(result(), role="probe")
    await teller.call(result("", status="cancelled"))
    for ours in (
        ErrorClass.INVALID_REQUEST,
        ErrorClass.CONTEXT_LENGTH,
        ErrorClass.CONTENT_FILTER,
        ErrorClass.BUDGET,
        ErrorClass.CONFIG,
        ErrorClass.DEADLINE,
    ):
        await teller.call(failed(ours))
    await teller.done()

    assert told_of(path) == [[]]


async def test_failures_of_the_model_count_and_a_timeout_has_its_time(path: Path) -> None:
    """Newest first."""
    teller = Teller(path)
    await teller.call(failed(ErrorClass.SERVER), at=1.0)
    await teller.call(failed(ErrorClass.MODEL_NOT_FOUND), at=2.0)
    await teller.call(failed(ErrorClass.TIMEOUT, duration_s=60.0), at=3.0)
    await teller.done()

    assert told_of(path) == [
        [Sample(False, 60.0, 60.0), Sample(answered=False), Sample(answered=False)]
    ]


async def test_made_up_answers_count_for_simulated_models_alone(path: Path) -> None:
    """And another host's answers for nobody else, though both are called `lab`."""
    teller = Teller(path)
    made_up = replace(MODEL, endpoint=replace(ENDPOINT, protocol="simulated"))
    elsewhere = replace(MODEL, endpoint=replace(ENDPOINT, base_url="http://127.0.0.1:9/v1"))
    await teller.call(result(), target=made_up)
    await teller.call(result(), result(), target=elsewhere)
    await teller.done()

    real, simulated, other = told_of(path, MODEL, made_up, elsewhere)

    assert (len(real), len(simulated), len(other)) == (0, 1, 1)


async def test_only_the_latest_calls_of_a_week_count(path: Path) -> None:
    """At most two hundred of them."""
    teller = Teller(path)
    await teller.call(result(), at=-WINDOW_S - 1.0)
    for number in range(WINDOW_CALLS + 5):
        await teller.call(result(ttft_s=1.0 if number < 5 else 0.1), at=number / 10.0)
    await teller.done()

    (found,) = told_of(path)

    assert len(found) == WINDOW_CALLS
    assert {one.ttft_s for one in found} == {0.1}
    assert told_of(path, now=NOW + WINDOW_S) == [[]]


async def test_calls_are_told_apart_by_the_tags_of_their_runs(path: Path) -> None:
    """All tags that are asked for have to be there; more may."""
    teller = Teller(path)
    await teller.call(result(ttft_s=0.1))
    await teller.call(result(ttft_s=0.2), at=2.0, tags={"team": "search"})
    await teller.call(result(ttft_s=0.3), at=4.0, tags={"team": "search", "kind": "code"})
    await teller.call(result(ttft_s=0.4), at=6.0, tags={"team": "ads", "kind": "code"})
    await teller.done()

    def firsts(tags: dict[str, str]) -> list[float | None]:
        (found,) = told_of(path, tags=tags)
        return [one.ttft_s for one in found]

    assert firsts({}) == [0.4, 0.3, 0.2, 0.1]
    assert firsts({"team": "search"}) == [0.3, 0.2]
    assert firsts({"kind": "code", "team": "search"}) == [0.3]
    assert firsts({"team": "nobody"}) == []


async def test_what_the_cache_served_takes_no_calls_place(path: Path) -> None:
    """Two hundred answers from the disk leave the one that was asked for in sight."""
    teller = Teller(path)
    await teller.call(result(ttft_s=1.0), at=-10.0)
    for number in range(WINDOW_CALLS + 5):
        await teller.call(result(ttft_s=0.001), at=number / 10.0, kind="cache")
    await teller.done()

    (found,) = told_of(path)

    assert [one.ttft_s for one in found] == [1.0]


async def test_the_questions_are_answered_from_indexes(path: Path) -> None:
    """However long the log is: no table is read from end to end."""
    teller = Teller(path)
    await teller.call(result())
    await teller.done()

    with closing(sqlite3.connect(path)) as connection:
        asked = connection.execute(
            f"EXPLAIN QUERY PLAN {_SAMPLES.format(tagged=_TAGGED)}" % "(0, 'lab', 'm-1')",
            (0.0, "team", "search"),
        ).fetchall()
    searched = [line for *_, line in asked if line.startswith(("SCAN", "SEARCH"))]

    assert [line for line in searched if line.startswith("SCAN")] == ["SCAN CONSTANT ROW", "SCAN w"]
    assert all("INDEX" in line or "PRIMARY KEY" in line for line in searched[2:])


async def test_whose_turn_it_is_comes_from_the_calls(path: Path) -> None:
    """None for a model that was never asked."""
    teller = Teller(path)
    await teller.call(result(), at=5.0)
    await teller.call(result(), at=7.0)
    await teller.done()

    with reading(path) as connection:
        assert connection is not None
        assert last_asked(connection, [target("x", "x"), MODEL]) == [None, STARTED + 8.0]
        assert last_asked(connection, []) == []


async def test_a_runs_route_is_kept_and_given_back(path: Path) -> None:
    """Without any word of the prompt, so also where words are kept out of the log."""
    route = RouteDocument("r", "explore", ["lab:a", "lab:b"], 0.25, {"lab:c": "no key"})
    ledger = ledger_at(path)
    ledger.begin_run(run_record(route=route, keep_text=False))
    ledger.end_run(run_record().run_id, run_end())
    await ledger.flush(30.0)

    assert Log(path).run(run_record().run_id).route == route
    assert rows(path, "SELECT json_extract(route, '$.propensity') FROM runs") == [(0.25,)]


URL = "http://127.0.0.1:8000/v1"


def standing(path: Path, *callers: Caller, now: float = NOW) -> list[Barrier | None]:
    with reading(path) as connection:
        assert connection is not None
        return barriers(connection, callers, tokens=100, now=now)


async def kept_back(path: Path, *states: BreakerState | GateState) -> None:
    teller = Teller(path)
    await teller.call(result())
    await teller.done()
    with closing(sqlite3.connect(path)) as connection, connection:
        for state in states:
            if isinstance(state, BreakerState):
                breakers.write(connection, state)
            else:
                gates.write(connection, state)


async def test_an_open_breaker_keeps_its_own_model_back(path: Path) -> None:
    """Until it is tried again; others go, and so does it once its time has come."""
    await kept_back(
        path,
        BreakerState("endpoint", "lab", URL, "m-1", state="open", open_until=NOW + 9.0, fails=3),
    )

    found, other = standing(path, Caller(MODEL, ""), Caller(target("x", "x"), ""))

    assert found is not None
    assert (found.until, found.refused.failure.error_class) == (NOW + 9.0, ErrorClass.BREAKER_OPEN)
    assert other is None
    assert standing(path, Caller(MODEL, ""), now=NOW + 10.0) == [None]


async def test_one_switched_off_by_hand_stays_so_until_somebody_acts(path: Path) -> None:
    """For every model of the endpoint, where none is named."""
    await kept_back(path, BreakerState("endpoint", "lab", URL, state="forced_open"))

    (found,) = standing(path, Caller(MODEL, None))

    assert found is not None
    assert found.until is None


async def test_a_refused_key_keeps_back_whoever_would_send_it(path: Path) -> None:
    """One that is not known before it is sent is left to admission."""
    await kept_back(
        path,
        BreakerState(
            "credential",
            "lab",
            URL,
            key_fp="abcd",
            state="open",
            open_until=NOW + 600.0,
            last_class="auth",
            last_fail=NOW,
        ),
    )

    same, other, unknown = standing(
        path, Caller(MODEL, "abcd"), Caller(MODEL, "beef"), Caller(MODEL, None)
    )

    assert same is not None
    assert same.until == NOW + 600.0
    assert "was refused" in same.refused.failure.message
    assert (other, unknown) == (None, None)


async def test_a_shut_gate_keeps_its_key_back_at_its_model(path: Path) -> None:
    """Until the provider's limit is whole again."""
    await kept_back(path, GateState("lab", URL, "m-1", "abcd", until=NOW + 30.0))

    same, other = standing(path, Caller(MODEL, "abcd"), Caller(MODEL, ""))

    assert same is not None
    assert (same.until, same.refused.failure.error_class) == (NOW + 30.0, ErrorClass.RATE_LIMIT)
    assert other is None
