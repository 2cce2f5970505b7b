"""One suite for both transports: the ways to a host, by TLS, redirect and proxy."""

import asyncio

import pytest

from tests.support.certs import Authority
from tests.support.lines import (
    KEY,
    answer,
    call,
    carrier,
    endpoint,
    failed,
    heard,
    text_of,
)
from tests.support.proxy import proxy, refusing
from tests.support.server import Exchange, free_port, loopback
from ultra.core.errors import ConfigError, ErrorClass


async def test_https_with_a_named_authority(transport: str, authority: Authority) -> None:
    """`SSL_CERT_FILE` makes a company's own authority count."""
    environ = {"SSL_CERT_FILE": str(authority.bundle)}

    async with (
        loopback(answer, tls=authority.server()) as server,
        carrier(transport, environ) as http,
    ):
        bodies = await heard(http, call(endpoint(server.url)))

    assert text_of(bodies) == "hello"


async def test_an_unknown_authority_is_refused_before_the_key_leaves(
    transport: str, authority: Authority
) -> None:
    """Nothing is sent to a server whose certificate does not hold."""
    async with loopback(answer, tls=authority.server()) as server, carrier(transport) as http:
        error = await failed(http, call(endpoint(server.url)))

        assert server.requests == []
    assert (error.error_class, error.sent) == (ErrorClass.NETWORK, False)
    assert "its certificate does not hold" in error.message


async def test_a_certificate_for_another_host_is_refused(
    transport: str, authority: Authority
) -> None:
    """The authority is known, the name is not."""
    environ = {"SSL_CERT_FILE": str(authority.bundle)}
    async with (
        loopback(answer, tls=authority.server()) as server,
        carrier(transport, environ) as http,
    ):
        elsewhere = f"https://other.localhost:{server.port}"
        error = await failed(http, call(endpoint(elsewhere)))

        assert server.requests == []
    assert (error.error_class, error.sent) == (ErrorClass.NETWORK, False)


async def test_https_to_a_server_that_speaks_http(transport: str, authority: Authority) -> None:
    """The commonest mistake with local servers has its own hint."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(64)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    environ = {"SSL_CERT_FILE": str(authority.bundle)}
    async with server, carrier(transport, environ) as http:
        error = await failed(http, call(endpoint(f"https://127.0.0.1:{port}")))

    assert (error.error_class, error.sent) == (ErrorClass.NETWORK, False)
    assert "no TLS connection" in error.message
    assert error.hint == "is it `http` rather than `https`?"


@pytest.mark.parametrize("where", ["http://other.invalid/x?token=1", "/elsewhere", "http://h:x"])
async def test_a_redirect_is_not_followed(transport: str, where: str) -> None:
    """The key stays where it belongs; where it pointed is told by its host only."""

    async def handler(exchange: Exchange) -> None:
        await exchange.head(307, {"location": where, "content-length": "0"}, chunked=False)

    async with loopback(handler) as server, carrier(transport) as http:
        error = await failed(http, call(endpoint(server.url)))

        assert len(server.requests) == 1
    assert (error.error_class, error.status) == (ErrorClass.BAD_RESPONSE, 307)
    assert "token" not in error.message


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "all_proxy"])
async def test_http_goes_through_the_proxy_in_absolute_form(transport: str, variable: str) -> None:
    """RFC 9112, section 3.2.2."""
    async with loopback(answer) as server, loopback(proxy) as middle:
        async with carrier(transport, {variable: middle.url}) as http:
            bodies = await heard(http, call(endpoint(f"http://model.invalid:{server.port}/v1")))

        assert text_of(bodies) == "hello"
        assert middle.requests[0].target == f"http://model.invalid:{server.port}/v1/say"
        assert len(server.requests) == 1


async def test_https_goes_through_a_tunnel_that_never_sees_the_key(
    transport: str, authority: Authority
) -> None:
    """CONNECT carries neither key nor path."""
    async with (
        loopback(answer, tls=authority.server()) as server,
        loopback(proxy) as middle,
    ):
        environ = {"HTTPS_PROXY": middle.url, "SSL_CERT_FILE": str(authority.bundle)}
        async with carrier(transport, environ) as http:
            # The certificate is for 127.0.0.1, which is never proxied; the name is refused after.
            error = await failed(http, call(endpoint(f"https://model.invalid:{server.port}")))

        assert [seen.method for seen in middle.requests] == ["CONNECT"]
        assert KEY.encode() not in middle.requests[0].head
        assert server.requests == []
    assert "its certificate does not hold" in error.message


async def test_https_through_a_tunnel_answers(transport: str, named: Authority) -> None:
    """The certificate is checked against the far host, not the proxy."""
    async with (
        loopback(answer, tls=named.server()) as server,
        loopback(proxy) as middle,
    ):
        environ = {"HTTPS_PROXY": middle.url, "SSL_CERT_FILE": str(named.bundle)}
        async with carrier(transport, environ) as http:
            bodies = await heard(http, call(endpoint(f"https://model.invalid:{server.port}")))

        assert text_of(bodies) == "hello"
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


async def test_a_proxy_with_a_login_gets_it(transport: str, named: Authority) -> None:
    """As `Proxy-Authorization`, for both kinds of requests."""
    async with loopback(answer) as server, loopback(proxy) as middle:
        through = middle.url.replace("http://", "http://me:secret@")
        async with carrier(transport, {"HTTP_PROXY": through}) as http:
            await heard(http, call(endpoint(f"http://model.invalid:{server.port}")))

        assert middle.requests[0].headers["proxy-authorization"] == "Basic bWU6c2VjcmV0"


async def test_loopback_is_never_proxied(transport: str) -> None:
    """A model on this machine is reached directly."""
    async with loopback(answer) as server, loopback(proxy) as middle:
        async with carrier(transport, {"HTTP_PROXY": middle.url}) as http:
            await heard(http, call(endpoint(server.url)))

        assert (len(server.requests), len(middle.requests)) == (1, 0)


async def test_a_proxy_that_is_down_is_named(transport: str) -> None:
    """Without the login that stands in its URL."""
    place = f"127.0.0.1:{free_port()}"

    async with carrier(transport, {"HTTP_PROXY": f"http://me:secret@{place}"}) as http:
        error = await failed(http, call(endpoint("http://model.invalid")))

    assert (error.error_class, error.sent) == (ErrorClass.NETWORK, False)
    assert f"through the proxy `{place}`" in error.message
    assert "secret" not in error.message


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_wants_a_login_is_told(
    transport: str, scheme: str, authority: Authority
) -> None:
    """Both in absolute form and for a tunnel."""
    async with loopback(refusing) as middle:
        environ = {
            "ALL_PROXY": middle.url,
            "SSL_CERT_FILE": str(authority.bundle),
        }
        async with carrier(transport, environ) as http:
            error = await failed(http, call(endpoint(f"{scheme}://model.invalid")))

    assert error.error_class is ErrorClass.NETWORK
    assert "407" in error.message


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:1080", "ftp://127.0.0.1:1"])
async def test_other_kinds_of_proxies_are_refused_clearly(transport: str, value: str) -> None:
    """Rather than spoken to in a language they do not know."""
    async with carrier(transport, {"ALL_PROXY": value}) as http:
        with pytest.raises(ConfigError, match="not supported"):
            await heard(http, call(endpoint("http://model.invalid")))
