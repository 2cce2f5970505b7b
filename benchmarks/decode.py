"""What reading a stream takes: each protocol's decoder beside `json.loads` alone on the same bytes.

`json.loads` gets every document cut out beforehand; the decoder gets pieces of 16 KB as a network
gives them, finds the documents, reads and checks them and makes events.
"""

import gc
import json
import struct
import time
import zlib
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from benchmarks.stats import Checks, Result, compared, paired
from ultra.core.model import Endpoint, KeyRef, Target
from ultra.core.request import CallRequest, said
from ultra.core.stream import Finished, TextDelta
from ultra.providers.protocols import PROTOCOLS, load

EVENTS = 20_000
PIECE = 16 * 1024
WORD = " word"
JSON_TARGET = 1.0
FRAMED_TARGET = 3.0
"""For Bedrock, whose binary frames its own library reads."""


class Stream(Struct, frozen=True):
    """One protocol's stream: the word of an event, what stands around the words, and the framing.

    Written from the providers' documents with all the fields that they send.
    """

    word: dict[str, Any]
    start: tuple[dict[str, Any], ...] = ()
    end: tuple[dict[str, Any], ...] = ()
    framing: Callable[[bytes, dict[str, Any]], bytes] = lambda data, _: b"data: " + data + b"\n\n"
    target: float = JSON_TARGET


def against_json(pairs: int) -> list[Result]:
    """A line of the table for each protocol."""
    missing = set(PROTOCOLS) - set(STREAMS)
    if missing:
        raise RuntimeError(f"no stream is written for {', '.join(sorted(missing))}")
    return [_line(name, STREAMS[name], pairs) for name in PROTOCOLS]


