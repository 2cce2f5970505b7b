"""Runs that a rare mark names: few enough to be looked up one by one."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from ultra.core.history import Sought

MOST = 5_000
"""Of more, the newest are seldom far, and walking past the others is quicker."""

_OF_MODEL = """SELECT {what} FROM calls WHERE name = ?
UNION ALL SELECT {what} FROM calls WHERE provider = ?
UNION ALL SELECT {what} FROM calls WHERE provider = ? AND model = ?
UNION ALL SELECT {what} FROM calls WHERE model = ? AND provider IN (
  WITH RECURSIVE asked(provider) AS (
    SELECT min(provider) FROM calls
    UNION ALL
    SELECT (SELECT min(c.provider) FROM calls c WHERE c.provider > asked.provider)
    FROM asked WHERE asked.provider IS NOT NULL)
  SELECT provider FROM asked)"""

_OF_TAG = "SELECT {what} FROM run_tags WHERE name = ? AND value = ?"


class Few(Struct, frozen=True):
    """Where to find them, as the FROM of a query about `r`, and what is bound to it."""

    source: str
    values: tuple[Any, ...]


def few(connection: sqlite3.Connection, sought: Sought) -> Few | None:
    """The runs with the rarest of the marks that are sought; None where none is rare."""
    found = [(_count(connection, *named), named) for named in _named(sought)]
    count, (runs, values) = min(found, default=(MOST, ("", ())))
    if count >= MOST:
        return None
    # CROSS JOIN is SQLite's way of saying which table is the outer one.
    ids = runs.format(what="run_id")
    source = f"FROM (SELECT DISTINCT run_id FROM ({ids})) f CROSS JOIN runs r USING (run_id)"  # noqa: S608
    return Few(source, values)


def _named(sought: Sought) -> Iterator[tuple[str, tuple[str, ...]]]:
    if sought.model:
        provider, _, model = sought.model.partition(":")
        yield _OF_MODEL, (sought.model, sought.model, provider, model, sought.model)
    for tag in sought.marks.tags.items():
        yield _OF_TAG, tag


def _count(connection: sqlite3.Connection, runs: str, values: tuple[str, ...]) -> int:
    """How many calls or marks name runs, as far as it matters."""
    rows = runs.format(what="1")  # found in the indexes alone
    sql = f"SELECT count(*) FROM (SELECT 1 FROM ({rows}) LIMIT {MOST})"  # noqa: S608  (our own)
    return int(connection.execute(sql, values).fetchone()[0])
