"""`single`: one model answers."""

from collections.abc import Sequence

from ultra.core.model import Target
from ultra.core.ports import Caller, CallSpec, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.strategies.requests import lost, request_to


async def single(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    _emit: Emit,
    settings: Settings,
) -> Outcome:
    """Ask the first member and nobody else."""
    spec = CallSpec(request_to(prompt, members[0], settings), "answer", index=0)
    async with caller.open([spec]) as calls:
        answers = await calls.settle(None, None)
    return Outcome(
        tuple(answers),
        answer=answers[0],
        provenance=(str(members[0].ref),),
        reasons=lost(answers),
    )
