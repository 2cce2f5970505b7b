"""The price file: what its rows mean, and whether a file that somebody else made can be used.

Prices are nano-dollars per million tokens. `scripts/generate_prices.py` writes the file that is
shipped; `ultra models --refresh-prices` takes another of the same shape.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from ultra.core.cost import Price, Rate, Tier
from ultra.core.errors import ConfigError, Problem
from ultra.core.text import one_line
from ultra.providers.families import Rule, holds

LIMIT = 16 << 20
"""Bytes of a price file; the shipped one has a third of a million."""

MOVED = 10
"""A price that grew or fell by more than this factor is rather a mistake than a new price."""

_Nano = Annotated[int, Meta(ge=0, le=10**15)]
"""At most a million dollars per million tokens."""

_Id = Annotated[str, Meta(min_length=1, max_length=300)]


class _Tiered(Struct, frozen=True, array_like=True):
    base: _Nano
    tiers: list[tuple[_Nano, _Nano]]


_Rate = _Nano | _Tiered


class Rates(Struct, frozen=True, forbid_unknown_fields=True):
    """What one model charges; a rate with tiers is the base beside `[start, price]` pairs."""

    input: _Rate
    output: _Rate
    cache_read: _Rate | None = None
    cache_write: _Rate | None = None
    cache_write_1h: _Rate | None = None
    audio_input: _Rate | None = None
    cache_audio_read: _Rate | None = None
    reasoning: _Rate | None = None
    audio_output: _Rate | None = None
    request_nano: _Nano = 0


class Row(Struct, frozen=True):
    """One model; without `match` its id alone matches."""

    id: _Id
    match: list[Rule] | None = None
    context_window: Annotated[int, Meta(ge=1)] | None = None
    deprecated: bool = False
    price: Rates | None = None

    def matches(self, name: str) -> bool:
        """Whether the row speaks of a model, its id in lower case."""
        if self.match is None:
            return name == self.id.lower()
        return any(holds(rule, name) for rule in self.match)


class PricedVendor(Struct, frozen=True):
    """One vendor's rows, the first that matches counts; then those of the `fallback` vendors."""

    fallback: list[str]
    models: list[Row]


class PriceFile(Struct, frozen=True):
    """The file with its vendors undecoded: all of them at once would take 2 ms."""

    date: str
    vendors: dict[str, Raw]


class WholeFile(Struct, frozen=True):
    """The file, all of it."""

    date: str
    vendors: dict[str, PricedVendor]

    def prices(self) -> Iterator[tuple[tuple[str, str], Rates | None]]:
        """Every price by vendor and id, the first of two rows that share an id."""
        seen: set[tuple[str, str]] = set()
        for name, vendor in self.vendors.items():
            for row in vendor.models:
                if (name, row.id) not in seen:
                    seen.add((name, row.id))
                    yield (name, row.id), row.price


class Changes(Struct, frozen=True):
    """How one price file differs from another, in models; `moved` are the leaps, for people."""

    changed: int
    added: int
    gone: int
    moved: tuple[Problem, ...]


