"""`ultra models`: what can be asked."""

import json

import pytest

from tests.support.cli import Cli, model_lists, open_lists, served
from tests.support.server import Exchange, free_port

LAB = """\
version: 1
providers:
  lab: {{protocol: openai-chat, base_url: "{url}/v1", key: "env:LAB_KEY"}}
  dead: {{protocol: openai-chat, base_url: "http://127.0.0.1:{port}/v1", key: none}}
models:
  dear:
    model: "lab:big"
    price: {{input_per_mtok: 3, output_per_mtok: 15}}
    context_window: 9000
  gratis: {{model: "lab:small", price: free}}
  plain: "lab:other"
groups: {{two: [dear, plain]}}
ensembles: {{panel: {{members: ["@two"], strategy: fusion}}}}
routes: {{main: {{candidates: [dear], on_failure: [plain]}}}}
"""


def lab(cli: Cli, url: str = "http://127.0.0.1:1") -> None:
    cli.profile(LAB.format(url=url, port=free_port()))


def cells(text: str, name: str) -> list[str]:
    """The columns of the row that begins with a name."""
    return next(line.split() for line in text.splitlines() if line.startswith(name))


def test_names_are_listed_with_window_and_price(cli: Cli) -> None:
    """Dollars per million tokens; `free` and `unknown` are words, never 0."""
    lab(cli)

    said = cli("models")

    assert said.code == 0
    words = ["dear", "lab:big", "-", "9,000", "unknown", "$3.00", "$15.00"]
    assert cells(said.out, "dear") == words
    assert cells(said.out, "gratis")[3:] == ["unknown", "unknown", "free", "free"]
    assert cells(said.out, "plain")[3:] == ["unknown"] * 4


def test_what_stands_for_several_models_is_listed_with_its_members(cli: Cli) -> None:
    """Ensembles, routes and groups, each with the word for what it is."""
    lab(cli)

    said = cli("models").out

    assert cells(said, "panel")[1:] == ["dear,", "plain", "ensemble,", "fusion"]
    assert cells(said, "main")[1:] == ["dear,", "plain", "route,", "fallback"]
    assert cells(said, "@two")[1:] == ["dear,", "plain", "group"]


def test_simulated_models_say_so(cli: Cli) -> None:
    """Every row of a simulated profile."""
    said = cli("models", "-P", "development")

    assert cells(said.out, "swift")[-1] == "simulated"


def test_nothing_set_up_names_init_and_demo(cli: Cli) -> None:
    """Exit 3, as for `ask`."""
    said = cli("models")

    assert said.code == 3
    assert "`ultra init`" in said.err
    assert "`ultra demo`" in said.err


def test_the_catalog_can_be_searched_before_anything_is_set_up(cli: Cli) -> None:
    """`-q` looks through every vendor when the profile has none, and every word narrows."""
    said = cli("models", "-q", "gpt-5", "-q", "openai:", "-q", "mini")

    assert said.code == 0
    assert "openai:gpt-5-mini" in said.out
    assert "anthropic" not in said.out


def test_a_search_without_a_match_is_no_failure(cli: Cli) -> None:
    """It says that an unknown id can still be asked."""
    said = cli("models", "-q", "nothing-is-called-so")

    assert (said.code, said.out) == (0, "")
    assert "can still be asked" in said.err


def test_all_adds_what_the_catalog_knows_of_the_providers(cli: Cli) -> None:
    """Of the profile's providers only."""
    cli.profile("version: 1\nproviders: {anthropic: {}}\n")

    said = cli("models", "--all")

    assert "anthropic:claude-sonnet-4-5" in said.out
    assert "openai:" not in said.out


def test_a_profile_without_names_says_how_to_go_on(cli: Cli) -> None:
    """Providers alone are enough to ask `provider:model`."""
    cli.profile("version: 1\nproviders: {anthropic: {}}\n")

    said = cli("models")

    assert said.code == 0
    assert "`ultra models --all`" in said.err


def test_json_is_one_versioned_document(cli: Cli) -> None:
    """Prices are nano-dollars per million tokens, with the date of the catalog's."""
    lab(cli)

    document = json.loads(cli("models", "--json").out)

    rows = {row["name"]: row for row in document["models"]}
    assert document["version"] == 1
    assert document["prices_of"].startswith("20")
    assert rows["dear"]["price"]["input"]["nano_per_mtok"] == 3_000_000_000
    assert document["prices"] == "shipped"
    assert rows["plain"]["price"] is rows["plain"]["capabilities"] is None


