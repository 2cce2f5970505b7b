"""What a provider says it charged, kept beside what ultra reckons and told when they part."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.process import USAGE, WORDS, Ultra, chunk
from tests.support.server import Exchange, Loopback, loopback

RECKONED = 22_000
"""Ten tokens in at a dollar per million and six out at two, in nano-dollars."""


async def handler(exchange: Exchange) -> None:
    """`good` charges what ultra reckons; every other model half as much again."""
    body = exchange.seen.json()
    assert isinstance(body, dict)
    cost = 0.000022 if body["model"] == "good" else 0.000033
    counts = {"prompt_tokens": 10, "completion_tokens": 6, "total_tokens": 16, "cost": cost}
    usage = {**USAGE, "usage": counts}
    await exchange.sse([*map(chunk, WORDS), chunk(finish="stop"), usage])


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback(handler) as running:
        yield running


@pytest.fixture
def ultra(tmp_path: Path, server: Loopback) -> Ultra:
    return Ultra(tmp_path, server.url)


WORD = "charged otherwise: lab:other says $0.000033, reckoned $0.000022"


@pytest.mark.parametrize("flag", ["-u", "--verbose"])
async def test_a_cost_that_differs_is_told_to_who_asks(ultra: Ultra, flag: str) -> None:
    """With the price's source, so that it can be put right."""
    ended = await ultra.run("ask", "-m", "other", flag, "hello there")

    assert ended.code == 0
    assert f"warning: {WORD} (profile)" in ended.err


async def test_a_cost_that_differs_is_not_told_to_who_does_not_ask(ultra: Ultra) -> None:
    """stderr of a script stays silent."""
    ended = await ultra.run("ask", "-m", "other", "hello there")

    assert (ended.code, ended.err) == (0, "")


async def test_a_cost_that_agrees_is_not_told(ultra: Ultra) -> None:
    """Within two percent there is nothing to say."""
    ended = await ultra.run("ask", "-u", "hello there")

    assert "otherwise" not in ended.err


async def test_document_and_log_keep_both_costs(ultra: Ultra) -> None:
    """`--json`, `logs --json` and `logs RUN` flag the try, and only that one."""
    ended = await ultra.run("compare", "--json", "-u", "hello there")
    logged = await ultra.run("logs", "-n", "1", "--json")
    shown = await ultra.run("logs", json.loads(ended.out)["run_id"])

    assert WORD in ended.err
    for document in (json.loads(ended.out), json.loads(logged.out)[0]):
        attempts = [call["attempts"][0] for call in document["calls"]]
        assert [one["cost_nano"] for one in attempts] == [RECKONED, RECKONED]
        assert [one["provider_cost_nano"] for one in attempts] == [22_000, 33_000]
        assert [one["cost_differs"] for one in attempts] == [False, True]
    assert WORD in shown.out
    assert shown.out.count("charged otherwise") == 1
