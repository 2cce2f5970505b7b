"""Cohere's Chat API, streamed and whole."""

import json
from typing import Any

import pytest

from tests.support.protocols import a_request, folded, outcome, read, sent, sse
from ultra.core.answer import ToolCall
from ultra.core.errors import CallError, ErrorClass
from ultra.core.request import Media, Message, Sampling, Text, said
from ultra.core.stream import (
    Finished,
    ReasoningDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ultra.core.usage import Usage
from ultra.providers.protocols import load

NAME = "cohere-v2"
USAGE = {
    "billed_units": {"input_tokens": 23, "output_tokens": 41},
    "tokens": {"input_tokens": 906, "output_tokens": 77, "reasoning_tokens": 7},
    "cached_tokens": 6.0,
}


def event(kind: str, index: int | None = None, **message: Any) -> dict[str, Any]:
    place = {} if index is None else {"index": index}
    return {"type": kind, **place, "delta": {"message": message}}


START = {"type": "message-start", "id": "m1", "delta": {"message": {"role": "assistant"}}}


def end(reason: str | None = "COMPLETE", **rest: Any) -> dict[str, Any]:
    return {"type": "message-end", "delta": {"finish_reason": reason, **rest}}


def plain(message: dict[str, Any], reason: str | None = "COMPLETE", **rest: Any) -> bytes:
    whole = {"id": "m1", "message": {"role": "assistant", **message}, "finish_reason": reason}
    return json.dumps({**whole, **rest}).encode()


def test_a_stream_is_read_as_the_documents_say() -> None:
    """Thinking, words, and usage at the end; citations and the like say nothing."""
    body = sse(
        START,
        event("content-start", 0, content={"type": "thinking", "thinking": ""}),
        event("content-delta", 0, content={"thinking": "hm"}),
        {"type": "content-end", "index": 0},
        event("content-start", 1, content={"type": "text", "text": ""}),
        event("content-delta", 1, content={"text": "Hel"}),
        event("content-delta", 1, content={"text": "lo"}),
        event("citation-start", 0, citations={"start": 0, "end": 5, "text": "Hello"}),
        {"type": "citation-end", "index": 0},
        {"type": "content-end", "index": 1},
        {"type": "debug", "prompt": "..."},
        end(usage=USAGE),
        done=True,
    )

    usage = Usage(900, cache_read_tokens=6, text_output_tokens=70, reasoning_tokens=7)
    assert read(NAME, body) == [
        ResponseStarted(request_id="m1"),
        ReasoningDelta("hm"),
        TextDelta("Hel"),
        TextDelta("lo"),
        UsageReported(usage, billed=Usage(23, text_output_tokens=41)),
        Finished("stop", "COMPLETE"),
    ]


def test_tools_are_planned_and_called_in_pieces() -> None:
    """The plan is thinking; each call has an index of its own."""
    body = sse(
        START,
        event("tool-plan-delta", tool_plan="I will "),
        event("tool-plan-delta", tool_plan="look"),
        event("tool-call-start", 0, tool_calls={"id": "a", "function": {"name": "f"}}),
        event("tool-call-delta", 0, tool_calls={"function": {"arguments": '{"x"'}}),
        event("tool-call-delta", 0, tool_calls={"function": {"arguments": ":1}"}}),
        {"type": "tool-call-end", "index": 0},
        event("tool-call-start", 1, tool_calls={"id": "b", "function": {"name": "g"}}),
        event("tool-call-delta", 1, tool_calls={"function": {"arguments": "{}"}}),
        end("TOOL_CALL"),
    )

    events = read(NAME, body)

    assert events[3] == ToolCallDelta(0, "a", "f")
    built = folded(events)
    assert (built.text, built.reasoning) == ("", "I will look")
    assert built.tool_calls == (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", "{}"))
    assert events[-1] == Finished("tool_call", "TOOL_CALL")


def test_a_whole_answer_says_the_same() -> None:
    """Plan, thinking, words and calls of one message."""
    calls = [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]
    parts = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Hi"}]
    message = {"tool_plan": "plan ", "content": parts, "tool_calls": calls, "citations": [{}]}

    built = folded(read(NAME, plain(message, "TOOL_CALL", usage=USAGE), streamed=False))

    assert (built.text, built.reasoning) == ("Hi", "plan hm")
    assert [call.name for call in built.tool_calls] == ["f", "g"]
    assert built.billed == Usage(23, text_output_tokens=41)
    assert built.request_id == "m1"


def test_content_may_be_a_string() -> None:
    """As it is in requests."""
    assert folded(read(NAME, plain({"content": "Hi"}), streamed=False)).text == "Hi"


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("COMPLETE", "stop"),
        ("STOP_SEQUENCE", "stop"),
        ("MAX_TOKENS", "length"),
        ("TOOL_CALL", "tool_call"),
        ("ERROR", "error"),
        ("TIMEOUT", "error"),
        ("ERROR_TOXIC", "content_filter"),
        ("NEW", "other"),
    ],
)
@pytest.mark.parametrize("streamed", [True, False])
def test_every_reason_for_the_end_is_known(native: str, reason: str, streamed: bool) -> None:
    """A word that is not known is `other`."""
    body = sse(START, event("content-delta", 0, content={"text": "x"}), end(native))
    whole = plain({"content": [{"type": "text", "text": "x"}]}, native)

    events = read(NAME, body if streamed else whole, streamed=streamed)

    assert events[-1] == Finished(reason, native)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("native", "expected"),
    [
        ("ERROR", ErrorClass.SERVER),
        ("TIMEOUT", ErrorClass.TIMEOUT),
        ("ERROR_TOXIC", ErrorClass.CONTENT_FILTER),
        ("NEW", ErrorClass.BAD_RESPONSE),
    ],
)
def test_an_end_with_a_message_is_an_error(native: str, expected: ErrorClass) -> None:
    """What had come before it is kept."""
    body = sse(START, event("content-delta", 0, content={"text": "x"}), end(native, error="broke"))

    events, error = outcome(NAME, body)

    assert (folded(events).text, error) == ("x", expected)


