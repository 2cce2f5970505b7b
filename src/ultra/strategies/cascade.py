"""`cascade`: cheap models first, the next one only when an answer does not pass its check.

What passes is decided without a model: a schema that is met, or two samples that come to the same.
Source: L. Chen et al. (2023), FrugalGPT, arXiv 2305.05176.
"""

from collections.abc import Sequence

from ultra.core.answer import Answer
from ultra.core.errors import UsageError
from ultra.core.model import Target
from ultra.core.ports import Caller, CallSpec, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.evaluation.extraction import extracted
from ultra.strategies.requests import lost, request_to, stand_in, with_format

SAMPLES = 2
"""Samples that have to come to the same, where that is the check."""


async def cascade(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    _emit: Emit,
    settings: Settings,
) -> Outcome:
    """The first answer that passes; the last member's is taken unchecked, for want of another.

    Raises `UsageError` when nothing says what passes.
    """
    if prompt.json_schema is None and settings.method.extract is None:
        raise UsageError(
            "`cascade` cannot tell a good answer from a bad one",
            hint="give it a `--schema`, or say what to compare with `--extract`",
        )
    answers: list[Answer] = []
    reasons: list[str] = []
    for member in members:
        last = member is members[-1]
        asked = (
            prompt
            if settings.method.extract is None
            else with_format(prompt, settings.method.extract)
        )
        samples = 1 if last or settings.method.extract is None else SAMPLES
        specs = [
            CallSpec(
                request_to(asked, member, settings, sample=sample), "member", index=len(answers)
            )
            for sample in range(samples)
        ]
        async with caller.open(specs) as calls:
            given = await calls.settle(None, None)
        answers += given
        if given[0].ok and (last or _passes(given, prompt, settings)):
            reasons += lost(answers)
            return Outcome(
                tuple(answers),
                answer=given[0],
                provenance=(str(member.ref),),
                degraded=bool(reasons),
                reasons=tuple(reasons),
            )
    return stand_in(answers, [one for one in answers if one.ok], [*reasons, *lost(answers)])


def _passes(given: Sequence[Answer], prompt: Prompt, settings: Settings) -> bool:
    """Whether samples of one member are good enough to stop at."""
    if not all(answer.ok for answer in given):
        return False
    if settings.method.extract is not None:
        keys = {extracted(answer.text, settings.method.extract) for answer in given}
        if len(keys) > 1 or None in keys:
            return False
    if prompt.json_schema is None:
        return True
    # jsonschema: 67 ms that a run without a schema does not pay.
    from ultra.evaluation.schemas import mismatch  # noqa: PLC0415

    return mismatch(given[0].text, prompt.json_schema) is None
