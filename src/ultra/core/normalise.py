"""When two short answers are the same answer."""

import re
import unicodedata

_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_EDGES = " \t\n\r.,;:!?\"'`*_()[]"


def normalise(text: str) -> str:
    """The text without what does not change an answer: case, width, edge punctuation, spacing.

    Unicode NFKC and casefold; numbers lose thousands separators and trailing zeros.
    """
    flat = " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(_EDGES)
    return _NUMBER.sub(lambda found: _number(found.group()), flat)


def _number(digits: str) -> str:
    plain = digits.replace(",", "")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain
