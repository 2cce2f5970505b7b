"""Tries the same model again while nothing has been shown and the budget of tries allows it.

Waits are drawn with full jitter, uniform(0, min(cap, base x 2^n)): base 0.5 s and cap 8 s are the
constants of the OpenAI and Anthropic SDKs; a rate limit waits from 1 s up to 30 s (botocore's
throttle base). A delay that the server names is a floor; above 60 s it is not waited for.
"""

import random
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ultra.core.errors import CallError, ErrorClass
from ultra.core.events import AttemptFailed
from ultra.engine.context import Call, CallContext, PolicyBody

LONGEST_SERVER_WAIT_S = 60.0
HERD_SPREAD = 0.1


def backoff_s(error: CallError, tries: int, rng: random.Random) -> float:
    """Seconds to wait after the `tries`-th failed try (from 1)."""
    base, cap = (1.0, 30.0) if error.error_class is ErrorClass.RATE_LIMIT else (0.5, 8.0)
    drawn = rng.uniform(0.0, min(cap, base * 2 ** (tries - 1)))
    if error.retry_after_s is None:
        return drawn
    return max(drawn, error.retry_after_s * (1.0 + rng.uniform(0.0, HERD_SPREAD)))


def _wait(ctx: CallContext, error: CallError, tries: int) -> float | None:
    """How long to wait before the next try; None when there is to be none."""
    if ctx.builder.committed or tries > error.action.retries:
        return None
    if error.error_class is ErrorClass.RATE_LIMIT and ctx.spec.standby:
        return None
    if (error.retry_after_s or 0.0) > LONGEST_SERVER_WAIT_S:
        return None
    wait = backoff_s(error, tries, ctx.run.rng)
    if wait >= ctx.run.remaining_s() or not ctx.attempts.take(ctx.request.target):
        return None
    return wait


def retry(inner: Call) -> Call:
    """Try again after failures that may heal, ending at the first content that was shown."""

    async def call(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
        target = ctx.request.target
        if not ctx.attempts.take(target):
            raise CallError(ErrorClass.LOCAL_LIMIT, "no tries are left for this request")
        tries = 0
        while True:
            tries += 1
            on_record = ctx.number
            try:
                async with aclosing(inner(ctx)) as bodies:
                    async for body in bodies:
                        yield body
                return
            except CallError as error:
                wait = _wait(ctx, error, tries)
                if ctx.number > on_record:  # what was refused is no attempt
                    yield AttemptFailed(error.failure(target.endpoint.provider, target.model), wait)
                if wait is None:
                    raise
                await ctx.run.clock.sleep(wait)

    return call
