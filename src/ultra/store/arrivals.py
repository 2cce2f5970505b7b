"""What came into the log since it was last looked at: each look reads what is new and no more.

Row numbers grow, but for two cases: the number of a newest row that was deleted is given again, and
VACUUM numbers rows anew. So the last rows that were read are remembered with their keys, and looked
at first.
"""

import json
import sqlite3
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from ultra.core.live import RUNNING, LiveAttempt
from ultra.core.usage import Usage
from ultra.store.rows import Value

MOST_AT_ONCE = 2_000
"""Rows of a table read in one look: an import of a million is read in many short ones."""

ANCHORS = 64
"""How many of the rows read last are remembered."""

_USAGE = ", ".join(f"a.{name}" for name in Usage.__struct_fields__)
_ATTEMPT = (
    "SELECT a.rowid, c.run_id, a.call_id, a.attempt_id, a.number, a.kind, a.started_at, a.wait_s,"  # noqa: S608
    " a.status, a.ended_at, a.ttft_s, a.duration_s, a.cost_nano, a.charged_nano, a.saved_nano,"
    f" a.error_class, substr(a.error_message, 1, 500), {_USAGE} FROM attempts a"
)
_CALL = "JOIN calls c ON c.call_id = a.call_id"
_PLAIN = LiveAttempt.__struct_fields__.index("usage")

_NEW_ATTEMPTS = f"{_ATTEMPT} {_CALL} WHERE a.rowid > ? ORDER BY a.rowid LIMIT {MOST_AT_ONCE}"
_THESE_ATTEMPTS = (
    f"{_ATTEMPT} {_CALL} WHERE a.attempt_id IN (SELECT value FROM json_each(?)) ORDER BY a.rowid"  # noqa: S608
)
# Without its name SQLite may take the whole table for cheaper.
_RUNNING_ATTEMPTS = f"{_ATTEMPT} INDEXED BY attempts_running {_CALL} WHERE a.status = 'running'"
_STILL_ATTEMPTS = "SELECT rowid FROM attempts INDEXED BY attempts_running WHERE status = 'running'"

_CALLS = (
    "SELECT call_id, run_id, role, member_index, name, provider, model, simulated, parent,"
    " started_at FROM calls WHERE call_id IN (SELECT value FROM json_each(?))"
)

_RUN = (
    "SELECT id, run_id, verb, strategy, profile, environment, simulated, substr(prompt, 1, 300),"
    " owner, started_at, status, ended_at, keep_text FROM runs"
)
_NEW_RUNS = f"{_RUN} WHERE id > ? ORDER BY id LIMIT {MOST_AT_ONCE}"
_THESE_RUNS = f"{_RUN} WHERE run_id IN (SELECT value FROM json_each(?))"  # noqa: S608
_RUNNING_RUNS = f"{_RUN} INDEXED BY runs_running WHERE status = 'running'"
_STILL_RUNS = "SELECT id FROM runs INDEXED BY runs_running WHERE status = 'running'"

_PIECES = "SELECT id, attempt_id, text FROM pieces WHERE id > ? ORDER BY id"
_NEW_VERDICTS = (
    f"SELECT rowid, run_id FROM verdicts WHERE rowid > ? ORDER BY rowid LIMIT {MOST_AT_ONCE}"  # noqa: S608
)


class SeenAttempt(Struct, frozen=True):
    """An attempt with where it stands."""

    row: int
    run_id: str
    call_id: str
    attempt: LiveAttempt


class SeenCall(Struct, frozen=True):
    """The columns of a call that a screen shows."""

    call_id: str
    run_id: str
    role: str
    index: int | None
    name: str
    provider: str
    model: str
    simulated: int
    parent: str
    started_at: float


class SeenRun(Struct, frozen=True):
    """The columns of a run that a screen shows."""

    row: int
    run_id: str
    verb: str
    strategy: str
    profile: str
    environment: str
    simulated: int
    prompt: str | None
    owner: str
    started_at: float
    status: str
    ended_at: float | None
    keep_text: int


