"""A call as Converse has it.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html; reasoning of
Claude: bedrock/latest/userguide/claude-messages-extended-thinking.html, of Nova:
nova/latest/nova2-userguide/extended-thinking.html; schemas:
bedrock/latest/userguide/structured-output.html.
"""

import json
import re
from typing import Any
from urllib.parse import quote

from ultra.core.model import Quirks
from ultra.core.request import CallRequest, Media, Message, Sampling, Text
from ultra.providers.protocols.anthropic_messages.outgoing import fitting_cap, thinking_fields
from ultra.providers.protocols.bodies import (
    JSON_HEADERS,
    NO_PARAMETERS,
    closed,
    encode,
    given,
    merged,
    untaken,
)
from ultra.providers.protocols.media import base64_text, inline, refused
from ultra.providers.wire import WireRequest

_TOP = frozenset(
    {
        "additionalModelRequestFields",
        "additionalModelResponseFieldPaths",
        "guardrailConfig",
        "inferenceConfig",
        "messages",
        "outputConfig",
        "performanceConfig",
        "promptVariables",
        "requestMetadata",
        "serviceTier",
        "system",
        "toolConfig",
    }
)
"""Fields of the body itself; any other option of the user's (`top_k`) is the model's own."""

_DOCUMENTS = {
    "application/pdf": "pdf",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
_IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_SOUNDS = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/aac": "aac",
}
_FILMS = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
    "video/mpeg": "mpeg",
}
_MARKED = re.compile(r"anthropic\.|amazon\.nova")
"""Models that keep a marked prefix; others refuse the mark. Source:
docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html."""

_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9\-()\[\]]+")
"""A document's name takes letters, digits, single blanks, hyphens, parentheses and brackets."""


def converse_request(request: CallRequest) -> WireRequest:
    """The call as a POST. Raises `CallError` for an attachment that cannot be sent."""
    method = "converse-stream" if request.stream else "converse"
    path = request.target.endpoint.quirks.path or f"/model/{{model}}/{method}"
    # The id may be an ARN, whose slashes belong to it.
    path = path.replace("{model}", quote(request.target.model, safe=""))
    body = merged(_body(request), _placed(request.sampling.extra))
    return WireRequest("POST", path, encode(body), dict(JSON_HEADERS))


def _body(request: CallRequest) -> dict[str, Any]:
    quirks = request.target.endpoint.quirks
    marks = bool(_MARKED.search(request.target.model))
    system = [
        block
        for message in request.messages
        if message.role == "system"
        for block in _marked(message, quirks, marks=marks)
    ]
    cap, own = _reasoning(request)
    sampling = request.sampling
    untaken(sampling, "Converse", "user_id")
    config = given(
        maxTokens=cap,
        temperature=sampling.temperature,
        topP=sampling.top_p,
        stopSequences=list(sampling.stop) or None,
    )
    return {
        "messages": _turns(request.messages, quirks, marks=marks),
        **given(
            system=system or None,
            inferenceConfig=config or None,
            additionalModelRequestFields=own or None,
            outputConfig=_schema(request.json_schema, quirks),
            requestMetadata=sampling.metadata or None,
            serviceTier={"type": sampling.service_tier} if sampling.service_tier else None,
            toolConfig={"tools": [_tool(tool) for tool in request.tools]}
            if request.tools
            else None,
        ),
    }


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in tool.items() if name != "parameters"}
    return {"toolSpec": {**rest, "inputSchema": {"json": tool.get("parameters", NO_PARAMETERS)}}}


def _reasoning(request: CallRequest) -> tuple[int | None, dict[str, Any]]:
    """The output cap, and how the model is told to think: every vendor's models in their words."""
    sampling, model = request.sampling, request.target.model
    cap, effort = sampling.max_output_tokens, sampling.reasoning_effort
    if effort is None:
        return cap, {}
    if "anthropic." in model or "claude" in model:
        return _claude(model, sampling, cap or fitting_cap(request))
    if "amazon.nova" in model:
        level = {"minimal": "low"}.get(effort, effort)
        on = {"type": "enabled", "maxReasoningEffort": level}
        return cap, {"reasoningConfig": {"type": "disabled"} if effort == "none" else on}
    return cap, {"reasoning_effort": effort}


def _claude(model: str, sampling: Sampling, most: int) -> tuple[int | None, dict[str, Any]]:
    fields = thinking_fields(model, sampling, most)
    cap: int | None = fields.pop("max_tokens", sampling.max_output_tokens)
    return cap, fields


def _schema(schema: dict[str, Any] | None, quirks: Quirks) -> dict[str, Any] | None:
    if schema is None or quirks.schema == "none":
        return None
    named = {"name": "answer", "schema": json.dumps(closed(schema))}
    return {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": named}}}


def _placed(extra: dict[str, Any]) -> dict[str, Any]:
    top = {name: value for name, value in extra.items() if name in _TOP}
    rest = {name: value for name, value in extra.items() if name not in _TOP}
    return merged(top, {"additionalModelRequestFields": rest}) if rest else top


def _turns(messages: tuple[Message, ...], quirks: Quirks, *, marks: bool) -> list[dict[str, Any]]:
    """The conversation; Converse wants the roles to take turns, so neighbours are joined."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        blocks = _marked(message, quirks, marks=marks)
        if turns and turns[-1]["role"] == message.role:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": message.role, "content": blocks})
    return turns


def _marked(message: Message, quirks: Quirks, *, marks: bool) -> list[dict[str, Any]]:
    """The parts of a turn, and after them the mark that its words ask for."""
    blocks = _blocks(message, quirks)
    if blocks and marks and any(isinstance(p, Text) and p.cache for p in message.parts):
        blocks.append({"cachePoint": {"type": "default"}})
    return blocks


def _blocks(message: Message, quirks: Quirks) -> list[dict[str, Any]]:
    """The parts of a turn; words that are blank are left out, as Converse refuses them."""
    blocks = [_block(part, message, quirks) for part in message.parts]
    return [block for block in blocks if block.get("text", "x").strip()]


def _block(part: Text | Media, message: Message, quirks: Quirks) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"text": part.text}
    text = inline(part)
    if text is not None:
        return {"text": text}
    if message.role != "user":
        raise refused(part, f"a {message.role} message takes words only")
    kind = part.media_type
    if kind in _IMAGES and quirks.images:
        return {"image": {"format": _IMAGES[kind], "source": _source(part)}}
    if kind in _DOCUMENTS and quirks.files != "none":
        name = _NOT_IN_NAME.sub(" ", part.name.rpartition(".")[0] or part.name).strip()
        file = {"format": _DOCUMENTS[kind], "name": name or "document", "source": _source(part)}
        return {"document": file}
    if kind in _SOUNDS and quirks.audio:
        return {"audio": {"format": _SOUNDS[kind], "source": _source(part)}}
    if kind in _FILMS:
        return {"video": {"format": _FILMS[kind], "source": _source(part)}}
    raise refused(part, "Bedrock takes PNG, JPEG, GIF, WebP, PDF, Office files, sound and film")


def _source(part: Media) -> dict[str, Any]:
    if not part.url:
        return {"bytes": base64_text(part)}
    if part.url.startswith("s3://"):
        return {"s3Location": {"uri": part.url}}
    raise refused(part, "Bedrock takes files and `s3://` addresses, not web addresses")
