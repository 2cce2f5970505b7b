"""When an endpoint or a credential is left alone: the rules, without a store."""

import math
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from tests.support.ledger import result
from ultra.core.breaker import (
    CREDENTIAL_FAULTS,
    ENDPOINT_FAULTS,
    BreakerState,
    Outcome,
    Seen,
    closed,
    credential_outcome,
    endpoint_outcome,
    forced,
    note,
    released,
    standing,
    take,
)
from ultra.core.errors import ErrorClass, Failure
from ultra.core.profile import BreakerRules

NOW = 1_790_000_000.0
RULES = BreakerRules()
ENDPOINT = BreakerState("endpoint", "lab", "http://h/v1", "m")
CREDENTIAL = BreakerState("credential", "lab", "http://h/v1", key_fp="abcd")


def seen(outcome: Outcome = "bad", at: float = NOW, gen: int = 0, **fields: Any) -> Seen:
    return Seen(outcome, at, gen, **{"error_class": "server", **fields})


def after(
    state: BreakerState, *told: Seen, rules: BreakerRules = RULES, draw: float = 0.5
) -> BreakerState:
    for one in told:
        state = note(state, one, rules, draw)
    return state


def tripped(at: float = NOW) -> BreakerState:
    """Three failures in a row, the last one at `at`."""
    return after(ENDPOINT, seen(at=at - 2), seen(at=at - 1), seen(at=at))


def probing(state: BreakerState, at: float) -> BreakerState:
    return take(state, at, owner="me", lease_s=30.0)


def test_the_third_failure_in_a_row_opens_for_fifteen_seconds() -> None:
    """Two do not; what failed last is kept for whoever is refused."""
    twice = after(ENDPOINT, seen(), seen(at=NOW + 1))
    thrice = after(twice, seen(at=NOW + 2, message="boom"))

    assert standing(twice, NOW + 1) == "closed"
    assert (standing(thrice, NOW + 2), thrice.open_until) == ("open", NOW + 2 + 15)
    assert (thrice.fails, thrice.last_class, thrice.last_message) == (3, "server", "boom")


def test_an_answer_between_failures_begins_the_row_anew() -> None:
    """Two, an answer and two more are no three in a row."""
    state = after(ENDPOINT, *(seen(o) for o in ("bad", "bad", "good", "bad", "bad")))

    assert (standing(state, NOW), state.fails) == ("closed", 2)


def test_failures_further_apart_than_the_window_do_not_open() -> None:
    """The row begins anew with the one that comes too late."""
    state = after(ENDPOINT, *(seen(at=NOW + 40 * number) for number in range(3)))

    assert (standing(state, NOW + 80), state.fails) == ("closed", 1)


def test_time_spent_on_waiting_for_a_silent_endpoint_is_not_counted() -> None:
    """Three timeouts of a minute each open, though they lie two minutes apart."""
    state = after(
        ENDPOINT, *(seen(at=NOW + 61 * number, duration_s=60.0) for number in range(1, 4))
    )

    assert standing(state, NOW + 183) == "open"


def test_half_of_ten_calls_in_a_minute_open() -> None:
    """Failures that never come three in a row are noticed as well."""
    turns = [seen("bad" if number % 2 == 0 else "good", NOW + number) for number in range(10)]

    nine = after(ENDPOINT, *turns[:9])
    ten = after(nine, turns[9], seen(at=NOW + 10))

    assert standing(nine, NOW + 9) == "closed"
    assert standing(ten, NOW + 10) == "open"


def test_a_fifth_of_the_calls_does_not_open() -> None:
    """Answers after a failure are counted for a minute, not only the first of them."""
    turns = [seen("bad" if number % 5 == 0 else "good", NOW + number / 2) for number in range(100)]

    assert standing(after(ENDPOINT, *turns), NOW + 50) == "closed"


def test_a_profile_that_bears_more_failures_is_not_opened_by_ten() -> None:
    """The share is looked at from as many calls on as the profile names."""
    rules = BreakerRules(failures=20)
    state = after(ENDPOINT, *(seen() for _ in range(19)), rules=rules)

    assert standing(state, NOW) == "closed"
    assert standing(after(state, seen(), rules=rules), NOW) == "open"


def test_every_opening_is_twice_as_long_up_to_five_minutes() -> None:
    """A probe that fails opens for longer; chance spreads it by a fifth either way."""
    state, spans = tripped(), []
    for _ in range(7):
        at = state.open_until
        state = probing(state, at)
        state = after(state, seen(at=at, gen=state.gen))
        spans.append(state.open_until - at)

    assert spans == [30.0, 60.0, 120.0, 240.0, 300.0, 300.0, 300.0]
    assert after(ENDPOINT, seen(), seen(), seen(), draw=0.0).open_until == NOW + 12
    assert after(ENDPOINT, seen(), seen(), seen(), draw=1.0).open_until == NOW + 18


