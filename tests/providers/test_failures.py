"""What headers tell of a failure."""

import socket
import ssl
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx
import pytest
from msgspec.structs import replace

from tests.support.lines import KEY, endpoint
from ultra.core.errors import Action, CallError, ErrorClass
from ultra.core.model import KeyRef
from ultra.core.quota import Allowance, Quota
from ultra.core.secret import Secret
from ultra.providers.failures import (
    carrying_failed,
    completed,
    redirected,
    request_id,
    retry_after_s,
)

NOW = 1_800_000_000.0


def _date(offset_s: float) -> str:
    return format_datetime(datetime.fromtimestamp(NOW + offset_s, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "-1", "retry-after": "9"}, 9.0),
        ({"x-ms-retry-after-ms": "250"}, 0.25),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "abc"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": _date(30)}, 30.0),
        ({"retry-after": _date(-30)}, None),
        ({"retry-after": "Mon, 99 Foo 2026"}, None),
    ],
)
def test_delays(headers: dict[str, str], expected: float | None) -> None:
    """What is negative, zero or no number is not a delay."""
    assert retry_after_s(headers, NOW) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [("x-request-id", "a"), ("request-id", "b"), ("apim-request-id", "c"), ("cf-ray", None)],
)
def test_request_ids(name: str, value: str | None) -> None:
    """Those that a provider's support can look up."""
    assert request_id({name: value or "ray"}) == value


def _completed(error: CallError, headers: dict[str, str], *, key: str | None = KEY) -> CallError:
    secret = Secret(key, "env:TEST_KEY") if key else None
    return completed(error, headers, endpoint=endpoint("http://h"), secret=secret, now_s=NOW)


def test_the_longer_of_two_delays_holds() -> None:
    """A body may name a delay too (Gemini's RetryInfo)."""
    error = CallError(ErrorClass.RATE_LIMIT, "slow", retry_after_s=20.0)

    assert _completed(error, {"retry-after": "5"}).retry_after_s == 20.0


@pytest.mark.parametrize(("word", "retry"), [("true", True), ("FALSE", False), ("maybe", None)])
def test_the_providers_word_on_retrying(word: str, retry: bool | None) -> None:
    """Anything but true and false says nothing."""
    error = _completed(CallError(ErrorClass.SERVER, "x"), {"x-should-retry": word})

    assert error.retry is retry


def test_a_refused_key_is_told_with_where_it_came_from() -> None:
    """The next step is to put a new one there: one that is stored elsewhere would not be used."""
    error = _completed(CallError(ErrorClass.AUTH, "no"), {})

    assert error.hint == "the key came from `env:TEST_KEY`; set `TEST_KEY` to a new one"


def test_an_endpoint_that_was_said_to_want_no_key_is_told_so() -> None:
    """A key that is stored would not be used."""
    place = replace(endpoint("http://h"), key=KeyRef("none"))

    error = completed(CallError(ErrorClass.AUTH, "no"), {}, endpoint=place, secret=None, now_s=NOW)

    assert error.hint == (
        "no key was sent; `lab` has `key: none` in the profile: say there where its key is, such as"
        " `key: env:NAME`"
    )


def test_a_hint_of_the_protocol_stays_but_for_keys() -> None:
    """It knows better."""
    error = _completed(CallError(ErrorClass.AUTH, "no", hint=f"not {KEY}"), {})

    assert error.hint == "not ***"


def test_a_redirect_names_the_host_only() -> None:
    """Paths and queries may hold secrets."""
    url = httpx.URL("https://api.example.com/v1/chat")

    error = redirected(302, {"location": "https://sso.example.com/?k=1"}, url)

    assert error.message == (
        "`api.example.com` answered 302 and points to `sso.example.com`; a key is not taken along"
    )


@pytest.mark.parametrize(
    ("error", "kind", "sent"),
    [
        (httpx.UnsupportedProtocol("x"), ErrorClass.NETWORK, False),
        (httpx.ConnectError("x"), ErrorClass.NETWORK, False),
        (httpx.WriteError("x"), ErrorClass.NETWORK, True),
        (OSError("x"), ErrorClass.NETWORK, True),
    ],
)
def test_a_fault_without_a_known_cause(error: Exception, kind: ErrorClass, sent: bool) -> None:
    """It has a class all the same."""
    failure = carrying_failed(error, endpoint("https://api.example.com"), None)

    assert (failure.error_class, failure.sent) == (kind, sent)


def test_causes_are_found_inside_groups() -> None:
    """A name with several addresses fails once for each."""
    group = ExceptionGroup("all attempts", [OSError("x"), ConnectionRefusedError("y")])
    outer = httpx.ConnectError("z")
    outer.__cause__ = group

    failure = carrying_failed(outer, endpoint("https://api.example.com"), None)

    assert failure.message == "cannot reach `api.example.com`: connection refused"
    assert failure.hint == "check the network and the spelling of `api.example.com`"


def _tls(error: OSError, **facts: str) -> OSError:
    """The error with what OpenSSL would tell."""
    for name, value in facts.items():
        setattr(error, name, value)
    return error


@pytest.mark.parametrize(
    ("cause", "retry"),
    [
        (_tls(ssl.SSLCertVerificationError(1, "x"), verify_message="it has expired"), False),
        (_tls(ssl.SSLError(1, "x"), reason="WRONG_VERSION_NUMBER"), False),
        (ConnectionRefusedError("x"), None),
        (socket.gaierror(-2, "x"), None),
    ],
    ids=["certificate", "tls", "refused", "name"],
)
def test_what_is_no_better_a_second_later_is_not_tried_again(
    cause: OSError, retry: bool | None
) -> None:
    """A certificate stays as it is; a server may just be starting."""
    error = httpx.ConnectError("x")
    error.__cause__ = cause

    failure = carrying_failed(error, endpoint("https://api.example.com"), None)

    assert (failure.error_class, failure.retry) == (ErrorClass.NETWORK, retry)


def test_a_place_that_swallows_a_knock_is_not_knocked_at_twice() -> None:
    """The wait for a connection is long; another model may be free meanwhile."""
    failure = carrying_failed(httpx.ConnectTimeout("x"), endpoint("https://api.example.com"), None)

    assert (failure.error_class, failure.action) == (
        ErrorClass.TIMEOUT,
        Action(retries=0, fall_back=True),
    )


def test_a_refusal_carries_what_is_left_of_the_limits() -> None:
    """Of any class, and the time to come back where a rate limit names no other."""
    headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "12s"}

    limited = _completed(CallError(ErrorClass.RATE_LIMIT, "slow"), headers)
    failed = _completed(CallError(ErrorClass.SERVER, "x"), headers)
    told = _completed(CallError(ErrorClass.RATE_LIMIT, "x", retry_after_s=3.0), headers)

    assert limited.quota == failed.quota == Quota(Allowance(None, 0, 12.0))
    assert (limited.retry_after_s, failed.retry_after_s, told.retry_after_s) == (12.0, None, 3.0)
