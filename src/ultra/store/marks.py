"""Which tags there are."""

import sqlite3

_NAMES = """
WITH RECURSIVE used(name) AS (
  SELECT min(name) FROM run_tags
  UNION ALL
  SELECT (SELECT min(t.name) FROM run_tags t WHERE t.name > used.name)
  FROM used WHERE used.name IS NOT NULL
)
SELECT name FROM used WHERE name IS NOT NULL LIMIT ?
"""
"""From one name to the next through the index: a million marks cost as much as a few."""


def tag_names(connection: sqlite3.Connection, most: int) -> list[str]:
    """Names that runs were marked with, in alphabetical order."""
    return [name for (name,) in connection.execute(_NAMES, (most,))]
