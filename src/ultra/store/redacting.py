"""Takes what matches a pattern out of everything that is on record.

What JSON holds is looked at string by string, as it was before it was written as JSON. A message
that is changed gets the hash of what it then says, and so does every prompt with it: the old ones
go when no call refers to them any more. Cached answers that match are forgotten. An attachment and
the registration of an experiment are what they are: they are counted, not changed.
"""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, structs

from ultra.core.audit import Deed
from ultra.core.care import REDACTED, Found, Gone, Where
from ultra.core.errors import StoreError
from ultra.core.stream import TextDelta
from ultra.core.verdict import Verdict
from ultra.store.answers import unpacked
from ultra.store.audit import append
from ultra.store.bulk import flat, slots
from ultra.store.contents import changed, listed
from ultra.store.database import Place
from ultra.store.garbage import collect
from ultra.store.owner import myself
from ultra.store.reading import of_one_moment
from ultra.store.rows import to_json, wordless_verdict
from ultra.store.search_index import put_in, take_out
from ultra.store.slack import unused
from ultra.store.sweep import sweep
from ultra.store.tending import Tell, Tender, copies, tending


class Kind(NamedTuple):
    holds: str
    without: str


PLAIN = Kind("holds(x.{name})", "without({name})")
JSON = Kind("holds_json(x.{name}, {run})", "without_json({name}, {run})")
VERDICT = Kind("holds_json(x.{name}, {run})", "without_verdict({name}, {run})")


class Column(NamedTuple):
    """Words on record. `scope` finds the rows of some runs, `run` the run that a row is of."""

    table: str
    name: str
    where: Where
    kind: Kind
    scope: str = "run_id IN ({runs})"
    run: str = "run_id"


_CALLS_OF = "call_id IN (SELECT call_id FROM calls WHERE run_id IN ({runs}))"
_ATTEMPTS_OF = f"attempt_id IN (SELECT attempt_id FROM attempts WHERE {_CALLS_OF})"  # noqa: S608
_RUN_OF_CALL = "substr(call_id, 1, instr(call_id, '-') - 1)"
_RUN_OF_ATTEMPT = "substr(attempt_id, 1, instr(attempt_id, '-') - 1)"


def _attempt(name: str, where: Where, kind: Kind = PLAIN) -> Column:
    return Column("attempts", name, where, kind, _CALLS_OF, _RUN_OF_CALL)


COLUMNS = (
    Column("runs", "prompt", "prompts", PLAIN),
    Column("runs", "answer", "answers", PLAIN),
    Column("runs", "reasons", "errors", JSON),
    Column("calls", "options", "options", JSON),
    _attempt("text", "answers"),
    _attempt("reasoning", "reasoning"),
    _attempt("tool_calls", "tool calls", JSON),
    _attempt("error_message", "errors"),
    _attempt("error_hint", "errors"),
    _attempt("error_code", "errors"),
    Column("pieces", "text", "answers", PLAIN, _ATTEMPTS_OF, _RUN_OF_ATTEMPT),
    Column("verdicts", "verdict", "verdicts", VERDICT),
    Column("checks", "expectation", "verdicts", PLAIN),
)
"""Every column of words that belong to runs."""

_OTHERS = (
    Column("breaker", "last_message", "errors", PLAIN, run="''"),
    Column("health_check", "message", "errors", PLAIN, run="''"),
    Column("experiment_pairs", "pair", "experiments", JSON, run="''"),
)

_CACHED = "SELECT count(*) FROM cache WHERE holds_answer(answer)"
_ATTACHED = "SELECT count(*) FROM blobs WHERE holds_bytes(data)"
_REGISTERED = "SELECT count(*) FROM experiments WHERE holds_json(registration, '')"
_RUNNING = "SELECT count(*) FROM runs WHERE status = 'running'"


