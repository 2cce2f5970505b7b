"""Chat Completions: every event of the documents, and what vendors add to them."""

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

NAME = "openai-chat"
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
COUNTED = UsageReported(Usage(text_input_tokens=5, text_output_tokens=2))


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "model": "gpt", "choices": [choice]}


def whole(message: dict[str, Any], finish: str | None = "stop", **more: Any) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return json.dumps({"id": "c1", "model": "gpt", "choices": [choice], **more}).encode()


STARTED = ResponseStarted("gpt", "c1")


def test_a_stream_is_read_as_the_documents_say() -> None:
    """Start, words, usage after the finish, and one `Finished` at the very end."""
    body = sse(
        chunk(role="assistant", content=""),
        chunk(content="Hel"),
        chunk(content="lo"),
        chunk("stop"),
        {"id": "c1", "model": "gpt", "choices": [], "usage": USAGE},
        done=True,
    )

    assert read(NAME, body) == [
        STARTED, TextDelta("Hel"), TextDelta("lo"), COUNTED, Finished("stop", "stop"),
    ]  # fmt: skip


def test_a_whole_answer_is_read_like_its_stream() -> None:
    """The same answer without streaming gives the same events."""
    body = whole({"role": "assistant", "content": "Hello"}, usage=USAGE)

    assert read(NAME, body, streamed=False) == [
        STARTED, TextDelta("Hello"), COUNTED, Finished("stop", "stop"),
    ]  # fmt: skip


def test_done_is_not_needed_after_a_finish() -> None:
    """Some servers just close the connection."""
    events = read(NAME, sse(chunk(content="a"), chunk("stop")))

    assert events[-1] == Finished("stop", "stop")


def test_nothing_is_read_after_done() -> None:
    """A message that is sent twice is one message."""
    once = sse(chunk(content="a"), chunk("stop"), done=True)

    assert read(NAME, once + once) == read(NAME, once)


@pytest.mark.parametrize("done", [True, False])
def test_a_stream_without_a_finish_is_a_failure(done: bool) -> None:
    """What was said is kept, and the end is an error: `[DONE]` alone gives no reason."""
    events, error = outcome(NAME, sse(chunk(content="par"), done=done))

    assert (folded(events).text, error) == ("par", ErrorClass.BAD_RESPONSE)


def test_an_empty_finish_reason_in_a_stream_is_none() -> None:
    """Some servers send an empty one with every chunk."""
    events, error = outcome(NAME, sse(chunk("", content="par")))

    assert (folded(events).text, error) == ("par", ErrorClass.BAD_RESPONSE)


def test_a_broken_line_is_skipped_when_the_answer_finishes() -> None:
    """One line of noise must not cost the answer."""
    body = sse(chunk(content="a"), "{oops", chunk("stop", content="b"), done=True)

    bodies = read(NAME, body)

    assert folded(bodies).text == "ab"
    assert bodies[-1] == Finished("stop", "stop", skipped=1)


def test_broken_lines_are_counted_when_the_answer_does_not_finish() -> None:
    """The error tells that something was lost."""
    with pytest.raises(CallError, match="1 of its lines unreadable") as caught:
        read(NAME, sse("{oops"))

    assert caught.value.error_class is ErrorClass.BAD_RESPONSE


def test_an_error_in_a_stream_comes_after_the_words_before_it() -> None:
    """What arrived with the error in one packet is not lost, however the bytes are cut."""
    body = sse(chunk(content="par"), {"error": {"message": "boom", "code": 502}})
    together, apart = outcome(NAME, body), outcome(NAME, body, cut=1)

    assert together == apart == ([STARTED, TextDelta("par")], ErrorClass.SERVER)


def test_an_error_with_the_last_bytes_is_told_at_the_end() -> None:
    """An event without its blank line may be the error."""
    body = sse(chunk(content="par")) + b'data: {"error":"boom"}'
    decoder = load(NAME).decoder(a_request(NAME), streamed=True)
    decoder.feed(body)

    with pytest.raises(CallError, match="boom"):
        decoder.close()


def test_an_error_is_told_again_when_bytes_follow() -> None:
    """The decoder stays failed."""
    decoder = load(NAME).decoder(a_request(NAME), streamed=True)
    body = sse(chunk(content="par"), {"error": "boom"})

    assert decoder.feed(body) == [STARTED, TextDelta("par")]
    with pytest.raises(CallError, match="boom"):
        decoder.feed(b"data: more\n\n")
    with pytest.raises(CallError, match="boom"):
        decoder.close()


