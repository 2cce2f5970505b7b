"""What is written inside one transaction, many rows a statement.

Each statement lets go of Python's lock and waits to have it back: up to 5 ms each while the event
loop is busy. So a thousand rows go in a few statements, not in a thousand.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

import msgspec
from msgspec import Struct, structs

from ultra.core.ledger import Admitted, AttemptRecord, AttemptResult, Refused, RunEnd, RunRecord
from ultra.core.request import Message
from ultra.core.verdict import Verdict
from ultra.store.admission import Admission
from ultra.store.bulk import batches, flat, slots
from ultra.store.contents import Contents, take_apart
from ultra.store.hashing import hashed
from ultra.store.limits import note_limits
from ultra.store.operations import Admit, Close, End, Judged, Operation, Pieces, Served
from ultra.store.reading import RUN_COLUMNS, names
from ultra.store.rows import (
    AttemptEnd,
    AttemptRow,
    CallRow,
    RunRow,
    RunRows,
    Value,
    attempt_end,
    attempt_row,
    call_row,
    ended,
    run_row,
    storable,
    to_json,
    values,
    wordless_verdict,
)
from ultra.store.search_index import put_in_waiting

_CALL_COLUMNS = f"{names(CallRow)}, prompt"
_ATTEMPT_COLUMNS = names(AttemptRow, AttemptEnd)
_END_FIELDS = AttemptEnd.__struct_fields__
_RUN_END = RunRow.__struct_fields__[RunRow.__struct_fields__.index("status") :]


class PromptCache:
    """Takes a prompt apart once for all the calls that share it."""

    def __init__(self) -> None:
        self._last: list[tuple[tuple[Message, ...], Contents]] = []

    def contents(self, messages: tuple[Message, ...]) -> Contents:
        """The parts of the prompt; told apart by identity, since hashing it is the cost."""
        for known, contents in self._last:
            if known is messages:
                return contents
        contents = take_apart(messages)
        self._last = [(messages, contents), *self._last[:3]]
        return contents


def commit(
    connection: sqlite3.Connection,
    operations: Sequence[Operation],
    owner: str,
    cache: PromptCache,
    admission: Admission,
    *,
    words: bool = True,
) -> list[Admitted | Refused]:
    """Put a group on record in one transaction; the outcomes are those of its admits, in order.

    Without `words` nothing comes into the search index, which SQLite may find damaged so late that
    the transaction is gone.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        outcomes = _decide(connection, operations, admission)
        admits = [operation for operation in operations if isinstance(operation, Admit)]
        leaving = [
            (_at_its_reserve(item.attempt, outcome), item.run)
            for item, outcome in zip(admits, outcomes, strict=True)
            if isinstance(outcome, Admitted)
        ]
        _record(connection, leaving, owner, cache)
        _append(connection, [item for item in operations if isinstance(item, Pieces)])
        served = [item for item in operations if isinstance(item, Served)]
        _record(connection, [(item.attempt, item.run) for item in served], owner, cache)
        _close(
            connection,
            [
                Close(
                    item.attempt.attempt_id,
                    item.result,
                    item.run.keep_text,
                    hash_key=item.run.hash_key,
                )
                if isinstance(item, Served)
                else item
                for item in operations
                if isinstance(item, Close | Served)
            ],
        )
        for operation in operations:
            if isinstance(operation, Judged):
                _judge(connection, operation.run_id, operation.verdict)
            elif isinstance(operation, End):
                _end(connection, operation.run, operation.end, owner)
                if words and operation.run.keep_text:
                    put_in_waiting(connection)
        admission.finish(connection)
        connection.execute("COMMIT")
        admission.written()
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcomes


def _decide(
    connection: sqlite3.Connection, operations: Sequence[Operation], admission: Admission
) -> list[Admitted | Refused]:
    """Decide on the attempts in the order said: what one that ended gives back, the next may take.

    One that was let go while the file was locked has gone, and is only counted.
    """
    closing = [item.attempt_id for item in operations if isinstance(item, Close)]
    admission.begin(connection, closing)
    outcomes: list[Admitted | Refused] = []
    for operation in operations:
        if isinstance(operation, Admit) and operation.reply is None:
            admission.count(connection, operation)
            outcomes.append(Admitted())
        elif isinstance(operation, Admit):
            outcomes.append(admission.decide(connection, operation))
        elif isinstance(operation, Close):
            admission.close(connection, operation)
        elif isinstance(operation, End):
            admission.end_run(connection, operation.run.run_id)
    return outcomes


def _at_its_reserve(attempt: AttemptRecord, outcome: Admitted) -> AttemptRecord:
    """The attempt at the estimate that its reserve is: its stream is stopped there."""
    if outcome.reserve_nano is None:
        return attempt
    return structs.replace(attempt, charged_nano=outcome.reserve_nano)


