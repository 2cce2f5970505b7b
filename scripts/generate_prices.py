"""Write the price file that ultra ships, out of the data of the `genai-prices` package.

    python scripts/generate_prices.py [--date YYYY-MM-DD]    write the file and its NOTICE
    python scripts/generate_prices.py --check                exit 1 unless both are in step

Prices are the ones valid at 08:00 UTC of the date (today by default): that hour lies inside the
peak of every vendor that prices by the hour, so a cost is never told too low. Batch variants are
left out. Numbers are converted with `Decimal` to nano-dollars per million tokens. What the units of
ultra cannot say leaves the model in the file without a price, and is listed on stdout.
"""

import argparse
import importlib.metadata
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

from genai_prices import types as source
from genai_prices.data import providers

DATA = Path(__file__).resolve().parent.parent / "src/ultra/providers/data"
PRICES, NOTICE = DATA / "prices.json", DATA / "NOTICE"
PACKAGE = "genai-prices"
HOUR = time(8, tzinfo=UTC)
NANO = 10**9
FREE = {"input": 0, "output": 0}

KINDS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "audio_input",
    "cache_audio_read_mtok": "cache_audio_read",
    "output_reasoning_mtok": "reasoning",
    "output_audio_mtok": "audio_output",
}
"""The kinds of tokens that `ultra.core.usage.Usage` tells apart, by the source's price keys."""

SERVER_TOOLS = {"web_searches_kcount", "storage_searches_kcount"}
"""Fees for tools that run at the provider's, which ultra never asks for."""

NOISE = Decimal("1e-6")
"""Below so many nano-dollars a fraction is a binary float that somebody printed."""


class UnpricedError(Exception):
    """The source's price of a model has no exact counterpart here."""


class Report:
    """What a reader of the prices should know, by reason."""

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {}

    def add(self, reason: str, model: str) -> None:
        """Note one model."""
        self.lines.setdefault(reason, []).append(model)

    def __str__(self) -> str:
        return "\n".join(
            f"{reason}: {len(models)}\n" + "\n".join(f"    {name}" for name in sorted(models))
            for reason, models in sorted(self.lines.items())
        )


def main() -> int:
    """Write or check the two files."""
    parser = argparse.ArgumentParser(description="write the price file from genai-prices")
    parser.add_argument("--date", type=date.fromisoformat, help="the day whose prices hold")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args()
    taken = options.date or (_date_of_file() if options.check else datetime.now(UTC).date())
    report = Report()
    files = {PRICES: render(taken, report), NOTICE: notice()}
    if options.check:
        stale = [path.name for path, text in files.items() if path.read_text() != text]
        print("out of step: " + ", ".join(stale) if stale else "in step")
        return 1 if stale else 0
    for path, text in files.items():
        path.write_text(text)
    print(report)
    print(f"{PRICES.stat().st_size} bytes in {PRICES.name}")
    return 0


def render(taken: date, report: Report) -> str:
    """The price file: one vendor after the other, one model per line, in the source's own order.

    The order counts: the first model whose rule matches is the one.
    """
    at = datetime.combine(taken, HOUR)
    vendors = (
        f'"{provider.id}":{{"fallback":{_json(provider.fallback_model_providers or [])},'
        '"models":[\n' + ",\n".join(map(_json, _rows(provider, at, report))) + "\n]}"
        for provider in providers
    )
    origin = f"{PACKAGE} {importlib.metadata.version(PACKAGE)}"
    head = f'"date":"{taken}","valid_at":"{at.isoformat()}","origin":"{origin}"'
    return "{" + head + ',"vendors":{\n' + ",\n".join(vendors) + "\n}}\n"


def notice() -> str:
    """The licence notice of the source, as it asks to be carried along."""
    files = importlib.metadata.files(PACKAGE) or []
    licence = next(file for file in files if file.name == "LICENSE")
    return (
        f"prices.json is made from the data of {PACKAGE} (https://github.com/pydantic/{PACKAGE}),\n"
        f"which is distributed under this licence:\n\n{licence.read_text().strip()}\n"
    )


def _rows(provider: source.Provider, at: datetime, report: Report) -> Iterator[dict[str, Any]]:
    for model in provider.models:
        row: dict[str, Any] = {"id": model.id}
        rules = _alternatives(model.match)
        if rules != [f"={model.id.lower()}"]:
            row["match"] = rules
        if model.context_window:
            row["context_window"] = model.context_window
        if model.deprecated:
            row["deprecated"] = True
        name = f"{provider.id}:{model.id}"
        try:
            row["price"] = _price(name, model, at, report)
        except UnpricedError as unpriced:
            report.add(f"unpriced, {unpriced}", name)
        yield row


