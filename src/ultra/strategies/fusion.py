"""`fusion`: members answer, one model compares, one model writes; degraded in the open."""

from collections.abc import Sequence

import msgspec

from ultra.core.answer import Answer
from ultra.core.events import StageStarted
from ultra.core.model import Method, Target
from ultra.core.ports import Caller, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.core.verdict import Verdict
from ultra.evaluation.extraction import extracted, groups_of
from ultra.strategies.fusion_prompts import Analysis, analysis_messages
from ultra.strategies.judging import own_model
from ultra.strategies.labels import Labelled, labelled
from ultra.strategies.requests import ask_all, best_rated, member_of, sole, with_format
from ultra.strategies.structured import ask_structured
from ultra.strategies.vote import fewest
from ultra.strategies.writing import Step, beside, check_writable, fits, write


async def fusion(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    emit: Emit,
    settings: Settings,
) -> Outcome:
    """Panel, analysis, writer. Without a synthesizer the first member that answered is it.

    One survivor is returned as it is, and so is the best-rated of enough answers that come to the
    same, where it was said what to compare. An analysis that fails leaves the writer the answers
    alone; a writer that fails before its first word leaves the best-rated member's answer. Raises
    `UsageError` for citations in an answer of a schema.
    """
    check_writable(settings.method, schema=prompt.json_schema is not None)
    if settings.method.extract is not None:
        prompt = with_format(prompt, settings.method.extract)
    answers, saying, reasons = await ask_all(prompt, members, caller, emit, settings)
    if len(saying) < 2:
        return sole(answers, saying, reasons)
    model = settings.synthesizer or member_of(saying[0], members).voice
    step = Step(prompt, caller, emit, settings, model, tuple(members))
    return await fusion_of(step, answers, saying, reasons)


async def fusion_of(
    step: Step, answers: Sequence[Answer], usable: Sequence[Answer], reasons: list[str]
) -> Outcome:
    """Compare and write from answers that are there; what goes wrong is added to `reasons`."""
    verdict = _compared(usable, len(answers), step)
    if verdict is not None and verdict.winner is not None:
        return _agreed(answers, usable, verdict, reasons)
    shown = labelled(usable, step.settings.seed, "analysis")
    comparison = None
    if not step.settings.method.one_call:
        analysis = await _analysed(step, shown, reasons)
        comparison = None if analysis is None else msgspec.json.encode(analysis).decode()
    return beside(await write(step, answers, shown, comparison, reasons), verdict)


def _compared(usable: Sequence[Answer], asked: int, step: Step) -> Verdict | None:
    """What the answers come to, and whom to take if enough of them come to the same.

    None where nothing says what to compare.
    """
    extractor = step.settings.method.extract
    if extractor is None:
        return None
    keys = tuple(extracted(answer.text, extractor) for answer in usable)
    groups = groups_of(keys, step.settings.method.tolerance)
    verdict = Verdict(
        tuple(answer.call_id for answer in usable),
        clusters=tuple(map(tuple, groups)),
        extracted=keys,
    )
    sizes = [len(group) for group in groups]
    needed = max(2, step.settings.quorum or fewest(asked))
    if not sizes or sizes[0] < needed or sizes.count(sizes[0]) > 1:
        return verdict
    best = best_rated([usable[place] for place in groups[0]], step.members, step.settings)
    return msgspec.structs.replace(
        verdict, winner=best.call_id, share=sizes[0] / sum(sizes), key=keys[groups[0][0]]
    )


def _agreed(
    answers: Sequence[Answer], usable: Sequence[Answer], verdict: Verdict, reasons: list[str]
) -> Outcome:
    """The answer that stands for those that come to the same, word for word."""
    supporters = [usable[place] for place in verdict.clusters[0]]
    return Outcome(
        tuple(answers),
        answer=next(one for one in supporters if one.call_id == verdict.winner),
        provenance=tuple(f"{one.provider}:{one.model}" for one in supporters),
        degraded=bool(reasons),
        reasons=tuple(reasons),
        verdict=verdict,
    )


def analyst(method: Method, members: Sequence[Target], writer: Target) -> Target:
    """Who compares: the first of judges and writer that is no member, else the first of them."""
    able = [*method.judges, writer]
    free = [one for one in able if not any(own_model(one, member) for member in members)]
    return [*free, *able][0]


async def _analysed(step: Step, shown: Labelled, reasons: list[str]) -> Analysis | None:
    step.emit(StageStarted("analysis"))
    judge = analyst(step.settings.method, step.members, step.model)
    messages = analysis_messages(step.prompt, shown)
    if not fits(judge, messages):
        reasons.append(f"the analysis does not fit the window of {judge.ref}")
        return None
    analysis, _, why = await ask_structured(step.caller, judge, messages, Analysis, "analysis")
    if analysis is None:
        reasons.append(f"the analysis failed ({why}); written from the answers alone")
    return analysis