def _record(
    connection: sqlite3.Connection,
    leaving: Sequence[tuple[AttemptRecord, RunRecord]],
    owner: str,
    cache: PromptCache,
) -> None:
    """Write the rows of attempts, and those of their runs and calls where they are the first."""
    attempts = [attempt for attempt, _ in leaving]
    runs = {run.run_id: run for _, run in leaving}
    _insert_runs(connection, list(runs.values()), owner)
    keys = _prompts(connection, [a for a in attempts if runs[a.run_id].keep_text], cache)
    calls = {a.call_id: call_row(a, runs[a.run_id].keep_text) for a in reversed(attempts)}
    rows = [[*values(row), keys.get(row.call_id)] for row in reversed(calls.values())]
    _insert(connection, "calls", _CALL_COLUMNS, rows)
    _insert(connection, "attempts", _ATTEMPT_COLUMNS, [values(attempt_row(a)) for a in attempts])


def _insert_runs(connection: sqlite3.Connection, runs: Sequence[RunRecord], owner: str) -> None:
    _insert(connection, "runs", RUN_COLUMNS, [values(run_row(run, owner)) for run in runs])
    tags: list[list[Value]] = [
        [run.run_id, storable(name), storable(value)]
        for run in runs
        for name, value in run.tags.items()
    ]
    _insert(connection, "run_tags", "run_id, name, value", tags)
    prompts = [[run.run_id, "", hashed(run.hash_key, run.prompt)] for run in runs if run.hash_key]
    _insert(connection, "hashes", "run_id, call_id, hash", prompts)


class Foreign(Struct, frozen=True):
    """A whole run of one call that another program made; `timed` is whether it says how long."""

    run: RunRecord
    attempt: AttemptRecord
    result: AttemptResult
    end: RunEnd
    timed: bool


def take_over(
    connection: sqlite3.Connection, found: Sequence[Foreign], owner: str, *, words: bool = True
) -> None:
    """Put runs of another program on record, inside the caller's transaction.

    Nothing is decided, reserved or charged: they are over. Without `words` nothing comes into the
    search index.
    """
    cache = PromptCache()
    _record(connection, [(item.attempt, item.run) for item in found], owner, cache)
    closes = [
        Close(
            item.attempt.attempt_id,
            item.result,
            item.run.keep_text,
            hash_key=item.run.hash_key,
        )
        for item in found
    ]
    ends = [
        (item.attempt.attempt_id, attempt_end(item.result, item.run.keep_text)) for item in found
    ]
    _end_attempts(
        connection,
        [
            (key, end if item.timed else structs.replace(end, duration_s=None))
            for (key, end), item in zip(ends, found, strict=True)
        ],
    )
    _end_calls(connection, closes)
    for item in found:
        row = ended(run_row(item.run, owner), item.end)
        _end_row(connection, row if item.timed else structs.replace(row, duration_s=None))
        if words and row.keep_text:
            put_in_waiting(connection)


def write_off(connection: sqlite3.Connection, rows: RunRows) -> None:
    """Complete the rows of a run that its own process cannot complete any more."""
    run = rows.run
    _end_attempts(connection, [(row.attempt_id, row.end) for row in rows.attempts])
    for call in rows.calls:
        connection.execute(
            "UPDATE calls SET status = ?, ended_at = ? WHERE call_id = ?",
            (call.status, call.ended_at, call.call_id),
        )
    _end_row(connection, run)


def _prompts(
    connection: sqlite3.Connection, attempts: Sequence[AttemptRecord], cache: PromptCache
) -> dict[str, str]:
    """Store the prompts of the attempts, each once; their keys by call."""
    taken = [(attempt.call_id, cache.contents(attempt.messages)) for attempt in attempts]
    contents = {item.key: item for _, item in taken}.values()
    blobs = dict(chain.from_iterable(item.blobs.items() for item in contents))
    messages = dict(chain.from_iterable(item.messages.items() for item in contents))
    _insert(connection, "blobs", "sha256, data", [list(pair) for pair in blobs.items()])
    _insert(connection, "messages", "sha256, content", [list(pair) for pair in messages.items()])
    listings: list[list[Value]] = [[item.key, item.listing] for item in contents]
    _insert(connection, "prompts", "sha256, messages", listings)
    return {call_id: item.key for call_id, item in taken}


def _append(connection: sqlite3.Connection, pieces: Iterable[Pieces]) -> None:
    rows: list[list[Value]] = [
        [attempt_id, storable(text)] for item in pieces for attempt_id, text in item.texts.items()
    ]
    for batch in batches(rows):
        connection.execute(
            "INSERT INTO pieces (attempt_id, text) SELECT v.column1, v.column2"  # noqa: S608
            f" FROM ({slots(batch)}) AS v JOIN attempts a ON a.attempt_id = v.column1"
            " WHERE a.status = 'running'",
            flat(batch),
        )


