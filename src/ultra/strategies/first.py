"""`first`: a race. The first complete answer wins and the rest are stopped and logged."""

from collections.abc import Sequence

from ultra.core.answer import Answer
from ultra.core.model import Target
from ultra.core.ports import Caller, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.strategies.requests import lost, panel


async def first(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    _emit: Emit,
    settings: Settings,
) -> Outcome:
    """Ask all at once; failures do not end the race, only an answer does."""
    winner: Answer | None = None
    async with caller.open(panel(prompt, members, settings)) as calls:
        async for answer in calls:
            if answer.ok:
                winner = answer
                break
        failed = calls.answers()
    answers = calls.answers()
    if winner is None:
        return Outcome(tuple(answers), answer=_furthest(answers), reasons=lost(answers))
    reasons = lost(failed)
    return Outcome(
        tuple(answers),
        answer=winner,
        provenance=(f"{winner.provider}:{winner.model}",),
        degraded=bool(reasons),
        reasons=reasons,
    )


def _furthest(answers: Sequence[Answer]) -> Answer:
    """Of answers none of which is complete, the one with the most text, the first of equals."""
    return max(answers, key=lambda answer: len(answer.text))
