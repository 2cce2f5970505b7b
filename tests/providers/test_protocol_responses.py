"""The Responses API, streamed and whole."""

import json
from typing import Any

import pytest

from tests.support.protocols import a_request, folded, outcome, read, sent, sse
from ultra.core.answer import ToolCall
from ultra.core.errors import CallError, ErrorClass
from ultra.core.model import Quirks
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

NAME = "openai-responses"
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}
USAGE = {
    "input_tokens": 30,
    "input_tokens_details": {"cached_tokens": 10},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 39,
}
CALL = {"type": "function_call", "id": "fc", "call_id": "c1", "name": "f", "arguments": '{"a":1}'}


def event(kind: str, **rest: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", "sequence_number": 0, **rest}


def response(status: str = "completed", *output: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "model": "gpt",
        "status": status,
        "error": None,
        "output": list(output),
        **rest,
    }


def words(text: str) -> dict[str, Any]:
    return {"type": "message", "content": [{"type": "output_text", "text": text}]}


def plain(*output: dict[str, Any], **rest: Any) -> bytes:
    return json.dumps(response(rest.pop("status", "completed"), *output, **rest)).encode()


BEGUN = event("created", response=response("in_progress"))
ENDED = event("completed", response=response("completed", usage=USAGE))


def test_a_stream_is_read_as_the_documents_say() -> None:
    """A summary, words, and the usage of the completed response, each told once."""
    summary = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hmm"}]}
    body = sse(
        BEGUN,
        event("in_progress", response=response("in_progress")),
        event("output_item.added", output_index=0, item={"type": "reasoning", "summary": []}),
        event("reasoning_summary_text.delta", output_index=0, summary_index=0, delta="h"),
        event("reasoning_summary_text.delta", output_index=0, summary_index=0, delta="mm"),
        event("reasoning_summary_text.done", output_index=0, summary_index=0, text="hmm"),
        event("output_item.done", output_index=0, item=summary),
        event("output_item.added", output_index=1, item={"type": "message", "content": []}),
        event("output_text.delta", output_index=1, content_index=0, delta="Hel"),
        event("output_text.delta", output_index=1, content_index=0, delta="lo"),
        event("output_text.annotation.added", output_index=1, annotation={"type": "url"}),
        event("output_text.done", output_index=1, content_index=0, text="Hello"),
        event("output_item.done", output_index=1, item=words("Hello")),
        event("completed", response=response("completed", summary, words("Hello"), usage=USAGE)),
    )

    assert read(NAME, body) == [
        ResponseStarted("gpt", "resp_1"),
        ReasoningDelta("h"),
        ReasoningDelta("mm"),
        TextDelta("Hel"),
        TextDelta("lo"),
        UsageReported(Usage(20, cache_read_tokens=10, text_output_tokens=5, reasoning_tokens=4)),
        Finished("stop", "completed"),
    ]


def test_a_text_without_deltas_is_taken_from_where_it_is_whole() -> None:
    """From its `done` event, from its item, or from the completed response."""
    done = event("output_text.done", output_index=0, content_index=0, text="Hi")
    item = event("output_item.done", output_index=0, item=words("Hi"))
    whole = event("completed", response=response("completed", words("Hi")))

    for rows in ((BEGUN, done, item, whole), (BEGUN, item, whole), (BEGUN, whole), (whole,)):
        builder = folded(read(NAME, sse(*rows)))
        assert (builder.text, builder.resolved_model) == ("Hi", "gpt")


def test_parts_of_a_summary_are_paragraphs() -> None:
    """Each part has a heading of its own; run together they could not be read."""
    one, two = ({"type": "summary_text", "text": text} for text in ("**A** a", "**B** b"))
    item = {"type": "reasoning", "summary": [one, two]}
    streamed = sse(
        event("reasoning_summary_text.delta", output_index=0, summary_index=0, delta="**A** a"),
        event("reasoning_summary_text.delta", output_index=0, summary_index=1, delta="**B** b"),
        ENDED,
    )

    assert folded(read(NAME, streamed)).reasoning == "**A** a\n\n**B** b"
    whole = read(NAME, plain(item, words("x")), streamed=False)
    assert folded(whole).reasoning == "**A** a\n\n**B** b"


def test_reasoning_in_full_is_told_where_there_is_no_summary() -> None:
    """Of both, the one that came first."""
    full = {"type": "reasoning_text", "text": "all of it"}
    both = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "s"}]}
    streamed = sse(
        event("reasoning_text.delta", output_index=0, content_index=0, delta="all of it"),
        event("output_item.done", output_index=0, item={**both, "content": [full]}),
        ENDED,
    )
    only = {"type": "reasoning", "summary": [], "content": [full]}

    assert folded(read(NAME, streamed)).reasoning == "all of it"
    assert folded(read(NAME, plain(only), streamed=False)).reasoning == "all of it"
    told = folded(read(NAME, plain({**both, "content": [full]}), streamed=False))
    assert told.reasoning == "s"


