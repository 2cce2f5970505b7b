"""`ultra health`: which endpoints can be used, asked of a real server and read from a real log."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.cli import Cli, served
from tests.support.process import USAGE, WORDS, chunk
from tests.support.server import Exchange, Loopback, free_port

PROFILE = """\
version: 1
environment: testing
providers:
  lab: {{protocol: openai-chat, base_url: "{url}/lab/v1", key: "env:LAB_KEY"}}
  denied: {{protocol: openai-chat, base_url: "{url}/denied/v1", key: "env:LAB_KEY"}}
  mute: {{protocol: openai-chat, base_url: "{url}/mute/v1", key: none}}
  hang:
    protocol: openai-chat
    base_url: "{url}/hang/v1"
    key: none
    timers: {{first_token_s: 0.3}}
  dead: {{protocol: openai-chat, base_url: "http://127.0.0.1:{port}/v1", key: none}}
  keyless: {{protocol: openai-chat, base_url: "{url}/lab/v1", key: "env:NO_SUCH_KEY"}}
  made: {{protocol: simulated}}
models: {models}
"""

LIMITS = {"x-ratelimit-limit-requests": "50", "x-ratelimit-remaining-requests": "49"}


async def handler(exchange: Exchange) -> None:
    """Providers by the first word of their path, models by name."""
    _, provider, *_ = exchange.seen.path.split("/")
    if provider == "hang":
        await exchange.stall()
    elif provider == "denied":
        await exchange.json({"error": {"message": "wrong key", "type": "auth"}}, status=401)
    elif exchange.seen.path.endswith("/models"):
        await _listed(exchange, provider)
    elif exchange.seen.json()["model"] == "broken":  # type: ignore[index]
        await exchange.json({"error": {"message": "it broke"}}, status=500)
    else:
        events = [*map(chunk, WORDS), chunk(finish="stop"), USAGE]
        await exchange.sse(events, headers=LIMITS)


async def _listed(exchange: Exchange, provider: str) -> None:
    if provider == "mute":
        await exchange.json({"error": {"message": "no such page"}}, status=404)
    else:
        await exchange.json({"object": "list", "data": [{"id": "alpha", "object": "model"}]})


@pytest.fixture
def server() -> Iterator[Loopback]:
    with served(handler) as running:
        yield running


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_KEY", "sk-lab-0123456789abcdef")


def set_up(cli: Cli, server: Loopback, **models: str) -> None:
    cli.profile(PROFILE.format(url=server.url, port=free_port(), models=json.dumps(models)))


def only(cli: Cli, server: Loopback, **models: str) -> None:
    """A profile of one provider, `lab`, with these models."""
    cli.profile(
        f'version: 1\nproviders: {{lab: {{protocol: openai-chat, base_url: "{server.url}/lab/v1",'
        f' key: "env:LAB_KEY"}}}}\nmodels: {json.dumps(models)}\n'
    )


def standings(cli: Cli, *argv: str) -> dict[str, str]:
    document = json.loads(cli("health", "--json", *argv).out)
    return {one["provider"]: one["standing"] for one in document["endpoints"]}


def endpoint(cli: Cli, *argv: str) -> dict[str, Any]:
    """The first endpoint of the document."""
    found: dict[str, Any] = json.loads(cli("health", "--json", *argv).out)["endpoints"][0]
    return found


def test_every_endpoint_stands_as_its_provider_answers(cli: Cli, server: Loopback) -> None:
    """Up, refusing the key, without a list, hanging, refusing connections, without a key."""
    set_up(cli, server, fast="lab:alpha")

    assert standings(cli) == {
        "lab": "ok",
        "denied": "misconfigured",
        "mute": "unknown",
        "hang": "down",
        "dead": "down",
        "keyless": "misconfigured",
        "made": "ok",
    }


@pytest.mark.parametrize(
    ("model", "code"),
    [("lab:alpha", 0), ("made:swift", 0), ("mute:x", 4), ("dead:x", 1), ("keyless:x", 3)],
    ids=["usable", "simulated", "unknown", "down", "misconfigured"],
)
def test_the_exit_code_says_the_worst(cli: Cli, server: Loopback, model: str, code: int) -> None:
    """0 all usable, 1 some down, 4 some unknown, 3 misconfigured."""
    provider = model.partition(":")[0]
    set_up(cli, server, it=model)
    whole = (cli.home / "config" / "ultra.yaml").read_text()
    kept = f"{whole.partition('providers:')[0]}providers:\n{_provider(whole, provider)}"
    cli.profile(f"{kept}models: {whole.partition('models: ')[2]}")

    assert cli("health").code == code


def _provider(profile: str, name: str) -> str:
    body = profile.partition("providers:\n")[2].partition("models:")[0]
    blocks: dict[str, str] = {}
    for line in body.splitlines(keepends=True):
        if line.startswith("  ") and not line.startswith("   "):
            blocks[line.strip().partition(":")[0]] = line
        else:
            blocks[list(blocks)[-1]] += line
    return blocks[name]


def test_profile_and_environment_stand_on_top(cli: Cli, server: Loopback) -> None:
    """With how many stand how."""
    set_up(cli, server, fast="lab:alpha")

    first = cli("health").out.splitlines()[0]

    assert first == "default (testing): 2 ok, 2 down, 1 unknown, 2 misconfigured"


def test_without_probing_nobody_is_asked(cli: Cli, server: Loopback) -> None:
    """What is not known is `unknown`."""
    set_up(cli, server, fast="lab:alpha")

    found = standings(cli, "--no-probe")

    assert server.connections == 0
    assert {found[name] for name in ("lab", "denied", "mute", "hang", "dead")} == {"unknown"}
    assert (found["keyless"], found["made"]) == ("misconfigured", "ok")


def test_what_was_listed_just_now_is_not_asked_for_again(cli: Cli, server: Loopback) -> None:
    """It is remembered; another key is asked anew."""
    only(cli, server, fast="lab:alpha")

    assert standings(cli) == standings(cli) == {"lab": "ok"}
    assert len(server.requests) == 1
    assert endpoint(cli)["check"]["models"] == 1


def test_a_new_key_is_asked_anew(
    cli: Cli, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found with another one says nothing of it."""
    only(cli, server, fast="lab:alpha")
    cli("health")

    monkeypatch.setenv("LAB_KEY", "sk-lab-another")
    cli("health")

    keys = [seen.headers["authorization"] for seen in server.requests]
    assert keys == ["Bearer sk-lab-0123456789abcdef", "Bearer sk-lab-another"]


