"""Puts groups on record, and knows what to do when the file will not have them.

A log that cannot be written is said once and never stands in the way of an answer. While the file
is locked its groups are kept and tried again; other trouble drops them until the next run begins.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

from msgspec import structs

from ultra.core.budget import Limit
from ultra.core.errors import StoreError
from ultra.core.ledger import Admitted, Refused
from ultra.core.profile import BreakerRules
from ultra.store.admission import Admission
from ultra.store.database import BROKEN, BUSY, Place, error_code, of_index, open_database, set_aside
from ultra.store.limits import keep_limits
from ultra.store.operations import Admit, Flush, Operation, Reply
from ultra.store.owner import myself, to_text
from ultra.store.sweep import sweep
from ultra.store.transactions import PromptCache, commit
from ultra.store.unrecorded import limits_at, verdict

RETRY_S = 0.25
"""How often a locked file is tried again, and how long each such try waits for the lock."""

MOST_WAITING = 20_000
"""Operations kept while the file is locked; beyond this they are given up."""

Outcome = Admitted | Refused | bool


class Committer:
    """One connection, used by one thread."""

    def __init__(
        self,
        place: Place,
        *,
        now: Callable[[], float],
        warn: Callable[[str], None],
        breaker: BreakerRules,
    ) -> None:
        self._place = place
        self._now = now
        self._warn = warn
        self._me = myself()
        self._owner = to_text(self._me)
        self._cache = PromptCache()
        self._admission = Admission(breaker, self._owner, now)
        self._connection: sqlite3.Connection | None = None
        self._locked = False
        self._swept = False
        self._renewed = False
        self._saved: tuple[Limit, ...] = ()
        self._beforehand: tuple[Limit, ...] = ()
        self.held_up: str | None = None
        """Why the file takes long to open, while it does."""
        self._warned = False
        self._trouble: str | None = None
        self._teller: Reply | None = None
        self.commits = 0
        """Transactions that wrote, for benchmarks."""

    def settle(self, group: list[Operation]) -> list[Operation]:
        """Put a group on record and answer those who wait; what is left is to be tried again."""
        if self._trouble is not None:
            return self._drop(group, self._trouble)
        try:
            outcomes = self._commit(group)
        except Exception as error:  # the thread must outlive whatever a group brings
            return self._failed(group, error)
        self._all_is_well()
        self._answer(_replies(group, outcomes, flushed=True))
        self._sweep()
        return []

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits of the store as they were last read."""
        return self._beforehand if self.held_up else self._admission.limits

    def try_again(self) -> None:
        """Take up writing again after trouble. May be called from any thread."""
        self._trouble = None

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _commit(self, group: list[Operation]) -> list[Admitted | Refused]:
        if self._connection is None:
            place = structs.replace(self._place, busy_s=RETRY_S) if self._locked else self._place
            place = structs.replace(place, tell=partial(self._hold_up, group))
            try:
                opened = open_database(place, self._now())
            finally:
                self.held_up = None
            self._connection = opened.connection
            self._admission.lies_on(opened.network)
            keep_limits(self._connection, self._saved, self._now())
            self._saved = ()
            for note in opened.notes:
                self._tell(group, note)
        put = partial(commit, self._connection, group, self._owner, self._cache, self._admission)
        try:
            outcomes = put()
        except sqlite3.DatabaseError as error:
            if not of_index(error):
                raise
            outcomes = put(words=False)
        self.commits += 1
        return outcomes

    def _failed(self, group: list[Operation], error: Exception) -> list[Operation]:
        code = error_code(error)
        if code in BUSY and len(group) <= MOST_WAITING:
            return self._wait(group, error)
        if code in BROKEN:
            return self._begin_anew(group, error)
        if isinstance(error, sqlite3.OperationalError | OSError | StoreError):
            self._trouble = self._complain(group, error)
            self.close()
            return self._drop(group, self._trouble)
        if len(group) == 1:
            return self._drop(group, self._complain(group, error))
        return [left for operation in group for left in self.settle([operation])]

    def _wait(self, group: list[Operation], error: Exception) -> list[Operation]:
        """Let the attempts go and keep the group, which the lock will not hold up for ever."""
        warning = self._complain(group, error)
        if not self._locked:
            self._locked = True
            self._patience(RETRY_S)
        return self._let_go(group, warning)

    def _hold_up(self, group: list[Operation], why: str) -> None:
        """Say why the file takes long to open, and let nobody wait for it who has a request."""
        self._beforehand = limits_at(self._place.path) or ()
        self.held_up = why
        self._tell(group, why)
        group[:] = self._let_go(group, why)

    def _let_go(self, group: Sequence[Operation], warning: str) -> list[Operation]:
        """Answer the attempts of a group; what is left is put on record later."""
        outcomes = self._unrecorded(group, warning)
        self._answer([(item.reply, outcome) for item, outcome in outcomes])
        refused = {id(item) for item, outcome in outcomes if isinstance(outcome, Refused)}
        for item, _ in outcomes:
            item.reply = None
        return [item for item in group if id(item) not in refused]

    def _unrecorded(
        self, group: Iterable[Operation], warning: str
    ) -> list[tuple[Admit, Admitted | Refused]]:
        """What becomes of the attempts of a group that cannot be put on record now."""
        admits = [item for item in group if isinstance(item, Admit)]
        waiting = any(item.reply is not None for item in admits)
        known = (limits_at(self._place.path) if waiting else None) or self.limits
        return [(item, verdict(item.attempt, item.run, known, warning)) for item in admits]

    def _begin_anew(self, group: list[Operation], error: Exception) -> list[Operation]:
        self.close()
        note = None
        saved = limits_at(self._place.path) or self.limits
        if not self._renewed:
            with suppress(sqlite3.Error, OSError):
                note = set_aside(self._place, self._now())
        if note is None:
            self._trouble = self._complain(group, error)
            return self._drop(group, self._trouble)
        self._renewed = True
        self._saved = saved
        self._tell(group, note)
        return self.settle(group)

    def _drop(self, group: Sequence[Operation], warning: str) -> list[Operation]:
        outcomes = [outcome for _, outcome in self._unrecorded(group, warning)]
        self._answer(_replies(group, outcomes, flushed=False))
        return []

    def _all_is_well(self) -> None:
        if self._locked:
            self._locked = False
            self._patience(self._place.busy_s)

    def _patience(self, seconds: float) -> None:
        if self._connection is not None:
            self._connection.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")

    def _sweep(self) -> None:
        """Once, and after the first group: nobody waits for it."""
        if self._swept or self._connection is None:
            return
        self._swept = True
        with suppress(sqlite3.Error):
            sweep(self._connection, self._me, self._now())

    def _complain(self, group: Iterable[Operation], error: Exception) -> str:
        """Say once that the log is not written; the words, for the attempts let go without it."""
        if isinstance(error, StoreError):  # its words name the file already
            warning = f"{error.message}; nothing is logged: {error.hint or 'see `ultra logs path`'}"
        else:
            yet = " yet" if error_code(error) in BUSY else ""  # it is kept, and tried again
            warning = f"the log `{self._place.path}` cannot be written{yet}: {_reason(error)}"
        if not self._warned:
            self._warned = True
            self._tell(group, warning)
        return warning

    def _tell(self, group: Iterable[Operation], message: str) -> None:
        """Warn on the event loop that was last heard from, where screens are drawn."""
        said = (op.reply for op in group if isinstance(op, Admit | Flush))
        replies = [reply for reply in said if reply is not None]
        self._teller = replies[-1] if replies else self._teller
        try:
            if self._teller is not None:
                self._teller.loop.call_soon_threadsafe(self._warn, message)
                return
        except RuntimeError:  # the loop is closed
            pass
        self._warn(message)

    def _answer(self, answers: Iterable[tuple[Reply | None, Outcome]]) -> None:
        """Wake everybody who waits, each event loop once."""
        by_loop: dict[int, list[tuple[Reply, Outcome]]] = {}
        for reply, outcome in answers:
            if reply is not None:
                by_loop.setdefault(id(reply.loop), []).append((reply, outcome))
        for waiting in by_loop.values():
            self._teller = waiting[0][0]
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                waiting[0][0].loop.call_soon_threadsafe(_resolve, waiting)


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)


def _replies(
    group: Iterable[Operation], outcomes: Iterable[Admitted | Refused], *, flushed: bool
) -> list[tuple[Reply | None, Outcome]]:
    left = iter(outcomes)
    answers: list[tuple[Reply | None, Outcome]] = []
    for item in group:
        if isinstance(item, Admit):
            answers.append((item.reply, next(left)))
        elif isinstance(item, Flush):
            answers.append((item.reply, flushed))
    return answers


def _resolve(waiting: Sequence[tuple[Reply, Outcome]]) -> None:
    for reply, outcome in waiting:
        if not reply.future.done():
            reply.future.set_result(outcome)
