"""Removing runs for good: those that are old, and those that the user names.

What they came to in figures (`call_totals`) stays unless that is to go as well, so that reports of
spending and budgets do not change.
"""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from ultra.core.audit import Deed
from ultra.core.care import Doomed, Gone
from ultra.store.audit import append
from ultra.store.bulk import flat, slots
from ultra.store.database import Place
from ultra.store.garbage import collect, unused_size
from ultra.store.owner import myself
from ultra.store.reading import of_one_moment
from ultra.store.search_index import take_out
from ultra.store.sweep import sweep
from ultra.store.tending import Tell, Tender, copies, tending

PAGE = 5_000
"""Runs that are looked up at once."""


class Old(Struct, frozen=True):
    """The runs that began before a moment (UTC seconds), of one `profile` where it is given."""

    before: float
    profile: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """What the conditions below are bound to."""
        return {"before": self.before, "profile": self.profile}


_OLD = "r.started_at < :before AND (:profile = '' OR r.profile = :profile)"

# A conversation goes on in its own runs, and in those that begin from a call which was picked; `.`
# is the character after `-`.
_GOES_ON = """(EXISTS (SELECT 1 FROM runs n
    WHERE n.conversation = r.conversation AND n.started_at >= :before)
  OR EXISTS (SELECT 1 FROM runs n WHERE n.conversation > r.run_id || '-'
    AND n.conversation < r.run_id || '.' AND n.started_at >= :before))"""

_DOOMED = f"{_OLD} AND r.status != 'running' AND NOT {_GOES_ON}"

_LOOK = f"""
SELECT count(*) FILTER (WHERE doomed), min(started_at) FILTER (WHERE doomed),
  max(started_at) FILTER (WHERE doomed), count(*) FILTER (WHERE status = 'running'),
  count(*) FILTER (WHERE status != 'running' AND NOT doomed)
FROM (SELECT r.started_at, r.status, r.status != 'running' AND NOT {_GOES_ON} AS doomed
  FROM runs r WHERE {_OLD})"""  # noqa: S608  (constants)

_CALLS = "SELECT count(*) FROM calls WHERE run_id IN ({which})"


_OF_CALLS = "calls c JOIN attempts a ON a.call_id = c.call_id"
_WORDS = (
    ("runs", "run_id", ("prompt", "answer")),
    (_OF_CALLS, "c.run_id", ("a.text", "a.reasoning", "a.tool_calls")),
    ("verdicts", "run_id", ("verdict",)),
)

_NEXT = f"""
SELECT r.run_id, r.started_at, r.id FROM runs r
WHERE {_DOOMED} AND (r.started_at, r.id) > (:since, :row)
ORDER BY r.started_at, r.id LIMIT {PAGE}"""  # noqa: S608  (constants)

_FIGURES_OF = """
DELETE FROM call_totals WHERE (started_at, call_id) IN
  (SELECT started_at, call_id FROM calls WHERE run_id IN ({slots}))"""

_LONE_FIGURES = f"""
SELECT t.started_at, t.call_id FROM call_totals t
WHERE t.started_at < :before AND (:profile = '' OR t.profile = :profile)
  AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.run_id = t.run_id) LIMIT {PAGE}"""  # noqa: S608


def doomed(path: Path, old: Old) -> Doomed:
    """Which runs `prune` would remove. Reads only. Raises `StoreError`."""
    with of_one_moment(path) as connection:
        if connection is None:
            return Doomed(0, 0, 0, None, None)
        runs, oldest, newest, running, going_on = connection.execute(_LOOK, old.values).fetchone()
        which = f"SELECT r.run_id FROM runs r WHERE {_DOOMED}"  # noqa: S608  (constants)
        calls, size = _extent(connection, which, old.values) if runs else (0, 0)
    return Doomed(runs, calls, size, oldest, newest, running, going_on)


def named(path: Path, run_ids: Sequence[str]) -> Doomed:
    """What `delete` would remove of the runs with these ids. Reads only. Raises `StoreError`."""
    with of_one_moment(path) as connection:
        if connection is None:
            return Doomed(0, 0, 0, None, None)
        listed = ", ".join(f":id{number}" for number in range(len(run_ids)))
        values: dict[str, Any] = {f"id{number}": one for number, one in enumerate(run_ids)}
        ended = f"run_id IN ({listed}) AND status != 'running'"
        runs, oldest, newest = connection.execute(
            f"SELECT count(*), min(started_at), max(started_at) FROM runs WHERE {ended}",  # noqa: S608
            values,
        ).fetchone()
        which = f"SELECT run_id FROM runs WHERE {ended}"  # noqa: S608  (slots)
        calls, size = _extent(connection, which, values)
    return Doomed(runs, calls, size, oldest, newest, len(set(run_ids)) - runs)


