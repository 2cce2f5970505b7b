"""What a provider says when it refuses reaches the user, the JSON and the log, and no key does."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import Ultra, chunk
from tests.support.server import Exchange, Loopback, loopback
from ultra.store.schema import MIGRATIONS

KEY = "lab-0123456789abcdefghij"
LIMITS = {"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "0"}
HEADERS = {"x-request-id": "req-77", "retry-after": "90", **LIMITS}
PROFILE = """\
version: 1
providers:
  lab: {{protocol: {protocol}, base_url: "{url}/v1", key: "env:LAB_KEY"}}
models: {{good: "lab:m"}}
defaults: {{ask: good}}
"""


class Refusing:
    """A server that says what the test wants, with the key it was sent inside."""

    def __init__(self) -> None:
        self.status = 429
        self.headers: dict[str, str] = HEADERS
        self.document: Any = {}
        self.stream = False

    async def __call__(self, exchange: Exchange) -> None:
        if self.stream:
            await exchange.sse(
                [chunk("The answer"), self.document], headers=self.headers, done=False
            )
        else:
            await exchange.json(self.document, status=self.status, headers=self.headers)


@pytest.fixture
def refusing() -> Refusing:
    return Refusing()


@pytest.fixture
async def server(refusing: Refusing) -> AsyncIterator[Loopback]:
    async with loopback(refusing) as running:
        yield running


@pytest.fixture
def ultra(tmp_path: Path, server: Loopback) -> Ultra:
    return ultra_of(tmp_path, server, "openai-chat")


def ultra_of(folder: Path, server: Loopback, protocol: str) -> Ultra:
    ultra = Ultra(folder, server.url, LAB_KEY=KEY)
    text = PROFILE.format(url=server.url, protocol=protocol)
    (ultra.home / "config" / "ultra.yaml").write_text(text, encoding="utf-8")
    return ultra


def kept(ultra: Ultra) -> bytes:
    """Every byte of the log, whatever file it stands in."""
    return b"".join(path.read_bytes() for path in ultra.database.parent.iterdir() if path.is_file())


@pytest.mark.parametrize("protocol", ["openai-chat", "anthropic-messages", "gemini", "ollama"])
async def test_a_refusal_keeps_its_words_id_delay_and_limits(
    tmp_path: Path, server: Loopback, refusing: Refusing, protocol: str
) -> None:
    """On the user's line, in the document and in the log, for every family."""
    refusing.document = {"error": {"message": "too many of you", "type": "rate_limit_error"}}
    ultra = ultra_of(tmp_path, server, protocol)

    ended = await ultra.run("ask", "--json", "hello there")
    logged = await ultra.run("logs", "-n", "1", "--json")

    assert ended.code == 75
    line = "`lab:m` failed: rate limit (429): too many of you [request req-77]"
    assert f"{line}; it asks to wait 90 s" in ended.err
    for document in (json.loads(ended.out), json.loads(logged.out)[0]):
        error = document["calls"][0]["attempts"][0]["error"]
        assert error["message"] == "too many of you"
        assert (error["status"], error["request_id"], error["retry_after_s"]) == (429, "req-77", 90)
        assert error["limits"] == LIMITS
    assert len(server.requests) == 1


@pytest.mark.parametrize("stream", [False, True], ids=["status", "in a stream"])
async def test_a_key_that_comes_back_is_nowhere(
    ultra: Ultra, refusing: Refusing, stream: bool
) -> None:
    """Not on stderr, not in events or documents, not in the log: message, code, id and limits."""
    refusing.stream = stream
    refusing.status = 400
    refusing.headers = {**HEADERS, "x-request-id": f"r-{KEY}", "x-ratelimit-key": KEY}
    refusing.document = {
        "error": {"message": f"key {KEY} is wrong {'x' * 450} {KEY}", "code": KEY, "param": KEY}
    }

    told = [
        await ultra.run("ask", *flags, "hello there") for flags in ((), ("--json",), ("--events",))
    ]
    told.append(await ultra.run("logs", "-n", "3", "--json"))

    assert all(KEY[:8] not in ended.out + ended.err for ended in told)
    assert "key *** is wrong" in told[0].err
    assert KEY.encode()[:8] not in kept(ultra)


async def test_a_parameter_that_is_refused_is_named(ultra: Ultra, refusing: Refusing) -> None:
    """OpenAI names it beside the message."""
    refusing.status = 400
    refusing.document = {
        "error": {
            "message": "Unsupported value.",
            "type": "invalid_request_error",
            "param": "top_k",
        }
    }

    ended = await ultra.run("ask", "-o", "top_k=3", "hello there")

    assert ended.code == 1
    assert "(400): `top_k`: Unsupported value." in ended.err
    assert "hint: leave `top_k` out" in ended.err


async def test_an_error_inside_a_stream_keeps_its_words_and_what_came(
    ultra: Ultra, refusing: Refusing
) -> None:
    """The text stays, and the id of the answer's headers is quoted."""
    refusing.stream = True
    refusing.document = {"error": {"message": "lost the thread", "code": "server_error"}}

    ended = await ultra.run("ask", "hello there")

    assert (ended.code, ended.out) == (1, "The answer\n")
    assert "server: lost the thread [request req-77]" in ended.err
    assert ultra.rows("SELECT status, error_message, request_id FROM attempts") == [
        ("partial", "lost the thread", "req-77")
    ]


async def test_a_log_without_the_column_for_limits_is_taken_along(
    ultra: Ultra, refusing: Refusing
) -> None:
    """A file of the first version is migrated, and then keeps what it could not."""
    refusing.document = {"error": {"message": "busy"}}
    ultra.database.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(ultra.database)) as connection:
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
        connection.commit()

    ended = await ultra.run("ask", "hello there")

    assert ended.code == 75
    assert ultra.rows("SELECT error_limits FROM attempts") == [
        (json.dumps(LIMITS, separators=(",", ":")),)
    ]
    assert list(ultra.database.parent.glob("*.schema-1-*"))
