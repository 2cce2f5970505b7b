"""Serves a question that was answered before, and keeps an answer that may serve again.

What is kept is the whole answer of a model that stopped by itself: no answer that was cut, that a
schema does not allow, or that asks for tools, whose results are of the moment. An answer that comes
from the cache is no attempt: nothing leaves, so that budgets, breakers and gates are not asked.
"""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.answer import AnswerBuilder
from ultra.core.errors import Failure
from ultra.core.ids import attempt_id
from ultra.core.ledger import AttemptRecord, AttemptResult, Ledger
from ultra.core.model import Endpoint
from ultra.core.ports import AnswerCache, CachedAnswer, CacheTurn, Provider
from ultra.core.stream import (
    CacheHit,
    ReasoningDelta,
    ResponseStarted,
    StreamBody,
    TextDelta,
    UsageReported,
)
from ultra.engine.accounting import attempt_result, how_it_ended
from ultra.engine.admit import attempt_record
from ultra.engine.cache_key import cache_key
from ultra.engine.context import Call, CallContext, Policy, PolicyBody

PIECE = 1_000
"""Characters of one piece of an answer that is served: a slow reader holds it up as any other."""

LONGEST_LEASE_S = 600.0
"""How long one call may ask for all, however much time it has."""

PATIENCE = 0.5
"""The part of the time left that a call waits for another's answer: then it asks itself."""

POLL_S, SLOWEST_POLL_S, POLL_GROWTH, POLL_SPREAD = 0.05, 0.5, 1.5, 0.25
"""How often it looks, in seconds: ever slower, each time a quarter more or less."""


class Caching(Struct, frozen=True):
    """What a run may do with the cache: let it serve (`read`), and fill it (`write`).

    `fits` says whether a text is what a JSON Schema allows.
    """

    cache: AnswerCache
    read: bool
    write: bool
    fits: Callable[[str, dict[str, Any]], bool]