@pytest.mark.parametrize(
    ("asked", "span"),
    [(40.0, 40.0), (1.0, 15.0), (3600.0, 600.0), (-1.0, 15.0), (math.nan, 15.0), (math.inf, 600.0)],
)
def test_a_server_that_asks_for_longer_is_left_alone_for_longer(asked: float, span: float) -> None:
    """Ten minutes at the most; what is no wait is none."""
    state = after(ENDPOINT, seen(), seen(), seen(retry_after_s=asked))

    assert state.open_until == NOW + span


def test_ten_quiet_minutes_forget_an_opening() -> None:
    """Twenty forget two; the next opening is as long as if they had not been."""
    state = replace(ENDPOINT, opens=3, last_fail=NOW - 1250.0)

    state = after(state, seen(), rules=BreakerRules(failures=1))

    assert (state.opens, state.open_until) == (2, NOW + 30)


def test_one_attempt_is_let_through_when_the_time_is_over() -> None:
    """The others wait for it until its lease is over, five seconds after its own time."""
    state = probing(tripped(), NOW + 15)

    assert standing(tripped(), NOW + 15) == "due"
    assert (state.state, state.probe_owner, state.gen) == ("half_open", "me", 1)
    assert standing(state, NOW + 15 + 34.9) == "probing"
    assert standing(state, NOW + 15 + 35) == "due"


def test_a_probe_that_is_answered_closes() -> None:
    """A refusal of the request is an answer: somebody is there."""
    state = probing(tripped(), NOW + 15)

    for outcome in ("good", "answered"):
        done = after(state, seen(outcome, NOW + 16, gen=1))
        assert (done.state, done.fails, done.probe_owner) == ("closed", 0, None)


def test_a_probe_that_was_cancelled_gives_its_lease_back() -> None:
    """The next attempt is the probe."""
    state = after(probing(tripped(), NOW + 15), seen("nothing", NOW + 16, gen=1))

    assert standing(state, NOW + 16) == "due"
    assert probing(state, NOW + 16).gen == 2


def test_results_of_an_older_generation_are_ignored() -> None:
    """A late answer closes nothing and a late failure opens nothing."""
    state = probing(tripped(), NOW + 15)
    healed = after(state, seen("good", NOW + 16, gen=1))

    assert after(state, seen("good", gen=0), seen("bad", gen=0)) is state
    assert after(healed, seen("bad", NOW + 17, gen=0)) is healed


def test_results_while_open_are_ignored() -> None:
    """Those of a fan-out that began before it opened do not prolong it."""
    assert after(tripped(), seen("bad", NOW + 5), seen("good", NOW + 6)) == tripped()


@pytest.mark.parametrize("jump", [86_400.0, -3600.0], ids=["a day ahead", "an hour back"])
def test_a_clock_that_jumps_leaves_nothing_shut(jump: float) -> None:
    """What claims to be open for more than ten minutes is not believed."""
    alone = after(CREDENTIAL, seen(error_class="auth"))

    assert standing(tripped(), NOW + jump) == "due"
    assert standing(probing(tripped(), NOW + 15), NOW + jump) == "due"
    assert standing(alone, NOW + jump) == "closed"
    assert after(alone, seen("good", NOW + jump)).state == "closed"


def test_failures_before_a_clock_was_put_back_still_count() -> None:
    """The row goes on; nothing is stuck and nothing negative."""
    state = after(ENDPOINT, seen(), seen(at=NOW - 3600), seen(at=NOW - 3599))

    assert standing(state, NOW - 3599) == "open"
    assert state.open_until == NOW - 3599 + 15


def test_a_refused_credential_is_left_alone_at_once_for_ten_minutes() -> None:
    """And then by nobody in particular: one more refusal closes it off again."""
    state = after(CREDENTIAL, seen(error_class="auth"))

    assert standing(state, NOW + 599) == "open"
    assert standing(state, NOW + 600) == "closed"
    assert standing(after(state, seen(at=NOW + 601, error_class="auth")), NOW + 602) == "open"
    assert after(state, seen("good", NOW + 601)).state == "closed"


def test_a_quota_that_is_told_to_come_back_sooner_is_believed() -> None:
    """Bedrock names seconds for some of its quotas."""
    state = after(CREDENTIAL, seen(error_class="quota", retry_after_s=20.0))

    assert state.open_until == NOW + 20


