"""A proxy on loopback: absolute-form requests for http, CONNECT tunnels for https."""

import asyncio
from contextlib import suppress

from tests.support.server import Exchange


async def proxy(exchange: Exchange) -> None:
    """Handle one request as a forward proxy does."""
    if exchange.seen.method == "CONNECT":
        await _tunnel(exchange)
    else:
        await _forward(exchange)


async def refusing(exchange: Exchange) -> None:
    """A proxy that wants a login for everything."""
    await exchange.head(407, {"proxy-authenticate": "Basic", "content-length": "0"}, chunked=False)


async def _tunnel(exchange: Exchange) -> None:
    host, _, port = exchange.seen.target.rpartition(":")
    reader, writer = await asyncio.open_connection(_here(host), int(port))
    await exchange.send(b"HTTP/1.1 200 Connected\r\n\r\n")
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_copy(exchange.reader, writer))
            group.create_task(_copy(reader, exchange.writer))
    finally:
        writer.close()
    exchange.keep = False


async def _forward(exchange: Exchange) -> None:
    place, _, path = exchange.seen.target.removeprefix("http://").partition("/")
    host, _, port = place.rpartition(":")
    reader, writer = await asyncio.open_connection(_here(host), int(port))
    _, _, rest = exchange.seen.head.partition(b"\r\n")
    headers = rest.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    writer.write(f"{exchange.seen.method} /{path} HTTP/1.1\r\n".encode() + headers)
    writer.write(exchange.seen.body)
    try:
        await _copy(reader, exchange.writer)
    finally:
        writer.close()
    exchange.cut()


def _here(host: str) -> str:
    """Every name is this machine: a proxied name need not exist, and nothing leaves loopback."""
    return "127.0.0.1" if host else host


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
