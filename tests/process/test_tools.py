"""`--tools` as a process: what goes to the model, and what comes back of its calls."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import USAGE, Ultra, chunk
from tests.support.server import Exchange, Loopback, loopback

TOOL = {"name": "weather", "parameters": {"type": "object", "properties": {}}}
ARGUMENTS = '{"city":"Köln"}'
CALLS = [{"id": "c1", "name": "weather", "arguments": ARGUMENTS}]


def asks(arguments: str) -> dict[str, Any]:
    call = {"index": 0, "id": "c1", "function": {"name": "weather", "arguments": arguments}}
    return {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}


async def handler(exchange: Exchange) -> None:
    """A model with tools asks for one; `chatty` says something besides."""
    body = exchange.seen.json()
    assert isinstance(body, dict)
    if "tools" not in body or body["model"] == "words":
        await exchange.sse([chunk("no tools"), chunk(finish="stop"), USAGE])
        return
    said = [chunk("let me see")] if body["model"] == "chatty" else []
    await exchange.sse([*said, asks(ARGUMENTS), chunk(finish="tool_calls"), USAGE])


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback(handler) as running:
        yield running


@pytest.fixture
def ultra(tmp_path: Path, server: Loopback) -> Ultra:
    return Ultra(tmp_path, server.url)


@pytest.fixture
def tools(tmp_path: Path) -> tuple[str, str]:
    path = tmp_path / "tools.json"
    path.write_text(json.dumps([TOOL]), encoding="utf-8")
    return "--tools", str(path)


async def test_calls_are_the_answer_where_there_are_no_words(
    ultra: Ultra, server: Loopback, tools: tuple[str, str]
) -> None:
    """stdout is JSON, the exit code says answered, and the tool went along."""
    ended = await ultra.run("ask", *tools, "weather in Cologne?")

    assert (ended.code, json.loads(ended.out), ended.err) == (0, CALLS, "")
    body = server.requests[0].json()
    assert isinstance(body, dict)
    assert body["tools"] == [{"type": "function", "function": TOOL}]


async def test_calls_go_to_a_file_as_words_would(
    ultra: Ultra, tools: tuple[str, str], tmp_path: Path
) -> None:
    """`--output` holds what stdout would."""
    ended = await ultra.run("ask", *tools, "--output", str(tmp_path / "out.json"), "weather?")

    assert (ended.code, ended.out) == (0, "")
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == CALLS


async def test_words_come_first_and_calls_beside_them_are_told(
    ultra: Ultra, tools: tuple[str, str]
) -> None:
    """stdout keeps to the answer; the document has both."""
    plain = await ultra.run("ask", "-m", "lab:chatty", *tools, "weather?")
    document = await ultra.run("ask", "-m", "lab:chatty", *tools, "--json", "weather?")

    assert plain.out == "let me see\n"
    assert "`weather`; `--json` shows the calls" in plain.err
    (call,) = json.loads(document.out)["calls"]
    assert (call["text"], call["tool_calls"]) == ("let me see", CALLS)
    assert call["finish_reason"] == "tool_call"


async def test_events_tell_of_calls_by_themselves(ultra: Ultra, tools: tuple[str, str]) -> None:
    """Nothing is added to the stream of events."""
    ended = await ultra.run("ask", *tools, "--events", "weather?")

    kinds = [json.loads(line)["type"] for line in ended.out.splitlines()]
    assert "tool_call_delta" in kinds
    assert kinds[-1] == "run_finished"


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
async def test_a_comparison_shows_who_asks_for_what(
    ultra: Ultra, tools: tuple[str, str], form: str
) -> None:
    """An answer of calls stands in its place, as JSON."""
    ended = await ultra.run(
        "compare", "-m", "other", "-m", "lab:words", *tools, "--format", form, "weather?"
    )

    assert ended.code == 0
    assert "weather" in ended.out.split("other")[-1] + ended.out
    assert "K" in ended.out
    assert "no words" not in ended.out


async def test_fusion_never_writes_calls_into_an_answer(
    ultra: Ultra, server: Loopback, tools: tuple[str, str]
) -> None:
    """Of two members the one with words answers; no analysis and no writer is paid for."""
    ended = await ultra.run("ask", "-m", "other", "-m", "lab:words", *tools, "weather?")

    assert (ended.code, ended.out) == (0, "no tools\n")
    assert "only asks for tools" in ended.err
    assert len(server.requests) == 2


async def test_a_fusion_of_calls_alone_is_one_of_them(ultra: Ultra, tools: tuple[str, str]) -> None:
    """What the first asks for comes back as it is."""
    ended = await ultra.run("ask", "-m", "other", "-m", "lab:another", *tools, "weather?")

    assert (ended.code, json.loads(ended.out)) == (0, CALLS)


async def test_a_bad_file_exits_2_before_anything_is_sent(
    ultra: Ultra, server: Loopback, tmp_path: Path
) -> None:
    """The place and the form that is wanted."""
    path = tmp_path / "bad.json"
    path.write_text('[{"description": "x"}]', encoding="utf-8")

    ended = await ultra.run("ask", "--tools", str(path), "weather?")

    assert (ended.code, ended.out, len(server.requests)) == (2, "", 0)
    assert "has no `name`" in ended.err
