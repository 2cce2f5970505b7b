"""What is fetched besides answers: texts for `-f URL` and the models that endpoints list."""

import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ultra import __version__
from ultra.core.errors import CallError, ErrorClass, GuardError, UsageError
from ultra.core.hosts import is_loopback
from ultra.core.model import Endpoint
from ultra.providers.coding import ACCEPTED
from ultra.providers.failures import CARRIED, scrubbed
from ultra.providers.http import Http, read_all
from ultra.providers.lean import httpx
from ultra.providers.transport import Transports
from ultra.providers.wire import LiveModel, WireProtocol

TEXT_LIMIT = 20 << 20
"""Most bytes of a text that is fetched for a prompt; larger than any model's window."""

HOPS = 5
"""Redirects that are followed for a text; no key is on board."""

PAGES = 100
"""Pages of a model list that are asked for before it is taken for endless."""


async def list_models(http: Http, endpoint: Endpoint, protocol: WireProtocol) -> list[LiveModel]:
    """The models an endpoint lists, page after page, in its own order without repetition.

    Raises `CallError` and `ConfigError` as a call does.
    """
    if not endpoint.quirks.models_path:
        raise CallError(
            ErrorClass.INVALID_REQUEST,
            f"`{endpoint.provider}` does not list its models where it answers",
            hint="its documents do; a model that no list names can still be asked by its id",
        )
    found: dict[str, LiveModel] = {}
    cursor: str | None = None
    for _ in range(PAGES):
        body = await http.whole(endpoint, protocol.models_request(endpoint, cursor), protocol)
        try:
            page, following = protocol.models(body)
        except CallError as error:
            scrubbed(error, None)
            raise
        found.update((model.id, model) for model in page)
        if following is None or following == cursor:
            break
        cursor = following
    return list(found.values())


async def fetch_text(
    url: str,
    transports: Transports,
    *,
    connect_s: float = 5.0,
    secure: bool = False,
    local: bool = False,
) -> str:
    """The text behind an http or https URL, redirects followed, at most 20 MB.

    With `secure`, no step of the way may be plain http except on this machine; with `local`, none
    may leave this machine. Raises `UsageError` for what cannot be had: it is typed by the user like
    a file's name.
    """
    place = _address(url)
    for _ in range(HOPS + 1):
        if secure and place.scheme != "https" and not is_loopback(place.host):
            raise UsageError(
                f"`{place}` comes over plain http, where anybody on the way can change it",
                hint="take it from an `https` URL, or give a file",
            )
        if local and not is_loopback(place.host):
            raise GuardError(f"`{url}` leads to `{place.host}`, and nothing may leave this machine")
        try:
            async with _get(place, transports, connect_s) as response:
                if not 300 <= response.status_code < 400:
                    return await _text(response, url)
                place = _next(place, response)
        except CARRIED as error:
            raise UsageError(
                f"cannot fetch `{url}` from `{place.host}`: {_reason(error)}"
            ) from error
        except CallError as error:
            raise UsageError(f"cannot fetch `{url}`: {error.message}") from error
    raise UsageError(f"`{url}` redirects more than {HOPS} times")


def _address(url: str) -> httpx.URL:
    try:
        place = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise UsageError(f"`{url}` is not a URL") from error
    if place.scheme not in ("http", "https") or not place.host:
        raise UsageError(
            f"`{url}` is not an http or https URL", hint="a file is named without `file:`"
        )
    return place


def _next(place: httpx.URL, response: httpx.Response) -> httpx.URL:
    """Where a redirect leads: never from the outside onto this machine or into its network.

    What a page fetches goes to a model: a stranger's redirect must not choose an inner page.
    """
    goal = _address(str(place.join(response.headers.get("location", ""))))
    if _inner(goal.host) and not _inner(place.host):
        raise UsageError(f"`{place.host}` redirects into the local network, to `{goal.host}`")
    return goal


def _inner(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return is_loopback(host)


@asynccontextmanager
async def _get(
    url: httpx.URL, transports: Transports, connect_s: float
) -> AsyncIterator[httpx.Response]:
    request = httpx.Request(
        "GET",
        url,
        headers={
            "user-agent": f"ultra/{__version__}",
            "accept": "text/*, application/json;q=0.9, */*;q=0.5",
            "accept-encoding": ACCEPTED,
        },
        extensions={"timeout": {"connect": connect_s}},
    )
    response = await transports.get(url).handle_async_request(request)
    try:
        yield response
    finally:
        await response.aclose()


async def _text(response: httpx.Response, url: str) -> str:
    if response.status_code != 200:
        raise UsageError(f"cannot fetch `{url}`: the server answered {response.status_code}")
    body = await read_all(response, TEXT_LIMIT)
    if b"\0" in body[:8192]:
        raise UsageError(f"`{url}` is not text", hint="attach it with `-a`")
    try:
        return body.decode(response.charset_encoding or "utf-8-sig")
    except (UnicodeDecodeError, LookupError):
        return body.decode("utf-8", "replace")


def _reason(error: Exception) -> str:
    told: dict[type[Exception], str] = {
        httpx.ConnectTimeout: "no connection in time",
        httpx.ConnectError: "the connection failed",
        httpx.ProxyError: "the proxy refused",
    }
    return told.get(type(error), "the connection broke")
