"""`best-of`: members answer, judges rank the answers, the best one is given word for word."""

from collections.abc import Sequence

from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.events import StageStarted
from ultra.core.model import Target
from ultra.core.ports import Caller, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.evaluation.ballots import leaders
from ultra.strategies.panels import check_judges, judged, verdict_of
from ultra.strategies.requests import lost, panel, stand_in


async def best_of(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    emit: Emit,
    settings: Settings,
) -> Outcome:
    """The answer that the judges put first; of equals the cheaper one.

    One survivor is returned unjudged. Without a usable ballot the answer most like the others
    stands in, and the run says so.
    """
    check_judges(settings.method.judges, members)
    emit(StageStarted("panel"))
    async with caller.open(panel(prompt, members, settings)) as calls:
        answers = await calls.settle(settings.quorum, settings.grace_s)
    usable = [answer for answer in answers if answer.ok]
    reasons = list(lost(answers))
    if len(usable) < 2:
        return stand_in(answers, usable, reasons)
    emit(StageStarted("judging"))
    heard = await judged(prompt, usable, caller, settings)
    reasons += heard.losses
    if not heard.ballots:
        reasons.append("no ballot was cast; this is the answer most like the others")
        return stand_in(answers, usable, reasons)
    ahead = leaders(heard.ballots)
    chosen = min((one for one in usable if one.call_id in ahead), key=_cost)
    return Outcome(
        tuple(answers),
        answer=chosen,
        provenance=(f"{chosen.provider}:{chosen.model}",),
        degraded=bool(reasons),
        reasons=tuple(reasons),
        verdict=replace(verdict_of(usable, heard.ballots), winner=chosen.call_id),
    )


def _cost(answer: Answer) -> float:
    """What an answer cost, one of unknown cost after all others."""
    return float("inf") if answer.cost_nano is None else answer.cost_nano
