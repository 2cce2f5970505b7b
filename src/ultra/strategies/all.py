"""`all`: every member answers and every answer counts; what `compare` runs."""

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.events import StageStarted
from ultra.core.extract import Extractor
from ultra.core.model import Method, Target
from ultra.core.ports import Caller, CallSpec, Emit, Outcome, Settings
from ultra.core.request import Message, Prompt
from ultra.core.verdict import Recusal, Verdict
from ultra.evaluation.comparison import Found, compared
from ultra.strategies.judging import Heard, check_windows, drawn, own_answer
from ultra.strategies.labels import lettered
from ultra.strategies.panels import check_judges, judged
from ultra.strategies.reading import Read, read
from ultra.strategies.requests import lost, panel, with_format


async def all_members(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    emit: Emit,
    settings: Settings,
) -> Outcome:
    """Ask all at once, wait for all or for the quorum, and let the judges judge what came.

    A judge that fails costs its ballot; without any ballot nobody is preferred.
    """
    method = settings.method
    if method.judges:
        check_judges(method.judges, members, self_judging=method.self_judging)
        check_windows(prompt, method.judges)
    async with caller.open(_calls(prompt, members, settings)) as calls:
        answers = await calls.settle(settings.quorum, settings.grace_s)
    reasons = list(lost(answers))
    usable = [answer for answer in answers if answer.ok]
    found = Found()
    if method.judges:
        emit(StageStarted("judging"))
        found, losses = await _found(prompt, members, usable, caller, settings)
        reasons += losses
    verdict = await _verdict(usable, found, settings) if usable else None
    return Outcome(tuple(answers), degraded=bool(reasons), reasons=tuple(reasons), verdict=verdict)


async def _verdict(usable: Sequence[Answer], found: Found, settings: Settings) -> Verdict:
    """What is found of the answers; in a thread where intervals may have to be reckoned.

    Statistics take seconds to load on a busy machine, and Ctrl-C is heard meanwhile.
    """
    method, labels = settings.method, _labels(usable, settings)
    if found.ballots or any(one.sample for one in usable):
        return await asyncio.to_thread(compared, usable, method, found, labels)
    return compared(usable, method, found, labels)


async def _found(
    prompt: Prompt,
    members: Sequence[Target],
    usable: Sequence[Answer],
    caller: Caller,
    settings: Settings,
) -> tuple[Found, list[str]]:
    """What the judges find, all asked at once, and in words what was lost of it."""
    worded = [answer for answer in usable if answer.text.strip()]
    if len(worded) < 2:
        return Found(), ["nothing was judged: fewer than two answers came"]
    async with asyncio.TaskGroup() as group:
        judging = group.create_task(judged(prompt, worded, caller, settings, members))
        reading = group.create_task(_read(prompt, worded, caller, settings))
    heard, readings = judging.result(), reading.result()
    losses = [*heard.losses, *readings.losses]
    if not heard.ballots:
        losses.append("no ballot was cast, so nobody is preferred")
    recusals = _recusals(members, worded, settings.method, heard)
    return Found(heard.ballots, heard.remarks, recusals, readings.readings), losses


async def _read(
    prompt: Prompt, answers: Sequence[Answer], caller: Caller, settings: Settings
) -> Read:
    """What comes to the same, where nothing but a judge can tell."""
    return await read(prompt, answers, caller, settings) if settings.method.reading else Read(())


def _calls(prompt: Prompt, members: Sequence[Target], settings: Settings) -> list[CallSpec]:
    """A call a member; where a number or a choice is looked for, they are told how to end."""
    extractor = wanted_form(settings.method)
    specs = panel(with_format(prompt, extractor) if extractor else prompt, members, settings)
    if not settings.branches:
        return specs
    return [
        replace(spec, request=replace(spec.request, messages=after(before, spec.request.messages)))
        for spec, before in zip(specs, settings.branches, strict=True)
    ]


def after(before: Sequence[Message], asked: Sequence[Message]) -> tuple[Message, ...]:
    """The turns before and what is asked now; a system message of now stands in for theirs."""
    system = [message for message in asked if message.role == "system"]
    turns = [message for message in before if not (system and message.role == "system")]
    return (*system, *turns, *(message for message in asked if message.role != "system"))


def wanted_form(method: Method) -> Extractor | None:
    """What answers have to be read for, by extraction or by an expectation."""
    if method.extract is not None:
        return method.extract
    return Extractor("number") if any(one.kind == "number" for one in method.expect) else None


def _recusals(
    members: Sequence[Target], answers: Sequence[Answer], method: Method, heard: Heard
) -> tuple[Recusal, ...]:
    """Which judges were kept from which answers, of those judges that cast a ballot."""
    cast = {ballot.judge for ballot in heard.ballots if not method.self_judging}
    return tuple(
        Recusal(str(judge.ref), answer.call_id)
        for judge in method.judges
        for answer in answers
        if str(judge.ref) in cast and own_answer(judge, answer, members)
    )


def _labels(answers: Sequence[Answer], settings: Settings) -> tuple[str, ...]:
    """What the answers are shown under to somebody who is not to know who gave them."""
    if not settings.method.blind:
        return ()
    named = {one.call_id: label for label, one in lettered(drawn(answers, settings.seed, "blind"))}
    return tuple(named[answer.call_id] for answer in answers)
