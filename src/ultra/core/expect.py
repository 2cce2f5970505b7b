"""What an answer is expected to be: named by the user, checked without another model."""

import re
from typing import Literal

from msgspec import Struct

from ultra.core.errors import UsageError
from ultra.core.text import did_you_mean, one_line

ExpectKind = Literal["exact", "contains", "regex", "number", "schema"]
_KINDS: dict[str, ExpectKind] = {
    "exact": "exact",
    "contains": "contains",
    "regex": "regex",
    "number": "number",
    "schema": "schema",
}


class Expectation(Struct, frozen=True):
    """What is to be true of an answer.

    `exact` is its whole text and `contains` a part of it, both after normalisation; `regex` is
    found in it; `number` is the amount that it comes to; `schema` is a JSON Schema, as JSON text,
    that it meets.
    """

    kind: ExpectKind
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.detail}"


def kind_of(text: str) -> ExpectKind | None:
    """The kind that a text names and nothing else: what is expected stands elsewhere."""
    return _KINDS.get(text.strip().lower())


def parse_expectation(text: str) -> Expectation:
    """Read `KIND:WHAT`. Raises `UsageError` for another kind, for nothing, and a wrong pattern."""
    word, _, detail = text.partition(":")
    kind = _KINDS.get(word.strip().lower())
    if kind is None:
        raise UsageError(
            f"`{one_line(text, 80)}` is no expectation",
            hint=did_you_mean(word, _KINDS)
            or "exact:TEXT, contains:TEXT, regex:PATTERN, number:VALUE or schema:FILE",
        )
    if not detail.strip():
        raise UsageError(f"`{kind}:` says nothing to expect", hint=f"write `{kind}:` and what")
    if kind == "regex":
        check_pattern(detail)
    return Expectation(kind, detail)


def check_pattern(pattern: str) -> None:
    """Raise `UsageError` for a pattern that is none."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise UsageError(
            f"`{one_line(pattern, 80)}` is no pattern: {error}", hint="it is read by Python's `re`"
        ) from error