def test_a_function_call_is_told_in_pieces_and_ends_the_answer() -> None:
    """The id that its result must quote, the name, and the arguments as they are written."""
    begun = {**CALL, "arguments": ""}
    other = {**CALL, "call_id": "c2", "name": "g", "arguments": "{}"}
    body = sse(
        BEGUN,
        event("output_item.added", output_index=1, item=begun),
        event("function_call_arguments.delta", output_index=1, delta='{"a"'),
        event("function_call_arguments.delta", output_index=1, delta=":1}"),
        event("function_call_arguments.done", output_index=1, arguments='{"a":1}'),
        event("output_item.done", output_index=1, item=CALL),
        event("output_item.added", output_index=2, item={**other, "arguments": ""}),
        event("function_call_arguments.done", output_index=2, arguments="{}"),
        event("output_item.done", output_index=2, item=other),
        ENDED,
    )

    events = read(NAME, body)

    assert events[1] == ToolCallDelta(0, "c1", "f")
    assert folded(events).tool_calls == (ToolCall("c1", "f", '{"a":1}'), ToolCall("c2", "g", "{}"))
    assert events[-1] == Finished("tool_call", "completed")


@pytest.mark.parametrize("streamed", [True, False])
def test_a_call_that_is_told_only_whole_is_told(streamed: bool) -> None:
    """In its item, or in the answer that is no stream."""
    body = sse(BEGUN, event("output_item.done", output_index=0, item=CALL), ENDED)

    events = read(NAME, body if streamed else plain(CALL), streamed=streamed)

    assert folded(events).tool_calls == (ToolCall("c1", "f", '{"a":1}'),)
    assert events[-1] == Finished("tool_call", "completed")


def test_arguments_of_a_call_that_was_not_announced_are_kept() -> None:
    """The item that completes it gives the name."""
    body = sse(
        event("function_call_arguments.delta", output_index=0, delta='{"a":1}'),
        event("output_item.done", output_index=0, item=CALL),
        ENDED,
    )

    assert folded(read(NAME, body)).tool_calls == (ToolCall("c1", "f", '{"a":1}'),)


@pytest.mark.parametrize("streamed", [True, False])
def test_a_custom_tool_is_the_callers_only_if_the_request_named_it(streamed: bool) -> None:
    """xAI reports searches that it makes itself as calls of custom tools."""
    call = {"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": "select 1"}
    for tools, expected in (
        ([{"type": "custom", "name": "sql"}], (ToolCall("c", "sql", "select 1"),)),
        ([{"type": "x_search"}], ()),
    ):
        begun = event("created", response=response("in_progress", tools=tools))
        body = sse(
            begun,
            event("output_item.added", output_index=0, item={**call, "input": ""}),
            event("custom_tool_call_input.delta", output_index=0, delta="select 1"),
            event("custom_tool_call_input.done", output_index=0, input="select 1"),
            event("output_item.done", output_index=0, item=call),
            ENDED,
        )
        whole = plain(call, words(""), tools=tools)
        events = read(NAME, body if streamed else whole, streamed=streamed)
        assert folded(events).tool_calls == expected


def test_searches_of_the_server_are_not_told() -> None:
    """Their items have shapes of their own, which must not spoil the answer."""
    search = {"type": "web_search_call", "action": {"query": "q"}, "content": 5, "summary": "s"}
    body = sse(
        BEGUN,
        event("output_item.added", output_index=0, item=search),
        event("web_search_call.searching", output_index=0),
        event("output_item.done", output_index=0, item=search),
        event("output_text.delta", output_index=1, delta="found"),
        ENDED,
    )

    assert folded(read(NAME, body)).text == "found"
    assert folded(read(NAME, plain(search, words("found")), streamed=False)).text == "found"


