"""An answer of Cohere's Chat API, streamed or whole, as events.

Source: docs.cohere.com/v2/docs/streaming. A tool plan is the thinking that goes before tool calls.
Citations say which words rest on which document; they are no words of their own and not told.
"""

import msgspec
from msgspec import Struct

from ultra.core.errors import CallError
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
from ultra.providers.classify import in_band_error
from ultra.providers.protocols.reading import bad_response, decode, minus, tokens

Number = int | float | None

FINISH: dict[str, FinishReason] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_call",
    "ERROR": "error",
    "ERROR_LIMIT": "length",
    "ERROR_TOXIC": "content_filter",
    "TIMEOUT": "error",
}
"""Cohere's word for why it stopped; any other (`USER_CANCEL`) is `other`."""

_FAULTS = {"ERROR": "internal_error", "TIMEOUT": "timeout", "ERROR_TOXIC": "content_filter"}
"""What kind of error a reason is when it comes with a message."""


class _Tokens(Struct, frozen=True):
    input_tokens: Number = None
    output_tokens: Number = None
    reasoning_tokens: Number = None


class _Usage(Struct, frozen=True):
    tokens: _Tokens | None = None
    billed_units: _Tokens | None = None
    cached_tokens: Number = None

    def reported(self) -> UsageReported:
        """What was read and written, and beside it what is charged for.

        The tokens include the instructions that Cohere adds (for tools some 900), which it does not
        bill. Source: docs.cohere.com/docs/how-does-cohere-pricing-work.
        """
        billed = self.billed_units or _Tokens()
        counted = self.tokens or billed
        into, out = tokens(counted.input_tokens), tokens(counted.output_tokens)
        cached, thought = tokens(self.cached_tokens), tokens(counted.reasoning_tokens)
        if cached is not None and into is not None:
            cached = min(cached, into)
        if thought is not None and out is not None:
            thought = min(thought, out)
        usage = Usage(
            text_input_tokens=minus(into, cached),
            cache_read_tokens=cached,
            text_output_tokens=minus(out, thought),
            reasoning_tokens=thought,
        )
        charged = Usage(
            text_input_tokens=tokens(billed.input_tokens),
            text_output_tokens=tokens(billed.output_tokens),
        )
        whole = charged.text_input_tokens is not None and charged.text_output_tokens is not None
        return UsageReported(usage, billed=charged if whole else None)


class _Content(Struct, frozen=True):
    type: str = ""
    text: str | None = None
    thinking: str | None = None


class _Function(Struct, frozen=True):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(Struct, frozen=True):
    id: str | None = None
    function: _Function | None = None


class _Message(Struct, frozen=True):
    """A message, or a piece of one: a whole message has lists where a piece has one thing."""

    content: list[_Content] | _Content | str | None = None
    tool_plan: str | None = None
    tool_calls: list[_ToolCall] | _ToolCall | None = None


class _Delta(Struct, frozen=True):
    message: _Message | None = None
    finish_reason: str | None = None
    usage: _Usage | None = None
    error: str | None = None


class _Event(Struct, frozen=True):
    type: str = ""
    id: str | None = None
    index: int | None = None
    delta: _Delta | None = None


class _Response(Struct, frozen=True):
    id: str | None = None
    message: _Message | str | None = None
    finish_reason: str | None = None
    usage: _Usage | None = None


class _Error(Struct, frozen=True):
    id: str | None = None


_EVENT = msgspec.json.Decoder(_Event)
_RESPONSE = msgspec.json.Decoder(_Response)
_ERROR = msgspec.json.Decoder(_Error)


class CohereReader:
    """Fills `reading.Reader` for one answer."""

    def __init__(self) -> None:
        self.done = False
        self._started = False
        self._places: dict[int, int] = {}

    def chunk(self, data: bytes) -> list[StreamBody]:
        """One event of a stream. Kinds of events that are not known say nothing."""
        if data == b"[DONE]":
            return []  # after the end
        event = decode(_EVENT, data)
        delta = event.delta or _Delta()
        message = delta.message or _Message()
        match event.type:
            case "content-delta" | "content-start":
                return self._content(message.content)
            case "tool-plan-delta":
                return self._plan(message.tool_plan)
            case "tool-call-start" | "tool-call-delta":
                return self._calls(event.index or 0, message.tool_calls)
            case "message-start" | "message-end":
                return self._end(delta) if event.type == "message-end" else self._start(event.id)
            case "":
                raise in_band_error(data)
            case _:
                return []

    def whole(self, body: bytes) -> list[StreamBody]:
        """The body of an answer that is not a stream."""
        response = decode(_RESPONSE, body)
        message = response.message
        if not isinstance(message, _Message):
            raise in_band_error(body)
        bodies = self._plan(message.tool_plan) + self._content(message.content)
        bodies += self._calls(0, message.tool_calls)
        if not bodies and not response.finish_reason:
            raise bad_response("an answer without content and without a reason for its end")
        end = self._end(_Delta(finish_reason=response.finish_reason, usage=response.usage))
        return [ResponseStarted(request_id=response.id), *bodies, *end]

    def end(self) -> list[StreamBody]:
        """Nothing: the event that ends a message says so itself."""
        return []

    def _start(self, identity: str | None) -> list[StreamBody]:
        if self._started:
            return []
        self._started = True
        return [ResponseStarted(request_id=identity)]

    def _end(self, delta: _Delta) -> list[StreamBody]:
        native = delta.finish_reason or ""
        if delta.error:
            raise _fault(delta.error, native)
        self.done = True
        finished = Finished(FINISH.get(native, "other"), native)
        return [delta.usage.reported(), finished] if delta.usage else [finished]

    def _plan(self, plan: str | None) -> list[StreamBody]:
        self._started = True
        return [ReasoningDelta(plan)] if plan else []

    def _content(self, content: list[_Content] | _Content | str | None) -> list[StreamBody]:
        self._started = True
        if isinstance(content, str):
            return [TextDelta(content)] if content else []
        bodies: list[StreamBody] = []
        for piece in content if isinstance(content, list) else [content or _Content()]:
            if piece.thinking:
                bodies.append(ReasoningDelta(piece.thinking))
            if piece.text:
                bodies.append(TextDelta(piece.text))
        return bodies

    def _calls(self, index: int, calls: list[_ToolCall] | _ToolCall | None) -> list[StreamBody]:
        self._started = True
        several = calls if isinstance(calls, list) else [calls] if calls else []
        return [self._call(index + place, call) for place, call in enumerate(several)]

    def _call(self, index: int, call: _ToolCall) -> StreamBody:
        place = self._places.setdefault(index, len(self._places))
        function = call.function or _Function()
        return ToolCallDelta(place, call.id or "", function.name or "", function.arguments or "")


def error_id(body: bytes) -> str | None:
    """The id that an error carries, to quote in a complaint; None when it has none."""
    try:
        return _ERROR.decode(body).id
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _fault(message: str, native: str) -> CallError:
    error = {"message": message, "type": _FAULTS.get(native, native.lower())}
    return in_band_error(msgspec.json.encode({"error": error}))