def prune(
    place: Place,
    old: Old,
    now: float,
    *,
    deed: Callable[[Gone], Deed],
    figures: bool = False,
    tell: Tell | None = None,
) -> Gone:
    """Remove old runs with everything that only they refer to; `deed` puts it on record.

    Runs under way stay, and conversations that go on. Raises `StoreError`; what went until then is
    gone, whole runs at a time.
    """
    with tending(place, now) as tender:
        sweep(tender.connection, myself(), now)
        return _removed(
            tender, place.path, deed, lambda work: _prune(tender, old, work, tell, figures=figures)
        )


def delete(
    place: Place,
    run_ids: Sequence[str],
    now: float,
    *,
    deed: Callable[[Gone], Deed],
    figures: bool = False,
) -> Gone:
    """Remove the runs with these ids; those under way stay. Raises `StoreError`."""
    with tending(place, now) as tender:
        sweep(tender.connection, myself(), now)
        return _removed(
            tender,
            place.path,
            deed,
            lambda work: tender.each(run_ids, lambda ids: work.remove(ids, figures=figures)),
        )


class _Removal:
    """Takes runs out, inside the caller's transactions, and counts what went."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.runs = self.calls = self.figures = 0
        self.damaged = False

    def remove(self, run_ids: Sequence[str], *, figures: bool) -> None:
        """Remove runs that are over, with all that hangs on them."""
        rows = [(run_id,) for run_id in run_ids]
        found = self._connection.execute(
            f"SELECT run_id FROM runs WHERE status != 'running' AND run_id IN ({slots(rows)})",  # noqa: S608
            flat(rows),
        ).fetchall()
        if not found:
            return
        wanted, ids = slots(found), flat(found)
        self.damaged |= not take_out(self._connection, ids)  # what it raises comes before figures
        self.calls += self._connection.execute(_CALLS.format(which=wanted), ids).fetchone()[0]
        if figures:
            self.figures += self._connection.execute(_FIGURES_OF.format(slots=wanted), ids).rowcount
        self._connection.execute(f"DELETE FROM runs WHERE run_id IN ({wanted})", ids)  # noqa: S608
        self.runs += len(found)


def _removed(
    tender: Tender,
    path: Path,
    deed: Callable[[Gone], Deed],
    work: Callable[[_Removal], None],
) -> Gone:
    """Do the work, tidy up after it, and put on record what went, whatever stops it."""
    removal, size = _Removal(tender.connection), tender.size
    tender.remember_no_words()
    try:
        work(removal)
        if removal.damaged:
            tender.renew_index()
        collect(tender)
        tender.forget_words()
    finally:
        gone = Gone(removal.runs, removal.calls, removal.figures)
        if gone != Gone():
            with tender.slice():
                append(tender.connection, deed(gone))
    spare = tender.give_back()
    settled = tender.settle()
    return structs.replace(
        gone,
        freed=max(0, size - tender.size),
        spare=spare,
        copies=copies(path),
        lingering=not settled,
    )


def _prune(tender: Tender, old: Old, work: _Removal, tell: Tell | None, *, figures: bool) -> None:
    since, row = 0.0, 0
    while True:
        page = tender.connection.execute(
            _NEXT, {**old.values, "since": since, "row": row}
        ).fetchall()
        if not page:
            break
        _, since, row = page[-1]
        before = work.runs

        def told(done: int, before: int = before) -> None:
            if tell is not None:
                tell(before + done)

        tender.each([one[0] for one in page], lambda ids: work.remove(ids, figures=False), told)
    while figures:
        lone = tender.connection.execute(_LONE_FIGURES, old.values).fetchall()
        if not lone:
            break
        tender.each(lone, lambda rows: _drop_figures(tender.connection, rows))
        work.figures += len(lone)


def _drop_figures(connection: sqlite3.Connection, rows: Sequence[tuple[float, str]]) -> None:
    connection.execute(
        f"DELETE FROM call_totals WHERE (started_at, call_id) IN ({slots(rows)})",  # noqa: S608
        flat(rows),
    )


def _extent(connection: sqlite3.Connection, which: str, values: dict[str, Any]) -> tuple[int, int]:
    """How many calls some runs have, and how many bytes of words."""
    calls = connection.execute(_CALLS.format(which=which), values).fetchone()[0]
    size = unused_size(connection, which, values)
    for tables, run_id, columns in _WORDS:
        sizes = " + ".join(f"length(CAST(ifnull({name}, '') AS BLOB))" for name in columns)
        sql = f"SELECT ifnull(sum({sizes}), 0) FROM {tables} WHERE {run_id} IN ({which})"  # noqa: S608
        size += connection.execute(sql, values).fetchone()[0]
    return calls, size
