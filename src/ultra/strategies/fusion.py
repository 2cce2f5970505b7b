"""`fusion`: members answer, one model compares, one model writes; degraded in the open."""

from collections.abc import Sequence

from ultra.core.answer import Answer
from ultra.core.events import StageStarted
from ultra.core.model import Target
from ultra.core.ports import Caller, CallSpec, Emit, Outcome, Settings
from ultra.core.request import CallRequest, Message, Prompt, input_tokens_bound
from ultra.evaluation.agreement import representative
from ultra.strategies.fusion_prompts import Analysis, analysis_messages, writer_messages
from ultra.strategies.labels import Labelled, labelled
from ultra.strategies.requests import lost, panel
from ultra.strategies.structured import ask_structured


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
        return _without_writer(answers, worded or usable, reasons)
    step = Fusion(prompt, caller, emit, settings, settings.synthesizer or _who(members, worded[0]))
    return await step.fuse(answers, worded, reasons)


class Fusion:
    """The steps after the panel, which one model takes."""

    def __init__(
        self, prompt: Prompt, caller: Caller, emit: Emit, settings: Settings, synthesizer: Target
    ) -> None:
        self._prompt = prompt
        self._caller = caller
        self._emit = emit
        self._settings = settings
        self._synthesizer = synthesizer

    async def fuse(
        self, answers: Sequence[Answer], usable: Sequence[Answer], reasons: list[str]
    ) -> Outcome:
        """Compare and write; what goes wrong on the way is added to `reasons`."""
        shown = labelled(usable, self._settings.seed, "analysis")
        analysis = await self._analyse(shown, reasons)
        messages = self._material(shown, analysis, reasons)
        if messages is None:
            return _without_writer(answers, usable, reasons)
        self._emit(StageStarted("writer"))
        written = await self._write(messages)
        if not written.ok:
            why = written.error.error_class.value if written.error else "no answer"
            if not written.text.strip():
                reasons.append(f"the writer failed ({why})")
                return _without_writer(answers, usable, reasons)
            reasons.append(f"the writer was cut short ({why})")
        return Outcome(
            tuple(answers),
            answer=written,
            provenance=tuple(f"{answer.provider}:{answer.model}" for answer in usable),
            degraded=bool(reasons),
            reasons=tuple(reasons),
        )

    async def _analyse(self, shown: Labelled, reasons: list[str]) -> Analysis | None:
        self._emit(StageStarted("analysis"))
        messages = analysis_messages(self._prompt, shown)
        if not _fits(self._synthesizer, messages):
            reasons.append(f"the analysis does not fit the window of {self._synthesizer.ref}")
            return None
        analysis, _, why = await ask_structured(
            self._caller, self._synthesizer, messages, Analysis, "analysis"
        )
        if analysis is None:
            reasons.append(f"the analysis failed ({why}); written from the answers alone")
        return analysis

    def _material(
        self, shown: Labelled, analysis: Analysis | None, reasons: list[str]
    ) -> tuple[Message, ...] | None:
        """What the writer is given, whole; None when the answers do not fit its window."""
        window = f"the window of {self._synthesizer.ref}"
        fenced = shown.refenced(self._settings.seed, "writer")
        messages = writer_messages(self._prompt, fenced, analysis)
        if analysis is not None and not _fits(self._synthesizer, messages):
            messages = writer_messages(self._prompt, fenced, None)
            if _fits(self._synthesizer, messages):
                reasons.append(
                    f"the comparison does not fit {window}; written from the answers alone"
                )
        if not _fits(self._synthesizer, messages):
            reasons.append(f"the answers do not fit {window}")
            return None
        return messages

    async def _write(self, messages: tuple[Message, ...]) -> Answer:
        request = CallRequest(
            self._synthesizer,
            messages,
            sampling=self._prompt.sampling,
            json_schema=self._prompt.json_schema,
            stream=self._settings.stream,
        )
        async with self._caller.open([CallSpec(request, "writer")]) as calls:
            return (await calls.settle(None, None))[0]


def _who(members: Sequence[Target], answer: Answer) -> Target:
    """The member that gave an answer."""
    asked = (answer.provider, answer.model)
    return next(one for one in members if (one.endpoint.provider, one.model) == asked)


def _without_writer(
    answers: Sequence[Answer], usable: Sequence[Answer], reasons: Sequence[str]
) -> Outcome:
    """A member's own answer, word for word; of none that is usable, the one that got furthest."""
    if not usable:
        furthest = max(answers, key=lambda answer: len(answer.text), default=None)
        return Outcome(tuple(answers), answer=furthest, reasons=tuple(reasons))
    chosen = representative(usable)
    return Outcome(
        tuple(answers),
        answer=chosen,
        provenance=(f"{chosen.provider}:{chosen.model}",),
        degraded=True,
        reasons=tuple(reasons),
    )


def _fits(target: Target, messages: tuple[Message, ...]) -> bool:
    window = target.context_window
    return window is None or input_tokens_bound(messages) < window
