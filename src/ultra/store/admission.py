"""Whether an attempt may leave, decided in the transaction that puts it on record.

The order of checks is a contract: share of copies, breaker, rate gate, retry tokens, budgets. What
a check takes (a probe's lease, a token, money) is taken once all have agreed, so that a refusal
leaves nothing held. Attempts of simulated endpoints pass breakers and gates unlooked at: there is
nobody to protect.
"""

import sqlite3
from collections.abc import Callable, Sequence

from ultra.core.budget import Limit
from ultra.core.ledger import Admitted, Refused
from ultra.core.profile import BreakerRules
from ultra.store.breakers import Breakers
from ultra.store.budgets import Budgets
from ultra.store.gates import Gates
from ultra.store.hedges import Hedges
from ultra.store.operations import Admit, Close
from ultra.store.retry_tokens import RetryTokens


class Admission:
    """The state that processes share, as one connection sees and changes it.

    `owner` is who holds what is taken; `now` tells UTC seconds since the epoch.
    """

    def __init__(self, rules: BreakerRules, owner: str, now: Callable[[], float]) -> None:
        self._now = now
        self._hedges = Hedges()
        self._breakers = Breakers(rules, owner)
        self._gates = Gates()
        self._tokens = RetryTokens()
        self._budgets = Budgets(owner)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits of the store as they were last read."""
        return self._budgets.known

    def lies_on(self, network: str) -> None:
        """Learn on which network file system the file lies; empty for a local one."""
        self._budgets.network = network

    def begin(self, connection: sqlite3.Connection, closing: Sequence[str]) -> None:
        """Forget what was read: a new transaction begins, and others may have written meanwhile.

        `closing` are the attempts that end in it.
        """
        self._hedges.begin()
        self._breakers.begin()
        self._gates.begin()
        self._tokens.begin()
        self._budgets.begin(connection, closing, self._now())

    def count(self, connection: sqlite3.Connection, admit: Admit) -> None:
        """Set aside what an attempt may cost that has left already, while nobody could decide."""
        self._budgets.count(connection, admit.attempt, admit.run, self._now())

    def written(self) -> None:
        """Remember what the transaction has changed, now that it is committed."""
        self._breakers.written()
        self._budgets.written()

    def decide(self, connection: sqlite3.Connection, admit: Admit) -> Admitted | Refused:
        """Let the attempt go and take what it needs, or say why not."""
        attempt, now = admit.attempt, self._now()
        guarded = not attempt.target.endpoint.simulated
        refused = (
            self._hedges.look(connection, attempt)
            or (
                guarded
                and (
                    self._breakers.look(connection, attempt, now)
                    or self._gates.look(connection, attempt, now)
                    or self._tokens.look(connection, attempt)
                )
            )
            or None
        )
        if refused:
            return refused
        verdict = self._budgets.reserve(connection, attempt, admit.run, now)
        if guarded and isinstance(verdict, Admitted):
            self._breakers.take(connection, attempt, now)
            self._gates.take(connection, attempt, now)
            self._tokens.take(connection, attempt)
        if isinstance(verdict, Admitted):
            self._hedges.take(attempt)
        return verdict

    def close(self, connection: sqlite3.Connection, closed: Close) -> None:
        """Give back what the attempt held, and learn from how it ended."""
        now = self._now()
        if closed.attempt is not None and not closed.attempt.target.endpoint.simulated:
            self._breakers.note(
                connection, closed.attempt, closed.result, now, keep_text=closed.keep_text
            )
            self._gates.note(connection, closed.attempt, closed.result)
            self._tokens.note(connection, closed.attempt, closed.result)
        self._budgets.settle(closed.attempt_id, closed.result)

    def end_run(self, connection: sqlite3.Connection, run_id: str) -> None:
        """Give back what the run had set aside for calls that it did not make."""
        self._budgets.end_run(run_id)

    def finish(self, connection: sqlite3.Connection) -> None:
        """Write what the transaction has changed, each row once however many attempts moved it."""
        self._breakers.finish(connection)
        self._gates.finish(connection)
        self._tokens.finish(connection)
        self._budgets.finish()
