"""The short answer inside a long one, in a form in which equal answers are equal texts.

Whatever cannot be read for sure is None: an abstention, never a guess.
"""

import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from typing import Any

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
    r"(?P<digits>\d{1,3}(?:[,\u202f\u00a0']\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:\s*[x\u00d7*]\s*10\s*\^?\s*(?P<ten>[+\-\u2212]?\d{1,3})|[eE](?P<exp>[+-]?\d{1,3}))?"
    r"\s*(?P<unit>%|°\s?[CF]|[A-Za-zµμΩ€£¥]+(?:/[A-Za-z]+)?[²³]?)?"
)
_CHOICE = re.compile(r"^[\s(*_`\[]*(?P<letter>[A-Za-z])(?:[\s).:*_`\]]|$)")
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


def extracted(text: str, extractor: Extractor) -> str | None:
    """What the answer comes to, as a text that equal answers share; None when it cannot be told.

    Raises `UsageError` for a pattern that is none.
    """
    return _READERS[extractor.kind](text, extractor.detail)


def groups_of(keys: Sequence[str | None]) -> list[list[int]]:
    """The places of equal keys, largest group first, equals by first appearance; None in none.

    A number without a unit goes with the same number with one, where only one unit is spoken of.
    """
    units: dict[str, set[str]] = {}
    for key in keys:
        number, _, unit = (key or "").partition(" ")
        units.setdefault(number, set()).add(unit)
    groups: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        if key is not None:
            told = units.get(key, set()) - {""}
            whole = f"{key} {next(iter(told))}" if len(told) == 1 and _PLAIN.match(key) else key
            groups.setdefault(whole, []).append(place)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0]))


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
    if said is not None:
        return number_of(said)
    told = {number_of(found.group()) for found in _NUMBER.finditer(text)}
    return told.pop() if len(told) == 1 else None


def _choice(text: str, _detail: str) -> str | None:
    said = _said(text)
    found = _CHOICE.match(text if said is None else said)
    if found is None or (said is None and len(text.split()) > 1):
        return None
    return found["letter"].upper()


def _exact(text: str, _detail: str) -> str | None:
    return normalise(_said(text) or text) or None


def _json(text: str, path: str) -> str | None:
    try:
        value = json.loads(_bare(text))
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


def _bare(text: str) -> str:
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
