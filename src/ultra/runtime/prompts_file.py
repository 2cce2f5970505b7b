"""A file of prompts: lines of text, lines of JSON, or a table with a heading."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from ultra.core.batch import PromptRow
from ultra.core.errors import Problem, UsageError
from ultra.core.tags import tags_of
from ultra.core.text import one_line
from ultra.runtime.materials import LARGEST_BYTES

FIELDS = ("prompt", "system", "expected", "id", "tag")
"""What a row may hold; only the prompt must be there."""

MOST_TOLD = 10
"""How many broken lines are listed; what is beyond is counted."""

_JSON = (".jsonl", ".ndjson")
_TABLES = {".csv": ",", ".tsv": "\t"}


class PromptsFile(Struct, frozen=True):
    """What a file holds. `sha` is of its bytes; `unused` are columns that nothing is done with."""

    name: str
    sha: str
    rows: tuple[PromptRow, ...]
    unused: tuple[str, ...] = ()

    @property
    def expects(self) -> bool:
        """Whether any row says what is expected."""
        return any(row.expected is not None for row in self.rows)


class _Line(Struct, frozen=True):
    """One row as it was read: its fields by name, or why it cannot be read."""

    line: int
    fields: dict[str, Any]
    fault: str = ""


def read_prompts(source: str, data: bytes, text: str) -> PromptsFile:
    """The rows of a file. Its ending says how it is written; without one `{` begins lines of JSON.

    Raises `UsageError` that lists every line that is wrong, for a file without a prompt, and for a
    table without a column `prompt`.
    """
    lines = list(_reader(source, text)(text))
    problems = [Problem(f"{source}:{one.line}", "", one.fault) for one in lines if one.fault]
    rows: list[PromptRow] = []
    for one in lines:
        if one.fault:
            continue
        row = _row(one, len(rows) + 1)
        if isinstance(row, str):
            problems.append(Problem(f"{source}:{one.line}", "", row))
        else:
            rows.append(row)
    problems += _same_names(source, rows)
    check_lines(source, problems)
    if not rows:
        raise UsageError(
            f"`{source}` holds no prompt; nothing was sent",
            hint="a prompt a line, or JSON lines or CSV with `prompt`",
        )
    fields = dict.fromkeys(name for one in lines for name in one.fields)
    unused = tuple(name for name in fields if name not in FIELDS)
    return PromptsFile(source, hashlib.sha256(data).hexdigest(), tuple(rows), unused)


def check_lines(source: str, problems: list[Problem]) -> None:
    """Raise `UsageError` that lists lines that are wrong, in the order of the file."""
    if not problems:
        return
    problems = sorted(problems, key=lambda one: int(one.where.rpartition(":")[2]))
    told = problems[:MOST_TOLD]
    more = len(problems) - len(told)
    if more:
        told.append(Problem("and", "", f"{more} more"))
    count = "a line" if len(problems) == 1 else f"{len(problems)} lines"
    raise UsageError(f"`{source}` has {count} that cannot be used; nothing was sent", problems=told)


def _reader(source: str, text: str) -> Callable[[str], Iterable[_Line]]:
    ending = Path(source).suffix.lower()
    if ending in _TABLES:
        return lambda text: _table(source, text, _TABLES[ending])
    if ending in _JSON or (ending == "" and text.lstrip().startswith("{")):
        return _json_lines
    if ending == ".json":
        raise UsageError(
            f"`{source}` is one JSON document, not lines of it",
            hint="write one object a line and call it `.jsonl`",
        )
    return _text_lines


def _text_lines(text: str) -> Iterator[_Line]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _Line(number, {"prompt": line.strip()})


def _json_lines(text: str) -> Iterator[_Line]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield _Line(number, {}, f"not JSON: {one_line(str(error), 80)}")
            continue
        if isinstance(value, dict):
            yield _Line(number, value)
        else:
            yield _Line(number, {}, 'not a JSON object such as `{"prompt": "..."}`')


def _table(source: str, text: str, comma: str) -> Iterator[_Line]:
    csv.field_size_limit(LARGEST_BYTES)  # 128 KiB by itself, which a prompt may well exceed
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
    head: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Line(line, {}, f"not CSV: {error}")
            return
        if not any(cell.strip() for cell in cells):
            continue
        if head is None:
            head = _head(source, cells)
        elif len(cells) != len(head):
            yield _Line(line, {}, f"{len(cells)} cells under {len(head)} columns")
        else:
            fields = zip(head, cells, strict=True)
            yield _Line(line, {name: cell for name, cell in fields if cell.strip()})


def _head(source: str, cells: list[str]) -> list[str]:
    head = [cell.strip().lower() if cell.strip().lower() in FIELDS else cell for cell in cells]
    if "prompt" not in head:
        raise UsageError(
            f"`{source}` has no column `prompt` in its first line; nothing was sent",
            hint=f"it has {one_line(', '.join(cells), 120)}",
        )
    twice = [name for name, count in Counter(head).items() if count > 1 and name in FIELDS]
    if twice:
        raise UsageError(f"`{source}` has two columns `{twice[0]}`; nothing was sent")
    return head


def _row(line: _Line, number: int) -> PromptRow | str:
    """The row, or why it is none."""
    fields = line.fields
    for name in ("prompt", "system"):
        if not isinstance(fields.get(name, ""), str):
            return f"`{name}` is no text"
    if not fields.get("prompt", "").strip():
        return "no `prompt`"
    if not isinstance(fields.get("id", ""), str | int):
        return "`id` is neither text nor a number"
    tags = _tags(fields.get("tag"))
    if isinstance(tags, str):
        return tags
    return PromptRow(
        number,
        line.line,
        fields["prompt"].strip(),
        fields.get("system", "").strip(),
        _expected(fields.get("expected")),
        str(fields.get("id", "")).strip(),
        tags,
    )


def _expected(value: object) -> str | None:
    """What is expected as text; JSON that is no text stays as it would be written."""
    if value is None or isinstance(value, str):
        return value if value and value.strip() else None
    return json.dumps(value, ensure_ascii=False)


def _tags(value: object) -> dict[str, str] | str:
    if value is None:
        return {}
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        return "`tag` is neither `name=value` nor a list of such"
    try:
        return tags_of(texts)
    except UsageError as error:
        return error.message


def _same_names(source: str, rows: list[PromptRow]) -> list[Problem]:
    first: dict[str, PromptRow] = {}
    problems = []
    for row in rows:
        if row.name and first.setdefault(row.name, row) is not row:
            where, other = f"{source}:{row.line}", first[row.name].line
            fault = f"id `{one_line(row.name, 60)}` stands in line {other} already"
            problems.append(Problem(where, "", fault))
    return problems
