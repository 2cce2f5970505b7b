"""What hard budgets forbid at this moment, read for a route before it chooses: never a write."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing

from msgspec import Struct, field

from ultra.core.budget import Bound, Limit, scopes_of
from ultra.core.errors import Failure
from ultra.store.allowance import allow, lines_of, no_price
from ultra.store.barriers import Caller
from ultra.store.counters import Windows
from ultra.store.database import empty_database
from ultra.store.limits import stored_limits
from ultra.store.schema import MIGRATIONS


class Account(Struct, frozen=True):
    """Whom a run is charged to, and the limits that it brings itself."""

    profile: str = ""
    cost_center: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()


def walls(
    connection: sqlite3.Connection | None,
    callers: Sequence[tuple[Caller, Bound | None]],
    account: Account,
    now: float,
) -> list[Failure | None]:
    """For each caller what admission would say to a call of this bound; None if it may go.

    Without a log (`connection` None) it is the limits that the run brings itself, of which nothing
    is used. The budget of a key that is not known is left to admission, as is a file system that
    keeps none.
    """
    if connection is None:
        if not any(limit.mode == "hard" for limit in account.limits):
            return [None for _ in callers]
        with closing(empty_database(MIGRATIONS)) as unused:
            return walls(unused, callers, account, now)
    stored = stored_limits(connection)
    if not any(limit.mode == "hard" for limit in (*stored, *account.limits)):
        return [None for _ in callers]
    windows = Windows(connection, now)
    return [_wall(caller, bound, stored, account, windows) for caller, bound in callers]


def _wall(
    caller: Caller,
    bound: Bound | None,
    stored: Sequence[Limit],
    account: Account,
    windows: Windows,
) -> Failure | None:
    endpoint = caller.target.endpoint
    if endpoint.simulated:
        return None
    scopes = scopes_of(
        account.profile,
        account.cost_center,
        account.tags,
        endpoint.provider,
        caller.key_fp or "",
    )
    hard = [line for line in lines_of(scopes, stored, account.limits, windows, "") if line.hard]
    if not hard or (bound is not None and bound.free):
        return None
    if bound is None:
        return no_price(hard[0].limit, f"`{caller.target.ref}`")
    allowed = allow(bound, hard, None, None)
    return allowed if isinstance(allowed, Failure) else None
