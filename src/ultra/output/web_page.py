"""A run as one web page: nothing is loaded from anywhere, no text in it is ever markup."""

import re
from collections.abc import Sequence
from html import escape

from ultra.core.records import CallDocument, RunDocument
from ultra.output.compare import COLUMNS, Said, differences, members, table_rows, title
from ultra.output.figures import lower_bound, price, savings_of, seconds
from ultra.output.findings import Finding, findings
from ultra.output.safe import cell, visible
from ultra.output.tables import Column
from ultra.output.tool_calls import calls_json

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_NUMBER = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #d0d7de; --soft: #57606a }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #0d1117; --line: #30363d; --soft: #8d96a0 }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.3rem; white-space: pre-wrap; overflow-wrap: anywhere }
h2 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere }
section { margin: 1.5rem 0 }
.answers { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)) }
article { border: 1px solid var(--line); border-radius: 6px; padding: 1rem; min-width: 0 }
pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext }
.facts, footer { color: var(--soft); font-size: .9rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; margin: 1.5rem 0; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left }
.figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
@media print {
  :root { --ink: #000; --paper: #fff; --line: #999; --soft: #333 }
  body { margin: 0; max-width: none }
  .answers { display: block }
  article { margin-bottom: 1rem }
  .scroll { overflow: visible }
  table { font-size: .75rem }
  th, td { padding: .2rem .3rem; overflow-wrap: anywhere }
  .figure { white-space: normal }
  tr { break-inside: avoid }
  h2 { break-after: avoid }
}
"""


def web_page(document: RunDocument) -> str:
    """The answer, or all answers, with where they part and their figures, as HTML."""
    head = cell(document.prompt or document.verb, 80)
    if document.answer is not None:
        body = f"<article>{pre(document.answer)}</article>"
    else:
        answers = "\n".join(_article(call) for call in members(document))
        body = f'{_differences(document)}<section class="answers">\n{answers}\n</section>'
    body += "".join(_finding(finding) for finding in findings(document))
    return f"""{page_head(head)}
<h1 dir="auto">{escaped(document.prompt or document.verb)}</h1>
{body}
<div class="scroll">{_table(document)}</div>
<footer>{_footer(document)}</footer>
</body>
</html>
"""


def page_head(title: str, *, style: str = "", policy: str = "") -> str:
    """How every page begins, as far as its body: nothing may be loaded, from anywhere.

    `style` and `policy` are what a page has beyond the usual.
    """
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{escaped(title)}</title>
<style>{_STYLE}{style}</style>
</head>
<body>"""


def escaped(text: str) -> str:
    """Text as it stands in a page, where none of it is markup."""
    return escape(visible(text))


def pre(text: str) -> str:
    """A longer text with its own lines."""
    return f'<pre dir="auto">{escaped(text)}</pre>'


def _article(call: CallDocument) -> str:
    facts = [seconds(call.duration_s), price(call.cost_nano)]
    if call.status != "ok":
        facts.append(call.status)
    parts = [
        f"<h2>{escaped(title(call))}</h2>",
        f'<p class="facts">{escaped(" · ".join(facts))}</p>',
    ]
    if call.text:
        parts.append(pre(call.text))
    elif call.tool_calls:
        parts.append(pre(calls_json(call.tool_calls)))
    if call.error is not None:
        parts.append(f"<p>Error: {escaped(call.error.message)}</p>")
    return f"<article>{''.join(parts)}</article>"


def _differences(document: RunDocument) -> str:
    found = differences(document)
    if found is None:
        return ""
    parts = ["<h2>Differences</h2>", *(_list(said) for said in found.said)]
    if found.agreed:
        parts.append(f"<p>All {found.agreed} say the same.</p>")
    return f"<section>{''.join(parts)}</section>\n"


def _list(said: Said) -> str:
    items = "".join(f'<li dir="auto">{escaped(sentence)}</li>' for sentence in said.sentences)
    return f"<p>{escaped(said.head)}:</p><ul>{items}</ul>"


def _finding(finding: Finding) -> str:
    notes = "".join(f'<li dir="auto">{escaped(note)}</li>' for note in finding.notes)
    parts = [
        f"<h2>{escaped(finding.title.capitalize())}</h2>",
        f"<ul>{notes}</ul>" if notes else "",
    ]
    if finding.columns:
        parts.append(f'<div class="scroll">{grid(finding.columns, finding.rows)}</div>')
    return f"\n<section>{''.join(parts)}</section>"


def _table(document: RunDocument) -> str:
    return grid(COLUMNS, table_rows(document))


def grid(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], *, sortable: bool = False
) -> str:
    """A table of text. `sortable` puts the number of a figure beside its spelling, for a script."""
    heads = "".join(f"<th{_figure(column.right)}>{escaped(column.name)}</th>" for column in columns)
    cells = "\n".join(f"<tr>{_cells(row, columns, sortable)}</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead>\n<tbody>\n{cells}\n</tbody></table>"


def _cells(row: Sequence[str], columns: Sequence[Column], sortable: bool) -> str:
    return "".join(
        f"<td{_figure(column.right)}{_key(text) if sortable and column.right else ''}>"
        f"{escaped(text)}</td>"
        for text, column in zip(row, columns, strict=True)
    )


def _key(figure: str) -> str:
    """What a figure sorts by: its first number, nothing without one."""
    found = _NUMBER.search(figure)
    return f' data-sort="{found[0].replace(",", "") if found else ""}"'


def _figure(is_figure: bool) -> str:
    return ' class="figure"' if is_figure else ""


def _footer(document: RunDocument) -> str:
    facts = [
        f"run {document.run_id}",
        document.started_at,
        lower_bound(document.cost_nano, document.known_nano),
    ]
    saved = savings_of(document)
    if saved:
        facts.append(saved)
    if document.simulated:
        facts.append("simulated")
    if document.degraded:
        facts.append("degraded: " + "; ".join(document.reasons))
    return escaped(" · ".join(facts))
