"""What holds for every protocol: no split of the bytes and no noise in them does harm."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.eventstream import message
from tests.support.protocols import folded, outcome, read, sse
from ultra.core.errors import ConfigError, ErrorClass
from ultra.core.stream import Finished, UsageReported
from ultra.core.text import one_line
from ultra.providers.protocols import PROTOCOLS, load

GRIN = "\u00e9\U0001f600"

CHAT = sse(
    {"id": "c", "model": "g", "choices": [{"index": 0, "delta": {"reasoning": "hm " + GRIN}}]},
    {"choices": [{"index": 0, "delta": {"content": GRIN}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"name": "f"}}]}}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}},
    done=True,
)
MESSAGES = b": ping\r\n\r\n" + sse(
    {"type": "message_start", "message": {"id": "m", "model": "c", "usage": {"input_tokens": 3}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": GRIN}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}},
    {"type": "message_stop"},
).replace(b"\n", b"\r\n")
GEMINI = sse(
    {"candidates": [{"content": {"parts": [{"text": GRIN}]}}], "modelVersion": "g"},
    {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 3}},
)
OLLAMA = (
    json.dumps({"model": "q", "message": {"content": GRIN}}, ensure_ascii=False).encode()
    + b"\n"
    + json.dumps({"model": "q", "done": True, "done_reason": "stop", "eval_count": 2}).encode()
)
CONVERSE = (
    message("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": GRIN}})
    + message("messageStop", {"stopReason": "end_turn"})
    + message("metadata", {"usage": {"inputTokens": 3, "outputTokens": 4}})
)
RESPONSES = sse(
    {"type": "response.created", "response": {"id": "r", "model": "g", "output": []}},
    {
        "type": "response.output_item.added",
        "output_index": 0,
        "item": {"type": "function_call", "call_id": "c", "name": "f", "arguments": ""},
    },
    {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "{}"},
    {"type": "response.output_text.delta", "output_index": 1, "delta": GRIN},
    {
        "type": "response.completed",
        "response": {"status": "completed", "usage": {"input_tokens": 3, "output_tokens": 4}},
    },
)
COHERE = sse(
    {"type": "message-start", "id": "m", "delta": {"message": {"role": "assistant"}}},
    {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "hm"}}},
    {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": GRIN}}}},
    {
        "type": "message-end",
        "delta": {"finish_reason": "COMPLETE", "usage": {"tokens": {"input_tokens": 3}}},
    },
    done=True,
)
STREAMS = {
    "openai-chat": CHAT,
    "anthropic-messages": MESSAGES,
    "gemini": GEMINI,
    "ollama": OLLAMA,
    "bedrock-converse": CONVERSE,
    "openai-responses": RESPONSES,
    "cohere-v2": COHERE,
}
every = pytest.mark.parametrize("name", PROTOCOLS)


@every
def test_every_protocol_loads_under_its_name(name: str) -> None:
    """The registry and the modules agree."""
    assert load(name).name == name


def test_an_unknown_protocol_is_a_mistake_in_the_profile() -> None:
    """The nearest name is suggested."""
    with pytest.raises(ConfigError) as caught:
        load("openai-chta")
    with pytest.raises(ConfigError) as far:
        load("zzz")

    assert "openai-chat" in (caught.value.hint or "")
    assert "gemini" in (far.value.hint or "")


@every
def test_every_split_of_the_bytes_gives_the_same_events(name: str) -> None:
    """One byte at a time, and cut in two at every place."""
    body = STREAMS[name]
    whole = read(name, body)

    assert folded(whole).text == GRIN
    assert isinstance(whole[-1], Finished)
    assert read(name, body, cut=1) == whole
    for size in range(2, len(body)):
        assert read(name, body, cut=size) == whole


@every
@given(data=st.data())
def test_any_noise_gives_events_or_a_call_error(name: str, data: st.DataObject) -> None:
    """Bytes that are changed, lost or doubled never give another exception."""
    body = bytearray(STREAMS[name])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, max(0, len(body) - 1)))
        noise = data.draw(st.binary(max_size=4))
        body[place : place + data.draw(st.integers(0, 8))] = noise

    for streamed in (True, False):
        events, error = outcome(name, bytes(body), streamed=streamed)
        assert error or isinstance(events[-1], Finished)
        assert sum(isinstance(event, Finished) for event in events) <= 1


@every
@given(body=st.binary(max_size=200), cut=st.integers(1, 50))
def test_any_bytes_at_all_give_events_or_a_call_error(name: str, body: bytes, cut: int) -> None:
    """The same at every cut."""
    assert outcome(name, body, cut=cut) == outcome(name, body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
_FIELDS = [
    "id",
    "model",
    "choices",
    "index",
    "delta",
    "message",
    "content",
    "finish_reason",
    "usage",
    "error",
    "type",
    "text",
    "thinking",
    "content_block",
    "candidates",
    "parts",
    "finishReason",
    "usageMetadata",
    "done",
    "tool_calls",
    "function",
    "arguments",
]


@every
@given(document=st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=6))
def test_known_fields_of_wrong_types_give_events_or_a_call_error(
    name: str, document: dict[str, Any]
) -> None:
    """A wrong type is a bad answer, never a traceback."""
    body = json.dumps(document).encode()

    outcome(name, sse(document))
    outcome(name, body + b"\n")
    outcome(name, body, streamed=False)
    load(name).error(500, {}, body)


HOSTILE = {
    "deep in a known field": b'{"choices":' + b"[" * 100_000,
    "deep in an unknown field": b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "deep objects": b'{"error":' + b'{"error":' * 20_000 + b"1" + b"}" * 20_001,
    "a huge number": b'{"created":' + b"9" * 10_000 + b',"choices":' + b"9" * 10_000 + b"}",
    "a huge exponent": b'{"usage":{"prompt_tokens":1e999999}}',
    "nothing but brackets": b"[" * 100_000,
    "a number": b"12",
    "not a number": b'{"usage":{"prompt_tokens":NaN}}',
}


@every
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bodies_are_bad_answers(name: str, body: bytes) -> None:
    """Depth and size cannot crash or hang a decoder."""
    assert outcome(name, body, streamed=False)[1] is not None
    assert outcome(name, b"data: " + body + b"\n\n")[1] is not None
    assert load(name).error(400, {}, body).error_class in ErrorClass


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'"a\\ud800b"', "a\ufffdb"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"a\xffb"', "a\ufffdb"),
    ],
    ids=["lone surrogate", "a pair", "no utf-8"],
)
def test_half_a_character_costs_no_words(raw: bytes, text: str) -> None:
    """What cannot be read becomes U+FFFD, and the rest is kept."""
    body = b'{"choices":[{"index":0,"message":{"content":' + raw + b'},"finish_reason":"stop"}]}'

    assert folded(read("openai-chat", body, streamed=False)).text == text


def test_a_shape_error_behind_half_a_character_is_still_told() -> None:
    """The generous reading checks types as well."""
    body = b'{"model":"\\ud800","choices":5}'

    assert outcome("openai-chat", body, streamed=False)[1] == ErrorClass.BAD_RESPONSE


@every
def test_usage_stands_before_the_finish(name: str) -> None:
    """`Finished` is always the last word."""
    events = read(name, STREAMS[name])

    assert isinstance(events[-2], UsageReported)
    assert isinstance(events[-1], Finished)


@every
def test_an_error_body_of_any_kind_is_told_in_one_line(name: str) -> None:
    """Every protocol reads errors with the same table."""
    error = load(name).error(401, {"x-should-retry": "false"}, b'{"error":{"message":"no\\nkey"}}')

    assert (error.error_class, error.message, error.retry) == (ErrorClass.AUTH, "no key", False)
    assert one_line(error.message) == error.message
