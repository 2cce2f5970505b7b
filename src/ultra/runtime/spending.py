"""What bounds the spending of a run, and what it is going to need at its most."""

from ultra.core.budget import RUN, Limit, Planned
from ultra.core.model import Target
from ultra.core.profile import Profile
from ultra.core.request import input_tokens_bound
from ultra.runtime.action import Action
from ultra.strategies.registry import strategy_row


def limits_of(action: Action, profile: Profile) -> tuple[Limit, ...]:
    """The profile's own limits, and the one that `--max-cost` puts on this run."""
    if action.max_cost_nano is None:
        return profile.budget.limits
    return (*profile.budget.limits, Limit(RUN, "run", action.max_cost_nano, "hard"))


def planned_calls(action: Action) -> tuple[Planned, ...]:
    """The calls of a fan-out, those that compare and write included; empty where calls are made in
    order, one when the one before has failed: each is then asked about by itself.
    """
    selection, sampling = action.selection, action.prompt.sampling
    row = strategy_row(selection.strategy)
    if row.in_order:
        return ()
    tokens = input_tokens_bound(action.prompt.messages, action.prompt.tools)
    calls = [_planned(member, tokens, sampling.max_output_tokens) for member in selection.members]
    if not row.writes:
        return tuple(calls)
    reads = tuple(range(len(calls)))
    writer = selection.synthesizer or selection.members[0]
    analysis = _planned(writer, tokens, None, reads)
    written = _planned(writer, tokens, sampling.max_output_tokens, (*reads, len(calls)))
    return (*calls, analysis, written)


def _planned(target: Target, tokens: int, cap: int | None, reads: tuple[int, ...] = ()) -> Planned:
    known = [one for one in (cap, target.output_cap, target.max_output_tokens) if one is not None]
    most = min(known) if known else None
    return Planned(target.endpoint.provider, target.price, tokens, most, reads)
