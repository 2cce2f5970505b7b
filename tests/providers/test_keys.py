"""A key goes to its own host as a header, and nowhere else."""

import httpx
import pytest

from tests.support.lines import endpoint
from ultra.core.errors import ConfigError
from ultra.core.model import AuthStyle
from ultra.core.secret import Secret
from ultra.providers.keys import auth_headers, scrub

SECRET = Secret("k-0123456789", "env:K")


def _with(auth: AuthStyle, base_url: str = "https://api.example.com/v1"):  # type: ignore[no-untyped-def]
    import msgspec

    return msgspec.structs.replace(endpoint(base_url), auth=auth)


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ("bearer", {"authorization": "Bearer k-0123456789"}),
        ("x-api-key", {"x-api-key": "k-0123456789"}),
        ("x-goog-api-key", {"x-goog-api-key": "k-0123456789"}),
        ("api-key", {"api-key": "k-0123456789"}),
        ("sigv4", {"authorization": "Bearer k-0123456789"}),
        ("none", {}),
    ],
)
def test_each_style_has_its_header(auth: AuthStyle, header: dict[str, str]) -> None:
    """The vendor's row says which."""
    url = httpx.URL("https://api.example.com/v1/chat")

    assert auth_headers(_with(auth), SECRET, url) == header


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/v1",
        "https://api.example.com:8443/v1",
        "https://api.example.com.evil.net/v1",
        "https://evil.net/v1",
    ],
)
def test_another_scheme_host_or_port_gets_no_key(url: str) -> None:
    """All three make the origin (RFC 6454)."""
    with pytest.raises(ConfigError, match="is not sent to"):
        auth_headers(_with("bearer"), SECRET, httpx.URL(url))


def test_the_default_port_may_be_written_out() -> None:
    """It is the same place."""
    url = httpx.URL("https://api.example.com:443/v1")

    assert auth_headers(_with("bearer"), SECRET, url)


@pytest.mark.parametrize("value", ["two words", "line\nbreak", "schlüssel", "  "])
def test_a_key_that_cannot_stand_in_a_header_is_refused_unquoted(value: str) -> None:
    """The HTTP library would quote it in its complaint."""
    with pytest.raises(ConfigError) as caught:
        auth_headers(
            _with("bearer"), Secret(value, "file:k"), httpx.URL("https://api.example.com/v1")
        )

    assert value not in str(caught.value)
    assert "`file:k`" in caught.value.message


def test_a_line_break_at_the_end_is_forgiven() -> None:
    """Files and commands end with one."""
    headers = auth_headers(
        _with("x-api-key"), Secret("abc\n", "file:k"), httpx.URL("https://api.example.com/v1")
    )

    assert headers == {"x-api-key": "abc"}


def test_a_login_in_the_base_url_serves_where_there_is_no_key() -> None:
    """Ollama behind a web server with a password."""
    place = _with("bearer", "http://me:pw@127.0.0.1:8000")

    assert auth_headers(place, None, httpx.URL("http://127.0.0.1:8000/x")) == {
        "authorization": "Basic bWU6cHc="
    }
    assert auth_headers(_with("bearer"), None, httpx.URL("https://api.example.com/x")) == {}


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-abc*****xyz9.",
        "bad sk-ant-api03-AbCd_ef-123456",
        "AIzaSyA1234567890abcdefg is not valid",
        "AQ.Ab8RN6I0123456789abc",
        "xai-0123456789abc",
        "gsk_0123456789abc",
        "hf_0123456789abc",
        "pplx-0123456789abc",
        "Authorization: Bearer 0123456789abc",
        "GET /v1?key=0123456789abc&x=1",
        "the key AKIA0123456789ABCDEF of ASIA0123456789ABCDEF",
        "x-amz-security-token:0123456789/abc+x==",
        "bedrock-api-key-0123456789abc=",
        "ABSKQmVkcm9jay0123456789",
        "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0xyz.c2lnbmF0dXJl",
    ],
)
def test_what_looks_like_a_key_is_starred_whoever_says_it(text: str) -> None:
    """Providers quote keys in their complaints, wholly or in part."""
    cleaned = scrub(text, None)

    assert "***" in cleaned
    for piece in ("0123456789", "abc*****xyz9", "AbCd_ef", "SyA1234", "c2lnbmF0"):
        assert piece not in cleaned


def test_the_key_itself_is_starred_whatever_it_looks_like() -> None:
    """Keys of small servers have no shape."""
    assert scrub("no such key: k-0123456789", SECRET) == "no such key: ***"


def test_ordinary_words_stay() -> None:
    """Models and hosts are not keys."""
    text = "model gpt-5-mini at risk-adjusted ask-me.example.com is overloaded"

    assert scrub(text, None) == text
