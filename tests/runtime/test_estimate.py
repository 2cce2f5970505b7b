"""What a run would do and cost, said before anything is sent."""

from typing import Any

import pytest

from tests.support.fakes import target
from ultra.core.model import Target
from ultra.core.request import Prompt, Sampling, said
from ultra.runtime.action import Action, Selection
from ultra.runtime.estimate import EXPECTED_OUTPUT_TOKENS, Plan, overflow, plan
from ultra.strategies.plans import FENCE_TOKENS, INSTRUCTIONS_TOKENS

ASKED = 8 + 10
"""The bound of 30 bytes in one turn."""


def planned(strategy: str, *members: Target, cap: int | None = None, **fields: Any) -> Plan:
    prompt = Prompt((said("user", "x" * 30),), sampling=Sampling(max_output_tokens=cap))
    return plan(Action("ask", prompt, Selection(strategy, members, **fields)))


def test_one_call_is_bounded_by_its_cap() -> None:
    """Expected with an answer of usual length, at most with the cap used up."""
    told = planned("single", target("a", max_output_tokens=4_000))

    (call,) = told.calls
    assert (call.role, call.host, call.input_tokens, call.output_cap) == (
        "answer",
        "127.0.0.1:8000",
        ASKED,
        4_000,
    )
    assert told.expected_nano == ASKED * 1_000 + EXPECTED_OUTPUT_TOKENS * 2_000
    assert told.at_most_nano == ASKED * 1_000 + 4_000 * 2_000


def test_the_users_cap_wins() -> None:
    """Also below the usual length."""
    told = planned("single", target("a", max_output_tokens=4_000), cap=10)

    assert told.expected_nano == told.at_most_nano == ASKED * 1_000 + 10 * 2_000


def test_a_call_without_a_cap_has_no_bound() -> None:
    """None, never a guess."""
    told = planned("single", target("a"))

    assert (told.calls[0].output_cap, told.at_most_nano) == (None, None)
    assert told.expected_nano is not None


def test_a_model_without_a_price_makes_the_sums_unknown() -> None:
    """Its own and the run's; the others keep theirs."""
    told = planned("all", target("a"), target("b", price=None), cap=10)

    assert (told.expected_nano, told.at_most_nano) == (None, None)
    assert [call.expected_nano is None for call in told.calls] == [False, True]


def test_the_sum_is_the_sum_of_the_calls() -> None:
    """Members in order, then who compares and who writes."""
    told = planned("fusion", target("a"), target("b"), cap=100, synthesizer=target("s"))

    assert [(call.role, call.name, call.likely) for call in told.calls] == [
        ("member", "a", True),
        ("member", "b", True),
        ("analysis", "s", True),
        ("analysis", "s", False),
        ("writer", "s", True),
    ]
    expected = [call.expected_nano or 0 for call in told.calls if call.likely]
    assert told.expected_nano == sum(expected)
    ours = INSTRUCTIONS_TOKENS + 2 * FENCE_TOKENS
    assert told.calls[2].input_tokens == ASKED + ours + 2 * 100


def test_what_stands_by_is_not_expected_but_may_cost() -> None:
    """A route asks the second only when the first fails."""
    told = planned("fallback", target("a"), target("b"), cap=100)

    first, second = told.calls
    assert (first.likely, second.likely) == (True, False)
    assert told.expected_nano == first.expected_nano
    assert told.at_most_nano == (first.at_most_nano or 0) + (second.at_most_nano or 0)


def test_without_a_synthesizer_the_first_member_is_planned_for_it() -> None:
    """As the run would have it when all answer."""
    told = planned("fusion", target("a"), target("b"), cap=100)

    assert [call.name for call in told.calls[2:]] == ["a", "a", "a"]


def test_a_host_shows_no_password_and_a_simulation_its_protocol() -> None:
    """What stands before the @ is nobody's business."""
    from msgspec.structs import replace

    secret, made_up = target("a"), target("b")
    secret = replace(
        secret, endpoint=replace(secret.endpoint, base_url="https://me:pw@host.test/v1")
    )
    made_up = replace(
        made_up, endpoint=replace(made_up.endpoint, base_url="", protocol="simulated")
    )

    assert [call.host for call in planned("all", secret, made_up).calls] == [
        "host.test",
        "simulated",
    ]


@pytest.mark.parametrize(
    ("windows", "expected"),
    [((100,), True), ((100, 10_000), False), ((100, None), False), ((100, 200), True)],
    ids=str,
)
def test_a_prompt_overflows_when_it_surely_fits_nowhere(
    windows: tuple[int | None, ...], *, expected: bool
) -> None:
    """A window that is unknown may hold anything."""
    members = [target(str(place), context_window=size) for place, size in enumerate(windows)]

    assert overflow(members, (said("user", "x" * 8_000),)) is expected
