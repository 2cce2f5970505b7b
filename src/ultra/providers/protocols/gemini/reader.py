"""An answer of the Gemini API, streamed or whole, as events.

Source: ai.google.dev/api/generate-content#generatecontentresponse. Every chunk of a stream is a
response of its own; its usage counts from the beginning, so the last one holds.
"""

from typing import Any

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
from ultra.core.usage import Usage, UsageSource
from ultra.providers.classify import in_band_error
from ultra.providers.protocols.reading import bad_response, decode, minus, tokens

Number = int | float | None

FINISH: dict[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "MALFORMED_FUNCTION_CALL": "error",
    "MALFORMED_RESPONSE": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "TOO_MANY_TOOL_CALLS": "error",
    "MISSING_THOUGHT_SIGNATURE": "error",
}
"""Google's word for why it stopped; any other (`LANGUAGE`, `OTHER`) is `other`."""


class _FunctionCall(Struct, frozen=True):
    id: str | None = None
    name: str | None = None
    args: dict[str, Any] | None = None


class _Part(Struct, frozen=True, rename="camel"):
    text: str | None = None
    thought: bool | None = None
    function_call: _FunctionCall | None = None


class _Content(Struct, frozen=True):
    parts: list[_Part] | None = None


class _Candidate(Struct, frozen=True, rename="camel"):
    index: int | None = None
    content: _Content | None = None
    finish_reason: str | None = None


class _Modality(Struct, frozen=True, rename="camel"):
    modality: str | None = None
    token_count: Number = None


class _Usage(Struct, frozen=True, rename="camel"):
    prompt_token_count: Number = None
    candidates_token_count: Number = None
    thoughts_token_count: Number = None
    tool_use_prompt_token_count: Number = None
    cached_content_token_count: Number = None
    prompt_tokens_details: list[_Modality] | None = None
    cache_tokens_details: list[_Modality] | None = None
    candidates_tokens_details: list[_Modality] | None = None

    @property
    def said(self) -> bool:
        """Whether anything was counted at all."""
        return self.prompt_token_count is not None or self.candidates_token_count is not None

    def usage(self) -> Usage:
        """The same in kinds that do not overlap.

        The prompt includes cached tokens; tokens of tool results and thoughts stand beside. A count
        of 0 is left out on the wire (proto3 JSON).
        """
        prompt, written = tokens(self.prompt_token_count), tokens(self.candidates_token_count)
        if written is None and prompt is not None:
            written = 0
        thought = tokens(self.thoughts_token_count)
        if self._plain():
            return Usage(prompt, text_output_tokens=written, reasoning_tokens=thought)
        cached = tokens(self.cached_content_token_count)
        if cached is not None and prompt is not None:
            cached = min(cached, prompt)
        heard = minus(_audio(self.prompt_tokens_details), _audio(self.cache_tokens_details))
        if heard is not None:
            heard = min(heard, minus(prompt, cached) or 0)
        words = minus(prompt, cached, heard)
        if words is not None:
            words += tokens(self.tool_use_prompt_token_count) or 0
        spoken = _audio(self.candidates_tokens_details)
        if spoken is not None and written is not None:
            spoken = min(spoken, written)
        return Usage(
            text_input_tokens=words,
            cache_read_tokens=cached,
            audio_input_tokens=heard,
            text_output_tokens=minus(written, spoken),
            reasoning_tokens=thought,
            audio_output_tokens=spoken,
        )

    def _plain(self) -> bool:
        """Whether nothing has to be told apart, as in nearly every one of a stream's reports."""
        if self.cached_content_token_count is None and self.tool_use_prompt_token_count is None:
            return not (
                _sounds(self.prompt_tokens_details) or _sounds(self.candidates_tokens_details)
            )
        return False


class _Feedback(Struct, frozen=True, rename="camel"):
    block_reason: str | None = None


class _Response(Struct, frozen=True, rename="camel"):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Usage | None = None
    model_version: str | None = None
    response_id: str | None = None
    error: object = None


_DECODER = msgspec.json.Decoder(_Response)
_ANY = msgspec.json.Decoder(_Response | list[_Response])


class GeminiReader:
    """Fills `reading.Reader` for one answer."""

    def __init__(self) -> None:
        self.done = False
        self._started = False
        self._native: str | None = None
        self._blocked = False
        self._usage: _Usage | None = None
        self._tools = 0

    def chunk(self, data: bytes) -> list[StreamBody]:
        """One event of a stream."""
        if data == b"[DONE]":
            return []  # proxies add it
        response = decode(_DECODER, data)
        if response.error:
            raise in_band_error(data)
        return self._read(response)

    def whole(self, body: bytes) -> list[StreamBody]:
        """The body of an answer that is not a stream, or a stream sent as one JSON array."""
        found = decode(_ANY, body)
        responses = found if isinstance(found, list) else [found]
        bodies: list[StreamBody] = []
        for response in responses:
            spoke = response.candidates or response.prompt_feedback or response.usage_metadata
            if response.error or not spoke:
                raise in_band_error(body)
            bodies += self._read(response)
        said = any(not isinstance(body, ResponseStarted | UsageReported) for body in bodies)
        if self._native is None:
            if not said:
                raise bad_response("an answer without content and without a reason for its end")
            self._native = ""
        return bodies + self.end()

    def end(self) -> list[StreamBody]:
        """Usage and `Finished`; nothing if no reason for the end was given."""
        if self._native is None:
            return []
        self.done = True
        reason = "content_filter" if self._blocked else FINISH.get(self._native, "other")
        return [*self._report("provider"), Finished(reason, self._native)]

    def _read(self, response: _Response) -> list[StreamBody]:
        bodies: list[StreamBody] = []
        if not self._started and (response.model_version or response.candidates):
            self._started = True
            bodies.append(ResponseStarted(response.model_version, response.response_id))
        for candidate in response.candidates or []:
            if candidate.index in (0, None):
                bodies += self._candidate(candidate)
        blocked = response.prompt_feedback.block_reason if response.prompt_feedback else None
        if blocked and not response.candidates:
            self._native, self._blocked = blocked, True
        if response.usage_metadata and response.usage_metadata.said:
            self._usage = response.usage_metadata
            if self._native is None:
                bodies += self._report("partial")
        return bodies

    def _candidate(self, candidate: _Candidate) -> list[StreamBody]:
        self._native = candidate.finish_reason or self._native
        parts = (candidate.content.parts if candidate.content else None) or []
        return [body for part in parts if (body := self._part(part)) is not None]

    def _part(self, part: _Part) -> StreamBody | None:
        call = part.function_call
        if call:
            self._tools += 1
            arguments = msgspec.json.encode(call.args or {}).decode()
            return ToolCallDelta(self._tools - 1, call.id or "", call.name or "", arguments)
        if not part.text:
            return None
        return ReasoningDelta(part.text) if part.thought else TextDelta(part.text)

    def _report(self, source: UsageSource) -> list[StreamBody]:
        return [UsageReported(self._usage.usage(), source)] if self._usage else []


def _sounds(details: list[_Modality] | None) -> bool:
    """Whether any of the details is of sound."""
    for row in details or ():  # noqa: SIM110 - a generator takes three times as long
        if row.modality == "AUDIO":
            return True
    return False


def _audio(details: list[_Modality] | None) -> int | None:
    """Tokens of sound among the details; None when there are none to tell apart."""
    counts = [tokens(row.token_count) or 0 for row in details or () if row.modality == "AUDIO"]
    return sum(counts) if counts else None
