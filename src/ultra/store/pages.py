"""The log a page at a time: every page costs what it holds, however long the log is.

Without words to search for, runs are walked along the index of their starts; with words, along the
full text index, which keeps the rows of a word in order. Neither sorts, and neither skips what
earlier pages held: a page begins where the last one ended.
"""

from typing import Any

from ultra.core.history import Place, Sought

MODEL = """EXISTS (SELECT 1 FROM calls c WHERE c.run_id = r.run_id
  AND ? IN (c.name, c.model, c.provider || ':' || c.model, c.provider))"""

TAG = """EXISTS (SELECT 1 FROM run_tags t
  WHERE t.run_id = r.run_id AND t.name = ? AND t.value = ?)"""

_ALL = "FROM runs r"
# CROSS JOIN is SQLite's way of saying which table is the outer one.
_FOUND = "FROM runs_fts CROSS JOIN runs r ON r.id = runs_fts.rowid"

Condition = tuple[str, tuple[Any, ...]]


def page_of(columns: str, sought: Sought, after: Place | None, limit: int) -> tuple[str, list[Any]]:
    """The query for one page as SQL and its values; the words to search for are the first."""
    used = [*_begin(sought, after), *_filters(sought)]
    source, order = _ALL, "r.started_at DESC, r.id DESC"
    if sought.words.strip():
        source, order = _FOUND, "runs_fts.rowid DESC"
    where = f" WHERE {' AND '.join(sql for sql, _ in used)}" if used else ""
    values = [value for _, several in used for value in several]
    return f"SELECT {columns} {source}{where} ORDER BY {order} LIMIT ?", [*values, limit]


def expressions(words: str) -> tuple[str, str]:
    """What was typed as FTS5 is to read it, and how where that is no expression of its language.

    A word at the end may be the beginning of one: it is being typed.
    """
    words = words.strip()
    quoted = '"' + words.replace('"', '""') + '"'
    return (f"{words}*" if words[-1:].isalnum() else words), f"{quoted} *"


def _begin(sought: Sought, after: Place | None) -> list[Condition]:
    """The words, and where the page begins."""
    if sought.words.strip():
        words: list[Condition] = [("runs_fts MATCH ?", (expressions(sought.words)[0],))]
        return [*words, *([("runs_fts.rowid < ?", (after.row,))] if after else [])]
    if after is None:
        return []
    return [("(r.started_at, r.id) < (?, ?)", (after.started_at, after.row))]


def _filters(sought: Sought) -> list[Condition]:
    marks = sought.marks
    given: list[tuple[str, object]] = [
        (MODEL, sought.model or None),
        ("r.status = ?", sought.status or None),
        ("r.cost_center = ?", marks.cost_center or None),
        ("r.started_at >= ?", sought.since),
        ("r.started_at < ?", sought.until),
    ]
    plain: list[Condition] = [(sql, (value,)) for sql, value in given if value is not None]
    return [*plain, *((TAG, tag) for tag in marks.tags.items())]
