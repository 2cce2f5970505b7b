"""`probe`: one try at each model, to see whether it answers; what `ultra health` runs."""

from collections.abc import Sequence

from ultra.core.model import Target
from ultra.core.ports import AttemptBudget, Caller, CallSpec, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.strategies.requests import lost, request_to


async def probe(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    _emit: Emit,
    settings: Settings,
) -> Outcome:
    """Ask all at once, each once: a retry would hide what is looked for."""
    specs = [
        CallSpec(
            request_to(prompt, member, settings),
            "probe",
            index=index,
            attempts=AttemptBudget(total=1, per_target=1),
            kind="probe",
        )
        for index, member in enumerate(members)
    ]
    async with caller.open(specs) as calls:
        answers = await calls.settle(None, None)
    reasons = lost(answers)
    return Outcome(tuple(answers), degraded=bool(reasons), reasons=reasons)
