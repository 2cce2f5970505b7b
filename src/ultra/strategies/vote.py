"""`vote`: members answer, what their answers come to is counted, and the largest group wins."""

from collections.abc import Sequence
from math import ceil, fsum

from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.extract import Extractor
from ultra.core.model import Target
from ultra.core.ports import Caller, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.core.verdict import Verdict
from ultra.evaluation.extraction import extracted, groups_of
from ultra.evaluation.voting import Party, overshadowed, parties, tied, weights
from ultra.strategies.requests import lost, member_of, panel, stand_in, with_format
from ultra.strategies.writing import Step, beside


async def vote(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    emit: Emit,
    settings: Settings,
) -> Outcome:
    """The answer of the heaviest group's best supporter, word for word.

    An answer from which nothing can be read abstains. Two groups that nothing parts, a leader with
    less than `min_share` of the votes, or too few votes give no answer rather than a guess; the
    answers are then fused where the method says so.
    """
    extractor = settings.method.extract or Extractor("exact")
    asked = with_format(prompt, extractor)
    async with caller.open(panel(asked, members, settings)) as calls:
        answers = await calls.settle(settings.quorum, settings.grace_s)
    usable = [answer for answer in answers if answer.ok]
    outcome = counted(answers, usable, lost(answers), settings)
    saying = [answer for answer in usable if answer.text.strip()]
    if outcome.answer is not None or not settings.method.escalate or len(saying) < 2:
        return outcome
    # Analysis and writer, which a vote that is decided does not need.
    from ultra.strategies.fusion import fusion_of  # noqa: PLC0415

    writer = settings.synthesizer or member_of(saying[0], members).voice
    # What they come to was counted, and was not enough: fusion is not to take the leader after all.
    freely = replace(settings, method=replace(settings.method, extract=None))
    step = Step(prompt, caller, emit, freely, writer, tuple(members))
    reasons = [*outcome.reasons, "the answers were fused"]
    return beside(await fusion_of(step, answers, saying, reasons), outcome.verdict)


def fewest(members: int) -> int:
    """How many votes a result needs: half of the members, and two where there are two."""
    return min(members, max(2, ceil(members / 2)))


def counted(
    answers: Sequence[Answer], usable: Sequence[Answer], told: Sequence[str], settings: Settings
) -> Outcome:
    """What a vote of the usable answers comes to; `told` is what was lost before it."""
    method = settings.method
    if not usable:
        return stand_in(answers, usable, told)
    keys = [extracted(answer.text, method.extract or Extractor("exact")) for answer in usable]
    rated = [method.accuracies.get(f"{one.provider}:{one.model}") for one in usable]
    groups = groups_of(keys, method.tolerance)
    wrong = (method.options or max(2, len(groups))) - 1
    ranked = parties(groups, weights(rated, wrong), rated)
    reasons = [*told, *_abstained(usable, keys)]
    why = _undecided(ranked, fewest(len(answers)), method.min_share)
    reasons += [why] if why else []
    speaker = None if why else max(ranked[0].places, key=lambda at: (rated[at] or 0.0, -at))
    return Outcome(
        tuple(answers),
        answer=None if speaker is None else usable[speaker],
        provenance=() if speaker is None else _names(usable, ranked[0].places),
        degraded=bool(reasons),
        reasons=(*reasons, *_doubts(usable, rated)),
        verdict=_verdict(usable, keys, ranked, speaker),
    )


def _verdict(
    usable: Sequence[Answer],
    keys: Sequence[str | None],
    ranked: Sequence[Party],
    winner: int | None,
) -> Verdict:
    """The count, with what the leader has and leads by of all that was cast."""
    cast = fsum(party.weight for party in ranked)
    first, second = [*(party.weight for party in ranked), 0.0, 0.0][:2]
    return Verdict(
        tuple(answer.call_id for answer in usable),
        clusters=tuple(party.places for party in ranked),
        extracted=tuple(keys),
        winner=None if winner is None else usable[winner].call_id,
        share=first / cast if cast else None,
        margin=(first - second) / cast if cast else None,
        key=None if winner is None else keys[winner],
    )


def _undecided(ranked: Sequence[Party], needed: int, min_share: float) -> str | None:
    """Why there is no winner; None when there is one."""
    votes = sum(len(party.places) for party in ranked)
    if votes < needed:
        return f"no consensus: {votes} of the {needed} votes that it takes"
    if len(ranked) > 1 and tied(ranked[0], ranked[1]):
        each = len(ranked[0].places)
        alike = each == len(ranked[1].places)
        votes_each = f" at {each} vote{'s' if each > 1 else ''}" if alike else ""
        return f"no consensus: a tie{votes_each}"
    cast = fsum(party.weight for party in ranked)
    share = ranked[0].weight / cast if cast else 0.0
    if share < min_share or not cast:
        return f"no consensus: the leader has {share:.0%} of the votes, of {min_share:.0%}"
    return None


def _doubts(usable: Sequence[Answer], rated: Sequence[float | None]) -> list[str]:
    """What is to be said of a vote whose best voter may know better than all together."""
    if not overshadowed(rated):
        return []
    best = max(range(len(usable)), key=lambda at: rated[at] or 0.0)
    name = f"{usable[best].provider}:{usable[best].model}"
    return [f"{name} is right so much more often than the others that it may do better alone"]


def _names(usable: Sequence[Answer], places: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"{usable[place].provider}:{usable[place].model}" for place in places)


def _abstained(usable: Sequence[Answer], keys: Sequence[str | None]) -> list[str]:
    return [
        f"{answer.provider}:{answer.model} abstained (nothing could be read from its answer)"
        for answer, key in zip(usable, keys, strict=True)
        if key is None
    ]
