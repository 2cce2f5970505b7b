"""Budgets: a wall when hard, a word when soft; reserved before, settled once after."""

import os
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.budgets import (
    CENT,
    NOON,
    Process,
    asking,
    attempt_of,
    ending,
    run_of,
)
from ultra.core.budget import Bound, Limit, Planned
from ultra.core.cost import Price, Rate
from ultra.core.errors import ErrorClass, Failure
from ultra.core.ledger import Admitted, Refused, RunEnd, RunRecord
from ultra.store.check import check
from ultra.store.operations import End
from ultra.store.owner import myself, to_text

DAY = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def process(tmp_path: Path, clock: Clock) -> Process:
    return Process(tmp_path / "ultra.db", clock)


def refusal(outcome: Admitted | Refused) -> Failure:
    assert isinstance(outcome, Refused)
    assert outcome.failure.error_class is ErrorClass.BUDGET
    return outcome.failure


def test_without_a_limit_nothing_is_reserved(process: Process) -> None:
    """No row of any table of budgets is written."""
    run = run_of()
    attempt = attempt_of(run)

    assert process.admit(attempt, run) == Admitted()
    process.close(attempt, CENT)

    tables = ("budget", "reservation", "reservation_scope")
    counts = [process.connection.execute(f"SELECT count(*) FROM {t}").fetchone() for t in tables]
    assert counts == [(0,), (0,), (0,)]


def test_an_admission_looks_at_no_more_of_a_longer_log(process: Process) -> None:
    """SQLite takes as many steps for the 301st attempt as for the fifth."""
    for scope in ("all", "provider:lab", "profile:home"):
        process.limit(10_000 * CENT, scope)
        process.limit(10_000 * CENT, scope, "month")
    few = [steps(process, number) for number in range(5)][-1]
    for number in range(5, 300):
        run = run_of(f"run{number:09}")
        attempt = attempt_of(run)
        process.commit(asking(attempt, run))
        process.commit(ending(attempt, CENT), End(run, RunEnd("ok", NOON, 1.0)))

    assert steps(process, 300) <= few * 1.05