def _close(connection: sqlite3.Connection, closes: Sequence[Close]) -> None:
    ends = [(item.attempt_id, attempt_end(item.result, item.keep_text)) for item in closes]
    _end_attempts(connection, ends)
    _end_calls(connection, closes)


def _end_calls(connection: sqlite3.Connection, closes: Sequence[Close]) -> None:
    _keep_hashes(connection, closes)
    calls: list[list[Value]] = [
        [item.attempt_id, item.result.status, item.result.ended_at] for item in closes
    ]
    for batch in batches(calls):
        connection.execute(
            "UPDATE calls SET status = v.column2, ended_at = v.column3"  # noqa: S608  (slots only)
            f" FROM ({slots(batch)}) AS v JOIN attempts a ON a.attempt_id = v.column1"
            " WHERE calls.call_id = a.call_id",
            flat(batch),
        )


def _keep_hashes(connection: sqlite3.Connection, closes: Sequence[Close]) -> None:
    """Keep the hash of what each call answered last, of those whose words are not kept."""
    connection.executemany(
        "INSERT OR REPLACE INTO hashes (run_id, call_id, hash)"
        " SELECT c.run_id, c.call_id, ? FROM calls c WHERE c.call_id = ?",
        [
            (hashed(item.hash_key, item.result.text), item.attempt_id.rpartition(".")[0])
            for item in closes
            if item.hash_key and item.result.text
        ],
    )


def _end_attempts(connection: sqlite3.Connection, ends: Sequence[tuple[str, AttemptEnd]]) -> None:
    sets = ", ".join(f"{name} = v.column{at}" for at, name in enumerate(_END_FIELDS, start=2))
    for batch in batches([[attempt_id, *values(end)] for attempt_id, end in ends]):
        connection.execute(
            f"UPDATE attempts SET {sets} FROM ({slots(batch)}) AS v"  # noqa: S608  (names, slots)
            " WHERE attempts.attempt_id = v.column1",
            flat(batch),
        )
    for batch in batches([[attempt_id] for attempt_id, _ in ends]):
        connection.execute(
            f"DELETE FROM pieces WHERE attempt_id IN ({slots(batch)})",  # noqa: S608  (slots)
            flat(batch),
        )


def _judge(connection: sqlite3.Connection, run_id: str, verdict: Verdict) -> None:
    row = connection.execute("SELECT keep_text FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    if row is None:
        return
    said = verdict if row[0] else wordless_verdict(verdict)
    text = msgspec.json.encode(said).decode()
    connection.execute("INSERT OR REPLACE INTO verdicts VALUES (?, ?)", (run_id, text))
    for table in ("ballots", "checks"):
        connection.execute(f"DELETE FROM {table} WHERE run_id = ?", (run_id,))  # noqa: S608
    ballots: list[list[Value]] = [
        [
            one.call_id or f"{run_id}-tie-{number}",  # nobody was asked, and it counts like any tie
            run_id,
            one.judge,
            to_json(one.display_order),
            to_json(one.ranking),
        ]
        for number, one in enumerate(said.ballots)
    ]
    _insert(connection, "ballots", "call_id, run_id, judge, display_order, ranking", ballots)
    numbers: Counter[str] = Counter()
    checks: list[list[Value]] = []
    for one in said.checks:
        words = storable(one.expectation) or None
        checks.append([one.call_id, numbers[one.call_id], run_id, words, int(one.met)])
        numbers[one.call_id] += 1
    _insert(connection, "checks", "call_id, number, run_id, expectation, met", checks)


def _end(connection: sqlite3.Connection, run: RunRecord, end: RunEnd, owner: str) -> None:
    row = run_row(run, owner)
    _insert_runs(connection, [run], owner)
    if end.verdict is not None:
        _judge(connection, run.run_id, end.verdict)
    note_limits(connection, row.profile, run.limits)
    _end_row(connection, ended(row, end))


def _end_row(connection: sqlite3.Connection, run: RunRow) -> None:
    """Complete a run's row."""
    sets = ", ".join(f"{name} = ?" for name in _RUN_END)
    connection.execute(
        f"UPDATE runs SET {sets} WHERE run_id = ?",  # noqa: S608  (names of our own struct)
        [*values(run)[-len(_RUN_END) :], run.run_id],
    )


def _insert(
    connection: sqlite3.Connection, table: str, columns: str, rows: Sequence[Sequence[Value]]
) -> None:
    """Insert rows, leaving those that are there already as they are."""
    for batch in batches(rows):
        connection.execute(
            f"INSERT OR IGNORE INTO {table} ({columns}) {slots(batch)}",
            flat(batch),
        )
