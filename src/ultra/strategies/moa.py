"""`moa`: members answer, answer again after reading each other, and one model writes.

Two layers are a panel and a writer that compares for itself; three add one round in between.
Source: J. Wang et al. (2024), Mixture-of-Agents, arXiv 2406.04692.
"""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.errors import UsageError
from ultra.core.events import StageStarted
from ultra.core.model import Target
from ultra.core.ports import Caller, CallSpec, Emit, Outcome, Settings
from ultra.core.request import Message, Prompt
from ultra.strategies.fusion_prompts import layer_messages
from ultra.strategies.labels import labelled
from ultra.strategies.requests import ask_all, member_of, request_to, sole
from ultra.strategies.writing import Step, check_writable, fits, write

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
    check_writable(settings.method, schema=prompt.json_schema is not None)
    answers, saying, reasons = await ask_all(prompt, members, caller, emit, settings)
    if len(saying) < 2:
        return sole(answers, saying, reasons)
    model = settings.synthesizer or member_of(saying[0], members).voice
    step = Step(prompt, caller, emit, settings, model, tuple(members))
    for layer in range(2, settings.method.layers):
        emit(StageStarted(f"layer {layer}"))
        saying = await answered_again(step, saying, f"layer {layer}", _layer(step, saying), reasons)
    shown = labelled(saying, settings.seed, "moa")
    return await write(step, answers, shown, None, reasons)


def _layer(step: Step, answers: Sequence[Answer]) -> Callable[[int, str], tuple[Message, ...]]:
    """Every reader sees all answers, in an order and between fences of its own."""
    return lambda _at, place: layer_messages(
        step.prompt, labelled(answers, step.settings.seed, place)
    )


async def answered_again(
    step: Step,
    answers: Sequence[Answer],
    stage: str,
    told: Callable[[int, str], tuple[Message, ...]],
    reasons: list[str],
) -> list[Answer]:
    """Everybody answers once more; who fails, or cannot hold what it is told, keeps what it said.

    `told` gives what the member at a place is told, from the place and a name of the step.
    """
    turns: dict[int, CallSpec] = {}
    for at, answer in enumerate(answers):
        member = member_of(answer, step.members)
        messages = told(at, f"{stage} {at}")
        if fits(member, messages):
            asked = replace(step.prompt, messages=messages, tools=())
            request = request_to(asked, member, step.settings, sample=answer.sample)
            turns[at] = CallSpec(request, "member")
        else:
            reasons.append(f"the answers do not fit the window of {member.ref}")
    async with step.caller.open(list(turns.values())) as calls:
        said = dict(zip(turns, await calls.settle(None, None), strict=True))
    revised: list[Answer] = []
    for at, before in enumerate(answers):
        after = said.get(at)
        good = after is not None and after.ok and after.text.strip()
        revised.append(after if after is not None and good else before)
        if not good:
            reasons.append(f"{before.provider}:{before.model} kept its answer before {stage}")
    return revised
