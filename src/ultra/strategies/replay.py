"""`replay`: one model answers a logged prompt, and its answer is held against the logged one."""

from collections.abc import Sequence

from ultra.core.answer import Answer
from ultra.core.events import StageStarted
from ultra.core.model import Target
from ultra.core.ports import Caller, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.core.verdict import Verdict
from ultra.evaluation.ballots import standings, swap_consistency
from ultra.evaluation.comparison import checked
from ultra.strategies.panels import judged
from ultra.strategies.requests import lost, panel


async def replay(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    emit: Emit,
    settings: Settings,
) -> Outcome:
    """Ask the one member just what was asked then, and let the judges see both answers.

    No line on how to end is added, since the logged answer was not told either.
    """
    async with caller.open(panel(prompt, members, settings)) as calls:
        answers = await calls.settle(None, None)
    reasons = list(lost(answers))
    usable = [answer for answer in answers if answer.ok]
    if not usable:
        return Outcome(tuple(answers), degraded=True, reasons=tuple(reasons))
    verdict = Verdict(
        tuple(answer.call_id for answer in usable),
        checks=checked(usable, settings.method.expect),
    )
    if settings.given is not None and settings.method.judges:
        emit(StageStarted("judging"))
        verdict, losses = await _weighed(
            prompt, [settings.given, *usable], members, caller, settings
        )
        reasons += losses
    return Outcome(tuple(answers), degraded=bool(reasons), reasons=tuple(reasons), verdict=verdict)


async def _weighed(
    prompt: Prompt,
    answers: Sequence[Answer],
    members: Sequence[Target],
    caller: Caller,
    settings: Settings,
) -> tuple[Verdict, list[str]]:
    """What judges say of the logged answer and the new one, and in words what was lost of it."""
    heard = await judged(prompt, answers, caller, settings, members)
    losses = list(heard.losses)
    if not heard.ballots:
        losses.append("no ballot was cast, so nobody is preferred")
    told = Verdict(
        tuple(answer.call_id for answer in answers),
        ballots=heard.ballots,
        standings=tuple(standings(heard.ballots)),
        swap_consistency=swap_consistency(heard.ballots),
        remarks=heard.remarks,
    )
    return told, losses