def read_prices(raw: bytes, name: str, *, now: datetime | None = None) -> WholeFile:
    """A price file, all of it checked. Raises `ConfigError` that names the place as `file:…`."""
    try:
        found = msgspec.json.decode(raw, type=WholeFile)
    except msgspec.ValidationError as error:
        path, message = _told(str(error))
        raise _unusable(Problem(name, path, message)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        place, message = _syntax(raw, str(error))
        raise _unusable(Problem(f"{name}:{place}", "", message)) from error
    problems = list(_mistakes(found, name, now or datetime.now(UTC)))
    if problems:
        raise _unusable(*problems)
    return found


def changes(before: WholeFile, after: WholeFile, name: str) -> Changes:
    """What using `after` in place of `before` changes; `name` is what the new one is called."""
    old, new = dict(before.prices()), dict(after.prices())
    both = old.keys() & new.keys()
    return Changes(
        changed=sum(old[key] != new[key] for key in both),
        added=len(new.keys() - old.keys()),
        gone=len(old.keys() - new.keys()),
        moved=tuple(
            problem for key in sorted(both) for problem in _leaps(key, old[key], new[key], name)
        ),
    )


def price_of(rates: Rates, source: str) -> Price:
    """A row's rates as the rest of the house knows them."""
    return Price(
        _rate(rates.input),
        _rate(rates.output),
        cache_read=_optional(rates.cache_read),
        cache_write=_optional(rates.cache_write),
        cache_write_1h=_optional(rates.cache_write_1h),
        audio_input=_optional(rates.audio_input),
        reasoning=_optional(rates.reasoning),
        audio_output=_optional(rates.audio_output),
        request_nano=rates.request_nano,
        source=source,
        cache_audio_read=_optional(rates.cache_audio_read),
    )


def _optional(value: _Rate | None) -> Rate | None:
    return None if value is None else _rate(value)


def _rate(value: _Rate) -> Rate:
    if isinstance(value, int):
        return Rate(value)
    return Rate(value.base, tuple(Tier(start, nano) for start, nano in value.tiers))


def _unusable(*problems: Problem) -> ConfigError:
    return ConfigError(
        "that is not a price file",
        hint="its shape is that of `src/ultra/providers/data/prices.json`; nothing was changed",
        problems=problems,
    )


def _told(message: str) -> tuple[str, str]:
    """The key path and what is wrong there, out of a message of msgspec."""
    wrong, _, place = message.partition(" - at ")
    return place.strip("`").removeprefix("$").lstrip("."), one_line(wrong, 200)


def _syntax(raw: bytes, message: str) -> tuple[str, str]:
    """Line and column (from 1) of what msgspec tells by byte, and what is wrong."""
    told = re.search(r"\(byte (\d+)\)", message)
    offset = min(int(told.group(1)), len(raw)) if told else len(raw)
    line = raw.count(b"\n", 0, offset) + 1
    column = offset - (raw.rfind(b"\n", 0, offset) + 1) + 1
    wrong = re.sub(r"\s*\(byte \d+\)", "", message).removeprefix("JSON is malformed: ")
    return f"{line}:{column}", one_line(f"not valid JSON: {wrong}", 200)


def _mistakes(found: WholeFile, name: str, now: datetime) -> Iterator[Problem]:
    wrong = _wrong_date(found.date, now)
    if wrong:
        yield Problem(name, "date", wrong)
    if not any(price is not None for _, price in found.prices()):
        yield Problem(name, "vendors", "holds no price at all")
    for vendor, rows in found.vendors.items():
        for place, row in enumerate(rows.models):
            for rule in row.match or ():
                if not _sound(rule):
                    path = f"vendors.{vendor}.models[{place}].match"
                    yield Problem(name, path, f"`{one_line(str(rule), 60)}` is not a rule")


def _wrong_date(text: str, now: datetime) -> str | None:
    try:
        taken: date | None = date.fromisoformat(text)
    except ValueError:
        taken = None
    if taken is None or taken.isoformat() != text:
        return f"`{one_line(text, 40)}` is not a date, YYYY-MM-DD"
    # A day of grace: the file may come from where it is tomorrow already.
    return f"`{text}` has not come yet" if taken > (now + timedelta(days=1)).date() else None


def _sound(rule: Rule) -> bool:
    if isinstance(rule, list):
        return all(_sound(part) for part in rule)
    if len(rule) < 2 or rule[0] not in "=^$~/":
        return False
    try:
        return rule[0] != "/" or bool(re.compile(rule[1:]))
    except (re.error, RecursionError, OverflowError):
        return False


def _leaps(
    key: tuple[str, str], old: Rates | None, new: Rates | None, name: str
) -> Iterator[Problem]:
    """The rates of a model that moved too far; a paid model that became free is among them."""
    if old is None or new is None:
        return
    for kind in Rates.__struct_fields__:
        before, after = _base(old, kind), _base(new, kind)
        if before is None or after is None:
            continue
        if max(before, after) > MOVED * min(before, after):
            yield Problem(name, ":".join(key), f"{kind} from {_usd(before)} to {_usd(after)}")


def _base(rates: Rates, kind: str) -> int | None:
    value = msgspec.structs.asdict(rates)[kind]
    return value.base if isinstance(value, _Tiered) else value


def _usd(nano: int) -> str:
    return f"${nano / 10**9:.6g}"