def test_words_and_an_error_in_the_unfinished_last_events() -> None:
    """At the end there is no later moment: the error is raised."""
    body = (
        sse(chunk(content="a"))
        + b"data: "
        + json.dumps({"object": "error", "message": "no"}).encode()
    )

    events, error = outcome(NAME, body)
    assert (folded(events).text, error) == ("a", ErrorClass.BAD_RESPONSE)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "no", "type": "server_error"}},
        {"error": "no"},
        {"object": "error", "message": "no"},
        {"message": "no"},
        {"choices": []},
        {"choices": None},
        {},
    ],
    ids=str,
)
def test_a_whole_body_that_is_no_answer_is_an_error(body: object) -> None:
    """An error or nothing inside a 200 is never an empty answer."""
    with pytest.raises(CallError):
        read(NAME, json.dumps(body).encode(), streamed=False)


def test_no_content_and_no_finish_is_no_answer() -> None:
    """An upstream that gave up leaves this behind."""
    with pytest.raises(CallError) as caught:
        read(NAME, whole({"content": ""}, finish=None), streamed=False)

    assert caught.value.error_class is ErrorClass.BAD_RESPONSE


def test_a_whole_answer_without_a_finish_reason_is_an_answer() -> None:
    """The body ended where its length said; only the reason is unknown."""
    assert read(NAME, whole({"content": "a"}, finish=None), streamed=False)[-1] == Finished("other")
    assert read(NAME, whole({"content": "a"}, finish=""), streamed=False)[-1] == Finished("other")


@pytest.mark.parametrize("padding", [b"\n   \n\n", b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("cut", [1, 1 << 30])
def test_what_the_body_is_decides_not_what_was_asked_for(
    padding: bytes, streamed: bool, cut: int
) -> None:
    """A document where a stream was asked for is read, a stream in place of a document too."""
    document = padding + whole({"content": "a"})
    stream = padding + sse(chunk(content="a"), chunk("stop"))

    assert folded(read(NAME, document, streamed=streamed, cut=cut)).text == "a"
    assert folded(read(NAME, stream, streamed=streamed, cut=cut)).text == "a"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<html><title>Log in</title></html>", "Log in"),
        (b"upstream said no", "not JSON: `upstream said no`"),
        (b"dat", "not JSON"),
        (b'{"choices": 5}', "unknown shape"),
        (b'[{"choices": []}]', "unknown shape"),
    ],
)
def test_what_is_no_answer_at_all_is_told_in_its_own_words(body: bytes, words: str) -> None:
    """A login page, text, nothing: one line that says what came."""
    for cut in (1, 1 << 30):
        with pytest.raises(CallError, match=words) as caught:
            read(NAME, body, cut=cut)
        assert caught.value.error_class is ErrorClass.BAD_RESPONSE


