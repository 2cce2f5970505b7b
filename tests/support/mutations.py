"""Takes bodies apart into their JSON documents, spoils one, and puts them together again."""

import json
import re
import struct
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.support.eventstream import frame
from tests.support.speakers import Speaker

_DATA = re.compile(rb"^(data: ?)?(\{.*\})(\r?)$", re.MULTILINE)

Edit = Callable[[bytes], bytes]


def edited(speaker: Speaker, which: int, edit: Edit) -> bytes:
    """The speaker's stream with one of its documents changed; `which` wraps around."""
    if b"eventstream" in speaker.content_type.encode():
        return _frames_edited(speaker.stream, which, edit)
    found = list(_DATA.finditer(speaker.stream))
    chosen = found[which % len(found)]
    start, end = chosen.span(2)
    return speaker.stream[:start] + edit(chosen[2]) + speaker.stream[end:]


def _frames_edited(stream: bytes, which: int, edit: Edit) -> bytes:
    frames: list[tuple[dict[str, str], bytes]] = []
    while stream:
        total, length = struct.unpack("!II", stream[:8])
        frames.append((_headers(stream[12 : 12 + length]), stream[12 + length : total - 4]))
        stream = stream[total:]
    place = which % len(frames)
    frames[place] = (frames[place][0], edit(frames[place][1]))
    return b"".join(frame(headers, payload) for headers, payload in frames)


def _headers(data: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    while data:
        name_end = 1 + data[0]
        (size,) = struct.unpack("!H", data[name_end + 1 : name_end + 3])
        end = name_end + 3 + size
        headers[data[1:name_end].decode()] = data[name_end + 3 : end].decode()
        data = data[end:]
    return headers


def nodes(value: Any) -> int:
    """How many values a document holds, itself included."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(nodes, inner))


def spoiled(document: bytes, which: int, raw: str) -> bytes:
    """The document with the value of that number replaced by JSON text as it is."""
    value = json.loads(document)
    count = [which % nodes(value)]
    return _text(value, count, raw).encode("utf-8", "surrogatepass")


def _text(value: Any, count: list[int], raw: str) -> str:
    count[0] -= 1
    if count[0] < 0 <= count[0] + 1:
        return raw
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)}:{_text(item, count, raw)}" for key, item in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_text(item, count, raw) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


DEPTH = 20_000

HOSTILE_VALUES = (
    "null",
    "true",
    "[]",
    "{}",
    '""',
    "[null]",
    "[[]]",
    '[{"a":null}]',
    '{"index":null}',
    "-1",
    "0.5",
    "1e308",
    "-0",
    "9" * 400,
    "-" + "9" * 5000,
    "1e999999",
    "1e-999999",
    "NaN",
    "Infinity",
    '"\\ud800"',
    '"\\udc00\\ud800 x"',
    '"\ud83d"',
    '"\\u0000\\u001b]0;x\\u0007"',
    '"' + "x" * 5000 + '"',
    "[" * DEPTH + "]" * DEPTH,
    '{"a":' * DEPTH + "1" + "}" * DEPTH,
    "[" * DEPTH,
    "{,}",
    "\x00",
)
"""Values that no field expects: wrong kinds, huge and special numbers, depth, half characters."""

values = st.sampled_from(HOSTILE_VALUES) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
).map(json.dumps)
"""Any JSON text, and text that only looks like it."""
