"""Which price files can be used, and what is told of those that cannot."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.core.catalog import Vendor
from ultra.core.errors import ConfigError, Problem
from ultra.providers.catalog import PRICES, ShippedCatalog
from ultra.providers.prices import Changes, changes, read_prices

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def a_file(models: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    rows = [{"id": "m", "price": {"input": 10, "output": 20}}] if models is None else models
    told = {"date": "2026-11-20", "vendors": {"lab": {"fallback": [], "models": rows}}}
    return {**told, **fields}


def problems(raw: bytes) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        read_prices(raw, "p.json", now=NOW)
    return list(caught.value.problems)


def differing(old: dict[str, Any], new: dict[str, Any]) -> Changes:
    before, after = (
        read_prices(json.dumps(a_file([{"id": "m", "price": rates}])).encode(), "x", now=NOW)
        for rates in (old, new)
    )
    return changes(before, after, "new.json")


def test_the_shipped_file_holds() -> None:
    """Hundreds of prices, and no change against itself."""
    whole = read_prices(PRICES.read_bytes(), "prices.json")

    assert sum(price is not None for _, price in whole.prices()) > 2_000
    assert changes(whole, whole, "x") == Changes(0, 0, 0, ())


@pytest.mark.parametrize(
    ("raw", "where", "message"),
    [
        (b'{"date": "2026-11-20",\n "vendors": oops}', "p.json:2:13", "not valid JSON"),
        (b'{"date": "2026', "p.json:1:15", "not valid JSON"),
        (b"<html>sign in</html>", "p.json:1:1", "not valid JSON"),
        (b'{"date": "\xff"}', "p.json:1:", "not valid JSON"),
    ],
    ids=["word", "cut", "html", "utf-8"],
)
def test_what_does_not_parse_is_told_with_line_and_column(
    raw: bytes, where: str, message: str
) -> None:
    """Both count from 1."""
    (problem,) = problems(raw)

    assert problem.where.startswith(where)
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ([], "", "Expected `object`, got `array`"),
        (a_file([{"id": "m", "price": {"input": "1", "output": 2}}]), "price.input", "`str`"),
        (a_file([{"id": "m", "price": {"input": -1, "output": 2}}]), "price.input", ">= 0"),
        (a_file([{"id": "m", "price": {"input": 1}}]), "price", "missing required field `output`"),
        (a_file([{"id": "m", "price": {"input": 1, "output": 1, "x": 1}}]), "price", "`x`"),
        (a_file([{"id": ""}]), "id", "length >= 1"),
        (a_file(date="soon"), "date", "`soon` is not a date"),
        (a_file(date="20261120"), "date", "`20261120` is not a date"),
        (a_file(date="2027-01-01"), "date", "has not come yet"),
        (a_file([]), "vendors", "holds no price at all"),
        (a_file([{"id": "m"}]), "vendors", "holds no price at all"),
        (a_file([{"id": "m", "match": ["gpt"], "price": {"input": 1, "output": 1}}]),
         "vendors.lab.models[0].match", "`gpt` is not a rule"),
        (a_file([{"id": "m", "match": ["/("], "price": {"input": 1, "output": 1}}]),
         "vendors.lab.models[0].match", "`/(` is not a rule"),
        (a_file([{"id": "m", "match": [["^a", "x"]], "price": {"input": 1, "output": 1}}]),
         "vendors.lab.models[0].match", "is not a rule"),
    ],
)  # fmt: skip
def test_what_is_no_price_file_is_told_with_its_key_path(
    document: Any, path: str, message: str
) -> None:
    """And nothing of it is used."""
    (problem,) = problems(json.dumps(document).encode())

    assert problem.where == "p.json"
    assert problem.path.endswith(path)
    assert message in problem.message


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ((10, 20), (100, 20), []),
        ((10, 20), (101, 20), ["input from $1e-08 to $1.01e-07"]),
        ((101, 20), (10, 1), ["input from $1.01e-07 to $1e-08", "output from $2e-08 to $1e-09"]),
        ((10, 20), (0, 20), ["input from $1e-08 to $0"]),
        ((0, 0), (0, 0), []),
    ],
    ids=["tenfold", "more", "less", "free", "nothing"],
)
def test_only_what_moved_more_than_tenfold_is_a_leap(
    old: tuple[int, int], new: tuple[int, int], told: list[str]
) -> None:
    """Up or down, and to nothing at all."""
    before, after = ({"input": rates[0], "output": rates[1]} for rates in (old, new))

    found = differing(before, after)

    assert [problem.message for problem in found.moved] == told
    assert all(problem.path == "lab:m" for problem in found.moved)
    assert found.changed == (old != new)


def test_tiers_and_kinds_of_their_own_are_compared_by_their_base() -> None:
    """A kind that only one file prices is no leap."""
    old = {"input": [10, [[100, 50]]], "output": 20, "cache_read": 1}
    new = {"input": [2_000, []], "output": 20, "reasoning": 9_000}

    (problem,) = differing(old, new).moved

    assert problem.message.startswith("input from")


def test_models_that_come_and_go_are_counted() -> None:
    """The first of two rows with one id counts, as when prices are looked up."""
    price = {"input": 1, "output": 1}
    dear = {"input": 1_000, "output": 1}
    before = a_file([{"id": "a", "price": price}, {"id": "b", "price": price}])
    after = a_file([{"id": "a", "price": price}, {"id": "a", "price": dear}, {"id": "c"}])

    old, new = (read_prices(json.dumps(one).encode(), "x", now=NOW) for one in (before, after))

    assert changes(old, new, "x") == Changes(changed=0, added=1, gone=1, moved=())


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_a_file_or_a_told_mistake(raw: bytes) -> None:
    """Never a traceback."""
    assert problems(raw)


def a_catalog(tmp_path: Path, shipped: str, own: bytes | None) -> ShippedCatalog:
    theirs, mine = tmp_path / "shipped.json", tmp_path / "mine.json"
    theirs.write_text(json.dumps(a_file(date=shipped)))
    if own is not None:
        mine.write_bytes(own)
    rows = {"lab": Vendor("lab", "Lab", "openai-chat", "", "", prices="lab")}
    return ShippedCatalog(rows, theirs, fresher=mine)


@pytest.mark.parametrize(
    ("own", "refreshed"),
    [("2026-11-19", False), ("2026-11-20", True), ("2026-12-01", True), (None, False)],
)
def test_a_file_of_ones_own_counts_unless_the_shipped_one_is_newer(
    tmp_path: Path, own: str | None, refreshed: bool
) -> None:
    """A newer ultra brings newer prices; the price says whose it is."""
    mine = None if own is None else json.dumps(a_file(date=own)).encode()

    catalog = a_catalog(tmp_path, "2026-11-20", mine)

    facts = catalog.facts("lab", "m")
    assert (catalog.refreshed, catalog.trouble) == (refreshed, None)
    assert catalog.price_date() == (own if refreshed else "2026-11-20")
    assert facts is not None
    assert facts.price is not None
    assert facts.price.source.startswith("refreshed" if refreshed else "catalog")


def test_a_file_of_ones_own_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    """And told of: the shipped prices still hold."""
    catalog = a_catalog(tmp_path, "2026-11-20", b"{oops")

    assert catalog.price_date() == "2026-11-20"
    assert "cannot be read" in (catalog.trouble or "")


def test_a_file_that_was_spoilt_by_hand_is_told_when_it_is_asked(tmp_path: Path) -> None:
    """With the way back."""
    own = a_file([{"id": "m", "price": "cheap"}], date="2026-12-01")
    catalog = a_catalog(tmp_path, "2026-11-20", json.dumps(own).encode())

    with pytest.raises(ConfigError, match="changed by hand") as caught:
        catalog.facts("lab", "m")

    assert "--restore-prices" in (caught.value.hint or "")
