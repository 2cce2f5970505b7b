"""All providers behind one seam."""

from contextlib import aclosing

import msgspec
import pytest

from tests.support.lines import FixedKeys, call, endpoint
from tests.support.server import Exchange, loopback
from ultra.core.clock import SystemClock
from ultra.core.errors import ConfigError
from ultra.core.model import Endpoint
from ultra.core.stream import Finished, StreamBody
from ultra.providers.http import joined
from ultra.providers.hub import ProviderHub
from ultra.providers.transport import Transports
from ultra.providers.wire import LiveModel, WireRequest


def _at(url: str, protocol: str) -> Endpoint:
    return msgspec.structs.replace(endpoint(url), protocol=protocol)


def _hub(**environ: str) -> ProviderHub:
    return ProviderHub(FixedKeys(), SystemClock(), environ=environ)


async def _last(hub: ProviderHub, place: Endpoint) -> StreamBody:
    async with aclosing(hub.stream(call(place))) as bodies:
        return [body async for body in bodies][-1]


async def test_an_endpoint_is_spoken_to_in_its_protocol() -> None:
    """The one path from a request to its events."""

    async def handler(exchange: Exchange) -> None:
        finished = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        await exchange.sse([finished])

    hub = _hub()
    async with loopback(handler) as server:
        place = _at(server.url + "/v1", "openai-chat")
        ends = [await _last(hub, place) for _ in range(2)]
        await hub.aclose()

        assert server.requests[0].target == "/v1/chat/completions"
    assert all(isinstance(end, Finished) for end in ends)


async def test_live_models_are_asked_for_in_the_same_protocol() -> None:
    """Once the endpoint's own list, then none for what is made up."""

    async def handler(exchange: Exchange) -> None:
        await exchange.json({"object": "list", "data": [{"id": "m", "object": "model"}]})

    hub = _hub()
    async with loopback(handler) as server:
        models = await hub.models(_at(server.url + "/v1", "openai-chat"))
        nothing = await hub.models(_at("", "simulated"))
        await hub.aclose()

    assert [model.id for model in models] == ["m"]
    assert nothing == list[LiveModel]()


async def test_a_simulated_endpoint_needs_no_network() -> None:
    """Nor a key."""
    hub = _hub()

    ends = [await _last(hub, _at("", "simulated")) for _ in range(2)]
    await hub.aclose()

    assert all(isinstance(end, Finished) for end in ends)


async def test_a_text_for_a_prompt_is_fetched_by_the_same_transports() -> None:
    """Before or without any call."""

    async def handler(exchange: Exchange) -> None:
        await exchange.body(b"a page", content_type="text/plain")

    hub = _hub()
    async with loopback(handler) as server:
        assert await hub.fetch(server.url) == "a page"
        assert await hub.fetch(server.url) == "a page"
        await hub.aclose()

        assert server.connections == 1


def test_an_unknown_protocol_is_told() -> None:
    """A profile may name anything."""
    with pytest.raises(ConfigError, match="no protocol `morse`"):
        _hub().stream(call(_at("http://127.0.0.1", "morse")))


def test_an_unknown_transport_is_told() -> None:
    """The variable is there for tests and for trouble."""
    with pytest.raises(ConfigError, match="`ULTRA_TRANSPORT` is `pigeon`"):
        Transports({"ULTRA_TRANSPORT": "pigeon"})


@pytest.mark.parametrize(
    ("base", "path", "query", "url"),
    [
        ("https://h/v1", "/x", {}, "https://h/v1/x"),
        ("https://h/v1/", "x", {}, "https://h/v1/x"),
        ("https://h", "/x", {"a": "b c"}, "https://h/x?a=b+c"),
        ("https://h/v1?a=1&b=2", "/x", {"a": "3"}, "https://h/v1/x?a=3&b=2"),
        ("https://me:pw@h/v1#f", "/x", {}, "https://h/v1/x"),
        ("https://h", "@evil.net/x", {}, "https://h/@evil.net/x"),
        ("https://h", "//evil.net/x", {}, "https://h/evil.net/x"),
        ("https://h", "/models/ä b?c#d", {}, "https://h/models/%C3%A4%20b%3Fc%23d"),
    ],
)
def test_paths_are_joined_to_the_base_and_never_leave_its_host(
    base: str, path: str, query: dict[str, str], url: str
) -> None:
    """A model's name is part of some paths."""
    assert str(joined(endpoint(base), WireRequest("GET", path, query=query))) == url


@pytest.mark.parametrize("base", ["", "h/v1", "ftp://h", "https://", "http://h:x"])
def test_a_base_url_that_is_none_is_told(base: str) -> None:
    """Before anything is sent."""
    with pytest.raises(ConfigError, match="is not the URL of a server"):
        joined(endpoint(base), WireRequest("GET", "/x"))
