"""Ollama's own chat API."""

import json
from typing import Any

import pytest

from tests.support.protocols import a_request, folded, outcome, read, sent
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

NAME = "ollama"


def line(done: bool = False, reason: str | None = None, **message: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "model": "qwen",
        "message": {"role": "assistant", **message},
        "done": done,
    }
    return {**row, "done_reason": reason, "prompt_eval_count": 5, "eval_count": 2} if done else row


def lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_a_stream_is_read_as_the_documents_say() -> None:
    """Thinking, words, and counts on the line that is done."""
    body = lines(
        line(content="", thinking="hm"),
        line(content="Hel"),
        line(content="lo"),
        line(True, "stop", content=""),
        line(content="after the end"),
    )

    assert read(NAME, body) == [
        ResponseStarted("qwen"),
        ReasoningDelta("hm"),
        TextDelta("Hel"),
        TextDelta("lo"),
        UsageReported(Usage(5, text_output_tokens=2)),
        Finished("stop", "stop"),
    ]


@pytest.mark.parametrize("streamed", [True, False])
def test_a_whole_answer_is_read_whatever_was_asked_for(streamed: bool) -> None:
    """One line is a short stream, and lines are read where one document was asked for."""
    one = json.dumps(line(True, "stop", content="Hello")).encode()
    many = lines(line(content="Hello"), line(True, "stop", content=""))

    assert folded(read(NAME, one, streamed=streamed)).text == "Hello"
    assert folded(read(NAME, many, streamed=streamed)).text == "Hello"


def test_tool_calls_have_objects_for_arguments() -> None:
    """They become JSON text; ids may be missing."""
    calls = [
        {"id": "a", "function": {"name": "f", "arguments": {"x": 1}}},
        {"function": {"name": "g", "arguments": '{"y":2}'}},
        {"function": {"name": "h"}},
        {},
    ]
    built = folded(read(NAME, lines(line(content="", tool_calls=calls), line(True, "stop"))))

    assert built.tool_calls == (
        ToolCall("a", "f", '{"x":1}'),
        ToolCall("", "g", '{"y":2}'),
        ToolCall("", "h", "{}"),
        ToolCall("", "", "{}"),
    )


@pytest.mark.parametrize(
    ("native", "expected"),
    [("stop", "stop"), ("length", "length"), ("load", "other"), (None, "stop")],
)
def test_done_reasons_are_normalised_and_kept(native: str | None, expected: str) -> None:
    """Old servers give no reason and are done all the same."""
    finished = read(NAME, lines(line(True, native, content="a")))[-1]

    assert isinstance(finished, Finished)
    assert (finished.finish_reason, finished.native) == (expected, native or "")


def test_counts_that_are_missing_are_unknown() -> None:
    """A cached prompt has no count; without any there is no report."""
    half = {"model": "q", "done": True, "eval_count": 2}
    none = {"model": "q", "done": True}

    assert folded(read(NAME, lines(half))).usage == Usage(None, text_output_tokens=2)
    assert folded(read(NAME, lines(none))).usage is None


def test_a_stream_that_is_not_done_is_a_failure() -> None:
    """The end of the connection is no end of the answer."""
    events, error = outcome(NAME, lines(line(content="par")))
    _, plain = outcome(NAME, lines(line(content="par")), streamed=False)

    assert (folded(events).text, error, plain) == (
        "par", ErrorClass.BAD_RESPONSE, ErrorClass.BAD_RESPONSE,
    )  # fmt: skip


def test_an_error_line_is_an_error() -> None:
    """Ollama puts errors of a running stream on a line of their own."""
    body = lines(line(content="par"), {"error": "model runner has unexpectedly stopped"})

    events, error = outcome(NAME, body)
    assert (folded(events).text, error) == ("par", ErrorClass.BAD_RESPONSE)


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("body", [b"", b"<html>x</html>", b"[]", b"nope", b'{"done": "x"}'])
def test_what_is_no_answer_at_all_is_an_error(body: bytes, streamed: bool) -> None:
    """A page, text, nothing."""
    assert outcome(NAME, body, streamed=streamed) == ([], ErrorClass.BAD_RESPONSE)


def test_the_body_has_what_was_asked_for_and_nothing_else() -> None:
    """A plain question carries no defaults of ours."""
    assert sent(a_request(NAME, said("system", "s"), said("user", "u"))) == {
        "model": "m",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        "stream": True,
    }


def test_every_option_has_its_field() -> None:
    """What Ollama knows at the top stays there; other options are of the model."""
    extra: dict[str, Any] = {"num_ctx": 8192, "keep_alive": "5m", "options": {"top_k": 3}}
    sampling = Sampling(0.5, 0.9, 100, ("END",), 7, "low", extra)
    body = sent(a_request(NAME, sampling=sampling, json_schema={"type": "object"}, stream=False))

    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": False,
        "think": "low",
        "format": {"type": "object"},
        "keep_alive": "5m",
        "options": {
            "temperature": 0.5, "top_p": 0.9, "num_predict": 100, "stop": ["END"], "seed": 7,
            "top_k": 3, "num_ctx": 8192,
        },
    }  # fmt: skip


@pytest.mark.parametrize(("effort", "think"), [("high", "high"), ("none", False), ("xhigh", True)])
def test_effort_becomes_thinking(effort: str, think: object) -> None:
    """Levels for models that have them, yes or no for the rest."""
    assert sent(a_request(NAME, sampling=Sampling(reasoning_effort=effort)))["think"] == think


def test_pictures_go_beside_the_words() -> None:
    """Text files become words."""
    parts = (Text("see "), Media("image/png", b"x"), Media("text/plain", b"one", name="a.txt"))

    assert sent(a_request(NAME, Message("user", parts)))["messages"] == [
        {
            "role": "user",
            "content": 'see <file name="a.txt">\none\n</file>\n',
            "images": ["eA=="],
        }
    ]


@pytest.mark.parametrize(
    ("media", "role"),
    [
        (Media("application/pdf", b"x", name="a.pdf"), "user"),
        (Media("image/png", url="https://x.y/p.png"), "user"),
        (Media("image/png", b"x", name="s.png"), "system"),
    ],
    ids=str,
)
def test_what_cannot_be_attached_is_refused(media: Media, role: Any) -> None:
    """The error names the attachment and says that nothing left."""
    with pytest.raises(CallError, match=media.name or media.url) as caught:
        load(NAME).request(a_request(NAME, Message(role, (media,))))

    assert (caught.value.error_class, caught.value.sent) == (ErrorClass.INVALID_REQUEST, False)


def test_live_models_are_those_on_the_machine() -> None:
    """The listing has a path of its own, unless the row names another."""
    rows = [{"name": "q:1b", "modified_at": "1970-01-01T00:01:00Z"}, {"name": "r"}]
    models, cursor = load(NAME).models(json.dumps({"models": rows}).encode())
    endpoint = a_request(NAME).target.endpoint
    own = a_request(NAME, quirks=Quirks(models_path="/x")).target.endpoint

    assert [(model.id, model.created) for model in models] == [("q:1b", 60.0), ("r", None)]
    assert cursor is None
    assert load(NAME).models_request(endpoint).path == "/api/tags"
    assert load(NAME).models_request(own).path == "/x"


@pytest.mark.parametrize("body", [b"<html>", b"{}"])
def test_what_is_no_list_of_models_is_an_error(body: bytes) -> None:
    """A wrong base URL is told, not shown as an empty list."""
    with pytest.raises(CallError):
        load(NAME).models(body)
