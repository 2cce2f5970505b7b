"""What a provider says went wrong, whatever shape it says it in."""

import json
import re
from typing import Any

from msgspec import Struct

from ultra.core.text import one_line
from ultra.providers.quota import duration_s

_MESSAGE_LIMIT = 500
_DELAYS = ("retry_after", "retry_after_seconds", "resets_in_seconds")
_LONGEST_DELAY_S = 400 * 86_400
_AGAIN = re.compile(r"\b(?:try again|retry) in ((?:\d+(?:\.\d+)?(?:ms|[smhd]))+)", re.IGNORECASE)
_BODY_LIMIT = 64 * 1024
"""Bytes of an error body that are looked at; a longer one is a page, not an error."""


class Complaint(Struct, frozen=True):
    """An error as told: its own words, and the codes and types it goes by in lower case.

    `status` is a number that the error itself names, `param` the part of the request that it is
    about; `html` tells that a web page was sent instead.
    """

    message: str = ""
    words: frozenset[str] = frozenset()
    code: str | None = None
    status: int | None = None
    retry_after_s: float | None = None
    request_id: str | None = None
    html: bool = False
    param: str | None = None

    @property
    def haystack(self) -> str:
        """Words and message together, for patterns."""
        return " ".join([*sorted(self.words), self.message])


def read_complaint(body: bytes) -> Complaint:
    """Read an error body; anything at all is readable, at worst as text. Never raises."""
    text = body[:_BODY_LIMIT].decode("utf-8", "replace").strip()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return _from_text(text)
    if isinstance(document, list) and document:
        document = document[0]
    return _from_json(document) if isinstance(document, dict) else _from_text(text)


def _from_text(text: str) -> Complaint:
    if not text.startswith("<"):
        return Complaint(one_line(text, _MESSAGE_LIMIT))
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    words = title.group(1) if title else re.sub(r"<[^>]*>", " ", text)
    return Complaint(f"a web page instead of an answer: {one_line(words, 120)}", html=True)


def _from_json(document: dict[str, Any]) -> Complaint:
    error = document.get("error")
    detail = error if isinstance(error, dict) else document
    metadata = _dict(detail.get("metadata"))
    message = _message(error, detail, metadata)
    code, status = _codes(detail, document)
    request_id = document.get("request_id")
    return Complaint(
        message=one_line(message, _MESSAGE_LIMIT),
        words=_words(detail, metadata, document),
        code=code,
        status=status,
        retry_after_s=_delay(detail, metadata, message),
        request_id=request_id if isinstance(request_id, str) else None,
        param=_param(detail),
    )


def _message(error: object, detail: dict[str, Any], metadata: dict[str, Any]) -> str:
    said = error if isinstance(error, str) else ""
    for name in ("message", "detail", "msg", "error_message", "title"):
        said = said or _plain(detail.get(name))
    raw = metadata.get("raw")
    if not raw:
        return said
    nested = read_complaint(raw.encode("utf-8", "replace") if isinstance(raw, str) else _dump(raw))
    who = _plain(metadata.get("provider_name"))
    return ": ".join(part for part in (said, who, nested.message) if part)


def _plain(value: object) -> str:
    """Text of a message field; FastAPI's list of problems becomes one sentence each."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(filter(None, map(_problem, value)))
    return _plain(value.get("message") or value.get("msg")) if isinstance(value, dict) else ""


def _problem(value: object) -> str:
    if not isinstance(value, dict):
        return _plain(value)
    where = value.get("loc")
    place = ".".join(map(str, where)) if isinstance(where, list) else ""
    return ": ".join(part for part in (place, _plain(value.get("msg"))) if part)


def _codes(detail: dict[str, Any], document: dict[str, Any]) -> tuple[str | None, int | None]:
    """The provider's own word for the error, and the HTTP status that it names."""
    words: list[str] = []
    status: int | None = None
    for value in (
        detail.get("code"),
        detail.get("type"),
        detail.get("status"),
        detail.get("status_code"),
        document.get("code"),
        document.get("raw_status_code"),
    ):
        number = _status(value)
        status = status or number
        if isinstance(value, str) and value and number is None:
            words.append(value)
    fallback = str(status) if status else None
    # Mistral's `code` is a number of its own, its `type` a word.
    named = next((word for word in words if not word.isdigit()), next(iter(words), None))
    return (one_line(named, 80) if named else fallback), status


def _status(value: object) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"[1-5]\d\d", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 100 <= value <= 599 else None


def _words(
    detail: dict[str, Any], metadata: dict[str, Any], document: dict[str, Any]
) -> frozenset[str]:
    inner = _dict(detail.get("innererror") or detail.get("inner_error"))
    found: list[object] = [
        *(detail.get(name) for name in ("code", "type", "status", "reason")),
        *(metadata.get(name) for name in ("error_type", "limit_source", "reason")),
        inner.get("code"),
        document.get("code"),
        "moderation" if metadata.get("reasons") or metadata.get("flagged_input") else None,
    ]
    for extra in _dicts(detail.get("details")):
        found.append(extra.get("reason"))
        found.extend(violation.get("quotaId") for violation in _dicts(extra.get("violations")))
    raw = metadata.get("raw")
    if isinstance(raw, str):
        found.extend(read_complaint(raw.encode("utf-8", "replace")).words)
    return frozenset(word.lower() for word in found if isinstance(word, str) and word)


def _delay(detail: dict[str, Any], metadata: dict[str, Any], message: str) -> float | None:
    """Seconds to wait: Google's RetryInfo (`48s`), a field of that name, or OpenAI's sentence.

    Sources: google.rpc.RetryInfo; `Please try again in 6m0s` of OpenAI's and Groq's messages.
    """
    for extra in _dicts(detail.get("details")):
        delay = extra.get("retryDelay")
        if isinstance(delay, str) and (waits := duration_s(delay)) is not None:
            return waits
    for fields in (detail, metadata):
        for name in _DELAYS:
            value: object = fields.get(name)
            if isinstance(value, int | float) and 0 < value < _LONGEST_DELAY_S:
                return float(value)
    sentence = _AGAIN.search(message)
    return duration_s(sentence[1]) if sentence else None


def _param(detail: dict[str, Any]) -> str | None:
    """OpenAI's `param`, and the first field that Google names; None when neither tells one."""
    fields = (
        violation.get("field")
        for extra in _dicts(detail.get("details"))
        for violation in _dicts(extra.get("fieldViolations"))
    )
    named = (name for name in (detail.get("param"), *fields) if isinstance(name, str) and name)
    first = next(named, None)
    return one_line(first, 80) if first else None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _dump(value: object) -> bytes:
    return json.dumps(value).encode()
