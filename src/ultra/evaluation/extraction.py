"""The short answer inside a long one, in a form in which equal answers are equal texts.

Whatever cannot be read for sure is None: an abstention, never a guess.
"""

import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from typing import Any

from msgspec import Struct

from ultra.core.errors import UsageError
from ultra.core.extract import ExtractKind, Extractor
from ultra.core.normalise import normalise

DIGITS = 9
"""Significant digits by which two numbers are told apart: more than any answer is read to."""

FORMAT_LINE: dict[ExtractKind, str] = {
    "number": "End with one line `ANSWER: ` and the number with its unit, nothing after it.",
    "choice": "End with one line `ANSWER: ` and the letter of your choice, nothing after it.",
    "exact": "",
    "json": "",
    "regex": "",
}
"""What a prompt is given to end with, so that the short answer can be found; empty for nothing."""

_MARK = re.compile(
    r"^[\s>*_#`-]*(?:final\s+)?answer[\s*_`]*[:=]+[\s*_`]*(?P<said>.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_NUMBER = re.compile(
    r"(?P<sign>[+\-\u2212]?)\s*(?P<money>[$€£¥]?)\s*"
    r"(?<!\d)(?<!\d[.,])"
    r"(?P<digits>\d{1,3}(?:[,\u202f\u00a0']\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?![.,]?\d)"
    r"(?:\s*[x\u00d7*]\s*10\s*\^?\s*(?P<ten>[+\-\u2212]?\d{1,3})|[eE](?P<exp>[+-]?\d{1,3}))?"
    r"\s*(?P<unit>%|°\s?[CF]|[A-Za-zµμΩ€£¥]+(?:/[A-Za-z]+)?[²³]?)?"
)
_CHOICE = re.compile(r"^[\s(*_`\[]*(?P<letter>[A-Za-z])(?:[\s).:*_`\]]|$)")
_OTHER = re.compile(r"^[\s).:*_`\]]*(?:or|and|/|,|&)\s*\(?[A-Za-z]\b", re.IGNORECASE)
_ASIDE = re.compile(r"\([^()]*\)")
_PLAIN = re.compile(r"^-?\d+(?:\.\d+)?$")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")

_UNITS: dict[str, tuple[str, str]] = {
    "kg": ("g", "1e3"),
    "g": ("g", "1"),
    "mg": ("g", "1e-3"),
    "µg": ("g", "1e-6"),
    "μg": ("g", "1e-6"),
    "t": ("g", "1e6"),
    "km": ("m", "1e3"),
    "m": ("m", "1"),
    "cm": ("m", "1e-2"),
    "mm": ("m", "1e-3"),
    "µm": ("m", "1e-6"),
    "nm": ("m", "1e-9"),
    "l": ("l", "1"),
    "dl": ("l", "1e-1"),
    "cl": ("l", "1e-2"),
    "ml": ("l", "1e-3"),
    "s": ("s", "1"),
    "ms": ("s", "1e-3"),
    "µs": ("s", "1e-6"),
    "min": ("s", "60"),
    "h": ("s", "3600"),
    "%": ("", "1e-2"),
    "percent": ("", "1e-2"),
}
"""Units that differ by a factor alone. Source: BIPM, The International System of Units, 9th ed."""

_BASES = frozenset({*(base for base, _ in _UNITS.values() if base), "$", "€", "£", "¥"})

_SPELT = {
    "gram": "g",
    "grams": "g",
    "kilogram": "kg",
    "kilograms": "kg",
    "milligram": "mg",
    "milligrams": "mg",
    "meter": "m",
    "meters": "m",
    "metre": "m",
    "metres": "m",
    "kilometer": "km",
    "kilometers": "km",
    "kilometre": "km",
    "kilometres": "km",
    "liter": "l",
    "liters": "l",
    "litre": "l",
    "litres": "l",
    "second": "s",
    "seconds": "s",
    "minute": "min",
    "minutes": "min",
    "hour": "h",
    "hours": "h",
    "dollars": "$",
    "dollar": "$",
    "usd": "$",
    "euros": "€",
    "euro": "€",
    "eur": "€",
}


class Amount(Struct, frozen=True):
    """A number as it is written in a text: `key` is what equal amounts share, with its unit.

    `unit` is the base unit where the unit is known, else empty and left out of `written`, which
    begins at `start`.
    """

    key: str
    unit: str
    written: str
    start: int


def amounts(text: str) -> list[Amount]:
    """Every number of a text, in order."""
    found = []
    for match in _NUMBER.finditer(text):
        word = match["money"] or match["unit"] or ""
        base, _ = _unit(word)
        known = word and (base in _BASES or word in _UNITS or word.casefold() in _SPELT)
        written = match.group() if known else match.group().removesuffix(match["unit"] or "")
        key = number_of(match.group() if known else written) or ""
        unit = (base or "%") if known else ""
        start = match.end() - len(match.group().lstrip())
        found.append(Amount(key, unit, written.strip(), start))
    return found


def extracted(text: str, extractor: Extractor) -> str | None:
    """What the answer comes to, as a text that equal answers share; None when it cannot be told.

    Raises `UsageError` for a pattern that is none.
    """
    return _READERS[extractor.kind](text, extractor.detail)


