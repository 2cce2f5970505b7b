"""The Messages API: every event of the documents."""

import json
from typing import Any

import pytest

from tests.support.protocols import a_request, folded, outcome, read, sent
from ultra.core.answer import ToolCall
from ultra.core.errors import CallError, ErrorClass
from ultra.core.request import Media, Message, Sampling, Text, said
from ultra.core.stream import (
    Finished,
    ReasoningDelta,
    ResponseStarted,
    TextDelta,
    UsageReported,
)
from ultra.core.usage import Usage
from ultra.providers.protocols import load

NAME = "anthropic-messages"


def events(*rows: dict[str, Any]) -> bytes:
    return "".join(f"event: {row['type']}\ndata: {json.dumps(row)}\n\n" for row in rows).encode()


def start(**usage: Any) -> dict[str, Any]:
    message: dict[str, Any] = {"id": "msg_1", "model": "claude", "usage": usage or None}
    return {"type": "message_start", "message": message}


def block(index: int, **block_: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block_}


def delta(index: int, **delta_: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta_}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def ending(reason: str | None, **usage: Any) -> list[dict[str, Any]]:
    change = {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage or None}
    return [change, {"type": "message_stop"}]


def whole(content: list[dict[str, Any]], reason: str | None = "end_turn", **more: Any) -> bytes:
    message = {"id": "msg_1", "type": "message", "model": "claude", "content": content}
    return json.dumps({**message, "stop_reason": reason, **more}).encode()


STARTED = ResponseStarted("claude")


def test_a_stream_is_read_as_the_documents_say() -> None:
    """Thinking, words, pings and two parts of one count."""
    body = events(
        start(input_tokens=10, output_tokens=1, cache_read_input_tokens=4),
        {"type": "ping"},
        block(0, type="thinking", thinking=""),
        delta(0, type="thinking_delta", thinking="hm"),
        delta(0, type="signature_delta", signature="abc"),
        stop(0),
        block(1, type="text", text=""),
        delta(1, type="text_delta", text="Hel"),
        delta(1, type="text_delta", text="lo"),
        delta(1, type="citations_delta", citation={}),
        stop(1),
        {"type": "something_new", "payload": 1},
        *ending("end_turn", output_tokens=7),
    )

    assert read(NAME, body) == [
        STARTED,
        UsageReported(Usage(10, 4), "partial"),
        ReasoningDelta("hm"),
        TextDelta("Hel"),
        TextDelta("lo"),
        UsageReported(Usage(10, 4, text_output_tokens=7)),
        Finished("stop", "end_turn"),
    ]


def test_a_whole_answer_is_read_like_its_stream() -> None:
    """Blocks of every kind, read in order."""
    content: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "hm", "signature": "abc"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": 1}},
        {"type": "web_search_tool_result", "content": [{"type": "web_search_result"}]},
        {"type": "text", "text": "Hello"},
    ]
    usage = {"input_tokens": 3, "output_tokens": 9, "output_tokens_details": {"thinking_tokens": 4}}

    assert read(NAME, whole(content, usage=usage), streamed=False) == [
        STARTED,
        ReasoningDelta("hm"),
        TextDelta("Hello"),
        UsageReported(Usage(3, text_output_tokens=5, reasoning_tokens=4)),
        Finished("stop", "end_turn"),
    ]


