"""Prompts, messages and attachments that no call refers to any more.

They are kept once for all who refer to them, and no index says who does: one would be written with
every call, in random order, for the sake of a deletion now and then. So they are found by reading
all references once, without a lock, and what came to be referred to since is looked at again under
the lock. That stands on row numbers, which only grow while nobody deletes: one tends at a time.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from ultra.store.bulk import flat, slots
from ultra.store.tending import Tender

_PART = "json_extract(part.value, '$.blob')"


class _Kind(NamedTuple):
    """A table of what may be referred to, and the query for what is, from a row number on."""

    table: str
    users: str
    used: str


_KINDS = (
    _Kind(
        "prompts",
        "calls",
        "SELECT prompt FROM calls WHERE rowid > ?1 AND prompt IS NOT NULL",
    ),
    _Kind(
        "messages",
        "prompts",
        "SELECT part.value FROM prompts, json_each(prompts.messages) AS part"
        " WHERE prompts.rowid > ?1",
    ),
    _Kind(
        "blobs",
        "messages",
        f"SELECT {_PART} FROM messages, json_each(messages.content, '$.parts') AS part"  # noqa: S608
        " WHERE messages.rowid > ?1 AND instr(messages.content, '\"blob\":')"
        f" AND {_PART} IS NOT NULL",
    ),
)


def collect(tender: Tender) -> None:
    """Remove what nobody refers to."""
    connection = tender.connection
    connection.execute("PRAGMA foreign_keys=OFF")  # else each prompt is looked for in every call
    try:
        for kind in _KINDS:
            _collect(tender, kind)
    finally:
        connection.execute("PRAGMA foreign_keys=ON")


def _collect(tender: Tender, kind: _Kind) -> None:
    connection = tender.connection
    connection.execute("BEGIN")  # both questions are about one moment
    try:
        newest = connection.execute(f"SELECT ifnull(max(rowid), 0) FROM {kind.users}").fetchone()[0]  # noqa: S608
        unused = [key for (key,) in connection.execute(_unused(kind), (0,))]
    finally:
        connection.execute("COMMIT")

    def remove(keys: Sequence[str]) -> None:
        rows = [(key,) for key in keys]
        # Numbered and plain parameters do not go together.
        used = kind.used.replace("?1", str(int(newest)))
        connection.execute(
            f"DELETE FROM {kind.table} WHERE sha256 IN ({slots(rows)})"  # noqa: S608  (names, slots)
            f" AND sha256 NOT IN ({used})",
            flat(rows),
        )

    tender.each(unused, remove)


def _unused(kind: _Kind) -> str:
    return f"SELECT sha256 FROM {kind.table} WHERE sha256 NOT IN ({kind.used})"  # noqa: S608


def unused_size(connection: sqlite3.Connection, doomed: str, values: dict[str, object]) -> int:
    """Bytes of what only the calls of some runs refer to; `doomed` is a query for their ids."""
    row = connection.execute(_UNUSED_SIZE.format(doomed=doomed), values).fetchone()
    return int(row[0])


_UNUSED_SIZE = f"""
WITH doomed AS MATERIALIZED ({{doomed}}),
kept_prompts AS MATERIALIZED (SELECT DISTINCT prompt FROM calls
  WHERE prompt IS NOT NULL AND run_id NOT IN doomed),
kept_messages AS MATERIALIZED (SELECT DISTINCT part.value FROM prompts,
  json_each(prompts.messages) AS part WHERE prompts.sha256 IN kept_prompts),
kept_blobs AS MATERIALIZED (SELECT DISTINCT {_PART} FROM messages,
  json_each(messages.content, '$.parts') AS part
  WHERE instr(messages.content, '"blob":') AND messages.sha256 IN kept_messages)
SELECT
  (SELECT ifnull(sum(length(CAST(messages AS BLOB))), 0) FROM prompts
   WHERE sha256 NOT IN kept_prompts)
  + (SELECT ifnull(sum(length(CAST(content AS BLOB))), 0) FROM messages
     WHERE sha256 NOT IN kept_messages)
  + (SELECT ifnull(sum(length(data)), 0) FROM blobs WHERE sha256 NOT IN kept_blobs)"""  # noqa: S608
