"""Finds keys, tokens and private keys in text, and takes them out.

Two steps: marks and patterns of our own (`kinds`), which cost an ordinary prompt microseconds, and
the detectors of a library for what passes them. Every step is linear in the length of the text.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from msgspec import Struct

from ultra.guardrails.kinds import KINDS, Kind

LONGEST = 16_384
"""Most characters of one secret: an RSA key of 16,384 bits is 12,700 in PEM."""

_KEY_LINE = "[A-Za-z0-9+/=]{40,}+"
"""A line of a key as it stands in a block. Source: RFC 7468 §2 (64 characters but for the last);
40 leave room for the short lines that some tools write."""

_FOOT_MARKS = {"pem": "----", "putty": "Private-MAC:"}
_FEET = {"pem": "-{4,5} ?END [A-Z0-9 ]*+-{0,5}", "putty": "Private-MAC:[ 0-9a-fA-F]*+"}
"""What a block ends with; one that is cut off before reaches as far as its key's lines."""

_SAME = r"(.)\1{5}"

_FILLERS = (
    *("example", "placeholder", "changeme", "change-me", "dummy", "redacted"),
    *("your", "insert", "replace", "sample"),
)
"""What stands in documents where a key would: none is likely in random letters."""

_KNOWN = (
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",  # docs.github.com
    "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",  # core.telegram.org/bots
    "eyJzdWIiOiIxMjM0NTY3ODkwI",  # jwt.io: subject 1234567890
)
"""Keys that documents show and that are pasted everywhere."""

_VARIETY = 8
"""Fewer different characters than this are no random key."""


class Secret(Struct, frozen=True):
    """A secret's kind and place in a text, as offsets; never its value."""

    kind: str
    start: int
    end: int


def find(text: str) -> list[Secret]:
    """Every secret in a text, from left to right, none inside another."""
    apart: list[Secret] = []
    for secret in sorted(_confirmed(text), key=lambda secret: secret.start):
        if not apart or secret.start >= apart[-1].end:
            apart.append(secret)
    return apart


def suspicious(text: str) -> bool:
    """Whether anything in a text looks like a secret: only then a detector is asked."""
    return next(_candidates(text), None) is not None


def without(text: str, secrets: Sequence[Secret]) -> str:
    """The text with each secret replaced by a marker that names its kind."""
    pieces: list[str] = []
    at = 0
    for secret in secrets:
        pieces += [text[at : secret.start], f"[redacted: {secret.kind}]"]
        at = secret.end
    return "".join([*pieces, text[at:]])


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Where an offset stands, both from 1, the column in characters."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _candidates(text: str) -> Iterator[tuple[Kind, re.Match[str]]]:
    """What looks like a secret, kind by kind; a pattern is made only for a mark that is there."""
    folded = text.lower()
    for kind in KINDS:
        where = folded if kind.fold else text
        marks = [mark for mark in kind.marks if mark in where]
        patterns = {kind.pattern or _after(mark, kind.body) for mark in marks}
        for pattern in sorted(patterns):
            for match in re.finditer(pattern, text):
                if match.end() - match.start() <= LONGEST:
                    yield kind, match


@cache
def _after(mark: str, body: str) -> str:
    """The pattern of a token that begins with a mark, and where a token may begin.

    Not inside a word; but the `n` of an escaped line break and the `D` of a URL's `%3D` are none.
    The mark comes first, as a literal that is searched for fast; what stands before it is looked
    back at over it.
    """
    begin = re.escape(mark)
    apart = rf"(?<![A-Za-z0-9]{begin})|(?<=\\[nrt]{begin})|(?<=%[0-9A-Fa-f]{{2}}{begin})"
    return f"{begin}(?:{apart}){body}"


def _confirmed(text: str) -> Iterator[Secret]:
    for kind, match in _candidates(text):
        start, end = _reach(kind, text, match)
        if end <= start or (kind.area == "token" and not _plausible(kind, text[start:end])):
            continue
        if not kind.plugin or _judged(kind.plugin, match[0]):
            yield Secret(kind.name, start, end)


def _judged(plugin: str, text: str) -> bool:
    from ultra.guardrails.detectors import confirmed  # noqa: PLC0415 - see its price there

    return confirmed(plugin, text)


def _reach(kind: Kind, text: str, match: re.Match[str]) -> tuple[int, int]:
    """From where to where a secret goes; an empty reach is none."""
    if kind.area == "token":
        return match.span("value" if "value" in match.re.groupindex else 0)
    foot = re.compile(_FEET[kind.area])
    limit = min(len(text), match.end() + LONGEST)
    stop = text.find(_FOOT_MARKS[kind.area], match.end(), limit)
    lines = re.compile(_KEY_LINE).finditer(text, match.end(), limit if stop < 0 else stop)
    last = max((line.end() for line in lines), default=None)
    if last is None:
        return match.start(), match.start()
    ending = foot.match(text, stop) if stop >= 0 else None
    return match.start(), ending.end() if ending else last


def _plausible(kind: Kind, value: str) -> bool:
    """Whether a value looks drawn at random, rather than written to show where a key goes."""
    lowered = value.lower()
    return (
        kind.holds in value
        and len(set(value)) >= _VARIETY
        and sum(map(str.isdigit, value)) >= kind.digits
        and not re.search(_SAME, value)
        and not any(filler in lowered for filler in _FILLERS)
        and not any(known in value for known in _KNOWN)
    )
