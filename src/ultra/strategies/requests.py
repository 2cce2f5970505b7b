"""The calls that strategies make of a prompt."""

from collections import Counter
from collections.abc import Sequence

from ultra.core.answer import Answer
from ultra.core.model import Target
from ultra.core.ports import CallSpec, Settings
from ultra.core.request import CallRequest, Prompt


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


def lost(answers: Sequence[Answer]) -> tuple[str, ...]:
    """In words, which members gave no usable answer and why."""
    return tuple(answer.loss for answer in answers if answer.loss is not None)
