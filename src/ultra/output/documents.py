"""A run as one document: words, Markdown, JSON, lines of JSON, a web page or a spreadsheet."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from ultra.core.records import CallDocument, RunDocument
from ultra.output.compare import (
    COLUMNS,
    differences_text,
    members,
    ordered_calls,
    similarity,
    table_rows,
    title,
)
from ultra.output.events import encode_json
from ultra.output.figures import finite, lower_bound, price, savings_of, seconds
from ultra.output.findings import (
    Finding,
    extracted_of,
    findings,
    met_of,
    score_of,
)
from ultra.output.markdown_page import markdown_page
from ultra.output.safe import cell, visible
from ultra.output.tables import plain_table
from ultra.output.tool_calls import calls_json
from ultra.output.web_page import web_page

Format = Literal["text", "markdown", "json", "ndjson", "html", "csv"]

_CSV_HEAD = (
    *("run_id", "call_id", "role", "index", "sample", "name", "provider", "model", "status"),
    *("finish_reason", "ttft_s", "duration_s", "input_tokens", "output_tokens"),
    *("output_tokens_per_s", "cost_usd", "similarity", "simulated", "cached", "saved_usd", "error"),
    *("extracted", "score", "met", "picked", "text"),
)
NOTE = 2_000
"""Characters of a note or of a cell of a finding: a judge's sentence, never a whole answer."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render_run(document: RunDocument, format: Format) -> str:  # noqa: A002 - the flag's name
    """The document, ending in a line feed.

    `json`, `ndjson`, `csv` and the answer of `text` hold every word as the model wrote it, escaped
    as the format asks; what a terminal would obey is taken out of all that people read. Calls
    stand in the order asked for, never in that of arrival.
    """
    return _RENDERERS[format](document)


def render_text(document: RunDocument) -> str:
    """The answer of a run that has one; else all answers, where they part and their figures."""
    if document.answer is not None:
        return _ended(visible(document.answer))
    parts = [differences_text(document)]
    parts.extend(_section(call) for call in members(document))
    parts.extend(finding_text(finding) for finding in findings(document))
    cells = [[cell(text) for text in row] for row in table_rows(document)]
    parts.append(plain_table(COLUMNS, cells))
    parts.append(f"{_footer(document)}\n")
    return "\n".join(part for part in parts if part)


def render_json(document: RunDocument) -> str:
    """The versioned document, indented; costs are nano-dollars, null for unknown."""
    ordered = msgspec.structs.replace(document, calls=ordered_calls(document))
    return msgspec.json.format(encode_json(ordered), indent=2).decode() + "\n"


def render_ndjson(document: RunDocument) -> str:
    """The run on the first line with `type` `run`, then each call on its own with `type` `call`."""
    whole = msgspec.to_builtins(document)
    whole.pop("calls")
    calls = (
        {"type": "call", "run_id": document.run_id, **msgspec.to_builtins(call)}
        for call in ordered_calls(document)
    )
    return "".join(f"{encode_json(line).decode()}\n" for line in ({"type": "run", **whole}, *calls))


def render_csv(document: RunDocument) -> str:
    """One line a call. A cell that a spreadsheet would compute gets an apostrophe before it.

    Source: owasp.org/www-community/attacks/CSV_Injection.
    """
    return "".join(csv_pieces([document]))


def csv_pieces(documents: Iterable[RunDocument]) -> Iterator[str]:
    """The same of many runs under one head, a piece a run."""
    yield _csv_text([_CSV_HEAD])
    for document in documents:
        rows = (_csv_row(document, call) for call in ordered_calls(document))
        yield _csv_text([csv_cell(value) for value in row] for row in rows)


def jsonl_pieces(documents: Iterable[RunDocument]) -> Iterator[str]:
    """Each run as `render_json` has it, on one line."""
    for document in documents:
        ordered = msgspec.structs.replace(document, calls=ordered_calls(document))
        yield encode_json(ordered).decode() + "\n"


def _csv_text(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _csv_row(document: RunDocument, call: CallDocument) -> list[object]:
    return [
        document.run_id,
        call.call_id,
        call.role,
        call.index,
        call.sample,
        call.name,
        call.provider,
        call.model,
        call.status,
        call.finish_reason,
        finite(call.ttft_s),
        finite(call.duration_s),
        call.input_tokens,
        call.output_tokens,
        finite(call.output_tokens_per_s),
        _dollars(call.cost_nano),
        similarity(document, call),
        str(call.simulated).lower(),
        str(call.cached).lower(),
        _dollars(call.saved_nano) if call.cached else None,
        call.error.message if call.error else None,
        extracted_of(document, call),
        score_of(document, call),
        _flag(met_of(document, call)),
        _flag(document.picked and document.picked == call.call_id),
        call.text,
    ]


def _flag(value: object) -> str | None:
    """`true` or `false`; empty for what was not asked."""
    return None if value is None else str(bool(value)).lower()


def _dollars(nano: int | None) -> str:
    return "unknown" if nano is None else f"{nano / 1e9:.9f}"


def csv_cell(value: object) -> object:
    """A value as it stands in a spreadsheet: one that it would compute is made text."""
    if not isinstance(value, str):
        return value
    text = visible(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _section(call: CallDocument) -> str:
    """One answer under a heading that stays the same whatever the answer holds."""
    marks = [title(call), seconds(call.duration_s), price(call.cost_nano)]
    if call.cached:
        marks.append("cached")
    if call.status != "ok":
        marks.append(call.status)
    lines = [f"=== {' · '.join(marks)} ===", ""]
    if call.text:
        lines.append(visible(call.text).rstrip("\n"))
    if call.error is not None:
        lines.append(f"error: {cell(call.error.message)}")
    elif not call.text:
        lines.append(calls_json(call.tool_calls) if call.tool_calls else "no words")
    return _ended("\n".join(lines))


def finding_text(finding: Finding) -> str:
    """A finding in words, nothing cut."""
    lines = [f"{finding.title}:\n", *(f"  {cell(note, NOTE)}\n" for note in finding.notes)]
    cells = [[cell(text, NOTE) for text in row] for row in finding.rows]
    shown = plain_table(finding.columns, cells) if finding.columns else ""
    return "".join((*lines, *(f"  {line}\n" for line in shown.splitlines())))


def _footer(document: RunDocument) -> str:
    facts = [f"run {document.run_id[:8]}", seconds(document.duration_s)]
    facts.append(lower_bound(document.cost_nano, document.known_nano))
    saved = savings_of(document)
    if saved:
        facts.append(saved)
    if document.simulated:
        facts.append("simulated")
    if document.degraded:
        facts.append("degraded: " + "; ".join(cell(reason) for reason in document.reasons))
    return " · ".join(facts)


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


_RENDERERS: dict[Format, Callable[[RunDocument], str]] = {
    "text": render_text,
    "markdown": markdown_page,
    "json": render_json,
    "ndjson": render_ndjson,
    "html": web_page,
    "csv": render_csv,
}
