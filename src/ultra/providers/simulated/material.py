"""Labelled texts in what a simulated model is told, and the marks that one leaves in its answers.

Both are conventions that anybody may keep: `<name label=X>` opens a text and `</name>` closes it,
whatever the name; `(simulated by NAME, quality NUMBER)` says who wrote a text and how good it is.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from ultra.core.request import Message
from ultra.providers.simulated import questions
from ultra.providers.simulated.questions import Question

_LABELLED = re.compile(
    r"<(?P<name>[\w-]+) label=(?P<quote>[\"']?)(?P<label>[\w-]+)(?P=quote)>"
    r"(?P<text>.*?)</(?P=name)>",
    re.DOTALL,
)
_MARK = re.compile(r"\(simulated by (?P<author>[^(),\n]+), quality (?P<quality>-?\d+(?:\.\d+)?)\)")


class Piece(Struct, frozen=True):
    """One labelled text. `author` and `quality` are those of its mark, empty and None without."""

    label: str
    text: str
    author: str = ""
    quality: float | None = None


class Told(Struct, frozen=True):
    """What the user said that matters: the labelled texts, first to last, and the rest around them.

    `question` is the built-in question that is asked, None for any other.
    """

    pieces: tuple[Piece, ...]
    rest: str
    question: Question | None


def told(messages: Sequence[Message]) -> Told:
    """The last turn of the user that holds labelled texts, else the last one of all.

    A turn of such texts alone goes back to earlier ones for the question.
    """
    turns = [turn.text for turn in messages if turn.role == "user"]
    holding = next((turn for turn in reversed(turns) if _LABELLED.search(turn)), None)
    if holding is None:
        last = turns[-1] if turns else ""
        return Told((), last, questions.asked_in(last))
    pieces = tuple(_piece(found) for found in _LABELLED.finditer(holding))
    earlier = turns[: turns.index(holding)]
    rest = _LABELLED.sub("", holding)
    asked = (questions.asked_in(text) for text in (rest, *reversed(earlier)))
    return Told(pieces, rest, next((one for one in asked if one is not None), None))


def mark(author: str, quality: float) -> str:
    """The mark of an answer; an author's own brackets and commas are left out."""
    return f"(simulated by {re.sub(r'[(),]', ' ', author)}, quality {quality:g})"


def _piece(found: re.Match[str]) -> Piece:
    text = found["text"].strip()
    marked = _MARK.search(text)
    if marked is None:
        return Piece(found["label"], text)
    plain = _MARK.sub("", text).strip()
    return Piece(found["label"], plain, marked["author"], float(marked["quality"]))
