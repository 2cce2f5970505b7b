"""One suite for both transports: what a call does must not depend on them."""

import asyncio
import gzip
import threading
import warnings
import zlib
from collections.abc import Callable
from contextlib import aclosing, contextmanager
from typing import Any

import pytest

from tests.support.lines import (
    ANSWER,
    KEY,
    FixedKeys,
    Lines,
    answer,
    call,
    carrier,
    endpoint,
    failed,
    heard,
    line,
    text_of,
)
from tests.support.patience import PATIENCE_S
from tests.support.server import Exchange, Handler, loopback, script
from ultra.core.clock import SystemClock
from ultra.core.errors import ConfigError, ErrorClass
from ultra.core.quota import Allowance, Quota
from ultra.core.stream import Finished, ResponseStarted, TextDelta
from ultra.providers.http import Http
from ultra.providers.transport import Transports


async def test_an_answer_arrives_whole(transport: str) -> None:
    """Headers come first, then what was said, then exactly one end."""

    async def handler(exchange: Exchange) -> None:
        await exchange.body(
            ANSWER, headers={"X-Request-Id": "req_7"}, content_type="application/x-ndjson"
        )

    async with loopback(handler) as server, carrier(transport) as http:
        bodies = await heard(http, call(endpoint(server.url + "/v1")))

    assert bodies == [
        ResponseStarted(request_id="req_7"),
        TextDelta("hel"),
        TextDelta("lo"),
        Finished("stop", "stop"),
    ]


async def test_an_answer_begins_with_what_is_left_of_the_limits(transport: str) -> None:
    """Its headers are told once, before anything that the model says."""

    async def handler(exchange: Exchange) -> None:
        limits = {"X-RateLimit-Limit-Requests": "60", "X-RateLimit-Remaining-Requests": "59"}
        await exchange.body(ANSWER, headers=limits, content_type="application/x-ndjson")

    async with loopback(handler) as server, carrier(transport) as http:
        bodies = await heard(http, call(endpoint(server.url)))

    assert bodies[0] == ResponseStarted(quota=Quota(Allowance(60, 59)))


async def test_the_request_is_what_the_protocol_wrote(transport: str) -> None:
    """Method, joined path, body and headers arrive; the key comes as a header and not elsewhere."""
    async with loopback(answer) as server, carrier(transport) as http:
        await heard(http, call(endpoint(server.url + "/v1/", headers={"X-Team": "blue"})))
        seen = server.requests[0]

    assert (seen.method, seen.target, seen.body) == ("POST", "/v1/say", b'["hello"]')
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.headers["x-team"] == "blue"
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["user-agent"].startswith("ultra/")
    assert seen.headers["accept-encoding"] == "identity"
    assert "cookie" not in seen.headers


async def test_cookies_are_not_kept(transport: str) -> None:
    """Two calls have nothing to do with each other."""

    async def handler(exchange: Exchange) -> None:
        await exchange.body(
            ANSWER, headers={"Set-Cookie": "a=b"}, content_type="application/x-ndjson"
        )

    async with loopback(handler) as server, carrier(transport) as http:
        await heard(http, call(endpoint(server.url)))
        await heard(http, call(endpoint(server.url)))

        assert "cookie" not in server.requests[1].headers


async def test_bytes_may_be_split_anywhere(transport: str) -> None:
    """One byte per packet makes the same answer."""

    async def handler(exchange: Exchange) -> None:
        await exchange.head(200, {"content-type": "application/x-ndjson"})
        for byte in ANSWER:
            await exchange.chunk(bytes([byte]))
            await asyncio.sleep(0)
        await exchange.end()

    async with loopback(handler) as server, carrier(transport) as http:
        bodies = await heard(http, call(endpoint(server.url)))

    assert text_of(bodies) == "hello"


async def test_a_large_request_arrives(transport: str) -> None:
    """Pictures make bodies of megabytes."""
    async with loopback(answer) as server, carrier(transport) as http:
        await heard(http, call(endpoint(server.url), "x" * 3_000_000))

        assert len(server.requests[0].body) == 3_000_004


async def test_headers_of_12_kb_are_read(transport: str) -> None:
    """Gateways send long policy headers."""

    async def handler(exchange: Exchange) -> None:
        await exchange.body(
            ANSWER, headers={"x-policy": "p" * 12_288}, content_type="application/x-ndjson"
        )

    async with loopback(handler) as server, carrier(transport) as http:
        bodies = await heard(http, call(endpoint(server.url)))

    assert text_of(bodies) == "hello"


