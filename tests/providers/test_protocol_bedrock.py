"""Converse of Amazon Bedrock, held to AWS's documents."""

import json
import sys
from typing import Any

import botocore.session
import msgspec
import pytest
from botocore.validate import ParamValidator

from tests.support.eventstream import exception, frame, message
from tests.support.protocols import a_request, folded, outcome, read, sent
from ultra.core.errors import CallError, ConfigError, ErrorClass
from ultra.core.model import Quirks
from ultra.core.request import Media, Message, Sampling, Text, said
from ultra.core.stream import ToolCallDelta
from ultra.core.usage import Usage
from ultra.providers.protocols import load

NAME = "bedrock-converse"
PNG = Media("image/png", b"\x89PNG")
PDF = Media("application/pdf", b"%PDF", name="my_plan v2.pdf")


def ask(*messages: Message, **rest: Any) -> dict[str, Any]:
    """The body of a call."""
    return sent(a_request(NAME, *messages, **rest))


def delta(index: int, **piece: object) -> bytes:
    """One piece of a block."""
    return message("contentBlockDelta", {"contentBlockIndex": index, "delta": piece})


def ended(reason: str = "end_turn", **usage: Any) -> bytes:
    """The two events that end a stream."""
    stop = message("messageStop", {"stopReason": reason})
    return stop + message("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})


def whole(*content: object, reason: str | None = "end_turn", **rest: object) -> bytes:
    """An answer that is not streamed."""
    answer = {"output": {"message": {"role": "assistant", "content": content}}, **rest}
    return json.dumps({**answer, **({"stopReason": reason} if reason else {})}).encode()


def test_a_call_is_what_awss_own_model_of_converse_allows() -> None:
    """Checked against the service model that botocore ships, every field by type."""
    body = ask(
        said("system", "be brief"),
        Message("user", (Text("look"), PNG, PDF, Media("audio/mpeg", b"ID3"))),
        said("assistant", "yes"),
        said("user", "and"),
        said("user", "now?"),
        model="us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        sampling=Sampling(
            temperature=0.5,
            top_p=0.9,
            max_output_tokens=9000,
            stop=("END",),
            reasoning_effort="medium",
            extra={"top_k": 3, "serviceTier": {"type": "flex"}},
        ),
        json_schema={"type": "object", "properties": {"a": {"type": "string"}}},
    )

    model = botocore.session.get_session().get_service_model("bedrock-runtime")
    shape = model.operation_model("Converse").input_shape
    report = ParamValidator().validate({**body, "modelId": "m"}, shape)
    assert not report.has_errors(), report.generate_report()
    known = set(shape.members)
    assert set(body) <= known
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][2]["content"] == [{"text": "and"}, {"text": "now?"}]
    assert body["system"] == [{"text": "be brief"}]
    assert body["inferenceConfig"] == {
        "maxTokens": 9000,
        "temperature": 0.5,
        "topP": 0.9,
        "stopSequences": ["END"],
    }
    assert body["additionalModelRequestFields"] == {
        "thinking": {"type": "enabled", "budget_tokens": 8192},
        "top_k": 3,
    }
    assert body["serviceTier"] == {"type": "flex"}
    schema = body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"]
    assert json.loads(schema)["additionalProperties"] is False
    assert body["messages"][0]["content"][2]["document"]["name"] == "my plan v2"


def test_tools_are_passed_through() -> None:
    """With their schema where Converse has it; one that takes nothing has an empty one."""
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    weather = {"name": "weather", "description": "of a city", "parameters": schema}
    request = msgspec.structs.replace(a_request(NAME), tools=(weather, {"name": "now"}))

    body = sent(request)

    model = botocore.session.get_session().get_service_model("bedrock-runtime")
    shape = model.operation_model("Converse").input_shape
    report = ParamValidator().validate({**body, "modelId": "m"}, shape)
    assert not report.has_errors(), report.generate_report()
    first, second = (tool["toolSpec"] for tool in body["toolConfig"]["tools"])
    assert (first["description"], first["inputSchema"]) == ("of a city", {"json": schema})
    assert second["inputSchema"]["json"]["type"] == "object"


def test_nothing_is_sent_that_was_not_asked_for() -> None:
    """Neither empty objects nor blank words, which Converse refuses."""
    body = ask(Message("user", (Text(" \n"), Text("hi"))))

    assert body == {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}


