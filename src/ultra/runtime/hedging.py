"""Whether `--hedge` races the first model of a run, and when."""

from ultra.core.ports import Strategy
from ultra.runtime.action import Action
from ultra.runtime.timing import LEAST_ANSWERS, Timing
from ultra.strategies.checked import checked


async def hedge_after_s(action: Action, timing: Timing) -> float | str:
    """Seconds after which the first model is raced; or why it is not, in words."""
    from ultra.strategies.hedged import why_not

    selection = action.selection
    if selection.strategy not in ("single", "fallback"):
        return f"`{selection.strategy}` does not ask one model after the other"
    why = why_not(action.prompt, selection.members)
    if why is not None:
        return why
    first = selection.members[0]
    slow_s = await timing.slow_ttft_s(first)
    if slow_s is None:
        return f"the log has fewer than {LEAST_ANSWERS} answers of `{first.ref}` in the last day"
    return slow_s


def load_hedged() -> Strategy:
    """`fallback` with a race, its answers held to their schema."""
    from ultra.strategies.hedged import hedged

    return checked(hedged)
