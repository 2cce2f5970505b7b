"""`best-of`: members answer, judges rank the answers, the best one is given word for word."""

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.events import StageStarted
from ultra.core.model import Target
from ultra.core.ports import Caller, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.core.verdict import Ballot
from ultra.evaluation.ballots import foremost
from ultra.strategies.judging import check_windows
from ultra.strategies.panels import check_judges, judged, verdict_of
from ultra.strategies.requests import ask_all, sole, stand_in


async def best_of(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    emit: Emit,
    settings: Settings,
) -> Outcome:
    """The answer that the judges put first; of equals the cheaper one.

    One survivor is returned unjudged. Without a usable ballot the answer most like the others
    stands in, and the run says so. Raises `UsageError` for judges who could not judge.
    """
    method = settings.method
    check_judges(method.judges, members, self_judging=method.self_judging)
    check_windows(prompt, method.judges)
    answers, saying, reasons = await ask_all(prompt, members, caller, emit, settings)
    if len(saying) < 2:
        return sole(answers, saying, reasons)
    emit(StageStarted("judging"))
    heard = await judged(prompt, saying, caller, settings, members)
    reasons += heard.losses
    if not heard.ballots:
        reasons.append("no ballot was cast; this is the answer most like the others")
        return stand_in(answers, saying, reasons)
    reasons += _unjudged(saying, heard.ballots)
    # Where duels were lost it loads statistics, which take seconds; Ctrl-C is heard meanwhile.
    ahead = await asyncio.to_thread(foremost, heard.ballots)
    chosen = min((one for one in saying if one.call_id in ahead), key=_cost)
    return Outcome(
        tuple(answers),
        answer=chosen,
        provenance=(f"{chosen.provider}:{chosen.model}",),
        degraded=bool(reasons),
        reasons=tuple(reasons),
        verdict=replace(verdict_of(saying, heard.ballots), winner=chosen.call_id),
    )


def _unjudged(answers: Sequence[Answer], ballots: Sequence[Ballot]) -> list[str]:
    """In words, which answers stand on no ballot, and so could not win."""
    judged_ids = {call_id for ballot in ballots for call_id in ballot.display_order}
    return [
        f"{answer.provider}:{answer.model} was judged by nobody"
        for answer in answers
        if answer.call_id not in judged_ids
    ]


def _cost(answer: Answer) -> float:
    """What an answer cost, one of unknown cost after all others."""
    return float("inf") if answer.cost_nano is None else answer.cost_nano
