"""What bounds a run, and what a fan-out is going to need."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.fakes import PRICE, prompt, target
from ultra.core.budget import Limit, plan_nano
from ultra.core.errors import UsageError
from ultra.core.profile import BudgetRules, Profile
from ultra.core.request import Sampling
from ultra.runtime.action import Action, Selection
from ultra.runtime.spending import check_affordable, limits_of, planned_calls, smallest_nano

FEW = Sampling(max_output_tokens=100)


def action(strategy: str, *names: str, sampling: Sampling = FEW, **fields: Any) -> Action:
    members = tuple(target(name, max_output_tokens=8000) for name in names)
    return Action(
        "ask", replace(prompt(), sampling=sampling), Selection(strategy, members), **fields
    )


def test_max_cost_is_a_hard_limit_beside_those_of_the_profile() -> None:
    """All of them hold."""
    own = Limit("profile:x", "day", 5, "soft")
    profile = Profile("x", budget=BudgetRules((own,)))

    assert limits_of(action("single", "a"), profile) == (own,)
    assert limits_of(action("single", "a", max_cost_nano=7), profile) == (
        own,
        Limit("run", "run", 7, "hard"),
    )


@pytest.mark.parametrize("strategy", ["single", "fallback"])
def test_calls_in_order_set_nothing_aside_beforehand(strategy: str) -> None:
    """Each is asked about when it is made."""
    names = ("a",) if strategy == "single" else ("a", "b")

    assert planned_calls(action(strategy, *names)) == ()


@pytest.mark.parametrize("strategy", ["all", "first"])
def test_all_members_are_planned(strategy: str) -> None:
    """At the smaller of the user's cap and the model's."""
    calls = planned_calls(action(strategy, "a", "b"))

    assert [(call.provider, call.output_tokens) for call in calls] == [("lab", 100)] * 2


def test_a_fusion_plans_whoever_compares_repairs_and_writes() -> None:
    """Each reads what came before; only the writer is held to the user's cap."""
    calls = planned_calls(action("fusion", "a", "b"))

    assert [call.output_tokens for call in calls] == [100, 100, 8000, 8000, 100]
    both = ((0,), (1,))
    assert [call.reads for call in calls] == [(), (), both, (*both, (2,)), (*both, (2, 3))]
    assert plan_nano(calls, 64)["lab"] < plan_nano(calls, 8000)["lab"]


def test_a_run_that_max_cost_buys_nothing_of_is_a_usage_error() -> None:
    """The hint says what it needs at least."""
    with pytest.raises(UsageError, match="less than this run needs") as caught:
        check_affordable(action("single", "a", max_cost_nano=100))

    assert caught.value.hint == "with the shortest of answers it may cost $0.000143"
    check_affordable(action("single", "a", max_cost_nano=143_000))
    check_affordable(action("single", "a"))


def test_the_smallest_call_is_that_to_the_cheapest_model_with_a_price() -> None:
    """Free ones and those without a price are no measure."""
    assert smallest_nano([target("a", price=None)]) is None
    assert smallest_nano([target("a", price=None), target("b", price=PRICE)]) == 137_000
