"""`--schema` as a process: what reaches stdout, the exit code, and what the log keeps."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.process import USAGE, Ultra, chunk
from tests.support.server import Exchange, Loopback, loopback

GOOD, BAD = '{"name":"Ada","age":36}', '{"name":"Ada","age":"old"}'


async def handler(exchange: Exchange) -> None:
    """`good` keeps to the schema; every other model does once it was told what was wrong."""
    body = exchange.seen.json()
    assert isinstance(body, dict)
    told = "That is not the JSON asked for" in str(body["messages"][-1]["content"])
    text = GOOD if body["model"] == "good" or (told and body["model"] != "stubborn") else BAD
    await exchange.sse([chunk(text), chunk(finish="stop"), USAGE])


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback(handler) as running:
        yield running


@pytest.fixture
def ultra(tmp_path: Path, server: Loopback) -> Ultra:
    return Ultra(tmp_path, server.url)


SCHEMA = ("--schema", "name, age int")


async def test_a_valid_answer_is_printed(ultra: Ultra, server: Loopback) -> None:
    """The schema goes along, and stdout is its JSON."""
    ended = await ultra.run("ask", *SCHEMA, "who?")

    assert (ended.code, json.loads(ended.out), ended.err) == (0, json.loads(GOOD), "")
    (sent,) = server.requests
    assert sent.json()["response_format"]["type"] == "json_schema"  # type: ignore[index]


async def test_an_answer_off_the_schema_exits_1_and_says_where(ultra: Ultra) -> None:
    """What was streamed stays; the place, the reason and the next step stand on stderr."""
    ended = await ultra.run("ask", "-m", "other", *SCHEMA, "who?")

    assert (ended.code, ended.out) == (1, BAD + "\n")
    assert "`$.age`: 'old' is not of type 'integer'" in ended.err
    assert "`ask --repair`" in ended.err
    assert "incomplete" not in ended.err
    assert ultra.rows("SELECT status FROM runs") == [("partial",)]
    assert ultra.rows("SELECT status, text FROM attempts") == [("ok", BAD)]


async def test_without_streaming_an_answer_off_the_schema_is_not_printed(ultra: Ultra) -> None:
    """All of it or nothing."""
    ended = await ultra.run("ask", "-m", "other", *SCHEMA, "--no-stream", "who?")

    assert (ended.code, ended.out) == (1, "")


async def test_a_repair_prints_the_one_answer_that_holds(ultra: Ultra, server: Loopback) -> None:
    """The first answer is held back, and both calls are on record."""
    ended = await ultra.run("ask", "-m", "other", *SCHEMA, "--repair", "who?")

    assert (ended.code, ended.out, ended.err) == (0, GOOD + "\n", "")
    assert len(server.requests) == 2
    assert ultra.rows("SELECT role, status FROM calls ORDER BY rowid") == [("answer", "ok")] * 2
    assert ultra.rows("SELECT status, answer FROM runs") == [("ok", GOOD)]


async def test_a_repair_that_is_no_better_prints_nothing_and_exits_1(ultra: Ultra) -> None:
    """It is tried once."""
    ended = await ultra.run("ask", "-m", "lab:stubborn", *SCHEMA, "--repair", "who?")

    assert (ended.code, ended.out) == (1, "")
    assert "asked twice" in ended.err


async def test_the_document_says_why_an_answer_was_refused(ultra: Ultra) -> None:
    """`--json` holds the text, the status of the run and the reason."""
    ended = await ultra.run("ask", "-m", "other", *SCHEMA, "--json", "who?")

    document = json.loads(ended.out)
    assert (ended.code, document["status"], document["answer"]) == (1, "partial", BAD)
    assert "does not match the schema" in document["reasons"][-1]


async def test_compare_loses_the_member_that_is_off_the_schema(ultra: Ultra) -> None:
    """Exit 4, as for every lost member."""
    ended = await ultra.run("compare", *SCHEMA, "who?")

    assert ended.code == 4
    assert "lab:other" in ended.err
    assert "does not match the schema" in ended.err


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (("--schema", '{"type":"objekt"}'), "the schema does not hold: `$.type`"),
        (("--schema", '{"$ref":"http://127.0.0.1:9/x"}'), "nothing is fetched"),
        (("--repair",), "`--repair` needs a schema"),
    ],
)
async def test_a_schema_that_cannot_hold_is_refused_before_anything_is_sent(
    ultra: Ultra, server: Loopback, args: tuple[str, ...], part: str
) -> None:
    """Exit 2 and no request."""
    ended = await ultra.run("ask", *args, "who?")

    assert (ended.code, len(server.requests)) == (2, 0)
    assert part in ended.err