class Arrivals(Struct, frozen=True):
    """What one look found. Attempts and runs are new, or have changed.

    `full` says that there was more than is read at once. `lost` are keys of attempts and runs that
    were under way and are not in the log any more.
    """

    runs: list[SeenRun]
    attempts: list[SeenAttempt]
    new_runs: int
    new_attempts: int
    ended_attempts: int
    pieces: list[tuple[str, str]]
    verdicts: list[str]
    lost: list[str]
    full: bool


class Cursor:
    """How far one table was read."""

    def __init__(self, table: str, key: str) -> None:
        self._key_of = f"SELECT {key} FROM {table} WHERE rowid = ?"  # noqa: S608  (our own names)
        self._row_of = f"SELECT rowid FROM {table} WHERE {key} = ?"  # noqa: S608
        self._last = f"SELECT rowid, {key} FROM {table} ORDER BY rowid DESC LIMIT {ANCHORS}"  # noqa: S608
        self._anchors: deque[tuple[int, str]] = deque(maxlen=ANCHORS)

    @property
    def row(self) -> int:
        """The number of the last row that was read, 0 for none."""
        return self._anchors[-1][0] if self._anchors else 0

    def to_the_end(self, connection: sqlite3.Connection) -> None:
        """Pass over all that is there now."""
        self._anchors.clear()
        self._anchors.extendleft(connection.execute(self._last).fetchall())

    def read(self, rows: Iterable[tuple[int, str]]) -> None:
        """Remember rows that were read, in their order."""
        self._anchors.extend(rows)

    def holds(self, connection: sqlite3.Connection) -> bool:
        """Whether the rows read last stand where they stood.

        When not, the cursor goes back to the newest that is still there. Raises `LookupError` when
        none is: then nothing is known of what is new.
        """
        if not self._anchors:
            return True
        row, key = self._anchors[-1]
        if connection.execute(self._key_of, (row,)).fetchone() == (key,):
            return True
        while self._anchors:
            _, key = self._anchors.pop()
            found = connection.execute(self._row_of, (key,)).fetchone()
            if found is not None:
                self._anchors.clear()
                self._anchors.append((found[0], key))
                return False
        raise LookupError("every row read last is gone")


