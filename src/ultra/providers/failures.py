"""What went wrong on the way, as one class of error, whichever transport was in use."""

import math
import socket
import ssl
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

from ultra.core.errors import CallError, ErrorClass
from ultra.core.hosts import is_loopback
from ultra.core.key_hint import new_key, place_of
from ultra.core.model import Endpoint
from ultra.core.secret import Secret
from ultra.core.text import one_line
from ultra.providers import proxies
from ultra.providers.keys import scrub
from ultra.providers.lean import httpx
from ultra.providers.quota import exhausted_s, quota

UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
"""Faults after which the request has certainly not left this machine."""

CARRIED = (httpx.TransportError, OSError)
"""All that a transport may raise; TLS faults in mid-stream come as `OSError`."""

_LIMITED = frozenset({ErrorClass.RATE_LIMIT, ErrorClass.QUOTA, ErrorClass.OVERLOADED})
"""Refusals that the headers about limits explain."""

_MOST_LIMITS = 24
"""Headers that are kept; Anthropic sends twelve."""

_CUT = ("Server disconnected", "peer closed connection")
"""How h11 and httpcore begin what they say of a peer that left, which is no fault of protocol."""

REQUEST_IDS = (
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-goog-request-id",
    "x-amzn-requestid",
)
"""Where OpenAI and most others, Anthropic, Azure, Google and AWS put the id to quote in a
complaint."""


def hung_up(error: Exception) -> bool:
    """Whether the peer left where an answer was to come."""
    if isinstance(error, httpx.RemoteProtocolError):
        return str(error).startswith(_CUT)
    return isinstance(error, httpx.ReadError | httpx.WriteError)


def carrying_failed(error: Exception, endpoint: Endpoint, proxy: str | None) -> CallError:
    """The error of a transport in ultra's words. It names hosts and never quotes the request."""
    base = httpx.URL(endpoint.base_url)
    place = f"{base.host}:{base.port}" if base.port else base.host
    if isinstance(error, httpx.LocalProtocolError):
        return CallError(
            ErrorClass.INVALID_REQUEST,
            f"a header or the URL for `{place}` cannot be written as HTTP",
            hint=f"look at `headers` and `base_url` of `{endpoint.provider}`",
        )
    if isinstance(error, UNSENT):
        return _unreached(error, endpoint, place, proxy)
    return _broken(error, place)


def _unreached(error: Exception, endpoint: Endpoint, place: str, proxy: str | None) -> CallError:
    through = f" through the proxy `{proxies.shown(proxy)}`" if proxy else ""
    if isinstance(error, httpx.ConnectTimeout):
        wait = f"{endpoint.timers.connect_s:g} s"
        return CallError(
            ErrorClass.TIMEOUT,
            f"no connection to `{place}`{through} within {wait}",
            hint="is the address right, and is a firewall in the way?",
            retry=False,  # what swallowed one knock for so long swallows the next
        )
    if isinstance(error, httpx.ProxyError):
        return CallError(
            ErrorClass.NETWORK,
            f"the proxy `{proxies.shown(proxy or '')}` refused a way to `{place}`: {error}",
            hint="check the proxy's address and login, or name the host in `NO_PROXY`",
        )
    likely = None
    if proxy:
        likely = "check the proxy's address in `HTTPS_PROXY` or `HTTP_PROXY`"
    elif is_loopback(httpx.URL(endpoint.base_url).host):
        likely = "is the server running?"
    why, hint = _why_unreached(error, likely or f"check the network and the spelling of `{place}`")
    # A certificate is no better a second later.
    settled = any(isinstance(cause, ssl.SSLError) for cause in _causes(error))
    return CallError(
        ErrorClass.NETWORK,
        f"cannot reach `{place}`{through}: {why}",
        hint=hint,
        retry=False if settled else None,
    )


def _why_unreached(error: Exception, likely: str) -> tuple[str, str]:
    """The innermost cause that tells something, and its hint: `likely` unless TLS failed."""
    for cause in reversed(list(_causes(error))):
        match cause:
            case ssl.SSLCertVerificationError():
                return (
                    f"its certificate does not hold ({cause.verify_message})",
                    "for a company's own authority name its file in `SSL_CERT_FILE`",
                )
            case ssl.SSLError():
                return f"no TLS connection ({cause.reason})", "is it `http` rather than `https`?"
            case socket.gaierror():
                return "its name has no address", likely
            case ConnectionRefusedError():
                return "connection refused", likely
            case _:
                pass
    return "the connection failed", likely


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came from, outermost first; a group's members one after the other."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _causes(member)
    deeper = error.__cause__ or error.__context__
    if deeper is not None:
        yield from _causes(deeper)


