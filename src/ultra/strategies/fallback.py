"""`fallback`: members in order, the next one only when the one before failed before any content."""

from collections.abc import Sequence

from ultra.core.answer import Answer
from ultra.core.errors import ACTIONS, ErrorClass
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
    model would meet as well (a request that is wrong) stops the walk, unless the settings say whom
    that class leads to.
    """
    attempts = caller.attempts()
    answers: list[Answer] = []
    skipped: list[str] = []
    waiting = list(members)
    while waiting:
        member = waiting.pop(0)
        if answers and not attempts.allows(member):
            skipped.append(f"{member.ref} was not asked (no tries are left)")
            continue
        spec = CallSpec(
            request_to(prompt, member, settings),
            "answer",
            index=len(answers),
            attempts=attempts,
            standby=bool(waiting),
            kind="fallback" if answers else "primary",
        )
        async with caller.open([spec]) as calls:
            answer = (await calls.settle(None, None))[0]
        answers.append(answer)
        if answer.ok:
            return _answered(answers, skipped)
        if _shown(answer) or answer.error is None:
            return Outcome(tuple(answers), answer=answer, reasons=lost(answers))
        if not ACTIONS[answer.error.error_class].fall_back:
            waiting = _elsewhere(answer.error.error_class, member, settings, answers)
            if not waiting:
                return _stopped(answers)
    return Outcome(tuple(answers), answer=answers[0], reasons=(*lost(answers), *skipped))


def _answered(answers: Sequence[Answer], skipped: Sequence[str]) -> Outcome:
    answer = answers[-1]
    reasons = (*lost(answers), *skipped)
    return Outcome(
        tuple(answers),
        answer=answer,
        provenance=(f"{answer.provider}:{answer.model}",),
        degraded=bool(reasons),
        reasons=reasons,
    )


def _shown(answer: Answer) -> bool:
    return bool(answer.text or answer.reasoning or answer.tool_calls)


def _elsewhere(
    failed: ErrorClass, member: Target, settings: Settings, answers: Sequence[Answer]
) -> list[Target]:
    """Whom a failure leads to that stops the walk otherwise, without those who failed already."""
    asked = {f"{answer.provider}:{answer.model}" for answer in answers}
    if failed is ErrorClass.CONTEXT_LENGTH:
        found = [one for one in settings.on_context_length if _larger(one, member)]
    elif failed is ErrorClass.CONTENT_FILTER:
        found = list(settings.on_content_filter)
    else:
        found = []
    return [one for one in found if str(one.ref) not in asked]


def _larger(one: Target, than: Target) -> bool:
    """Whether a model is known to hold more; where the other's window is unknown, any known is."""
    return one.context_window is not None and one.context_window > (than.context_window or 0)


def _stopped(answers: Sequence[Answer]) -> Outcome:
    """The failure that stopped the walk speaks: it is the user's own to mend."""
    return Outcome(tuple(answers), answer=answers[-1], reasons=lost(answers))