class Reader:
    """Follows the tables of one file over one connection; the caller holds the transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._attempts = Cursor("attempts", "attempt_id")
        self._runs = Cursor("runs", "run_id")
        self._verdicts = Cursor("verdicts", "run_id")
        self._running: dict[int, str] = {}
        self._runs_running: dict[int, str] = {}
        self._pieces: dict[str, int] = {}

    def begin(self, latest: int) -> Arrivals:
        """All that is under way, and the `latest` attempts with their runs; none of it is new."""
        for cursor in (self._attempts, self._runs, self._verdicts):
            cursor.to_the_end(self._connection)
        attempts = {
            one.row: one
            for one in (
                *self._select(_NEW_ATTEMPTS, max(0, self._attempts.row - latest)),
                *self._select(_RUNNING_ATTEMPTS),
            )
        }
        ordered = [attempts[row] for row in sorted(attempts)]
        runs = {row[1]: SeenRun(*row) for row in self._rows(_RUNNING_RUNS)}
        runs |= {one.run_id: one for one in self.runs_of({one.run_id for one in ordered})}
        self._note(ordered, list(runs.values()))
        return Arrivals(
            list(runs.values()), ordered, 0, 0, 0, self._new_pieces(), [], [], full=False
        )

    def look(self) -> Arrivals:
        """What came, what ended. Raises `LookupError` when the log was cleaned out meanwhile."""
        stands = self._attempts.holds(self._connection)
        self._runs.holds(self._connection)
        try:
            self._verdicts.holds(self._connection)
        except LookupError:  # few runs have one, and those may all have been deleted
            self._verdicts.to_the_end(self._connection)
        attempts = self._select(_NEW_ATTEMPTS, self._attempts.row)
        self._attempts.read((one.row, one.attempt.attempt_id) for one in attempts[-ANCHORS:])
        runs = [SeenRun(*row) for row in self._rows(_NEW_RUNS, self._runs.row)]
        self._runs.read((one.row, one.run_id) for one in runs[-ANCHORS:])
        verdicts = self._rows(_NEW_VERDICTS, self._verdicts.row)
        self._verdicts.read(verdicts[-ANCHORS:])
        over, lost = self._over(moved=not stands)
        ended_runs, lost_runs = self._runs_over()
        self._note([*over, *attempts], [*ended_runs, *runs])
        full = MOST_AT_ONCE in {len(attempts), len(runs), len(verdicts)}
        return Arrivals(
            [*ended_runs, *runs],
            [*over, *attempts],
            len(runs),
            len(attempts),
            sum(one.attempt.status != RUNNING for one in (*over, *attempts)),
            [] if full else self._new_pieces(),  # whose they are is known when all were read
            [run_id for _, run_id in verdicts],
            [*lost, *lost_runs],
            full,
        )

    def calls_of(self, call_ids: Iterable[str]) -> list[SeenCall]:
        """The calls of those ids that are there."""
        return [SeenCall(*row) for row in self._rows(_CALLS, _listed(call_ids))]

    def runs_of(self, run_ids: Iterable[str]) -> list[SeenRun]:
        """The runs of those ids that are there."""
        return [SeenRun(*row) for row in self._rows(_THESE_RUNS, _listed(run_ids))]

    def _over(self, *, moved: bool) -> tuple[list[SeenAttempt], list[str]]:
        """The attempts that were under way when last looked at and are not, as they are now."""
        still = {row for (row,) in self._rows(_STILL_ATTEMPTS)}
        rows = list(self._running) if moved else [row for row in self._running if row not in still]
        ids = [self._running.pop(row) for row in rows]
        if not ids:
            return [], []
        found = self._select(_THESE_ATTEMPTS, _listed(ids))
        return found, _missing(ids, [one.attempt.attempt_id for one in found])

    def _runs_over(self) -> tuple[list[SeenRun], list[str]]:
        still = {row for (row,) in self._rows(_STILL_RUNS)}
        ids = [self._runs_running.pop(row) for row in set(self._runs_running) - still]
        if not ids:
            return [], []
        found = self.runs_of(ids)
        return found, _missing(ids, [one.run_id for one in found])

    def _note(self, attempts: Iterable[SeenAttempt], runs: Iterable[SeenRun]) -> None:
        for one in attempts:
            if one.attempt.status == RUNNING:
                self._running[one.row] = one.attempt.attempt_id
        for run in runs:
            if run.status == RUNNING:
                self._runs_running[run.row] = run.run_id

    def _new_pieces(self) -> list[tuple[str, str]]:
        """What was said since, by attempt, in order.

        A piece's number is given again when the last pieces were deleted, which the end of an
        attempt does. Those of one that still runs stand, so all that came since bear higher ones.
        """
        running = set(self._running.values())
        self._pieces = {key: last for key, last in self._pieces.items() if key in running}
        found: list[tuple[str, str]] = []
        for number, attempt_id, text in self._connection.execute(
            _PIECES, (max(self._pieces.values(), default=0),)
        ):
            self._pieces[attempt_id] = number
            found.append((attempt_id, text))
        return found

    def _select(self, sql: str, *bound: Value) -> list[SeenAttempt]:
        return [_attempt(row) for row in self._rows(sql, *bound)]

    def _rows(self, sql: str, *bound: Value) -> list[Any]:
        return self._connection.execute(sql, bound).fetchall()


def _attempt(row: Sequence[Any]) -> SeenAttempt:
    place, run_id, call_id, *columns = row
    plain, usage = columns[:_PLAIN], columns[_PLAIN:]
    return SeenAttempt(place, run_id, call_id, LiveAttempt(*[*plain, Usage(*usage)]))


def _listed(ids: Iterable[str]) -> str:
    return json.dumps(list(ids))


def _missing(wanted: Iterable[str], found: Iterable[str]) -> list[str]:
    there = set(found)
    return [one for one in wanted if one not in there]