def test_tool_calls_are_spelled_out() -> None:
    """Input comes in pieces, whole, or not at all."""
    body = events(
        start(),
        block(0, type="tool_use", id="a", name="f", input={}),
        delta(0, type="input_json_delta", partial_json=""),
        delta(0, type="input_json_delta", partial_json='{"x":'),
        delta(0, type="input_json_delta", partial_json="1}"),
        stop(0),
        block(1, type="server_tool_use", id="s", name="web_search"),
        delta(1, type="input_json_delta", partial_json="{}"),
        stop(1),
        block(2, type="tool_use", id="b", name="g", input={}),
        stop(2),
        *ending("tool_use"),
    )
    first = {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}
    second = {"type": "tool_use", "id": "b", "name": "g", "input": {}}
    plain = whole([first, second], "tool_use")
    expected = (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", "{}"))

    streamed = folded(read(NAME, body))
    assert (streamed.tool_calls, streamed.finished) == (expected, Finished("tool_call", "tool_use"))
    assert folded(read(NAME, plain, streamed=False)).tool_calls == expected


def test_two_starts_are_one_message() -> None:
    """A start that is sent twice changes nothing."""
    rest = [block(0, type="text", text="a"), *ending("end_turn", output_tokens=2)]
    once = events(start(input_tokens=5), *rest)
    twice = events(start(input_tokens=5), start(input_tokens=9), *rest)

    assert read(NAME, twice) == read(NAME, once)


def test_an_error_event_is_an_error() -> None:
    """After a 200 an error has the same types as before it."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    body = events(start(), block(0, type="text", text="par"), error)

    said_, error_class = outcome(NAME, body)
    assert (folded(said_).text, error_class) == ("par", ErrorClass.OVERLOADED)


@pytest.mark.parametrize(
    "tail",
    [[], ending(None), [{"type": "message_stop"}], [{"type": "content_block_whatever"}]],
    ids=["cut", "no reason", "stop only", "unknown"],
)
def test_a_stream_without_a_stop_reason_is_a_failure(tail: list[dict[str, Any]]) -> None:
    """The end of the connection is no end of the answer."""
    said_, error = outcome(NAME, events(start(), block(0, type="text", text="par"), *tail))

    assert (folded(said_).text, error) == ("par", ErrorClass.BAD_RESPONSE)


def test_a_stop_reason_is_enough() -> None:
    """`message_stop` may be lost, and proxies add a `[DONE]`."""
    body = events(start(), block(0, type="text", text="a"), ending("end_turn")[0])

    assert read(NAME, body + b"data: [DONE]\n\n")[-1] == Finished("stop", "end_turn")


def test_events_without_their_parts_say_nothing() -> None:
    """Missing objects are not a crash."""
    bare = [
        {"type": kind} for kind in ("message_start", "content_block_start", "content_block_delta")
    ]
    body = events(*bare, {"type": "message_start", "message": "x"}, *ending("end_turn"))

    assert read(NAME, body) == [Finished("stop", "end_turn")]


@pytest.mark.parametrize(
    ("native", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_call"),
        ("refusal", "content_filter"),
        ("pause_turn", "other"),
    ],
)
def test_stop_reasons_are_normalised_and_kept(native: str, expected: str) -> None:
    """Anthropic's own word stays beside ours."""
    finished = read(NAME, whole([], native), streamed=False)[-1]

    assert isinstance(finished, Finished)
    assert (finished.finish_reason, finished.native) == (expected, native)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {"input_tokens": 1, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 3,
             "output_tokens": 4},
            Usage(1, 2, 3, text_output_tokens=4),
        ),
        (
            {"input_tokens": 1, "cache_creation_input_tokens": 30, "output_tokens": 4,
             "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}},
            Usage(1, None, 10, 20, text_output_tokens=4),
        ),
        ({"cache_creation": {"ephemeral_1h_input_tokens": 2}}, Usage(None, None, None, 2)),
        ({"output_tokens_details": {"thinking_tokens": 5}}, Usage(reasoning_tokens=5)),
        (
            {"output_tokens": 3, "output_tokens_details": {"thinking_tokens": 5}},
            Usage(text_output_tokens=0, reasoning_tokens=3),
        ),
    ],
    ids=str,
)  # fmt: skip
def test_usage_is_split_into_kinds_that_do_not_overlap(
    usage: dict[str, Any], expected: Usage
) -> None:
    """Input excludes the cache, output includes thinking; one-hour writes stand apart."""
    body = whole([{"type": "text", "text": "a"}], usage=usage)

    assert folded(read(NAME, body, streamed=False)).usage == expected


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"error","error":{"type":"api_error","message":"no"}}',
        b"{}",
        b'{"content":null}',
        b'{"content":[],"stop_reason":null}',
    ],
)
def test_a_whole_body_that_is_no_answer_is_an_error(body: bytes) -> None:
    """An error or nothing inside a 200 is never an empty answer."""
    with pytest.raises(CallError):
        read(NAME, body, streamed=False)


def test_a_whole_answer_without_a_stop_reason_is_an_answer() -> None:
    """Only the reason is unknown."""
    body = whole([{"type": "text", "text": "a"}], None)

    assert read(NAME, body, streamed=False)[-1] == Finished("other")


def test_the_body_has_what_was_asked_for_and_a_cap() -> None:
    """The API demands `max_tokens`: the user's, the catalog's, or 4096."""
    own = sent(a_request(NAME, sampling=Sampling(max_output_tokens=9)))
    known = sent(a_request(NAME, target={"max_output_tokens": 64}))

    assert sent(a_request(NAME, stream=False)) == {
        "model": "m",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "hello"}],
        "stream": False,
    }
    assert (own["max_tokens"], known["max_tokens"]) == (9, 64)


@pytest.mark.parametrize(
    ("window", "cap"),
    [(None, 64_000), (200_000, 64_000), (100_000, 33_317), (70_000, 4096), (10, 4096)],
    ids=["unknown", "wide", "narrow", "least", "none"],
)
def test_a_cap_nobody_asked_for_leaves_room_for_the_prompt(window: int | None, cap: int) -> None:
    """Prompt and cap must fit the window together, or the request is refused."""
    known = {"max_output_tokens": 64_000, "context_window": window}
    long = said("user", "x" * 200_025)

    body = sent(a_request(NAME, long, target=known))

    assert body["max_tokens"] == cap


def test_system_prompts_and_options_have_their_fields() -> None:
    """The system prompt is no message; what is extra comes last."""
    turns = (said("system", "s"), said("user", "u"), said("system", "t"), said("assistant", "a"))
    sampling = Sampling(0.5, 0.9, 100, ("END",), 7, None, {"top_k": 3})
    wire = load(NAME).request(a_request(NAME, *turns, sampling=sampling))

    assert json.loads(wire.body) == {
        "model": "m",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}],
        "stream": True,
        "system": "s\n\nt",
        "temperature": 0.5,
        "top_p": 0.9,
        "stop_sequences": ["END"],
        "top_k": 3,
    }
    assert (wire.path, wire.headers["anthropic-version"]) == ("/messages", "2023-06-01")