def cached(caching: Caching, provider: Provider, ledger: Ledger) -> Policy:
    """Let an earlier answer serve where there is one; else ask, once for all who wait."""

    def policy(inner: Call) -> Call:
        async def call(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
            endpoint = ctx.request.target.endpoint
            secret = await provider.credential(endpoint)
            ctx.key_fp = secret.fingerprint if secret else ""
            if _tellable(endpoint, ctx.key_fp):
                bodies = _either(inner, ctx, caching, ledger)
            else:
                bodies = inner(ctx)
            async with aclosing(bodies):
                async for body in bodies:
                    yield body

        return call

    return policy


def recalled(answers: Mapping[int, CachedAnswer], ledger: Ledger) -> Policy:
    """Let the answers that are on record already serve for the members at those places."""

    def policy(inner: Call) -> Call:
        def call(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
            place = ctx.spec.index
            found = None if place is None else answers.get(place)
            return inner(ctx) if found is None else _served(ctx, found, ledger)

        return call

    return policy


def _tellable(endpoint: Endpoint, key_fp: str) -> bool:
    """Whether it is known who asks: a signature by AWS has no fingerprint."""
    return bool(key_fp) or endpoint.simulated or endpoint.key.kind == "none"


async def _either(
    inner: Call, ctx: CallContext, caching: Caching, ledger: Ledger
) -> AsyncGenerator[PolicyBody, None]:
    key = cache_key(ctx.whole, ctx.key_fp)
    found = await _found(ctx, key, caching) if caching.read else "alone"
    if isinstance(found, CachedAnswer):
        bodies = _served(ctx, found, ledger)
    else:
        bodies = _asked(inner, ctx, key, caching, leads=found == "lead")
    async with aclosing(bodies):
        async for body in bodies:
            yield body


async def _found(ctx: CallContext, key: str, caching: Caching) -> CachedAnswer | CacheTurn:
    """The answer, waited for while another call asks; else whether this call asks for all."""
    clock, left_s, wait_s = ctx.run.clock, ctx.run.remaining_s(), POLL_S
    until = clock.monotonic() + left_s * PATIENCE
    lease_s = min(left_s, LONGEST_LEASE_S) if caching.write else None
    while True:
        found = await _look(ctx, key, caching.cache, lease_s)
        patience_s = until - clock.monotonic()
        if found != "wait":
            return found
        if patience_s <= 0.0:
            return "alone"
        spread = ctx.run.rng.uniform(1.0 - POLL_SPREAD, 1.0 + POLL_SPREAD)
        await clock.sleep(min(wait_s * spread, patience_s))
        wait_s = min(wait_s * POLL_GROWTH, SLOWEST_POLL_S)


async def _look(
    ctx: CallContext, key: str, cache: AnswerCache, lease_s: float | None
) -> CachedAnswer | CacheTurn:
    try:
        return await cache.look(key, ctx.call_id, lease_s=lease_s)
    except BaseException:  # the lead may be ours by now
        cache.release(key, ctx.call_id, hopeless=False)
        raise


async def _asked(
    inner: Call, ctx: CallContext, key: str, caching: Caching, *, leads: bool
) -> AsyncGenerator[PolicyBody, None]:
    """Ask, and keep the answer if it is one to keep; whoever waits goes on in any case."""
    kept = ended = False
    try:
        async with aclosing(inner(ctx)) as bodies:
            async for body in bodies:
                yield body
        ended = True
        if caching.write and _worth_keeping(ctx, caching):
            answer = CachedAnswer(tuple(_bodies(ctx)), ctx.results[-1].cost_nano)
            caching.cache.keep(key, ctx.call_id, ctx.request.target.ref, answer)
            kept = True
    finally:
        if leads and not kept:
            caching.cache.release(key, ctx.call_id, hopeless=ended)


def _worth_keeping(ctx: CallContext, caching: Caching) -> bool:
    builder, schema = ctx.builder, ctx.request.json_schema
    finished = builder.finished
    if finished is None or finished.finish_reason != "stop" or not ctx.results:
        return False
    if finished.skipped:  # words are missing
        return False
    if builder.tool_calls or not builder.text.strip():
        return False
    return schema is None or caching.fits(builder.text, schema)


def _bodies(ctx: CallContext) -> Iterator[StreamBody]:
    """The answer as it is told again: without what the provider said of its limits then."""
    builder, result = ctx.builder, ctx.results[-1]
    yield ResponseStarted(builder.resolved_model, builder.request_id)
    yield from (ReasoningDelta(piece) for piece in _pieces(builder.reasoning))
    yield from (TextDelta(piece) for piece in _pieces(builder.text))
    if result.usage is not None and result.usage_source is not None:
        yield UsageReported(result.usage, result.usage_source)
    if builder.finished is not None:
        yield builder.finished


def _pieces(text: str) -> Iterator[str]:
    return (text[start : start + PIECE] for start in range(0, len(text), PIECE))


async def _served(
    ctx: CallContext, found: CachedAnswer, ledger: Ledger
) -> AsyncGenerator[PolicyBody, None]:
    """Tell the answer again and put on record that nothing was asked."""
    clock = ctx.run.clock
    ctx.attempt_id, ctx.builder = attempt_id(ctx.call_id, 0), AnswerBuilder()
    record, started = _record(ctx), clock.monotonic()
    failure: Failure | None = None
    cancelled = False
    try:
        for body in (CacheHit(found.cost_nano, found.age_s), *found.bodies):
            ctx.builder.add(body, clock.monotonic())
            yield body
    except BaseException as error:
        failure, cancelled = how_it_ended(ctx, error)
        raise
    finally:
        told = attempt_result(ctx, started, failure, cancelled=cancelled)
        result = _result(ctx, told, found)
        ctx.results.append(result)
        ledger.serve(record, result)


def _record(ctx: CallContext) -> AttemptRecord:
    return replace(
        attempt_record(ctx),
        number=0,
        kind="cache",
        charged_nano=0,
        bound=None,
        tokens=0,
    )


def _result(ctx: CallContext, told: AttemptResult, found: CachedAnswer) -> AttemptResult:
    """How it went: free, and timed from its beginning to its end alone, which is no latency."""
    return replace(
        told,
        ttft_s=None,
        usage=ctx.builder.usage,
        usage_source=ctx.builder.usage_source,
        provider_cost_nano=None,
        price_source=None,
        saved_nano=found.cost_nano,
    )
