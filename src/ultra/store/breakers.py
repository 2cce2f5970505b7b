"""Breakers that all processes share: one for each endpoint's model, one for each credential."""

import sqlite3

from ultra.core.ports import AttemptRecord, AttemptResult, Refused
from ultra.core.profile import BreakerRules


class Breakers:
    """Reads and moves the rows of `breaker`, inside the caller's transaction."""

    def __init__(self, rules: BreakerRules, owner: str) -> None:
        self._rules = rules
        self._owner = owner

    def begin(self) -> None:
        """Forget what was read."""

    def look(
        self, connection: sqlite3.Connection, attempt: AttemptRecord, now: float
    ) -> Refused | None:
        """Why the attempt must not leave; None when nothing is open."""
        return None

    def take(self, connection: sqlite3.Connection, attempt: AttemptRecord, now: float) -> None:
        """Take the lease of the probe where the breaker is half open."""

    def note(
        self,
        connection: sqlite3.Connection,
        attempt: AttemptRecord,
        result: AttemptResult,
        now: float,
    ) -> None:
        """Move the breakers by how the attempt ended."""
