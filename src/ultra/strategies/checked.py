"""What every strategy does with a schema: the answer is held to it, and repaired once if asked."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.errors import CallError, ErrorClass
from ultra.core.model import Target
from ultra.core.ports import Caller, CallSpec, Emit, Outcome, Settings, Strategy
from ultra.core.request import Prompt
from ultra.core.verdict import Verdict
from ultra.strategies.requests import member_of, request_to
from ultra.strategies.structured import repair_turns

MISMATCH = "schema_mismatch"
"""The code of the failure of an answer that is whole but not what its schema allows."""

_NO_MATCH = "the answer does not match the schema"
_ONCE_MORE = "`ask --repair` asks once more, quoting what was wrong"
_TWICE = "it was asked twice: does the schema say what you want?"


def checked(strategy: Strategy) -> Strategy:
    """The strategy with its answers held to the prompt's schema, where there is one.

    The class is `bad_response`: the model did not keep to what was asked, which is not the user's
    own expectation (exit 6) and which time does not heal.
    """

    async def run(
        prompt: Prompt,
        members: Sequence[Target],
        caller: Caller,
        emit: Emit,
        settings: Settings,
    ) -> Outcome:
        outcome = await strategy(prompt, members, caller, emit, settings)
        schema = prompt.json_schema
        if schema is None:
            return outcome
        if outcome.answer is None:
            return _members_checked(outcome, schema)
        why = _wrong(outcome.answer, schema)
        if why is None:
            return outcome
        if not prompt.repair:
            return _refused(outcome, outcome.answer, why, _ONCE_MORE)
        messages = (*prompt.messages, *repair_turns(outcome.answer.text, why))
        writer = _writer(outcome.answer, members, settings)
        request = request_to(replace(prompt, messages=messages), writer, settings)
        async with caller.open([CallSpec(request, "answer")]) as calls:
            repaired = (await calls.settle(None, None))[0]
        looked_up = replace(outcome, verdict=_looked_up(outcome, repaired, prompt))
        return _with_repaired(looked_up, repaired, why, schema)

    return run


def _looked_up(outcome: Outcome, repaired: Answer, prompt: Prompt) -> Verdict | None:
    """The verdict with what stands nowhere told of the repaired answer, where one was looked up.

    What the answer before had of its own is no source of the repaired one; what it had from the
    others is.
    """
    before, verdict = outcome.answer, outcome.verdict
    given = {one.call_id for one in outcome.answers} | set(verdict.call_ids if verdict else ())
    media = any(message.media for message in prompt.messages)
    if before is None or before.call_id in given or media:
        return verdict
    from ultra.evaluation.grounding import unsupported  # noqa: PLC0415 - for writers alone

    known = verdict.unsupported_tokens if verdict else ()
    told = [message.text for message in prompt.messages]
    sources = [*told, *(answer.text for answer in outcome.answers)]
    new = unsupported(repaired.text, [*sources, before.text])
    stands_nowhere = unsupported(repaired.text, sources)
    tokens = tuple(one for one in stands_nowhere if one in new or one in known)
    if verdict is None and not tokens:
        return None
    usable = tuple(one.call_id for one in outcome.answers if one.ok)
    return replace(verdict or Verdict(usable), unsupported_tokens=tokens)


def _wrong(answer: Answer, schema: dict[str, Any]) -> str | None:
    """Why an answer does not match; None for one that does, failed, or only calls tools."""
    if not answer.ok or not answer.text.strip():
        return None
    # jsonschema: 67 ms that a run without a schema does not pay.
    from ultra.evaluation.schemas import mismatch  # noqa: PLC0415

    return mismatch(answer.text, schema)


def _members_checked(outcome: Outcome, schema: dict[str, Any]) -> Outcome:
    reasons = list(outcome.reasons)
    answers = []
    for answer in outcome.answers:
        why = _wrong(answer, schema)
        answers.append(answer if why is None else _failed(answer, why, _ONCE_MORE))
        if why is not None:
            reasons.append(f"{answer.provider}:{answer.model} failed (schema)")
    return replace(outcome, answers=tuple(answers), degraded=bool(reasons), reasons=tuple(reasons))


def _refused(outcome: Outcome, answer: Answer, why: str, hint: str) -> Outcome:
    failed = _failed(answer, why, hint)
    return replace(
        outcome,
        answers=tuple(failed if one is answer else one for one in outcome.answers),
        answer=failed,
        reasons=(*outcome.reasons, f"{_NO_MATCH}: {why}"),
    )


def _failed(answer: Answer, why: str, hint: str) -> Answer:
    error = CallError(
        ErrorClass.BAD_RESPONSE, f"{_NO_MATCH}: {why}", hint=hint, code=MISMATCH, sent=True
    )
    return replace(answer, status="partial", error=error.failure(answer.provider, answer.model))


def _with_repaired(outcome: Outcome, repaired: Answer, why: str, schema: dict[str, Any]) -> Outcome:
    """The repaired answer speaks for the run, and fails it when it is no better."""
    now = replace(outcome, answer=repaired)
    still = _wrong(repaired, schema)
    if still is not None:
        return _refused(now, repaired, still, _TWICE)
    if repaired.ok:
        return now
    return replace(now, reasons=(*outcome.reasons, f"{_NO_MATCH}: {why}", "its repair failed"))


def _writer(answer: Answer, members: Sequence[Target], settings: Settings) -> Target:
    """The model that gave an answer."""
    writer = [settings.synthesizer] if settings.synthesizer else []
    fallbacks = [*settings.on_context_length, *settings.on_content_filter]
    return member_of(answer, [*members, *writer, *fallbacks]).voice
