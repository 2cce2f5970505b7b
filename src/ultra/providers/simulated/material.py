"""Labelled texts in what a simulated model is told, and the marks that one leaves in its answers.

Both are conventions that anybody may keep: `<name label=X>` opens a text and `</name>` closes it,
whatever the name; `(simulated by NAME, quality NUMBER)` says who wrote a text and how good it is.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence

from msgspec import Struct

from ultra.core.request import Message
from ultra.providers.simulated import questions
from ultra.providers.simulated.questions import Question

_OPENING = re.compile(r"<(?P<name>[\w-]+) label=(?P<quote>[\"']?)(?P<label>[\w-]+)(?P=quote)>")
_CLOSING = re.compile(r"</(?P<name>[\w-]+)>")
_MARK = re.compile(r"\(simulated by (?P<author>[^(),\n]+), quality (?P<quality>-?\d+(?:\.\d+)?)\)")


class Piece(Struct, frozen=True):
    """One labelled text. `author` and `quality` are those of its mark, empty and None without."""

    label: str
    text: str
    author: str = ""
    quality: float | None = None


class Told(Struct, frozen=True):
    """What the user said that matters: the labelled texts, first to last.

    `question` is the built-in question that is asked, None for any other.
    """

    pieces: tuple[Piece, ...]
    question: Question | None


def told(messages: Sequence[Message]) -> Told:
    """What the last turn of the user that holds labelled texts tells, else the last one of all.

    Without a question beside such texts, that of an earlier turn is meant.
    """
    turns = [turn.text for turn in messages if turn.role == "user"] or [""]
    for at in range(len(turns) - 1, -1, -1):
        pieces, rest = _parted(turns[at])
        if pieces:
            asked = (questions.asked_in(text) for text in (rest, *reversed(turns[:at])))
            return Told(pieces, next((one for one in asked if one is not None), None))
    return Told((), questions.asked_in(turns[-1]))


def mark(author: str, quality: float) -> str:
    """The mark of an answer; an author's own brackets and commas are left out."""
    return f"(simulated by {re.sub(r'[(),]', ' ', author)}, quality {quality:g})"


def _parted(text: str) -> tuple[tuple[Piece, ...], str]:
    """The labelled texts, and what stands around them."""
    closings: dict[str, list[tuple[int, int]]] = {}
    for found in _CLOSING.finditer(text):
        closings.setdefault(found["name"], []).append(found.span())
    pieces: list[Piece] = []
    around: list[str] = []
    at = 0
    for found in _OPENING.finditer(text):
        later = closings.get(found["name"], [])
        nearest = bisect_left(later, found.span()[1:])
        if found.start() < at or nearest == len(later):
            continue
        start, end = later[nearest]
        pieces.append(_piece(found["label"], text[found.end() : start].strip()))
        around.append(text[at : found.start()])
        at = end
    return tuple(pieces), "".join([*around, text[at:]])


def _piece(label: str, text: str) -> Piece:
    marked = _MARK.search(text)
    if marked is None:
        return Piece(label, text)
    return Piece(label, _MARK.sub("", text).strip(), marked["author"], float(marked["quality"]))
