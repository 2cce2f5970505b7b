"""The log a page at a time: every page costs what it holds, however long the log is.

Without words to search for, runs are walked along the index of their starts, or of what they have
in common; with words, along the full text index, which keeps the rows of a word in order. Neither
sorts, and neither skips what earlier pages held: a page begins where the last one ended. Where few
runs have a mark, those are looked up and sorted instead of walking past all the others.
"""

import re
from typing import Any

from ultra.core.history import Place, Sought
from ultra.store.few import Few

_MODEL = """EXISTS (SELECT 1 FROM calls c WHERE c.run_id = r.run_id
  AND ? IN (c.name, c.model, c.provider || ':' || c.model, c.provider))"""

_TAG = """EXISTS (SELECT 1 FROM run_tags t
  WHERE t.run_id = r.run_id AND t.name = ? AND t.value = ?)"""

# A partial index serves where its condition stands in the query, word for word.
_COST_CENTER = "r.cost_center = ? AND r.cost_center != ''"
_STATUS = {"ok": "r.status = ?", "running": "r.status = ? AND r.status = 'running'"}
_ILL = "r.status = ? AND r.status NOT IN ('ok', 'running')"

_ALL = "FROM runs r"
# CROSS JOIN is SQLite's way of saying which table is the outer one.
_FOUND = "FROM runs_fts CROSS JOIN runs r ON r.id = runs_fts.rowid"

_BEGUN = re.compile(r"(?:\w{3}|[^\W\x00-\x7f])\Z")
"""Three letters, or one of a script that writes words in few of them."""

Condition = tuple[str, tuple[Any, ...]]


def page_of(
    sought: Sought,
    after: Place | None,
    limit: int,
    few: Few | None = None,
    *,
    typing: bool = True,
) -> tuple[str, list[Any]]:
    """The query for the rows of one page and its values; words to search for are the first.

    `few` are runs among which all that are sought are. A `limit` of -1 is none. Not `typing`, the
    last word is a whole one.
    """
    used = [*_begin(sought, after, typing=typing), *_filters(sought)]
    source, first, order = _ALL, (), "r.started_at DESC, r.id DESC"
    if sought.words.strip():
        source, order = _FOUND, "runs_fts.rowid DESC"
    elif few is not None:
        source, first = few.source, few.values
    values = [*first, *_values(used), limit]
    return f"SELECT r.id {source}{_where(used)} ORDER BY {order} LIMIT ?", values


def best_of(sought: Sought, limit: int) -> tuple[str, list[Any]]:
    """The query for the rows that the words fit best, and its values; the words are the first."""
    filters = _filters(sought)
    used: list[Condition] = [("runs_fts MATCH ?", (sought.words,)), *filters]
    source = _FOUND if filters else "FROM runs_fts"
    rank = "bm25(runs_fts, 5.0, 1.0), runs_fts.rowid DESC"
    sql = f"SELECT runs_fts.rowid {source}{_where(used)} ORDER BY {rank} LIMIT ?"
    return sql, [*_values(used), limit]


def _where(used: list[Condition]) -> str:
    return f" WHERE {' AND '.join(sql for sql, _ in used)}" if used else ""


def _values(used: list[Condition]) -> list[Any]:
    return [value for _, several in used for value in several]


def expressions(words: str) -> tuple[str, str]:
    """What was typed as FTS5 is to read it, and how where that is no expression of its language.

    A word at the end may be the beginning of one: it is being typed. One or two letters begin so
    many that they are taken as they stand: 3 s of a million calls, not 0.2.
    """
    words = words.strip()
    begun = "*" if _BEGUN.search(words) else ""
    quoted = '"' + words.replace('"', '""') + '"'
    return words + begun, f"{quoted} {'*' if begun or not words[-1:].isalnum() else ''}".rstrip()


def _begin(sought: Sought, after: Place | None, *, typing: bool) -> list[Condition]:
    """The words, and where the page begins."""
    if sought.words.strip():
        said = expressions(sought.words)[0] if typing else sought.words
        words: list[Condition] = [("runs_fts MATCH ?", (said,))]
        return [*words, *([("runs_fts.rowid < ?", (after.row,))] if after else [])]
    if after is None:
        return []
    return [("(r.started_at, r.id) < (?, ?)", (after.started_at, after.row))]


def _filters(sought: Sought) -> list[Condition]:
    marks = sought.marks
    given: list[tuple[str, object]] = [
        (_MODEL, sought.model or None),
        (_STATUS.get(sought.status, _ILL), sought.status or None),
        (_COST_CENTER, marks.cost_center or None),
        ("r.started_at >= ?", sought.since),
        ("r.started_at < ?", sought.until),
    ]
    plain: list[Condition] = [(sql, (value,)) for sql, value in given if value is not None]
    return [*plain, *((_TAG, tag) for tag in marks.tags.items())]
