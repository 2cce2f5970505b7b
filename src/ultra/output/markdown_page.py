"""A run as Markdown that no answer can break out of.

Every answer is a block quote, which ends whatever an answer leaves open. Outside of code, raw HTML
is shown instead of obeyed, and pictures are not fetched: their address could carry words away.
"""

import re
from collections.abc import Sequence

from ultra.core.records import CallDocument, RunDocument
from ultra.output.compare import COLUMNS, Said, differences, members, table_rows, title
from ultra.output.figures import lower_bound, price, savings_of, seconds
from ultra.output.findings import Finding, findings
from ultra.output.safe import cell, visible
from ultra.output.tables import Column
from ultra.output.tool_calls import calls_json

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~!])")
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})(.*)\Z")
_SPAN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def markdown_page(document: RunDocument) -> str:
    """The answer, or all answers, with where they part and their figures."""
    parts = [f"# {plain(document.prompt or document.verb, 200)}"]
    if document.answer is not None:
        parts.append(quote(document.answer))
    else:
        parts.append(_differences(document))
        parts.extend(_section(call) for call in members(document))
    parts.extend(_finding(finding) for finding in findings(document))
    parts.append(_table(document))
    parts.append(_footer(document))
    return "\n\n".join(part for part in parts if part) + "\n"


def quote(text: str) -> str:
    """A model's text as a block quote."""
    lines = []
    fence = ""
    for line in visible(text).rstrip("\n").split("\n"):
        found = _FENCE.match(line)
        if fence:
            shown = line
            if found and found[1].startswith(fence) and not found[2].strip():
                fence = ""
        elif found and not (found[1][0] == "`" and "`" in found[2]):
            fence, shown = found[1], line
        else:
            shown = _inert(line)
        lines.append(f"> {shown}".rstrip())
    return "\n".join(lines)


def _inert(line: str) -> str:
    """A line outside of fences, with nothing that is obeyed or fetched outside of code spans."""
    parts: list[str] = []
    place = 0
    for span in _SPAN.finditer(line):
        parts.extend((_inert_words(line[place : span.start()]), span.group()))
        place = span.end()
    return "".join((*parts, _inert_words(line[place:])))


def _inert_words(text: str) -> str:
    return _TAG.sub("&lt;", text).replace("![", "\\![")


def plain(text: str, limit: int = 300) -> str:
    """Words on one line that mean nothing to Markdown."""
    return _MARKS.sub(r"\\\1", cell(text, limit))


def _section(call: CallDocument) -> str:
    facts = [seconds(call.duration_s), price(call.cost_nano)]
    if call.status != "ok":
        facts.append(call.status)
    parts = [f"## {plain(title(call))}", " · ".join(facts)]
    if call.text:
        parts.append(quote(call.text))
    elif call.tool_calls:
        parts.append(quote(calls_json(call.tool_calls)))
    if call.error is not None:
        parts.append(f"Error: {plain(call.error.message)}")
    return "\n\n".join(parts)


def _differences(document: RunDocument) -> str:
    found = differences(document)
    if found is None:
        return ""
    parts = ["## Differences", *(_list(said) for said in found.said)]
    if found.agreed:
        parts.append(f"All {found.agreed} say the same.")
    return "\n\n".join(parts)


def _list(said: Said) -> str:
    items = (f"- {plain(sentence, 2_000)}" for sentence in said.sentences)
    return "\n".join((f"{plain(said.head, 2_000)}:", "", *items))


def _finding(finding: Finding) -> str:
    parts = [f"## {finding.title.capitalize()}"]
    if finding.notes:
        parts.append("\n".join(f"- {plain(note, 2_000)}" for note in finding.notes))
    if finding.columns:
        parts.append(grid(finding.columns, finding.rows))
    return "\n\n".join(parts)


def _table(document: RunDocument) -> str:
    return grid(COLUMNS, table_rows(document))


def grid(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """A table of text."""
    heads = " | ".join(plain(column.name) for column in columns)
    rules = " | ".join("---:" if column.right else "---" for column in columns)
    cells = (" | ".join(plain(text) for text in row) for row in rows)
    return "\n".join(f"| {line} |" for line in (heads, rules, *cells))


def _footer(document: RunDocument) -> str:
    facts = [f"run {document.run_id}", lower_bound(document.cost_nano, document.known_nano)]
    saved = savings_of(document)
    if saved:
        facts.append(saved)
    if document.simulated:
        facts.append("**simulated**")
    if document.degraded:
        facts.append("degraded: " + "; ".join(plain(reason) for reason in document.reasons))
    return " · ".join(facts)
