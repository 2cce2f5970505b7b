"""Answers that serve again, in the log's file; and who is asking for one on behalf of all.

Everything happens on a daemon thread with a connection of its own. Trouble is told once and leaves
the cache alone for a while: every question is then asked.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from ultra.core.errors import StoreError
from ultra.core.model import ModelRef
from ultra.core.ports import CachedAnswer, CacheTurn, Clock
from ultra.core.profile import CacheRules
from ultra.store.answers import packed, unpacked
from ultra.store.database import Place, open_database
from ultra.store.owner import Owner, gone, myself, to_text

T = TypeVar("T")

BUSY_S = 2.0
"""How long a lock is waited for: less than the log does, since an answer needs no cache."""

SPARE_S = 1.0
"""How much longer whoever asks waits for the thread: a disk may hang for ever."""

REST_S = 60.0
"""How long the cache is left alone after trouble."""

SKEW_S = 60.0
"""How far ahead of the clock an answer may have been kept; beyond that its age is unknown."""

FARTHEST_S = 900.0
"""The lease that ends later than this was taken under another clock. More than any call takes."""

HOPELESS_S = 60.0
"""How long nobody waits for anybody after an answer that could not be kept."""

USED_S = 60.0
"""How exactly it is known when an answer served last, so that a hit seldom writes."""

SPACE = 0.9
"""How much of its room the cache fills once it had to make some."""

_FIND = (
    "SELECT answer, cost_nano, created_at, used_at FROM cache"
    " WHERE k = ? AND expires_at > ? AND created_at > ? AND created_at <= ?"
)
_EVICT = (
    "DELETE FROM cache WHERE rowid IN (SELECT rowid FROM (SELECT rowid,"
    " sum(size) OVER (ORDER BY used_at DESC, rowid DESC) AS filled FROM cache) WHERE filled > ?)"
)


class AnswerShelf:
    """What the thread does with its connection. `now` is UTC seconds since the epoch."""

    def __init__(self, connection: sqlite3.Connection, rules: CacheRules, me: Owner) -> None:
        self._connection = connection
        self._rules = rules
        self._me = me
        self._owner = to_text(me)

    def look(
        self, key: str, holder: str, lease_s: float | None, now: float
    ) -> CachedAnswer | CacheTurn:
        """As `ports.AnswerCache.look`. Reads alone unless the call is to lead."""
        found = self._find(key, now)
        if found is not None:
            return found
        turn = self._turn(key, now)
        if turn is not None or lease_s is None:
            return turn or "alone"
        with Writing(self._connection):
            # Another process may have been quicker in both.
            return (
                self._find(key, now)
                or self._turn(key, now)
                or self._lead(key, holder, now + lease_s)
            )

    def keep(
        self, key: str, holder: str, model: ModelRef, answer: CachedAnswer, now: float
    ) -> None:
        """As `ports.AnswerCache.keep`; what has expired goes, and what was used least of late."""
        data, most = packed(answer.bodies), self._rules.max_mb * 1_000_000
        if data is None or len(data) > most:
            self.release(key, holder, now, hopeless=True)
            return
        with Writing(self._connection):
            self._connection.execute(
                "DELETE FROM cache_lease WHERE k = ? OR until <= ?", (key, now)
            )
            self._connection.execute("DELETE FROM cache WHERE expires_at <= ?", (now,))
            self._connection.execute(
                "INSERT OR REPLACE INTO cache (k, provider, model, size, cost_nano, created_at,"
                " expires_at, used_at, answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(key, model.provider, model.model, len(data), answer.cost_nano),
                    *(now, now + self._rules.ttl_s, now, data),
                ),
            )
            if self._filled() > most:
                self._connection.execute(_EVICT, (most * SPACE,))

    def release(self, key: str, holder: str, now: float, *, hopeless: bool) -> None:
        """As `ports.AnswerCache.release`; a lead that was taken over is another's."""
        mine = "WHERE k = ? AND holder = ?"
        with Writing(self._connection):
            if hopeless:
                self._connection.execute(
                    f"UPDATE cache_lease SET holder = '', until = ? {mine}",  # noqa: S608
                    (now + HOPELESS_S, key, holder),
                )
            else:
                self._connection.execute(
                    f"DELETE FROM cache_lease {mine}",  # noqa: S608  (a constant)
                    (key, holder),
                )

    def _find(self, key: str, now: float) -> CachedAnswer | None:
        since = now - self._rules.ttl_s
        row = self._connection.execute(_FIND, (key, now, since, now + SKEW_S)).fetchone()
        bodies = unpacked(row[0]) if row else None
        if bodies is None:
            return None
        _, cost_nano, created_at, used_at = row
        if abs(now - used_at) > USED_S:
            self._used(key, now)
        return CachedAnswer(bodies, cost_nano, max(0.0, now - created_at))

    def _used(self, key: str, now: float) -> None:
        with suppress(sqlite3.OperationalError):  # that it served matters more than when
            self._connection.execute("UPDATE cache SET used_at = ? WHERE k = ?", (now, key))

    def _turn(self, key: str, now: float) -> CacheTurn | None:
        """Whether there is somebody to wait for; None when nobody asks."""
        row = self._connection.execute(
            "SELECT holder, owner, until FROM cache_lease WHERE k = ?", (key,)
        ).fetchone()
        if row is None or not now < row[2] <= now + FARTHEST_S:
            return None
        if not row[0]:
            return "alone"
        return None if gone(row[1], self._me, 0.0) else "wait"

    def _lead(self, key: str, holder: str, until: float) -> CacheTurn:
        self._connection.execute(
            "INSERT OR REPLACE INTO cache_lease (k, holder, owner, until) VALUES (?, ?, ?, ?)",
            (key, holder, self._owner, until),
        )
        return "lead"

    def _filled(self) -> int:
        (size,) = self._connection.execute("SELECT ifnull(sum(size), 0) FROM cache").fetchone()
        return int(size)


