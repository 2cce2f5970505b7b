"""`vote`: members answer, what their answers come to is counted, and the largest group wins."""

from collections.abc import Sequence
from math import ceil

from ultra.core.answer import Answer
from ultra.core.extract import Extractor
from ultra.core.model import Target
from ultra.core.ports import Caller, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.core.verdict import Verdict
from ultra.evaluation.extraction import extracted, groups_of
from ultra.strategies.requests import lost, panel, stand_in, with_format


async def vote(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    _emit: Emit,
    settings: Settings,
) -> Outcome:
    """The first supporter's answer of the largest group, word for word.

    An answer from which nothing can be read abstains. Two groups that lead alike, a leader with
    less than `min_share` of the votes, or too few votes give no answer rather than a guess.
    """
    extractor = settings.method.extract or Extractor("exact")
    asked = with_format(prompt, extractor)
    async with caller.open(panel(asked, members, settings)) as calls:
        answers = await calls.settle(settings.quorum, settings.grace_s)
    usable = [answer for answer in answers if answer.ok]
    return counted(answers, usable, lost(answers), settings)


def fewest(members: int) -> int:
    """How many votes a result needs: half of the members, and two where there are two."""
    return min(members, max(2, ceil(members / 2)))


def counted(
    answers: Sequence[Answer], usable: Sequence[Answer], told: Sequence[str], settings: Settings
) -> Outcome:
    """What a vote of the usable answers comes to; `told` is what was lost before it."""
    extractor = settings.method.extract or Extractor("exact")
    if not usable:
        return stand_in(answers, usable, told)
    keys = [extracted(answer.text, extractor) for answer in usable]
    reasons = [*told, *_abstained(usable, keys)]
    groups = groups_of(keys)
    votes = sum(map(len, groups))
    why = _undecided(groups, votes, fewest(len(answers)), settings.method.min_share)
    winner = usable[groups[0][0]] if why is None else None
    if why is not None:
        reasons.append(why)
    verdict = Verdict(
        tuple(answer.call_id for answer in usable),
        clusters=tuple(tuple(group) for group in groups),
        extracted=tuple(keys),
        winner=winner.call_id if winner else None,
        share=len(groups[0]) / votes if groups else None,
        key=keys[groups[0][0]] if winner else None,
    )
    return Outcome(
        tuple(answers),
        answer=winner,
        provenance=tuple(f"{usable[place].provider}:{usable[place].model}" for place in groups[0])
        if winner
        else (),
        degraded=bool(reasons),
        reasons=tuple(reasons),
        verdict=verdict,
    )


def _undecided(
    groups: Sequence[Sequence[int]], votes: int, needed: int, min_share: float
) -> str | None:
    """Why there is no winner; None when there is one."""
    if votes < needed:
        return f"no consensus: {votes} of the {needed} votes that it takes"
    if len(groups) > 1 and len(groups[0]) == len(groups[1]):
        return f"no consensus: {len(groups[0])} votes each for two answers"
    if len(groups[0]) < min_share * votes:
        return f"no consensus: the leader has {len(groups[0])} of {votes} votes"
    return None


def _abstained(usable: Sequence[Answer], keys: Sequence[str | None]) -> list[str]:
    return [
        f"{answer.provider}:{answer.model} abstained (nothing could be read from its answer)"
        for answer, key in zip(usable, keys, strict=True)
        if key is None
    ]
