"""Keeps no more calls of one endpoint under way than its profile allows."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ultra.engine.context import Call, CallContext, Policy, PolicyBody


def slot() -> Policy:
    """Wait for a free place at the endpoint; endpoints without a limit of their own never wait."""
    places: dict[tuple[str, str], asyncio.Semaphore] = {}

    def policy(inner: Call) -> Call:
        async def call(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
            endpoint = ctx.request.target.endpoint
            place = places.setdefault(
                (endpoint.provider, endpoint.base_url), asyncio.Semaphore(endpoint.concurrency or 1)
            )
            async with place, aclosing(inner(ctx)) as bodies:
                async for body in bodies:
                    yield body

        def limited(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
            unlimited = ctx.request.target.endpoint.concurrency is None
            return inner(ctx) if unlimited else call(ctx)

        return limited

    return policy
