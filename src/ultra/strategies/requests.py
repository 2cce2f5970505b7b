"""The calls that strategies make of a prompt."""

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.events import StageStarted
from ultra.core.extract import Extractor
from ultra.core.model import Target
from ultra.core.ports import Caller, CallSpec, Emit, Outcome, Settings
from ultra.core.request import CallRequest, Message, Prompt, Text
from ultra.evaluation.agreement import representative
from ultra.evaluation.extraction import FORMAT_LINE


def request_to(
    prompt: Prompt, target: Target, settings: Settings, *, sample: int = 0
) -> CallRequest:
    """The prompt as a request to one model, with its tools: a call that answers it."""
    return CallRequest(
        target,
        prompt.messages,
        sampling=prompt.sampling,
        json_schema=prompt.json_schema,
        stream=settings.stream,
        sample=sample,
        tools=prompt.tools,
    )


def panel(prompt: Prompt, members: Sequence[Target], settings: Settings) -> list[CallSpec]:
    """One call a member, in order; a model named twice gives two samples."""
    seen: Counter[str] = Counter()
    specs = []
    for index, member in enumerate(members):
        name = str(member.ref)
        request = request_to(prompt, member, settings, sample=seen[name])
        specs.append(CallSpec(request, "member", index=index))
        seen[name] += 1
    return specs


async def ask_all(
    prompt: Prompt, members: Sequence[Target], caller: Caller, emit: Emit, settings: Settings
) -> tuple[list[Answer], list[Answer], list[str]]:
    """Ask every member, as the stage `panel`: all answers, those with words, and what was lost."""
    emit(StageStarted("panel"))
    async with caller.open(panel(prompt, members, settings)) as calls:
        answers = await calls.settle(settings.quorum, settings.grace_s)
    reasons = list(lost(answers))
    return answers, worded(answers, reasons), reasons


def with_format(prompt: Prompt, extractor: Extractor) -> Prompt:
    """The prompt with the line that makes the short answer findable, where one is needed."""
    line = FORMAT_LINE[extractor.kind]
    if not line:
        return prompt
    *before, last = prompt.messages
    asked = Message(last.role, (*last.parts, Text(f"\n\n{line}")))
    return replace(prompt, messages=(*before, asked))


def stand_in(
    answers: Sequence[Answer], usable: Sequence[Answer], reasons: Sequence[str]
) -> Outcome:
    """A member's own answer, word for word, where nothing better could be made of them.

    It is the one most like the others; of none that is usable, the one that got furthest. Being the
    only one that was asked for is no loss.
    """
    if not usable:
        furthest = max(answers, key=lambda answer: len(answer.text), default=None)
        return Outcome(tuple(answers), answer=furthest, reasons=tuple(reasons))
    chosen = representative(usable)
    return Outcome(
        tuple(answers),
        answer=chosen,
        provenance=(f"{chosen.provider}:{chosen.model}",),
        degraded=bool(reasons),
        reasons=tuple(reasons),
    )


def best_rated(answers: Sequence[Answer], members: Sequence[Target], settings: Settings) -> Answer:
    """The answer of the model held to be best; of equals the one most like the others.

    How often a model was measured to be right goes before the tier that the user gives it; one of
    which neither is known counts as of the usual tier. Raises `ValueError` when no answer is given.
    """
    # Only where something was lost or agreed on; a plain run knows nothing of candidates.
    from ultra.core.candidates import TIERS, USUAL_TIER  # noqa: PLC0415

    tiers = {str(one.ref): TIERS[one.tier or USUAL_TIER] for one in members}
    known = {**tiers, **settings.method.accuracies}
    names = [f"{answer.provider}:{answer.model}" for answer in answers]
    rated = [known.get(name, TIERS[USUAL_TIER]) for name in names]
    best = max(rated, default=0.0)
    return representative(
        [answer for answer, rating in zip(answers, rated, strict=True) if rating == best]
    )


def sole(answers: Sequence[Answer], saying: Sequence[Answer], reasons: Sequence[str]) -> Outcome:
    """What answers come to of which at most one has words; without one, a call of tools is it."""
    return stand_in(answers, saying or [one for one in answers if one.ok], reasons)


def worded(answers: Sequence[Answer], reasons: list[str]) -> list[Answer]:
    """The usable answers that say something; one that only asks for tools is told as lost."""
    usable = [answer for answer in answers if answer.ok]
    saying = [answer for answer in usable if answer.text.strip()]
    if len(saying) < len(usable):
        reasons.append("an answer that only asks for tools is not written into another")
    return saying


def member_of(answer: Answer, members: Sequence[Target]) -> Target:
    """The member that gave an answer."""
    asked = (answer.provider, answer.model)
    return next(one for one in members if (one.endpoint.provider, one.model) == asked)


def lost(answers: Sequence[Answer]) -> tuple[str, ...]:
    """In words, which members gave no usable answer and why."""
    return tuple(answer.loss for answer in answers if answer.loss is not None)
