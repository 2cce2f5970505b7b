"""The counters of budgets as one transaction sees them: read once each, written back at its end.

Nobody else can write while the transaction lasts (`BEGIN IMMEDIATE`), so what was read holds.
"""

import sqlite3
from datetime import tzinfo

from msgspec import Struct, structs

from ultra.core.budget import ALL, RUN
from ultra.core.windows import begins, window_at, zone_known
from ultra.store.bulk import batches, flat, slots

MOST_NANO = 10**18
"""A billion dollars: whatever a server makes up, sums stay within SQLite's integers."""

Key = tuple[str, str, str]
"""A window: its scope, its period, and its first day or its run."""


class Window(Struct):
    """One row of `budget`; money in nano-dollars. `spent` holds `opening`: see `_already`.

    `unpriced` counts attempts of models without a price, `warned` the steps that were told.
    """

    scope: str
    period: str
    window_id: str
    opening: int = 0
    spent: int = 0
    reserved: int = 0
    uncertain: int = 0
    overdraft: int = 0
    unpriced: int = 0
    warned: int = 0

    @property
    def key(self) -> Key:
        """What tells it from all others."""
        return self.scope, self.period, self.window_id

    @property
    def used(self) -> int:
        """What is no longer there to be spent."""
        return self.spent + self.reserved + self.uncertain


class Reservation(Struct):
    """Money set aside for one attempt, or for what a run has yet to ask, in each of its windows."""

    attempt_id: str
    run_id: str
    amount: int
    windows: tuple[Key, ...]
    owner: str
    expires_at: float

    @property
    def for_later(self) -> bool:
        """Whether it is for calls that the run has yet to make."""
        return "/" in self.attempt_id


_COLUMNS = (
    "scope, period, window_id, opening_nano, spent_nano, reserved_nano, uncertain_nano,"
    " overdraft_nano, unpriced, warned"
)
_AT = f"SELECT {_COLUMNS} FROM budget WHERE scope = ? AND period = ? AND window_id = ?"  # noqa: S608
_LATEST = (
    f"SELECT {_COLUMNS} FROM budget WHERE scope = ? AND period = ?"  # noqa: S608
    " ORDER BY window_id DESC LIMIT 1"
)
_CHARGED = """
SELECT ifnull(sum(a.charged_nano), 0), count(*) - count(a.charged_nano)
FROM attempts a INDEXED BY attempts_started
CROSS JOIN calls c ON c.call_id = a.call_id
{join}
WHERE a.started_at >= ? AND NOT c.simulated AND {condition}"""
_RUN = "CROSS JOIN runs r ON r.run_id = c.run_id"
_CONDITIONS = {
    "profile": (_RUN, "r.profile = ?"),
    "cost_center": (_RUN, "r.cost_center = ?"),
    "provider": ("", "c.provider = ?"),
    "key": ("", "a.key_fp = ?"),
    "tag": (
        "",
        """EXISTS (SELECT 1 FROM run_tags t
           WHERE t.run_id = c.run_id AND t.name || '=' || t.value = ?)""",
    ),
}


class Windows:
    """The rows of `budget` that a transaction touches."""

    def __init__(self, connection: sqlite3.Connection, now: float) -> None:
        self._connection = connection
        self._now = now
        self._known: dict[Key, Window | None] = {}
        self._latest: dict[tuple[str, str], Window] = {}
        self._changed: dict[Key, Window] = {}

    def at(self, key: Key) -> Window | None:
        """A window to be changed; None when it is there no more."""
        if key not in self._known:
            row = self._connection.execute(_AT, key).fetchone()
            self._known[key] = Window(*row) if row else None
        window = self._known[key]
        if window is not None:
            self._changed[key] = window
        return window

    def current(self, scope: str, period: str, run_id: str, timezone: str = "") -> Window:
        """The window that money goes to now, opened if need be. It never goes back in time.

        A clock that jumped ahead and back finds the later window, which goes on.
        """
        place = (scope, run_id if period == RUN else period)
        if place not in self._latest:
            self._latest[place] = self._find(scope, period, run_id, zone_known(timezone))
        window = self._latest[place]
        self._changed[window.key] = window
        return window

    def _find(self, scope: str, period: str, run_id: str, zone: tzinfo | None) -> Window:
        if period == RUN:
            return self.at((scope, period, run_id)) or self._keep(Window(scope, period, run_id))
        row = self._connection.execute(_LATEST, (scope, period)).fetchone()
        wanted = window_at(period, self._now, zone)
        if row and row[2] >= wanted:
            found = self._known.get((scope, period, row[2]))
            return found or self._keep(Window(*row))
        charged, unpriced = self._already(scope, begins(wanted, zone))
        opened = Window(scope, period, wanted, charged, charged)
        opened.unpriced = unpriced
        return self._keep(opened)

    def _keep(self, window: Window) -> Window:
        self._known[window.key] = window
        return window

    def _already(self, scope: str, begin: float) -> tuple[int, int]:
        """What the log charges the scope since a window began, before anybody counted it there.

        Attempts that are under way are counted at their estimates, and stay so.
        """
        kind, _, name = scope.partition(":")
        join, condition = ("", "1") if scope == ALL else _CONDITIONS[kind]
        sql = _CHARGED.format(join=join, condition=condition)
        values = (begin,) if scope == ALL else (begin, name)
        charged, unpriced = self._connection.execute(sql, values).fetchone()
        return int(charged), int(unpriced)

    def forget_run(self, run_id: str) -> None:
        """Drop the window of a run that is over, unless something in it is still open."""
        window = self.at((RUN, RUN, run_id))
        if window is None or window.reserved or window.uncertain:
            return
        del self._changed[window.key], self._known[window.key]
        self._latest.pop((RUN, run_id), None)
        self._connection.execute(
            "DELETE FROM budget WHERE scope = ? AND period = ? AND window_id = ?", window.key
        )
        self._connection.execute(
            "DELETE FROM reservation_scope WHERE attempt_id >= ? AND attempt_id < ? AND scope = ?",
            (run_id, run_id + "~", RUN),  # ids of its attempts, which begin so
        )

    def write(self) -> None:
        """Put what was changed into the file."""
        rows = [structs.astuple(window) for window in self._changed.values()]
        for batch in batches(rows):
            self._connection.execute(
                f"INSERT OR REPLACE INTO budget ({_COLUMNS}) {slots(batch)}",
                flat(batch),
            )
        self._changed.clear()
