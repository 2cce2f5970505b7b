"""Ollama's own chat API. Source: github.com/ollama/ollama/blob/main/docs/api.md.

Streams are lines of JSON; the one with `done` carries the counts.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from ultra.core.errors import CallError
from ultra.core.model import Endpoint
from ultra.core.request import CallRequest, Media, Message, Text
from ultra.core.stream import (
    Finished,
    FinishReason,
    ReasoningDelta,
    ResponseStarted,
    StreamBody,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ultra.core.usage import Usage
from ultra.providers.classify import call_error, in_band_error
from ultra.providers.ndjson import NdjsonDecoder
from ultra.providers.protocols.bodies import (
    JSON_HEADERS,
    NO_PARAMETERS,
    encode,
    given,
    merged,
    untaken,
)
from ultra.providers.protocols.media import IMAGES, base64_text, inline, refused
from ultra.providers.protocols.reading import (
    BodyDecoder,
    BrokenJsonError,
    bad_response,
    decode,
    decode_models,
    tokens,
)
from ultra.providers.wire import Decoder, LiveModel, WireRequest

Number = int | float | None

_TOP = frozenset(
    {"format", "keep_alive", "logprobs", "options", "raw", "think", "tools", "top_logprobs"}
)
"""Fields of the body itself; any other option of the user's (`num_ctx`) belongs to `options`."""

_LEVELS = frozenset({"low", "medium", "high"})

FINISH: dict[str, FinishReason] = {"stop": "stop", "length": "length"}
"""Ollama's word for why it stopped; any other (`load`, `unload`) is `other`."""


class _Function(Struct, frozen=True):
    name: str | None = None
    arguments: dict[str, Any] | str | None = None


class _ToolCall(Struct, frozen=True):
    id: str | None = None
    function: _Function | None = None


class _Message(Struct, frozen=True):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Response(Struct, frozen=True):
    model: str | None = None
    message: _Message | None = None
    done: bool | None = None
    done_reason: str | None = None
    prompt_eval_count: Number = None
    eval_count: Number = None
    error: object = None


class _Model(Struct, frozen=True):
    name: str
    modified_at: datetime | None = None


class _Models(Struct, frozen=True):
    models: list[_Model]


_DECODER = msgspec.json.Decoder(_Response)
_MODELS = msgspec.json.Decoder(_Models)


class Ollama:
    """Fills `wire.WireProtocol`."""

    name = "ollama"

    def request(self, request: CallRequest) -> WireRequest:
        """The call as a POST. Raises `CallError` for an attachment that cannot be sent."""
        quirks = request.target.endpoint.quirks
        path = (quirks.path or "/api/chat").replace("{model}", request.target.model)
        body = merged(_body(request), _placed(request.sampling.extra))
        return WireRequest("POST", path, encode(body), dict(JSON_HEADERS))

    def decoder(self, request: CallRequest, *, streamed: bool) -> Decoder:
        """A fresh decoder for one answer."""
        return BodyDecoder(_OllamaReader(), streamed=streamed, framing="ndjson")

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> CallError:
        """Why an answer of status 400 and above failed."""
        return call_error(status, headers, body)

    def models_request(self, endpoint: Endpoint, cursor: str | None = None) -> WireRequest:
        """The request that lists the models on the machine."""
        path = endpoint.quirks.models_path
        return WireRequest("GET", "/api/tags" if path == "/models" else path)

    def models(self, body: bytes) -> tuple[list[LiveModel], str | None]:
        """The list, in one page. Raises `CallError` when the body is not one."""
        rows = decode_models(_MODELS, body).models
        times = [row.modified_at.timestamp() if row.modified_at else None for row in rows]
        live = [LiveModel(row.name, created=at) for row, at in zip(rows, times, strict=True)]
        return live, None


PROTOCOL = Ollama()


