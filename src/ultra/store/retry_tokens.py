"""Retry tokens that all processes share, one bucket a provider."""

import sqlite3

from ultra.core.ledger import AttemptRecord, AttemptResult, Refused
from ultra.core.refusals import retries_used_up
from ultra.core.retry_tokens import CAPACITY, affords, earned, paid


class RetryTokens:
    """Reads and moves the rows of `retry_bucket`, inside the caller's transaction.

    A provider has no row until a retry was paid for. Rows are read once a transaction and written
    once, by `finish`.
    """

    def __init__(self) -> None:
        self._rows: dict[str, float | None] = {}
        self._changed: set[str] = set()

    def begin(self) -> None:
        """Forget what was read."""
        self._rows.clear()
        self._changed.clear()

    def look(self, connection: sqlite3.Connection, attempt: AttemptRecord) -> Refused | None:
        """Why the retry must not be made; None when it is none or there are tokens."""
        if attempt.kind != "retry":
            return None
        tokens = self._tokens(connection, attempt)
        if affords(CAPACITY if tokens is None else tokens, attempt.retry_of):
            return None
        return retries_used_up(attempt.target)

    def take(self, connection: sqlite3.Connection, attempt: AttemptRecord) -> None:
        """Pay for a retry."""
        if attempt.kind == "retry":
            tokens = self._tokens(connection, attempt)
            self._put(attempt, paid(CAPACITY if tokens is None else tokens, attempt.retry_of))

    def note(
        self, connection: sqlite3.Connection, attempt: AttemptRecord, result: AttemptResult
    ) -> None:
        """Earn a token by an answer, and get back what its retry cost."""
        if result.status != "ok":
            return
        tokens = self._tokens(connection, attempt)
        if tokens is not None and tokens < CAPACITY:
            self._put(attempt, earned(tokens, attempt.retry_of, retried=attempt.kind == "retry"))

    def finish(self, connection: sqlite3.Connection) -> None:
        """Write what has changed, each row once."""
        for provider in sorted(self._changed):
            connection.execute(
                "INSERT OR REPLACE INTO retry_bucket (provider, tokens) VALUES (?, ?)",
                (provider, self._rows[provider]),
            )
        self._changed.clear()

    def _tokens(self, connection: sqlite3.Connection, attempt: AttemptRecord) -> float | None:
        provider = attempt.target.endpoint.provider
        if provider not in self._rows:
            row = connection.execute(
                "SELECT tokens FROM retry_bucket WHERE provider = ?", (provider,)
            ).fetchone()
            self._rows[provider] = row[0] if row else None
        return self._rows[provider]

    def _put(self, attempt: AttemptRecord, tokens: float) -> None:
        provider = attempt.target.endpoint.provider
        self._rows[provider] = tokens
        self._changed.add(provider)
