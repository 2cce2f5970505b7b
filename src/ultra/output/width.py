"""How many columns text takes on a terminal, and how to make it fit, without loading rich."""

import unicodedata
from functools import lru_cache

ELLIPSIS = "…"


@lru_cache(maxsize=4096)
def _char_width(char: str) -> int:
    """Columns of one character. Source: UAX #11 (East Asian Width); marks and formats take none."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def cell_width(text: str) -> int:
    """Columns of a line without escape sequences.

    A joined emoji counts as the sum of its parts, as terminals that cannot join show it.
    """
    if text.isascii():
        return len(text)
    return sum(map(_char_width, text))


def _head(text: str, width: int) -> int:
    """How many characters of the text fit into so many columns."""
    if text.isascii():
        return min(len(text), width)
    taken = 0
    for place, char in enumerate(text):
        taken += _char_width(char)
        if taken > width:
            return place
    return len(text)


def clip(text: str, width: int) -> str:
    """The text in at most so many columns, with an ellipsis where it was cut."""
    if cell_width(text) <= width:
        return text
    if width <= 0:
        return ""
    return text[: _head(text, width - 1)] + ELLIPSIS


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text cut or filled to exactly so many columns, to the right for figures."""
    text = clip(text, width)
    space = " " * (width - cell_width(text))
    return space + text if right else text + space


def wrap(text: str, width: int) -> list[str]:
    """The lines of a text in at most so many columns: broken at spaces, long words anywhere.

    A character wider than `width` gets a line of its own.
    """
    lines: list[str] = []
    for paragraph in text.expandtabs(4).split("\n"):
        lines.extend(_wrap_paragraph(paragraph.rstrip(), max(width, 1)))
    return lines


def _wrap_paragraph(rest: str, width: int) -> list[str]:
    lines: list[str] = []
    while (cut := max(_head(rest, width), 1)) < len(rest):
        space = rest.rfind(" ", 1, cut + 1)
        cut = space if space > 0 and rest[:space].strip() else cut
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip(" ")
    return [*lines, rest] if rest or not lines else lines


def wrap_tail(text: str, width: int, rows: int) -> list[str]:
    """The last `rows` lines of a wrapped text, in time that does not grow with the text."""
    return wrap(text[-(max(width, 1) * rows * 2) :], width)[-rows:] if rows > 0 else []