@pytest.mark.parametrize(
    ("stream", "quirks", "path"),
    [
        (True, Quirks(), "/model/arn%3Aaws%3Abedrock%3A1%2Fm/converse-stream"),
        (False, Quirks(), "/model/arn%3Aaws%3Abedrock%3A1%2Fm/converse"),
        (True, Quirks(path="/x/{model}"), "/x/arn%3Aaws%3Abedrock%3A1%2Fm"),
    ],
)
def test_the_model_is_part_of_the_path(stream: bool, quirks: Quirks, path: str) -> None:
    """An ARN's colons and slashes are written so that they stay in its place."""
    request = a_request(NAME, model="arn:aws:bedrock:1/m", stream=stream, quirks=quirks)

    assert load(NAME).request(request).path == path


@pytest.mark.parametrize(
    ("model", "effort", "fields"),
    [
        ("us.amazon.nova-2-lite-v1:0", "minimal", {"reasoningConfig": "low"}),
        ("us.amazon.nova-2-lite-v1:0", "none", {"reasoningConfig": None}),
        ("openai.gpt-oss-120b-1:0", "high", {"reasoning_effort": "high"}),
    ],
)
def test_each_vendors_models_are_told_to_think_in_their_words(
    model: str, effort: str, fields: dict[str, str | None]
) -> None:
    """Converse passes them on as they are."""
    body = ask(model=model, sampling=Sampling(reasoning_effort=effort))
    own = body["additionalModelRequestFields"]

    assert set(own) == set(fields)
    if "reasoningConfig" in own:
        level = own["reasoningConfig"].get("maxReasoningEffort")
        assert level == fields["reasoningConfig"]


def test_a_claude_that_thinks_within_a_budget_gets_room_for_it() -> None:
    """The cap is raised where the user set none, and not sent where none is needed."""
    old = ask(model="anthropic.claude-3-7-sonnet", sampling=Sampling(reasoning_effort="low"))
    new = ask(model="global.anthropic.claude-opus-4-7", sampling=Sampling(reasoning_effort="low"))

    thinking = old["additionalModelRequestFields"]["thinking"]
    assert old["inferenceConfig"]["maxTokens"] > thinking["budget_tokens"]
    assert "inferenceConfig" not in new
    assert new["additionalModelRequestFields"]["output_config"] == {"effort": "low"}


@pytest.mark.parametrize(
    ("message", "quirks"),
    [
        (Message("user", (Media("image/png", url="https://x/y.png"),)), Quirks()),
        (Message("user", (Media("application/zip", b"x"),)), Quirks()),
        (Message("assistant", (PNG,)), Quirks()),
        (Message("user", (PNG,)), Quirks(images=False)),
        (Message("user", (PDF,)), Quirks(files="none")),
    ],
    ids=["web address", "zip", "of the assistant", "no eyes", "no files"],
)
def test_what_bedrock_does_not_take_is_refused_before_it_is_sent(
    message: Message, quirks: Quirks
) -> None:
    """Nothing is spent."""
    with pytest.raises(CallError, match="cannot attach") as caught:
        ask(message, quirks=quirks)

    assert not caught.value.sent


def test_files_of_awss_own_store_go_as_addresses_and_texts_as_words() -> None:
    """S3 is the one place that Bedrock fetches from."""
    film = Media("video/mp4", url="s3://bucket/film.mp4")
    text = Media("text/csv", b"a,b", name="t.csv")
    nameless = Media("application/pdf", b"%PDF", name="---.pdf")
    dots = Media("application/pdf", b"%PDF", name="...")
    parts = ask(Message("user", (film, text, nameless, dots)))["messages"][0]["content"]

    assert parts[0]["video"]["source"] == {"s3Location": {"uri": "s3://bucket/film.mp4"}}
    assert "a,b" in parts[1]["text"]
    assert parts[2]["document"]["name"] == "---"
    assert parts[3]["document"]["name"] == "document"


def test_a_schema_is_left_out_where_the_row_says_so() -> None:
    """Older models take none."""
    assert "outputConfig" not in ask(json_schema={}, quirks=Quirks(schema="none"))


def test_tool_calls_of_a_stream_keep_their_ids_and_pieces() -> None:
    """Two at once, one without any input."""
    start = {"toolUse": {"toolUseId": "t1", "name": "look"}}
    body = message("contentBlockStart", {"contentBlockIndex": 1, "start": start})
    body += delta(1, toolUse={"input": ""}) + delta(1, toolUse={"input": '{"a":'})
    body += delta(1, toolUse={"input": "1}"}) + message(
        "contentBlockStop", {"contentBlockIndex": 1}
    )
    start = {"toolUse": {"toolUseId": "t2", "name": "now"}}
    body += message("contentBlockStart", {"contentBlockIndex": 2, "start": start})
    body += message("contentBlockStop", {"contentBlockIndex": 2})

    events = read(NAME, body + ended("tool_use"))

    calls = folded(events).tool_calls
    assert [(c.id, c.name, c.arguments) for c in calls] == [
        ("t1", "look", '{"a":1}'),
        ("t2", "now", "{}"),
    ]
    finished = folded(events).finished
    assert finished is not None
    assert finished.finish_reason == "tool_call"


def test_what_is_no_piece_of_the_answer_says_nothing() -> None:
    """Results of AWS's own tools, citations, signatures, and events of the future."""
    body = message("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolResult": {}}})
    body += delta(0, toolResult=[{"text": "hidden"}]) + delta(1, citation={"title": "t"})
    body += delta(2, toolUse={"input": "{}"}) + message("novelty", {"contentBlockIndex": 7})
    body += delta(3, text="") + delta(3, reasoningContent={"redactedContent": "AA=="})

    assert folded(read(NAME, body + ended())).text == ""
    assert not any(isinstance(event, ToolCallDelta) for event in read(NAME, body + ended()))


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("tool_use", "tool_call"),
        ("malformed_model_output", "error"),
        ("brand_new", "other"),
    ],
)
def test_why_it_stopped_is_told_in_our_words_and_in_theirs(native: str, reason: str) -> None:
    """In streams and in whole answers alike."""
    for events in (
        read(NAME, delta(0, text="a") + ended(native)),
        read(NAME, whole({"text": "a"}, reason=native), streamed=False),
    ):
        finished = folded(events).finished
        assert finished is not None
        assert (finished.finish_reason, finished.native) == (reason, native)


def test_cached_tokens_stand_beside_the_input() -> None:
    """And those kept for an hour cost more than those kept for five minutes."""
    usage: dict[str, Any] = {
        "inputTokens": 10,
        "outputTokens": 4,
        "totalTokens": 40,
        "cacheReadInputTokens": 20,
        "cacheWriteInputTokens": 6,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 5}, {"ttl": "5m", "inputTokens": 1}],
    }
    for events in (
        read(NAME, delta(0, text="a") + ended(**usage)),
        read(NAME, whole({"text": "a"}, usage=usage), streamed=False),
    ):
        built = folded(events)
        assert built.usage == Usage(
            text_input_tokens=10,
            cache_read_tokens=20,
            cache_write_tokens=1,
            cache_write_1h_tokens=5,
            text_output_tokens=4,
        )
        assert built.usage.input_tokens == 36


def test_a_whole_answer_has_thoughts_cited_words_and_tools_in_order() -> None:
    """What a citation supports is part of the sentence; a router names the model that answered."""
    cited = {"citationsContent": {"content": [{"text": "forty-two"}], "citations": []}}
    tool = {"toolUse": {"toolUseId": "t", "name": "f", "input": {"a": [1]}}}
    thought = {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}}
    trace = {"promptRouter": {"invokedModelId": "arn:m"}}
    body = whole(thought, {"text": "It is "}, cited, {"text": "."}, tool, {}, trace=trace)

    built = folded(read(NAME, body, streamed=False))

    assert (built.text, built.reasoning) == ("It is forty-two.", "hm")
    assert [(c.id, c.name, c.arguments) for c in built.tool_calls] == [("t", "f", '{"a":[1]}')]
    assert built.resolved_model == "arn:m"


def test_a_document_in_place_of_a_stream_is_read_as_one() -> None:
    """Gateways between answer so."""
    assert folded(read(NAME, whole({"text": "hi"}), streamed=True)).text == "hi"


def test_the_last_event_may_be_lost() -> None:
    """The reason for the end has been said; only the counts are missing."""
    built = folded(read(NAME, delta(0, text="a") + message("messageStop", {"stopReason": "x"})))

    assert built.finished is not None
    assert built.usage is None


def test_nothing_is_read_after_the_end() -> None:
    """Whatever follows in the same bytes or later."""
    body = delta(0, text="a") + ended() + b"\0garbage that is no message at all"

    assert read(NAME, body) == read(NAME, body, cut=1) == read(NAME, delta(0, text="a") + ended())


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (exception("throttlingException", {"message": "slow"}), ErrorClass.RATE_LIMIT),
        (exception("modelStreamErrorException", {"message": "x"}), ErrorClass.SERVER),
        (exception("internalServerException", {}), ErrorClass.SERVER),
        (exception("serviceUnavailableException", {"message": "x"}), ErrorClass.OVERLOADED),
        (exception("validationException", {"message": "bad"}), ErrorClass.INVALID_REQUEST),
        (exception("validationException", {"message": "Input is too long"}), "context_length"),
        (exception("brandNewException", {"message": "x"}), ErrorClass.SERVER),
        (message("throttlingException", {"message": "slow"}), ErrorClass.RATE_LIMIT),
        (
            frame(
                {":message-type": "error", ":error-code": "InternalFailure", ":error-message": "m"},
                b"",
            ),
            ErrorClass.SERVER,
        ),
        (frame({":message-type": "event", ":event-type": "metadata"}, b"{oops"), "bad_response"),
        (message("metadata", {"usage": 5}), ErrorClass.BAD_RESPONSE),
        (delta(0, text="x")[:-1] + b"\0", ErrorClass.BAD_RESPONSE),
        (b"\0\0\0\x10\0\0\0\0abcd", ErrorClass.BAD_RESPONSE),
    ],
)
def test_an_error_in_a_stream_comes_after_what_was_said(body: bytes, error: str) -> None:
    """By its name; damaged bytes are noticed by their checksum."""
    for cut in (1, 7, 1 << 20):
        events, seen = outcome(NAME, delta(0, text="par") + body, cut=cut)
        assert (folded(events).text, seen) == ("par", error)


def test_after_an_error_nothing_more_is_said() -> None:
    """What came before it is let out first; whoever asks on is told again."""
    decoder = load(NAME).decoder(a_request(NAME), streamed=True)

    said = decoder.feed(delta(0, text="par") + exception("throttlingException", {"message": "x"}))

    assert folded(said).text == "par"
    with pytest.raises(CallError, match="x"):
        decoder.feed(delta(0, text="more"))
    with pytest.raises(CallError, match="x"):
        decoder.close()


def test_an_error_in_a_stream_keeps_the_providers_words() -> None:
    """With its name as the code, and one more try where the model failed."""
    decoder = load(NAME).decoder(a_request(NAME), streamed=True)

    with pytest.raises(CallError, match="it broke") as caught:
        decoder.feed(exception("modelStreamErrorException", {"originalMessage": "it broke"}))

    assert caught.value.code == "modelStreamErrorException"
    assert caught.value.retry is True
    assert caught.value.sent


@pytest.mark.parametrize("body", [b"", b" ", b"\0", b"{}", b"[]", b"nonsense", b"<p>x</p>"])
def test_what_is_no_answer_is_a_bad_response(body: bytes) -> None:
    """Whatever a proxy says."""
    assert outcome(NAME, body)[1] == ErrorClass.BAD_RESPONSE


CORAL = ":http://internal.amazon.com/coral/com.amazon.bedrock/"
REFUSALS: list[tuple[int, str, str, ErrorClass]] = [
    (429, "ThrottlingException", "Too many requests", ErrorClass.RATE_LIMIT),
    (429, "ThrottlingException", "Too many tokens per day", ErrorClass.QUOTA),
    (429, "ModelNotReadyException", "warming up", ErrorClass.OVERLOADED),
    (400, "ServiceQuotaExceededException", "quota", ErrorClass.QUOTA),
    (400, "ValidationException", "bad field", ErrorClass.INVALID_REQUEST),
    (
        400,
        "ValidationException",
        "Input is too long for requested model.",
        ErrorClass.CONTEXT_LENGTH,
    ),
    (
        400,
        "ValidationException",
        "The provided model identifier is invalid.",
        ErrorClass.MODEL_NOT_FOUND,
    ),
    (403, "AccessDeniedException", "You don't have access", ErrorClass.PERMISSION),
    (403, "ExpiredTokenException", "The security token included is expired", ErrorClass.AUTH),
    (403, "UnrecognizedClientException", "invalid", ErrorClass.AUTH),
    (403, "", "Authentication failed: Please make sure your API Key is valid.", ErrorClass.AUTH),
    (404, "ResourceNotFoundException", "no such", ErrorClass.MODEL_NOT_FOUND),
    (408, "ModelTimeoutException", "slow", ErrorClass.TIMEOUT),
    (424, "ModelErrorException", "broke", ErrorClass.SERVER),
    (500, "InternalServerException", "oops", ErrorClass.SERVER),
    (503, "ServiceUnavailableException", "busy", ErrorClass.OVERLOADED),
    (503, "", "busy", ErrorClass.OVERLOADED),
    (418, "TeapotException", "no", ErrorClass.INVALID_REQUEST),
]