def test_one_opened_by_hand_stays_so_until_it_is_reset() -> None:
    """No time and no result moves it; what was under way at the reset is not counted."""
    state = forced(tripped(), NOW)

    assert standing(state, NOW + 1e6) == "forced"
    assert after(state, seen("good", gen=9)) is state
    free = released(state, NOW)
    assert (standing(free, NOW), free.opens, free.fails) == ("closed", 0, 0)
    assert after(free, seen(gen=0), seen(gen=0), seen(gen=0)) is free


def test_a_probe_that_the_user_asks_for_does_not_wait() -> None:
    """It probes an open breaker; given back, that is open as before."""
    state = take(tripped(), NOW + 1, owner="me", lease_s=1.0, eager=True)

    assert state.state == "half_open"
    assert standing(after(state, seen("nothing", NOW + 2, gen=1)), NOW + 2) == "open"
    assert take(tripped(), NOW + 1, owner="me", lease_s=1.0) == tripped()


def test_a_healthy_call_changes_nothing() -> None:
    """The very same value comes back, so that nothing is written."""
    healed = closed(tripped(), NOW + 30)

    assert after(ENDPOINT, seen("good")) is ENDPOINT
    assert after(CREDENTIAL, seen("good")) is CREDENTIAL
    assert after(healed, seen("good", NOW + 120)) is healed


@pytest.mark.parametrize("kind", ErrorClass)
def test_only_faults_of_the_endpoint_or_the_key_count(kind: ErrorClass) -> None:
    """Request errors, our own limits, deadlines and budgets open nothing."""
    ended = result("", status="error", failure=Failure(kind, "no"))

    assert (endpoint_outcome(ended) == "bad") == (kind in ENDPOINT_FAULTS)
    assert (credential_outcome(ended) == "bad") == (kind in CREDENTIAL_FAULTS)


def test_what_an_attempt_says_beside_failures() -> None:
    """An answer is good; a refusal proves that somebody is there; a cancel says nothing."""
    refused = Failure(ErrorClass.INVALID_REQUEST, "no", status=400)
    capped = Failure(ErrorClass.BAD_RESPONSE, "the output cap was used up before any answer")

    assert endpoint_outcome(result()) == credential_outcome(result()) == "good"
    assert endpoint_outcome(result("", status="error", failure=refused)) == "answered"
    assert endpoint_outcome(result("", status="cancelled")) == "nothing"
    assert endpoint_outcome(result("a", status="partial", ttft_s=1.0)) == "answered"
    assert (
        endpoint_outcome(result("", status="error", finish_reason="length", failure=capped))
        == "answered"
    )


class Breaking(RuleBasedStateMachine):
    """Attempts that come and go while time passes and the clock lies."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.state = ENDPOINT
        self.out: list[int] = []
        self.probes: list[tuple[int, float]] = []

    @rule(seconds=st.one_of(st.floats(0, 30), st.sampled_from([61.0, 600.0, 86_400.0, -3600.0])))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(lease_s=st.floats(0, 400))
    def an_attempt_asks(self, lease_s: float) -> None:
        found = standing(self.state, self.now)
        if found in ("closed", "due"):
            before, self.state = self.state, take(self.state, self.now, owner="x", lease_s=lease_s)
            self.out.append(self.state.gen)
            assert (self.state is not before) == (found == "due")

    @precondition(lambda self: self.out)
    @rule(pick=st.integers(0, 50), outcome=st.sampled_from(["good", "bad", "answered", "nothing"]))
    def an_attempt_ends(self, pick: int, outcome: Outcome) -> None:
        gen = self.out.pop(pick % len(self.out))
        before = self.state
        self.state = note(before, seen(outcome, self.now, gen), RULES, 0.5)
        if gen < before.gen or standing(before, self.now) == "open":
            assert self.state is before
        if before.state == "half_open" and gen == before.gen:
            assert self.state.state == ("open" if outcome in ("bad", "nothing") else "closed")

    @rule()
    def it_is_reset(self) -> None:
        self.state = released(self.state, self.now)
        assert standing(self.state, self.now) == "closed"

    @invariant()
    def what_holds(self) -> None:
        assert (self.state.state == "half_open") == (self.state.probe_owner is not None)
        assert self.out.count(self.state.gen) <= 1 or self.state.state != "half_open"
        assert standing(self.state, self.now + 600.0) in ("closed", "due")
        assert standing(self.state, self.now - 7200.0) in ("closed", "due")
        if self.state.state == "closed":
            assert self.state.fails < RULES.failures
        assert len(self.state.buckets) <= 6


TestBreaking = Breaking.TestCase
TestBreaking.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