@pytest.mark.parametrize(
    ("delta", "expected"),
    [
        ({"reasoning_content": "hm"}, ReasoningDelta("hm")),
        ({"reasoning": "hm"}, ReasoningDelta("hm")),
        ({"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}, ReasoningDelta("hm")),
        ({"reasoning_details": [{"type": "x", "summary": "hm"}]}, ReasoningDelta("hm")),
        ({"content": [{"type": "text", "text": "a"}]}, TextDelta("a")),
        ({"content": [{"type": "thinking", "thinking": "hm"}]}, ReasoningDelta("hm")),
        (
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
            ReasoningDelta("hm"),
        ),
    ],
    ids=str,
)
def test_reasoning_and_parts_are_read_under_every_name(
    delta: dict[str, Any], expected: object
) -> None:
    """Vendors show thinking in five ways."""
    assert read(NAME, sse(chunk(**delta), chunk("stop")))[1] == expected


def test_the_same_thought_under_two_names_is_said_once() -> None:
    """OpenRouter sends `reasoning` and `reasoning_details` together."""
    delta: dict[str, Any] = {"reasoning": "hm", "reasoning_details": [{"text": "hm"}]}

    assert folded(read(NAME, sse(chunk(**delta), chunk("stop")))).reasoning == "hm"


def test_parts_of_other_kinds_say_nothing() -> None:
    """References and empty parts are no words."""
    body = whole({"content": [{"type": "reference"}, {"type": "text", "text": "a"}]})

    assert folded(read(NAME, body, streamed=False)).text == "a"


def test_a_refusal_is_shown_and_is_no_answer() -> None:
    """OpenAI puts the words of a refusal into a field of their own."""
    built = folded(read(NAME, whole({"content": None, "refusal": "I cannot"}), streamed=False))

    assert (built.text, built.finished) == ("I cannot", Finished("content_filter", "stop"))


def _calls(*deltas: list[dict[str, Any]]) -> tuple[ToolCall, ...]:
    body = sse(*(chunk(tool_calls=calls) for calls in deltas), chunk("tool_calls"))
    return folded(read(NAME, body)).tool_calls


def _call(name: str | None, arguments: object, **more: object) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": arguments}, **more}


def test_parallel_tool_calls_are_put_together_by_their_index() -> None:
    """Pieces of two calls may be interleaved."""
    calls = _calls(
        [_call("f", "", index=0, id="a"), _call("g", "", index=1, id="b")],
        [_call(None, '{"x"', index=0), _call(None, "{}", index=1)],
        [_call(None, ":1}", index=0)],
    )

    assert calls == (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", "{}"))


def test_tool_calls_without_an_index_are_told_apart() -> None:
    """Mistral sends whole calls without one; a piece without a name belongs to the last call."""
    calls = _calls([_call("f", "{}", id="a"), _call("g", '{"x":', id="b")], [_call(None, "1}")])

    assert calls == (ToolCall("a", "f", "{}"), ToolCall("b", "g", '{"x":1}'))


def test_tool_calls_that_share_an_index_are_told_apart() -> None:
    """Some servers number every call 0; a new id with a new name is a new call."""
    calls = _calls([_call("f", "{}", index=0, id="a")], [_call("f", "[]", index=0, id="b")])

    assert calls == (ToolCall("a", "f", "{}"), ToolCall("b", "f", "[]"))


def test_a_tool_call_that_repeats_its_id_is_one_call() -> None:
    """Some servers send id and name with every piece."""
    calls = _calls([_call("f", "{", index=0, id="a")], [_call("f", "}", index=0, id="a")])

    assert calls == (ToolCall("a", "f", "{}"),)


def test_arguments_may_be_an_object_and_a_call_may_lack_everything() -> None:
    """A few servers forget that arguments are text."""
    assert _calls([_call("f", {"x": 1}, id="")]) == (ToolCall("", "f", '{"x":1}'),)
    assert _calls([{}]) == (ToolCall("", "", ""),)


@pytest.mark.parametrize(
    ("native", "expected"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("length", "length"),
        ("model_length", "length"),
        ("content_filter", "content_filter"),
        ("tool_calls", "tool_call"),
        ("tool_call", "tool_call"),
        ("function_call", "tool_call"),
        ("error", "error"),
        ("insufficient_system_resource", "error"),
        ("STOP", "stop"),
        ("anything", "other"),
    ],
)
def test_finish_reasons_are_normalised_and_kept(native: str, expected: str) -> None:
    """The vendor's own word stays beside ours."""
    finished = read(NAME, sse(chunk(native, content="a")))[-1]

    assert isinstance(finished, Finished)
    assert (finished.finish_reason, finished.native) == (expected, native)


def test_only_the_first_of_several_choices_is_read() -> None:
    """With `n` above 1 the choices are interleaved."""
    other = {
        "id": "c1",
        "model": "gpt",
        "choices": [{"index": 1, "delta": {"content": "B"}, "finish_reason": "stop"}],
    }
    both = {
        "choices": [
            {"index": 1, "delta": {"content": "B"}},
            {"index": 0, "delta": {"content": "a"}},
        ]
    }
    body = sse(other, both, chunk(content="b"), chunk("length"), other)

    built = folded(read(NAME, body))
    assert (built.text, built.finished) == ("ab", Finished("length", "length"))


def test_a_filters_verdict_before_the_answer_says_nothing() -> None:
    """Azure opens with a chunk without choices and without a model."""
    opening = {"id": "", "model": "", "choices": [], "prompt_filter_results": []}

    assert read(NAME, sse(opening, chunk("stop", content="a")))[0] == STARTED


def _usage(usage: dict[str, Any]) -> Usage | None:
    return folded(read(NAME, whole({"content": "a"}, usage=usage), streamed=False)).usage


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 4}}, Usage(6, 4, text_output_tokens=10)),
        ({"prompt_cache_hit_tokens": 4}, Usage(6, 4, text_output_tokens=10)),
        ({"num_cached_tokens": 4}, Usage(6, 4, text_output_tokens=10)),
        ({"cached_tokens": 4}, Usage(6, 4, text_output_tokens=10)),
        ({"prompt_tokens_details": {"cached_tokens": 0}}, Usage(10, 0, text_output_tokens=10)),
        (
            {"prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 2,
                                       "audio_tokens": 1}},
            Usage(4, 3, 2, None, 1, 10),
        ),
        (
            {"completion_tokens_details": {"reasoning_tokens": 7}},
            Usage(10, text_output_tokens=3, reasoning_tokens=7),
        ),
        (
            {"completion_tokens_details": {"reasoning_tokens": 7, "audio_tokens": 2}},
            Usage(10, None, None, None, None, 1, 7, 2),
        ),
        ({"prompt_tokens_details": {"cached_tokens": 99}}, Usage(0, 10, text_output_tokens=10)),
        (
            {"completion_tokens_details": {"reasoning_tokens": 99}},
            Usage(10, text_output_tokens=0, reasoning_tokens=10),
        ),
        ({"prompt_tokens_details": None, "x": {}}, Usage(10, text_output_tokens=10)),
    ],
    ids=str,
)  # fmt: skip
def test_usage_is_split_into_kinds_that_do_not_overlap(
    extra: dict[str, Any], expected: Usage
) -> None:
    """Ten tokens in and ten out stay ten and ten, whatever they are made of."""
    usage = _usage({"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20, **extra})

    assert usage == expected
    assert (usage.input_tokens, usage.output_tokens) == (10, 10)


def test_reasoning_that_the_total_counts_beside_is_added() -> None:
    """xAI's completion tokens do not include reasoning."""
    usage = _usage(
        {
            "prompt_tokens": 10,
            "completion_tokens": 4,
            "total_tokens": 20,
            "completion_tokens_details": {"reasoning_tokens": 6},
        }
    )

    assert usage == Usage(10, text_output_tokens=4, reasoning_tokens=6)


def test_audio_that_the_total_counts_beside_is_added() -> None:
    """Mistral's prompt tokens do not include audio."""
    details = {"audio_tokens": 30, "cached_tokens": 4}
    usage = _usage(
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 45,
            "prompt_tokens_details": details,
        }
    )

    assert usage == Usage(6, 4, audio_input_tokens=30, text_output_tokens=5)


def test_counts_that_make_no_sense_are_not_said() -> None:
    """Negative and absurd numbers are unknown, floats are counts, nothing is nothing."""
    assert _usage({"prompt_tokens": -1, "completion_tokens": 10**30}) == Usage()
    assert _usage({"prompt_tokens": 3.0, "completion_tokens": None}) == Usage(3)


@pytest.mark.parametrize(
    ("usage", "nano"),
    [
        ({"cost": 0.00005952}, 59_520),
        ({"cost": 0}, 0),
        ({"cost": {"total_cost": 0.005}}, 5_000_000),
        ({"cost_in_usd_ticks": 2071251}, 207_126),
        ({"cost_in_usd_ticks": 0, "cost": 0.5}, 500_000_000),
        ({"cost": -1}, None),
        ({"cost": 1e30}, None),
        ({"cost": "free"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_what_the_provider_says_it_charged_is_kept(usage: dict[str, Any], nano: int | None) -> None:
    """Dollars, an object or ticks: nano-dollars in the end."""
    events = read(NAME, whole({"content": "a"}, usage={**USAGE, **usage}), streamed=False)

    assert [event.cost_nano for event in events if isinstance(event, UsageReported)] == [nano]


def test_the_last_of_several_usages_holds() -> None:
    """Cumulative usage in every chunk is partial until the end."""
    body = sse(
        {**chunk(content="a"), "usage": {"prompt_tokens": 5, "completion_tokens": 1}},
        {**chunk("stop"), "x_groq": {"usage": USAGE}},
    )

    reports = [event for event in read(NAME, body) if isinstance(event, UsageReported)]
    assert reports == [UsageReported(Usage(5, text_output_tokens=1), "partial"), COUNTED]


def test_a_stream_without_usage_reports_none() -> None:
    """Unknown is not zero."""
    assert folded(read(NAME, sse(chunk("stop", content="a")))).usage is None


def test_a_choice_without_words_may_still_end_the_answer() -> None:
    """Some servers leave the delta out of the last chunk."""
    bare = {"model": "gpt", "choices": [{"index": 0, "finish_reason": "stop"}]}

    assert read(NAME, sse(chunk(content="a"), bare))[-1] == Finished("stop", "stop")
    assert read(NAME, json.dumps(bare).encode(), streamed=False)[-1] == Finished("stop", "stop")


def test_the_body_has_what_was_asked_for_and_nothing_else() -> None:
    """A plain question carries no defaults of ours."""
    assert sent(a_request(NAME, stream=False)) == {
        "model": "m", "messages": [{"role": "user", "content": "hello"}], "stream": False,
    }  # fmt: skip


def test_every_sampling_option_has_its_field() -> None:
    """Names follow the vendor's row."""
    sampling = Sampling(0.5, 0.9, 100, ("END",), 7, "low", {"top_k": 3, "stream_options": {"x": 1}})
    quirks = Quirks(max_tokens_field="max_completion_tokens", seed_field="random_seed")
    body = sent(a_request(NAME, sampling=sampling, quirks=quirks))

    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": True,
        "temperature": 0.5,
        "top_p": 0.9,
        "max_completion_tokens": 100,
        "stop": ["END"],
        "random_seed": 7,
        "reasoning_effort": "low",
        "top_k": 3,
        "stream_options": {"include_usage": True, "x": 1},
    }


def test_what_a_vendor_does_not_take_is_not_sent() -> None:
    """Seed and stream options are left out where the row says so."""
    quirks = Quirks(seed=False, stream_usage=False)
    body = sent(a_request(NAME, sampling=Sampling(seed=7), quirks=quirks))

    assert set(body) == {"model", "messages", "stream"}


def test_roles_follow_the_conversation() -> None:
    """System prompts and turns keep their order; a row may call the system a developer."""
    turns = (said("system", "s"), said("user", "u"), said("assistant", "a"), said("user", "v"))
    roles = [m["role"] for m in sent(a_request(NAME, *turns))["messages"]]
    developer = sent(a_request(NAME, *turns, quirks=Quirks(system_role="developer")))["messages"][0]

    assert roles == ["system", "user", "assistant", "user"]
    assert developer == {"role": "developer", "content": "s"}


STRICT = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
LOOSE = {"type": "object", "properties": {"a": {"type": "string"}}}


def test_a_schema_is_strict_only_where_it_can_be() -> None:
    """OpenAI refuses strict mode for schemas that leave something open."""
    strict = sent(a_request(NAME, json_schema=STRICT))["response_format"]["json_schema"]
    loose = sent(a_request(NAME, json_schema=LOOSE))["response_format"]["json_schema"]
    nested = {**STRICT, "properties": {"a": {"anyOf": [LOOSE]}}}
    inner = sent(a_request(NAME, json_schema=nested))["response_format"]["json_schema"]

    assert strict == {"name": "answer", "schema": STRICT, "strict": True}
    assert loose == {"name": "answer", "schema": LOOSE}
    assert "strict" not in inner


@pytest.mark.parametrize("schema", ["json_object", "none"])
def test_a_schema_is_put_into_words_where_the_vendor_takes_none(schema: Any) -> None:
    """DeepSeek promises JSON only when the prompt speaks of it."""
    body = sent(a_request(NAME, json_schema=LOOSE, quirks=Quirks(schema=schema)))

    assert json.dumps(LOOSE) in body["messages"][0]["content"]
    assert body.get("response_format") == (
        {"type": "json_object"} if schema == "json_object" else None
    )


PNG = Media("image/png", b"\x89P", name="p.png")
PDF = Media("application/pdf", b"%PDF", name="d.pdf")
WAV = Media("audio/wav", b"RI", name="s.wav")


def _parts(*parts: Text | Media, quirks: Quirks | None = None) -> object:
    body = sent(a_request(NAME, Message("user", parts), quirks=quirks))
    return body["messages"][0]["content"]


def test_attachments_take_the_form_of_their_kind() -> None:
    """Pictures, documents and sound each have a part of their own."""
    assert _parts(Text("see"), PNG, PDF, WAV) == [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVA="}},
        {"type": "file",
         "file": {"filename": "d.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}},
        {"type": "input_audio", "input_audio": {"data": "Ukk=", "format": "wav"}},
    ]  # fmt: skip


def test_links_go_as_links() -> None:
    """The provider fetches a picture itself; Mistral a document too."""
    picture = Media("image/png", url="https://x.y/p.png")
    document = Media("application/pdf", url="https://x.y/d.pdf")

    assert _parts(picture) == [{"type": "image_url", "image_url": {"url": "https://x.y/p.png"}}]
    assert _parts(document, quirks=Quirks(files="document_url")) == [
        {"type": "document_url", "document_url": "https://x.y/d.pdf"}
    ]


def test_text_files_become_words_under_their_name() -> None:
    """Every model reads text."""
    note = Media("text/plain; charset=utf-8", b"\xef\xbb\xbfone\n", name='a".txt')
    data = Media("application/json", b"{}")

    assert _parts(Text("read "), note, data) == (
        'read <file name="a\'.txt">\none\n</file>\n<file name="attachment">\n{}\n</file>\n'
    )


@pytest.mark.parametrize(
    ("media", "quirks", "role"),
    [
        (Media("application/zip", b"PK", name="a.zip"), Quirks(), "user"),
        (PNG, Quirks(images=False), "user"),
        (PDF, Quirks(files="none"), "user"),
        (Media("application/pdf", url="https://x.y/a.pdf"), Quirks(), "user"),
        (WAV, Quirks(audio=False), "user"),
        (PNG, Quirks(), "system"),
        (PNG, Quirks(), "assistant"),
        (Media("text/plain", b"\xff\xfe", name="a.txt"), Quirks(), "user"),
    ],
    ids=str,
)
def test_what_cannot_be_attached_is_refused_before_anything_is_sent(
    media: Media, quirks: Quirks, role: Any
) -> None:
    """The error names the attachment and says that nothing left."""
    with pytest.raises(CallError, match=media.name or media.url) as caught:
        load(NAME).request(a_request(NAME, Message(role, (media,)), quirks=quirks))

    assert (caught.value.error_class, caught.value.sent) == (ErrorClass.INVALID_REQUEST, False)


def test_half_a_character_in_a_prompt_does_not_stop_it() -> None:
    """A lone surrogate, as broken terminals give, is no JSON."""
    body = sent(a_request(NAME, said("user", "a\ud800b")))

    assert body["messages"][0]["content"] == "a?b"


def test_the_path_follows_the_row() -> None:
    """A server may want the model in the path."""
    plain = load(NAME).request(a_request(NAME))
    own = load(NAME).request(a_request(NAME, quirks=Quirks(path="/x/{model}/chat")))

    assert (plain.method, plain.path, own.path) == ("POST", "/chat/completions", "/x/m/chat")


def test_live_models_are_read_under_every_name_of_their_window() -> None:
    """Six servers, five names."""
    rows: list[dict[str, Any]] = [
        {"id": "a", "created": 5, "context_length": 1},
        {"id": "b", "context_window": 2},
        {"id": "c", "max_context_length": 3},
        {"id": "d", "max_model_len": 4.0},
        {"id": "e", "created": None},
    ]
    listed, cursor = load(NAME).models(json.dumps({"data": rows}).encode())
    bare, _ = load(NAME).models(json.dumps(rows).encode())

    assert [(model.id, model.context_window) for model in listed] == [
        ("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", None),
    ]  # fmt: skip
    assert (listed[0].created, listed[4].created, cursor) == (5.0, None, None)
    assert bare == listed


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"data": [{}]}', b"[1]"])
def test_what_is_no_list_of_models_is_an_error(body: bytes) -> None:
    """A wrong base URL is told, not shown as an empty list."""
    with pytest.raises(CallError) as caught:
        load(NAME).models(body)

    assert caught.value.error_class is ErrorClass.BAD_RESPONSE


def test_models_are_asked_for_where_the_row_says() -> None:
    """The listing has a path of its own."""
    endpoint = a_request(NAME, quirks=Quirks(models_path="/v2/models")).target.endpoint

    assert load(NAME).models_request(endpoint).path == "/v2/models"


def test_pieces_of_tool_arguments_are_kept_as_they_came() -> None:
    """Arguments that are cut are never made into valid JSON."""
    call = {"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"x":'}}
    body = sse(chunk(tool_calls=[call]), chunk("length"))

    assert ToolCallDelta(0, "a", "f", '{"x":') in read(NAME, body)
