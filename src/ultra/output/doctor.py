"""`ultra doctor` on a screen: one page of findings by area, and the table of error classes."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from ultra.core.health import Checkup, Finding
from ultra.output.moments import dated
from ultra.output.safe import visible
from ultra.output.streams import Streams
from ultra.output.width import pad, wrap

_COLOURS = {"ok": ("green",), "warning": ("yellow",), "problem": ("red", "bold")}
_WORD = len("warning")


def render_checkup(checkup: Checkup, *, streams: Streams) -> list[str]:
    """Areas in order, a line a finding with its next step below; the sum of it last."""
    width = streams.width - 1 if streams.stdout_is_tty else None
    lines: list[str] = []
    for area, findings in groupby(checkup.findings, key=lambda one: one.area):
        lines += [_style(streams, area, "bold")]
        for one in findings:
            lines += _finding(one, width, streams)
    return [*lines, "", _sum(checkup, streams)]


def checkup_document(checkup: Checkup) -> dict[str, Any]:
    """What `--json` prints beside its version: every finding, and how many of each level."""
    told = dated(checkup)
    return {"ultra": told.pop("version"), **told, "counts": _counts(checkup)}


def render_rows(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, streams: Streams
) -> list[str]:
    """Columns of which the last is wrapped, so that a narrow terminal cuts nothing off."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)][:-1]
    before = sum(widths) + 2 * len(widths)
    width = streams.width - 1 if streams.stdout_is_tty else None
    lines: list[str] = []
    for row in (heads, *rows):
        *cells, words = row
        first, *rest = _lines(words, width, before)
        start = "".join(pad(text, size) + "  " for text, size in zip(cells, widths, strict=True))
        line = start + first
        lines += [_style(streams, line, "bold") if row is heads else line]
        lines += [" " * before + more for more in rest]
    return lines


def _finding(one: Finding, width: int | None, streams: Streams) -> list[str]:
    word = _style(streams, pad(one.level, _WORD), *_COLOURS[one.level])
    indent = " " * (_WORD + 4)
    first, *rest = _lines(one.message, width, len(indent))
    lines = [f"  {word}  {first}", *(indent + line for line in rest)]
    if one.hint:
        lines += [indent + line for line in _lines(f"next: {one.hint}", width, len(indent))]
    return lines


def _lines(text: str, width: int | None, indent: int) -> list[str]:
    flat = " ".join(visible(text).split())
    return [flat] if width is None else wrap(flat, max(8, width - indent))


def _sum(checkup: Checkup, streams: Streams) -> str:
    counts = _counts(checkup)
    parts = [
        f"{number} {_style(streams, word if number == 1 else word + 's', *_COLOURS[word])}"
        for word, number in counts.items()
        if word != "ok" and number
    ]
    return ", ".join(parts) or _style(streams, "all is well", "green")


def _counts(checkup: Checkup) -> dict[str, int]:
    levels = [one.level for one in checkup.findings]
    return {word: levels.count(word) for word in ("problem", "warning", "ok")}


def _style(streams: Streams, text: str, *names: str) -> str:
    return text if streams.out_screen is None else streams.out_screen.style(text, *names)
