"""A call of an ensemble: its strategy over calls of its own, as one answer of one member.

Every call that is made for it goes through the whole chain and is on record by itself; the
ensemble's own row says what they came to, and costs nothing beside them.
"""

import hashlib
from collections.abc import AsyncGenerator, Iterator, Sequence

from msgspec.structs import replace

from ultra.core.answer import AnswerBuilder
from ultra.core.errors import CallError, ErrorClass, Failure
from ultra.core.events import Body, StageStarted
from ultra.core.ids import attempt_id
from ultra.core.ledger import Ledger
from ultra.core.model import Ensemble
from ultra.core.ports import AttemptBudget, CallSpec, Outcome, Settings, Within
from ultra.core.request import Prompt
from ultra.core.stream import Finished, ReasoningDelta, StreamBody, TextDelta, ToolCallDelta
from ultra.engine.accounting import attempt_result, how_it_ended
from ultra.engine.admit import attempt_record
from ultra.engine.caller import CallGroup, EngineCaller
from ultra.engine.context import Call, CallContext, Policy, PolicyBody
from ultra.strategies.registry import load_strategy


def ensembles(ledger: Ledger, seed: int, losses: list[str]) -> Policy:
    """Answer calls of ensembles; any other call goes on. What was lost inside goes to `losses`.

    An ensemble draws from a seed of its own, made of the run's, its name and its sample: the order
    in which calls end changes nothing.
    """

    def policy(inner: Call) -> Call:
        def call(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
            one = ctx.request.target.ensemble
            return inner(ctx) if one is None else answered(ctx, one)

        async def answered(ctx: CallContext, one: Ensemble) -> AsyncGenerator[PolicyBody, None]:
            ctx.inside = Within(ctx.call_id)
            ctx.attempt_id, ctx.builder = attempt_id(ctx.call_id, 0), AnswerBuilder()
            started = ctx.run.clock.monotonic()
            record = replace(
                attempt_record(ctx), number=0, kind="ensemble", charged_nano=0, bound=None, tokens=0
            )
            failure: Failure | None = None
            cancelled = False
            try:
                own = _derived(seed, one.name, ctx.request.sample)
                deeper = ensembles(ledger, own, losses)(inner)
                outcome = await _outcome(ctx, one, _Inside(ctx, deeper), own)
                for body in _bodies(outcome):
                    ctx.builder.add(body, ctx.run.clock.monotonic())
                    yield body
                _check(one, outcome)
                losses.extend(f"in {one.name}: {reason}" for reason in outcome.reasons)
            except BaseException as error:
                failure, cancelled = how_it_ended(ctx, error)
                raise
            finally:
                result = attempt_result(ctx, started, failure, cancelled=cancelled)
                ctx.results.append(result)
                ledger.serve(record, result)

        return call

    return policy


class _Inside:
    """Opens the calls that are made for the call of an ensemble. Fills `ports.Caller`."""

    def __init__(self, ctx: CallContext, call: Call) -> None:
        self._caller = EngineCaller(ctx.run, call)
        self._within = ctx.inside

    def attempts(self) -> AttemptBudget:
        """A fresh budget of tries for calls that are to share one."""
        return self._caller.attempts()

    def open(self, specs: Sequence[CallSpec]) -> CallGroup:
        """Start the calls at once; they have no place among the members of the run."""
        return self._caller.open([replace(spec, index=None, within=self._within) for spec in specs])


async def _outcome(ctx: CallContext, one: Ensemble, caller: _Inside, seed: int) -> Outcome:
    asked = ctx.request
    prompt = Prompt(asked.messages, asked.sampling, asked.json_schema, tools=asked.tools)
    settings = Settings(
        seed=seed, stream=asked.stream, synthesizer=one.synthesizer, method=one.method
    )

    def emit(body: Body) -> None:
        named = (
            StageStarted(f"{one.name}: {body.stage}") if isinstance(body, StageStarted) else body
        )
        ctx.run.hub.emit("", named)

    return await load_strategy(one.strategy)(prompt, one.members, caller, emit, settings)


def _bodies(outcome: Outcome) -> Iterator[StreamBody]:
    answer = outcome.answer
    if answer is None:
        return
    if answer.reasoning:
        yield ReasoningDelta(answer.reasoning)
    if answer.text:
        yield TextDelta(answer.text)
    for place, tool in enumerate(answer.tool_calls):
        yield ToolCallDelta(place, tool.id, tool.name, tool.arguments)
    if answer.ok:
        yield Finished(answer.finish_reason or "stop", "ensemble")


def _check(one: Ensemble, outcome: Outcome) -> None:
    """Raise `CallError` for an ensemble that came to no answer, with what stopped it."""
    answer = outcome.answer
    if answer is not None and answer.ok:
        return
    error = answer.error if answer is not None else None
    why = "; ".join(outcome.reasons) or (error.message if error else "it came to no answer")
    raise CallError(
        error.error_class if error else ErrorClass.BAD_RESPONSE,
        f"`{one.name}` came to no answer: {why}",
        hint=error.hint if error else None,
        sent=True,
        retry_after_s=error.retry_after_s if error else None,
        retry=False,
    )


def _derived(seed: int, name: str, sample: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{name}:{sample}".encode()).digest()[:8], "big")