def test_an_error_may_stand_where_an_event_should() -> None:
    """The body of an error as an event, and as an answer of status 200."""
    broken = {"id": "e1", "message": "too many requests"}

    with pytest.raises(CallError, match="too many"):
        read(NAME, sse(START, broken))
    with pytest.raises(CallError, match="too many"):
        read(NAME, json.dumps(broken).encode(), streamed=False)


def test_an_error_keeps_its_words_and_its_id() -> None:
    """The id is what Cohere wants quoted; a page of a proxy has none."""
    protocol = load(NAME)
    error = protocol.error(404, {}, b'{"id": "e1", "message": "model \'x\' not found"}')

    assert error.error_class is ErrorClass.MODEL_NOT_FOUND
    assert (error.request_id, error.message) == ("e1", "model 'x' not found")
    for page in (b"<html>", b"\xff", b'{"id": 5}'):
        assert protocol.error(502, {}, page).request_id is None


def test_an_answer_that_says_nothing_at_all_is_none() -> None:
    """Neither words nor a reason for the end."""
    assert outcome(NAME, plain({}, None), streamed=False)[1] is ErrorClass.BAD_RESPONSE
    assert outcome(NAME, sse(START, done=True))[1] is ErrorClass.BAD_RESPONSE


def test_a_message_that_starts_twice_is_one() -> None:
    """And one that does not start at all is heard too."""
    twice = read(NAME, sse(START, START, event("content-delta", 0, content={"text": "x"}), end()))
    late = read(NAME, sse(event("content-delta", 0, content={"text": "x"}), START, end()))

    assert sum(isinstance(one, ResponseStarted) for one in twice) == 1
    assert late == [TextDelta("x"), Finished("stop", "COMPLETE")]


