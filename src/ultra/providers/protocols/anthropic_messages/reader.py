"""An answer of the Messages API, streamed or whole, as events.

Source: docs.claude.com/en/docs/build-with-claude/streaming. Usage of `message_start` and
`message_delta` is one count in two parts; the later word on each kind holds.
"""

import msgspec
from msgspec import Struct

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
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_call",
    "refusal": "content_filter",
}
"""Anthropic's word for why it stopped; any other (`pause_turn`) is `other`."""


class _CacheCreation(Struct, frozen=True):
    ephemeral_5m_input_tokens: Number = None
    ephemeral_1h_input_tokens: Number = None


class _Details(Struct, frozen=True):
    thinking_tokens: Number = None


class _Usage(Struct, frozen=True):
    input_tokens: Number = None
    output_tokens: Number = None
    cache_read_input_tokens: Number = None
    cache_creation_input_tokens: Number = None
    cache_creation: _CacheCreation | None = None
    output_tokens_details: _Details | None = None

    def over(self, earlier: "_Usage") -> "_Usage":
        """This report where it speaks, the earlier one where it is silent."""
        return _Usage(
            _later(self.input_tokens, earlier.input_tokens),
            _later(self.output_tokens, earlier.output_tokens),
            _later(self.cache_read_input_tokens, earlier.cache_read_input_tokens),
            _later(self.cache_creation_input_tokens, earlier.cache_creation_input_tokens),
            self.cache_creation or earlier.cache_creation,
            self.output_tokens_details or earlier.output_tokens_details,
        )

    def usage(self) -> Usage:
        """The same in kinds that do not overlap. `input_tokens` holds no cached ones already."""
        output = tokens(self.output_tokens)
        details = self.output_tokens_details or _Details()
        thought = tokens(details.thinking_tokens)
        if thought is not None and output is not None:
            thought = min(thought, output)
        written = tokens(self.cache_creation_input_tokens)
        hour = (
            tokens(self.cache_creation.ephemeral_1h_input_tokens) if self.cache_creation else None
        )
        return Usage(
            text_input_tokens=tokens(self.input_tokens),
            cache_read_tokens=tokens(self.cache_read_input_tokens),
            cache_write_tokens=minus(written, hour),
            cache_write_1h_tokens=hour if written is None or hour is None else min(hour, written),
            text_output_tokens=minus(output, thought),
            reasoning_tokens=thought,
        )


class _Block(Struct, frozen=True):
    """A content block, or the delta of one. Search results and the like are not read."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    input: object = None
    partial_json: str | None = None
    stop_reason: str | None = None


class _Message(Struct, frozen=True):
    model: str | None = None
    content: list[_Block] | None = None
    stop_reason: str | None = None
    usage: _Usage | None = None
    error: object = None


class _Event(Struct, frozen=True):
    type: str = ""
    index: int | None = None
    message: _Message | str | None = None
    content_block: _Block | None = None
    delta: _Block | None = None
    usage: _Usage | None = None
    error: object = None


_EVENT = msgspec.json.Decoder(_Event)
_MESSAGE = msgspec.json.Decoder(_Message)


class MessagesReader:
    """Fills `reading.Reader` for one answer."""

    def __init__(self) -> None:
        self.done = False
        self._started = False
        self._native: str | None = None
        self._usage = _Usage()
        self._counted = False
        self._tools: dict[int, int] = {}
        self._bare: set[int] = set()

    def chunk(self, data: bytes) -> list[StreamBody]:
        """One event of a stream. Kinds of events that are not known say nothing."""
        if data == b"[DONE]":
            return []  # proxies add it
        event = decode(_EVENT, data)
        if event.error:
            raise in_band_error(data)
        if event.type.startswith("content_block_"):
            return self._content(event)
        match event.type:
            case "message_start":
                return self._start(event.message)
            case "message_delta":
                return self._message_delta(event)
            case "message_stop":
                return self.end()
            case _:
                return []

    def whole(self, body: bytes) -> list[StreamBody]:
        """The body of an answer that is not a stream."""
        message = decode(_MESSAGE, body)
        if message.error or message.content is None:
            raise in_band_error(body)
        if not message.content and not message.stop_reason:
            raise bad_response("an answer without content and without a reason for its end")
        bodies: list[StreamBody] = [ResponseStarted(message.model)]
        for index, block in enumerate(message.content):
            bodies += self._block(index, block) + self._spell_out(index)
        self._native = message.stop_reason or ""
        if message.usage:
            self._usage, self._counted = message.usage, True
        return bodies + self.end()

    def end(self) -> list[StreamBody]:
        """Usage and `Finished`; nothing if no reason for the end was given."""
        if self._native is None:
            return []
        self.done = True
        finished = Finished(FINISH.get(self._native, "other"), self._native)
        if not self._counted:
            return [finished]
        return [UsageReported(self._usage.usage()), finished]

    def _content(self, event: _Event) -> list[StreamBody]:
        index = event.index or 0
        match event.type:
            case "content_block_delta":
                return self._delta(index, event.delta or _Block())
            case "content_block_start":
                return self._block(index, event.content_block or _Block())
            case "content_block_stop":
                return self._spell_out(index)
            case _:
                return []

    def _start(self, message: _Message | str | None) -> list[StreamBody]:
        if self._started or not isinstance(message, _Message):
            return []  # a message that starts twice is still one
        self._started = True
        bodies: list[StreamBody] = [ResponseStarted(message.model)]
        if message.usage:
            self._usage, self._counted = message.usage, True
            # What it says of the output here is a beginning: unknown until the end.
            so_far = msgspec.structs.replace(message.usage, output_tokens=None)
            bodies.append(UsageReported(so_far.usage(), "partial"))
        return bodies

    def _block(self, index: int, block: _Block) -> list[StreamBody]:
        match block.type:
            case "text":
                return [TextDelta(block.text)] if block.text else []
            case "thinking":
                return [ReasoningDelta(block.thinking)] if block.thinking else []
            case "tool_use":
                return [self._tool(index, block)]
            case _:
                return []

    def _tool(self, index: int, block: _Block) -> ToolCallDelta:
        place = self._tools.setdefault(index, len(self._tools))
        # A stream opens a tool with `{}` and spells its input out afterwards, or never.
        arguments = msgspec.json.encode(block.input).decode() if block.input else ""
        if not arguments:
            self._bare.add(index)
        return ToolCallDelta(place, block.id or "", block.name or "", arguments)

    def _spell_out(self, index: int) -> list[StreamBody]:
        if index not in self._bare:
            return []
        self._bare.remove(index)
        return [ToolCallDelta(self._tools[index], arguments="{}")]

    def _delta(self, index: int, delta: _Block) -> list[StreamBody]:
        match delta.type:
            case "text_delta":
                return [TextDelta(delta.text)] if delta.text else []
            case "thinking_delta":
                return [ReasoningDelta(delta.thinking)] if delta.thinking else []
            case "input_json_delta" if index in self._tools and delta.partial_json:
                self._bare.discard(index)
                return [ToolCallDelta(self._tools[index], arguments=delta.partial_json)]
            case _:
                return []

    def _message_delta(self, event: _Event) -> list[StreamBody]:
        if event.delta and event.delta.stop_reason:
            self._native = event.delta.stop_reason
        if event.usage:
            self._usage, self._counted = event.usage.over(self._usage), True
        return []


def _later(later: Number, earlier: Number) -> Number:
    return earlier if later is None else later
