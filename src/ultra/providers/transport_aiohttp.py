"""aiohttp under httpx's seam, for many calls at once.

Of our own because the published one (`httpx-aiohttp` 0.2.0) ignores proxies, reports refused and
disconnected-after-request alike as timeouts, and lets a 12 KB header through as an unmapped error.
asyncio sets TCP_NODELAY on every socket.
"""

import asyncio
import io
import ssl
from types import SimpleNamespace

import aiohttp
from aiohttp.http_exceptions import (
    ContentLengthError,
    HttpProcessingError,
    TransferEncodingError,
)
from yarl import URL

from ultra.providers.lean import httpx

HEADER_LIMIT = 100 * 1024
"""Bytes of one header line, as httpcore has it for a whole head; aiohttp's own is 8,190."""

LARGE_BODY = 1 << 20
"""Bytes from which aiohttp wants a body as a file, so that writing it does not hold the loop."""

_NOT_ADDED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Carries httpx requests over one aiohttp session that keeps no cookies and sets no limits."""

    def __init__(self, context: ssl.SSLContext, proxy: str | None, keep_alive_s: float) -> None:
        self._context = context
        self._proxy = URL(proxy) if proxy is not None else None
        self._keep_alive_s = keep_alive_s
        self._opened: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return once its headers are back. Raises httpx's transport errors."""
        body = await request.aread()
        if self._opened is not None:
            # Lets the loop see which idle connections the server has closed: the first turn reads
            # the sockets, in the second the answers are known. aiohttp looks no further than that.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        try:
            response = await self._session().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=(io.BytesIO(body) if len(body) > LARGE_BODY else body) or None,
                allow_redirects=False,
                proxy=self._proxy,
                timeout=_timeout(request),
                trace_request_ctx=request.extensions.get("trace"),
            )
        except _FAULTS as error:
            # Answers that are errors hold the request's headers, and so the key.
            quotes = isinstance(error, aiohttp.ClientResponseError)
            raise _before(error) from (None if quotes else error)
        return httpx.Response(
            response.status, headers=response.raw_headers, stream=_Body(response), request=request
        )

    async def aclose(self) -> None:
        """Close every connection."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            connector = aiohttp.TCPConnector(
                # 0 is no limit; the engine's slots are the limit.
                limit=0,
                ssl=self._context,
                keepalive_timeout=self._keep_alive_s,
                # The loop's executor, which is ours, and not c-ares where that is installed.
                resolver=aiohttp.ThreadedResolver(),
            )
            self._opened = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=_NOT_ADDED,
                max_line_size=HEADER_LIMIT,
                max_field_size=HEADER_LIMIT,
                timeout=aiohttp.ClientTimeout(total=None),
                trace_configs=[_traced()],
            )
        return self._opened


def _traced() -> aiohttp.TraceConfig:
    """Tells a request's `trace` of a connection made for it, in httpcore's word for that."""

    async def made(_: object, context: SimpleNamespace, __: object) -> None:
        if context.trace_request_ctx is not None:
            await context.trace_request_ctx("connection.connect_tcp.started", {})

    config = aiohttp.TraceConfig()
    config.on_connection_create_start.append(made)
    return config


class _Body(httpx.AsyncByteStream):
    """The body as it comes. An iterator rather than a generator: nothing to finalise when cut."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._content = response.content
        self._gone = _gone(response)
        if self._gone is not None:
            self._gone.add_done_callback(self._lost)

    def __aiter__(self) -> "_Body":
        return self

    async def __anext__(self) -> bytes:
        try:
            data = await self._content.readany()
        except _FAULTS as error:
            raise _during(error) from error
        if not data:
            raise StopAsyncIteration
        return data

    async def aclose(self) -> None:
        """Close the connection unless the whole body was read, in which case it is kept."""
        if self._gone is not None:
            self._gone.remove_done_callback(self._lost)
        self._response.close()

    def _lost(self, _: "asyncio.Future[None]") -> None:
        # aiohttp 3.14.5 closes the connection at a chunk that is no chunk and tells the reader of
        # the body nothing, which then waits for ever.
        if not self._content.is_eof() and self._content.exception() is None:
            self._content.set_exception(HttpProcessingError(message="the body is not valid HTTP"))


def _gone(response: aiohttp.ClientResponse) -> "asyncio.Future[None] | None":
    """Done when the connection of a response is lost; None when the response has let go of it."""
    connection = response.connection
    protocol = connection.protocol if connection is not None else None
    # A protocol with nothing queued counts as false, so None is asked for by name.
    gone = protocol.closed if protocol is not None else None
    if gone is not None:
        # Once for each connection, however many responses it carries.
        gone.remove_done_callback(_noted)
        gone.add_done_callback(_noted)
    return gone


def _noted(gone: "asyncio.Future[None]") -> None:
    """Take note of why a connection was lost, which asyncio would else log as overlooked."""
    gone.exception()


_FAULTS = (aiohttp.ClientError, HttpProcessingError, OSError, TimeoutError, ValueError)
"""ValueError is how aiohttp refuses a header or URL that cannot be sent."""


def _timeout(request: httpx.Request) -> aiohttp.ClientTimeout:
    # `connect` bounds name, socket and TLS together, which httpcore bounds one by one.
    connect_s = request.extensions.get("timeout", {}).get("connect")
    return aiohttp.ClientTimeout(total=None, connect=connect_s)


_BEFORE: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.ClientConnectionResetError, httpx.WriteError),
    (aiohttp.ServerDisconnectedError, httpx.ReadError),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (HttpProcessingError, httpx.RemoteProtocolError),
    (OSError, httpx.ReadError),
    (ValueError, httpx.LocalProtocolError),
)
"""httpx's word for each fault before the headers are back; the first that fits holds."""


def _before(error: Exception) -> httpx.TransportError:
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return httpx.ProxyError(f"{error.status} {error.message}")
    word = next((word for kind, word in _BEFORE if isinstance(error, kind)), httpx.ReadError)
    return word(str(error))


def _during(error: Exception) -> httpx.TransportError:
    """What went wrong in the middle of the body, in httpx's words."""
    cause = error.__cause__
    cut = isinstance(cause, ContentLengthError) or (
        isinstance(cause, TransferEncodingError) and "Not enough data" in str(cause)
    )
    if isinstance(error, aiohttp.ClientPayloadError | HttpProcessingError) and not cut:
        return httpx.RemoteProtocolError(str(error))
    return httpx.ReadError("the connection closed in the middle of the body")
