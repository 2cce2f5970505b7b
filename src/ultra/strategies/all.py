"""`all`: every member answers and every answer counts; what `compare` runs."""

from collections.abc import Sequence

from ultra.core.model import Target
from ultra.core.ports import Caller, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.strategies.requests import lost, panel


async def all_members(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    _emit: Emit,
    settings: Settings,
) -> Outcome:
    """Ask all at once and wait for all, or for the quorum."""
    async with caller.open(panel(prompt, members, settings)) as calls:
        answers = await calls.settle(settings.quorum, settings.grace_s)
    reasons = lost(answers)
    return Outcome(tuple(answers), degraded=bool(reasons), reasons=reasons)
