"""`fallback`: members in order, the next one only when the one before failed before any content."""

from collections.abc import Sequence

from ultra.core.answer import Answer
from ultra.core.errors import ACTIONS
from ultra.core.model import Target
from ultra.core.ports import Caller, CallSpec, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.strategies.requests import lost, request_to


async def fallback(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    _emit: Emit,
    settings: Settings,
) -> Outcome:
    """Ask one after the other, all sharing one budget of tries.

    Once content was shown nothing is spliced: that answer, cut or not, is the last. When all fail,
    or the tries are used up, the first one's failure speaks for the run. A failure that another
    model would meet as well (a request that is wrong) stops the walk.
    """
    attempts = caller.attempts()
    answers: list[Answer] = []
    skipped: list[str] = []
    for index, member in enumerate(members):
        if answers and not attempts.allows(member):
            skipped.append(f"{member.ref} was not asked (no tries are left)")
            continue
        spec = CallSpec(
            request_to(prompt, member, settings),
            "answer",
            index=index,
            attempts=attempts,
            standby=index + 1 < len(members),
        )
        async with caller.open([spec]) as calls:
            answer = (await calls.settle(None, None))[0]
        answers.append(answer)
        if answer.ok:
            reasons = (*lost(answers), *skipped)
            return Outcome(
                tuple(answers),
                answer=answer,
                provenance=(str(member.ref),),
                degraded=bool(reasons),
                reasons=reasons,
            )
        if not _may_move_on(answer):
            return Outcome(tuple(answers), answer=answer, reasons=lost(answers))
    return Outcome(tuple(answers), answer=answers[0], reasons=(*lost(answers), *skipped))


def _may_move_on(answer: Answer) -> bool:
    shown = answer.text or answer.reasoning or answer.tool_calls
    return not shown and answer.error is not None and ACTIONS[answer.error.error_class].fall_back
