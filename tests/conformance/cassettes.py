"""Recorded traffic of real providers, and what the vendors' own SDKs read in it."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from ultra.core.errors import ErrorClass

PROTOCOLS = {
    "chat": "openai-chat",
    "messages": "anthropic-messages",
    "gemini": "gemini",
    "ollama": "ollama",
    "responses": "openai-responses",
    "cohere-v2": "cohere-v2",
    "converse": "bedrock-converse",
}
"""The set's name of an API, and ours of its protocol. Others are left out."""


class Tool(Struct, frozen=True):
    """A tool call as the SDK read it; `arguments` is JSON, or text that is none."""

    name: str | None
    arguments: Any = None
    id: str | None = None


class Truth(Struct, frozen=True):
    """What the SDK read. Counts are the vendor's own, not disjoint."""

    ok: bool
    text: str | None = None
    reasoning_text: str | None = None
    finish_reason: str | None = None
    tool_calls: list[Tool] = field(default_factory=list[Tool])
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    usage_native: dict[str, Any] | None = None
    prompt_feedback: dict[str, Any] | None = None
    incomplete_reason: str | None = None
    tool_plan: str | None = None


class Record(Struct, frozen=True):
    """One interaction."""

    id: str
    provider: str
    api: str
    status: int
    is_stream: bool
    truth: Truth
    path: str = ""
    request: Any = None
    response_text: str | None = None
    response_b64: str | None = None
    content_type: str | None = None
    response_headers: dict[str, str] = field(default_factory=dict[str, str])
    chunks: list[int] | None = None

    @property
    def body(self) -> bytes:
        """The bytes of the answer; those of an event stream are kept as base64."""
        if self.response_b64 is not None:
            return base64.b64decode(self.response_b64)
        return (self.response_text or "").encode("utf-8", "surrogatepass")


def records(directory: Path) -> Iterator[Record]:
    """The interactions of the protocols that ultra speaks, file by file."""
    for path in sorted(directory.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            document = json.loads(line)
            if document["api"] in PROTOCOLS:
                yield msgspec.convert(document, Record)


def usage_expected(record: Record) -> tuple[int | None, int | None]:
    """All tokens in and all tokens out, from the vendor's own counts.

    Anthropic's and Bedrock's input excludes cached tokens; Gemini's and xAI's output excludes
    reasoning, and Gemini counts the tokens of tool results apart.
    """
    truth = record.truth
    into, out = truth.input_tokens, truth.output_tokens
    if into is None:
        return None, out
    beside = truth.reasoning_tokens or 0
    match record.api:
        case "messages" | "converse":
            return into + (truth.cached_tokens or 0) + (truth.cache_write_tokens or 0), out
        case "gemini":
            results = (truth.usage_native or {}).get("tool_use_prompt_token_count") or 0
            return into + results, (out or 0) + beside
        case "chat" if out is not None and record.provider == "xai":
            return into, out + beside
        case _:
            return into, out


def finish_expected(record: Record) -> str:
    """The vendor's own word for the end; a refused prompt has one in another place.

    An incomplete response says no more in its status; its word is the reason beside it.
    """
    truth = record.truth
    feedback = truth.prompt_feedback or {}
    return truth.incomplete_reason or truth.finish_reason or feedback.get("block_reason") or ""


def reasoning_expected(record: Record) -> str:
    """The thinking that can be seen.

    The SDK's reading leaves out Cohere's plans for tools, which it has apart, and of responses the
    reasoning that is told in full instead of as a summary, which is looked up in the recording.
    """
    truth = record.truth
    told = truth.reasoning_text or truth.tool_plan or ""
    if told or record.api != "responses" or not truth.ok:
        return told
    return "\n\n".join(_full_reasoning(_response(record)))


def _response(record: Record) -> dict[str, Any]:
    """The response as a whole; that of a stream stands in its last event."""
    if not record.is_stream:
        return dict(json.loads(record.body))
    lines = record.body.decode().splitlines()
    events = [json.loads(line[5:]) for line in lines if line.startswith("data: {")]
    return next((dict(one["response"]) for one in reversed(events) if one.get("response")), {})


def _full_reasoning(response: dict[str, Any]) -> Iterator[str]:
    for item in response.get("output") or ():
        if item["type"] == "reasoning":
            yield from (part["text"] for part in item.get("content") or ())


_TOLD = (
    (r"API_KEY_INVALID|invalid_api_key", ErrorClass.AUTH),
    (
        (
            r"max(?:imum)? context length|available context size|input token count|too_many_prompt"
            r"|context_length_exceeded"
            r"|number of input tokens exceeds"
        ),
        ErrorClass.CONTEXT_LENGTH,
    ),
    (r"usage guidelines|content_filter", ErrorClass.CONTENT_FILTER),
    (
        (
            r"model_not_found|decommissioned|invalid_model|not a valid model"
            r"|supported API model names|model identifier is invalid|on-demand throughput"
        ),
        ErrorClass.MODEL_NOT_FOUND,
    ),
    (r"insufficient_quota|credit balance|PerDay", ErrorClass.QUOTA),
    (r'"code": ?502', ErrorClass.SERVER),
)
_MEANS = {
    401: ErrorClass.AUTH,
    402: ErrorClass.QUOTA,
    403: ErrorClass.PERMISSION,
    404: ErrorClass.MODEL_NOT_FOUND,
    429: ErrorClass.RATE_LIMIT,
}


def error_expected(record: Record) -> ErrorClass:
    """The class of an error: what it says comes before what its status says."""
    for pattern, error_class in _TOLD:
        if re.search(pattern, record.response_text or "", re.IGNORECASE):
            return error_class
    fallback = ErrorClass.SERVER if record.status >= 500 else ErrorClass.INVALID_REQUEST
    return _MEANS.get(record.status, fallback)
