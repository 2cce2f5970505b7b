"""What an attempt that ended amounts to: whether it is complete, and what it cost."""

import asyncio

from msgspec import json
from msgspec.structs import replace

from ultra.core.answer import AnswerBuilder, Status
from ultra.core.budget import Bound
from ultra.core.cost import ceiling_nano, cost_nano, dearest_output
from ultra.core.errors import CallError, ConfigError, ErrorClass, Failure, UltraError
from ultra.core.ledger import AttemptResult
from ultra.core.request import CallRequest, input_tokens_bound, output_tokens_seen
from ultra.core.usage import Usage, UsageSource
from ultra.engine.context import CallContext
from ultra.engine.tokens import input_tokens, output_tokens

DEFAULT_OUTPUT_TOKENS = 4096
"""The output that an estimate assumes when neither the user nor the catalog caps it."""


def estimate_nano(request: CallRequest) -> int | None:
    """The most that a call is expected to cost before it is made; None when it has no price."""
    cap = (
        request.sampling.max_output_tokens
        or request.target.max_output_tokens
        or DEFAULT_OUTPUT_TOKENS
    )
    size = input_tokens_bound(request.messages, request.tools)
    return ceiling_nano(request.target.price, size, cap)


def bound_of(request: CallRequest) -> Bound | None:
    """The most that a call can cost; None when it has no price."""
    size = input_tokens_bound(request.messages, request.tools)
    into = ceiling_nano(request.target.price, size, 0)
    price = request.target.price
    if price is None or into is None:
        return None
    caps = (request.sampling.max_output_tokens, request.target.max_output_tokens)
    known = [cap for cap in caps if cap is not None]
    return Bound(into, dearest_output(price, size), min(known) if known else None)


def tokens_bound(request: CallRequest) -> int:
    """The most tokens, in and out, that a call is expected to use up of a rate limit."""
    bound = request.sampling.max_output_tokens or DEFAULT_OUTPUT_TOKENS
    return input_tokens_bound(request.messages, request.tools) + bound


def as_call_error(error: Exception) -> CallError:
    """Any failure of a call as one with a class: a missing key is `config`, a bug `internal`."""
    if isinstance(error, CallError):
        return error
    if isinstance(error, ConfigError):
        return CallError(ErrorClass.CONFIG, error.message, hint=error.hint)
    hint = error.hint if isinstance(error, UltraError) else "`--debug` shows where"
    return CallError(
        ErrorClass.INTERNAL, f"{type(error).__name__}: {error}", hint=hint, sent=True, retry=False
    )


def how_it_ended(ctx: CallContext, error: BaseException) -> tuple[Failure | None, bool]:
    """What unwound a call, as its failure and whether we stopped it; one of the two holds.

    A cancel that nobody asked for comes from a bug in a provider, and is a failure.
    """
    target = ctx.request.target
    if isinstance(error, Exception):
        failed = as_call_error(error)
        ctx.refused_quota = failed.quota
    elif ctx.stopped_by_deadline:
        failed = CallError(
            ErrorClass.DEADLINE, "the deadline passed", hint="raise `--deadline`", sent=ctx.left
        )
    elif isinstance(error, asyncio.CancelledError) and not _asked_to_stop():
        failed = CallError(
            ErrorClass.INTERNAL, "the provider's stream cancelled itself", sent=ctx.left
        )
    else:
        return None, True
    return failed.failure(target.endpoint.provider, target.model), False


def _asked_to_stop() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def incomplete(builder: AnswerBuilder) -> CallError | None:
    """Why a stream that ended is not an answer; None when it is one."""
    finished = builder.finished
    if finished is None:
        return CallError(
            ErrorClass.BAD_RESPONSE, "the stream ended without a finish reason", sent=True
        )
    if finished.finish_reason == "content_filter":
        return CallError(
            ErrorClass.CONTENT_FILTER,
            f"the provider's content filter ended the answer (`{finished.native}`)",
            sent=True,
        )
    if finished.finish_reason == "error":
        return CallError(
            ErrorClass.BAD_RESPONSE,
            f"the provider ended the answer with `{finished.native}`",
            sent=True,
        )
    if builder.text.strip() or builder.tool_calls:
        return None
    if finished.finish_reason == "length":
        return CallError(
            ErrorClass.BAD_RESPONSE,
            "the output cap was used up before any answer",
            hint="raise `--max-tokens`",
            sent=True,
            retry=False,
        )
    return CallError(ErrorClass.BAD_RESPONSE, "the answer is empty", sent=True)


