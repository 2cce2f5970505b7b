"""The one place where requests leave and HTTP's failures become `CallError`.

Transports are called directly rather than through `httpx.AsyncClient`: no redirect is followed and
no cookie kept by construction. No read timeout is set here; the engine's timers hold those.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import quote, urlencode

from ultra import __version__
from ultra.core.errors import CallError, ConfigError, ErrorClass
from ultra.core.model import Endpoint
from ultra.core.ports import Clock, KeySource
from ultra.core.request import CallRequest
from ultra.core.secret import Secret
from ultra.core.stream import ResponseStarted, StreamBody
from ultra.providers.coding import ACCEPTED, coding
from ultra.providers.failures import (
    CARRIED,
    carrying_failed,
    completed,
    hung_up,
    redirected,
    request_id,
)
from ultra.providers.keys import auth_headers
from ultra.providers.lean import httpx
from ultra.providers.quota import quota
from ultra.providers.reading import Reading
from ultra.providers.sigv4 import Signer, signs
from ultra.providers.transport import Transports
from ultra.providers.wire import WireProtocol, WireRequest

ERROR_BODY = 1 << 20
"""Most bytes that are read of an error's body."""

ERROR_BODY_S = 5.0
"""How long the body of an error may take; what has come by then must do."""

WHOLE_BODY = 64 << 20
"""Most bytes of a body that is read as one: a model list, a document."""

CLOSING_S = 2.0
"""How soon after a request it shows that the server was closing the connection; whoever hangs up
later may have worked on it."""

_SAFE_PATH = "/%:@!$&'()*+,;=~-._"


class Http:
    """Makes requests to endpoints: finds the key, carries the bytes, tells what went wrong."""

    def __init__(self, keys: KeySource, clock: Clock, transports: Transports) -> None:
        self._keys = keys
        self._clock = clock
        self._transports = transports
        self._signer = Signer()
        self._dates: dict[str, tuple[str, float]] = {}

    async def stream(
        self, request: CallRequest, protocol: WireProtocol
    ) -> AsyncGenerator[StreamBody, None]:
        """Make one call and yield what the answer says, as `ports.Provider.stream` promises.

        Raises `ConfigError` as well, for a missing key or a proxy that cannot serve.
        """
        endpoint = request.target.endpoint
        wire = protocol.request(request)
        secret = await self._keys.key(endpoint)
        response = await self._open(endpoint, wire, secret, protocol, streamed=request.stream)
        reading = Reading(request, protocol, response.headers)
        try:
            yield ResponseStarted(
                request_id=request_id(response.headers, secret),
                quota=quota(response.headers, self._clock.time()),
            )
            async for data in response.stream:  # type: ignore[union-attr]
                for body in reading.feed(data):
                    yield body
            for body in reading.close():
                yield body
        except CARRIED as error:
            for body in reading.rescue():
                yield body
            if not reading.finished:
                proxy = self._transports.proxy(httpx.URL(endpoint.base_url))
                raise carrying_failed(error, endpoint, proxy) from error
        except CallError as error:
            self._told(error, response.headers, endpoint, secret)
            raise
        finally:
            await response.aclose()

    async def whole(self, endpoint: Endpoint, wire: WireRequest, protocol: WireProtocol) -> bytes:
        """Make one request and return its whole body. Raises as `stream` does."""
        secret = await self._keys.key(endpoint)
        response = await self._open(endpoint, wire, secret, protocol, streamed=False)
        try:
            return await read_all(response, WHOLE_BODY)
        except CARRIED as error:
            proxy = self._transports.proxy(httpx.URL(endpoint.base_url))
            raise carrying_failed(error, endpoint, proxy) from error
        finally:
            await response.aclose()

    def clock_ahead_s(self, endpoint: Endpoint) -> float | None:
        """How far a provider's clock was ahead of ours at its last answer; None without a date.

        Seconds, negative when it was behind. Source: RFC 9110, section 6.6.1 (`Date`).
        """
        said, heard_at = self._dates.get(endpoint.provider, ("", 0.0))
        try:
            return parsedate_to_datetime(said).timestamp() - heard_at
        except (ValueError, OverflowError):
            return None

    async def _open(
        self,
        endpoint: Endpoint,
        wire: WireRequest,
        secret: Secret | None,
        protocol: WireProtocol,
        *,
        streamed: bool,
    ) -> httpx.Response:
        """Send the request; the response, once its headers are back and say success."""
        url = joined(endpoint, wire)
        headers = _headers(endpoint, wire, streamed=streamed)
        if signs(endpoint, secret):
            headers.update(await self._signer.headers(endpoint, wire, url))
        else:
            headers.update(auth_headers(endpoint, secret, url))
        request = httpx.Request(
            wire.method,
            url,
            headers=headers,
            content=wire.body or None,
            extensions={"timeout": {"connect": endpoint.timers.connect_s}},
        )
        transport = self._transports.get(url)
        try:
            response = await self._carried(transport, request)
        except CARRIED as error:
            raise carrying_failed(error, endpoint, self._transports.proxy(url)) from error
        self._dates[endpoint.provider] = (response.headers.get("date", ""), self._clock.time())
        if response.status_code < 300:
            return response
        failure = await _refusal(response, url, protocol)
        raise self._told(failure, response.headers, endpoint, secret)

    async def _carried(
        self, transport: httpx.AsyncBaseTransport, request: httpx.Request
    ) -> httpx.Response:
        """Send a request, once more if it met a kept connection that the server was just closing.

        On a connection that was made for it, or later than such a close shows, it has failed.
        """
        made = False

        async def trace(event: str, _: object) -> None:
            nonlocal made
            made = made or event.startswith("connection.connect")

        request.extensions["trace"] = trace
        sent_at = self._clock.monotonic()
        try:
            return await transport.handle_async_request(request)
        except httpx.TransportError as error:
            late = self._clock.monotonic() - sent_at > CLOSING_S
            if made or late or not hung_up(error):
                raise
        return await transport.handle_async_request(request)

    def _told(
        self,
        error: CallError,
        headers: Mapping[str, str],
        endpoint: Endpoint,
        secret: Secret | None,
    ) -> CallError:
        return completed(error, headers, endpoint=endpoint, secret=secret, now_s=self._clock.time())