def test_words_after_a_call_end_the_answer_as_words() -> None:
    """Only a call that comes last asks the caller for something; thinking after it does not."""
    assert read(NAME, plain(CALL, words("x")), streamed=False)[-1].finish_reason == "stop"  # type: ignore[union-attr]
    thinking = {"type": "reasoning", "summary": []}
    last = read(NAME, plain(CALL, thinking), streamed=False)[-1]
    assert last == Finished("tool_call", "completed")


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("max_output_tokens", "length"),
        ("content_filter", "content_filter"),
        ("tired", "other"),
        (None, "other"),
    ],
)
def test_an_incomplete_answer_says_why(reason: str | None, finish: str) -> None:
    """The reason stands beside the status; what came counts."""
    details = {"reason": reason} if reason else None
    ended = response("incomplete", words("par"), incomplete_details=details)
    streamed = sse(BEGUN, event("incomplete", response=ended))

    for events in (
        read(NAME, streamed),
        read(NAME, json.dumps(ended).encode(), streamed=False),
    ):
        assert events[-1] == Finished(finish, reason or "incomplete")  # type: ignore[arg-type]
        assert folded(events).text == "par"


@pytest.mark.parametrize("streamed", [True, False])
def test_a_refusal_is_words_and_a_content_filter(streamed: bool) -> None:
    """What the model says instead is shown, and is no answer."""
    item = {"type": "message", "content": [{"type": "refusal", "refusal": "I cannot"}]}
    body = sse(
        event("refusal.delta", output_index=0, content_index=0, delta="I cannot"),
        event("refusal.done", output_index=0, content_index=0, refusal="I cannot"),
        event("output_item.done", output_index=0, item=item),
        ENDED,
    )

    events = read(NAME, body if streamed else plain(item), streamed=streamed)

    assert folded(events).text == "I cannot"
    assert events[-1] == Finished("content_filter", "completed")


def test_an_answer_that_waits_in_the_background_is_none_yet() -> None:
    """It is not an error either: the provider says `queued`."""
    events = read(NAME, plain(status="queued", background=True), streamed=False)

    assert events == [ResponseStarted("gpt", "resp_1"), Finished("other", "queued")]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("server_error", ErrorClass.SERVER),
        ("rate_limit_exceeded", ErrorClass.RATE_LIMIT),
        ("invalid_image_format", ErrorClass.INVALID_REQUEST),
        ("image_content_policy_violation", ErrorClass.CONTENT_FILTER),
        ("vector_store_timeout", ErrorClass.TIMEOUT),
    ],
)
@pytest.mark.parametrize("form", ["failed", "error", "plain"])
def test_a_failure_inside_an_answer_has_the_class_of_its_code(
    code: str, expected: ErrorClass, form: str
) -> None:
    """In `response.failed`, in an `error` event, and in the body of a background response."""
    why = {"code": code, "message": "it broke"}
    bodies = {
        "failed": sse(BEGUN, event("failed", response=response("failed", error=why))),
        "error": sse(BEGUN, {"type": "error", "param": None, **why}),
        "plain": plain(status="failed", error=why),
    }

    with pytest.raises(CallError, match="it broke") as caught:
        read(NAME, bodies[form], streamed=form != "plain")

    assert (caught.value.error_class, caught.value.code) == (expected, code)


def test_a_failure_without_a_reason_is_the_servers() -> None:
    """Status and event say it; there is nothing to quote."""
    with pytest.raises(CallError, match="failed without a reason") as caught:
        read(NAME, sse(BEGUN, event("failed", response=response("failed"))))

    assert caught.value.error_class is ErrorClass.SERVER


def test_an_error_without_a_type_is_one() -> None:
    """Gateways break into a stream with an object of their own."""
    events, error = outcome(NAME, sse(BEGUN, {"error": {"message": "gone", "code": 502}}))

    assert events == [ResponseStarted("gpt", "resp_1")]
    assert error is ErrorClass.SERVER


def test_a_stream_that_does_not_end_is_no_answer() -> None:
    """`[DONE]`, which OpenRouter adds, is not an end."""
    body = sse(BEGUN, event("output_text.delta", output_index=0, delta="x"), done=True)

    assert outcome(NAME, body)[1] is ErrorClass.BAD_RESPONSE


def test_what_the_provider_charged_is_kept() -> None:
    """OpenRouter says dollars, xAI ticks of a tenth of a nano-dollar."""
    for cost in ({"cost": 5.8e-06}, {"cost_in_usd_ticks": 58000}):
        usage = {**USAGE, **cost}
        built = folded(read(NAME, plain(words("x"), usage=usage), streamed=False))
        assert built.provider_cost_nano == 5800