@pytest.mark.parametrize(("status", "name", "text", "expected"), REFUSALS)
def test_a_refusal_is_told_by_its_name_and_its_words(
    status: int, name: str, text: str, expected: ErrorClass
) -> None:
    """The name stands in a header or in the body, in several spellings."""
    protocol = load(NAME)
    for field in ("message", "Message"):
        body = json.dumps({field: text}).encode()
        error = protocol.error(status, {"x-amzn-errortype": name + CORAL} if name else {}, body)
        assert (error.error_class, error.message) == (expected, text)
        assert error.code == name or not name
    typed = json.dumps({"__type": f"aws#{name}", "message": text}).encode()
    assert protocol.error(status, {}, typed).error_class == expected


def test_each_refusal_names_the_next_step() -> None:
    """Expired credentials are renewed, a model is opened or looked up."""

    def hint(status: int, name: str) -> str:
        error = load(NAME).error(status, {"x-amzn-errortype": name}, b'{"message": "m"}')
        return error.hint or ""

    assert "aws sso login" in hint(403, "ExpiredTokenException")
    assert "bedrock:InvokeModel" in hint(403, "AccessDeniedException")
    assert "list-inference-profiles" in hint(404, "ResourceNotFoundException")
    assert "Service Quotas" in hint(400, "ServiceQuotaExceededException")


def test_the_models_own_failures_are_tried_once_more() -> None:
    """And the provider's word on retrying wins."""
    protocol = load(NAME)

    assert protocol.error(424, {"x-amzn-errortype": "ModelErrorException"}, b"{}").retry is True
    assert protocol.error(500, {"x-should-retry": "false"}, b"{}").retry is False
    assert protocol.error(500, {}, b"{}").retry is None


def test_a_wrong_signature_does_not_quote_the_request() -> None:
    """AWS repeats the headers that were signed, the session token among them."""
    text = (
        "The request signature we calculated does not match the signature you provided. The"
        " Canonical String for this request should have been\n'POST\nx-amz-security-token:SECRET'"
    )
    body = json.dumps({"message": text}).encode()

    error = load(NAME).error(403, {"x-amzn-errortype": "InvalidSignatureException"}, body)

    assert error.error_class is ErrorClass.AUTH
    assert "SECRET" not in error.message
    assert "does not match" in error.message


def test_an_error_that_is_no_json_is_still_told() -> None:
    """A proxy's page, an empty body, a bare list."""
    protocol = load(NAME)

    assert "Oops" in protocol.error(502, {}, b"<title>Oops</title>").message
    assert "502 without a reason" in protocol.error(502, {}, b"").message
    assert protocol.error(502, {}, b"[]").error_class is ErrorClass.SERVER


def test_without_botocore_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that cannot be read is not paid for."""
    monkeypatch.setitem(sys.modules, "botocore", None)
    monkeypatch.setitem(sys.modules, "botocore.eventstream", None)

    with pytest.raises(ConfigError) as caught:
        load(NAME).request(a_request(NAME))

    assert caught.value.hint == '`pip install "ultra-llm[bedrock]"`'


def test_models_that_write_are_listed() -> None:
    """Pictures and embeddings are not."""
    protocol = load(NAME)
    rows = [
        {"modelId": "a", "outputModalities": ["TEXT"]},
        {"modelId": "b", "outputModalities": ["IMAGE"]},
        {"modelId": "c"},
    ]
    found, cursor = protocol.models(json.dumps({"modelSummaries": rows}).encode())

    assert ([model.id for model in found], cursor) == (["a", "c"], None)
    with pytest.raises(CallError, match="not JSON"):
        protocol.models(b"oops")
    request = a_request(NAME)
    assert protocol.models_request(request.target.endpoint).path == "/foundation-models"
    mine = a_request(NAME, quirks=Quirks(models_path="/mine"))
    assert protocol.models_request(mine.target.endpoint).path == "/mine"
