"""`moa`: members answer, answer again after reading each other, and one model writes.

Two layers are a panel and a writer that compares for itself; three add one round in between.
Source: J. Wang et al. (2024), Mixture-of-Agents, arXiv 2406.04692.
"""

from collections.abc import Sequence

from ultra.core.answer import Answer
from ultra.core.errors import UsageError
from ultra.core.events import StageStarted
from ultra.core.model import Target
from ultra.core.ports import Caller, CallSpec, Emit, Outcome, Settings
from ultra.core.request import CallRequest, Prompt
from ultra.strategies.fusion_prompts import layer_messages
from ultra.strategies.labels import labelled
from ultra.strategies.requests import lost, member_of, panel, stand_in
from ultra.strategies.writing import Step, write

MOST_LAYERS, MOST_MEMBERS = 3, 8


async def moa(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    emit: Emit,
    settings: Settings,
) -> Outcome:
    """Each layer reads all answers of the one before; the last one is a single writer.

    A member that fails in a later layer keeps its answer of the layer before, and the run says so.
    """
    if not 2 <= settings.method.layers <= MOST_LAYERS or len(members) > MOST_MEMBERS:
        raise UsageError(
            f"`moa` takes 2 or {MOST_LAYERS} layers and at most {MOST_MEMBERS} members, not"
            f" {settings.method.layers} and {len(members)}"
        )
    emit(StageStarted("panel"))
    async with caller.open(panel(prompt, members, settings)) as calls:
        answers = await calls.settle(settings.quorum, settings.grace_s)
    usable = [answer for answer in answers if answer.ok and answer.text.strip()]
    reasons = list(lost(answers))
    if len(usable) < 2:
        return stand_in(answers, usable, reasons)
    model = settings.synthesizer or member_of(usable[0], members)
    step = Step(prompt, caller, emit, settings, model)
    for layer in range(2, settings.method.layers):
        emit(StageStarted(f"layer {layer}"))
        usable = await answered_again(step, usable, members, layer, reasons)
    shown = labelled(usable, settings.seed, "moa")
    return await write(step, answers, shown, None, reasons)


async def answered_again(
    step: Step, answers: Sequence[Answer], members: Sequence[Target], layer: int, reasons: list[str]
) -> list[Answer]:
    """Everybody answers once more, having read all; who fails keeps what it said."""
    specs = [
        CallSpec(
            _request(step, member_of(answer, members), answers, f"layer {layer} {at}"), "member"
        )
        for at, answer in enumerate(answers)
    ]
    async with step.caller.open(specs) as calls:
        revised = await calls.settle(None, None)
    kept: list[Answer] = []
    for before, after in zip(answers, revised, strict=True):
        good = after.ok and after.text.strip()
        kept.append(after if good else before)
        if not good:
            reasons.append(f"{after.provider}:{after.model} kept its answer of layer {layer - 1}")
    return kept


def _request(step: Step, member: Target, answers: Sequence[Answer], place: str) -> CallRequest:
    """Every reader sees the answers in an order and between fences of its own."""
    shown = labelled(answers, step.settings.seed, place)
    return CallRequest(
        member,
        layer_messages(step.prompt, shown),
        sampling=step.prompt.sampling,
        json_schema=step.prompt.json_schema,
        stream=step.settings.stream,
    )
