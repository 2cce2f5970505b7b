"""A batch as one web page: figures, plots, and a table of all answers that sorts by any column.

Nothing is loaded from anywhere, and the one script that may run is the one below, by its hash.
"""

import base64
import hashlib
from collections.abc import Iterator

from ultra.core.batch import BatchDocument, Cell, ModelFigures, RowResult
from ultra.core.cost import NANO
from ultra.output.batch import BatchReport, cells_of, notes, outcome, summary, title
from ultra.output.figures import price, seconds
from ultra.output.plots import STYLE, Point, distributions, matrix, scatter
from ultra.output.safe import cell
from ultra.output.web_page import escaped, grid, page_head, pre

_SCRIPT = """
function order(one, other) {
  var x = one === "" ? NaN : Number(one), y = other === "" ? NaN : Number(other);
  if (isNaN(x) || isNaN(y)) {
    return isNaN(x) - isNaN(y) || one.localeCompare(other, undefined, { numeric: true });
  }
  return x - y;
}
document.querySelectorAll("table").forEach(function (table) {
  table.querySelectorAll("thead th").forEach(function (head, place) {
    var button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", function () {
      var up = head.getAttribute("aria-sort") !== "ascending";
      table.querySelectorAll("thead th").forEach(function (other) {
        other.removeAttribute("aria-sort");
      });
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      function key(row) {
        var cell = row.cells[place];
        return cell.dataset.sort === undefined ? cell.textContent : cell.dataset.sort;
      }
      var rows = Array.from(table.tBodies[0].rows);
      rows.sort(function (a, b) { return order(key(a), key(b)) * (up ? 1 : -1); });
      rows.forEach(function (row) { table.tBodies[0].appendChild(row); });
    });
  });
});
"""

_POLICY = (
    "; script-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    + "'"
)

_STYLE = """
th { vertical-align: bottom; white-space: nowrap }
th button { all: unset; cursor: pointer }
th button:focus-visible { outline: 2px solid }
th[aria-sort=ascending]::after { content: " \\25B2" }
th[aria-sort=descending]::after { content: " \\25BC" }
td { vertical-align: top }
summary { cursor: pointer }
.pass summary::before { content: "\\2713 "; color: #2a9d62 }
.fail summary::before { content: "\\2717 "; color: #d9542b }
.summary td { white-space: nowrap }
.answers-table td { min-width: 5rem }
.answers-table td:nth-child(1) { min-width: 0 }
.answers-table td:nth-child(2) { min-width: 12rem }
.answers-table pre { margin: .3rem 0; max-height: 20rem; overflow: auto }
@media print {
  th, .summary td { white-space: normal }
  .answers-table td, .answers-table td:nth-child(2) { min-width: 0 }
  summary { list-style: none }
  .answers-table pre { max-height: none }
}
"""


def batch_page(report: BatchReport) -> Iterator[str]:
    """The page in pieces."""
    document = report.document
    yield page_head(title(document), style=STYLE + _STYLE, policy=_POLICY)
    yield f'\n<h1 dir="auto">{escaped(title(document))}</h1>\n'
    columns, rows = summary(document)
    yield f'<div class="scroll summary">{grid(columns, rows, sortable=True)}</div>\n'
    told = "".join(f"<li>{escaped(note)}</li>" for note in notes(document))
    yield f'<ul class="facts">{told}</ul>\n<section class="plots">\n'
    yield "".join(_figures(report))
    yield "</section>\n"
    yield from _answers(report)
    yield f"<footer>{escaped(f'batch {document.batch} · {document.started_at}')}</footer>\n"
    yield f"<script>{_SCRIPT}</script>\n</body>\n</html>\n"


def _figures(report: BatchReport) -> Iterator[str]:
    document = report.document
    if any(one.compared for one in document.models):
        names = [one.name for one in document.models]
        caption = "at how many prompts the model of a row did better than that of a column"
        yield _figure(matrix(names, document.better), caption, wide=len(names) > 4)
    points, measure = _quality(document)
    if points:
        caption = f"{measure} against the cost of all answers"
        if any(point.low is not None for point in points):
            caption += "; whiskers are 95% intervals"
        yield _figure(scatter(points, "dollars", measure), caption)
    if any(one.seconds for one in report.latencies):
        caption = "the share of whole answers that were there after so many seconds"
        yield _figure(distributions(report.latencies), caption)


def _quality(document: BatchDocument) -> tuple[list[Point], str]:
    """Cost and quality of the models that have both, and by what quality is measured."""
    priced = [
        (place, one) for place, one in enumerate(document.models) if one.cost_nano is not None
    ]
    checked = [
        _point(place, one, one.accuracy, one.low, one.high)
        for place, one in priced
        if one.accuracy is not None
    ]
    if checked:
        return checked, "accuracy"
    judged = [(place, one) for place, one in priced if one.compared]
    return [
        _point(place, one, one.wins / one.compared, None, None) for place, one in judged
    ], "share of wins"


def _point(place: int, one: ModelFigures, y: float, low: float | None, high: float | None) -> Point:
    return Point(one.name, place, (one.cost_nano or 0) / NANO, y, low, high)


def _figure(svg: str, caption: str, *, wide: bool = False) -> str:
    kind = ' class="wide"' if wide else ""
    return f"<figure{kind}>{svg}<figcaption>{escaped(caption)}</figcaption></figure>\n"


def _answers(report: BatchReport) -> Iterator[str]:
    models = report.document.models
    heads = "".join(f"<th>{escaped(one.name)}</th>" for one in models)
    yield '<div class="scroll"><table class="answers-table">\n<thead><tr><th>row</th>'
    yield f"<th>prompt</th><th>expected</th>{heads}</tr></thead>\n<tbody>\n"
    for result in report.rows:
        yield _row(result, models)
    yield "</tbody></table></div>\n"


def _row(result: RowResult, models: list[ModelFigures]) -> str:
    row = result.row
    name = f' title="{escaped(cell(row.name))}"' if row.name else ""
    cells = "".join(_cell(cells_of(result, model)) for model in models)
    return (
        f'<tr><td data-sort="{row.number}"{name}>{row.number}</td>'
        f'<td dir="auto">{_long(row.prompt)}</td>'
        f'<td dir="auto">{_long(row.expected or "")}</td>{cells}</tr>\n'
    )


def _cell(answers: list[Cell]) -> str:
    if not answers:
        return "<td>not asked</td>"
    key = " ".join(sorted(outcome(one) for one in answers))
    return f'<td data-sort="{escaped(key)}">{"".join(_answer(one) for one in answers)}</td>'


def _answer(answer: Cell) -> str:
    facts = [outcome(answer), seconds(answer.duration_s), price(answer.cost_nano)]
    facts += [answer.unmet] if answer.unmet else []
    facts += [answer.error] if answer.error else []
    kind = outcome(answer) if answer.met is not None and answer.ok else ""
    words = answer.text if answer.text is not None else "not kept"
    short = words if answer.ok else f"{outcome(answer)} {answer.text or ''}".rstrip()
    told = escaped(cell(" · ".join(facts), 400))
    return (
        f'<details class="{kind}"><summary dir="auto">{escaped(cell(short, 80))}</summary>'
        f'{pre(words)}<p class="facts">{told}</p></details>'
    )


def _long(words: str) -> str:
    short = cell(words, 80)
    if short == words:
        return escaped(words)
    return f"<details><summary>{escaped(short)}</summary>{pre(words)}</details>"
