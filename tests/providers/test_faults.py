"""One suite for both transports: how a call fails must not depend on them."""

import asyncio
import gzip
import socket
import traceback
from collections.abc import Callable

import pytest

from tests.support.certs import Authority
from tests.support.lines import (
    ANSWER,
    KEY,
    answer,
    call,
    carrier,
    endpoint,
    failed,
    line,
)
from tests.support.server import Exchange, Handler, free_port, loopback
from ultra.core.errors import ErrorClass

REFUSALS: dict[str, tuple[Handler, ErrorClass, str]] = {}


def refusal(kind: ErrorClass, text: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        REFUSALS[handler.__name__] = (handler, kind, text)
        return handler

    return register


@refusal(ErrorClass.NETWORK, "broke before the answer was whole")
async def closed_without_an_answer(exchange: Exchange) -> None:
    exchange.cut()


@refusal(ErrorClass.NETWORK, "broke before the answer was whole")
async def reset_without_an_answer(exchange: Exchange) -> None:
    exchange.reset()


@refusal(ErrorClass.NETWORK, "broke before the answer was whole")
async def cut_in_a_chunked_body(exchange: Exchange) -> None:
    await exchange.head(200, {"content-type": "application/x-ndjson"})
    await exchange.chunk(line(text="hel"))
    exchange.cut()


@refusal(ErrorClass.NETWORK, "broke before the answer was whole")
async def cut_inside_a_chunk(exchange: Exchange) -> None:
    await exchange.head(200, {"content-type": "application/x-ndjson"})
    await exchange.send(b"ffff\r\n" + line(text="hel"))
    exchange.cut()


@refusal(ErrorClass.NETWORK, "broke before the answer was whole")
async def cut_in_a_sized_body(exchange: Exchange) -> None:
    await exchange.head(200, {"content-length": "999"}, chunked=False)
    await exchange.send(line(text="hel"))
    exchange.cut()


@refusal(ErrorClass.NETWORK, "broke before the answer was whole")
async def reset_in_the_body(exchange: Exchange) -> None:
    await exchange.head(200, {"content-type": "application/x-ndjson"})
    await exchange.chunk(line(text="hel"))
    await asyncio.sleep(0.02)
    exchange.reset()


@refusal(ErrorClass.NETWORK, "without a finish reason")
async def cut_in_a_body_without_a_length(exchange: Exchange) -> None:
    await exchange.head(200, {"connection": "close"}, chunked=False)
    await exchange.send(line(text="hel"))
    exchange.cut()


@refusal(ErrorClass.BAD_RESPONSE, "not answer in valid HTTP")
async def a_chunk_without_a_size(exchange: Exchange) -> None:
    await exchange.head(200, {"content-type": "application/x-ndjson"})
    await exchange.chunk(line(text="hel"))
    await exchange.send(b"zzz\r\nwhat\r\n")
    await exchange.stall()


@refusal(ErrorClass.BAD_RESPONSE, "not answer in valid HTTP")
async def a_chunk_without_a_size_later_on(exchange: Exchange) -> None:
    await exchange.head(200, {"content-type": "application/x-ndjson"})
    await exchange.chunk(line(text="hel"))
    await asyncio.sleep(0.02)
    await exchange.send(b"zzz\r\nwhat\r\n")
    await exchange.stall()


@refusal(ErrorClass.NETWORK, "")
async def reset_in_a_body_without_a_length(exchange: Exchange) -> None:
    await exchange.head(200, {"connection": "close"}, chunked=False)
    await exchange.send(line(text="hel"))
    await asyncio.sleep(0.02)
    exchange.reset()


@refusal(ErrorClass.BAD_RESPONSE, "not answer in valid HTTP")
async def no_http_at_all(exchange: Exchange) -> None:
    await exchange.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    await exchange.stall()


@refusal(ErrorClass.BAD_RESPONSE, "was cut short")
async def truncated_gzip(exchange: Exchange) -> None:
    await exchange.body(gzip.compress(ANSWER)[:-12], headers={"content-encoding": "gzip"})


@refusal(ErrorClass.BAD_RESPONSE, "cannot be unpacked")
async def broken_gzip(exchange: Exchange) -> None:
    await exchange.body(b"\x1f\x8b\x08" + b"\xff" * 40, headers={"content-encoding": "gzip"})


@refusal(ErrorClass.BAD_RESPONSE, "cannot be unpacked")
async def broken_deflate(exchange: Exchange) -> None:
    await exchange.body(b"\xff" * 40, headers={"content-encoding": "deflate"})


@refusal(ErrorClass.BAD_RESPONSE, "packed as `br`")
async def an_unknown_coding(exchange: Exchange) -> None:
    await exchange.body(b"whatever", headers={"content-encoding": "br"})


@refusal(ErrorClass.BAD_RESPONSE, "web page: `Sign in`")
async def a_login_page(exchange: Exchange) -> None:
    page = b"\n<!doctype html><html><title>Sign\n in</title>"
    await exchange.body(page, content_type="text/html")


@refusal(ErrorClass.BAD_RESPONSE, "a web page, not an answer")
async def a_page_without_a_title(exchange: Exchange) -> None:
    await exchange.body(b"<html>", content_type="text/plain")


@refusal(ErrorClass.BAD_RESPONSE, "the answer is empty")
async def nothing_at_all(exchange: Exchange) -> None:
    await exchange.body(b"")


@refusal(ErrorClass.BAD_RESPONSE, "the answer is empty")
async def nothing_but_blanks(exchange: Exchange) -> None:
    await exchange.body(b"\r\n\r\n ")


@refusal(ErrorClass.BAD_RESPONSE, "a line is not JSON")
async def prose(exchange: Exchange) -> None:
    await exchange.body(b"be back soon")


@refusal(ErrorClass.BAD_RESPONSE, "without a finish reason")
async def no_finish_reason(exchange: Exchange) -> None:
    await exchange.body(line(text="hel"))


@refusal(ErrorClass.SERVER, "the model fell over")
async def an_error_inside_the_stream(exchange: Exchange) -> None:
    await exchange.body(line(text="hel") + line(error="the model fell over"))


@pytest.mark.parametrize("name", list(REFUSALS))
async def test_faults_are_told_alike(transport: str, name: str) -> None:
    """Class and words do not depend on the transport, and the request counts as sent."""
    handler, kind, text = REFUSALS[name]

    async with loopback(handler) as server, carrier(transport) as http:
        error = await failed(http, call(endpoint(server.url)))

        assert len(server.requests) == 1
    assert (error.error_class, error.sent) == (kind, True)
    assert text in error.message


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_refused_port_was_not_sent_to(transport: str, host: str) -> None:
    """A local server is probably not running."""
    place = f"{host}:{free_port()}"

    async with carrier(transport) as http:
        error = await failed(http, call(endpoint(f"http://{place}")))

    assert (error.error_class, error.sent) == (ErrorClass.NETWORK, False)
    assert error.message == f"cannot reach `{place}`: connection refused"
    assert error.hint == "is the server running?"


async def test_a_name_without_an_address_was_not_sent_to(transport: str) -> None:
    """The hint names what may be misspelt."""
    async with carrier(transport) as http:
        error = await failed(http, call(endpoint("http://nobody.invalid:8000")))

    assert (error.error_class, error.sent) == (ErrorClass.NETWORK, False)
    assert error.message == "cannot reach `nobody.invalid:8000`: its name has no address"


async def test_a_place_that_does_not_answer_times_out(transport: str) -> None:
    """A full backlog on Linux drops what knocks: a black hole on loopback."""
    with socket.socket() as hole, socket.socket() as first, socket.socket() as second:
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        port = hole.getsockname()[1]
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        async with carrier(transport) as http:
            error = await failed(http, call(endpoint(f"http://127.0.0.1:{port}", connect_s=0.2)))

    assert (error.error_class, error.sent) == (ErrorClass.TIMEOUT, False)
    assert error.message == f"no connection to `127.0.0.1:{port}` within 0.2 s"


async def test_a_tls_handshake_that_stalls_times_out(transport: str, authority: Authority) -> None:
    """The time to connect covers the handshake."""

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    environ = {"SSL_CERT_FILE": str(authority.bundle)}
    async with server, carrier(transport, environ) as http:
        error = await failed(http, call(endpoint(f"https://127.0.0.1:{port}", connect_s=0.2)))
        await asyncio.sleep(0.01)

    assert (error.error_class, error.sent) == (ErrorClass.TIMEOUT, False)


async def test_a_value_that_cannot_stand_in_a_header_is_not_quoted(transport: str) -> None:
    """Header values may be secrets."""
    async with loopback(answer) as server, carrier(transport) as http:
        error = await failed(http, call(endpoint(server.url, headers={"x-token": "hush\r\nhush"})))

        assert server.requests == []
    assert (error.error_class, error.sent) == (ErrorClass.INVALID_REQUEST, False)
    assert "hush" not in error.message


async def test_no_exception_in_the_chain_holds_the_key(transport: str) -> None:
    """`--debug` prints the chain, and aiohttp's errors hold the request."""

    async def handler(exchange: Exchange) -> None:
        await exchange.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
        await exchange.stall()

    async with loopback(handler) as server, carrier(transport) as http:
        error = await failed(http, call(endpoint(server.url)))

    assert KEY not in "".join(traceback.format_exception(error))
    assert KEY not in repr(error.__cause__) + repr(error.__cause__ and error.__cause__.__cause__)