@pytest.mark.parametrize("name", ["gzip", "deflate", "raw deflate"])
async def test_packed_bodies_are_unpacked(transport: str, name: str) -> None:
    """Whether they were asked for or not."""
    packed = gzip.compress(ANSWER) if name == "gzip" else zlib.compress(ANSWER)
    if name == "raw deflate":
        packed = packed[2:-4]

    async def handler(exchange: Exchange) -> None:
        await exchange.body(
            packed,
            headers={"content-encoding": name.removeprefix("raw ")},
            content_type="application/x-ndjson",
        )

    async with loopback(handler) as server, carrier(transport) as http:
        bodies = await heard(http, call(endpoint(server.url)))

    assert text_of(bodies) == "hello"


async def test_connections_are_kept_and_used_again(transport: str) -> None:
    """Members and writer of one run at one endpoint share a connection."""
    async with loopback(answer) as server, carrier(transport) as http:
        for _ in range(3):
            await heard(http, call(endpoint(server.url)))

        assert (len(server.requests), server.connections) == (3, 1)


async def test_a_connection_closed_while_idle_costs_nobody_a_call(transport: str) -> None:
    """A stale connection is noticed before anything is sent on it."""

    async def once(exchange: Exchange) -> None:
        await answer(exchange)
        exchange.cut()

    async with loopback(script(once, answer)) as server, carrier(transport) as http:
        await heard(http, call(endpoint(server.url)))
        bodies = await heard(http, call(endpoint(server.url)))

        assert text_of(bodies) == "hello"
        assert (len(server.requests), server.connections) == (2, 2)


@pytest.mark.parametrize("ends", [Exchange.cut, Exchange.reset], ids=["closed", "reset"])
async def test_a_connection_closed_as_a_request_comes_costs_nobody_a_call(
    transport: str, ends: Callable[[Exchange], None]
) -> None:
    """The request goes once more, over a connection of its own."""

    async def closing(exchange: Exchange) -> None:
        ends(exchange)

    async with loopback(script(answer, closing, answer)) as server, carrier(transport) as http:
        await heard(http, call(endpoint(server.url)))
        bodies = await heard(http, call(endpoint(server.url)))

        assert text_of(bodies) == "hello"
        assert (len(server.requests), server.connections) == (3, 2)


async def test_a_request_goes_once_more_and_no_further(transport: str) -> None:
    """A server that closes a fresh connection as well has failed."""

    async def closing(exchange: Exchange) -> None:
        exchange.cut()

    async with loopback(script(answer, closing)) as server, carrier(transport) as http:
        await heard(http, call(endpoint(server.url)))
        error = await failed(http, call(endpoint(server.url)))

        assert error.error_class is ErrorClass.NETWORK
        assert len(server.requests) == 3


async def test_a_server_that_hangs_up_late_has_failed(transport: str) -> None:
    """Who worked on a request for so long may charge for it: only a try on record repeats it."""
    clock = LateClock()

    async def closing(exchange: Exchange) -> None:
        clock.late_s = 60.0
        exchange.cut()

    async with loopback(script(answer, closing, answer)) as server:
        transports = Transports({"ULTRA_TRANSPORT": transport})
        http = Http(FixedKeys(), clock, transports)
        await heard(http, call(endpoint(server.url)))
        error = await failed(http, call(endpoint(server.url)))
        await transports.aclose()

        assert error.error_class is ErrorClass.NETWORK
        assert len(server.requests) == 2


class LateClock(SystemClock):
    """A clock that can be put forward."""

    late_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.late_s


@contextmanager
def _elsewhere(handler: Handler) -> Any:
    """A loopback server on a loop and thread of its own, for tests that block theirs."""
    ready, over = threading.Event(), threading.Event()
    url: list[str] = []

    async def serve() -> None:
        async with loopback(handler) as server:
            url.append(server.url)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        yield url[0]
    finally:
        over.set()
        thread.join()


async def test_a_connection_closed_while_the_loop_was_busy_is_noticed_too(transport: str) -> None:
    """The sockets are looked at again before one is used."""

    answered, closed = threading.Event(), threading.Event()

    async def once(exchange: Exchange) -> None:
        await answer(exchange)
        await asyncio.to_thread(answered.wait)
        exchange.cut()
        asyncio.get_running_loop().call_soon(closed.set)  # after what the cut left to the loop

    with _elsewhere(script(once, answer)) as url:
        async with carrier(transport) as http:
            await heard(http, call(endpoint(url)))
            answered.set()
            assert closed.wait(PATIENCE_S)

            bodies = await heard(http, call(endpoint(url)))

    assert text_of(bodies) == "hello"


async def test_closing_the_stream_closes_the_connection_at_once(transport: str) -> None:
    """The provider stops writing, and billing, when nobody listens."""

    async def handler(exchange: Exchange) -> None:
        await exchange.head(200, {"content-type": "application/x-ndjson"})
        await exchange.chunk(line(text="hel"))
        await exchange.stall()

    async with loopback(handler) as server, carrier(transport) as http:
        async with aclosing(http.stream(call(endpoint(server.url)), Lines())) as bodies:
            await anext(bodies)
            await anext(bodies)

        await server.until(lambda s: s.open == 0)
        assert server.left == 1