def test_a_request_says_all_that_was_asked() -> None:
    """System words are instructions, history is input, and nothing is stored."""
    request = a_request(
        NAME,
        said("system", "be brief"),
        said("user", "hi"),
        said("assistant", "hello"),
        said("user", "why?"),
        sampling=Sampling(
            temperature=0.5,
            top_p=0.9,
            max_output_tokens=64,
            seed=7,
            reasoning_effort="high",
            extra={"reasoning": {"summary": "detailed"}, "tool_choice": "none"},
        ),
    )

    assert sent(request) == {
        "model": "m",
        "instructions": "be brief",
        "input": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "hello"},
            {"role": "user", "content": "why?"},
        ],
        "stream": True,
        "store": False,
        "temperature": 0.5,
        "top_p": 0.9,
        "max_output_tokens": 64,
        "reasoning": {"effort": "high", "summary": "detailed"},
        "tool_choice": "none",
    }
    assert load(NAME).request(request).path == "/responses"


def test_no_thinking_wants_no_summary() -> None:
    """A summary of nothing is refused by models that do not think."""
    body = sent(a_request(NAME, sampling=Sampling(reasoning_effort="none")))

    assert body["reasoning"] == {"effort": "none"}


def test_a_schema_is_asked_for_by_the_means_of_the_server() -> None:
    """Strict where the schema allows it; in words where the server takes no schema."""
    loose = {"type": "object", "properties": {"n": {}}}

    form = sent(a_request(NAME, json_schema=SCHEMA))["text"]["format"]
    assert form == {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True}
    assert "strict" not in sent(a_request(NAME, json_schema=loose))["text"]["format"]
    words = sent(a_request(NAME, json_schema=SCHEMA, quirks=Quirks(schema="json_object")))
    assert words["text"] == {"format": {"type": "json_object"}}
    assert json.dumps(SCHEMA) in words["instructions"]
    assert "text" not in sent(a_request(NAME, json_schema=SCHEMA, quirks=Quirks(schema="none")))


def test_attachments_go_as_their_kind_wants() -> None:
    """Pictures as URLs or data, PDFs as files, text as words of the prompt."""
    turn = Message(
        "user",
        (
            Media("image/png", data=b"png"),
            Media("application/pdf", data=b"%PDF", name="a.pdf"),
            Media("application/pdf", url="http://x/b.pdf"),
            Media("text/plain", data=b"notes", name="n.txt"),
            Text("look"),
        ),
    )

    assert sent(a_request(NAME, turn))["input"][0]["content"] == [
        {"type": "input_image", "image_url": "data:image/png;base64,cG5n", "detail": "auto"},
        {
            "type": "input_file",
            "filename": "a.pdf",
            "file_data": "data:application/pdf;base64,JVBERg==",
        },
        {"type": "input_file", "file_url": "http://x/b.pdf"},
        {"type": "input_text", "text": '<file name="n.txt">\nnotes\n</file>\n'},
        {"type": "input_text", "text": "look"},
    ]


@pytest.mark.parametrize(
    "message",
    [
        Message("user", (Media("audio/wav", data=b"wav"),)),
        Message("assistant", (Media("image/png", data=b"png"),)),
        Message("system", (Media("image/png", data=b"png"),)),
    ],
)
def test_what_cannot_be_attached_is_refused_before_anything_is_sent(message: Message) -> None:
    """Sound has no words in this API, and only users attach."""
    with pytest.raises(CallError, match="cannot attach") as caught:
        sent(a_request(NAME, message))

    assert not caught.value.sent


def test_a_stop_is_refused_before_anything_is_sent() -> None:
    """This API has no such parameter; an answer that runs on would be another one."""
    with pytest.raises(CallError, match="`stop`") as caught:
        sent(a_request(NAME, sampling=Sampling(stop=("END",))))

    assert caught.value.error_class is ErrorClass.INVALID_REQUEST
    assert not caught.value.sent


def test_the_list_of_models_is_that_of_chat() -> None:
    """One page under the same path."""
    protocol = load(NAME)
    request = a_request(NAME)

    assert protocol.models_request(request.target.endpoint).path == "/models"
    models, cursor = protocol.models(b'{"data": [{"id": "gpt"}]}')
    assert ([model.id for model in models], cursor) == (["gpt"], None)


def test_an_error_status_is_read_by_its_code() -> None:
    """The same bodies as those of chat."""
    body = b'{"error": {"message": "no", "code": "model_not_found"}}'

    assert load(NAME).error(400, {}, body).error_class is ErrorClass.MODEL_NOT_FOUND
