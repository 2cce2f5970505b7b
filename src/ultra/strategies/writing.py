"""The last step of strategies that write: one model turns labelled answers into the one answer."""

from collections.abc import Sequence

from msgspec import Struct

from ultra.core.answer import Answer
from ultra.core.events import StageStarted
from ultra.core.model import Target
from ultra.core.ports import Caller, CallSpec, Emit, Outcome, Settings
from ultra.core.request import CallRequest, Message, Prompt, input_tokens_bound
from ultra.strategies.fusion_prompts import writer_messages
from ultra.strategies.labels import Labelled
from ultra.strategies.requests import stand_in


class Step(Struct, frozen=True):
    """What every step after the panel works with. `model` takes it."""

    prompt: Prompt
    caller: Caller
    emit: Emit
    settings: Settings
    model: Target


def fits(target: Target, messages: tuple[Message, ...]) -> bool:
    """Whether messages go into a model's window; one that is unknown may hold anything."""
    window = target.context_window
    return window is None or input_tokens_bound(messages) < window


async def write(
    step: Step,
    answers: Sequence[Answer],
    shown: Labelled,
    comparison: str | None,
    reasons: list[str],
    *,
    instead: Answer | None = None,
) -> Outcome:
    """The written answer; what goes wrong on the way is added to `reasons`.

    `comparison` is JSON about the answers, None for none. A writer that fails before its first word
    leaves `instead`, else the answer most like the others; one that is cut leaves its piece.
    """
    labels = {answer.call_id for _, answer in shown.order}
    usable = [answer for answer in answers if answer.call_id in labels]
    spared = [instead] if instead else usable
    messages = _material(step, shown, comparison, reasons)
    if messages is None:
        return stand_in(answers, spared, reasons)
    step.emit(StageStarted("writer"))
    written = await _written(step, messages)
    if not written.ok:
        why = written.error.error_class.value if written.error else "no answer"
        if not written.text.strip():
            reasons.append(f"the writer failed ({why})")
            return stand_in(answers, spared, reasons)
        reasons.append(f"the writer was cut short ({why})")
    return Outcome(
        tuple(answers),
        answer=written,
        provenance=tuple(f"{answer.provider}:{answer.model}" for answer in usable),
        degraded=bool(reasons),
        reasons=tuple(reasons),
    )


def _material(
    step: Step, shown: Labelled, comparison: str | None, reasons: list[str]
) -> tuple[Message, ...] | None:
    """What the writer is given, whole; None when the answers do not fit its window."""
    window = f"the window of {step.model.ref}"
    fenced = shown.refenced(step.settings.seed, "writer")
    messages = writer_messages(step.prompt, fenced, comparison)
    if comparison is not None and not fits(step.model, messages):
        messages = writer_messages(step.prompt, fenced, None)
        if fits(step.model, messages):
            reasons.append(f"the comparison does not fit {window}; written from the answers alone")
    if not fits(step.model, messages):
        reasons.append(f"the answers do not fit {window}")
        return None
    return messages


async def _written(step: Step, messages: tuple[Message, ...]) -> Answer:
    request = CallRequest(
        step.model,
        messages,
        sampling=step.prompt.sampling,
        json_schema=step.prompt.json_schema,
        stream=step.settings.stream,
    )
    async with step.caller.open([CallSpec(request, "writer")]) as calls:
        return (await calls.settle(None, None))[0]