def _price(name: str, model: source.ModelInfo, at: datetime, report: Report) -> dict[str, Any]:
    prices = {key: value for key, value in vars(model.get_prices(at)).items() if value is not None}
    if not prices and model.id.endswith(":free"):
        return FREE
    _refuse(name, prices)
    if SERVER_TOOLS & prices.keys():
        report.add("priced, but fees for server tools are not counted", name)
    if _by_the_hour(model, at):
        report.add(f"priced as at {HOUR:%H:%M} UTC, other hours differ", name)
    price = {kind: _rate(prices[key]) for key, kind in KINDS.items() if key in prices}
    if any(_inexact(value) for value in _numbers(prices)):
        report.add("priced, rounded to the nano-dollar per million tokens", name)
    if fee := prices.get("requests_kcount"):
        price["request_nano"] = _whole(fee * NANO / 1000)
    return price


def _refuse(name: str, prices: dict[str, Any]) -> None:
    if not prices:
        raise UnpricedError("the source has no price")
    others = prices.keys() - KINDS.keys() - SERVER_TOOLS - {"requests_kcount"}
    if others:
        raise UnpricedError("charges for " + ", ".join(sorted(others)))
    if not {"input_mtok", "output_mtok"} <= prices.keys():
        raise UnpricedError("no price for input or for output: it does not chat")
    if SERVER_TOOLS & prices.keys() and "search" in name:
        raise UnpricedError("searches by itself, at a fee for each search")


def _by_the_hour(model: source.ModelInfo, at: datetime) -> bool:
    if isinstance(model.prices, source.ModelPrice):
        return False
    return len({str(model.get_prices(at.replace(hour=hour))) for hour in range(24)}) > 1


def _numbers(prices: dict[str, Any]) -> Iterator[Decimal]:
    for value in prices.values():
        if isinstance(value, source.TieredPrices):
            yield value.base
            yield from (tier.price for tier in value.tiers)
        else:
            yield value


def _inexact(value: Decimal) -> bool:
    return value * NANO != int(value * NANO)


def _rate(value: Any) -> int | list[Any]:
    """Nano-dollars per million; with tiers, the base beside a list of [start, price] pairs."""
    if not isinstance(value, source.TieredPrices):
        return _nano(value)
    return [_nano(value.base), [[tier.start, _nano(tier.price)] for tier in value.tiers]]


def _nano(dollars: Decimal) -> int:
    exact = dollars * NANO
    nearest = exact.to_integral_value()
    return _whole(
        nearest if abs(exact - nearest) < NOISE else exact.to_integral_value(ROUND_CEILING)
    )


def _whole(value: Decimal) -> int:
    if value != int(value):
        raise UnpricedError(f"a fee of {value} nano-dollars")
    return int(value)


def _alternatives(clause: Any) -> list[str | list[str]]:
    """The rule as alternatives; one that is a list holds only when all of its parts hold."""
    unique = dict.fromkeys(_product(clause))
    return [parts[0] if len(parts) == 1 else list(parts) for parts in unique]


def _product(clause: source.MatchLogic) -> list[tuple[str, ...]]:
    if isinstance(clause, source.ClauseOr):
        return [parts for part in clause.or_ for parts in _product(part)]
    if isinstance(clause, source.ClauseAnd):
        joined: list[tuple[str, ...]] = [()]
        for part in clause.and_:
            joined = [left + right for left in joined for right in _product(part)]
        return joined
    return [_single(clause)]


def _single(clause: source.MatchLogic) -> tuple[str, ...]:
    match clause:
        case source.ClauseEquals():
            return ("=" + clause.equals.lower(),)
        case source.ClauseStartsWith():
            return ("^" + clause.starts_with.lower(),)
        case source.ClauseEndsWith():
            return ("$" + clause.ends_with.lower(),)
        case source.ClauseContains():
            return ("~" + clause.contains.lower(),)
        case source.ClauseRegex():
            return _regex(clause.regex)
        case _:
            raise TypeError(f"unknown kind of rule {clause!r}")


def _regex(pattern: str) -> tuple[str, ...]:
    """The pattern, behind its literal beginning: compiling it costs 0.2 ms, comparing nothing."""
    plain = re.match(r"\^((?:[\w/:@-]|\\[.\[])+)(?![*+?{|])", pattern)
    if plain is None or "|" in pattern:
        return ("/" + pattern,)
    prefix = re.sub(r"\\(.)", r"\1", plain.group(1))
    return ("^" + prefix, "/" + pattern)


def _date_of_file() -> date:
    return date.fromisoformat(json.loads(PRICES.read_text())["date"])


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
