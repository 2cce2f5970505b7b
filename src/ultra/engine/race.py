"""Calls that race: the first with content speaks, the others never say a word."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ultra.core.answer import AnswerBuilder
from ultra.core.ports import Race
from ultra.core.stream import CONTENT
from ultra.engine.context import Call, CallContext, PolicyBody


def race(inner: Call) -> Call:
    """Claim the word with the first content; a call that is late waits to be stopped.

    Its row in the log keeps what came, since that is paid for; its answer has none of it.
    """

    async def call(ctx: CallContext, shared: Race) -> AsyncGenerator[PolicyBody, None]:
        silent, lost = True, False
        try:
            async with aclosing(inner(ctx)) as bodies:
                async for body in bodies:
                    if silent and isinstance(body, CONTENT):
                        lost = not shared.take(ctx.spec)
                        if lost:
                            await asyncio.get_running_loop().create_future()
                        silent = False
                    yield body
        finally:
            if lost:
                ctx.builder = AnswerBuilder()

    def racing(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
        return inner(ctx) if ctx.spec.race is None else call(ctx, ctx.spec.race)

    return racing
