"""The one choice of what carries bytes: httpx's own transport for few calls, aiohttp for many.

Both fill `httpx.AsyncBaseTransport` and pass one suite of tests. Measured on two cores, loopback:
one call is 0.1 s sooner without importing aiohttp; 1,000 streams take 22.6 s on httpx's transport
and 0.5 s on aiohttp's; they cross at about 64 calls.
"""

from collections.abc import Callable, Mapping
from ssl import SSLContext

from ultra.core.errors import ConfigError
from ultra.providers import proxies, tls
from ultra.providers.lean import httpx
from ultra.providers.transport_httpx import httpx_transport

MANY_CALLS = 64
"""From here on aiohttp is worth its import."""

KEEP_ALIVE_S = 4.0
"""Idle connections are dropped a second before uvicorn and Node drop them (5 s), so that a request
does not meet a connection that the server is just closing."""

Make = Callable[[SSLContext, str | None, float], httpx.AsyncBaseTransport]
"""Builds a transport from a TLS context, a proxy and how long idle connections are kept."""


class Transports:
    """Transports by scheme and proxy, each made on first use: plain http loads no authorities."""

    def __init__(self, environ: Mapping[str, str], *, expected_calls: int = 1) -> None:
        self._environ = environ
        self._make = _chosen(environ, expected_calls)
        self._made: dict[tuple[str, str | None], httpx.AsyncBaseTransport] = {}
        self._routes: dict[tuple[str, str, int], str | None] = {}

    def proxy(self, url: httpx.URL) -> str | None:
        """The proxy that requests to a URL go through. Raises `ConfigError`."""
        port = url.port or (443 if url.scheme == "https" else 80)
        place = (url.scheme, url.host, port)
        if place not in self._routes:
            self._routes[place] = proxies.proxy_for(*place, self._environ)
        return self._routes[place]

    def get(self, url: httpx.URL) -> httpx.AsyncBaseTransport:
        """The transport for a URL. Raises `ConfigError` for a proxy or bundle that cannot serve."""
        proxy = self.proxy(url)
        key = (url.scheme, proxy)
        if key not in self._made:
            secure = "https" in (url.scheme, (proxy or "").partition("://")[0].lower())
            context = tls.context(self._environ) if secure else tls.trusting_nobody()
            self._made[key] = self._make(context, proxy, KEEP_ALIVE_S)
        return self._made[key]

    async def aclose(self) -> None:
        """Close every connection."""
        made, self._made = list(self._made.values()), {}
        for transport in made:
            await transport.aclose()


def _chosen(environ: Mapping[str, str], expected_calls: int) -> Make:
    named = environ.get("ULTRA_TRANSPORT", "")
    match named or ("aiohttp" if expected_calls >= MANY_CALLS else "httpx"):
        case "httpx":
            return httpx_transport
        case "aiohttp":
            # 100 ms that one call need not pay.
            from ultra.providers.transport_aiohttp import AiohttpTransport  # noqa: PLC0415

            return AiohttpTransport
        case _:
            raise ConfigError(
                f"`ULTRA_TRANSPORT` is `{named}`", hint="the transports are `httpx` and `aiohttp`"
            )
