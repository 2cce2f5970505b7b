"""Budgets that all processes share: reserved before an attempt leaves, settled once after."""

import sqlite3

from ultra.core.ports import Admitted, AttemptRecord, AttemptResult, Refused, RunRecord


class Budgets:
    """Reads and moves the rows of `budget` and `reservation`, inside the caller's transaction."""

    def __init__(self, owner: str) -> None:
        self._owner = owner

    def reserve(
        self,
        connection: sqlite3.Connection,
        attempt: AttemptRecord,
        run: RunRecord,
        now: float,
    ) -> Admitted | Refused:
        """Set aside what the attempt may cost in every scope, or refuse it in all of them."""
        return Admitted()

    def settle(
        self,
        connection: sqlite3.Connection,
        attempt_id: str,
        result: AttemptResult,
        now: float,
    ) -> None:
        """Turn the reservation into what was spent, exactly once."""

    def end_run(self, connection: sqlite3.Connection, run_id: str) -> None:
        """Release what is left of what the run had set aside."""