def steps(process: Process, number: int) -> int:
    """How many instructions of SQLite's machine it takes to admit and close an attempt."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    run = run_of(f"run{number:09}")
    attempt = attempt_of(run)
    process.connection.set_progress_handler(step, 1)
    process.admit(attempt, run)
    process.close(attempt, CENT)
    process.connection.set_progress_handler(None, 1)
    return count


def test_money_is_reserved_and_then_spent(process: Process) -> None:
    """The estimate is set aside while the call is under way; what it came to is spent."""
    process.limit(5 * CENT)
    run = run_of()
    attempt = attempt_of(run)

    outcome = process.admit(attempt, run)
    before = process.counters()
    process.close(attempt, CENT // 2)

    assert isinstance(outcome, Admitted)
    assert outcome.reserve_nano == CENT
    assert before == [("2026-09-23", 0, CENT, 0)]
    assert process.counters() == [("2026-09-23", CENT // 2, 0, 0)]
    assert check(process.connection) == []


def test_a_call_that_does_not_fit_is_refused_whole(process: Process) -> None:
    """The message names the budget, what is left, what is needed and what is missing."""
    process.limit(3 * CENT // 2)
    process.limit(CENT, "provider:lab", "month")
    run = run_of()
    first = attempt_of(run)
    process.admit(first, run)

    failure = refusal(process.admit(attempt_of(run, 2), run))

    assert failure.message == (
        "the hard budget of $0.0100 a month for `provider:lab` has $0 left ($0.0100 is set aside"
        " for calls under way), and this call needs at least $0.0100: $0.0100 short"
    )
    assert failure.hint == "`ultra budgets` shows what it went on; it begins anew on 2026-10-01"
    assert process.counters() == [("2026-09-23", 0, CENT, 0)]
    assert process.connection.execute("SELECT count(*) FROM attempts").fetchone() == (1,)


@pytest.mark.parametrize(
    "scope",
    ["all", "profile:home", "cost_center:x", "provider:lab", "key:abc", "tag:team=red"],
)
def test_every_scope_counts(process: Process, scope: str) -> None:
    """An attempt counts in each scope that it belongs to."""
    process.limit(CENT, scope)
    run = run_of(cost_center="x", tags={"team": "red"})

    process.admit(attempt_of(run, key_fp="abc"), run)
    failure = refusal(process.admit(attempt_of(run, 2, key_fp="abc"), run))

    assert f"a day for `{scope}`" in failure.message
    other = run_of("run000000002", profile="other")
    admitted = process.admit(attempt_of(other, key_fp="def", provider="elsewhere"), other)
    assert isinstance(admitted, Admitted) == (scope != "all")


def test_settling_twice_has_one_effect(process: Process) -> None:
    """The second close finds nothing that is held."""
    process.limit(5 * CENT)
    run = run_of()
    attempt = attempt_of(run)
    process.admit(attempt, run)

    process.commit(ending(attempt, CENT), ending(attempt, CENT))
    process.close(attempt, CENT)

    assert process.counters() == [("2026-09-23", CENT, 0, 0)]


def test_what_never_left_is_given_back(process: Process) -> None:
    """An attempt that failed before it was sent costs nothing and is released."""
    process.limit(CENT)
    run = run_of()
    attempt = attempt_of(run)
    process.admit(attempt, run)

    failure = Failure(ErrorClass.NETWORK, "refused", sent=False)
    process.close(attempt, 0, status="error", failure=failure)

    assert process.connection.execute("SELECT state FROM reservation").fetchall() == [("released",)]
    assert isinstance(process.admit(attempt_of(run, 1, 2), run), Admitted)


def test_what_one_attempt_gives_back_the_next_of_its_group_may_take(process: Process) -> None:
    """A retry is decided after its failure, though both are told at once."""
    process.limit(CENT)
    run = run_of()
    first, second = attempt_of(run), attempt_of(run, 1, 2)
    process.admit(first, run)

    outcomes = process.commit(ending(first, 0, status="error"), asking(second, run))

    assert isinstance(outcomes[0], Admitted)


def test_a_provider_that_charges_more_overdraws_and_the_next_is_refused(process: Process) -> None:
    """The excess is kept beside what was spent."""
    process.limit(2 * CENT)
    run = run_of()
    attempt = attempt_of(run)
    process.admit(attempt, run)

    process.close(attempt, 3 * CENT)

    row = process.connection.execute("SELECT spent_nano, overdraft_nano FROM budget").fetchone()
    assert row == (3 * CENT, 2 * CENT)
    assert "has $0 left" in refusal(process.admit(attempt_of(run, 2), run)).message


def test_a_window_that_rolls_during_a_call_charges_the_old_one(
    process: Process, clock: Clock
) -> None:
    """Money is settled where it was reserved; the new day begins with its own."""
    process.limit(CENT)
    run = run_of()
    attempt = attempt_of(run)
    process.admit(attempt, run)
    clock.now += DAY

    second = attempt_of(run, 2, at=clock.now)
    assert isinstance(process.admit(second, run), Admitted)
    process.close(attempt, CENT // 4)

    assert process.counters() == [
        ("2026-09-23", CENT // 4, 0, 0),
        ("2026-09-24", 0, CENT, 0),
    ]
    assert check(process.connection) == []


@pytest.mark.parametrize("back", [3600.0, DAY, 40 * DAY])
def test_a_clock_that_jumps_back_opens_no_old_window(
    process: Process, clock: Clock, back: float
) -> None:
    """There is no fresh money in the past, and none is lost."""
    process.limit(CENT)
    run = run_of()
    first = attempt_of(run)
    process.admit(first, run)
    process.close(first, CENT)
    clock.now -= back

    refusal(process.admit(attempt_of(run, 2, at=clock.now), run))

    assert process.counters() == [("2026-09-23", CENT, 0, 0)]


def test_a_soft_budget_warns_once_for_each_step_and_goes_on(process: Process) -> None:
    """At 80% and at 100% of what is spent; nothing is capped or refused."""
    process.limit(10 * CENT, mode="soft")
    run = run_of()
    notes = []
    for call in range(1, 14):
        attempt = attempt_of(run, call, bound=Bound(0, 10**9, 10**9))
        outcome = process.admit(attempt, run)
        assert isinstance(outcome, Admitted)
        assert (outcome.output_tokens, outcome.reserve_nano) == (None, None)
        notes.append(outcome.notes)
        process.close(attempt, CENT)

    assert [n for n in notes if n] == [
        ("the soft budget of $0.1000 a day for `all` is used to 80%: $0.0800 is spent",),
        ("the soft budget of $0.1000 a day for `all` is used up: $0.1000 is spent",),
    ]
    assert notes[8]
    assert notes[10]


def test_a_limit_that_is_set_late_counts_what_was_charged_before(
    process: Process, clock: Clock
) -> None:
    """Only what its window and its scope hold."""
    run = run_of()
    for call, provider, at in [(1, "lab", -2 * DAY), (2, "lab", -60), (3, "other", -60)]:
        attempt = attempt_of(run, call, at=NOON + at, provider=provider)
        process.admit(attempt, run)
        process.close(attempt, call * CENT)
    process.limit(20 * CENT, "provider:lab", "day")
    process.limit(20 * CENT, "provider:lab", "week")
    process.limit(20 * CENT, "all", "day")

    attempt = attempt_of(run, 4)
    process.admit(attempt, run)
    process.close(attempt, CENT)

    assert process.counters("provider:lab") == [("2026-09-23", 3 * CENT, 0, 0)]
    assert process.counters("provider:lab", "week") == [("2026-09-21", 4 * CENT, 0, 0)]
    assert process.counters() == [("2026-09-23", 6 * CENT, 0, 0)]
    assert check(process.connection) == []


def test_a_model_without_a_price_is_refused_by_a_hard_budget(process: Process) -> None:
    """A soft one counts that it does not know."""
    process.limit(CENT, mode="soft")
    run = run_of()
    unpriced = attempt_of(run, bound=None, charged_nano=None)
    assert isinstance(process.admit(unpriced, run), Admitted)
    process.close(unpriced, None)
    process.limit(CENT, "all", "month")

    failure = refusal(process.admit(attempt_of(run, 2, bound=None, charged_nano=None), run))

    assert "cannot hold a call whose price is not known, as that of `lab:m-1`" in failure.message
    assert process.connection.execute(
        "SELECT unpriced FROM budget WHERE period = 'day'"
    ).fetchone() == (1,)


def test_a_free_model_passes_an_empty_budget_and_a_paid_fallback_does_not(process: Process) -> None:
    """Nothing can be spent, and what costs nothing may be asked."""
    process.limit(0)
    run = run_of()

    assert process.admit(attempt_of(run, cost=0), run) == Admitted()
    failure = refusal(process.admit(attempt_of(run, 2, kind="fallback"), run))

    assert "has $0 left" in failure.message


def test_the_answer_is_capped_at_what_the_remainder_buys(process: Process) -> None:
    """A cap of 64k tokens refuses no short answer; the cap is told."""
    process.limit(CENT)
    run = run_of()
    bound = Bound(0, 10_000_000_000, 64_000)  # $10 a million tokens: a cent buys a thousand

    outcome = process.admit(attempt_of(run, bound=bound), run)

    assert outcome == Admitted(
        notes=(
            (
                "answers are capped at 1,000 tokens: the hard budget of $0.0100 a day for `all` has"
                " $0.0100 left"
            ),
        ),
        output_tokens=1000,
        reserve_nano=CENT,
    )
    assert process.connection.execute("SELECT charged_nano FROM attempts").fetchone() == (CENT,)


@pytest.mark.parametrize(
    ("left_tokens", "user_cap", "goes"),
    [(63, None, False), (64, None, True), (10, 10, True), (9, 10, False)],
)
def test_below_a_floor_a_call_is_refused_rather_than_capped(
    process: Process, left_tokens: int, user_cap: int | None, goes: bool
) -> None:
    """An answer of a few tokens is worth nothing, unless the user asked for one so short."""
    process.limit(left_tokens * 1000)
    run = run_of()
    bound = Bound(0, 1_000_000_000, user_cap)

    outcome = process.admit(attempt_of(run, bound=bound), run)

    assert isinstance(outcome, Admitted) == goes


def test_the_cap_of_a_model_that_nobody_knows_is_bounded(process: Process) -> None:
    """What the budget would buy could be more than the model takes."""
    process.limit(100 * CENT)
    run = run_of()

    outcome = process.admit(attempt_of(run, bound=Bound(0, 1_000_000_000)), run)

    assert isinstance(outcome, Admitted)
    assert outcome.output_tokens == 4096
    assert "the model's own cap is not known" in outcome.notes[0]


def test_a_profile_can_only_lower_what_the_store_says(process: Process) -> None:
    """Both limits hold on one window: two versions of a profile share what was spent."""
    process.limit(3 * CENT, "profile:home")
    lower = run_of(limits=(Limit("profile:home", "day", CENT, "hard"),))
    higher = run_of("run000000002", limits=(Limit("profile:home", "day", 9 * CENT, "hard"),))

    process.admit(attempt_of(lower), lower)
    refusal(process.admit(attempt_of(lower, 2), lower))
    process.admit(attempt_of(higher), higher)
    process.admit(attempt_of(higher, 2), higher)
    failure = refusal(process.admit(attempt_of(higher, 3), higher))

    assert "hard budget of $0.0300" in failure.message
    assert process.counters("profile:home") == [("2026-09-23", 0, 3 * CENT, 0)]


def test_a_budget_of_a_run_ends_with_it(process: Process) -> None:
    """The smallest of all that bound it holds, and its rows go when it is over."""
    process.limit(9 * CENT, "run", "run")
    limits = (Limit("run", "run", 2 * CENT, "hard"), Limit("run", "run", 5 * CENT, "soft"))
    run = run_of(limits=limits)
    attempts = [attempt_of(run, call) for call in (1, 2)]
    for attempt in attempts:
        process.admit(attempt, run)

    failure = refusal(process.admit(attempt_of(run, 3), run))
    process.commit(*(ending(a, CENT) for a in attempts), End(run, _ended()))

    assert failure.message.startswith("the hard budget of $0.0200 a run has $0 left")
    assert failure.hint
    assert "--max-cost" in failure.hint
    assert process.counters("run", "run") == []
    assert check(process.connection) == []


def _ended() -> RunEnd:
    return RunEnd("ok", NOON, 1.0)


PRICE = Price(Rate(0), Rate(10**9))
"""Nothing in, a dollar a million tokens out: a token is a thousand nano-dollars."""


def fan_out(*tokens: int, provider: str = "lab", **fields: Any) -> RunRecord:
    plan = tuple(Planned(provider, PRICE, 0, n) for n in tokens)
    return run_of(plan=plan, **fields)


def test_a_fan_out_sets_all_of_itself_aside_first(process: Process) -> None:
    """Its first attempt leaves the money of the others untouched; the rest is given back."""
    process.limit(10_000_000)
    run = fan_out(1000, 1000, 3000)
    first = attempt_of(run, 1, bound=Bound(0, 10**9, 1000))

    process.admit(first, run)
    reserved = process.counters()
    other = run_of("run000000002")
    failure = refusal(process.admit(attempt_of(other, cost=5_500_000), other))
    process.close(first, 10_000)
    process.end(run)

    assert reserved == [("2026-09-23", 0, 5_000_000, 0)]
    assert "$0.005 is set aside for calls under way" in failure.message
    assert process.counters() == [("2026-09-23", 10_000, 0, 0)]
    assert check(process.connection) == []


def test_a_fan_out_gets_one_cap_for_all_of_its_calls(process: Process) -> None:
    """The largest at which all of them fit, told once."""
    process.limit(900_000)
    run = fan_out(64_000, 64_000, 100)

    outcomes = [
        process.admit(attempt_of(run, call, bound=Bound(0, 10**9, most)), run)
        for call, most in [(1, 64_000), (2, 64_000), (3, 100)]
    ]

    assert [o.output_tokens for o in outcomes if isinstance(o, Admitted)] == [400, 400, None]
    assert len({note for o in outcomes if isinstance(o, Admitted) for note in o.notes}) == 1
    assert process.counters() == [("2026-09-23", 0, 900_000, 0)]
    assert check(process.connection) == []


def test_a_refused_fan_out_refuses_every_call_of_it(process: Process) -> None:
    """The same reason for each, though one alone would fit."""
    process.limit(150_000)
    run = fan_out(1000, 1000, 1000)

    failures = [
        refusal(process.admit(attempt_of(run, call, bound=Bound(0, 10**9, 1000)), run))
        for call in (1, 2, 3)
    ]

    assert len({f.message for f in failures}) == 1
    assert "the 3 calls of this run need at least $0.000192: $0.000042" in failures[0].message
    assert process.counters() == [("2026-09-23", 0, 0, 0)]


def test_a_fan_out_with_a_model_without_a_price_is_refused_whole(process: Process) -> None:
    """What cannot be held to the budget keeps all of it from being sent."""
    process.limit(10_000_000)
    run = run_of(plan=(Planned("lab", PRICE, 0, 10), Planned("lab", None, 0)))

    failure = refusal(process.admit(attempt_of(run, 1, bound=Bound(0, 10**9, 10)), run))

    assert "price is not known" in failure.message


def test_what_is_read_counts_in_the_plan_of_a_writer(process: Process) -> None:
    """A capped answer makes a cheap input: the cap is found with both in mind."""
    process.limit(1_000_000)
    both = Price(Rate(10**9), Rate(10**9))
    plan = (Planned("lab", both, 0, 64_000), Planned("lab", both, 0, 64_000, reads=((0,),)))
    run = run_of(plan=plan)

    outcome = process.admit(attempt_of(run, 1, bound=Bound(0, 10**9, 64_000)), run)

    assert isinstance(outcome, Admitted)
    assert outcome.output_tokens == 250  # 250 out, 500 read, 250 out


def test_a_retry_of_a_fan_out_tops_up(process: Process) -> None:
    """What was set aside for the other calls is not for it."""
    process.limit(2_500_000)
    run = fan_out(1000, 1000)
    first = attempt_of(run, 1, bound=Bound(0, 10**9, 1000))
    process.admit(first, run)
    process.close(first, 1_000_000, status="error")

    retry = attempt_of(run, 1, 2, kind="retry", bound=Bound(0, 10**9, 1000))
    outcome = process.admit(retry, run)

    assert isinstance(outcome, Admitted)
    assert outcome.output_tokens == 500
    assert process.counters() == [("2026-09-23", 1_000_000, 1_500_000, 0)]


@pytest.mark.parametrize("settled", [False, True])
def test_what_a_dead_process_held_becomes_uncertain(
    tmp_path: Path, clock: Clock, settled: bool
) -> None:
    """It is charged at its estimate; what was set aside for later calls is given back."""
    dead = Process(tmp_path / "ultra.db", clock, owner=_gone())
    dead.limit(10_000_000)
    run = fan_out(1000, 1000)
    first = attempt_of(run, 1, bound=Bound(0, 10**9, 1000))
    dead.admit(first, run)
    if settled:
        dead.close(first, 400_000)
    assert check(dead.connection, NOON + DAY) != []

    alive = Process(tmp_path / "ultra.db", clock)
    other = run_of("run000000002")
    alive.admit(attempt_of(other, cost=1), other)

    spent = (400_000, 1, 0) if settled else (0, 1, 1_000_000)
    assert alive.counters() == [("2026-09-23", *spent)]
    assert check(alive.connection, NOON + DAY) == []


def test_a_hard_budget_is_not_kept_on_a_network_file_system(tmp_path: Path, clock: Clock) -> None:
    """Its locks are not to be relied on; a soft one goes on."""
    process = Process(tmp_path / "ultra.db", clock, network="nfs4")
    run = run_of()
    process.limit(CENT, mode="soft")
    assert isinstance(process.admit(attempt_of(run), run), Admitted)
    process.limit(CENT)

    failure = refusal(process.admit(attempt_of(run, 2), run))

    assert "cannot be kept on a network file system (`nfs4`)" in failure.message


def test_simulated_models_spend_nothing(process: Process) -> None:
    """Whatever their dials call a price."""
    process.limit(0)
    run = run_of()
    attempt = attempt_of(run)
    endpoint = replace(attempt.target.endpoint, protocol="simulated")
    target = replace(attempt.target, endpoint=endpoint)

    assert process.admit(replace(attempt, target=target), run) == Admitted()


def _gone() -> str:
    """An owner whose process has ended."""
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    return to_text(replace(myself(), pid=pid, started="1"))
