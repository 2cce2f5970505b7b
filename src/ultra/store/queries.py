"""What the log can be asked; a file that is not there is an empty log.

Reads only, but for words that wait for the search index.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time
from typing import Any

import msgspec

from ultra.core.errors import StoreError, UsageError
from ultra.core.history import Page, Place, Sought
from ultra.core.records import RunDocument, RunSummary
from ultra.core.request import Message
from ultra.core.tags import Marks
from ultra.store.documents import iso, run_document
from ultra.store.experience import Experience, experience
from ultra.store.few import few
from ultra.store.giving_up import give_up
from ultra.store.owner import gone, myself
from ultra.store.pages import best_of, expressions, page_of
from ultra.store.reading import load, of_one_moment
from ultra.store.rows import RunRows
from ultra.store.search_index import catch_up
from ultra.store.turns import asked, branch, turn

SHORTEST = 4
"""The fewest characters of an id that stand for it."""

DOCUMENTS = 50
"""Whole runs that are read at once."""

BEGINNING = 300
"""How many characters of a prompt and an answer a summary holds."""

STEPS = 10_000
"""After how many steps of SQLite's machine a page asks whether it is still wanted: under 1 ms."""

_SUMMARY = f"""
SELECT r.run_id, r.started_at, r.verb, r.strategy, r.status, r.duration_s, r.simulated,
  substr(r.prompt, 1, {BEGINNING}), substr(r.answer, 1, {BEGINNING}),
  (SELECT json_group_array(name) FROM
    (SELECT name FROM calls WHERE run_id = r.run_id
     ORDER BY member_index IS NULL, member_index, rowid)),
  (SELECT count(*) - count(a.cost_nano) FROM calls c JOIN attempts a ON a.call_id = c.call_id
   WHERE c.run_id = r.run_id),
  (SELECT ifnull(sum(a.cost_nano), 0) FROM calls c JOIN attempts a ON a.call_id = c.call_id
   WHERE c.run_id = r.run_id)
FROM runs r WHERE r.id = ?
"""  # noqa: S608  (a number of our own)

_TAGGED = """SELECT one.value, other.value, max(r.started_at) FROM run_tags one
  JOIN run_tags other ON other.run_id = one.run_id AND other.name = ?2
  JOIN runs r ON r.run_id = one.run_id
  WHERE one.name = ?1 AND one.value >= ?3 AND one.value < ?3 || char(0x10FFFF)
  GROUP BY 1, 2 ORDER BY 3 DESC, one.value DESC"""

NO_MARKS = Marks()


