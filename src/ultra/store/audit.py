"""The audit trail: entries that are only added, each with a digest over itself and the one before.

The chain shows an entry that was changed, put in between or taken out of the middle. It cannot show
that the newest entries are gone, nor a trail written anew from the start. So the number and digest
of the newest entry stand in a file beside the log as well (the anchor); whoever can write both
files can forge both, and a trail that must withstand that is copied to another machine.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from ultra.core.audit import Action, Break, Deed, Entry, Fact, Proof
from ultra.core.errors import StoreError
from ultra.store.database import Place, open_database
from ultra.store.reading import reading
from ultra.store.rows import storable, to_json

COMMIT_S = 0.5
"""How long an entry that was announced may take to be there."""

_COLUMNS = "id, at, user, host, action, subject, detail, digest"
_ALL = f"SELECT {_COLUMNS} FROM audit ORDER BY id"  # noqa: S608  (names of our own)
_BEFORE_ALL = ""
_GAP: Action = "audit.gap"
_NEWEST = "SELECT id, digest FROM audit ORDER BY id DESC LIMIT 1"
_HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'audit'"


class Anchor(Struct, frozen=True):
    """The newest entry as it was announced just before it was committed."""

    number: int
    digest: str
    at: float


def anchor_file(database: Path) -> Path:
    """Where the anchor of a log is."""
    whole = Path(os.path.realpath(database))  # as SQLite names the file behind a link
    return whole.with_name(f"{whole.name}.audit")


def append(connection: sqlite3.Connection, *deeds: Deed) -> None:
    """Add entries, as part of the transaction that is open, else in one of their own.

    In a transaction that is open already it holds the lock for writing (`BEGIN IMMEDIATE`), and
    the entries come last in it: what is rolled back after them leaves a gap on record. Raises
    `sqlite3.Error` and `OSError`.
    """
    if connection.in_transaction:
        _append(connection, deeds)
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _append(connection, deeds)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def record(place: Place, deed: Deed, *, once: str = "") -> bool:
    """Add an entry to the log at `place`, made if need be; whether it was added.

    `once` names a fact of its detail: no entry is added if the newest that has that fact of the
    same subject says the same, whatever was done. Raises `StoreError`.
    """
    try:
        with closing(open_database(place, deed.at).connection) as connection:
            connection.execute("BEGIN IMMEDIATE")
            if once and _said(connection, deed, once):
                connection.execute("ROLLBACK")
                return False
            _append(connection, (deed,))
            connection.execute("COMMIT")
            return True
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"the audit trail in `{place.path}` cannot be written: {error}",
            hint="`ultra logs path` shows where it is",
        ) from error


def entries(
    path: Path,
    *,
    limit: int = 0,
    actions: Sequence[str] = (),
    begin: float | None = None,
    end: float | None = None,
) -> list[Entry]:
    """Entries, newest first; `limit` 0 is all of them, no `actions` is any.

    `begin` and `end` are UTC seconds since the epoch, the second not included. Raises `StoreError`.
    """
    tests: list[str] = []
    values: list[str | float] = []
    if actions:
        tests.append(f"action IN ({', '.join('?' * len(actions))})")
        values += actions
    for test, moment in (("at >= ?", begin), ("at < ?", end)):
        if moment is not None:
            tests.append(test)
            values.append(moment)
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    with _trail(path) as connection:
        if connection is None:
            return []
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM audit{where} ORDER BY id DESC LIMIT ?",  # noqa: S608
            (*values, limit or -1),
        )
        return [_entry(row) for row in rows]


def verify(path: Path) -> Proof:
    """Whether the trail holds together and reaches as far as was announced.

    Raises `StoreError` when the log cannot be read.
    """
    with _trail(path) as connection:
        proof = _proof(connection, _anchor(path))
        # Who adds an entry announces it and then commits: that is a matter of milliseconds.
        until = time.monotonic() + COMMIT_S
        while proof.missing is not None and time.monotonic() < until:
            time.sleep(0.02)
            proof = _proof(connection, _anchor(path))
        return proof


def _proof(connection: sqlite3.Connection | None, anchor: Anchor | None) -> Proof:
    before, held, reached = _BEFORE_ALL, 0, False
    gaps: list[int] = []
    for row in connection.execute(_ALL) if connection else ():
        number, at, digest = row[0], row[1], row[7]
        if number != held + 1:
            return Proof(held, Break(held + 1, at, f"entry {held + 1} was taken out"))
        if digest != _digest(before, row[:7]):
            return Proof(held, Break(number, at, "it is not as it was written"))
        if row[4] == _GAP:
            gaps.append(number)
        reached = reached or (anchor is not None and digest == anchor.digest)
        before, held = digest, number
    missing = None if reached else _missing(held, anchor)
    return Proof(held, missing=missing, gaps=tuple(gaps))


def _missing(held: int, anchor: Anchor | None) -> Break | None:
    if anchor is not None:
        return Break(anchor.number, anchor.at, "it was announced and is not there")
    return Break(held, None, "the file that says which entry is the last is gone") if held else None


def _append(connection: sqlite3.Connection, deeds: Sequence[Deed]) -> None:
    if not deeds:
        return
    path = _file(connection)
    row = connection.execute(_NEWEST).fetchone()
    number, before = row or (0, _BEFORE_ALL)
    anchor = _anchor(path) if path else None
    if path and (anchor.digest if anchor else _BEFORE_ALL) != before:
        deeds = [_gap(anchor, number, deeds[0]), *deeds]
    for deed in deeds:
        number += 1
        told = (deed.user, deed.host, deed.action, deed.subject, to_json(deed.detail))
        columns = (number, float(deed.at), *map(storable, told))
        before = _digest(before, columns)
        connection.execute(
            f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (*columns, before),
        )
    if path:
        _write_anchor(path, Anchor(number, before, deeds[-1].at))


def _gap(anchor: Anchor | None, held: int, deed: Deed) -> Deed:
    """What is said where the newest entry is not the one that was announced last."""
    detail: dict[str, Fact] = {"entries": held}
    if anchor is not None:
        detail |= {"announced": anchor.number, "at": anchor.at, "digest": anchor.digest}
    subject = f"entry {anchor.number}" if anchor else "anchor"
    return structs.replace(deed, action=_GAP, subject=subject, detail=detail)


def _said(connection: sqlite3.Connection, deed: Deed, fact: str) -> bool:
    row = connection.execute(
        "SELECT detail ->> ?2 FROM audit WHERE subject = ?1 AND detail ->> ?2 IS NOT NULL"
        " ORDER BY id DESC LIMIT 1",
        (storable(deed.subject), fact),
    ).fetchone()
    return row is not None and row[0] == deed.detail[fact]


def _digest(before: str, columns: Sequence[object]) -> str:
    """SHA-256 over a JSON array of the digest before and the columns, in UTF-8 without spaces."""
    return sha256(to_json([before, *columns]).encode("utf-8", "replace")).hexdigest()


def _entry(row: Sequence[Any]) -> Entry:
    number, at, user, host, action, subject, detail, digest = row
    try:
        facts = json.loads(detail)
    except ValueError:  # somebody else's hand: `verify` says so
        facts = {"unreadable": detail}
    return Entry(number, at, user, host, action, subject, facts, digest)


@contextmanager
def _trail(path: Path) -> Iterator[sqlite3.Connection | None]:
    """The log for reading; None while it holds no trail: an older ultra wrote it, or nobody yet."""
    with reading(path) as connection:
        has = connection is not None and connection.execute(_HAS_TABLE).fetchone()
        yield connection if has else None


def _file(connection: sqlite3.Connection) -> Path | None:
    """The file of a connection, None for one in memory."""
    name = connection.execute("PRAGMA database_list").fetchone()[2]
    return Path(name) if name else None


def _anchor(database: Path) -> Anchor | None:
    """The anchor; None where there is none, or none that can be read as one."""
    try:
        return msgspec.json.decode(anchor_file(database).read_bytes(), type=Anchor)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def _write_anchor(database: Path, anchor: Anchor) -> None:
    """Replace the anchor whole. The lock of the log is held, so nobody else does."""
    place = anchor_file(database)
    beside = place.with_name(f"{place.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with os.fdopen(os.open(beside, flags, 0o600), "wb") as stream:
        stream.write(msgspec.json.encode(anchor) + b"\n")
    beside.replace(place)
