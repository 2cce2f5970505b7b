"""`debate` (experimental): members answer, read each other and answer again, then vote.

Most of what debates gain is the vote's doing (arXiv 2508.17536), so that the vote before the first
round is reported beside the last. Source: Y. Du et al. (2023), arXiv 2305.14325.
"""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.errors import UsageError
from ultra.core.events import StageStarted
from ultra.core.extract import Extractor
from ultra.core.model import Target
from ultra.core.ports import Caller, Emit, Outcome, Settings
from ultra.core.request import Message, Prompt
from ultra.core.verdict import Debated
from ultra.evaluation.extraction import extracted, groups_of
from ultra.strategies.fusion_prompts import round_messages
from ultra.strategies.labels import labelled
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

    Raises `UsageError` when nothing says what a vote is, or nothing can be read of the reference.
    """
    extractor = _extractor(settings)
    asked = with_format(prompt, extractor)
    emit(StageStarted("panel"))
    async with caller.open(panel(asked, members, settings)) as calls:
        answers = await calls.settle(settings.quorum, settings.grace_s)
    first = [answer for answer in answers if answer.ok and answer.text.strip()]
    reasons = list(lost(answers))
    before = counted(answers, first, [], settings)
    step = Step(asked, caller, emit, settings, members[0], tuple(members))
    standing, rounds = first, 0
    while rounds < ROUNDS and len(standing) > 1:
        rounds += 1
        emit(StageStarted(f"round {rounds}"))
        after = await answered_again(
            step, standing, f"round {rounds}", _round(step, standing), reasons
        )
        unmoved = _keys(after, extractor) == _keys(standing, extractor)
        standing = after
        if unmoved:
            break
    outcome = counted(answers, standing, reasons, settings)
    if outcome.verdict is None or before.verdict is None:
        return outcome
    debated = Debated(
        rounds, before.verdict.key, before.verdict.share if before.verdict.key else None
    )
    if settings.method.reference:
        debated = _flips(debated, first, standing, settings, extractor)
    return replace(outcome, verdict=replace(outcome.verdict, debated=debated))


def _extractor(settings: Settings) -> Extractor:
    """What is counted."""
    extractor, reference = settings.method.extract, settings.method.reference
    if extractor is None:
        raise UsageError(
            "`debate` has to know what to count", hint="say what to compare with `--extract`"
        )
    if reference and extracted(reference, extractor) is None:
        raise UsageError(
            f"`{extractor}` finds nothing in the reference",
            hint="write the reference as an answer would be written",
        )
    return extractor


def _round(step: Step, standing: Sequence[Answer]) -> Callable[[int, str], tuple[Message, ...]]:
    """Everybody goes on from its own answer, having read those of the others."""

    def told(at: int, place: str) -> tuple[Message, ...]:
        others = [answer for number, answer in enumerate(standing) if number != at]
        shown = labelled(others, step.settings.seed, place)
        return round_messages(step.prompt, standing[at].text, shown)

    return told


def _keys(answers: Sequence[Answer], extractor: Extractor) -> list[str | None]:
    return [extracted(answer.text, extractor) for answer in answers]


def _flips(
    debated: Debated,
    first: Sequence[Answer],
    last: Sequence[Answer],
    settings: Settings,
    extractor: Extractor,
) -> Debated:
    """Who was right by the reference before the debate and who after it."""
    reference = extracted(settings.method.reference, extractor)
    before, after = (
        _right(_keys(answers, extractor), reference, settings.method.tolerance)
        for answers in (first, last)
    )
    pairs = [(one.call_id, at in before, at in after) for at, one in enumerate(first)]
    return replace(
        debated,
        spoilt=tuple(call for call, was, now in pairs if was and not now),
        mended=tuple(call for call, was, now in pairs if now and not was),
    )


def _right(keys: Sequence[str | None], reference: str | None, tolerance: float) -> list[int]:
    """The places of the answers that come to the same as the reference."""
    groups = groups_of([*keys, reference], tolerance)
    return next((group for group in groups if len(keys) in group), [])