def test_live_asks_the_providers_and_tells_of_a_dead_one_in_a_line(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What answers stands below the profile's names; a dead one is one line, and no failure."""
    monkeypatch.setenv("LAB_KEY", "right-key")
    with served(model_lists) as server:
        lab(cli, server.url)

        said = cli("models", "--live")

    assert said.code == 0
    assert [line.split()[0] for line in said.out.splitlines()[-2:]] == ["lab:alpha", "lab:beta"]
    assert cells(said.out, "dear")[1] == "lab:big"
    (warning,) = [line for line in said.err.splitlines() if line.startswith("warning")]
    assert "`dead` lists nothing" in warning


def test_live_with_everybody_dead_is_a_failure(cli: Cli) -> None:
    """The exit code is that of the first: nobody listens, so trying later may help."""
    cli.profile(
        "version: 1\nproviders:\n  dead: {protocol: openai-chat,"
        f' base_url: "http://127.0.0.1:{free_port()}/v1", key: none}}\n'
    )

    assert cli("models", "--live").code == 75


def test_live_without_a_real_provider_names_init(cli: Cli) -> None:
    """A simulated profile has nobody to ask."""
    assert cli("models", "--live", "-P", "development").code == 3


def test_live_can_be_searched_and_printed_as_json(cli: Cli) -> None:
    """The same filters as the list."""
    with served(open_lists) as server:
        cli.profile(
            "version: 1\nproviders:\n"
            f'  lab: {{protocol: openai-chat, base_url: "{server.url}/v1", key: none}}\n'
        )

        found = json.loads(cli("models", "--live", "-q", "tin", "--json").out)
        none = json.loads(cli("models", "--live", "-q", "huge", "--json").out)

    assert [row["model"] for row in found["models"]] == ["lab:tiny"]
    assert none["models"] == []


def test_strategies_are_listed_with_the_calls_they_make(cli: Cli) -> None:
    """As a table and as JSON."""
    rows = json.loads(cli("models", "--strategies", "--json").out)["strategies"]

    assert cells(cli("models", "--strategies").out, "fusion")[1:4] == ["N", "+", "2"]
    assert {"name": "first", "members": 1}.items() <= next(
        row for row in rows if row["name"] == "first"
    ).items()


def test_vendors_are_listed_with_how_they_depart(cli: Cli) -> None:
    """As a table and as JSON; one that nobody has recordings of says so."""
    rows = json.loads(cli("models", "--vendors", "--json").out)["vendors"]
    table = cli("models", "--vendors", "-q", "fireworks").out

    assert len(rows) >= 36
    groq = next(row for row in rows if row["name"] == "groq")
    assert groq["output_cap"] == "max_completion_tokens"
    assert groq["limits"] == "x-ratelimit-"
    assert groq["docs"].startswith("https://")
    assert groq["models"] > 10
    assert cells(table, "fireworks")[1:3] == ["openai-chat", "FIREWORKS_API_KEY"]
    assert cells(table, "fireworks")[-1] == "unverified"
    assert "groq" not in table


def test_a_provider_that_says_nothing_is_given_up_in_time(cli: Cli) -> None:
    """Its own timer for the first token bounds the list too."""

    async def silent(exchange: Exchange) -> None:
        await exchange.stall()

    with served(silent) as server:
        cli.profile(
            "version: 1\nproviders:\n"
            f'  lab: {{protocol: openai-chat, base_url: "{server.url}/v1", key: none,'
            " timers: {first_token_s: 0.1}}\n"
        )

        said = cli("models", "--live")

    assert said.code != 0
    assert "did not answer in time" in said.err


def test_what_an_endpoint_says_of_a_window_wins_over_the_catalog(cli: Cli) -> None:
    """Ids that the catalog knows get its price."""

    async def lists(exchange: Exchange) -> None:
        await exchange.json({"data": [{"id": "gpt-5-mini", "context_length": 1234}]})

    with served(lists) as server:
        cli.profile(
            f'version: 1\nproviders:\n  openai: {{base_url: "{server.url}/v1", key: none}}\n'
        )

        said = cli("models", "--live")

    assert "1,234" in said.out
    assert "$0.2500" in said.out


FULL = {
    "id": "seen-never-before",
    "context_length": 5000,
    "architecture": {"input_modalities": ["text", "image"]},
    "supported_parameters": ["tools"],
    "top_provider": {"max_completion_tokens": 700},
}


def one_server(cli: Cli, url: str, more: str = "") -> None:
    cli.profile(
        "version: 1\nproviders:\n"
        f'  lab: {{protocol: openai-chat, base_url: "{url}/v1", key: none}}\n{more}'
    )


def by_model(cli: Cli, *words: str) -> dict[str, dict[str, object]]:
    """The rows of `ultra models --json` that are single models, by `provider:model`."""
    rows = json.loads(cli("models", *words, "--json").out)["models"]
    return {row["model"]: row for row in rows if row["model"]}


def test_a_name_of_the_profile_takes_in_what_the_list_tells(cli: Cli) -> None:
    """One row for one model: what the profile sets stays, what it leaves open is filled in."""

    async def lists(exchange: Exchange) -> None:
        await exchange.json({"data": [FULL]})

    with served(lists) as server:
        one_server(
            cli,
            server.url,
            'models: {mine: {model: "lab:seen-never-before", context_window: 99}}\n',
        )

        (row,) = by_model(cli, "--live").values()

    assert (row["name"], row["sources"]) == ("mine", ["profile", "live"])
    assert (row["context_window"], row["max_output_tokens"]) == (99, 700)
    assert row["capabilities"] == ["vision", "tools"]


def test_a_model_nobody_has_heard_of_is_listed_with_unknown(cli: Cli) -> None:
    """Every field is there; None is not known."""
    with served(open_lists) as server:
        one_server(cli, server.url)

        row = by_model(cli, "--live")["lab:tiny"]
        said = cli("models", "--live")

    unknown = ("context_window", "max_output_tokens", "capabilities", "price", "success")
    assert [row[name] for name in (*unknown, "ttft_s", "verified")] == [None] * 7
    assert said.out.splitlines()[1].split() == ["lab:tiny", "-", *["unknown"] * 4]


def test_lists_are_kept_until_they_are_asked_for_anew(cli: Cli) -> None:
    """The second look asks nobody; `--refresh` does, and stands for `--live`."""
    with served(open_lists) as server:
        one_server(cli, server.url)

        cli("models", "--live")
        again = cli("models", "--live")
        asked = len(server.requests)
        anew = cli("models", "--refresh")

    assert "lab:tiny" in again.out
    assert "lab:tiny" in anew.out
    assert (asked, len(server.requests)) == (1, 2)


@pytest.mark.parametrize("spoilt", ["{", '{"at": 1, "models": []}'], ids=["broken", "old"])
def test_a_kept_list_that_does_not_hold_is_asked_for_again(cli: Cli, spoilt: str) -> None:
    """As one that is older than an hour."""
    with served(open_lists) as server:
        one_server(cli, server.url)
        cli("models", "--live")
        (kept,) = (cli.home / "cache" / "models").iterdir()
        kept.write_text(spoilt)

        cli("models", "--live")

        assert len(server.requests) == 2


def test_the_age_of_a_kept_list_is_told(cli: Cli) -> None:
    """With the way to ask anew."""
    with served(open_lists) as server:
        one_server(cli, server.url)
        cli("models", "--live")
        (kept,) = (cli.home / "cache" / "models").iterdir()
        document = json.loads(kept.read_text())
        kept.write_text(json.dumps({**document, "at": document["at"] - 1800}))

        said = cli("models", "--live")

    assert "lists of up to 30 min ago; `--refresh` asks anew" in said.err


def test_lists_that_cannot_be_kept_are_shown_all_the_same(cli: Cli) -> None:
    """A file stands where the folder should be."""
    (cli.home / "cache").mkdir(parents=True)
    (cli.home / "cache" / "models").write_text("in the way")
    with served(open_lists) as server:
        one_server(cli, server.url)

        assert "lab:tiny" in cli("models", "--live").out


def test_how_a_model_fared_in_the_log_stands_beside_it(old: Cli) -> None:
    """Medians and the share answered; a model that was never asked has none."""
    said = old("models", "-P", "development")
    rows = by_model(old, "-P", "development")

    assert said.out.splitlines()[0].split()[-4:] == ["FIRST", "WHOLE", "ANSWERED", "REMARKS"]
    assert "100%" in cells(said.out, "swift")
    steady = rows[next(name for name in rows if name.endswith("steady"))]
    assert (steady["calls"], steady["success"]) == (2, 1.0)
    assert isinstance(steady["duration_s"], float)
    assert any(row["calls"] == 0 and row["success"] is None for row in rows.values())


def test_a_log_that_cannot_be_read_is_no_reason_to_list_nothing(cli: Cli) -> None:
    """It is told of, once."""
    one_server(cli, "http://127.0.0.1:1", 'models: {tiny: "lab:tiny"}\n')
    place = cli.home / "data" / "ultra.db"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"this is no database, and long enough to be one" * 100)

    said = cli("models")

    assert said.code == 0
    assert "lab:tiny" in said.out
    assert said.err.count("cannot be read") == 1


def test_what_models_take_and_who_is_unverified_is_told(cli: Cli) -> None:
    """A vendor whose row nobody could try says so; the date of the prices stands below."""
    cli.profile("version: 1\nproviders: {openai: {}, fireworks: {}}\n")

    said = cli("models", "--all")
    rows = by_model(cli, "--all")

    line = next(line for line in said.out.splitlines() if "openai:gpt-5-mini " in line)
    assert "vision,files,tools,schema,thinks" in line
    assert "unverified" not in line
    assert all("unverified" in one for one in said.out.splitlines() if " fireworks:" in one)
    assert rows["openai:gpt-5-mini"]["verified"] == "2026-11-21"
    assert "shipped with ultra" in said.err


def test_the_catalog_prices_hundreds_of_models(cli: Cli) -> None:
    """More than three hundred, each once."""
    rows = json.loads(cli("models", "--all", "--json").out)["models"]

    priced = {row["model"] for row in rows if row["price"] is not None}
    assert len(priced) >= 300
    assert len({row["vendor"] for row in rows}) >= 20
