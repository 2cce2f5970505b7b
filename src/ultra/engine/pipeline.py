"""The chain of policies around a call, outermost first.

race > recalled > ensembles > cache > retry > slot > admit > reserve > timers > stream;
`report` stands outside of it, since it runs the call rather than passing it on.
"""

from collections.abc import AsyncGenerator

from ultra.core.ledger import Ledger
from ultra.core.ports import Provider
from ultra.engine.admit import admit
from ultra.engine.context import Call, CallContext, Policy, PolicyBody
from ultra.engine.race import race
from ultra.engine.reserve import reserve
from ultra.engine.retry import retry
from ultra.engine.slot import Everywhere, slot
from ultra.engine.timers import timers


def compose(
    provider: Provider,
    ledger: Ledger,
    cache: Policy | None = None,
    ensembles: Policy | None = None,
    everywhere: Everywhere | None = None,
    recalled: Policy | None = None,
) -> Call:
    """One call with every policy around it. Policies are listed outermost first.

    `cache` is the policy of `engine.cache`, None for a run that wants none; `ensembles` answers
    calls of ensembles out of others, None for a run that has none. `everywhere` are the places
    that runs share, None for one that shares them with nobody. `recalled` serves answers of members
    that are on record, of ensembles too; None where there are none.
    """

    def call(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
        return provider.stream(ctx.request)

    policies: tuple[Policy, ...] = (
        retry,
        slot({} if everywhere is None else everywhere),
        admit(provider, ledger),
        reserve,
        timers,
    )
    wrapped: Call = call
    for policy in reversed((race, *filter(None, (recalled, ensembles, cache)), *policies)):
        wrapped = policy(wrapped)
    return wrapped
