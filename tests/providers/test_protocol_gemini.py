"""The Gemini API: every part and every way to end."""

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
    UsageReported,
)
from ultra.core.usage import Usage
from ultra.providers.protocols import load

NAME = "gemini"
STARTED = ResponseStarted("gemini-x", "r1")


def response(*parts: dict[str, Any], finish: str | None = None, **usage: int) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    found: dict[str, Any] = {
        "candidates": [candidate],
        "modelVersion": "gemini-x",
        "responseId": "r1",
    }
    return {**found, **({"usageMetadata": usage} if usage else {})}


def test_a_stream_is_read_as_the_documents_say() -> None:
    """Thoughts, words, and usage that counts from the beginning in every chunk."""
    body = sse(
        response({"text": "hm", "thought": True}, promptTokenCount=5, thoughtsTokenCount=1),
        response({"text": "Hel"}, promptTokenCount=5, candidatesTokenCount=1, thoughtsTokenCount=3),
        response({"text": "lo"}, {"thoughtSignature": "x"}, {"text": ""}, finish="STOP",
                 promptTokenCount=5, candidatesTokenCount=2, thoughtsTokenCount=3),
    )  # fmt: skip

    assert read(NAME, body) == [
        STARTED,
        ReasoningDelta("hm"),
        UsageReported(Usage(5, text_output_tokens=0, reasoning_tokens=1), "partial"),
        TextDelta("Hel"),
        UsageReported(Usage(5, text_output_tokens=1, reasoning_tokens=3), "partial"),
        TextDelta("lo"),
        UsageReported(Usage(5, text_output_tokens=2, reasoning_tokens=3)),
        Finished("stop", "STOP"),
    ]


def test_a_whole_answer_and_an_array_are_read_like_the_stream() -> None:
    """Without `alt=sse` a stream is one JSON array."""
    one = response({"text": "Hello"}, finish="STOP", promptTokenCount=5, candidatesTokenCount=2)
    parts = [
        response({"text": "Hel"}),
        response({"text": "lo"}, finish="STOP", promptTokenCount=5, candidatesTokenCount=2),
    ]
    expected = [STARTED, UsageReported(Usage(5, text_output_tokens=2)), Finished("stop", "STOP")]

    whole = read(NAME, json.dumps(one).encode(), streamed=False)
    array = read(NAME, json.dumps(parts).encode())
    assert [event for event in whole if not isinstance(event, TextDelta)] == expected
    assert [event for event in array if not isinstance(event, TextDelta)] == expected
    assert folded(whole).text == folded(array).text == "Hello"


def test_function_calls_are_tool_calls() -> None:
    """Arguments are an object, ids may be missing."""
    body = json.dumps(
        response(
            {"functionCall": {"name": "f", "args": {"x": 1}, "id": "a"}},
            {"functionCall": {"name": "g"}},
            finish="STOP",
        )
    ).encode()

    built = folded(read(NAME, body, streamed=False))
    assert built.tool_calls == (ToolCall("a", "f", '{"x":1}'), ToolCall("", "g", "{}"))
    assert built.finished == Finished("stop", "STOP")


@pytest.mark.parametrize("streamed", [True, False])
def test_a_blocked_prompt_is_a_refusal(streamed: bool) -> None:
    """A refusal has no candidate; its reason stands in the feedback."""
    blocked = {
        "promptFeedback": {"blockReason": "MODEL_ARMOR"},
        "usageMetadata": {"trafficType": "X"},
    }
    body = sse(blocked) if streamed else json.dumps(blocked).encode()

    assert read(NAME, body, streamed=streamed) == [Finished("content_filter", "MODEL_ARMOR")]


@pytest.mark.parametrize(
    ("native", "expected"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("MODEL_ARMOR", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "error"),
        ("UNEXPECTED_TOOL_CALL", "error"),
        ("OTHER", "other"),
        ("LANGUAGE", "other"),
    ],
)
def test_finish_reasons_are_normalised_and_kept(native: str, expected: str) -> None:
    """Google's own word stays beside ours."""
    finished = read(NAME, sse(response(finish=native)))[-1]

    assert isinstance(finished, Finished)
    assert (finished.finish_reason, finished.native) == (expected, native)


def test_a_stream_without_a_finish_is_a_failure() -> None:
    """The end of the connection is no end of the answer; `[DONE]` of a proxy neither."""
    events, error = outcome(NAME, sse(response({"text": "par"}), done=True))

    assert (folded(events).text, error) == ("par", ErrorClass.BAD_RESPONSE)


