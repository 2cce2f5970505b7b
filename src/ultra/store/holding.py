"""What one transaction does to reservations: worked out in memory, written in a few statements."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from ultra.store.bulk import batches, flat, slots
from ultra.store.counters import Key, Reservation, Windows

State = Literal["held", "settled", "released", "uncertain"]

_HELD = """
SELECT r.attempt_id, r.run_id, r.amount_nano, r.owner, r.expires_at, s.scope, s.period, s.window_id
FROM reservation r LEFT JOIN reservation_scope s ON s.attempt_id = r.attempt_id
WHERE r.state = 'held' AND r.attempt_id IN ({slots})"""

_INSERT = """
INSERT INTO reservation (attempt_id, run_id, amount_nano, state, owner, expires_at)
SELECT column1, column2, column3, 'held', column4, column5 FROM ({slots})"""

_UPDATE = """
UPDATE reservation SET state = v.column2, amount_nano = v.column3, actual_nano = v.column4
FROM ({slots}) AS v WHERE reservation.attempt_id = v.column1"""


class _Change(Struct, frozen=True, array_like=True):
    attempt_id: str
    state: State
    amount: int
    actual: int | None = None


class Holding:
    """The reservations that a transaction touches, and the windows that they count in.

    `ids` are those that it may draw on or settle; what of them is held no more is not found.
    """

    def __init__(self, connection: sqlite3.Connection, ids: Iterable[str], now: float) -> None:
        self._connection = connection
        self.windows = Windows(connection, now)
        self.held = _read(connection, list(ids))
        self.created: dict[str, Reservation] = {}
        self._changes: dict[str, _Change] = {}

    def take(self, item: Reservation) -> None:
        """Set money aside in every window of a new reservation."""
        self.created[item.attempt_id] = self.held[item.attempt_id] = item
        self._move(item.windows, item.amount)

    def draw(self, item: Reservation, amount: int) -> None:
        """Take money out of what a run has set aside."""
        item.amount -= amount
        self._move(item.windows, -amount)
        self._changes[item.attempt_id] = _Change(item.attempt_id, "held", item.amount)

    def end(self, item: Reservation, state: State, actual: int) -> None:
        """Turn a reservation into what it came to, in the windows it was made in."""
        del self.held[item.attempt_id]
        self._changes[item.attempt_id] = _Change(item.attempt_id, state, item.amount, actual)
        self._move(item.windows, -item.amount)
        for window in filter(None, map(self.windows.at, item.windows)):
            if state == "uncertain":
                window.uncertain += actual
            else:
                window.spent += actual
                window.overdraft += max(0, actual - item.amount)

    def write(self) -> None:
        """Put all of it into the file."""
        made = list(self.created.values())
        rows = [(i.attempt_id, i.run_id, i.amount, i.owner, i.expires_at) for i in made]
        for batch in batches(rows):
            self._connection.execute(_INSERT.format(slots=slots(batch)), flat(batch))
        scopes = [(item.attempt_id, *key) for item in made for key in item.windows]
        for batch in batches(scopes):
            self._connection.execute(f"INSERT INTO reservation_scope {slots(batch)}", flat(batch))
        changes = [(c.attempt_id, c.state, c.amount, c.actual) for c in self._changes.values()]
        for batch in batches(changes):
            self._connection.execute(_UPDATE.format(slots=slots(batch)), flat(batch))
        self.windows.write()

    def _move(self, windows: Sequence[Key], amount: int) -> None:
        """Change what is reserved in windows; one whose budget was removed is nobody's."""
        for window in filter(None, map(self.windows.at, windows)):
            window.reserved += amount


def _read(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Reservation]:
    found: dict[str, Reservation] = {}
    for batch in batches([(name,) for name in ids]):
        rows = connection.execute(_HELD.format(slots=", ".join("?" * len(batch))), flat(batch))
        for name, run_id, amount, owner, expires_at, *key in rows:
            item = found.setdefault(name, Reservation(name, run_id, amount, (), owner, expires_at))
            if key[0] is not None:
                item.windows = (*item.windows, (key[0], key[1], key[2]))
    return found