@pytest.mark.parametrize(
    ("model", "effort", "cap", "thinking", "max_tokens"),
    [
        ("claude-sonnet-4-5", "low", None, {"type": "enabled", "budget_tokens": 1024}, 5120),
        (
            "claude-3-7-sonnet-latest",
            "medium",
            None,
            {"type": "enabled", "budget_tokens": 8192},
            12288,
        ),
        (
            "claude-opus-4-20250514",
            "whatever",
            None,
            {"type": "enabled", "budget_tokens": 24576},
            28672,
        ),
        (
            "claude-sonnet-4-5-20250929",
            "high",
            2000,
            {"type": "enabled", "budget_tokens": 1999},
            2000,
        ),
        ("claude-sonnet-4-5", "high", 10, {"type": "enabled", "budget_tokens": 1024}, 10),
        ("claude-opus-4-6", "none", None, {"type": "disabled"}, 4096),
    ],
)
def test_effort_becomes_a_budget_for_models_that_think_within_one(
    model: str, effort: str, cap: int | None, thinking: dict[str, Any], max_tokens: int
) -> None:
    """The budget counts within the cap, so the cap grows unless the user set it."""
    sampling = Sampling(reasoning_effort=effort, max_output_tokens=cap)
    body = sent(a_request(NAME, model=model, sampling=sampling))

    assert (body["thinking"], body["max_tokens"]) == (thinking, max_tokens)


@pytest.mark.parametrize("model", ["claude-opus-4-6", "claude-sonnet-4-6", "claude-opus-5", "new"])
def test_effort_goes_as_it_is_to_later_models(model: str) -> None:
    """Models from 4.6 on adapt their thinking to an effort."""
    body = sent(a_request(NAME, model=model, sampling=Sampling(reasoning_effort="minimal")))

    assert body["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert body["output_config"] == {"effort": "low"}


def test_a_schema_is_closed_and_goes_beside_the_effort() -> None:
    """Anthropic takes closed objects only; both settings share one field."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": [{"type": "object"}]}},
    }
    request = a_request(NAME, json_schema=schema, sampling=Sampling(reasoning_effort="high"))

    assert sent(request)["output_config"] == {
        "effort": "high",
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "properties": {
                    "a": {
                        "type": "array",
                        "items": [{"type": "object", "additionalProperties": False}],
                    }
                },
                "additionalProperties": False,
            },
        },
    }


def test_attachments_take_the_form_of_their_kind() -> None:
    """Pictures, documents, links and text."""
    parts = (
        Text("see"),
        Media("image/png", b"\x89P", name="p.png"),
        Media("application/pdf", b"%PDF", name="d.pdf"),
        Media("application/pdf", url="https://x.y/d.pdf"),
        Media("text/plain", b"one", name="a.txt"),
    )

    assert sent(a_request(NAME, Message("user", parts)))["messages"][0]["content"] == [
        {"type": "text", "text": "see"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVA="}},
        {"type": "document", "title": "d.pdf",
         "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="}},
        {"type": "document", "source": {"type": "url", "url": "https://x.y/d.pdf"}},
        {"type": "text", "text": '<file name="a.txt">\none\n</file>\n'},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("media", "role"),
    [
        (Media("audio/wav", b"x", name="s.wav"), "user"),
        (Media("image/tiff", b"x", name="s.tiff"), "user"),
        (Media("image/png", b"x", name="s.png"), "system"),
    ],
    ids=str,
)
def test_what_cannot_be_attached_is_refused(media: Media, role: Any) -> None:
    """The error names the attachment and says that nothing left."""
    with pytest.raises(CallError, match=media.name) as caught:
        load(NAME).request(a_request(NAME, Message(role, (media,))))

    assert (caught.value.error_class, caught.value.sent) == (ErrorClass.INVALID_REQUEST, False)


def test_live_models_come_page_by_page() -> None:
    """The cursor of a page asks for the next."""
    row = {"id": "claude", "created_at": "1970-01-01T00:01:00Z", "max_input_tokens": 200000}
    bare = {"id": "other"}
    page = json.dumps({"data": [row, bare], "has_more": True, "last_id": "other"}).encode()
    endpoint = a_request(NAME).target.endpoint

    models, cursor = load(NAME).models(page)
    assert [(m.id, m.context_window, m.created) for m in models] == [
        ("claude", 200000, 60.0), ("other", None, None),
    ]  # fmt: skip
    assert cursor == "other"
    assert load(NAME).models_request(endpoint, cursor).query == {
        "limit": "1000",
        "after_id": "other",
    }
    assert load(NAME).models_request(endpoint).query == {"limit": "1000"}
    assert load(NAME).models(b'{"data": [], "last_id": "x"}') == ([], None)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"data": [{}]}'])
def test_what_is_no_list_of_models_is_an_error(body: bytes) -> None:
    """A wrong base URL is told, not shown as an empty list."""
    with pytest.raises(CallError):
        load(NAME).models(body)
