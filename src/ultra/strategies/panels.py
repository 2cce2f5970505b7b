"""A panel of judges over finished answers: what `best-of` chooses by and `compare` reports."""

from collections.abc import Sequence

from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.errors import UsageError
from ultra.core.model import Target
from ultra.core.ports import Caller, Settings
from ultra.core.request import Prompt
from ultra.core.verdict import Ballot, Verdict
from ultra.evaluation.agreement import agreement
from ultra.evaluation.ballots import concordance, deviations, standings, swap_consistency
from ultra.strategies.judging import Heard, Sitting, hear, listwise, own_model, pairwise

MOST_ROTATIONS = 3
"""Orders in which one judge is shown the same answers, where there are so many answers."""


async def judged(
    prompt: Prompt,
    answers: Sequence[Answer],
    caller: Caller,
    settings: Settings,
    members: Sequence[Target] = (),
) -> Heard:
    """Hear all judges: in duels two answers, or all where that is wished, else in rotations.

    `members` are who gave the answers, as far as they were asked in this run. A duel of two answers
    that are equal word for word is a tie for which nobody is asked.
    """
    if len(answers) == 2 or settings.method.duels:
        sittings = pairwise(members, answers, settings)
    else:
        sittings = listwise(members, answers, settings, MOST_ROTATIONS)
    ties = tuple(_tie(one) for one in sittings if _equal(one))
    heard = await hear(prompt, [one for one in sittings if not _equal(one)], caller, settings)
    return replace(heard, ballots=(*ties, *heard.ballots))


def _equal(sitting: Sitting) -> bool:
    """Whether a duel is about two texts that differ in nothing but the space around them."""
    texts = {answer.text.strip() for _, answer in sitting.shown}
    return sitting.duel and len(texts) == 1 and texts != {""}


def _tie(sitting: Sitting) -> Ballot:
    shown = tuple(answer.call_id for _, answer in sitting.shown)
    return Ballot(str(sitting.judge.ref), call_id="", display_order=shown)


def verdict_of(answers: Sequence[Answer], ballots: Sequence[Ballot]) -> Verdict:
    """How alike the answers are, and what judges found of them."""
    return replace(
        agreement(answers),
        ballots=tuple(ballots),
        standings=tuple(standings(ballots)),
        swap_consistency=swap_consistency(ballots),
        concordance=concordance(ballots),
        deviations=deviations(ballots),
    )


def check_judges(
    judges: Sequence[Target], members: Sequence[Target], *, self_judging: bool = False
) -> None:
    """See to it, before anything is spent, that every member has a judge who may judge it.

    A judge is recused from its own answer unless `self_judging`, and two answers at least must be
    left to it. Raises `UsageError`.
    """
    if len(members) < 2:
        raise UsageError(
            "a judge holds answers against each other, and there is one",
            hint="name another model with `-m`, or ask for several answers with `--runs N`",
        )
    barred = {
        (judge.ref, member.ref)
        for judge in judges
        for member in members
        if not self_judging and own_model(judge, member)
    }
    for member in members:
        free = [judge for judge in judges if (judge.ref, member.ref) not in barred]
        if not any(
            sum((judge.ref, other.ref) not in barred for other in members) > 1 for judge in free
        ):
            raise UsageError(
                f"nobody may judge `{member.name}`: a judge is recused from its own answers and"
                " needs two others",
                hint="name another judge (`--judge`), one that is no member and in none",
            )
