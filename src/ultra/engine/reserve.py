"""Stops a stream at what was set aside for it: a provider may ignore the cap it was given."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from ultra.core.budget import Bound
from ultra.core.cost import usd
from ultra.core.stream import (
    CONTENT,
    Finished,
    ReasoningDelta,
    StreamBody,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ultra.engine.accounting import bound_of
from ultra.engine.context import Call, CallContext, PolicyBody

CUT = "budget"
"""The native finish reason of a stream that was stopped here."""


class Meter:
    """What a stream has cost so far, at its input's bound and the dearest token.

    Where the provider does not count as it goes, tokens are guessed from below, so that no honest
    answer is cut: most providers send one token a piece, which bytes / 4 bounds for those that
    split tokens; characters / 6 is below every language's average (English near 4.7 a token) for
    those that send many at once.
    """

    def __init__(self, bound: Bound) -> None:
        self._bound = bound
        self._pieces = self._characters = self._bytes = self._told = 0

    def add(self, body: StreamBody | PolicyBody) -> None:
        """Count one body."""
        match body:
            case TextDelta() | ReasoningDelta():
                self._said(body.text)
            case ToolCallDelta():
                self._said(body.name + body.arguments)
            case UsageReported():
                self._told = max(self._told, body.usage.output_tokens or 0)
            case _:
                return

    def _said(self, piece: str) -> None:
        self._pieces += bool(piece)
        self._characters += len(piece)
        self._bytes += len(piece) if piece.isascii() else len(piece.encode("utf-8", "replace"))

    @property
    def nano(self) -> int:
        """The cost so far."""
        guessed = max(min(self._pieces, self._bytes // 4), self._characters // 6)
        return self._bound.nano(max(guessed, self._told))


def reserve(inner: Call) -> Call:
    """End a stream as `length` with the first piece that takes it beyond its reserve."""

    async def call(
        ctx: CallContext, most_nano: int, meter: Meter
    ) -> AsyncGenerator[PolicyBody, None]:
        async with aclosing(inner(ctx)) as bodies:
            async for body in bodies:
                meter.add(body)
                yield body
                if isinstance(body, CONTENT) and meter.nano > most_nano:
                    ctx.cut_nano = meter.nano
                    break
        if ctx.cut_nano is not None:
            name = ctx.request.target.ref
            ctx.run.hub.tell(f"`{name}` was cut at the {usd(most_nano)} that its budget allows it")
            yield Finished("length", CUT)

    def bounded(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
        if ctx.reserve_nano is None:
            return inner(ctx)
        bound = bound_of(ctx.request)
        return inner(ctx) if bound is None else call(ctx, ctx.reserve_nano, Meter(bound))

    return bounded
