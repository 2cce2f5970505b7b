"""Ensembles as a process: beside models, in the log, in a pick, and planned before money goes."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.process import WORDS, Ultra, chat_handler
from tests.support.server import Loopback, loopback

ANSWER = "".join(WORDS)

PROFILE = """\
version: 1
providers:
  lab: {{protocol: openai-chat, base_url: {url}/v1, key: none}}
  far: {{protocol: openai-chat, base_url: "https://far.test/v1", key: none}}
models:
  good: {{model: "lab:good", price: {{input_per_mtok: 1.0, output_per_mtok: 2.0}}}}
  other: {{model: "lab:other", price: {{input_per_mtok: 1.0, output_per_mtok: 2.0}}}}
  away: "far:model"
ensembles:
  alike: {{strategy: vote, members: [good, good, other]}}
  leaky: {{strategy: first, members: [good, away]}}
  deep: {{strategy: first, members: [alike, other]}}
guardrails: {{local_only: true}}
"""


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback(chat_handler) as running:
        yield running


@pytest.fixture
def ultra(tmp_path: Path, server: Loopback) -> Ultra:
    made = Ultra(tmp_path, server.url)
    (made.home / "config" / "ultra.yaml").write_text(PROFILE.format(url=server.url))
    return made


async def test_an_ensemble_is_compared_as_one_model(ultra: Ultra, server: Loopback) -> None:
    """One column and one similarity; the calls made for it below, and paid for once."""
    ended = await ultra.run("compare", "-m", "alike", "-m", "other", "--json", "hello there")
    document = json.loads(ended.out)

    calls = document["calls"]
    assert (ended.code, len(server.requests)) == (0, 4)
    assert [call["name"] for call in calls if not call["parent"]] == ["alike", "other"]
    assert {call["parent"] for call in calls[2:]} == {calls[0]["call_id"]}
    assert len(document["verdict"]["call_ids"]) == 2
    paid = [call["cost_nano"] for call in calls if call["provider"] != "ensemble"]
    assert document["cost_nano"] == sum(paid)
    assert calls[0]["text"] == ANSWER


async def test_an_ensemble_can_be_picked_and_gone_on_with(ultra: Ultra) -> None:
    """By its name: what it is made of is asked again."""
    ultra.environ["ULTRA_SESSION"] = "here"
    await ultra.run("compare", "-m", "alike", "-m", "other", "hello there")
    await ultra.run("pick", "1")

    ended = await ultra.run("ask", "-c", "--json", "and now?")

    document = json.loads(ended.out)
    assert ended.code == 0, ended.err
    assert document["strategy"] == "vote"
    assert len(document["calls"]) == 3


async def test_the_log_tells_whose_calls_they_were(ultra: Ultra) -> None:
    """The same as the run itself said, also two ensembles deep."""
    ran = await ultra.run("ask", "-m", "deep", "-m", "other", "--json", "hello there")
    logged = await ultra.run("logs", "show", "--json", json.loads(ran.out)["run_id"])

    def parents(text: str) -> list[tuple[str, str, int | None]]:
        told = json.loads(text)
        calls = (told[0] if isinstance(told, list) else told)["calls"]
        return [(call["name"], call["parent"], call["cost_nano"]) for call in calls]

    assert parents(ran.out) == parents(logged.out)
    assert sum(bool(parent) for _, parent, _ in parents(ran.out)) > 4


async def test_whom_the_profile_forbids_is_found_inside_an_ensemble(
    ultra: Ultra, server: Loopback
) -> None:
    """Before anything is sent to anybody."""
    ended = await ultra.run("compare", "-m", "leaky", "-m", "other", "hello there")

    assert (ended.code, len(server.requests)) == (7, 0)
    assert "`far:model` may not be asked" in ended.err


async def test_the_dry_run_shows_all_that_an_ensemble_asks(ultra: Ultra, server: Loopback) -> None:
    """Each call to its model, none of them to the ensemble."""
    ended = await ultra.run("compare", "-m", "alike", "-m", "other", "--dry-run", "hello there")

    assert (ended.code, len(server.requests)) == (0, 0)
    assert (ended.out.count("lab:good"), ended.out.count("lab:other")) == (2, 2)
