"""Whether a call that may not be tried yet waits, and for how long.

A rate gate is waited for, up to a minute; a breaker is open because the provider is down, so that
only a user who set a deadline waits for it. With another model standing by nobody waits.
"""

from ultra.core.errors import CallError, ErrorClass
from ultra.core.ledger import Refused
from ultra.engine.context import CallContext

LONGEST_WAIT_S = 60.0
"""The longest delay of a server or a gate that is waited for. Source: Portkey's gateway has the
same cap; the OpenAI SDK 3.52 refuses above 120 s."""

HERD_SPREAD = 0.1
"""The part of a wait by which it is lengthened at random, so that those who wait do not return as
one."""

SHORTEST_WAIT_S = 0.05
"""So that a gate that opens any moment is not asked in a tight loop."""

BREAKER_ASKED_EVERY_S = 5.0
"""Somebody else's probe may close a breaker long before its time."""


class Refusal(CallError):  # noqa: N818 - it is no failure
    """The ledger let no attempt be made. `wait_s` says when it might; None when waiting is no use.

    `code` tells refusals of one class apart (`retry_tokens`).
    """

    def __init__(self, refused: Refused) -> None:
        failure = refused.failure
        super().__init__(
            failure.error_class,
            failure.message,
            hint=failure.hint,
            code=failure.code,
            retry_after_s=refused.wait_s,
        )
        self.wait_s = refused.wait_s


def patience_s(ctx: CallContext, error: CallError) -> float | None:
    """Seconds until the attempt is asked for again; None when the call fails instead."""
    if not isinstance(error, Refusal) or error.wait_s is None or ctx.spec.standby:
        return None
    remaining = ctx.run.remaining_s()
    if error.error_class is ErrorClass.BREAKER_OPEN:
        if not ctx.run.patient or error.wait_s >= remaining:
            return None
        return min(_spread(ctx, error.wait_s), BREAKER_ASKED_EVERY_S)
    wait = _spread(ctx, error.wait_s)
    return wait if error.wait_s <= LONGEST_WAIT_S and wait < remaining else None


def _spread(ctx: CallContext, wait_s: float) -> float:
    return max(SHORTEST_WAIT_S, wait_s * (1.0 + ctx.run.rng.uniform(0.0, HERD_SPREAD)))
