"""What of an answer is compared: named by the user, or the whole of it."""

import re
from typing import Literal

from msgspec import Struct

from ultra.core.errors import UsageError
from ultra.core.text import did_you_mean

ExtractKind = Literal["number", "choice", "json", "regex", "exact"]
_PLAIN: dict[str, ExtractKind] = {"number": "number", "choice": "choice", "exact": "exact"}
_WITH: dict[str, ExtractKind] = {"json": "json", "regex": "regex"}


class Extractor(Struct, frozen=True):
    """What to look for in an answer.

    `number` is a number with its unit, `choice` one letter of a multiple choice, `exact` the whole
    text; `json` is the value at a path (`a.b[0]`), `regex` the first group of the last match.
    """

    kind: ExtractKind
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.detail}" if self.detail else self.kind


def parse_extractor(text: str) -> Extractor:
    """Read `number`, `choice`, `exact`, `json:PATH` or `regex:PATTERN`. Raises `UsageError`."""
    kind, colon, detail = text.partition(":")
    if not colon and kind in _PLAIN:
        return Extractor(_PLAIN[kind])
    if detail and kind in _WITH:
        if kind == "regex":
            _check_pattern(detail)
        return Extractor(_WITH[kind], detail)
    raise UsageError(
        f"`{text}` says nothing to extract",
        hint=did_you_mean(kind, _PLAIN) or "number, choice, exact, json:PATH or regex:PATTERN",
    )


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise UsageError(f"`{pattern}` is no pattern: {error}", hint="see Python's `re`") from error
