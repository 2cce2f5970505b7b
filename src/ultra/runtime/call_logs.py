"""Calls for log collectors: those that ended, and on wish those that end from now on."""

from collections.abc import Callable, Iterator

from ultra.core.scope import Scope
from ultra.core.totals import EndedCall
from ultra.runtime.runtime import Runtime
from ultra.store.ended import Ended

LOOK_S = 0.25
"""How often somebody who follows is told: a look at a log that nobody wrote costs 0.01 ms."""


def ended(
    runtime: Runtime, scope: Scope, after: str | None, wait: Callable[[float], None] | None
) -> Iterator[list[EndedCall]]:
    """Calls in the order in which they ended, each once, some at a time.

    `after` is the id of the call to go on after. `wait` is called between two looks, with seconds;
    None is to stop at the last call there is. Raises `StoreError` and `UsageError`.
    """
    span = scope.span(runtime.clock.time())
    calls = Ended(runtime.paths.database, span, scope.filter, after)
    try:
        yield from calls.look()
        while wait is not None:
            wait(LOOK_S)
            yield from calls.look()
    finally:
        calls.close()
