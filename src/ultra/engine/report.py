"""The outermost policy: tells what happens in a call, and turns how it ended into an answer."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from functools import reduce
from operator import add

from ultra.core.answer import Answer
from ultra.core.errors import CallError, ErrorClass, Failure
from ultra.core.events import CallCancelled, CallFailed, CallFinished, CallStarted
from ultra.core.ledger import AttemptResult
from ultra.core.stream import TextDelta
from ultra.core.usage import Usage
from ultra.engine.accounting import how_it_ended, status_of
from ultra.engine.context import Call, CallContext


async def report(call: Call, ctx: CallContext) -> Answer:
    """Run one call to its end. Never raises: a failure and a cancel are answers of their own kind.

    A bug is an answer of class `internal`, so that it costs one call and not the run.
    """
    failure: Failure | None = None
    cancelled = False
    try:
        ctx.run.hub.emit(ctx.call_id, _started(ctx))
        if ctx.run.remaining_s() <= 0.0:
            raise CallError(ErrorClass.DEADLINE, "the deadline passed before this call began")
        await _relay(call, ctx)
    except (Exception, asyncio.CancelledError) as error:
        failure, cancelled = how_it_ended(ctx, error)
    answer = _answer(ctx, failure, cancelled=cancelled)
    if ctx.spec.within is not None:
        ctx.spec.within.answers.append(answer)
    if cancelled:
        ctx.run.hub.emit(ctx.call_id, CallCancelled(answer))
    elif failure is not None:
        ctx.run.hub.emit(ctx.call_id, CallFailed(answer))
    else:
        ctx.run.hub.emit(ctx.call_id, CallFinished(answer))
    return answer


async def _relay(call: Call, ctx: CallContext) -> None:
    hub, call_id = ctx.run.hub, ctx.call_id
    async with aclosing(call(ctx)) as bodies:
        async for body in bodies:
            hub.emit(call_id, body)
            if isinstance(body, TextDelta):
                await hub.drained(call_id)


def _started(ctx: CallContext) -> CallStarted:
    spec, target = ctx.spec, ctx.request.target
    return CallStarted(
        spec.role,
        target.name,
        target.endpoint.provider,
        target.model,
        index=spec.index,
        sample=ctx.request.sample,
        simulated=target.simulated,
        thinks=target.reasons,
        parent=spec.within.call_id if spec.within else "",
    )


def _answer(ctx: CallContext, failure: Failure | None, *, cancelled: bool) -> Answer:
    builder, target = ctx.builder, ctx.request.target
    first = builder.first_content_at
    last = ctx.results[-1] if ctx.results else None
    hit = builder.cache_hit
    parts = ctx.inside.answers if ctx.inside else []
    made: list[AttemptResult | Answer] = [*ctx.results, *parts]
    return Answer(
        ctx.call_id,
        target.name,
        target.endpoint.provider,
        target.model,
        status_of(builder, failure, cancelled=cancelled),
        text=builder.text,
        reasoning=builder.reasoning,
        tool_calls=builder.tool_calls,
        usage=_usage(parts) if parts else last.usage if last else None,
        usage_source=last.usage_source if last else None,
        cost_nano=_sum([one.cost_nano for one in made]),
        charged_nano=_sum([one.charged_nano for one in made]),
        finish_reason=builder.finished.finish_reason if builder.finished else None,
        ttft_s=None if first is None or hit else first - ctx.started,
        duration_s=ctx.run.clock.monotonic() - ctx.started,
        attempts=ctx.number,
        error=failure,
        resolved_model=builder.resolved_model,
        request_id=builder.request_id,
        simulated=target.simulated,
        sample=ctx.request.sample,
        cached=hit is not None,
        saved_nano=hit.saved_nano if hit else None,
    )


def _usage(parts: Sequence[Answer]) -> Usage | None:
    """What calls used up together; None when nothing is known of any."""
    known = [part.usage for part in parts if part.usage is not None]
    return reduce(add, known) if known else None


def _sum(parts: list[int | None]) -> int | None:
    """The sum, None when any part is unknown; nothing at all costs 0."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None