class Pattern:
    """What is looked for: the text as it stands, also where JSON escapes it, or an expression.

    Raises `re.error` for what is no regular expression, and `ValueError` for what matches nothing
    at all.
    """

    def __init__(self, text: str, *, regex: bool) -> None:
        spellings = dict.fromkeys((text, json.dumps(text, ensure_ascii=False)[1:-1]))
        source = text if regex else "|".join(re.escape(one) for one in spellings)
        self._found = re.compile(source)
        if self._found.search("") is not None:
            raise ValueError("it matches where nothing stands")
        self._bytes = re.compile(source.encode())

    def holds(self, text: str | None) -> bool:
        """Whether a text matches."""
        return text is not None and self._found.search(text) is not None

    def without(self, text: str) -> str:
        """The text with every match replaced."""
        return self._found.sub(lambda _: REDACTED, text)

    def holds_json(self, text: str | None, run: str) -> bool:
        """Whether a string in JSON matches, ids of the run's own aside."""
        return text is not None and any(
            self.holds(one) for one in _strings(json.loads(text)) if not _is_id(one, run)
        )

    def without_json(self, text: str, run: str) -> str:
        """The JSON with every match in its strings replaced, ids of the run's own aside."""
        return to_json(self._replaced(json.loads(text), run))

    def without_verdict(self, text: str, run: str) -> str:
        """The same of a verdict; one whose own terms match keeps nothing but those."""
        said = self.without_json(text, run)
        try:
            msgspec.json.decode(said, type=Verdict)
        except msgspec.ValidationError:
            verdict = msgspec.json.decode(text, type=Verdict)
            return msgspec.json.encode(wordless_verdict(verdict)).decode()
        return said

    def holds_bytes(self, data: bytes) -> bool:
        """Whether bytes match."""
        return self._bytes.search(data) is not None

    def holds_answer(self, data: bytes) -> bool:
        """Whether a cached answer matches. One that cannot be read serves nobody, and does."""
        bodies = unpacked(data)
        if bodies is None:
            return True
        said = "".join(body.text for body in bodies if isinstance(body, TextDelta))
        return self.holds(said) or any(map(self.holds, _strings(msgspec.to_builtins(bodies))))

    def holds_message(self, content: str) -> bool:
        """Whether what a model was sent matches."""
        return changed(content, self.without)[1] != changed(content, str)[1]

    @contextmanager
    def lent(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Let SQL ask. SQLite hides what a function raises: Ctrl-C in the middle is raised here."""
        interrupts: list[KeyboardInterrupt] = []

        def lend(name: str, number: int, answer: Callable[..., Any]) -> None:
            def ask(*values: Any) -> Any:
                try:
                    return answer(*values)
                except KeyboardInterrupt as interrupt:
                    interrupts.append(interrupt)
                    raise

            connection.create_function(name, number, ask, deterministic=True)

        for name in ("without", "holds", "holds_bytes", "holds_answer", "holds_message"):
            lend(name, 1, getattr(self, name))
        for name in ("holds_json", "without_json", "without_verdict"):
            lend(name, 2, getattr(self, name))
        try:
            yield
        except sqlite3.Error:
            for interrupt in interrupts:
                raise interrupt from None
            raise

    def _replaced(self, value: Any, run: str) -> Any:
        if isinstance(value, str):
            return value if _is_id(value, run) else self.without(value)
        if isinstance(value, list):
            return [self._replaced(one, run) for one in value]
        if isinstance(value, dict):
            return {key: self._replaced(one, run) for key, one in value.items()}
        return value


def find(path: Path, pattern: Pattern) -> Found:
    """Where a pattern stands. Reads only. Raises `StoreError`."""
    with of_one_moment(path) as connection:
        if connection is None:
            return Found()
        with pattern.lent(connection):
            found = _found(connection, pattern).found
    return _with_unused(found, path, pattern)


def redact(
    place: Place,
    pattern: Pattern,
    now: float,
    *,
    deed: Callable[[Found], Deed],
    tell: Tell | None = None,
) -> tuple[Found, Gone]:
    """Take a pattern out; `deed` puts it on record. What was found, and how the file is left.

    Raises `StoreError`; what was changed until then stays so.
    """
    with tending(place, now) as tender, pattern.lent(tender.connection):
        connection = tender.connection
        sweep(connection, myself(), now)
        looked = _found(connection, pattern)
        found = looked.found
        if found.texts:
            tender.remember_no_words()
            done = deed(found)
            try:
                _change(tender, pattern, looked, tell)
            except BaseException:
                done = structs.replace(done, detail={**done.detail, "broken_off": True})
                raise
            finally:
                with tender.slice():
                    append(connection, done)
        spare = tender.give_back()
        settled = tender.settle()
    found = _with_unused(found, place.path, pattern)
    return found, Gone(spare=spare, copies=copies(place.path), lingering=not settled)


def _with_unused(found: Found, path: Path, pattern: Pattern) -> Found:
    try:
        return structs.replace(found, unused=sum(map(pattern.holds_bytes, unused(path))))
    except OSError as error:
        raise StoreError(f"the log `{path}` cannot be read: {error}") from error


class _Looked(Struct):
    found: Found
    runs: list[str]
    messages: list[tuple[str, str]]


def _found(connection: sqlite3.Connection, pattern: Pattern) -> _Looked:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    places: Counter[Where] = Counter()
    runs: set[str] = set()
    # A log that an older ultra wrote, and that is only looked at, lacks some.
    for column in (one for one in (*COLUMNS, *_OTHERS) if one.table in tables):
        rows = connection.execute(
            f"SELECT {column.run} FROM {column.table} AS x WHERE {_holds(column)}"  # noqa: S608
        ).fetchall()
        places[column.where] += len(rows)
        runs.update(run for (run,) in rows if run)
    messages = connection.execute(
        "SELECT sha256, content FROM messages WHERE holds_message(content)"
    ).fetchall()

    def count(table: str, sql: str) -> int:
        return int(connection.execute(sql).fetchone()[0]) if table in tables else 0

    places["messages"] += len(messages)
    places["cached answers"] += count("cache", _CACHED)
    found = Found(
        {where: number for where, number in places.items() if number},
        len(runs),
        count("blobs", _ATTACHED),
        count("experiments", _REGISTERED),
        count("runs", _RUNNING),
    )
    return _Looked(found, sorted(runs), messages)


def _change(tender: Tender, pattern: Pattern, looked: _Looked, tell: Tell | None) -> None:
    connection, whole = tender.connection, True

    def of_runs(runs: Sequence[str]) -> None:
        nonlocal whole
        whole &= take_out(connection, runs)
        for column in COLUMNS:
            _replace(connection, column, runs)
        whole &= put_in(connection, runs)

    tender.each(looked.runs, of_runs, tell)
    if not whole:
        tender.renew_index()
    with tender.slice():
        for column in _OTHERS:
            sets = f"{column.name} = {column.kind.without}".format(name=column.name, run="''")
            connection.execute(
                f"UPDATE {column.table} AS x SET {sets} WHERE {_holds(column)}"  # noqa: S608
            )
        connection.execute("DELETE FROM cache WHERE holds_answer(answer)")
    _reword(tender, pattern, looked.messages)
    collect(tender)
    tender.forget_words()


def _holds(column: Column) -> str:
    return column.kind.holds.format(name=column.name, run=column.run)


def _replace(connection: sqlite3.Connection, column: Column, runs: Sequence[str]) -> None:
    rows = [(run,) for run in runs]
    without = column.kind.without.format(name=column.name, run=column.run)
    connection.execute(
        f"UPDATE {column.table} AS x SET {column.name} = {without}"  # noqa: S608  (constants)
        f" WHERE {column.scope.format(runs=slots(rows))} AND {_holds(column)}",
        flat(rows),
    )


def _reword(tender: Tender, pattern: Pattern, messages: Sequence[tuple[str, str]]) -> None:
    """Give messages that match, and prompts with them, the words and the hashes that they then
    have; calls refer to those, and the old ones to nobody.
    """
    connection = tender.connection
    renamed: dict[str, str] = {}

    def write(rows: Sequence[tuple[str, str]]) -> None:
        for key, content in rows:
            renamed[key], words = changed(content, pattern.without)
            connection.execute(
                "INSERT OR IGNORE INTO messages VALUES (?, ?)", (renamed[key], words)
            )

    tender.each(messages, write)
    prompts: dict[str, str] = {}
    affected = [
        (key, [renamed.get(one, one) for one in keys])
        for key, keys in _listings(connection)
        if any(one in renamed for one in keys)
    ]

    def relist(rows: Sequence[tuple[str, list[str]]]) -> None:
        for key, keys in rows:
            prompts[key], listing = listed(keys)
            connection.execute(
                "INSERT OR IGNORE INTO prompts VALUES (?, ?)", (prompts[key], listing)
            )

    tender.each(affected, relist)
    calls = [
        (prompts[key], row, key)
        for row, key in connection.execute("SELECT rowid, prompt FROM calls")
        if key in prompts
    ]

    def refer(rows: Sequence[tuple[str, int, str]]) -> None:
        connection.executemany("UPDATE calls SET prompt = ? WHERE rowid = ? AND prompt = ?", rows)

    tender.each(calls, refer)


def _listings(connection: sqlite3.Connection) -> Iterator[tuple[str, list[str]]]:
    for key, listing in connection.execute("SELECT sha256, messages FROM prompts"):
        yield key, msgspec.json.decode(listing, type=list[str])


def _strings(value: Any) -> Iterator[str]:
    """Every string in what JSON holds, names of fields aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)


def _is_id(text: str, run: str) -> bool:
    return bool(run) and (text == run or text.startswith(f"{run}-"))