def test_an_error_in_a_stream_is_classified() -> None:
    """Google's status decides."""
    error = {"error": {"code": 503, "status": "UNAVAILABLE", "message": "busy"}}

    assert outcome(NAME, sse(response({"text": "a"}), error))[1] == ErrorClass.OVERLOADED
    assert outcome(NAME, json.dumps([error]).encode())[1] == ErrorClass.OVERLOADED


@pytest.mark.parametrize("body", [b"{}", b'{"usageMetadata":{}}', b'{"candidates":[]}', b"[]"])
def test_a_whole_body_that_is_no_answer_is_an_error(body: bytes) -> None:
    """Nothing inside a 200 is never an empty answer."""
    with pytest.raises(CallError):
        read(NAME, body, streamed=False)


def test_a_whole_answer_without_a_finish_reason_is_an_answer() -> None:
    """Only the reason is unknown."""
    body = json.dumps(response({"text": "a"})).encode()

    assert read(NAME, body, streamed=False)[-1] == Finished("other")


def test_other_candidates_and_empty_ones_are_not_read() -> None:
    """Of several candidates the first is read; one may lack its content."""
    second = {"index": 1, "content": {"parts": [{"text": "B"}]}}
    first = response({"text": "a"}, finish="STOP")
    body = sse({**first, "candidates": [second, {"finishReason": None}, *first["candidates"]]})

    assert folded(read(NAME, body)).text == "a"


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {"promptTokenCount": 10, "cachedContentTokenCount": 4, "candidatesTokenCount": 3,
             "thoughtsTokenCount": 2},
            Usage(6, 4, text_output_tokens=3, reasoning_tokens=2),
        ),
        ({"promptTokenCount": 10, "toolUsePromptTokenCount": 5}, Usage(15, text_output_tokens=0)),
        ({"candidatesTokenCount": 3}, Usage(text_output_tokens=3)),
        (
            {"promptTokenCount": 10, "cachedContentTokenCount": 99, "candidatesTokenCount": 1},
            Usage(0, 10, text_output_tokens=1),
        ),
        (
            {"promptTokenCount": 10, "candidatesTokenCount": 9, "cachedContentTokenCount": 4,
             "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 6},
                                     {"modality": "TEXT", "tokenCount": 4}],
             "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}],
             "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 7}]},
            Usage(2, 4, audio_input_tokens=4, text_output_tokens=2, audio_output_tokens=7),
        ),
    ],
    ids=str,
)  # fmt: skip
def test_usage_is_split_into_kinds_that_do_not_overlap(
    usage: dict[str, Any], expected: Usage
) -> None:
    """The prompt includes the cache; thoughts and tool results stand beside."""
    body = json.dumps({**response({"text": "a"}, finish="STOP"), "usageMetadata": usage}).encode()

    assert folded(read(NAME, body, streamed=False)).usage == expected


def test_the_body_has_what_was_asked_for_and_nothing_else() -> None:
    """A plain question carries no defaults of ours."""
    assert sent(a_request(NAME)) == {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}


def test_a_template_of_model_armor_is_a_field_of_the_body_itself() -> None:
    """Vertex refuses it among the options of the generation."""
    armor = {"promptTemplateName": "projects/p/locations/l/templates/t"}
    sampling = Sampling(extra={"modelArmorConfig": armor})

    body = sent(a_request("gemini", said("user", "hi"), sampling=sampling))

    assert body["modelArmorConfig"] == armor
    assert "generationConfig" not in body


def test_every_option_has_its_field() -> None:
    """What Google knows at the top stays there; other options are of the generation."""
    turns = (said("system", "s"), said("user", "u"), said("assistant", "a"), said("user", "v"))
    extra: dict[str, Any] = {
        "topK": 3,
        "safetySettings": [],
        "generationConfig": {"candidateCount": 1},
    }
    sampling = Sampling(0.5, 0.9, 100, ("END",), 7, None, extra)
    body = sent(a_request(NAME, *turns, sampling=sampling, json_schema={"type": "object"}))

    assert body["systemInstruction"] == {"parts": [{"text": "s"}]}
    assert [content["role"] for content in body["contents"]] == ["user", "model", "user"]
    assert body["safetySettings"] == []
    assert body["generationConfig"] == {
        "temperature": 0.5,
        "topP": 0.9,
        "maxOutputTokens": 100,
        "stopSequences": ["END"],
        "seed": 7,
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object"},
        "candidateCount": 1,
        "topK": 3,
    }


