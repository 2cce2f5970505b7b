"""httpx's own transport, without limits of its own; asyncio sets TCP_NODELAY on every socket."""

import ssl

from ultra.providers.lean import httpx


def httpx_transport(
    context: ssl.SSLContext, proxy: str | None, keep_alive_s: float
) -> httpx.AsyncBaseTransport:
    """A transport that opens as many connections as there are requests."""
    limits = httpx.Limits(
        max_connections=None, max_keepalive_connections=None, keepalive_expiry=keep_alive_s
    )
    through = None
    if proxy is not None:
        secure = proxy.lower().startswith("https:")
        through = httpx.Proxy(proxy, ssl_context=context if secure else None)
    return httpx.AsyncHTTPTransport(verify=context, limits=limits, proxy=through, trust_env=False)
