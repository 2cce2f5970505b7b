"""`fusion`: members answer, one model compares, one model writes; degraded in the open."""

from collections.abc import Sequence

import msgspec

from ultra.core.answer import Answer
from ultra.core.events import StageStarted
from ultra.core.model import Target
from ultra.core.ports import Caller, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.strategies.fusion_prompts import Analysis, analysis_messages
from ultra.strategies.labels import Labelled, labelled
from ultra.strategies.requests import lost, member_of, panel, stand_in
from ultra.strategies.structured import ask_structured
from ultra.strategies.writing import Step, fits, write


async def fusion(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    emit: Emit,
    settings: Settings,
) -> Outcome:
    """Panel, analysis, writer. Without a synthesizer the first member that answered is it.

    One survivor is returned as it is. An analysis that fails leaves the writer the answers alone; a
    writer that fails before its first word leaves the member's answer most like the others.
    """
    emit(StageStarted("panel"))
    async with caller.open(panel(prompt, members, settings)) as calls:
        answers = await calls.settle(settings.quorum, settings.grace_s)
    usable = [answer for answer in answers if answer.ok]
    reasons = list(lost(answers))
    worded = [answer for answer in usable if answer.text.strip()]
    if len(worded) < len(usable):
        reasons.append("an answer that only asks for tools is not written into another")
    if len(worded) < 2:
        return stand_in(answers, worded or usable, reasons)
    model = settings.synthesizer or member_of(worded[0], members)
    return await fusion_of(Step(prompt, caller, emit, settings, model), answers, worded, reasons)


async def fusion_of(
    step: Step, answers: Sequence[Answer], usable: Sequence[Answer], reasons: list[str]
) -> Outcome:
    """Compare and write from answers that are there; what goes wrong is added to `reasons`."""
    shown = labelled(usable, step.settings.seed, "analysis")
    analysis = await _analysed(step, shown, reasons)
    comparison = None if analysis is None else msgspec.json.encode(analysis).decode()
    return await write(step, answers, shown, comparison, reasons)


async def _analysed(step: Step, shown: Labelled, reasons: list[str]) -> Analysis | None:
    step.emit(StageStarted("analysis"))
    messages = analysis_messages(step.prompt, shown)
    if not fits(step.model, messages):
        reasons.append(f"the analysis does not fit the window of {step.model.ref}")
        return None
    analysis, _, why = await ask_structured(step.caller, step.model, messages, Analysis, "analysis")
    if analysis is None:
        reasons.append(f"the analysis failed ({why}); written from the answers alone")
    return analysis