def joined(endpoint: Endpoint, wire: WireRequest) -> httpx.URL:
    """The URL of a request: the base URL's host whatever the path holds, and no login in it.

    Queries of the base URL, the vendor's row and the request are put together, later ones winning.
    """
    query = {**endpoint.quirks.query, **wire.query}
    return _joined(endpoint.base_url, wire.path, tuple(query.items()))


@lru_cache(maxsize=256)
def _joined(base_url: str, path: str, query: tuple[tuple[str, str], ...]) -> httpx.URL:
    try:
        base = httpx.URL(base_url)
    except httpx.InvalidURL:
        base = httpx.URL("")
    if base.scheme not in ("http", "https") or not base.host:
        raise ConfigError(
            f"`{base_url}` is not the URL of a server", hint="write `https://host/v1`"
        )
    stem = base.raw_path.partition(b"?")[0].decode("ascii").rstrip("/")
    target = stem + "/" + quote(path, safe=_SAFE_PATH).lstrip("/")
    together = urlencode({**dict(base.params), **dict(query)})
    raw = f"{target}?{together}" if together else target
    return base.copy_with(raw_path=raw.encode("ascii"), userinfo=b"", fragment=None)


def _headers(endpoint: Endpoint, wire: WireRequest, *, streamed: bool) -> dict[str, str]:
    given = {
        "user-agent": f"ultra/{__version__}",
        "accept": "*/*",
        # A stream packed by a proxy on the way arrives in lumps.
        "accept-encoding": "identity" if streamed else ACCEPTED,
    }
    for headers in (wire.headers, endpoint.headers):
        given.update({name.lower(): value for name, value in headers.items()})
    return given


async def _refusal(response: httpx.Response, url: httpx.URL, protocol: WireProtocol) -> CallError:
    """Why an answer is no success; the connection is closed."""
    status = response.status_code
    try:
        if status < 400:
            return redirected(status, response.headers, url)
        if status == 407:
            return CallError(
                ErrorClass.NETWORK,
                "the proxy wants a login (407)",
                hint="write it into the proxy's URL: `http://user:password@host:port`",
                status=status,
            )
        body = await _error_body(response)
    finally:
        await response.aclose()
    failure = protocol.error(status, dict(response.headers), body)
    failure.status = failure.status or status
    return failure


async def _error_body(response: httpx.Response) -> bytes:
    """As much of an error's body as comes in time; an error about the error helps nobody."""
    pieces: list[bytes] = []
    with suppress(*CARRIED, TimeoutError, CallError):
        async with asyncio.timeout(ERROR_BODY_S):
            unpack = coding(response.headers.get("content-encoding", ""))
            size = 0
            async for data in response.stream:  # type: ignore[union-attr]
                pieces.append(unpack.feed(data))
                size += len(pieces[-1])
                if size >= ERROR_BODY:
                    break
    return b"".join(pieces)[:ERROR_BODY]


async def read_all(response: httpx.Response, limit: int) -> bytes:
    """The whole body, unpacked. Raises `CallError` beyond so many bytes, and transport errors."""
    unpack = coding(response.headers.get("content-encoding", ""))
    pieces: list[bytes] = []
    size = 0
    async for data in response.stream:  # type: ignore[union-attr]
        pieces.append(unpack.feed(data))
        size += len(pieces[-1])
        if size > limit:
            raise CallError(
                ErrorClass.BAD_RESPONSE, f"the answer is larger than {limit >> 20} MB", sent=True
            )
    unpack.close()
    return b"".join(pieces)
