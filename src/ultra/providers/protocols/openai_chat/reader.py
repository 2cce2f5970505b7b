"""An answer of Chat Completions, streamed or whole, as events.

Source: platform.openai.com/docs/api-reference/chat/streaming. Of several choices the first is read.
Vendors' additions: `reasoning_content` (DeepSeek, xAI, llama.cpp), `reasoning` (Groq, OpenRouter),
`reasoning_details` (OpenRouter), content in parts with `thinking` (Mistral), `x_groq.usage`.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct, field

from ultra.core.stream import (
    Finished,
    FinishReason,
    ReasoningDelta,
    ResponseStarted,
    StreamBody,
    TextDelta,
    ToolCallDelta,
)
from ultra.providers.classify import in_band_error
from ultra.providers.protocols.costs import NOTHING, dollars_nano
from ultra.providers.protocols.openai_chat.usage import ChatUsage
from ultra.providers.protocols.reading import bad_response, decode

_DONE = b"[DONE]"

FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",  # Together
    "stop_sequence": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",  # Mistral
    "model_context_window_exceeded": "length",  # Z.AI
    "content_filter": "content_filter",
    "sensitive": "content_filter",  # Z.AI
    "tool_calls": "tool_call",
    "tool_call": "tool_call",
    "tool_use": "tool_call",
    "function_call": "tool_call",
    "error": "error",
    "network_error": "error",  # Z.AI
    "insufficient_system_resource": "error",  # DeepSeek
}
"""A server's word for why it stopped; any other is `other`."""


class _Function(Struct, frozen=True):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class _ToolCall(Struct, frozen=True):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Piece(Struct, frozen=True):
    type: str | None = None
    text: str | None = None
    thinking: "str | list[_Piece] | None" = None
    summary: str | None = None


class _Words(Struct, frozen=True):
    content: str | list[_Piece] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[_Piece] | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(Struct, frozen=True):
    index: int | None = None
    delta: _Words | None = None
    message: _Words | None = None
    finish_reason: str | None = None


class _XGroq(Struct, frozen=True):
    usage: ChatUsage | None = None


class _Chunk(Struct, frozen=True):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: ChatUsage | None = None
    x_groq: _XGroq | None = None
    error: object = None
    kind: str | None = field(default=None, name="object")
    cost: Raw = NOTHING


_DECODER = msgspec.json.Decoder(_Chunk)


class ChatReader:
    """Fills `reading.Reader` for one answer."""

    def __init__(self) -> None:
        self.done = False
        self._started = False
        self._native: str | None = None
        self._refused = False
        self._usage: ChatUsage | None = None
        self._cost_nano: int | None = None
        self._tools = _Tools()

    def chunk(self, data: bytes) -> list[StreamBody]:
        """One event of a stream."""
        if data == _DONE:
            return self.end()
        chunk = decode(_DECODER, data)
        if chunk.error or chunk.kind == "error":
            raise in_band_error(data)
        bodies = [] if self._started else self._start(chunk)
        choices = chunk.choices
        if choices:
            choice = choices[0] if len(choices) == 1 else _first(choices)
            if choice.index in (0, None):
                words = choice.delta or choice.message
                if words:
                    bodies += self._words(words)
                self._native = choice.finish_reason or self._native
        self._count(chunk, bodies)
        return bodies

    def whole(self, body: bytes) -> list[StreamBody]:
        """The body of an answer that is not a stream."""
        chunk = decode(_DECODER, body)
        if chunk.error or (not chunk.choices and chunk.choices != []):
            raise in_band_error(body)
        if not chunk.choices:
            raise bad_response("an answer without choices")
        choice = _first(chunk.choices)
        words = choice.message or choice.delta
        said = self._words(words) if words else []
        if not said and not choice.finish_reason:
            raise bad_response("an answer without content and without a reason for its end")
        self._native = choice.finish_reason or ""
        self._usage = chunk.usage
        self._cost_nano = dollars_nano(chunk.cost)
        return [*self._start(chunk), *said, *self.end()]

    def end(self) -> list[StreamBody]:
        """Usage and `Finished`; nothing if no reason for the end was given."""
        if self._native is None:
            return []
        self.done = True
        reason = FINISH.get(self._native.lower(), "other")
        finished = Finished("content_filter" if self._refused else reason, self._native)
        if self._usage is None:
            return [finished]
        return [self._usage.reported("provider", self._cost_nano), finished]

    def _start(self, chunk: _Chunk) -> list[StreamBody]:
        if not (chunk.model or chunk.choices):
            return []  # Azure opens with its filter's verdict on the prompt
        self._started = True
        return [ResponseStarted(chunk.model or None, chunk.id or None)]

    def _count(self, chunk: _Chunk, bodies: list[StreamBody]) -> None:
        usage = chunk.usage or (chunk.x_groq.usage if chunk.x_groq else None)
        if usage is None:
            return
        self._usage = usage
        if chunk.cost is not NOTHING:
            self._cost_nano = dollars_nano(chunk.cost)
        if self._native is None:
            bodies.append(usage.reported("partial", self._cost_nano))

    def _words(self, words: _Words) -> list[StreamBody]:
        bodies: list[StreamBody] = []
        thought = words.reasoning_content or words.reasoning
        if not thought and words.reasoning_details:
            thought = "".join(
                piece.text or piece.summary or "" for piece in words.reasoning_details
            )
        if thought:
            bodies.append(ReasoningDelta(thought))
        content = words.content
        if isinstance(content, str):
            if content:
                bodies.append(TextDelta(content))
        elif content:
            bodies += filter(None, map(_piece, content))
        if words.refusal:
            self._refused = True
            bodies.append(TextDelta(words.refusal))
        if words.tool_calls:
            bodies += [self._tools.delta(call) for call in words.tool_calls]
        return bodies


class _Tools:
    """Numbers tool calls for servers that forget the index, or give every call the same one."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._native: dict[int, int] = {}

    def delta(self, call: _ToolCall) -> ToolCallDelta:
        function = call.function or _Function()
        arguments = function.arguments
        if isinstance(arguments, dict):
            arguments = msgspec.json.encode(arguments).decode()
        return ToolCallDelta(
            self._place(call, function), call.id or "", function.name or "", arguments or ""
        )

    def _place(self, call: _ToolCall, function: _Function) -> int:
        if call.id and call.id in self._ids:
            return self._ids.index(call.id)
        if call.index is not None and call.index in self._native:
            known = self._native[call.index]
            if not (call.id and self._ids[known] and function.name):
                return known
        elif call.index is None and self._ids and not (call.id or function.name):
            return len(self._ids) - 1
        self._ids.append(call.id or "")
        place = len(self._ids) - 1
        if call.index is not None:
            self._native[call.index] = place
        return place


def _first(choices: list[_Choice]) -> _Choice:
    return next((choice for choice in choices if choice.index == 0), choices[0])


def _piece(piece: _Piece) -> StreamBody | None:
    thinking = piece.thinking
    if isinstance(thinking, list):
        thinking = "".join(part.text or "" for part in thinking)
    if thinking:
        return ReasoningDelta(thinking)
    return TextDelta(piece.text) if piece.text else None
