"""The book of budgets, as `ultra budgets` reads and writes it."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from ultra.core.audit import NOBODY, Action, Author, Deed, Fact
from ultra.core.budget import RUN, Limit
from ultra.core.errors import StoreError, UsageError
from ultra.core.gauges import Gauge, Source, Uncertain
from ultra.core.windows import begins, next_window, window_at, zone_known
from ultra.store.audit import append
from ultra.store.counters import Windows
from ultra.store.database import Opened, Place, open_database
from ultra.store.dead import release_dead
from ultra.store.limits import keep_limits, stored_limits
from ultra.store.reading import reading
from ultra.store.schema import MIGRATIONS
from ultra.store.uncertain import apply, uncertain


class Book:
    """The budgets in the log at `path`. `now` tells UTC seconds since the epoch.

    A change and the entry of the audit trail that names its `author` are one transaction; `place`
    says how the file is opened. Every method raises `StoreError` when the file cannot be used.
    """

    def __init__(
        self,
        path: Path,
        now: Callable[[], float],
        author: Author = NOBODY,
        *,
        place: Place | None = None,
    ) -> None:
        self._path = path
        self._place = place or Place(path)
        self._now = now
        self._author = author

    def gauges(self, profile: Sequence[Limit] = ()) -> list[Gauge]:
        """Every limit of the store, then those of a profile, with how far each is used."""
        with reading(self._path) as opened:
            # A log of an older ultra holds no limits; the next run brings it up to date.
            if opened is None or not current(opened):
                return [Gauge(limit, "profile") for limit in profile]
            return gauges_in(opened, profile, self._now())

    def set(self, limit: Limit) -> Gauge:
        """Set a limit, in place of the one of its scope and period; how far it is used already.

        What was charged in its window before is counted. Raises `UsageError` for a hard one on a
        network file system.
        """
        with self._writing() as opened:
            if opened.network and limit.mode == "hard":
                raise UsageError(
                    f"a hard budget cannot be kept on a network file system (`{opened.network}`)",
                    hint="put the log on a local disk (`ULTRA_HOME`), or make the budget soft",
                )
            connection, now = opened.connection, self._now()
            before = _limit_of(connection, limit.scope, limit.period)
            keep_limits(connection, [limit], now)
            gauge = _counted(connection, limit, now)
            append(connection, self._did("budget.set", limit, before=before, after=limit))
            return gauge

    def remove(self, scope: str, period: str | None) -> list[Limit]:
        """Remove the limits of a scope, of one period or of all; those that there were."""
        with self._writing() as opened:
            connection = opened.connection
            found = [
                limit
                for limit in stored_limits(connection)
                if limit.scope == scope and period in (None, limit.period)
            ]
            for limit in found:
                for table in ("budget_limit", "budget", "reservation_scope"):
                    connection.execute(
                        f"DELETE FROM {table} WHERE scope = ? AND period = ?",  # noqa: S608
                        (limit.scope, limit.period),
                    )
            append(connection, *(self._did("budget.removed", one, before=one) for one in found))
            return found

    def uncertain(self) -> list[Uncertain]:
        """Attempts whose process died before they ended, oldest first."""
        if not self._path.exists():
            return []
        with self._writing() as opened:
            release_dead(opened.connection, self._now())
            return uncertain(opened.connection)

    def reconcile(self, ids: Sequence[str], cost_nano: int) -> list[Uncertain]:
        """Settle uncertain attempts at what each is known to have cost, 0 for nothing; which.

        The log is charged the same. One that is uncertain no more is left as it is.
        """
        with self._writing() as opened:
            found = apply(opened.connection, ids, cost_nano, self._now())
            append(opened.connection, *(self._settled(item, cost_nano) for item in found))
            return found

    def _did(
        self,
        action: Action,
        limit: Limit,
        *,
        before: Limit | None = None,
        after: Limit | None = None,
    ) -> Deed:
        """The entry of a limit that was set, perhaps in place of another, or removed."""
        facts = {**_facts(before, "was_"), **_facts(after, "")}
        return self._author.did(action, limit.scope, self._now(), period=limit.period, **facts)

    def _settled(self, item: Uncertain, cost_nano: int) -> Deed:
        """The entry of an attempt of which the user has told the cost."""
        return self._author.did(
            "budget.reconciled",
            item.attempt_id,
            self._now(),
            was_nano=item.charged_nano,
            cost_nano=cost_nano,
        )

    @contextmanager
    def _writing(self) -> Iterator[Opened]:
        """One transaction on the file, which is made if need be."""
        try:
            opened = open_database(self._place, self._now())
            with closing(opened.connection) as connection:
                connection.execute("BEGIN IMMEDIATE")
                yield opened
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"the log `{self._path}` cannot be written: {error}",
                hint="`ultra logs path` shows where it is",
            ) from error


def gauges_in(connection: sqlite3.Connection, profile: Sequence[Limit], now: float) -> list[Gauge]:
    """Every limit of the store, then those of a profile, with how far each is used."""
    stored = stored_limits(connection)
    zones = {(limit.scope, limit.period): limit.timezone for limit in stored}
    named: list[tuple[Limit, Source]] = [(limit, "store") for limit in stored]
    named += [(limit, "profile") for limit in profile]
    windows = Windows(connection, now)
    return [
        _gauge(windows, limit, source, zones.get((limit.scope, limit.period), ""))
        for limit, source in named
    ]


def current(connection: sqlite3.Connection) -> bool:
    """Whether the log has every table that this ultra knows."""
    return bool(connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS))


def _gauge(windows: Windows, limit: Limit, source: Source, timezone: str) -> Gauge:
    if limit.period == RUN:
        return Gauge(limit, source)
    window, zone = windows.current(limit.scope, limit.period, "", timezone), zone_known(timezone)
    return Gauge(
        limit,
        source,
        window.window_id,
        begins(window.window_id, zone),
        begins(next_window(limit.period, window.window_id), zone),
        window.spent,
        window.reserved,
        window.uncertain,
        window.overdraft,
        window.unpriced,
    )


def _limit_of(connection: sqlite3.Connection, scope: str, period: str) -> Limit | None:
    """The limit of a scope and period that stands in the store."""
    stored = stored_limits(connection)
    return next((one for one in stored if (one.scope, one.period) == (scope, period)), None)


def _facts(limit: Limit | None, prefix: str) -> dict[str, Fact]:
    """What the audit trail says of a limit."""
    if limit is None:
        return {}
    told = (("limit_nano", limit.limit_nano), ("mode", limit.mode), ("timezone", limit.timezone))
    return {f"{prefix}{name}": value for name, value in told if value != ""}


def _counted(connection: sqlite3.Connection, limit: Limit, now: float) -> Gauge:
    """How far a limit that was just set is used, with what was spent before it."""
    if limit.period == RUN:
        return Gauge(limit, "store")
    zone = zone_known(limit.timezone)
    _bring_back(connection, limit, window_at(limit.period, now, zone))
    windows = Windows(connection, now)
    gauge = _gauge(windows, limit, "store", limit.timezone)
    windows.write()
    return gauge


_LATER = "scope = ? AND period = ? AND window_id > ?"
_SUMS = (
    *("opening_nano", "spent_nano", "reserved_nano", "uncertain_nano"),
    *("overdraft_nano", "unpriced"),
)


def _bring_back(connection: sqlite3.Connection, limit: Limit, today: str) -> None:
    """Count in today's window what a clock that was ahead has counted in later ones.

    Whoever sets a budget says that the clock is right now; what was spent stays spent.
    """
    place = (limit.scope, limit.period, today)
    later = connection.execute(f"SELECT count(*) FROM budget WHERE {_LATER}", place)  # noqa: S608
    if not later.fetchone()[0]:
        return
    connection.execute(
        "INSERT OR IGNORE INTO budget (scope, period, window_id) VALUES (?, ?, ?)", place
    )
    sums = ", ".join(
        f"{name} = {name} + (SELECT sum({name}) FROM budget WHERE {_LATER})"  # noqa: S608
        for name in _SUMS
    )
    connection.execute(
        f"UPDATE budget SET {sums} WHERE scope = ? AND period = ? AND window_id = ?",  # noqa: S608
        (*place * len(_SUMS), *place),
    )
    connection.execute(f"DELETE FROM budget WHERE {_LATER}", place)  # noqa: S608
    connection.execute(
        f"UPDATE reservation_scope SET window_id = ? WHERE {_LATER}",  # noqa: S608
        (today, *place),
    )
