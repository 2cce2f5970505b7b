"""When a credential has to wait before a model: the rules, without a store."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from ultra.core.gate import (
    GateState,
    Hold,
    OwnLimits,
    asked_to_wait,
    book,
    hold,
    observe,
    own_hold,
    refund,
    spend,
)
from ultra.core.quota import Allowance, Quota

NOW = 1_790_000_000.0
GATE = GateState("lab", "http://h/v1", "m", "abcd")


def left(requests: int, tokens: int | None = None, reset_s: float = 20.0) -> Quota:
    whole = None if tokens is None else Allowance(1000, tokens, reset_s)
    return Quota(Allowance(10, requests, reset_s), whole)


def test_a_gate_that_knows_nothing_is_open() -> None:
    """So is one that was told of limits without what is left of them."""
    assert hold(GATE, 10**9, NOW) is None
    assert hold(observe(GATE, Quota(Allowance(limit=1)), NOW), 10**9, NOW) is None


def test_a_provider_that_asks_to_wait_shuts_the_gate_for_as_long() -> None:
    """A later word that is shorter does not open it; ten minutes are the most."""
    shut = asked_to_wait(asked_to_wait(GATE, 30.0, NOW), 2.0, NOW + 1)

    assert hold(shut, 1, NOW + 10) == Hold("asked", 20.0)
    assert hold(shut, 1, NOW + 30) is None
    assert asked_to_wait(GATE, 3600.0, NOW).until == NOW + 600.0


def test_what_is_left_is_counted_down_by_what_goes() -> None:
    """So that forty that read the same word do not all go; it is whole again at the reset."""
    gate = observe(GATE, left(2), NOW)

    once = spend(gate, 5)
    twice = spend(once, 5)

    assert (hold(gate, 5, NOW), hold(once, 5, NOW)) == (None, None)
    assert hold(twice, 5, NOW + 5) == Hold("requests", 15.0)
    assert hold(twice, 5, NOW + 20) is None


def test_too_few_tokens_hold_a_large_request_and_let_a_small_one_go() -> None:
    """The estimate is what counts."""
    gate = observe(GATE, left(9, 300), NOW)

    assert hold(gate, 300, NOW) is None
    assert hold(gate, 301, NOW) == Hold("tokens", 20.0)


def test_a_request_larger_than_the_whole_limit_is_not_held_for_ever() -> None:
    """It goes when all of the limit is there: the provider says what it thinks of it."""
    assert hold(observe(GATE, left(9, 1000), NOW), 5000, NOW) is None
    assert hold(observe(GATE, left(9, 999), NOW), 5000, NOW) == Hold("tokens", 20.0)


def test_the_longer_of_two_waits_is_told() -> None:
    """Requests are back soon, tokens are not."""
    quota = Quota(Allowance(10, 0, 5.0), Allowance(1000, 0, 50.0))

    assert hold(observe(GATE, quota, NOW), 10, NOW) == Hold("tokens", 50.0)


def test_a_limit_of_a_day_is_asked_again_after_ten_minutes() -> None:
    """What is left was counted by others too, and a clock may have jumped."""
    gate = observe(GATE, left(0, reset_s=86_400.0), NOW)

    assert hold(gate, 1, NOW + 599) == Hold("requests", 1.0)
    assert hold(gate, 1, NOW + 600) is None


def test_an_older_word_does_not_replace_a_newer_one() -> None:
    """A long answer tells what was left when it began; unless the clock was put back."""
    gate = observe(GATE, left(1), NOW)

    assert observe(gate, left(9), NOW - 5) is gate
    assert observe(gate, left(9), NOW - 3600).remaining_requests == 9


def test_a_clock_that_jumps_leaves_nothing_shut() -> None:
    """An hour back, a day ahead."""
    gates = [
        asked_to_wait(GATE, 30.0, NOW),
        observe(GATE, left(0), NOW),
    ]

    assert [hold(gate, 1, NOW - 3600) for gate in gates] == [None, None]
    assert [hold(gate, 1, NOW + 86_400) for gate in gates] == [None, None]


def test_limits_of_our_own_let_a_minutes_worth_go_at_once() -> None:
    """Then one at a time, as the allowance comes back."""
    own, gate = OwnLimits(requests=6), replace(GATE, model="")
    for _ in range(6):
        assert own_hold(gate, own, 1, NOW) is None
        gate = book(gate, own, 1, NOW)

    assert own_hold(gate, own, 1, NOW) == Hold("own_requests", 10.0)
    assert own_hold(gate, own, 1, NOW + 10) is None


def test_a_request_larger_than_our_own_limit_never_goes() -> None:
    """No wait would make it fit."""
    assert own_hold(GATE, OwnLimits(tokens=100), 101, NOW) == Hold("never", None)
    assert own_hold(GATE, OwnLimits(tokens=100), 100, NOW) is None


def test_tokens_that_were_not_used_are_given_back() -> None:
    """An estimate holds a place only until the answer is there."""
    own = OwnLimits(tokens=100)
    gate = book(GATE, own, 100, NOW)

    assert own_hold(gate, own, 50, NOW) == Hold("own_tokens", 30.0)
    assert own_hold(refund(gate, own, 60), own, 50, NOW) is None
    assert refund(gate, own, 0) is gate
    assert refund(gate, OwnLimits(requests=1), 50) is gate


def test_limits_of_one_kind_leave_the_other_alone() -> None:
    """A shared gate keeps what another profile booked."""
    gate = replace(GATE, next_token=NOW + 50)

    assert book(gate, OwnLimits(requests=60), 1000, NOW).next_token == NOW + 50
    assert own_hold(gate, OwnLimits(requests=60), 1000, NOW) is None


def test_a_clock_that_was_put_back_does_not_hold_up_our_own_limits() -> None:
    """What is booked further ahead than a minute is no booking."""
    own = OwnLimits(requests=1)

    assert own_hold(book(GATE, own, 1, NOW), own, 1, NOW - 3600) is None


@settings(max_examples=200, deadline=None)
@given(
    limit=st.integers(1, 30),
    gaps=st.lists(st.floats(0.0, 20.0), min_size=1, max_size=120),
)
def test_never_more_than_the_allowance_and_what_came_back(limit: int, gaps: list[float]) -> None:
    """In any stretch of time: the whole allowance once, and its rate times the stretch."""
    own, gate, now = OwnLimits(requests=limit), GATE, NOW
    gone: list[float] = []
    for gap in gaps:
        now += gap
        if own_hold(gate, own, 1, now) is None:
            gate = book(gate, own, 1, now)
            gone.append(now)

    for first in range(len(gone)):
        for last in range(first, len(gone)):
            stretch = gone[last] - gone[first]
            assert last - first + 1 <= limit + stretch * limit / 60.0 + 1 + 1e-3


class Gating(RuleBasedStateMachine):
    """A provider that tells what is left now and then, and a clock that lies."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.gate = GATE
        self.told = 10**9

    @rule(seconds=st.one_of(st.floats(0, 90), st.sampled_from([600.0, 86_400.0, -3600.0])))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(
        requests=st.integers(0, 10),
        tokens=st.one_of(st.none(), st.integers(0, 1000)),
        reset_s=st.floats(0.1, 100_000),
    )
    def an_answer_tells(self, requests: int, tokens: int | None, reset_s: float) -> None:
        self.gate = observe(self.gate, left(requests, tokens, reset_s), self.now)
        self.told = requests

    @rule(seconds=st.floats(0.1, 5000))
    def it_asks_to_wait(self, seconds: float) -> None:
        self.gate = asked_to_wait(self.gate, seconds, self.now)
        found = hold(self.gate, 1, self.now)
        assert found is not None
        assert found.wait_s is not None
        assert min(seconds, 600.0) - 1e-3 <= found.wait_s <= 600.0

    @rule(tokens=st.integers(1, 2000))
    def an_attempt_asks(self, tokens: int) -> None:
        found = hold(self.gate, tokens, self.now)
        if found is None:
            within = self.gate.reset_requests or 0.0
            if self.now < within <= self.now + 600.0:
                self.told -= 1
                assert self.told >= 0, "more went than were left"
            self.gate = spend(self.gate, tokens)

    @invariant()
    def what_holds(self) -> None:
        found = hold(self.gate, 1, self.now)
        assert found is None or 0.0 < (found.wait_s or 0.0) <= 600.0
        assert hold(self.gate, 10**9, self.now + 600.001) is None
        assert (self.gate.remaining_requests or 0) >= 0
        assert (self.gate.remaining_tokens or 0) >= 0


TestGating = Gating.TestCase
TestGating.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