def spent(
    ctx: CallContext, failure: Failure | None
) -> tuple[Usage | None, UsageSource | None, int | None, int | None]:
    """Usage, its source, the cost and what is charged for it, in nano-dollars.

    A request that never left, or that the provider answered with an error status, costs 0. A stream
    that came to its end costs what the provider counted, whether or not it is an answer. One that
    was cut costs an unknown amount: the charge is then the input with the output seen, or where its
    budget cut it what it was cut at.
    """
    request, builder = ctx.request, ctx.builder
    price = request.target.price
    if not ctx.left or _unbilled(failure):
        return None, None, 0, 0
    complete = builder.finished is not None and ctx.cut_nano is None
    usage, source = builder.usage or Usage(), builder.usage_source
    if complete and source == "provider":
        cost = cost_nano(builder.billed or usage, price)
        if cost is not None or price is None:
            return usage, source, cost, cost
    told = _filled(request, builder, usage)
    if not complete:
        source = "partial"
    elif told != usage:
        source = "estimated"
    free = 0 if cost_nano(None, price) == 0 else None
    if ctx.cut_nano is not None:
        return told, source, free, ctx.cut_nano
    return told, source, free, _ceiling(request, builder, usage)


def _filled(request: CallRequest, builder: AnswerBuilder, usage: Usage) -> Usage:
    """The usage, where the provider is silent as it is estimated from what went and what came."""
    if usage.input_tokens is None:
        usage = replace(usage, text_input_tokens=input_tokens(request))
    if usage.output_tokens is None:
        said = output_tokens(request, builder.text + builder.reasoning)
        usage = replace(usage, text_output_tokens=said)
    return usage


def _ceiling(request: CallRequest, builder: AnswerBuilder, usage: Usage) -> int | None:
    """The most it can have cost: what was counted where it was, else bounds from the bytes."""
    into, out = usage.input_tokens, usage.output_tokens
    if into is None:
        into = input_tokens_bound(request.messages, request.tools)
    seen = output_tokens_seen(builder.text + builder.reasoning)
    return ceiling_nano(request.target.price, into, max(seen, out or 0))


def _unbilled(failure: Failure | None) -> bool:
    return failure is not None and (not failure.sent or (failure.status or 0) >= 400)


def attempt_result(
    ctx: CallContext, started: float, failure: Failure | None, *, cancelled: bool
) -> AttemptResult:
    """The row that completes an attempt. `started` is on the run's monotonic clock."""
    builder, clock = ctx.builder, ctx.run.clock
    usage, source, cost, charged = spent(ctx, failure)
    finished, first = builder.finished, builder.first_content_at
    price = ctx.request.target.price
    return AttemptResult(
        status=status_of(builder, failure, cancelled=cancelled),
        ended_at=clock.time(),
        duration_s=clock.monotonic() - started,
        text=builder.text,
        reasoning=builder.reasoning,
        tool_calls_json=json.encode(builder.tool_calls).decode() if builder.tool_calls else "",
        ttft_s=None if first is None else first - started,
        chunks=builder.chunks,
        finish_reason=finished.finish_reason if finished else None,
        native_finish_reason=finished.native if finished else None,
        usage=usage,
        usage_source=source,
        cost_nano=cost,
        charged_nano=charged,
        provider_cost_nano=builder.provider_cost_nano,
        price_source=price.source if price else None,
        resolved_model=builder.resolved_model,
        request_id=builder.request_id or (failure.request_id if failure else None),
        failure=failure,
        quota=builder.quota or ctx.refused_quota,
    )


def status_of(builder: AnswerBuilder, failure: Failure | None, *, cancelled: bool) -> Status:
    """`ok`, or what kind of incomplete: text that was cut is `partial`, blanks are no text."""
    if failure is None and not cancelled:
        return "ok"
    if builder.text.strip():
        return "partial"
    return "cancelled" if cancelled else "error"
