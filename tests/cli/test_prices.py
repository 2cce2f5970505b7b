"""`ultra models --refresh-prices` and `--restore-prices`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Cli, served
from tests.support.server import Exchange
from ultra.providers.catalog import PRICES

TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture
def prices(tmp_path: Path) -> dict[str, Any]:
    """The shipped prices as of today."""
    found: dict[str, Any] = json.loads(PRICES.read_bytes())
    return {**found, "date": TODAY}


@pytest.fixture(autouse=True)
def _profile(cli: Cli) -> None:
    cli.profile('version: 1\nproviders: {openai: {}}\nmodels: {fast: "openai:gpt-5-mini"}\n')


def priced(prices: dict[str, Any], nano: int) -> dict[str, Any]:
    """The same prices, with another for what goes into gpt-5-mini."""
    document: dict[str, Any] = json.loads(json.dumps(prices))
    for row in document["vendors"]["openai"]["models"]:
        if row["id"] == "gpt-5-mini":
            row["price"]["input"] = nano
    return document


def put(path: Path, document: object) -> str:
    path.write_text(json.dumps(document))
    return str(path)


def shown(cli: Cli) -> tuple[int, str]:
    """What the price of `fast` is said to be, and whose prices they are."""
    document = json.loads(cli("models", "--json").out)
    (row,) = document["models"]
    return row["price"]["input"]["nano_per_mtok"], document["prices"]


def test_newer_prices_are_used_at_once_and_can_be_taken_back(
    cli: Cli, prices: dict[str, Any], tmp_path: Path
) -> None:
    """One step at a time: to the refresh before, then to what was shipped."""
    before = shown(cli)

    first = cli("models", "--refresh-prices", put(tmp_path / "a.json", priced(prices, 400_000_000)))
    after_first = shown(cli)
    cli("models", "--refresh-prices", put(tmp_path / "b.json", priced(prices, 500_000_000)))
    after_second = shown(cli)
    told = cli("models").err
    back = cli("models", "--restore-prices")
    after_back = shown(cli)
    cli("models", "--restore-prices")

    assert first.code == back.code == 0
    assert f"prices of {TODAY} are in use" in first.err
    assert "1 models changed, 0 new, 0 gone" in first.err
    assert after_first == after_back == (400_000_000, "refreshed")
    assert after_second == (500_000_000, "refreshed")
    assert f"prices of {TODAY}, your own file" in told
    assert shown(cli) == before == (250_000_000, "shipped")


def test_there_is_nothing_to_take_back_from_shipped_prices(cli: Cli) -> None:
    """Exit 2; and both at once make no sense."""
    assert cli("models", "--restore-prices").code == 2
    assert cli("models", "--restore-prices", "--refresh-prices", "x").code == 2


def test_prices_that_moved_more_than_tenfold_are_refused_and_listed(
    cli: Cli, prices: dict[str, Any], tmp_path: Path
) -> None:
    """Unless the user says so; until then nothing is changed."""
    path = put(tmp_path / "new.json", priced(prices, 25_000_000_000))

    refused = cli("models", "--refresh-prices", path)
    untouched = shown(cli)
    taken = cli("models", "--refresh-prices", path, "--yes")

    assert refused.code == 3
    assert "openai:gpt-5-mini: input from $0.25 to $25" in refused.err
    assert "--yes" in refused.err
    assert untouched[1] == "shipped"
    assert taken.code == 0
    assert shown(cli) == (25_000_000_000, "refreshed")


def test_many_leaps_are_counted_and_not_all_listed(
    cli: Cli, prices: dict[str, Any], tmp_path: Path
) -> None:
    """A file in dollars instead of nano-dollars moves them all."""
    for row in prices["vendors"]["openrouter"]["models"]:
        if "price" in row:
            row["price"] = {"input": 1, "output": 1}

    said = cli("models", "--refresh-prices", put(tmp_path / "new.json", prices))

    assert said.code == 3
    assert "(20 shown)" in said.err
    assert len(said.err.splitlines()) == 22


def test_a_file_that_does_not_hold_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    """With file, line and column."""
    path = tmp_path / "bad.json"
    path.write_text('{"date": "2026-12-01",\n  "vendors": }')

    said = cli("models", "--refresh-prices", str(path))

    assert said.code == 3
    assert f"{path}:2:14: not valid JSON" in said.err
    assert shown(cli)[1] == "shipped"


def test_older_prices_than_the_shipped_ones_are_refused(
    cli: Cli, prices: dict[str, Any], tmp_path: Path
) -> None:
    """They would not be used."""
    old = put(tmp_path / "old.json", {**prices, "date": "2026-01-01"})

    said = cli("models", "--refresh-prices", old)

    assert said.code == 3
    assert "older than those shipped" in said.err


def test_a_file_that_is_not_there_is_a_usage_error(cli: Cli) -> None:
    """Exit 2."""
    said = cli("models", "--refresh-prices", "nowhere.json")

    assert said.code == 2
    assert "there is no file `nowhere.json`" in said.err


def test_plain_http_is_refused_before_anything_is_sent(cli: Cli) -> None:
    """Anybody on the way could set a price."""
    said = cli("models", "--refresh-prices", "http://prices.example/prices.json")

    assert said.code == 2
    assert "plain http" in said.err
    assert "`https`" in said.err


def test_this_machine_may_serve_prices_over_plain_http(cli: Cli, prices: dict[str, Any]) -> None:
    """Nobody is on that way; a redirect off the machine is another one."""

    async def handler(exchange: Exchange) -> None:
        if exchange.seen.path == "/away":
            head = {"location": "http://prices.example/", "content-length": "0"}
            await exchange.head(302, head, chunked=False)
        else:
            await exchange.json(priced(prices, 300_000_000))

    with served(handler) as server:
        away = cli("models", "--refresh-prices", f"{server.url}/away")
        taken = cli("models", "--refresh-prices", f"{server.url}/prices.json")

    assert away.code == 2
    assert "plain http" in away.err
    assert taken.code == 0
    assert shown(cli) == (300_000_000, "refreshed")


def test_a_server_that_says_nothing_is_given_up(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not hang the terminal."""
    from ultra.runtime import prices as module

    monkeypatch.setattr(module, "FETCH_S", 0.1)

    async def silent(exchange: Exchange) -> None:
        await exchange.stall()

    with served(silent) as server:
        said = cli("models", "--refresh-prices", f"{server.url}/prices.json")

    assert said.code == 2
    assert "did not come within" in said.err


def test_a_spoilt_file_in_use_is_told_of_and_can_be_replaced(
    cli: Cli, prices: dict[str, Any], tmp_path: Path
) -> None:
    """The shipped prices serve until then."""
    place = cli.home / "data" / "prices.json"
    place.parent.mkdir(parents=True)
    place.write_text("{oops")

    said = cli("models")
    mended = cli(
        "models", "--refresh-prices", put(tmp_path / "new.json", priced(prices, 260_000_000))
    )

    assert (said.code, mended.code) == (0, 0)
    assert "cannot be read" in said.err
    assert shown(cli) == (260_000_000, "refreshed")


def test_prices_that_no_longer_hold_are_compared_with_the_shipped_ones(
    cli: Cli, prices: dict[str, Any], tmp_path: Path
) -> None:
    """A file whose rows were changed by hand is no measure."""
    place = cli.home / "data" / "prices.json"
    place.parent.mkdir(parents=True)
    put(place, {**prices, "vendors": {**prices["vendors"], "openai": "gone"}})

    broken = cli("models", "--all")
    mended = cli("models", "--refresh-prices", put(tmp_path / "new.json", prices))

    assert broken.code == 3
    assert "--restore-prices" in broken.err
    assert mended.code == 0