def _line(name: str, stream: Stream, pairs: int) -> Result:
    documents = [*stream.start, *([stream.word] * EVENTS), *stream.end]
    texts = [json.dumps(one, separators=(",", ":")).encode() for one in documents]
    framed = zip(texts, documents, strict=True)
    body = b"".join(stream.framing(text, one) for text, one in framed)
    checks = Checks()
    left, right = paired(_decoding(name, body, checks), _loading(texts), pairs)
    speed = EVENTS / sorted(left)[len(left) // 2]
    return compared(
        f"decode {name}",
        "json.loads",
        left,
        right,
        target=stream.target,
        checks=checks,
        seen={"note": f"{speed:,.0f} events/s, {len(texts[len(stream.start)])} bytes each"},
    )


def _decoding(name: str, body: bytes, checks: Checks) -> Callable[[], float]:
    pieces = [body[at : at + PIECE] for at in range(0, len(body), PIECE)]
    endpoint = Endpoint("bench", name, "http://127.0.0.1", KeyRef("none"))
    request = CallRequest(Target("bench", "m", endpoint), (said("user", "hi"),))

    def run() -> float:
        decoder = load(name).decoder(request, streamed=True)
        words = finishes = 0
        gc.collect()
        started = time.perf_counter()
        for piece in pieces:
            for event in decoder.feed(piece):
                words += type(event) is TextDelta
                finishes += type(event) is Finished
        for event in decoder.close():
            finishes += type(event) is Finished
        took = time.perf_counter() - started
        checks.equal(f"{name}: words", words, EVENTS)
        checks.equal(f"{name}: finishes", finishes, 1)
        return took

    return run


def _loading(texts: list[bytes]) -> Callable[[], float]:
    def run() -> float:
        gc.collect()
        started = time.perf_counter()
        for text in texts:
            json.loads(text)
        return time.perf_counter() - started

    return run


def _line_of(data: bytes, _: dict[str, Any]) -> bytes:
    return data + b"\n"


def _named(data: bytes, document: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (document["type"].encode(), data)


def _frame(data: bytes, document: dict[str, Any]) -> bytes:
    """One message of AWS's event stream, named by what the document holds."""
    kind = next(kind for kind, field in _CONVERSE if field in document)
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    head = b"".join(
        struct.pack("!B", len(name))
        + name.encode()
        + struct.pack("!BH", 7, len(text))
        + text.encode()
        for name, text in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(head) + len(data), len(head))
    whole = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + data
    return whole + struct.pack("!I", zlib.crc32(whole))


_CONVERSE = (
    ("messageStart", "role"),
    ("contentBlockDelta", "delta"),
    ("messageStop", "stopReason"),
    ("metadata", "usage"),
)
"""Events of Converse and a field that tells each."""


def _chat(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-C8bench0000000000000000000001",
        "object": "chat.completion.chunk",
        "created": 1_760_000_000,
        "model": "gpt-5-mini-2025-08-07",
        "service_tier": "default",
        "system_fingerprint": "fp_0000000000",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
        "usage": None,
        "obfuscation": "Xn2p",
    }


_RESPONSE = {"id": "resp_1", "object": "response", "model": "gpt-5-mini", "output": []}
_USAGE = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}

STREAMS: dict[str, Stream] = {
    "openai-chat": Stream(_chat({"content": WORD}), end=(_chat({}, "stop"),)),
    "openai-responses": Stream(
        {
            "type": "response.output_text.delta",
            "sequence_number": 4,
            "item_id": "msg_0000000000000000000000000000000000000000000000001",
            "output_index": 0,
            "content_index": 0,
            "delta": WORD,
            "logprobs": [],
            "obfuscation": "Xn2p",
        },
        start=({"type": "response.created", "sequence_number": 0, "response": _RESPONSE},),
        end=(
            {
                "type": "response.completed",
                "sequence_number": 9,
                "response": {**_RESPONSE, "status": "completed", "usage": _USAGE},
            },
        ),
        framing=_named,
    ),
    "anthropic-messages": Stream(
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": WORD},
        },
        start=(
            {
                "type": "message_start",
                "message": {"id": "msg_1", "model": "claude", "usage": _USAGE, "content": []},
            },
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text"}},
        ),
        end=(
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": _USAGE},
            {"type": "message_stop"},
        ),
        framing=_named,
    ),
    "gemini": Stream(
        {
            "candidates": [{"content": {"parts": [{"text": WORD}], "role": "model"}, "index": 0}],
            "usageMetadata": {
                "promptTokenCount": 8,
                "candidatesTokenCount": 5,
                "totalTokenCount": 13,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 8}],
            },
            "modelVersion": "gemini-2.5-flash",
            "responseId": "bench00000000000000000",
        },
        end=({"candidates": [{"finishReason": "STOP", "index": 0}]},),
    ),
    "cohere-v2": Stream(
        {
            "type": "content-delta",
            "index": 0,
            "delta": {"message": {"content": {"text": WORD}}},
        },
        start=({"id": "m1", "type": "message-start", "delta": {"message": {"role": "assistant"}}},),
        end=(
            {
                "type": "message-end",
                "delta": {"finish_reason": "COMPLETE", "usage": {"tokens": _USAGE}},
            },
        ),
        framing=_named,
    ),
    "ollama": Stream(
        {
            "model": "llama3.2",
            "created_at": "2026-01-01T00:00:00.000000Z",
            "message": {"role": "assistant", "content": WORD},
            "done": False,
        },
        end=({"model": "llama3.2", "done": True, "done_reason": "stop", "eval_count": 4},),
        framing=_line_of,
    ),
    "bedrock-converse": Stream(
        {"contentBlockIndex": 0, "delta": {"text": WORD}, "p": "abcdefghijkl"},
        start=({"role": "assistant", "p": "ab"},),
        end=(
            {"stopReason": "end_turn", "p": "ab"},
            {"usage": {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7}, "p": "ab"},
        ),
        framing=_frame,
        target=FRAMED_TARGET,
    ),
}
"""By protocol; every one that ultra speaks must have its own."""
