"""Texts for prompts, and lists of models."""

import msgspec
import pytest

from tests.support.lines import KEY, Lines, carrier, endpoint
from tests.support.server import Exchange, loopback, script
from ultra.core.errors import CallError, ErrorClass, GuardError, UsageError
from ultra.core.model import Quirks
from ultra.providers import fetch
from ultra.providers.fetch import fetch_text, list_models
from ultra.providers.transport import Transports
from ultra.providers.wire import LiveModel


async def _fetched(url: str, transport: str) -> str:
    transports = Transports({"ULTRA_TRANSPORT": transport})
    try:
        return await fetch_text(url, transports, connect_s=1.0)
    finally:
        await transports.aclose()


async def test_a_text_is_fetched_without_any_key(transport: str) -> None:
    """In the character set that the server names."""

    async def handler(exchange: Exchange) -> None:
        await exchange.body(
            "Größe".encode("latin-1"), content_type="text/plain; charset=iso-8859-1"
        )

    async with loopback(handler) as server:
        text = await _fetched(server.url + "/a%20b?q=1", transport)

        assert (text, server.requests[0].target) == ("Größe", "/a%20b?q=1")
        assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("data", "content_type", "text"),
    [
        (b"\xef\xbb\xbfhi", "text/plain", "hi"),
        (b"\xff\xfeh", "text/plain", "\ufffd\ufffdh"),
        (b"hi", "text/plain; charset=klingon", "hi"),
    ],
)
async def test_texts_are_read_whatever_their_encoding(
    data: bytes, content_type: str, text: str
) -> None:
    """UTF-8 with or without a mark; what is neither is shown as such."""

    async def handler(exchange: Exchange) -> None:
        await exchange.body(data, content_type=content_type)

    async with loopback(handler) as server:
        assert await _fetched(server.url, "httpx") == text


async def test_redirects_of_a_text_are_followed(transport: str) -> None:
    """There is no key on board."""

    async def first(exchange: Exchange) -> None:
        await exchange.head(301, {"location": "/there", "content-length": "0"}, chunked=False)

    async def second(exchange: Exchange) -> None:
        await exchange.body(b"here", content_type="text/plain")

    async with loopback(script(first, second)) as server:
        assert await _fetched(server.url, transport) == "here"
        assert [seen.path for seen in server.requests] == ["/", "/there"]


async def test_a_text_that_redirects_for_ever_is_refused() -> None:
    """After five hops."""

    async def handler(exchange: Exchange) -> None:
        await exchange.head(302, {"location": "/again", "content-length": "0"}, chunked=False)

    async with loopback(handler) as server:
        with pytest.raises(UsageError, match="redirects more than 5 times"):
            await _fetched(server.url, "httpx")

        assert len(server.requests) == 6


async def test_a_stranger_cannot_redirect_into_the_local_network() -> None:
    """The page would end up in a prompt."""
    from tests.support.proxy import proxy

    async def handler(exchange: Exchange) -> None:
        await exchange.head(
            302, {"location": "http://169.254.169.254/latest", "content-length": "0"}, chunked=False
        )

    async with loopback(handler) as server, loopback(proxy) as middle:
        transports = Transports({"HTTP_PROXY": middle.url})
        with pytest.raises(UsageError, match="redirects into the local network"):
            await fetch_text(f"http://page.invalid:{server.port}/", transports)
        await transports.aclose()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "http://", "http://h:x"])
async def test_only_http_urls_are_fetched(url: str) -> None:
    """A file is named by its path."""
    with pytest.raises(UsageError, match="is not a"):
        await _fetched(url, "httpx")


async def test_a_local_page_cannot_redirect_away_from_this_machine() -> None:
    """With `local`, no step of the way may leave it: the next host is never asked."""

    async def handler(exchange: Exchange) -> None:
        await exchange.body(b"", status=302, headers={"location": "http://192.0.2.1/x"})

    async with loopback(handler) as server:
        transports = Transports({})
        try:
            with pytest.raises(GuardError, match=r"leads to `192\.0\.2\.1`"):
                await fetch_text(server.url, transports, local=True)
        finally:
            await transports.aclose()


async def test_a_text_that_is_too_large_is_refused(
    transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it is all read."""
    monkeypatch.setattr(fetch, "TEXT_LIMIT", 1 << 20)

    async def handler(exchange: Exchange) -> None:
        await exchange.head(200, {"content-type": "text/plain"})
        while True:
            await exchange.chunk(b"x" * 65536)

    async with loopback(handler) as server:
        with pytest.raises(UsageError, match="larger than 1 MB"):
            await _fetched(server.url, transport)


async def test_what_is_not_text_or_not_there_is_refused() -> None:
    """With the status, or with the way to attach it."""

    async def picture(exchange: Exchange) -> None:
        await exchange.body(b"\x89PNG\0\0", content_type="image/png")

    async def missing(exchange: Exchange) -> None:
        await exchange.body(b"", status=404)

    async with loopback(script(picture, missing)) as server:
        with pytest.raises(UsageError, match="is not text"):
            await _fetched(server.url, "httpx")
        with pytest.raises(UsageError, match="answered 404"):
            await _fetched(server.url, "httpx")


async def test_a_text_that_breaks_off_is_told(transport: str) -> None:
    """The host is named, as with every failure."""

    async def cut(exchange: Exchange) -> None:
        exchange.cut()

    async with loopback(cut) as server:
        with pytest.raises(UsageError, match="the connection broke"):
            await _fetched(server.url, transport)
    with pytest.raises(UsageError, match="the connection failed"):
        await _fetched(server.url, transport)


async def test_model_lists_are_read_page_after_page(transport: str) -> None:
    """In the endpoint's own order, each once; the key goes along."""
    pages = {
        "/v1/models": {"models": ["a", "b"], "next": "b"},
        "/v1/models?after=b": {"models": ["b", "c"], "next": "b"},
    }

    async def handler(exchange: Exchange) -> None:
        await exchange.json(pages[exchange.seen.target])

    async with loopback(handler) as server, carrier(transport) as http:
        models = await list_models(http, endpoint(server.url + "/v1"), Lines())

        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert models == [LiveModel("a"), LiveModel("b"), LiveModel("c")]


async def test_a_list_that_is_an_error_is_told_without_keys(transport: str) -> None:
    """Both with a status and inside a 200."""

    async def refused(exchange: Exchange) -> None:
        await exchange.body(b"who are you", status=401)

    async def inside(exchange: Exchange) -> None:
        await exchange.json({"error": f"bad {KEY}"})

    async def cut(exchange: Exchange) -> None:
        await exchange.head(200, {"content-length": "99"}, chunked=False)
        exchange.cut()

    async with (
        loopback(script(refused, inside, cut)) as server,
        carrier(transport) as http,
    ):
        errors = []
        for _ in range(3):
            with pytest.raises(CallError) as caught:
                await list_models(http, endpoint(server.url), Lines())
            errors.append((caught.value.error_class, caught.value.message[:11]))

    assert errors == [
        (ErrorClass.AUTH, "who are you"),
        (ErrorClass.BAD_RESPONSE, "bad ***"),
        (ErrorClass.NETWORK, "the connect"),
    ]


async def test_a_place_that_lists_no_models_is_not_asked(transport: str) -> None:
    """Some vendors list them elsewhere or nowhere; their rows say so."""
    silent = msgspec.structs.replace(endpoint("http://127.0.0.1:9"), quirks=Quirks(models_path=""))

    async with carrier(transport) as http:
        with pytest.raises(CallError, match="does not list its models") as caught:
            await list_models(http, silent, Lines())

    assert not caught.value.sent