async def test_cancelling_a_call_that_waits_for_headers_closes_the_connection(
    transport: str,
) -> None:
    """A lost race does not keep its provider thinking."""

    async def handler(exchange: Exchange) -> None:
        await exchange.stall()

    async with loopback(handler) as server, carrier(transport) as http:
        task = asyncio.create_task(heard(http, call(endpoint(server.url))))
        await server.until(lambda s: s.active == 1)

        task.cancel()
        await asyncio.wait([task])

        await server.until(lambda s: s.open == 0)


async def test_a_break_after_the_finish_is_no_failure(transport: str) -> None:
    """What was asked for is there; how politely the server leaves is its own affair."""

    async def handler(exchange: Exchange) -> None:
        await exchange.head(200, {"content-type": "application/x-ndjson"})
        await exchange.chunk(ANSWER[:-1])
        await asyncio.sleep(0.02)
        exchange.cut()

    async with loopback(handler) as server, carrier(transport) as http:
        bodies = await heard(http, call(endpoint(server.url)))

    assert bodies[-1] == Finished("stop", "stop")


async def test_the_last_line_needs_no_line_feed(transport: str) -> None:
    """The end of the body ends it."""

    async def handler(exchange: Exchange) -> None:
        await exchange.body(ANSWER[:-1])

    async with loopback(handler) as server, carrier(transport) as http:
        bodies = await heard(http, call(endpoint(server.url)))

    assert bodies[-1] == Finished("stop", "stop")


async def test_nothing_is_left_to_warn_of(transport: str) -> None:
    """A carrier that is closed leaves no open socket behind."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with loopback(answer) as server, carrier(transport) as http:
            await heard(http, call(endpoint(server.url)))


@pytest.mark.parametrize(("kind", "streams"), [("httpx", 50), ("aiohttp", 1000)])
async def test_all_calls_run_at_once(kind: str, streams: int) -> None:
    """There is no limit of ours, nor of a library's pool: the server sees them all together."""
    gathered = asyncio.Event()

    async def handler(exchange: Exchange) -> None:
        if server.active == streams:
            gathered.set()
        await gathered.wait()
        await answer(exchange)

    async with loopback(handler) as server, carrier(kind) as http:
        async with asyncio.timeout(PATIENCE_S):
            answers = await asyncio.gather(
                *(heard(http, call(endpoint(server.url))) for _ in range(streams))
            )

        assert server.peak == streams
        assert {text_of(bodies) for bodies in answers} == {"hello"}


async def test_a_key_that_is_missing_sends_nothing(transport: str) -> None:
    """The error of the key source passes as it is."""

    class NoKeys:
        async def key(self, endpoint: object) -> None:
            raise ConfigError("no key for `lab`")

    async with loopback(answer) as server:
        transports = Transports({"ULTRA_TRANSPORT": transport})
        with pytest.raises(ConfigError, match="no key"):
            await heard(Http(NoKeys(), SystemClock(), transports), call(endpoint(server.url)))

        assert server.requests == []


async def test_an_error_answer_carries_what_the_headers_tell(transport: str) -> None:
    """Request id, delay, the provider's word on retrying and its own code; no key."""

    async def handler(exchange: Exchange) -> None:
        await exchange.body(
            f"slow down, {KEY}".encode(),
            status=429,
            headers={
                "request-id": "req_9",
                "retry-after": "7",
                "x-should-retry": "false",
                "x-code": f"key {KEY}",
            },
        )

    async with loopback(handler) as server, carrier(transport) as http:
        error = await failed(http, call(endpoint(server.url)))

    assert (error.error_class, error.status, error.sent) == (ErrorClass.RATE_LIMIT, 429, True)
    assert (error.request_id, error.retry_after_s, error.retry) == ("req_9", 7.0, False)
    assert (error.message, str(error), error.code) == (
        "slow down, ***",
        "slow down, ***",
        "key ***",
    )


async def test_an_error_body_that_breaks_still_tells_its_status(transport: str) -> None:
    """What came of it is used."""

    async def handler(exchange: Exchange) -> None:
        await exchange.head(500, {"content-length": "1000"}, chunked=False)
        await exchange.send(b"out of")
        await asyncio.sleep(0.02)
        exchange.cut()

    async with loopback(handler) as server, carrier(transport) as http:
        error = await failed(http, call(endpoint(server.url)))

    assert (error.status, error.message) == (500, "out of")


async def test_an_endless_error_body_is_cut_off(transport: str) -> None:
    """At one megabyte; the connection is closed."""

    async def handler(exchange: Exchange) -> None:
        await exchange.head(500)
        while True:
            await exchange.chunk(b"x" * 65536)

    async with loopback(handler) as server, carrier(transport) as http:
        error = await failed(http, call(endpoint(server.url)))

        await server.until(lambda s: s.open == 0)
    assert len(error.message) == 1 << 20
