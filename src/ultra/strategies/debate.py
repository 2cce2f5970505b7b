"""`debate` (experimental): members answer, read each other and answer again, then vote.

Most of what debates gain is the vote's doing (arXiv 2508.17536), so that the vote before the first
round is reported beside the last. Source: Y. Du et al. (2023), arXiv 2305.14325.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.errors import UsageError
from ultra.core.events import StageStarted
from ultra.core.model import Target
from ultra.core.ports import Caller, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.evaluation.extraction import extracted
from ultra.strategies.moa import answered_again
from ultra.strategies.requests import lost, panel, with_format
from ultra.strategies.vote import counted
from ultra.strategies.writing import Step

ROUNDS = 2
"""More rounds cost more and change less."""


async def debate(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    emit: Emit,
    settings: Settings,
) -> Outcome:
    """The vote after at most two rounds, which end when nobody changes its mind.

    Raises `UsageError` when nothing says what a vote is.
    """
    if settings.method.extract is None:
        raise UsageError(
            "`debate` has to know what to count", hint="say what to compare with `--extract`"
        )
    asked = with_format(prompt, settings.method.extract)
    emit(StageStarted("panel"))
    async with caller.open(panel(asked, members, settings)) as calls:
        answers = await calls.settle(settings.quorum, settings.grace_s)
    standing = [answer for answer in answers if answer.ok]
    reasons = list(lost(answers))
    before = counted(answers, standing, [], settings)
    step = Step(asked, caller, emit, settings, members[0])
    for number in range(1, ROUNDS + 1):
        if len(standing) < 2:
            break
        emit(StageStarted(f"round {number}"))
        after = await answered_again(step, standing, members, number, reasons)
        unmoved = _keys(after, settings) == _keys(standing, settings)
        standing = after
        if unmoved:
            break
    outcome = counted(answers, standing, reasons, settings)
    return replace(outcome, reasons=(*outcome.reasons, *_moved(before, outcome)))


def _keys(answers: Sequence[Answer], settings: Settings) -> list[str | None]:
    assert settings.method.extract is not None  # noqa: S101 - checked before anything was asked
    return [extracted(answer.text, settings.method.extract) for answer in answers]


def _moved(before: Outcome, after: Outcome) -> list[str]:
    """What the debate changed, where it changed the result."""
    was, now = (one.verdict.key if one.verdict else None for one in (before, after))
    return [] if was == now else [f"before the debate the vote was {was or 'undecided'}"]
