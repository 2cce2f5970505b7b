"""What bounds the spending of a run, and what it is going to need at its most."""

from collections.abc import Sequence

from ultra.core.budget import FLOOR_TOKENS, RUN, Limit, Planned, plan_nano
from ultra.core.cost import FREE, usd
from ultra.core.errors import UsageError
from ultra.core.model import Target
from ultra.core.profile import Profile
from ultra.core.request import CallRequest, Sampling, input_tokens_bound, said, settled
from ultra.core.strategies import strategy_row
from ultra.runtime.action import Action
from ultra.runtime.estimate import scheme_of
from ultra.strategies.plans import Foreseen, foreseen


def limits_of(action: Action, profile: Profile) -> tuple[Limit, ...]:
    """The profile's own limits, and the one that `--max-cost` puts on this run."""
    if action.max_cost_nano is None:
        return profile.budget.limits
    return (*profile.budget.limits, Limit(RUN, "run", action.max_cost_nano, "hard"))


def planned_calls(action: Action) -> tuple[Planned, ...]:
    """The calls of a fan-out, those that compare, judge, repair, revise and write included.

    Empty where calls are made in order, one when the one before was not good enough: each of those
    is asked about by itself.
    """
    selection = action.selection
    if strategy_row(selection.strategy).in_order:
        return ()
    return tuple(_asked(call, action) for call in foreseen(scheme_of(action)))


def check_affordable(action: Action) -> None:
    """Raise `UsageError` for a `--max-cost` below what the run needs at the very least."""
    most, first = action.max_cost_nano, action.selection.members[0].models[0]
    if most is None:
        return
    calls = planned_calls(action) or (_asked(Foreseen("answer", first), action),)
    least = sum(plan_nano(calls, FLOOR_TOKENS).values())
    if most < least:
        raise UsageError(
            f"`--max-cost` of {usd(most)} is less than this run needs",
            hint=f"with the shortest of answers it may cost {usd(least)}",
        )


def smallest_nano(targets: Sequence[Target]) -> int | None:
    """What the smallest call to the cheapest of some models may cost; None without a price."""
    calls = [
        Planned(one.endpoint.provider, one.price, input_tokens_bound((said("user", "?"),)))
        for one in targets
        if one.price is not None and not one.price.free and not one.endpoint.simulated
    ]
    return min((sum(plan_nano([call], FLOOR_TOKENS).values()) for call in calls), default=None)


def _asked(call: Foreseen, action: Action) -> Planned:
    prompt, target = action.prompt, call.target
    request = CallRequest(target, prompt.messages, prompt.sampling if call.capped else Sampling())
    caps = (settled(request).sampling.max_output_tokens, target.max_output_tokens)
    known = [cap for cap in caps if cap is not None]
    return Planned(
        target.endpoint.provider,
        FREE if target.endpoint.simulated else target.price,
        input_tokens_bound(prompt.messages, prompt.tools) + call.more,
        min(known) if known else None,
        call.reads,
    )