def groups_of(keys: Sequence[str | None], tolerance: float = 0.0) -> list[list[int]]:
    """The places of equal keys, largest group first, equals by first appearance; None in none.

    A number without a unit goes with the same number with one, where only one unit is spoken of.
    Numbers of one unit are equal that differ by no more than `tolerance`, a share of the larger:
    the smallest and the largest of a group too, so that no chain of small steps makes one of them.
    """
    whole = _with_units(keys)
    names = _merged([key for key in whole if key is not None], tolerance)
    groups: dict[str, list[int]] = {}
    for place, key in enumerate(whole):
        if key is not None:
            groups.setdefault(names.get(key, key), []).append(place)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0]))


def _with_units(keys: Sequence[str | None]) -> list[str | None]:
    units: dict[str, set[str]] = {}
    for key in keys:
        number, _, unit = (key or "").partition(" ")
        units.setdefault(number, set()).add(unit)
    told = [units.get(key or "", set()) - {""} for key in keys]
    return [
        f"{key} {next(iter(unit))}" if key and len(unit) == 1 and _PLAIN.match(key) else key
        for key, unit in zip(keys, told, strict=True)
    ]


def _merged(keys: Sequence[str], tolerance: float) -> dict[str, str]:
    """The smallest number of its group for each key that is a number."""
    if tolerance <= 0.0:
        return {}
    sorts: dict[str, list[tuple[Decimal, str]]] = {}
    for key in sorted(set(keys)):
        number, _, unit = key.partition(" ")
        if _PLAIN.match(number):
            sorts.setdefault(unit, []).append((Decimal(number), key))
    names: dict[str, str] = {}
    for numbers in sorts.values():
        ordered = sorted(numbers)
        least, name = ordered[0]
        for value, key in ordered:
            if value - least > Decimal(str(tolerance)) * max(abs(value), abs(least)):
                least, name = value, key
            names[key] = name
    return names


def number_of(text: str) -> str | None:
    """The first number of a text with its unit, as equal amounts are equal texts; None without one.

    `0.4 g` and `400 mg` are equal, `4000 mg` and `400 mg` are not. A percentage is its share. A
    unit that is not known stays as it is written, in the singular.
    """
    found = _NUMBER.search(text)
    if found is None:
        return None
    digits = re.sub(r"[,\u202f\u00a0']", "", found["digits"])
    ten = (found["ten"] or found["exp"] or "0").replace("\u2212", "-")
    value = Decimal(f"{digits}e{ten}")
    if found["sign"] in ("-", "\u2212"):
        value = -value
    unit = found["money"] or (found["unit"] or "")
    base, factor = _unit(unit)
    with localcontext() as context:
        context.prec = DIGITS
        plain = (value * Decimal(factor)).normalize()
    return f"{plain + 0:f} {base}".strip()


def _unit(word: str) -> tuple[str, str]:
    """The base unit of a word and how many of it one makes."""
    known = _SPELT.get(word.casefold(), word)
    if known in _UNITS:
        return _UNITS[known]
    lower = known.lower()
    if lower in ("l", "ml", "dl", "cl", "kg", "km", "cm", "mm", "min"):
        return _UNITS[lower]
    plural = len(known) > 3 and known.endswith("s")
    return (known[:-1] if plural else known), "1"


def _said(text: str) -> str | None:
    """What stands behind the last `ANSWER:`; None without one."""
    marks = [found["said"].strip(" *_`") for found in _MARK.finditer(text)]
    return next((mark for mark in reversed(marks) if mark), None)


def _number(text: str, _detail: str) -> str | None:
    said = _said(text)
    where = text if said is None else _ASIDE.sub("", said)
    told = {number_of(found.group()) for found in _NUMBER.finditer(where)}
    return told.pop() if len(told) == 1 else None


def _choice(text: str, _detail: str) -> str | None:
    said = _said(text)
    found = _CHOICE.match(text if said is None else said)
    if found is None or (said is None and len(text.split()) > 1):
        return None
    letter, rest = found["letter"].upper(), found.string[found.end("letter") :]
    word = letter in "AI" and rest[:1] == " " and bool(rest.strip())
    return None if word or _OTHER.match(rest) else letter


def _exact(text: str, _detail: str) -> str | None:
    return normalise(_said(text) or text) or None


def _json(text: str, path: str) -> str | None:
    try:
        value = json.loads(bare_json(text))
    except (ValueError, RecursionError):
        return None
    for name, index in _STEP.findall(path.removeprefix("$").removeprefix(".")):
        value = _inside(value, name, index)
        if value is None:
            return None
    if isinstance(value, str):
        return normalise(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_of(str(value))
    return json.dumps(value, sort_keys=True)


def _inside(value: Any, name: str, index: str) -> Any:
    if name and isinstance(value, dict):
        return value.get(name)
    if index and isinstance(value, list) and int(index) < len(value):
        return value[int(index)]
    return None


def bare_json(text: str) -> str:
    """The JSON of a text that stands between Markdown fences, else the text."""
    fenced = re.search(r"```(?:json)?\s*\n(.*?)\n\s*```", text, re.DOTALL)
    return fenced.group(1) if fenced else text


def _regex(text: str, pattern: str) -> str | None:
    try:
        found = list(re.finditer(pattern, text, re.MULTILINE))
    except re.error as error:
        raise UsageError(f"`{pattern}` is no pattern: {error}", hint="see Python's `re`") from error
    if not found:
        return None
    last = found[-1]
    return normalise(last.group(1) if last.re.groups else last.group()) or None


_READERS: dict[ExtractKind, Callable[[str, str], str | None]] = {
    "number": _number,
    "choice": _choice,
    "exact": _exact,
    "json": _json,
    "regex": _regex,
}
