"""What of a written answer stands in nothing it was written from: numbers, addresses, quoted names.

A warning, never a verdict: a sum that was added up stands in no source either. Ways of writing the
same thing are no difference, so that a writer who only rewrites is not accused.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal
from urllib.parse import unquote

from msgspec import Struct

from ultra.core.normalise import normalise
from ultra.evaluation.extraction import number_of
from ultra.evaluation.number_words import SPELT

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'`«»“”|]{1,2000}", re.IGNORECASE)
_URL_END = ".,;:!?)]}>*_"
_DIGITS = re.compile(r"\d{1,3}(?: \d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,:/'_-]\d+)*")
_GROUPED = re.compile(
    r"(?P<whole>\d{1,3}(?P<mark>[.,'_ ])\d{3}(?:(?P=mark)\d{3})*)"
    r"(?:(?!(?P=mark))[.,](?P<part>\d+))?"
    r"|(?P<indian>\d{1,3}(?:,\d\d)+,\d{3})"
)
_TAIL = re.compile(
    r"\s*(?:[x*]\s*10\s*\^?\s*(?P<ten>[+-]?\d{1,3})|[eE](?P<exp>[+-]?\d{1,3})"
    r"|(?P<times>hundred|thousand|million|billion|trillion|mio|bn|[kKMB])\b"
    r"|(?P<clock>[AaPp]\.?[Mm]\b)|(?P<unit>%|[A-Za-zµμΩ°]+(?:/[A-Za-z]+)?))"
)
_COUNTING = re.compile(
    r"^[^\S\n]*(?:[*>|-][^\S\n]*)*(?:#{1,6}\s*\**\d{1,3}(?:\.\d{1,3})*\b|\**\d{1,3}(?:\.\d{1,3})*[.)](?=[\s*])"
    r"|\|\s*\d{1,3}\s*(?=\|))|\d\ufe0f?\u20e3|\[\^?\d{1,3}\](?!\()"
    r"|\b(?:approach|method|option|part|phase|point|reason|step)\s+\d{1,2}\b",
    re.MULTILINE | re.IGNORECASE,
)
"""Numbers that only count the pieces of a text: lists, headings, rows, footnotes."""

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_QUOTED = re.compile(
    r"\"([^\"\n]{2,100})\"|“([^”\n]{2,100})”|„([^“”\n]{2,100})[“”]|«\s?([^»\n]{2,100}?)\s?»"
    r"|(?<!\w)\u2018([^\u2019\n]{2,100})\u2019(?!\w)|「([^」\n]{1,100})」|『([^』\n]{1,100})』|《([^》\n]{1,100})》"
)
_NAMING = "「『《"
"""Marks that quote names whether or not a script has capitals."""

_RAISED = re.compile(r"(?<=\d)⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_PLAIN_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_LATEX = (
    (re.compile(r"\\(?:times|cdot)\b"), "x"),
    (re.compile(r"\\[dt]?frac\{(\d+)\}\{(\d+)\}"), r"\1/\2"),
    (re.compile(r"\^\{([^}]{0,20})\}"), r"^\1"),
    (re.compile(r"\{,\}|\\,(?=\d{3})"), ","),
    (re.compile(r"\\([%$])"), r"\1"),
)
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u00a0\u2009\u202f", " "),
        **dict.fromkeys("\u00d7\u00b7\u22c5", "x"),
        "\u2019": "'",
        "\u066c": ",",
        "\u066b": ".",
    }
)
"""Signs in and between digits that have a plainer one: dashes, spaces, marks, multiplication."""

_VERSION = (2, 3)
"""How many numbers of a version are enough to name it."""

_FRACTION_SLASH = "\u2044"
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)?")

_TIMES = {
    "hundred": 2,
    "thousand": 3,
    "k": 3,
    "million": 6,
    "mio": 6,
    "m": 6,
    "billion": 9,
    "bn": 9,
    "b": 9,
    "trillion": 12,
}


class _Known(Struct, frozen=True):
    """What the sources hold: what their numbers may be read as, and words to look names up in."""

    numbers: frozenset[str]
    words: str
    addresses: str


def unsupported(answer: str, sources: Sequence[str]) -> tuple[str, ...]:
    """The tokens of an answer that none of the sources holds, as written, in order, each once.

    Tokens are numbers, web addresses, and quoted names: what stands between quotation marks with a
    capital in it. Numbers that count the answer's own pieces are none; code has no quoted names,
    nor has an answer that is JSON. Signs are not compared: a hyphen may be one.
    """
    known = _Known(
        frozenset(reading for text in sources for reading in _readings(text)),
        " ".join(_words(text) for text in sources),
        "\n".join(_address(text) for text in sources),
    )
    return tuple(
        dict.fromkeys(
            (
                *(url for url in _addresses(answer) if not _cited(url, known)),
                *(said for said, ways in _numbers(answer) if not _read(ways, known)),
                *(name for name in _names(answer) if _words(name) not in known.words),
            )
        )
    )


def _addresses(text: str) -> Iterator[str]:
    for found in _URL.finditer(text):
        url = found.group().partition("](")[0]
        while url[-1] in _URL_END and not (url[-1] == ")" and url.count("(") >= url.count(")")):
            url = url[:-1]
        yield url


def _cited(url: str, known: _Known) -> bool:
    wanted = re.escape(_address(url).rstrip("/"))
    return re.search(rf"(?<![\w.-]){wanted}(?![\w-])", known.addresses) is not None


def _address(text: str) -> str:
    """Addresses without what does not tell two apart: case, scheme, `www.`, escapes."""
    return re.sub(r"https?://|www\.", "", unquote(text).casefold())


def _names(text: str) -> Iterator[str]:
    if text.lstrip()[:1] in ("{", "["):
        return
    for found in _QUOTED.finditer(_CODE.sub(" ", text)):
        name = next(group for group in found.groups() if group is not None)
        if name.lower() != name or found.group()[0] in _NAMING:
            yield name


def _words(text: str) -> str:
    """Words to be found among words, whatever marks stand around and between them."""
    return re.sub(r"[\W_]+", " ", normalise(text)).strip()


def _read(ways: Sequence[frozenset[str]], known: _Known) -> bool:
    """Whether one of the ways to read a number is known, every part of it."""
    return any(way <= known.numbers for way in ways)


def _numbers(answer: str) -> Iterator[tuple[str, list[frozenset[str]]]]:
    """The numbers of an answer as they are written, and the ways to read each."""
    text = _flat(_COUNTING.sub(" ", _URL.sub(" ", answer)))
    for found, tail in _digits(text):
        before = text[found.start() - 1 : found.start()]
        if not (before.isalpha() or before == "_"):  # else part of a name, such as H2O
            yield found.group(), _ways(found.group(), tail)


def _readings(source: str) -> Iterator[str]:
    """Everything that the numbers of a source may be read as, in digits or in words."""
    text = _flat(source)
    for found, tail in _digits(text):
        for way in (*_ways(found.group(), tail), *_ways(found.group(), None)):
            yield from way
        yield from _parts(found.group() if tail is None else f"{found.group()} {tail.group()}")
    for word in _WORD.findall(text.casefold()):
        yield from SPELT.get(word, ())
        for piece in word.split("-"):
            yield from SPELT.get(piece, ())


def _digits(text: str) -> Iterator[tuple[re.Match[str], re.Match[str] | None]]:
    """Each number with what follows it and belongs to it: a power of ten, a unit, `pm`."""
    at = 0
    while (found := _DIGITS.search(text, at)) is not None:
        tail = _TAIL.match(text, found.end())
        powered = tail is not None and (tail["ten"] or tail["exp"])
        at = tail.end() if tail is not None and powered else found.end()
        yield found, tail


def _ways(said: str, tail: re.Match[str] | None) -> list[frozenset[str]]:
    """The ways to read a number: as an amount, or as all of its parts (a date, a version)."""
    amounts = list(_amounts(said))
    if amounts and tail is not None and (tail["ten"] or tail["exp"] or tail["times"]):
        return [frozenset(_scaled(one, tail)) for one in amounts]
    ways = [said, *(reading for one in amounts for reading in (_plain(one), *_scaled(one, tail)))]
    whole = [frozenset((reading,)) for reading in ways]
    parts = _parts(said)
    if not amounts or "/" in said:
        whole.append(frozenset(parts))
        whole.extend(frozenset((".".join(said.split(".")[:length]),)) for length in _VERSION)
    if tail is not None and tail["clock"] and len(parts[0]) < 3:
        afternoon = 12 if tail["clock"].lower().startswith("p") else 0
        whole.append(frozenset((str(int(parts[0]) % 12 + afternoon), *parts[1:])))
    return whole


def _parts(said: str) -> list[str]:
    return [_plain(Decimal(part)) for part in re.findall(r"\d+", said)]


def _scaled(value: Decimal, tail: re.Match[str] | None) -> Iterator[str]:
    """What an amount is with the power or the unit that follows it."""
    if tail is None:
        return
    ten = tail["ten"] or tail["exp"]
    if ten is not None:
        yield _plain(value.scaleb(int(ten)))
    elif tail["times"] is not None:
        yield _plain(value.scaleb(_TIMES[tail["times"].lower()]))
    elif tail["unit"] is not None:
        yield number_of(f"{value:f} {tail['unit']}") or ""


def _amounts(said: str) -> Iterator[Decimal]:
    """The amounts that digits with separators may be: `1.000` is one, or a thousand."""
    grouped = _GROUPED.fullmatch(said)
    if grouped is not None:
        whole = re.sub(r"\D", "", grouped["whole"] or grouped["indian"])
        yield Decimal(f"{whole}.{grouped['part'] or 0}")
    if re.fullmatch(r"\d+(?:[.,]\d+)?", said):
        yield Decimal(said.replace(",", "."))
    over, _, under = said.partition("/")
    if over.isdecimal() and under.isdecimal() and under.strip("0"):
        yield Decimal(over) / Decimal(under)


def _plain(value: Decimal) -> str:
    return f"{value.normalize() + 0:f}"


def _flat(text: str) -> str:
    """The text with every way of writing digits as one: raised, vulgar fractions, LaTeX."""
    for pattern, instead in _LATEX:
        text = pattern.sub(instead, text)
    text = _RAISED.sub(lambda power: f"^{power.group().translate(_PLAIN_DIGITS)}", text)
    text = text.translate(_SIGNS)
    return text if text.isascii() else "".join(map(_ascii, text))


def _ascii(letter: str) -> str:
    if letter.isdigit() and not letter.isascii():
        return str(unicodedata.digit(letter))
    fraction = unicodedata.normalize("NFKC", letter) if letter.isnumeric() else letter
    if _FRACTION_SLASH not in fraction:
        return letter
    return f" {fraction.replace(_FRACTION_SLASH, '/')}"
