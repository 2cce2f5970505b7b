"""A server on loopback that can misbehave in every way a provider, a proxy or a network can.

A handler gets one `Exchange` per request and does with it what the test is about:

    async def handler(exchange):
        await exchange.json({"answer": 42})

    async with loopback(handler) as server:
        ...  # server.url, server.requests, server.peak

A request that the handler returns from without an answer is answered by closing the connection.
"""

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.support.patience import PATIENCE_S

HEAD_LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True)
class Seen:
    """One request as it came. `target` is as it was sent, `connection` counts from 0."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    head: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def json(self) -> object:
        """The body as JSON."""
        return json.loads(self.body)


class Exchange:
    """One request and the socket to answer it on."""

    def __init__(
        self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.seen = seen
        self.reader = reader
        self.writer = writer
        self.answered = False
        self.keep = seen.headers.get("connection", "").lower() != "close"

    async def send(self, data: bytes) -> None:
        """Put bytes on the wire as they are."""
        self.answered = True
        self.writer.write(data)
        await self.writer.drain()

    async def head(
        self, status: int = 200, headers: Mapping[str, str] | None = None, *, chunked: bool = True
    ) -> None:
        """Send a status line and headers; chunked unless told otherwise."""
        lines = {"content-type": "text/event-stream", **(headers or {})}
        if chunked:
            lines["transfer-encoding"] = "chunked"
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
        await self.send(f"HTTP/1.1 {status} Whatever\r\n{text}\r\n".encode("latin-1"))

    async def chunk(self, data: bytes) -> None:
        """Send one chunk of a chunked body."""
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def end(self) -> None:
        """End a chunked body as HTTP wants it ended."""
        await self.send(b"0\r\n\r\n")

    async def body(
        self,
        data: bytes,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> None:
        """Send a whole answer with its length."""
        extra = {"content-type": content_type, "content-length": str(len(data)), **(headers or {})}
        await self.head(status, extra, chunked=False)
        await self.send(data)

    async def json(
        self, value: object, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a whole JSON answer."""
        await self.body(json.dumps(value).encode(), status=status, headers=headers)

    async def sse(
        self,
        events: Iterable[object],
        *,
        headers: Mapping[str, str] | None = None,
        delay_s: float = 0.0,
        done: bool = True,
    ) -> None:
        """Send server-sent events, each its own chunk: strings as they are, the rest as JSON."""
        await self.head(200, headers)
        for event in events:
            data = event if isinstance(event, str) else json.dumps(event)
            await self.chunk(f"data: {data}\n\n".encode())
            if delay_s:
                await asyncio.sleep(delay_s)
        if done:
            await self.chunk(b"data: [DONE]\n\n")
        await self.end()

    async def stall(self) -> None:
        """Say nothing more until the client leaves."""
        with suppress(ConnectionError):
            while await self.reader.read(65536):
                pass

    def cut(self) -> None:
        """Close the connection (FIN), whatever was promised."""
        self.keep = False
        self.answered = True
        self.writer.close()

    def reset(self) -> None:
        """Reset the connection (RST)."""
        self.keep = False
        self.answered = True
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Handler = Callable[[Exchange], Awaitable[None]]


def free_port() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def script(*handlers: Handler) -> Handler:
    """One handler for each request in turn; the last one takes all that follow."""
    left = list(handlers)

    async def handler(exchange: Exchange) -> None:
        current = left.pop(0) if len(left) > 1 else left[0]
        await current(exchange)

    return handler


@dataclass
class Loopback:
    """A running server and what it has seen.

    `active` counts requests being answered now, `peak` the most there ever were at once,
    `connections` all that were accepted, `open` those that are open now, and `left` the clients
    that went away while their request was being answered.
    """

    handler: Handler
    scheme: str = "http"
    port: int = 0
    requests: list[Seen] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    active: int = 0
    peak: int = 0
    left: int = 0
    faults: list[Exception] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: "set[asyncio.Task[None]]" = field(default_factory=set)

    @property
    def url(self) -> str:
        """Scheme, address and port, without a path."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def until(self, true: Callable[["Loopback"], bool]) -> None:
        """Wait until something is true of the server; `TimeoutError` when it does not become so."""
        async with asyncio.timeout(PATIENCE_S):
            while not true(self):
                self.changed.clear()
                await self.changed.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests on one connection until either side has enough."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        number = self.connections
        self.connections += 1
        self._count(open_by=1)
        try:
            while await self._exchange(reader, writer, number):
                pass
        except asyncio.CancelledError:
            pass  # the test is over; asyncio.streams logs a cancelled connection as an error
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except Exception as error:
            self.faults.append(error)
        finally:
            self._count(open_by=-1)
            writer.close()

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        seen = await _read(head, reader, number)
        self.requests.append(seen)
        exchange = Exchange(seen, reader, writer)
        self._count(active_by=1)
        try:
            await self.handler(exchange)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.left += 1
            raise
        finally:
            if reader.at_eof():
                self.left += 1
            self._count(active_by=-1)
        return exchange.answered and exchange.keep and not writer.is_closing()

    def _count(self, *, active_by: int = 0, open_by: int = 0) -> None:
        self.active += active_by
        self.open += open_by
        self.peak = max(self.peak, self.active)
        self.changed.set()


async def _read(head: bytes, reader: asyncio.StreamReader, number: int) -> Seen:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    if headers.get("transfer-encoding") == "chunked":
        body = await _chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(method, target, headers, body, number, head)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    pieces: list[bytes] = []
    while size := int(await reader.readline(), 16):
        pieces.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(pieces)


@asynccontextmanager
async def loopback(
    handler: Handler, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Loopback]:
    """A server on 127.0.0.1 for as long as the block lasts.

    A handler that raises anything but a connection error fails the test when the block ends.
    """
    state = Loopback(handler, scheme="https" if tls else "http")
    server = await asyncio.start_server(
        state.serve, "127.0.0.1", 0, limit=HEAD_LIMIT, backlog=4096, ssl=tls
    )
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for task in list(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)
    if state.faults:
        raise ExceptionGroup("the handler of the loopback server failed", state.faults)