@pytest.mark.parametrize(
    ("model", "effort", "expected"),
    [
        ("gemini-2.5-pro", "low", {"includeThoughts": True, "thinkingBudget": 1024}),
        ("gemini-2.5-flash", "none", {"includeThoughts": False, "thinkingBudget": 0}),
        ("gemini-2.5-flash", "odd", {"includeThoughts": True, "thinkingLevel": "odd"}),
        ("gemini-3-pro", "high", {"includeThoughts": True, "thinkingLevel": "high"}),
        ("gemini-3-pro", "none", {"includeThoughts": True, "thinkingLevel": "minimal"}),
    ],
)
def test_effort_becomes_a_budget_or_a_level(
    model: str, effort: str, expected: dict[str, Any]
) -> None:
    """Gemini 2.5 thinks within a budget, Gemini 3 at a level."""
    body = sent(a_request(NAME, model=model, sampling=Sampling(reasoning_effort=effort)))

    assert body["generationConfig"]["thinkingConfig"] == expected


def test_thoughts_are_asked_for_where_thinking_is_known() -> None:
    """Models that do not think refuse the option."""
    body = sent(a_request(NAME, target={"capabilities": ("reasoning",)}))

    assert body["generationConfig"] == {"thinkingConfig": {"includeThoughts": True}}


def test_paths_name_the_model_and_the_method() -> None:
    """Streams ask for server-sent events."""
    stream = load(NAME).request(a_request(NAME, model="models/gemini-x"))
    whole = load(NAME).request(a_request(NAME, model="gemini-x", stream=False))
    own = load(NAME).request(a_request(NAME, quirks=Quirks(path="/v9/{model}:go")))

    assert (stream.path, stream.query) == ("/models/gemini-x:streamGenerateContent", {"alt": "sse"})
    assert (whole.path, whole.query) == ("/models/gemini-x:generateContent", {})
    assert own.path == "/v9/m:go"


def test_attachments_take_the_form_of_their_kind() -> None:
    """Bytes go inline, links as files, text as words."""
    parts = (
        Text("see"),
        Media("image/heic", b"x", name="p.heic"),
        Media("application/pdf", url="https://x.y/d.pdf"),
        Media("video/mp4", b"x"),
        Media("text/csv", b"1,2", name="a.csv"),
    )

    assert sent(a_request(NAME, Message("user", parts)))["contents"][0]["parts"] == [
        {"text": "see"},
        {"inlineData": {"mimeType": "image/heic", "data": "eA=="}},
        {"fileData": {"mimeType": "application/pdf", "fileUri": "https://x.y/d.pdf"}},
        {"inlineData": {"mimeType": "video/mp4", "data": "eA=="}},
        {"text": '<file name="a.csv">\n1,2\n</file>\n'},
    ]


@pytest.mark.parametrize(
    ("media", "role"),
    [
        (Media("application/zip", b"x", name="a.zip"), "user"),
        (Media("image/png", b"x", name="s.png"), "system"),
        (Media("image/png", b"x", name="s.png"), "assistant"),
    ],
    ids=str,
)
def test_what_cannot_be_attached_is_refused(media: Media, role: Any) -> None:
    """The error names the attachment and says that nothing left."""
    with pytest.raises(CallError, match=media.name) as caught:
        load(NAME).request(a_request(NAME, Message(role, (media,))))

    assert (caught.value.error_class, caught.value.sent) == (ErrorClass.INVALID_REQUEST, False)


def test_live_models_are_those_that_chat() -> None:
    """Embedding models are left out; the cursor asks for the next page."""
    rows = [
        {
            "name": "models/a",
            "inputTokenLimit": 9,
            "supportedGenerationMethods": ["generateContent"],
        },
        {"name": "models/b", "supportedGenerationMethods": ["embedContent"]},
        {"name": "c"},
    ]
    body = json.dumps({"models": rows, "nextPageToken": "t"}).encode()
    endpoint = a_request(NAME).target.endpoint

    models, cursor = load(NAME).models(body)
    assert [(model.id, model.context_window) for model in models] == [("a", 9), ("c", None)]
    assert cursor == "t"
    assert load(NAME).models_request(endpoint, cursor).query == {
        "pageSize": "1000",
        "pageToken": "t",
    }
    assert load(NAME).models_request(endpoint).query == {"pageSize": "1000"}


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"models": [{}]}'])
def test_what_is_no_list_of_models_is_an_error(body: bytes) -> None:
    """A wrong base URL is told, not shown as an empty list."""
    with pytest.raises(CallError):
        load(NAME).models(body)
