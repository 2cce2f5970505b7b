"""The chain around one call: retry > slot > admit > timers > the provider's stream.

`report` stands outside of it, since it runs the call rather than passing it on.
"""

from collections.abc import AsyncGenerator

from ultra.core.ports import Ledger, Provider
from ultra.engine.admit import admit
from ultra.engine.context import Call, CallContext, Policy, PolicyBody
from ultra.engine.retry import retry
from ultra.engine.slot import slot
from ultra.engine.timers import timers


def compose(provider: Provider, ledger: Ledger) -> Call:
    """One call with every policy around it. Policies are listed outermost first."""

    def call(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
        return provider.stream(ctx.request)

    policies: tuple[Policy, ...] = (retry, slot(), admit(provider, ledger), timers)
    wrapped: Call = call
    for policy in reversed(policies):
        wrapped = policy(wrapped)
    return wrapped