@pytest.mark.parametrize(
    ("usage", "expected", "billed"),
    [
        ({"billed_units": {"input_tokens": 3, "output_tokens": 4}}, Usage(3), True),
        ({"tokens": {"input_tokens": 3, "output_tokens": 4}}, Usage(3), False),
        (
            {"tokens": {"input_tokens": 3, "output_tokens": 4}, "cached_tokens": 9},
            Usage(0, cache_read_tokens=3),
            False,
        ),
        (
            {"tokens": {"input_tokens": 3, "output_tokens": 4, "reasoning_tokens": 9}},
            Usage(3, reasoning_tokens=4),
            False,
        ),
    ],
)
def test_parts_of_a_count_never_exceed_it(
    usage: dict[str, Any], expected: Usage, billed: bool
) -> None:
    """Where only what is billed is told, it stands for both."""
    built = folded(read(NAME, plain({"content": "x"}, usage=usage), streamed=False))

    assert built.usage is not None
    assert built.usage.input_tokens == 3
    assert built.usage.output_tokens == 4
    assert built.usage.cache_read_tokens == expected.cache_read_tokens
    assert built.usage.reasoning_tokens == expected.reasoning_tokens
    assert (built.billed is not None) == billed


def test_a_request_says_all_that_was_asked() -> None:
    """Cohere has names of its own for some of it; documents pass through."""
    request = a_request(
        NAME,
        said("system", "be brief"),
        said("user", "hi"),
        sampling=Sampling(
            temperature=0.5,
            top_p=0.9,
            max_output_tokens=64,
            stop=("END",),
            seed=7,
            reasoning_effort="low",
            extra={"documents": ["d"]},
        ),
    )

    assert sent(request) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "hi"},
        ],
        "stream": True,
        "temperature": 0.5,
        "p": 0.9,
        "max_tokens": 64,
        "stop_sequences": ["END"],
        "seed": 7,
        "thinking": {"type": "enabled", "token_budget": 1024},
        "documents": ["d"],
    }
    assert load(NAME).request(request).path == "/v2/chat"


@pytest.mark.parametrize(
    ("effort", "thinking"),
    [("none", {"type": "disabled"}), ("whole", {"type": "enabled"})],
)
def test_an_effort_becomes_a_budget_or_a_switch(effort: str, thinking: dict[str, Any]) -> None:
    """A word that has no budget leaves it to the model."""
    body = sent(a_request(NAME, sampling=Sampling(reasoning_effort=effort)))

    assert body["thinking"] == thinking


def test_a_schema_is_asked_for_in_form_and_in_words() -> None:
    """Without the words a model may write blanks until it is cut."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}

    body = sent(a_request(NAME, json_schema=schema))

    assert body["response_format"] == {"type": "json_object", "json_schema": schema}
    assert json.dumps(schema) in body["messages"][0]["content"]


def test_pictures_and_text_can_be_attached() -> None:
    """Text goes in as words."""
    png = Media("image/png", data=b"png")
    note = Media("text/plain", data=b"x", name="n")
    turn = Message("user", (png, note, Text("look")))

    assert sent(a_request(NAME, turn))["messages"][0]["content"] == [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}},
        {"type": "text", "text": '<file name="n">\nx\n</file>\n'},
        {"type": "text", "text": "look"},
    ]
    for bad in (
        Message("user", (Media("application/pdf", data=b"%PDF"),)),
        Message("assistant", (png,)),
    ):
        with pytest.raises(CallError, match="cannot attach"):
            sent(a_request(NAME, bad))


def test_models_are_listed_a_page_at_a_time() -> None:
    """Those that can chat; a profile may name another path."""
    protocol = load(NAME)
    endpoint = a_request(NAME).target.endpoint

    assert protocol.models_request(endpoint).path == "/v1/models"
    assert protocol.models_request(endpoint, "t2").query["page_token"] == "t2"
    page = {"models": [{"name": "command", "context_length": 9.0}], "next_page_token": "t2"}
    models, cursor = protocol.models(json.dumps(page).encode())
    assert (models[0].id, models[0].context_window, cursor) == ("command", 9, "t2")
    assert protocol.models(b'{"models": []}') == ([], None)
    with pytest.raises(CallError, match="not JSON"):
        protocol.models(b"oops")