def _body(request: CallRequest) -> dict[str, Any]:
    sampling = request.sampling
    untaken(sampling, "Ollama", "user_id", "metadata", "service_tier")
    options = given(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        num_predict=sampling.max_output_tokens,
        stop=list(sampling.stop) or None,
        seed=sampling.seed,
    )
    return {
        "model": request.target.model,
        "messages": [_message(message) for message in request.messages],
        "stream": request.stream,
        **given(
            options=options or None,
            think=_think(sampling.reasoning_effort),
            format=request.json_schema,
            tools=[_tool(tool) for tool in request.tools] or None,
        ),
    }


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in tool.items() if name != "strict"}
    return {"type": "function", "function": {"parameters": NO_PARAMETERS, **known}}


def _think(effort: str | None) -> bool | str | None:
    """Levels are for gpt-oss; other models take any level for yes."""
    if effort is None or effort in _LEVELS:
        return effort
    return effort != "none"


def _placed(extra: dict[str, Any]) -> dict[str, Any]:
    top = {name: value for name, value in extra.items() if name in _TOP}
    rest = {name: value for name, value in extra.items() if name not in _TOP}
    return merged(top, {"options": rest}) if rest else top


def _message(message: Message) -> dict[str, Any]:
    texts: list[str] = []
    images: list[str] = []
    for part in message.parts:
        if isinstance(part, Text):
            texts.append(part.text)
            continue
        text = inline(part)
        if text is None:
            images.append(_image(part, message))
        else:
            texts.append(text)
    content = {"role": message.role, "content": "".join(texts)}
    return {**content, **given(images=images or None)}


def _image(media: Media, message: Message) -> str:
    if message.role != "user":
        raise refused(media, f"a {message.role} message takes words only")
    if media.url:
        raise refused(media, "Ollama takes pictures, not links to them")
    if media.media_type not in IMAGES:
        raise refused(media, "Ollama takes pictures and text")
    return base64_text(media)


class _OllamaReader:
    """Fills `reading.Reader` for one answer."""

    def __init__(self) -> None:
        self.done = False
        self._started = False
        self._tools = 0

    def chunk(self, data: bytes) -> list[StreamBody]:
        """One line of a stream."""
        response = decode(_DECODER, data)
        if response.error:
            raise in_band_error(data)
        bodies: list[StreamBody] = []
        if not self._started and response.model:
            self._started = True
            bodies.append(ResponseStarted(response.model))
        if response.message:
            bodies += self._words(response.message)
        if response.done:
            bodies += self._finish(response)
        return bodies

    def whole(self, body: bytes) -> list[StreamBody]:
        """The body of an answer that is not a stream, or all lines of one unasked for."""
        try:
            bodies = self.chunk(body)
        except BrokenJsonError:
            lines = NdjsonDecoder()
            pieces = lines.feed(body) + lines.close()
            bodies = [said for piece in pieces for said in self.chunk(piece)]
        if not self.done:
            raise bad_response("an answer that is not done")
        return bodies

    def end(self) -> list[StreamBody]:
        """Nothing: the line that is done says so itself."""
        return []

    def _finish(self, response: _Response) -> list[StreamBody]:
        self.done = True
        native = response.done_reason or ""
        finished = Finished(FINISH.get(native or "stop", "other"), native)
        into, out = tokens(response.prompt_eval_count), tokens(response.eval_count)
        if into is None and out is None:
            return [finished]
        usage = Usage(text_input_tokens=into, text_output_tokens=out)
        return [UsageReported(usage), finished]

    def _words(self, message: _Message) -> list[StreamBody]:
        bodies: list[StreamBody] = []
        if message.thinking:
            bodies.append(ReasoningDelta(message.thinking))
        if message.content:
            bodies.append(TextDelta(message.content))
        bodies += map(self._tool, message.tool_calls or ())
        return bodies

    def _tool(self, call: _ToolCall) -> StreamBody:
        function = call.function or _Function()
        said = function.arguments or {}
        arguments = said if isinstance(said, str) else msgspec.json.encode(said).decode()
        self._tools += 1
        return ToolCallDelta(self._tools - 1, call.id or "", function.name or "", arguments)
