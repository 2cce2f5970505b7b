"""A small TCP proxy that does to bytes what networks do, and places where nobody answers.

Source of the kinds: the toxics of github.com/Shopify/toxiproxy (slicer, latency, limit_data,
reset_peer, timeout), as far as the matrix needs them. Everything stays on 127.0.0.1.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Literal

from tests.support.server import free_port

Wire = Literal[
    "", "refused", "black hole", "mute", "reset", "reset in body", "slow bytes", "single bytes"
]
"""What lies between the client and the server; empty for nothing."""

Pump = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def wired(wire: Wire, port: int) -> AsyncIterator[int]:
    """The port to go to in place of `port`."""
    match wire:
        case "":
            yield port
        case "refused":
            yield free_port()
        case "black hole":
            async with _black_hole() as hole:
                yield hole
        case _:
            async with _proxied(port, _PUMPS[wire]) as proxy:
                yield proxy


@asynccontextmanager
async def _black_hole() -> AsyncIterator[int]:
    """A full backlog on Linux drops what knocks."""
    with socket.socket() as hole, socket.socket() as first, socket.socket() as second:
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        port = hole.getsockname()[1]
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        yield port


@asynccontextmanager
async def _proxied(port: int, pump: Pump) -> AsyncIterator[int]:
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        there, out = await asyncio.open_connection("127.0.0.1", port)
        up = asyncio.create_task(_plain(reader, out))
        try:
            await pump(there, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # a client that left, or the end of the test
        finally:
            up.cancel()
            out.close()
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


async def _mute(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Take what comes and say nothing, not even to a greeting of TLS."""
    await asyncio.get_running_loop().create_future()


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Wait for the answer, keep it, and reset."""
    await reader.read(1)
    _linger(writer)


async def _reset_in_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Let the headers through and a few bytes of the body."""
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(head + await reader.read(16))
    await writer.drain()
    await asyncio.sleep(0.05)
    _linger(writer)


def _linger(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _sliced(size: int, pause_s: float) -> Pump:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            for start in range(0, len(data), size):
                writer.write(data[start : start + size])
                await writer.drain()
                await asyncio.sleep(pause_s)

    return pump


_PUMPS: dict[str, Pump] = {
    "mute": _mute,
    "reset": _reset,
    "reset in body": _reset_in_body,
    "slow bytes": _sliced(16, 0.02),
    "single bytes": _sliced(1, 0.0),
}