def _broken(error: Exception, place: str) -> CallError:
    if isinstance(error, httpx.RemoteProtocolError) and not hung_up(error):
        return CallError(
            ErrorClass.BAD_RESPONSE, f"`{place}` did not answer in valid HTTP", sent=True
        )
    return CallError(
        ErrorClass.NETWORK, f"the connection to `{place}` broke before the answer was whole",
        sent=True,
    )  # fmt: skip


def redirected(status: int, headers: Mapping[str, str], url: httpx.URL) -> CallError:
    """An answer that points elsewhere; it names the host only, for a path may hold secrets."""
    try:
        goal = url.join(headers.get("location", "")).host or "nowhere"
    except httpx.InvalidURL:
        goal = "nowhere"
    return CallError(
        ErrorClass.BAD_RESPONSE,
        f"`{url.host}` answered {status} and points to `{goal}`; a key is not taken along",
        hint="set `base_url` to where the API really is",
        sent=True,
        status=status,
        retry=False,  # it points there every time
    )


def completed(
    error: CallError,
    headers: Mapping[str, str],
    *,
    endpoint: Endpoint,
    secret: Secret | None,
    now_s: float,
) -> CallError:
    """The error with what headers tell of it, and without any key. `now_s` is UTC epoch seconds.

    It came out of an answer, so the request was sent.
    """
    error.sent = True
    error.request_id = error.request_id or request_id(headers, secret)
    error.quota = quota(headers, now_s)
    told = [error.retry_after_s, retry_after_s(headers, now_s)]
    error.retry_after_s = max((wait for wait in told if wait is not None), default=None)
    if error.retry_after_s is None and error.error_class is ErrorClass.RATE_LIMIT:
        error.retry_after_s = exhausted_s(error.quota)
    word = headers.get("x-should-retry", "").lower()
    if word in ("true", "false"):
        error.retry = word == "true"
    if error.error_class in _LIMITED:
        error.limits = rate_limits(headers)
    if error.error_class is ErrorClass.AUTH and error.hint is None:
        error.hint = _key_hint(endpoint, secret)
    return scrubbed(error, secret)


def scrubbed(error: CallError, secret: Secret | None) -> CallError:
    """The same error with nothing in it that looks like a key."""
    error.message = scrub(error.message, secret)
    error.args = (error.message,)
    error.hint = scrub(error.hint, secret) if error.hint else error.hint
    error.code = scrub(error.code, secret) if error.code else error.code
    error.limits = {name: scrub(value, secret) for name, value in error.limits.items()}
    return error


def rate_limits(headers: Mapping[str, str]) -> dict[str, str]:
    """What the provider says of its limits, in its own names: `x-ratelimit-remaining-requests`."""
    told = {
        one_line(name, 80): one_line(value, 80)
        for name, value in headers.items()
        if "ratelimit" in name.replace("-", "").lower()
    }
    return dict(list(told.items())[:_MOST_LIMITS])


def request_id(headers: Mapping[str, str], secret: Secret | None = None) -> str | None:
    """The provider's own id of the request; None when it gave none. The key is taken out of it."""
    found = next((headers[name] for name in REQUEST_IDS if headers.get(name)), None)
    return secret.scrub(found) if found and secret else found


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """The delay the provider asks for, in seconds; what is negative or no number is ignored.

    `retry-after-ms` (OpenAI, Azure) before `retry-after` (RFC 9110, section 10.2.3) before
    `x-ms-retry-after-ms` (Azure).
    """
    waits = (
        _number(headers.get("retry-after-ms"), 0.001),
        _number(headers.get("retry-after")) or _until(headers.get("retry-after"), now_s),
        _number(headers.get("x-ms-retry-after-ms"), 0.001),
    )
    return next((wait for wait in waits if wait is not None), None)


def _number(text: str | None, unit_s: float = 1.0) -> float | None:
    try:
        value = float(text or "") * unit_s
    except ValueError:
        return None
    # Azure sends 0 and -1 for "not known".
    return value if math.isfinite(value) and value > 0.0 else None


def _until(text: str | None, now_s: float) -> float | None:
    try:
        wait = parsedate_to_datetime(text or "").timestamp() - now_s
    except (ValueError, OverflowError):
        return None
    return wait if wait > 0.0 else None


def _key_hint(endpoint: Endpoint, secret: Secret | None) -> str:
    place = secret.source if secret else place_of(endpoint, keyed=False)
    came = f"the key came from `{place}`" if secret else "no key was sent"
    return f"{came}; {new_key(endpoint.provider, place)}"