def test_what_another_key_was_answered_is_no_evidence_for_this_one(
    cli: Cli, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures stay, since they are the model's; whether this key is good has to be asked."""
    only(cli, server, fast="lab:alpha")
    assert cli("ask", "-m", "fast", "hi?").code == 0

    monkeypatch.setenv("LAB_KEY", "sk-lab-another")

    found = endpoint(cli, "--no-probe")
    assert (found["standing"], found["traffic"]["answered"]) == ("unknown", 1)
    assert endpoint(cli)["check"] is not None


def test_real_calls_are_the_evidence(cli: Cli, server: Loopback) -> None:
    """Times, speed and what is left of the limits; nobody is asked for a list."""
    only(cli, server, fast="lab:alpha")
    for _ in range(3):
        cli("ask", "-m", "fast", "hello there")

    told = endpoint(cli)

    assert told["standing"] == "ok"
    assert [seen.path for seen in server.requests] == ["/lab/v1/chat/completions"] * 3
    traffic = told["traffic"]
    assert (traffic["tries"], traffic["answered"]) == (3, 3)
    assert 0 < traffic["ttft_s"]["p50"] <= traffic["ttft_s"]["p99"]
    assert traffic["last_ok_at"].endswith("Z")
    assert told["gate"]["quota"]["requests"]["limit"] == 50
    assert told["names"] == ["fast"]


def test_a_retry_does_not_hide_what_failed(cli: Cli, server: Loopback) -> None:
    """Every try counts, and the breaker and the last error are told."""
    only(cli, server, bad="lab:broken")
    for _ in range(2):
        cli("ask", "-m", "bad", "hello there")

    said = cli("health")

    assert said.code == 1
    assert "0% of 3" in said.out
    assert "its breaker is open after `server`; tried again in" in said.out
    assert "last error just now, server (500)" in said.out
    assert "`ultra health reset lab:broken`" in said.out


def test_models_that_no_name_stands_for_are_told_once_asked(cli: Cli, server: Loopback) -> None:
    """From the log of the last day."""
    only(cli, server)
    cli("ask", "-m", "lab:other", "hello there")

    assert endpoint(cli)["model"] == "other"


def test_a_prompt_is_one_try_of_each_model(cli: Cli, server: Loopback) -> None:
    """Through the ordinary pipeline: on record, charged, and not tried again."""
    only(cli, server, good="lab:alpha", bad="lab:broken")

    said = cli("health", "--probe=prompt")

    calls = [seen for seen in server.requests if seen.path.endswith("/completions")]
    assert len(calls) == 2
    assert said.code == 1
    (run,) = json.loads(cli("logs", "--json").out)
    assert run["verb"] == "health"
    assert {call["role"] for call in run["calls"]} == {"probe"}
    assert [len(call["attempts"]) for call in run["calls"]] == [1, 1]


def test_a_prompt_that_succeeds_closes_the_breaker(cli: Cli, server: Loopback) -> None:
    """It does not wait for its time."""
    only(cli, server, fast="lab:alpha")
    server.handler = _broken
    for _ in range(2):
        cli("ask", "-m", "fast", "hello there")
    assert endpoint(cli, "--no-probe")["breaker"]["state"] == "open"

    server.handler = handler
    cli("health", "--probe=prompt")

    told = endpoint(cli, "--no-probe")
    assert (told["standing"], told["breaker"]["state"]) == ("ok", "closed")


async def _broken(exchange: Exchange) -> None:
    await exchange.json({"error": {"message": "it broke"}}, status=500)


@pytest.mark.parametrize("name", ["fast", "lab:alpha", "lab", "sturdy"])
def test_an_endpoint_is_closed_and_opened_by_hand(cli: Cli, server: Loopback, name: str) -> None:
    """By alias, model, provider or route; nothing leaves until it is reset."""
    only(cli, server, fast="lab:alpha")
    with (cli.home / "config" / "ultra.yaml").open("a", encoding="utf-8") as profile:
        profile.write("routes: {sturdy: {candidates: [fast]}}\n")

    assert cli("health", "open", name).code == 0
    refused = cli("ask", "-m", "fast", "hello there")
    assert refused.code == 75
    assert server.connections == 0
    assert cli("health").code == 1

    said = cli("health", "reset", name)
    assert (said.code, said.err) == (0, "note: 1 breaker or gate lets calls through again\n")
    assert cli("ask", "-m", "fast", "hello there").code == 0


def test_reset_wants_to_know_what(cli: Cli, server: Loopback) -> None:
    """`--all` is said, never guessed."""
    only(cli, server, fast="lab:alpha")

    assert cli("health", "reset").code == 2
    assert cli("health", "reset", "--all").code == 0
    unknown = cli("health", "reset", "fst")
    assert unknown.code == 2
    assert "did you mean `fast`?" in unknown.err


def test_nobody_is_asked_whom_the_profile_forbids(cli: Cli) -> None:
    """A profile that is local only sends nothing out, a list of models included."""
    cli.profile(
        'version: 1\nproviders: {out: {protocol: openai-chat, base_url: "http://x.invalid/v1",'
        " key: none}, made: {protocol: simulated}}\nguardrails: {local_only: true}\n"
    )

    said = cli("health")

    assert said.code == 0
    assert "note: `out` is left out: `guardrails.local_only`" in said.out


def test_no_key_is_ever_shown(cli: Cli, server: Loopback) -> None:
    """Where it comes from and a fingerprint are."""
    set_up(cli, server, fast="lab:alpha")

    said = cli("health", "--json")

    assert "env:LAB_KEY" in said.out
    assert "sk-lab" not in said.out + said.err


def test_a_broken_log_takes_only_what_it_knew(cli: Cli, server: Loopback) -> None:
    """Providers are asked all the same, and the report says so."""
    only(cli, server, fast="lab:alpha")
    cli.home.joinpath("data").mkdir(parents=True)
    cli.home.joinpath("data", "ultra.db").write_bytes(b"no database at all" * 100)

    said = cli("health")

    assert said.code == 0
    assert "cannot be read" in said.out
    assert "lists 1 model (" in said.out


def test_a_profile_of_nobody_names_the_next_step(cli: Cli) -> None:
    """Exit 3, as for `ask`."""
    said = cli("health")

    assert said.code == 3
    assert "`ultra init`" in said.err


def test_ways_of_probing_do_not_go_together(cli: Cli) -> None:
    """A prompt to nobody."""
    assert cli("health", "--probe=prompt", "--no-probe", "-P", "development").code == 2
