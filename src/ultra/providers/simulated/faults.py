"""The faults of a simulated model, told by the same table that reads the errors of real ones."""

import json

from ultra.core.errors import CallError, ErrorClass
from ultra.providers.classify import call_error, in_band_error

_STATUSES: dict[str, tuple[str, str]] = {
    "400": ("invalid_request_error", "the request makes no sense"),
    "401": ("invalid_api_key", "incorrect API key provided"),
    "402": ("insufficient_quota", "the credit balance is used up"),
    "403": ("permission_error", "the key may not be used for this"),
    "404": ("model_not_found", "the model does not exist"),
    "408": ("request_timeout", "the request took too long to arrive"),
    "413": ("request_too_large", "the request is too large"),
    "422": ("unprocessable_entity", "a parameter does not fit"),
    "429": ("rate_limit_exceeded", "too many requests"),
    "500": ("server_error", "internal server error"),
    "502": ("bad_gateway", "bad gateway"),
    "503": ("server_is_overloaded", "the server is overloaded"),
    "504": ("upstream_timeout", "gateway timeout"),
    "529": ("overloaded_error", "overloaded"),
}
"""The provider's own code and words, by status."""

_PAGE = b"<html><title>Welcome to the proxy</title></html>"


def before_the_answer(fault: str | None, retry_after_s: float | None) -> CallError | None:
    """The error that comes instead of an answer; None when the fault, if any, comes later."""
    match fault:
        case "refuse":
            return CallError(
                ErrorClass.NETWORK,
                "cannot reach the simulated server: connection refused",
                hint="`fail: refuse` asks for this",
            )
        case "bad_json":
            error = in_band_error(_PAGE)
            error.status = 200
            return error
        case str() if fault in _STATUSES:
            return _refused(fault, retry_after_s)
        case _:
            return None


def half_way() -> CallError:
    """The connection that closes in the middle of an answer."""
    return CallError(
        ErrorClass.NETWORK,
        "the connection to the simulated server broke before the answer was whole",
        sent=True,
    )


def _refused(status: str, retry_after_s: float | None) -> CallError:
    code, words = _STATUSES[status]
    body = json.dumps({"error": {"message": words, "type": code, "code": code}})
    error = call_error(int(status), {}, body.encode())
    error.retry_after_s = retry_after_s
    return error
