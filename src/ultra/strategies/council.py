"""`council`: members answer, rank each other's answers unseen, and a chairman writes the answer.

The order of llm-council with its faults mended: nobody ranks its own answer, every reviewer has an
order of its own, a ranking that is none is thrown away, and one labelling holds for all, so that
the reviews still mean something to the chairman.
"""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.errors import UsageError
from ultra.core.events import StageStarted
from ultra.core.model import Target
from ultra.core.ports import Caller, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.evaluation.ballots import leaders, standings
from ultra.strategies.fusion import fusion_of
from ultra.strategies.judging import Heard, Sitting, drawn, hear, own_answer, own_model
from ultra.strategies.labels import Labelled, labelled
from ultra.strategies.panels import verdict_of
from ultra.strategies.requests import ask_all, member_of, sole
from ultra.strategies.writing import Step, beside, check_writable, write

FEWEST_BALLOTS = 2
"""With fewer there is no council, and its answers are fused instead."""


async def council(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    emit: Emit,
    settings: Settings,
) -> Outcome:
    """Answers, rankings, chairman. Without a synthesizer the first member that answered is it.

    A chairman who fails leaves the answer that was ranked first, word for word; answers that the
    reviewers leave tied are told as tied. Raises `UsageError` for members who could not review.
    """
    check_council(members)
    check_writable(settings.method, schema=prompt.json_schema is not None)
    answers, usable, reasons = await ask_all(prompt, members, caller, emit, settings)
    if len(usable) < 2:
        return sole(answers, usable, reasons)
    chairman = settings.synthesizer or member_of(usable[0], members).voice
    step = Step(prompt, caller, emit, settings, chairman, tuple(members))
    shown = labelled(usable, settings.seed, "council")
    emit(StageStarted("reviews"))
    heard = await hear(prompt, _sittings(shown, members, settings), caller, settings)
    reasons += heard.losses
    if len(heard.ballots) < FEWEST_BALLOTS:
        cast = len(heard.ballots) or "no"
        reasons.append(f"{cast} valid ballots make no council; the answers were fused")
        return await fusion_of(step, answers, usable, reasons)
    ahead = leaders(heard.ballots)
    top = next(answer for answer in usable if answer.call_id in ahead)
    outcome = await write(step, answers, shown, _minutes(shown, heard), reasons, instead=top)
    winner = ahead[0] if len(ahead) == 1 else None
    told = replace(outcome, reasons=(*outcome.reasons, *_tied(usable, ahead)))
    return beside(told, replace(verdict_of(usable, heard.ballots), winner=winner))


def _tied(usable: Sequence[Answer], ahead: Sequence[str]) -> list[str]:
    """That the reviewers put nobody first, which loses nothing."""
    names = [f"{one.provider}:{one.model}" for one in usable if one.call_id in ahead]
    return [f"the reviewers leave a tie of {', '.join(names)}"] if len(names) > 1 else []


def check_council(members: Sequence[Target]) -> None:
    """Raise `UsageError` where fewer than two members could review two answers of others."""
    able = {
        member.ref
        for member in members
        if sum(not own_model(member, other) for other in members) > 1
    }
    if len(able) < FEWEST_BALLOTS:
        raise UsageError(
            "a council takes members of several models: none reviews answers of its own",
            hint="samples of one model are for `--strategy fusion` or `vote`",
        )


def _sittings(shown: Labelled, members: Sequence[Target], settings: Settings) -> list[Sitting]:
    """Every member whose answer stands reviews those of the others, in an order of its own."""
    sittings: list[Sitting] = []
    for number, answer in enumerate(answer for _, answer in shown.order):
        reviewer = member_of(answer, members)
        others = {
            one.call_id: (label, one)
            for label, one in shown.order
            if not own_answer(reviewer, one, members)
        }
        if len(others) < 2 or any(one.judge == reviewer.voice for one in sittings):
            continue
        order = drawn([one for _, one in others.values()], settings.seed, f"reviewer {number}")
        pairs = tuple(others[one.call_id] for one in order)
        sittings.append(Sitting(reviewer.voice, pairs, f"reviewer {number}"))
    return sittings


def _minutes(shown: Labelled, heard: Heard) -> str:
    """What the chairman is told of the reviews, by the labels that hold for all, as JSON."""
    labels = {answer.call_id: label for label, answer in shown.order}
    minutes = {
        "reviews": [
            {"label": labels[call_id], "strengths": one.strengths, "errors": one.errors}
            for call_id, one in heard.reviews
        ],
        "ranking": [
            {"label": labels[one.call_id], "score": round(one.score, 3), "ballots": one.ballots}
            for one in standings(heard.ballots)
        ],
    }
    return msgspec.json.encode(minutes).decode()
