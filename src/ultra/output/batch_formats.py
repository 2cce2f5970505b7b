"""A batch as one document. Rows are read one by one: reports may be long.

Every renderer gives its document in pieces.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from ultra.core.batch import Cell, RowResult
from ultra.output.batch import BatchReport, below, brief, heading, notes, summary, title
from ultra.output.batch_page import batch_page
from ultra.output.documents import csv_cell
from ultra.output.events import encode_json
from ultra.output.junit import junit
from ultra.output.markdown_page import grid, plain
from ultra.output.safe import cell
from ultra.output.tables import Column, plain_table

BatchFormat = Literal["text", "markdown", "json", "ndjson", "csv", "html", "junit"]

_CSV_HEAD = (
    *("row", "line", "id", "prompt", "expected", "run_id", "call_id", "name", "model", "sample"),
    *("status", "met", "unmet", "score", "ttft_s", "duration_s", "input_tokens", "output_tokens"),
    *("cost_usd", "cached", "error_class", "error", "text"),
)


def render_batch(report: BatchReport, form: BatchFormat) -> Iterator[str]:
    """The report in a format, in pieces."""
    return _RENDERERS[form](report)


def _text(report: BatchReport) -> Iterator[str]:
    columns, rows = summary(report.document)
    cells = [[cell(text, 200) for text in row] for row in rows]
    yield heading(report.document) + plain_table(columns, cells) + below(report.document)


def _markdown(report: BatchReport) -> Iterator[str]:
    document = report.document
    yield f"# {plain(title(document), 200)}\n\n{grid(*summary(document))}\n\n"
    yield "".join(f"- {plain(note, 400)}\n" for note in notes(document))
    names = [one.name for one in document.models]
    heads = (Column("row"), Column("prompt"), *(Column(name) for name in names))
    lines = grid(heads, ()).splitlines()
    yield "\n" + "".join(f"{line}\n" for line in lines)
    for result in report.rows:
        said = [brief(result, one) for one in document.models]
        row = (result.row.title, cell(result.row.prompt, 60), *said)
        yield grid(heads, [row]).splitlines()[-1] + "\n"


def _json(report: BatchReport) -> Iterator[str]:
    """One object; its rows, a line each, come last."""
    yield encode_json(report.document).decode()[:-1] + ',"rows":['
    comma = "\n"
    for result in report.rows:
        yield comma + encode_json(result).decode()
        comma = ",\n"
    yield "\n]}\n"


def _ndjson(report: BatchReport) -> Iterator[str]:
    """The batch on the first line with `type` `batch`, then each row with `type` `row`."""
    yield encode_json(report.document).decode() + "\n"
    for result in report.rows:
        line = {"type": "row", **msgspec.to_builtins(result)}
        yield encode_json(line).decode() + "\n"


def _csv(report: BatchReport) -> Iterator[str]:
    """A line an answer."""
    yield _line(_CSV_HEAD)
    for result in report.rows:
        for answer in result.cells:
            yield _line(_csv_row(result, answer))


def _csv_row(result: RowResult, answer: Cell) -> list[object]:
    row = result.row
    return [
        row.number,
        row.line,
        row.name,
        row.prompt,
        row.expected,
        result.run_id,
        answer.call_id,
        answer.name,
        answer.model,
        answer.sample,
        answer.status,
        None if answer.met is None else str(answer.met).lower(),
        answer.unmet,
        answer.score,
        answer.ttft_s,
        answer.duration_s,
        answer.input_tokens,
        answer.output_tokens,
        "unknown" if answer.cost_nano is None else f"{answer.cost_nano / 1e9:.9f}",
        str(answer.cached).lower(),
        answer.error_class,
        answer.error,
        answer.text,
    ]


def _line(values: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([csv_cell(value) for value in values])
    return text.getvalue()


_RENDERERS: dict[str, Callable[[BatchReport], Iterator[str]]] = {
    "text": _text,
    "markdown": _markdown,
    "json": _json,
    "ndjson": _ndjson,
    "csv": _csv,
    "html": batch_page,
    "junit": junit,
}
