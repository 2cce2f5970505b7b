"""What a prompt consists of, taken apart so that everything is kept once, under its SHA-256.

A prompt is a list of messages, a message is JSON, and the bytes of an attachment are a blob that
the message names. A prompt sent to eight models, and the turns that a conversation repeats, are so
stored once.
"""

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from msgspec import Struct

from ultra.core.request import Media, Message, Part, Text
from ultra.store.rows import storable, to_json


class Contents(Struct, frozen=True):
    """One prompt ready to be stored: `messages` and `blobs` by their hash."""

    key: str
    listing: str
    messages: dict[str, str]
    blobs: dict[str, bytes]


def take_apart(messages: tuple[Message, ...]) -> Contents:
    """The parts of a prompt and the hash that stands for the whole."""
    blobs: dict[str, bytes] = {}
    texts = [_written(message, blobs) for message in messages]
    keys = [_digest(text.encode()) for text in texts]
    key, listing = listed(keys)
    return Contents(key, listing, dict(zip(keys, texts, strict=True)), blobs)


def listed(keys: Sequence[str]) -> tuple[str, str]:
    """The hash of a prompt and the list of its messages, by theirs."""
    listing = to_json(keys)
    return _digest(listing.encode()), listing


def changed(content: str, change: Callable[[str], str]) -> tuple[str, str]:
    """A message with its words changed, as its new hash and its JSON.

    Words are its texts, and the names and addresses of what is attached.
    """
    record = json.loads(content)
    for part in record["parts"]:
        part.update({name: change(part[name]) for name in ("text", "name", "url") if name in part})
    text = storable(to_json(record))
    return _digest(text.encode()), text


def put_together(content: str, blob: Callable[[str], bytes]) -> Message:
    """One message from its JSON; `blob` finds the bytes of an attachment by their hash."""
    record = json.loads(content)
    return Message(record["role"], tuple(_read(part, blob) for part in record["parts"]))


def _written(message: Message, blobs: dict[str, bytes]) -> str:
    parts = [_part(part, blobs) for part in message.parts]
    return storable(to_json({"role": message.role, "parts": parts}))


def _part(part: Part, blobs: dict[str, bytes]) -> dict[str, str]:
    if isinstance(part, Text):
        return {"text": part.text}
    record = {"media_type": part.media_type, "name": part.name, "url": part.url}
    if part.data:
        record["blob"] = _digest(part.data)
        blobs[record["blob"]] = part.data
    return record


def _read(record: dict[str, Any], blob: Callable[[str], bytes]) -> Part:
    if "text" in record:
        return Text(record["text"])
    data = blob(record["blob"]) if "blob" in record else b""
    return Media(record["media_type"], data, record["url"], record["name"])


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