class Log:
    """The log at `path`, opened anew for every question.

    `warn` is told what a search may miss. Every method raises `StoreError` when the file cannot be
    read or is of a newer ultra.
    """

    def __init__(self, path: Path, warn: Callable[[str], None] = lambda _: None) -> None:
        self._path = path
        self._warn = warn

    def runs(
        self,
        *,
        limit: int,
        query: str | None = None,
        model: str | None = None,
        since: float | None = None,
        marks: Marks = NO_MARKS,
    ) -> list[RunSummary]:
        """Runs, newest first, or best match first with a `query`; `limit` 0 means all.

        `query` is in the words of FTS5; what is not is looked for as it stands. `model` is a name,
        a model id, a provider or `provider:model`. `since` is UTC seconds since the epoch.
        """
        sought = Sought(query or "", model or "", marks=marks, since=since)
        with self._searched(query) as connection:
            if connection is None:
                return []
            if query is None:
                sql, values = page_of(sought, None, limit or -1, few(connection, sought))
            else:
                sql, values = best_of(sought, limit or -1)
            quoted = None if query is None else '"' + query.replace('"', '""') + '"'
            return list(self._summaries(connection, _search(connection, sql, values, quoted)))

    def page(
        self,
        sought: Sought,
        after: Place | None = None,
        *,
        limit: int,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Page:
        """Some of the runs that are meant, from where the last page ended.

        `wanted` is asked on this thread, again and again; once it says no, the search ends and the
        page is empty.
        """
        quoted = expressions(sought.words)[1] if sought.words.strip() else None
        with self._searched(quoted) as connection:
            if connection is None:
                return Page(())
            connection.set_progress_handler(lambda: not wanted(), STEPS)
            try:
                rare = None if quoted else few(connection, sought)
                rows = _search(connection, *page_of(sought, after, limit, rare), quoted)
                runs = tuple(self._summaries(connection, rows))
                last = _place(connection, rows[-1]) if len(rows) == limit else None
            except sqlite3.OperationalError:
                if wanted():
                    raise
                return Page(())
        return Page(runs, last)

    def documents(self, sought: Sought) -> Iterator[RunDocument]:
        """Every run that is meant, the newest first, however many there are.

        Each page of them is of one moment; what is deleted before its turn is left out.
        """
        after: Place | None = None
        while True:
            found, after = self._documents(sought, after)
            yield from found
            if after is None:
                return

    def _documents(
        self, sought: Sought, after: Place | None
    ) -> tuple[list[RunDocument], Place | None]:
        words = sought.words.strip()
        quoted = '"' + words.replace('"', '""') + '"' if words else None
        with self._searched(quoted) as connection:
            if connection is None:
                return [], None
            rare = None if quoted else few(connection, sought)
            query = page_of(sought, after, DOCUMENTS, rare, typing=False)
            rows = _search(connection, *query, quoted)
            ids = [
                connection.execute("SELECT run_id FROM runs WHERE id = ?", (row,)).fetchone()[0]
                for row in rows
            ]
            last = _place(connection, rows[-1]) if len(rows) == DOCUMENTS else None
            return [run_document(_rows(connection, run_id)) for run_id in ids], last

    def asked(self, run_id: str) -> list[Message]:
        """What the models of a run were sent; empty where that was not kept."""
        with of_one_moment(self._path) as connection:
            return asked(connection, run_id) if connection else []

    def run(self, prefix: str) -> RunDocument:
        """The run whose id begins so (at least four characters); also by the id of a call of it.

        Raises `UsageError` for none and for several, naming candidates.
        """
        wanted = prefix.lower().partition("-")[0]
        with of_one_moment(self._path) as connection:
            found = _ids(connection, wanted, 6) if connection and len(wanted) >= SHORTEST else []
            if connection is None or not found:
                raise _unknown(prefix, _latest_ids(connection, 3))
            if len(found) > 1 and wanted not in found:
                raise UsageError(
                    f"`{prefix}` stands for several runs",
                    hint="write more of it: " + ", ".join(f"`{run_id}`" for run_id in found),
                )
            return run_document(_rows(connection, wanted if wanted in found else found[0]))

    def known(self, run_id: str) -> RunDocument | None:
        """A run by its whole id; None when it was deleted meanwhile."""
        with of_one_moment(self._path) as connection:
            if connection is None or load(connection, run_id) is None:
                return None
            return run_document(_rows(connection, run_id))

    def experience(self) -> list[Experience]:
        """How every model fared in its latest calls, by provider and model."""
        with of_one_moment(self._path) as connection:
            return experience(connection) if connection else []

    def latest(self) -> str | None:
        """The id of the newest run; None for an empty log."""
        return next(iter(self.recent_ids(1)), None)

    def recent_ids(self, n: int) -> list[str]:
        """The ids of the newest runs, newest first."""
        with of_one_moment(self._path) as connection:
            return _latest_ids(connection, n)

    def tagged(self, first: str, second: str, beginning: str = "") -> list[tuple[str, str]]:
        """The values that runs have of two tags at once, each pair once, the newest first.

        Every run that has the first tag is looked at, or only those whose value begins so.
        """
        with of_one_moment(self._path) as connection:
            if connection is None:
                return []
            rows = connection.execute(_TAGGED, (first, second, beginning))
            return [(one, other) for one, other, _ in rows]

    def last_run(self, session: str, verb: str | None = None) -> RunDocument | None:
        """The newest run of a terminal, of one verb where given; None when it has none."""
        with of_one_moment(self._path) as connection:
            if connection is None:
                return None
            row = connection.execute(
                "SELECT run_id FROM runs WHERE session = ? AND verb = ifnull(?, verb)"
                " ORDER BY started_at DESC, id DESC",
                (session, verb),
            ).fetchone()
            return run_document(_rows(connection, row[0])) if row else None

    def conversation(self, conversation_id: str) -> list[Message]:
        """What was said so far: a user's and an assistant's turn for every run with an answer.

        Before them stand the system messages of the newest of those runs. Attachments are kept. One
        that the id of a call names goes on from what that call was sent and answered.
        """
        with of_one_moment(self._path) as connection:
            if connection is None:
                return []
            ids = connection.execute(
                "SELECT run_id FROM runs WHERE conversation = ? ORDER BY started_at, id",
                (conversation_id,),
            ).fetchall()
            turns = [
                turn(connection, rows)
                for rows in (_rows(connection, run_id) for (run_id,) in ids)
                if rows.run.answer
            ]
            if "-" in conversation_id:
                turns.insert(0, branch(connection, conversation_id))
        system = [message for message in turns[-1] if message.role == "system"] if turns else []
        return system + [item for turn in turns for item in turn if item.role != "system"]

    def branch(self, call_id: str) -> list[Message]:
        """What one call was sent, and what it answered; empty where that was not kept."""
        with of_one_moment(self._path) as connection:
            return branch(connection, call_id) if connection else []

    def call_ids(self, prefix: str, limit: int = 50) -> list[str]:
        """Ids that begin so, for completion: newest runs first, or a run's calls after a `-`."""
        with of_one_moment(self._path) as connection:
            if connection is None:
                return []
            wanted = prefix.lower()
            if "-" not in wanted:
                return _ids(connection, wanted, limit)
            rows = connection.execute(
                "SELECT call_id FROM calls WHERE call_id >= ? AND call_id < ? ORDER BY rowid"
                " LIMIT ?",
                (wanted, wanted + "~", limit),
            )
            return [call_id for (call_id,) in rows]

    @contextmanager
    def _searched(self, words: str | None) -> Iterator[sqlite3.Connection | None]:
        """`of_one_moment`, all of which can be found by the words, if it is looked for them."""
        if words is not None and (trouble := catch_up(self._path)):
            self._warn(
                f"this search may miss the latest runs, which are not in its index yet: the log"
                f" `{self._path}` cannot be written: {trouble}"
            )
        with of_one_moment(self._path) as connection:
            yield connection

    def _summaries(
        self, connection: sqlite3.Connection, ids: Iterable[int]
    ) -> Iterator[RunSummary]:
        """Told one by one, so that what is not shown is not read."""
        for row_id in ids:
            row = connection.execute(_SUMMARY, (row_id,)).fetchone()
            if row is not None:  # else it was deleted meanwhile
                yield self._summary(connection, row)

    def _summary(self, connection: sqlite3.Connection, row: Sequence[Any]) -> RunSummary:
        run_id, started_at, verb, strategy, status, duration_s, simulated, *rest = row
        prompt, answer, names, unpriced, known = rest
        if status == "running":
            run = _rows(connection, run_id).run
            status, answer = run.status, run.answer and run.answer[:BEGINNING]
        return RunSummary(
            run_id=run_id,
            started_at=iso(started_at),
            verb=verb,
            strategy=strategy,
            models=tuple(dict.fromkeys(msgspec.json.decode(names, type=list[str]))),
            status=status,
            duration_s=duration_s,
            cost_nano=None if unpriced else known,
            known_nano=known,
            prompt=prompt,
            answer=answer,
            simulated=bool(simulated),
        )


def _rows(connection: sqlite3.Connection, run_id: str) -> RunRows:
    """A run as it is known, which for one whose process died is how the next writer will put it."""
    rows = load(connection, run_id)
    if rows is None:
        raise StoreError(f"run `{run_id}` was deleted meanwhile")
    if rows.run.status == "running" and gone(
        rows.run.owner, myself(), time() - rows.run.started_at
    ):
        return give_up(rows)
    return rows


def _ids(connection: sqlite3.Connection, prefix: str, limit: int) -> list[str]:
    # So many begin with one character that the newest are walked to; `+` keeps it from the index.
    column = "run_id" if len(prefix) > 1 else "+run_id"
    rows = connection.execute(
        f"SELECT run_id FROM runs WHERE {column} >= ? AND {column} < ?"  # noqa: S608
        " ORDER BY started_at DESC, id DESC LIMIT ?",
        (prefix, prefix + "~", limit),  # `~` sorts after every character of an id
    )
    return [run_id for (run_id,) in rows]


def _latest_ids(connection: sqlite3.Connection | None, n: int) -> list[str]:
    if connection is None:
        return []
    rows = connection.execute(
        "SELECT run_id FROM runs ORDER BY started_at DESC, id DESC LIMIT ?", (n,)
    )
    return [run_id for (run_id,) in rows]


def _unknown(prefix: str, recent: Sequence[str]) -> UsageError:
    if len(prefix) < SHORTEST:
        return UsageError(f"`{prefix}` is too short for an id", hint="write at least 4 characters")
    names = ", ".join(f"`{run_id}`" for run_id in recent)
    return UsageError(
        f"no run has an id that begins with `{prefix}`",
        hint=f"the newest are {names}; `ultra logs` lists more" if names else "the log is empty",
    )


def _place(connection: sqlite3.Connection, row_id: int) -> Place | None:
    row = connection.execute("SELECT started_at FROM runs WHERE id = ?", (row_id,)).fetchone()
    return Place(row[0], row_id) if row else None


def _search(
    connection: sqlite3.Connection, sql: str, values: list[Any], quoted: str | None
) -> list[int]:
    """The rows; a search that FTS5 cannot read (`foo-bar`, a lone quote) is taken as a phrase."""
    if quoted is not None:
        with suppress(sqlite3.OperationalError):
            return [row_id for (row_id,) in connection.execute(sql, values)]
        values = [quoted, *values[1:]]
    return [row_id for (row_id,) in connection.execute(sql, values)]
