"""Which proxy a request goes through."""

import pytest

from ultra.core.errors import ConfigError
from ultra.providers.proxies import proxy_for, shown

P = "http://proxy:3128"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"HTTPS_PROXY": P}, P),
        ({"https_proxy": P, "HTTPS_PROXY": "http://other"}, P),
        ({"HTTP_PROXY": P}, None),
        ({"ALL_PROXY": P}, P),
        ({"https_proxy": "", "all_proxy": P}, P),
        ({"HTTPS_PROXY": "proxy:3128"}, P),
        ({"HTTPS_PROXY": P, "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "example.com"}, None),
        ({"HTTPS_PROXY": P, "NO_PROXY": ".example.com"}, None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "*.example.com, x"}, None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "API.example.com:443"}, None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "api.example.com:8443"}, P),
        ({"HTTPS_PROXY": P, "no_proxy": "ample.com,"}, P),
        ({"HTTPS_PROXY": P, "NO_PROXY": "10.0.0.0/8"}, P),
    ],
)
def test_variables_choose_the_proxy(environ: dict[str, str], expected: str | None) -> None:
    """As curl and Python read them."""
    assert proxy_for("https", "api.example.com", 443, environ) == expected


@pytest.mark.parametrize(
    ("spared", "expected"),
    [
        ("10.0.0.0/8", None),
        ("10.1.2.3", None),
        ("11.0.0.0/8", P),
        ("10.0.0.0/99", P),
        ("fd00::/8", P),
    ],
)
def test_networks_can_be_spared(spared: str, expected: str | None) -> None:
    """CIDR, as curl (7.86) and Go understand it."""
    environ = {"HTTP_PROXY": P, "NO_PROXY": spared}

    assert proxy_for("http", "10.1.2.3", 8000, environ) == expected


def test_addresses_of_six_are_not_taken_for_ports() -> None:
    """Their last group may be digits only."""
    environ = {"HTTP_PROXY": P, "NO_PROXY": "fd00::1,[fd00::2]:80"}

    assert proxy_for("http", "fd00::1", 80, environ) is None
    assert proxy_for("http", "fd00::2", 80, environ) is None
    assert proxy_for("http", "fd00::3", 80, environ) == P


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "x.localhost", "127.0.0.1", "127.9.9.9", "::1", "0.0.0.0"],
)
def test_loopback_is_reached_directly(host: str) -> None:
    """Whatever the variables say."""
    assert proxy_for("http", host, 80, {"ALL_PROXY": P}) is None


def test_a_cgi_client_cannot_choose_the_proxy() -> None:
    """CVE-2016-1000110: `Proxy:` becomes HTTP_PROXY; the lower-case name cannot be set so."""
    environ = {"REQUEST_METHOD": "GET", "HTTP_PROXY": P}

    assert proxy_for("http", "example.com", 80, environ) is None
    assert proxy_for("http", "example.com", 80, {**environ, "http_proxy": P}) == P


@pytest.mark.parametrize(
    ("value", "what"), [("socks5h://p:1", "a SOCKS proxy"), ("quic://p", "a `quic` proxy")]
)
def test_other_proxies_are_named_with_their_variable(value: str, what: str) -> None:
    """So that the user finds where it was set."""
    with pytest.raises(ConfigError, match=f"`ALL_PROXY` names {what}"):
        proxy_for("https", "example.com", 443, {"ALL_PROXY": value})


def test_a_proxy_is_shown_without_its_login() -> None:
    """It is a secret like any other."""
    assert shown("http://me:pw@proxy:3128") == "proxy:3128"
