"""What makes two questions the same: everything that can change the answer, and nothing else.

Whether the answer is streamed, how long it is waited for, what the user calls the model and where a
provider should keep a prefix change nothing of it. Fields are left out by name, so that one that is
added later counts until somebody says that it does not.
"""

import hashlib
import json
from typing import Any

from msgspec import Struct

from ultra.core.model import Target
from ultra.core.request import CallRequest, Media, Message, Part

FORMAT = 1
"""Goes up whenever equal keys could mean different questions."""

REQUEST_APART = frozenset({"target", "messages", "sampling", "stream"})
TARGET_APART = frozenset({"name", "endpoint", "price", "options", "output_cap"})
"""`settled` has put options and the cap of the profile into the sampling."""

ENDPOINT_APART = frozenset(
    {
        *("key", "auth", "vendor", "timers", "quirks", "options"),
        *("concurrency", "requests_per_minute", "tokens_per_minute"),
    }
)
"""The fingerprint stands for the key; quirks and options count, in their own places."""


def cache_key(request: CallRequest, key_fp: str) -> str:
    """SHA-256, in hexadecimal, of a settled request and the fingerprint of the key it goes with."""
    target, endpoint = request.target, request.target.endpoint
    whole = {
        "format": FORMAT,
        "key_fp": key_fp,
        "request": _fields(request, REQUEST_APART),
        "target": _fields(target, TARGET_APART),
        "endpoint": _fields(endpoint, ENDPOINT_APART),
        "quirks": _fields(endpoint.quirks),
        "sampling": {
            name: _by_name(value) if isinstance(value, dict) else value
            for name, value in _fields(request.sampling).items()
        },
        "dials": _by_name(_dials(target)),
        "messages": [_message(message) for message in request.messages],
    }
    text = json.dumps(whole, ensure_ascii=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _fields(value: Struct, apart: frozenset[str] = frozenset()) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__ if name not in apart}


def _by_name(options: dict[str, Any]) -> list[tuple[str, Any]]:
    """Options in an order of their own: in which they were given says nothing."""
    return sorted(options.items(), key=lambda option: option[0])


def _dials(target: Target) -> dict[str, Any]:
    """Options that a simulated endpoint reads itself."""
    endpoint = target.endpoint
    return {**endpoint.options, **target.options} if endpoint.simulated else {}


def _message(message: Message) -> list[Any]:
    return [message.role, *(_part(part) for part in message.parts)]


def _part(part: Part) -> list[str]:
    if isinstance(part, Media):
        data = hashlib.sha256(part.data).hexdigest() if part.data else ""
        return ["media", part.media_type, part.name, part.url, data]
    return ["text", part.text]
