"""Where answers differ word by word, and who says what most do not; the rest is left out."""

import difflib
import re
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from ultra.core.records import CallDocument, RunDocument
from ultra.output.findings import Names
from ultra.output.markdown_page import plain, quote
from ultra.output.safe import cell, visible

Change = Literal["same", "gone", "new", "skipped"]
Only = Literal["diff", "dissent"]
"""What alone is shown of the answers."""

_WORD = re.compile(r"\s*(?:\d[\d.,]*\d|\w+|[^\w\s])\s*")
_AROUND = 6
"""Words that are shown on each side of a difference, so that it can be placed."""


class Piece(Struct, frozen=True):
    """Words of an answer: in both, only in the one it is held against, only in itself, left out."""

    change: Change
    text: str


class WordDiff(Struct, frozen=True):
    """One answer held against another: names, and the pieces, none where they are equal."""

    name: str
    against: str
    pieces: tuple[Piece, ...]


class Dissent(Struct, frozen=True):
    """Who departs from most, and in what: all of an answer, else sentences."""

    name: str
    said: tuple[str, ...]


def word_diffs(document: RunDocument) -> list[WordDiff]:
    """Every answer against the one most like all, else against the first."""
    answers, verdict = _usable(document), document.verdict
    if len(answers) < 2 or verdict is None:
        return []
    names, base = Names(document), answers[verdict.medoid or 0]
    words = _words(base)
    return [
        WordDiff(names[one.call_id], names[base.call_id], _pieces(words, _words(one)))
        for one in answers
        if one is not base
    ]


def dissent(document: RunDocument) -> list[Dissent]:
    """Answers outside of the largest group that was read; unread, sentences of less than half."""
    answers, verdict = _usable(document), document.verdict
    if verdict is None or len(answers) < 2:
        return []
    names = Names(document)
    if verdict.extracted or verdict.readings:
        most = _largest(document)
        return [
            Dissent(names[one.call_id], (one.text or "",))
            for one in answers
            if one.call_id not in most
        ]
    spoken = [set(lines) for lines in verdict.differing]
    found = [
        (call, [line for line in lines if 2 * sum(line in own for own in spoken) < len(answers)])
        for call, lines in zip(verdict.call_ids, verdict.differing, strict=True)
    ]
    if len(answers) == 2:
        found = list(zip(verdict.call_ids, map(list, verdict.differing), strict=True))
    return [Dissent(names[call], tuple(lines)) for call, lines in found if lines]


def only_text(document: RunDocument, only: Only, mark: Callable[[Piece], str]) -> str:
    """The differences, or the dissent, in words; `mark` says how each piece is written."""
    if only == "diff":
        told = [
            f"{cell(one.name)} against {cell(one.against)}:\n"
            f"{''.join(map(mark, one.pieces)) or 'no difference'}\n"
            for one in word_diffs(document)
        ]
        return "\n".join(told) or "there are no two answers to hold against each other\n"
    parts = [f"{cell(one.name)}:\n{_lines(one)}\n" for one in dissent(document)]
    return "\n".join(parts) or "nobody dissents\n"


def only_markdown(document: RunDocument, only: Only) -> str:
    """The same as a page: what is gone is struck out, what is new is bold."""
    if only == "diff":
        parts = [
            f"## {plain(one.name)} against {plain(one.against)}\n\n"
            + ("".join(map(_markdown_mark, one.pieces)).strip() or "no difference")
            for one in word_diffs(document)
        ]
    else:
        parts = [f"## {plain(one.name)}\n\n{quote(_lines(one))}" for one in dissent(document)]
    head = f"# {plain(document.prompt or document.verb)}"
    return "\n\n".join((head, *(parts or ["nothing"]))) + "\n"


def terminal_mark(style: Callable[[str, str], str]) -> Callable[[Piece], str]:
    """As a terminal with colours shows it; without colours the marks of wdiff say the same."""
    colours = {"gone": "red", "new": "green", "same": "dim", "skipped": "dim"}
    return lambda piece: style(plain_mark(piece), colours[piece.change])


def plain_mark(piece: Piece) -> str:
    """As wdiff writes it: `[-gone-]` and `{+new+}`, the space around it left outside."""
    marks = {"gone": ("[-", "-]"), "new": ("{+", "+}"), "same": ("", ""), "skipped": ("", "")}
    return _within(piece, *marks[piece.change], visible)


def _markdown_mark(piece: Piece) -> str:
    marks = {"gone": ("~~", "~~"), "new": ("**", "**"), "same": ("", ""), "skipped": ("", "")}
    return _within(piece, *marks[piece.change], lambda words: plain(words, len(words) + 1))


def _within(piece: Piece, before: str, after: str, shown: Callable[[str], str]) -> str:
    words = piece.text.strip()
    if not words:
        return piece.text
    lead, _, trail = piece.text.partition(words)
    return f"{lead}{before}{shown(words)}{after}{trail}"


def _lines(one: Dissent) -> str:
    return "\n".join(visible(said).rstrip() for said in one.said)


def _usable(document: RunDocument) -> list[CallDocument]:
    """The answers that were compared, in the order of the verdict."""
    by_id = {call.call_id: call for call in document.calls}
    compared = document.verdict.call_ids if document.verdict else ()
    return [by_id[call] for call in compared if call in by_id and by_id[call].text]


def _largest(document: RunDocument) -> Sequence[str]:
    verdict = document.verdict
    if verdict is None:
        return ()
    if verdict.extracted:
        first = verdict.clusters[0] if verdict.clusters else ()
        return [verdict.call_ids[place] for place in first]
    return verdict.readings[0].groups[0]


def _words(call: CallDocument) -> list[str]:
    """The words of an answer, each with the space around it."""
    return _WORD.findall(call.text or "")


def _pieces(left: Sequence[str], right: Sequence[str]) -> tuple[Piece, ...]:
    """The differences with a few words around each; spaces alone are none."""
    bare_left, bare_right = ([word.strip() for word in words] for words in (left, right))
    matcher = difflib.SequenceMatcher(None, bare_left, bare_right, autojunk=False)
    pieces: list[Piece] = []
    codes = matcher.get_opcodes()
    for place, (tag, i1, i2, j1, j2) in enumerate(codes):
        if tag == "equal":
            if len(codes) > 1:
                pieces += _around(left[i1:i2], first=place == 0, last=place == len(codes) - 1)
            continue
        if i2 > i1:
            pieces.append(Piece("gone", "".join(left[i1:i2])))
        if j2 > j1:
            pieces.append(Piece("new", "".join(right[j1:j2])))
    return tuple(pieces)


def _around(words: Sequence[str], *, first: bool, last: bool) -> list[Piece]:
    """The ends of a stretch that is equal, where they touch a difference."""
    head = [] if first else list(words[:_AROUND])
    tail = [] if last else list(words[-_AROUND:])
    if len(head) + len(tail) >= len(words) and not (first or last):
        return [Piece("same", "".join(words))]
    cut = len(words) > len(head) + len(tail)
    told = ("".join(head), " … " if cut else "", "".join(tail))
    changes: tuple[Change, ...] = ("same", "skipped", "same")
    return [Piece(change, text) for change, text in zip(changes, told, strict=True) if text]
