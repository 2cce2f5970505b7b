"""Why Bedrock refused: the name of its exception decides, and only then what it says.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (Errors) and
CommonErrors.html beside it. The name stands in the header `x-amzn-errortype`, in `__type` of
the body, or in the headers of a message of a stream.
"""

import json
import re
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.errors import CallError, ErrorClass
from ultra.core.text import one_line
from ultra.providers.classify import HINTS, call_error, classify
from ultra.providers.complaint import Complaint, read_complaint

_AUTH = (
    "expiredtoken",
    "invalidclienttokenid",
    "incompletesignature",
    "invalidsignature",
    "missingauthenticationtoken",
    "requestexpired",
    "signaturedoesnotmatch",
    "unrecognizedclient",
)

CLASSES: dict[str, ErrorClass] = {
    "throttling": ErrorClass.RATE_LIMIT,
    "modelnotready": ErrorClass.OVERLOADED,
    "serviceunavailable": ErrorClass.OVERLOADED,
    "servicequotaexceeded": ErrorClass.QUOTA,
    "accessdenied": ErrorClass.PERMISSION,
    "optinrequired": ErrorClass.PERMISSION,
    "resourcenotfound": ErrorClass.MODEL_NOT_FOUND,
    "modeltimeout": ErrorClass.TIMEOUT,
    "modelerror": ErrorClass.SERVER,
    "modelstreamerror": ErrorClass.SERVER,
    "internalserver": ErrorClass.SERVER,
    "internalfailure": ErrorClass.SERVER,
    **dict.fromkeys(_AUTH, ErrorClass.AUTH),
}
"""Exceptions by name, in lower case and without `Exception`; `Validation` is told by its words."""

_SAID: tuple[tuple[str, ErrorClass], ...] = (
    (r"security token .*(?:expired|invalid)|api key is valid|signature expired", ErrorClass.AUTH),
    (r"tokens per day", ErrorClass.QUOTA),
    (
        r"model identifier is invalid|on-demand throughput isn.t supported|end of its life",
        ErrorClass.MODEL_NOT_FOUND,
    ),
    (r"number of input tokens exceeds|input is too long", ErrorClass.CONTEXT_LENGTH),
)
"""What decides before the name does: AWS says one exception for several causes."""

_ONCE = frozenset({"modelerror", "modeltimeout", "modelstreamerror"})
"""The model failed rather than the service: tried once more."""

_HINTS: dict[ErrorClass, str] = {
    ErrorClass.PERMISSION: "is the model open to your account in this region, and does your role"
    " allow `bedrock:InvokeModel`?",
    ErrorClass.MODEL_NOT_FOUND: "`aws bedrock list-foundation-models` and `aws bedrock"
    " list-inference-profiles` list what the region offers",
    ErrorClass.QUOTA: "Service Quotas in the AWS console shows and raises the limit",
}
_RENEW = "renew the AWS credentials (`aws sso login`), or set `AWS_BEARER_TOKEN_BEDROCK`"


class _Body(Struct):
    message: str
    name: str


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> CallError:
    """The error of an answer with status 400 and above; header names are lower case."""
    said = _read(body)
    name = _short(headers.get("x-amzn-errortype", "")) or said.name
    error = _error(name, said.message, status, read_complaint(body))
    usual = call_error(status, headers, body)
    error.retry = error.retry if usual.retry is None else usual.retry
    return error


def exception(name: str, payload: bytes, message: str = "") -> CallError:
    """The error that ended a stream: an exception by name, with its JSON body."""
    said = _read(payload)
    told = message or said.message
    return _error(_short(name), told, None, Complaint(one_line(told, 500)))


def _error(name: str, message: str, status: int | None, complaint: Complaint) -> CallError:
    plain = re.sub(r"(exception|error)$", "", name.lower())
    # The complaint of a wrong signature goes on to quote the request, its session token included.
    message = message.partition("The Canonical String")[0] or complaint.message
    complaint = replace(complaint, message=one_line(message, 500))
    error_class = _class(plain, complaint, status)
    return CallError(
        error_class,
        complaint.message or f"{name or f'status {status}'} without a reason",
        hint=_hint(error_class, plain),
        sent=True,
        status=status,
        code=name or complaint.code,
        retry=True if plain in _ONCE else None,
    )


def _class(plain: str, complaint: Complaint, status: int | None) -> ErrorClass:
    for pattern, error_class in _SAID:
        if re.search(pattern, complaint.message, re.IGNORECASE):
            return error_class
    if plain in CLASSES:
        return CLASSES[plain]
    # A name that nobody knows inside a stream is the service's fault, not that of the request.
    return classify(complaint, status or (400 if plain == "validation" else 500))


def _hint(error_class: ErrorClass, plain: str) -> str | None:
    if error_class is ErrorClass.AUTH:
        # A bearer key is named by where it came from, which only the caller knows.
        return _RENEW if plain in _AUTH else None
    return _HINTS.get(error_class) or HINTS.get(error_class)


def _short(name: str) -> str:
    """`ValidationException` of `aws#ValidationException:http://internal.amazon.com/coral/...`."""
    return one_line(name.partition(":")[0].rpartition("#")[2].strip(), 80)


def _read(body: bytes) -> _Body:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return _Body("", "")
    if not isinstance(document, dict):
        return _Body("", "")
    # AWS's front door writes `Message`, the service `message`.
    told = [document.get(field) for field in ("message", "Message", "originalMessage")]
    kind = document.get("__type")
    return _Body(
        next((text for text in told if isinstance(text, str) and text), ""),
        _short(kind) if isinstance(kind, str) else "",
    )
