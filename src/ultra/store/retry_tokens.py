"""Retry tokens that all processes share, one bucket a provider."""

import sqlite3

from ultra.core.ports import AttemptRecord, AttemptResult, Refused


class RetryTokens:
    """Reads and moves the rows of `retry_bucket`, inside the caller's transaction."""

    def look(self, connection: sqlite3.Connection, attempt: AttemptRecord) -> Refused | None:
        """Why the retry must not be made; None when it is none or there are tokens."""
        return None

    def take(self, connection: sqlite3.Connection, attempt: AttemptRecord) -> None:
        """Pay for a retry."""

    def note(
        self, connection: sqlite3.Connection, attempt: AttemptRecord, result: AttemptResult
    ) -> None:
        """Earn a token by an answer, and get back what its retry cost."""
