"""The last step of strategies that write: one model turns labelled answers into the one answer."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.errors import UsageError
from ultra.core.events import StageStarted
from ultra.core.model import Method, Target
from ultra.core.ports import Caller, CallSpec, Emit, Outcome, Settings
from ultra.core.request import CallRequest, Message, Prompt, input_tokens_bound
from ultra.core.verdict import Claim, Verdict
from ultra.strategies.fusion_prompts import CitedAnswer, writer_messages
from ultra.strategies.labels import Labelled
from ultra.strategies.requests import best_rated, stand_in
from ultra.strategies.structured import ask_shaped, decoded


class Step(Struct, frozen=True):
    """What every step after the panel works with. `model` takes it; `members` were the panel."""

    prompt: Prompt
    caller: Caller
    emit: Emit
    settings: Settings
    model: Target
    members: tuple[Target, ...] = ()


def fits(target: Target, messages: tuple[Message, ...]) -> bool:
    """Whether messages go into a model's window; one that is unknown may hold anything."""
    window = target.context_window
    return window is None or input_tokens_bound(messages) < window


def check_writable(method: Method, *, schema: bool) -> None:
    """Raise `UsageError`, before anything is spent, for an answer that cannot be two things."""
    if method.cite and schema:
        raise UsageError(
            "an answer of a schema has no room for who said what",
            hint="leave out `--cite`, or make sources a part of the schema",
        )


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
    leaves `instead`, else the answer of the best-rated model; one that is cut leaves its piece.
    """
    place = {_member(answer): at for at, answer in enumerate(answers)}
    usable = sorted((answer for _, answer in shown.order), key=lambda one: place[_member(one)])
    messages = _material(step, shown, comparison, reasons)
    written: Answer | None = None
    claims: tuple[Claim, ...] = ()
    if messages is not None:
        step.emit(StageStarted("writer"))
        written, claims = await _written(step, messages, shown, reasons)
    if written is None or not (written.ok or written.text.strip()):
        spared = instead or best_rated(usable, step.members, step.settings)
        return stand_in(answers, [spared], reasons)
    return Outcome(
        tuple(answers),
        answer=written,
        provenance=tuple(f"{answer.provider}:{answer.model}" for answer in usable),
        degraded=bool(reasons),
        reasons=tuple(reasons),
        verdict=_found(step, written, usable, claims),
    )


def _member(answer: Answer) -> tuple[str, str, int]:
    """Whose answer it is, whether of the panel or of a later layer."""
    return answer.provider, answer.model, answer.sample


def beside(outcome: Outcome, verdict: Verdict | None) -> Outcome:
    """The outcome with what was found of the members' answers beside what was of the written."""
    found = outcome.verdict
    if verdict is None or found is None:
        return replace(outcome, verdict=verdict or found)
    own = {"claims": found.claims, "unsupported_tokens": found.unsupported_tokens}
    return replace(outcome, verdict=replace(verdict, **own))


def _found(
    step: Step, written: Answer, usable: Sequence[Answer], claims: tuple[Claim, ...]
) -> Verdict | None:
    """What is known of the answer without asking anybody; None for nothing worth a word."""
    unknown: tuple[str, ...] = ()
    # What stands in a picture cannot be looked up.
    if not any(message.media for message in step.prompt.messages):
        from ultra.evaluation.grounding import unsupported  # noqa: PLC0415 - for writers alone

        told = [message.text for message in step.prompt.messages]
        unknown = unsupported(written.text, [*told, *(answer.text for answer in usable)])
    if not (claims or unknown):
        return None
    ids = tuple(answer.call_id for answer in usable)
    return Verdict(ids, claims=claims, unsupported_tokens=unknown)


def _material(
    step: Step, shown: Labelled, comparison: str | None, reasons: list[str]
) -> tuple[Message, ...] | None:
    """What the writer is given, whole; None when the answers do not fit its window."""
    window = f"the window of {step.model.ref}"
    fenced = shown.refenced(step.settings.seed, "writer")
    method = step.settings.method
    messages = writer_messages(step.prompt, fenced, comparison, method)
    if comparison is not None and not fits(step.model, messages):
        messages = writer_messages(step.prompt, fenced, None, method)
        if fits(step.model, messages):
            reasons.append(f"the comparison does not fit {window}; written from the answers alone")
    if not fits(step.model, messages):
        reasons.append(f"the answers do not fit {window}")
        return None
    return messages


async def _written(
    step: Step, messages: tuple[Message, ...], shown: Labelled, reasons: list[str]
) -> tuple[Answer | None, tuple[Claim, ...]]:
    """What the writer wrote, and its claims where it cites."""
    if step.settings.method.cite:
        return await _cited(step, messages, shown, reasons)
    request = CallRequest(
        step.model,
        messages,
        sampling=step.prompt.sampling,
        json_schema=step.prompt.json_schema,
        stream=step.settings.stream,
    )
    async with step.caller.open([CallSpec(request, "writer")]) as calls:
        written = (await calls.settle(None, None))[0]
    if not written.ok:
        why = written.error.error_class.value if written.error else "no answer"
        how = "was cut short" if written.text.strip() else "failed"
        reasons.append(f"the writer {how} ({why})")
    return written, ()


async def _cited(
    step: Step, messages: tuple[Message, ...], shown: Labelled, reasons: list[str]
) -> tuple[Answer | None, tuple[Claim, ...]]:
    """The answer with its claims, which name only answers that are there.

    Citations that stay wrong are left out and the answer is kept: words need no footnotes.
    """
    calls = {label: answer.call_id for label, answer in shown.order}
    own = not step.settings.method.sources_only
    request = CallRequest(step.model, messages, sampling=step.prompt.sampling)
    spoken = await ask_shaped(
        step.caller,
        request,
        CitedAnswer,
        "draft",
        fault=lambda draft: _fault(draft, list(calls), own=own),
    )
    value, given, why = spoken
    drafts = [(answer, draft) for answer in given if (draft := _draft(answer)) is not None]
    if not drafts:
        reasons.append(f"the writer failed ({why})")
        return None, ()
    answer, draft = drafts[-1]
    written = replace(answer, text=draft.answer)
    if value is None:
        reasons.append(f"nothing is cited: the writer's citations stayed wrong ({why})")
        return written, ()
    return written, tuple(
        Claim(claim.text, tuple(calls[label] for label in dict.fromkeys(_support(claim.support))))
        for claim in draft.claims
    )


def _draft(answer: Answer) -> CitedAnswer | None:
    """What a draft holds; None for one that failed, is no JSON of the shape, or says nothing."""
    if not answer.ok:
        return None
    try:
        draft = decoded(answer.text, CitedAnswer)
    except ValueError:
        return None
    return draft if draft.answer.strip() else None


def _support(support: list[str] | str) -> Sequence[str]:
    return () if isinstance(support, str) else support


def _fault(value: CitedAnswer, labels: Sequence[str], *, own: bool) -> str | None:
    """What is wrong with citations; None when they can be taken."""
    if not value.answer.strip():
        return "`answer` is empty"
    for claim in value.claims:
        unknown = [label for label in _support(claim.support) if label not in labels]
        if unknown:
            return f"there is no answer {', '.join(unknown)}; the labels are {', '.join(labels)}"
        if not own and not _support(claim.support):
            return "a claim is in no answer, and nothing of your own may be added"
    return None