class Writing:
    """A transaction that is committed when the block ends, and undone when it fails."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._connection.in_transaction:
            self._connection.execute("COMMIT" if kind is None else "ROLLBACK")


class SqliteCache:
    """Fills `ports.AnswerCache` on the log's file.

    `warn` is told, on the event loop and once, when the cache cannot be used.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        rules: CacheRules,
        warn: Callable[[str], None],
        place: Place | None = None,
    ) -> None:
        self._place = place or Place(path, BUSY_S)
        self._clock = clock
        self._rules = rules
        self._warn = warn
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._shelf: AnswerShelf | None = None
        self._rests_until: float | None = None
        self._untold: list[str] = []
        self._told: set[str] = set()

    async def look(
        self, key: str, holder: str, *, lease_s: float | None
    ) -> CachedAnswer | CacheTurn:
        """As `ports.AnswerCache.look`."""
        now = self._clock.time()
        if self._rests():
            return "alone"
        job = self._post(lambda shelf: shelf.look(key, holder, lease_s, now))
        try:
            async with asyncio.timeout(self._place.busy_s * 2 + SPARE_S):
                found = await asyncio.wrap_future(job)
        except TimeoutError:
            found = None
            self._trouble("it does not answer", self._clock.monotonic())
        self._tell()
        return "alone" if found is None else found

    def keep(self, key: str, holder: str, model: ModelRef, answer: CachedAnswer) -> None:
        """As `ports.AnswerCache.keep`."""
        now = self._clock.time()
        if not self._rests():
            self._post(lambda shelf: shelf.keep(key, holder, model, answer, now))

    def release(self, key: str, holder: str, *, hopeless: bool) -> None:
        """As `ports.AnswerCache.release`."""
        now = self._clock.time()
        if not self._rests():
            self._post(lambda shelf: shelf.release(key, holder, now, hopeless=hopeless))

    async def flush(self, timeout_s: float) -> None:
        """As `ports.AnswerCache.flush`."""
        if self._thread is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.wrap_future(self._submit(lambda: None))
        self._tell()

    def _rests(self) -> bool:
        return self._rests_until is not None and self._clock.monotonic() < self._rests_until

    def _post(self, work: Callable[[AnswerShelf], T]) -> "Future[T | None]":
        """Have the thread do it; None as its result when it cannot be done."""
        monotonic, now = self._clock.monotonic(), self._clock.time()

        def job() -> T | None:
            if self._rests_until is not None and monotonic < self._rests_until:
                return None
            try:
                return work(self._shelf or self._opened(now))
            except Exception as error:  # the thread must outlive whatever the file holds
                self._close()
                self._trouble(_reason(error), monotonic)
                return None

        return self._submit(job)

    def _submit(self, job: Callable[[], T]) -> "Future[T]":
        future: Future[T] = Future()
        self._jobs.put((job, future))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="ultra-cache", daemon=True)
            self._thread.start()
        return future

    def _work(self) -> None:
        while True:
            job, future = self._jobs.get()
            if future.set_running_or_notify_cancel():
                future.set_result(job())

    def _opened(self, now: float) -> AnswerShelf:
        opened = open_database(self._place, now)
        self._connection = opened.connection
        self._untold.extend(opened.notes)
        # Words are kept while they are cached and no longer.
        self._connection.execute("PRAGMA secure_delete=ON")
        self._shelf = AnswerShelf(self._connection, self._rules, myself())
        return self._shelf

    def _close(self) -> None:
        connection, self._connection, self._shelf = self._connection, None, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _trouble(self, why: str, monotonic: float) -> None:
        self._rests_until = monotonic + REST_S
        self._untold.append(f"the cache in `{self._place.path}` cannot be used: {why}")

    def _tell(self) -> None:
        """Say what there is to say, each once, on the event loop."""
        untold, self._untold = self._untold, []
        for note in untold:
            if note not in self._told:
                self._told.add(note)
                self._warn(note)


def _reason(error: Exception) -> str:
    if isinstance(error, StoreError):
        return error.message
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
