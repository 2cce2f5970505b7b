"""Writes AWS's event stream, which botocore only reads.

Source: docs.aws.amazon.com/transcribe/latest/dg/event-stream.html: total length, length of the
headers, CRC-32 of both, headers, payload, CRC-32 of all; numbers are big-endian.
"""

import json
import struct
import zlib
from collections.abc import Mapping

_STRING = 7


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message."""
    head = b"".join(map(_header, headers, headers.values()))
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    start = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + payload
    return start + struct.pack("!I", zlib.crc32(start))


def message(event: str, body: object) -> bytes:
    """One event with a JSON body."""
    headers = {
        ":event-type": event,
        ":content-type": "application/json",
        ":message-type": "event",
    }
    return frame(headers, json.dumps(body, ensure_ascii=False).encode())


def exception(name: str, body: object) -> bytes:
    """The message that ends a stream with an exception."""
    headers = {
        ":exception-type": name,
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return frame(headers, json.dumps(body).encode())


def _header(name: str, value: str) -> bytes:
    label, text = name.encode(), value.encode()
    return struct.pack("!B", len(label)) + label + struct.pack("!BH", _STRING, len(text)) + text
