"""Tries the same model again while nothing has been shown and the budget of tries allows it.

Waits are drawn with full jitter, uniform(0, min(cap, base x 2^n)): base 0.5 s and cap 8 s are the
constants of the OpenAI and Anthropic SDKs; a rate limit waits from 1 s up to 30 s (botocore's
throttle base). A delay that the server names is a floor; above 60 s it is not waited for.
A try that may not be made yet is waited for by the rules of `ultra.engine.waiting`.
"""

import random
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ultra.core.errors import CallError, ErrorClass
from ultra.core.events import AttemptFailed, CallWaiting
from ultra.engine.context import Call, CallContext, PolicyBody
from ultra.engine.waiting import HERD_SPREAD, LONGEST_WAIT_S, patience_s


def backoff_s(error: CallError, tries: int, rng: random.Random) -> float:
    """Seconds to wait after the `tries`-th failed try (from 1)."""
    base, cap = (1.0, 30.0) if error.error_class is ErrorClass.RATE_LIMIT else (0.5, 8.0)
    drawn = rng.uniform(0.0, min(cap, base * 2 ** (tries - 1)))
    if error.retry_after_s is None:
        return drawn
    return max(drawn, error.retry_after_s * (1.0 + rng.uniform(0.0, HERD_SPREAD)))


def retry(inner: Call) -> Call:
    """Try again after failures that may heal, ending at the first content that was shown.

    Where a further try is refused, the failure before it is what is raised.
    """

    async def call(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
        failed: CallError | None = None
        told: AttemptFailed | CallWaiting | None
        tries = 0
        while True:
            on_record = ctx.number
            try:
                async with aclosing(inner(ctx)) as bodies:
                    async for body in bodies:
                        yield body
                return
            except CallError as error:
                if ctx.number > on_record:
                    failed, tries = error, tries + 1
                    wait, told = await _failed(ctx, error, tries)
                else:  # what was refused is no attempt
                    wait, told = _refused(ctx, error)
                if told is not None:
                    yield told
                if wait is None:
                    spokesman = _spokesman(failed, error)
                    raise spokesman from spokesman.__cause__
            await ctx.run.clock.sleep(wait)
            ctx.waited_s += wait

    return call


async def _wait(ctx: CallContext, error: CallError, tries: int) -> float | None:
    """How long to wait before the next try; None when there is to be none."""
    target = ctx.request.target
    if ctx.builder.committed or tries > error.action.retries or not ctx.attempts.allows(target):
        return None
    if error.error_class is ErrorClass.RATE_LIMIT and ctx.spec.standby:
        return None
    if ctx.spec.kind == "hedge":  # one copy is all that a race sends
        return None
    if (error.retry_after_s or 0.0) > LONGEST_WAIT_S:
        return None
    wait = backoff_s(error, tries, ctx.run.rng)
    if wait >= ctx.run.remaining_s():
        return None
    usual = await ctx.run.usual_ttft_s(target) if ctx.run.usual_ttft_s else None
    return wait if wait + (usual or 0.0) < ctx.run.remaining_s() else None


async def _failed(
    ctx: CallContext, error: CallError, tries: int
) -> tuple[float | None, AttemptFailed]:
    """The wait after a failed try, and what to tell of it."""
    target, wait = ctx.request.target, await _wait(ctx, error, tries)
    ctx.kind, ctx.retry_of = "retry", error.error_class
    return wait, AttemptFailed(error.failure(target.endpoint.provider, target.model), wait)


def _refused(ctx: CallContext, error: CallError) -> tuple[float | None, CallWaiting | None]:
    """The wait before a try that may not be made yet, and what to tell of it."""
    wait = patience_s(ctx, error)
    return wait, None if wait is None else CallWaiting(error.error_class, error.message, wait)


def _spokesman(failed: CallError | None, error: CallError) -> CallError:
    """What to say of a call: why it failed rather than why it was not tried again.

    A budget that is used up is the user's own wall, and said.
    """
    return error if failed is None or error.error_class is ErrorClass.BUDGET else failed
