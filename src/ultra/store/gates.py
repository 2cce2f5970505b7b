"""Rate gates that all processes share: one for each credential at each model."""

import sqlite3

from ultra.core.ports import AttemptRecord, AttemptResult, Refused


class Gates:
    """Reads and moves the rows of `gate`, inside the caller's transaction."""

    def begin(self) -> None:
        """Forget what was read."""

    def look(
        self, connection: sqlite3.Connection, attempt: AttemptRecord, now: float
    ) -> Refused | None:
        """Why the attempt must wait; None when there is room."""
        return None

    def take(self, connection: sqlite3.Connection, attempt: AttemptRecord, now: float) -> None:
        """Count the attempt against what is left."""

    def note(
        self,
        connection: sqlite3.Connection,
        attempt: AttemptRecord,
        result: AttemptResult,
        now: float,
    ) -> None:
        """Learn what is left from what the provider said."""
