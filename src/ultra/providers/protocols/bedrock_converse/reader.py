"""An answer of Converse, streamed or whole, as events.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html,
API_runtime_ContentBlock.html and API_runtime_TokenUsage.html.
"""

from typing import Any

import msgspec
from msgspec import Struct, field

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
from ultra.providers.protocols.bedrock_converse.failures import exception
from ultra.providers.protocols.reading import bad_response, decode, minus, tokens

Number = int | float | None

FINISH: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "tool_use": "tool_call",
    "malformed_model_output": "error",
    "malformed_tool_use": "error",
}
"""Bedrock's word for why it stopped; any other is `other`."""


class _Cached(Struct, frozen=True, rename="camel"):
    ttl: str | None = None
    input_tokens: Number = None


class _Usage(Struct, frozen=True, rename="camel"):
    input_tokens: Number = None
    output_tokens: Number = None
    cache_read_input_tokens: Number = None
    cache_write_input_tokens: Number = None
    cache_details: list[_Cached] | None = None

    def usage(self) -> Usage:
        """The same in kinds that do not overlap: Bedrock counts cached tokens beside the input."""
        written = tokens(self.cache_write_input_tokens)
        rows = [row.input_tokens for row in self.cache_details or () if row.ttl == "1h"]
        hour = sum(tokens(count) or 0 for count in rows) if rows else None
        if hour is not None and written is not None:
            hour = min(hour, written)
        return Usage(
            text_input_tokens=tokens(self.input_tokens),
            cache_read_tokens=tokens(self.cache_read_input_tokens),
            cache_write_tokens=minus(written, hour),
            cache_write_1h_tokens=hour,
            text_output_tokens=tokens(self.output_tokens),
        )


class _Router(Struct, frozen=True, rename="camel"):
    invoked_model_id: str | None = None


class _Trace(Struct, frozen=True, rename="camel"):
    prompt_router: _Router | None = None


class _ToolUse(Struct, frozen=True, rename="camel"):
    """Whole answers hold `input` as JSON, streams as pieces of JSON text."""

    tool_use_id: str | None = None
    name: str | None = None
    input: Any = None


class _Words(Struct, frozen=True):
    text: str | None = None


class _Reasoning(Struct, frozen=True, rename="camel"):
    """Whole answers hold `reasoningText`, streams `text`."""

    reasoning_text: _Words | None = None
    text: str | None = None

    @property
    def words(self) -> str | None:
        return self.reasoning_text.text if self.reasoning_text else self.text


class _Citations(Struct, frozen=True):
    content: list[_Words] | None = None


class _Block(Struct, frozen=True, rename="camel"):
    """A block of a whole answer, and the piece of one in a stream."""

    text: str | None = None
    reasoning_content: _Reasoning | None = None
    tool_use: _ToolUse | None = None
    citations_content: _Citations | None = None

    @property
    def words(self) -> str:
        """The text; in a whole answer what a citation supports stands inside the citation."""
        if self.citations_content is None:
            return self.text or ""
        cited = self.citations_content.content or ()
        return (self.text or "") + "".join(one.text or "" for one in cited)


class _Event(Struct, frozen=True, rename="camel"):
    """Any event of a stream; which one it is stands outside."""

    content_block_index: int = 0
    start: _Block | None = None
    delta: _Block | None = None
    stop_reason: str | None = None
    usage: _Usage | None = None


class _Message(Struct, frozen=True):
    content: list[_Block] = field(default_factory=list)


class _Output(Struct, frozen=True):
    message: _Message | None = None


class _Response(Struct, frozen=True, rename="camel"):
    output: _Output | None = None
    stop_reason: str | None = None
    usage: _Usage | None = None
    trace: _Trace | None = None


_EVENT = msgspec.json.Decoder(_Event)
_RESPONSE = msgspec.json.Decoder(_Response)


class ConverseReader:
    """Reads one answer; `done` is true once `Finished` has been given."""

    def __init__(self) -> None:
        self.done = False
        self._native: str | None = None
        self._tools: dict[int, int] = {}
        self._bare: set[int] = set()

    def event(self, kind: str, payload: bytes) -> list[StreamBody]:
        """One event of a stream. Raises `BrokenJsonError`, and `CallError` for an error in it."""
        event = decode(_EVENT, payload)
        index = event.content_block_index
        match kind:
            case "contentBlockDelta" if event.delta:
                return self._delta(index, event.delta)
            case "contentBlockStart" if event.start and event.start.tool_use:
                return [self._begun(index, event.start.tool_use)]
            case "contentBlockStop":
                return self._stopped(index)
            case "messageStop":
                self._native = event.stop_reason or ""
                return []
            case "metadata":
                return self._finished(event.usage)
            case _ if kind.endswith("Exception"):
                raise exception(kind, payload)
            case _:
                return []

    def whole(self, body: bytes) -> list[StreamBody]:
        """The body of an answer that is not a stream. Raises as `event` does."""
        response = decode(_RESPONSE, body)
        if not response.output or not response.output.message or not response.stop_reason:
            raise bad_response("an answer without content and without a reason for its end")
        router = response.trace.prompt_router if response.trace else None
        bodies: list[StreamBody] = []
        if router and router.invoked_model_id:
            bodies.append(ResponseStarted(router.invoked_model_id))
        for index, block in enumerate(response.output.message.content):
            bodies += self._block(index, block)
        self._native = response.stop_reason
        return bodies + self._finished(response.usage)

    def end(self) -> list[StreamBody]:
        """`Finished`, if the stream said why it ended but its last event was lost."""
        return [] if self._native is None else self._finished(None)

    def _begun(self, index: int, tool: _ToolUse) -> StreamBody:
        place = self._tools[index] = len(self._tools)
        self._bare.add(index)
        return ToolCallDelta(place, tool.tool_use_id or "", tool.name or "")

    def _delta(self, index: int, delta: _Block) -> list[StreamBody]:
        if delta.tool_use and index in self._tools:
            piece = delta.tool_use.input
            if not isinstance(piece, str) or not piece:
                return []
            self._bare.discard(index)
            return [ToolCallDelta(self._tools[index], arguments=piece)]
        return _said(delta)

    def _stopped(self, index: int) -> list[StreamBody]:
        """A tool that takes nothing is sent no input at all."""
        if index not in self._bare:
            return []
        self._bare.discard(index)
        return [ToolCallDelta(self._tools[index], arguments="{}")]

    def _block(self, index: int, block: _Block) -> list[StreamBody]:
        if block.tool_use is None:
            return _said(block)
        begun = self._begun(index, block.tool_use)
        arguments = msgspec.json.encode(block.tool_use.input or {}).decode()
        return [begun, ToolCallDelta(self._tools[index], arguments=arguments)]

    def _finished(self, usage: _Usage | None) -> list[StreamBody]:
        counted = [UsageReported(usage.usage())] if usage else []
        if self._native is None:
            return list(counted)
        self.done = True
        return [*counted, Finished(FINISH.get(self._native, "other"), self._native)]


def _said(block: _Block) -> list[StreamBody]:
    if block.text and not block.reasoning_content:
        return [TextDelta(block.words)]
    bodies: list[StreamBody] = []
    thought = block.reasoning_content.words if block.reasoning_content else None
    if thought:
        bodies.append(ReasoningDelta(thought))
    if block.words:
        bodies.append(TextDelta(block.words))
    return bodies
