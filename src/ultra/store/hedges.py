"""How many attempts are second copies: at most one in twenty, over all processes.

Counted from the newest rows of the log, which every process writes before an attempt leaves.
Source: Dean and Barroso, The Tail at Scale, CACM 56(2), 2013: a few percent more requests cut the
slowest ones by more than half.
"""

import sqlite3

from ultra.core.errors import ErrorClass, Failure
from ultra.core.ledger import AttemptRecord, Refused

ONE_IN = 20
LATEST = 100
"""Attempts that are looked back at: no more than five copies in a row of so many."""

HEDGE = "hedge"
"""The code of the refusal of a copy."""

_COUNT = f"""
SELECT count(*), coalesce(sum(kind = 'hedge'), 0) FROM (
  SELECT kind FROM attempts WHERE kind NOT IN ('cache', 'ensemble', 'import')
  ORDER BY rowid DESC LIMIT {LATEST - 1})
"""  # noqa: S608  (a number of our own)


class Hedges:
    """Counts copies inside the caller's transaction, those that it lets go itself included."""

    def __init__(self) -> None:
        self._made = 0

    def begin(self) -> None:
        """Forget what was counted: what was let go is on record by now."""
        self._made = 0

    def look(self, connection: sqlite3.Connection, attempt: AttemptRecord) -> Refused | None:
        """Why a copy must not leave; None when it is none or copies are rare enough."""
        if attempt.kind != "hedge":
            return None
        seen, made = connection.execute(_COUNT).fetchone()
        if ONE_IN * (made + self._made + 1) <= seen + 1:
            return None
        return no_copy(attempt, f"more than one attempt in {ONE_IN} would be a second copy")

    def take(self, attempt: AttemptRecord) -> None:
        """Count a copy that was let go."""
        self._made += attempt.kind == "hedge"


def no_copy(attempt: AttemptRecord, why: str) -> Refused:
    """The refusal of a copy; nobody waits for leave to make one."""
    target = attempt.target
    failure = Failure(
        ErrorClass.LOCAL_LIMIT,
        f"not hedged: {why}",
        provider=target.endpoint.provider,
        model=target.model,
        code=HEDGE,
    )
    return Refused(failure)
