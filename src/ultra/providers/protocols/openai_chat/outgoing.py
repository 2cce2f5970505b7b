"""A call as Chat Completions has it.

Source: platform.openai.com/docs/api-reference/chat/create; Mistral's documents and seeds:
docs.mistral.ai/capabilities/document_ai, docs.mistral.ai/api.
"""

from typing import Any

from ultra.core.model import Quirks
from ultra.core.request import CallRequest, Media, Message, Text
from ultra.providers.protocols.bodies import (
    JSON_HEADERS,
    encode,
    given,
    is_strict,
    merged,
    schema_in_words,
)
from ultra.providers.protocols.media import IMAGES, PDF, base64_text, inline, refused, url_of
from ultra.providers.wire import WireRequest

_SOUNDS = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}


def chat_request(request: CallRequest) -> WireRequest:
    """The call as a POST. Raises `CallError` for an attachment that cannot be sent."""
    quirks = request.target.endpoint.quirks
    path = (quirks.path or "/chat/completions").replace("{model}", request.target.model)
    body = merged(_body(request, quirks), request.sampling.extra)
    return WireRequest("POST", path, encode(body), dict(JSON_HEADERS))


def _body(request: CallRequest, quirks: Quirks) -> dict[str, Any]:
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": request.target.model,
        "messages": _messages(request, quirks),
        "stream": request.stream,
        **given(
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            stop=list(sampling.stop) or None,
            reasoning_effort=sampling.reasoning_effort,
            user=sampling.user_id,
            metadata=sampling.metadata or None,
            service_tier=sampling.service_tier,
            response_format=_response_format(request.json_schema, quirks),
            tools=[{"type": "function", "function": tool} for tool in request.tools] or None,
        ),
    }
    if sampling.max_output_tokens is not None:
        body[quirks.max_tokens_field] = sampling.max_output_tokens
    if sampling.seed is not None and quirks.seed:
        body[quirks.seed_field] = sampling.seed
    if request.stream and quirks.stream_usage:
        body["stream_options"] = {"include_usage": True}
    return body


def _response_format(schema: dict[str, Any] | None, quirks: Quirks) -> dict[str, Any] | None:
    if schema is None or quirks.schema == "none":
        return None
    if quirks.schema == "json_object":
        return {"type": "json_object"}
    named: dict[str, Any] = {"name": "answer", "schema": schema}
    if is_strict(schema):
        named["strict"] = True
    return {"type": "json_schema", "json_schema": named}


def _messages(request: CallRequest, quirks: Quirks) -> list[dict[str, Any]]:
    messages = [_message(message, quirks) for message in request.messages]
    if request.json_schema is not None and quirks.schema != "json_schema":
        words = schema_in_words(request.json_schema)
        messages.insert(0, {"role": quirks.system_role, "content": words})
    return messages


def _message(message: Message, quirks: Quirks) -> dict[str, Any]:
    role = quirks.system_role if message.role == "system" else message.role
    parts = [_part(part, message, quirks) for part in message.parts]
    if all(part["type"] == "text" for part in parts):
        return {"role": role, "content": "".join(part["text"] for part in parts)}
    return {"role": role, "content": parts}


def _part(part: Text | Media, message: Message, quirks: Quirks) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    text = inline(part)
    if text is not None:
        return {"type": "text", "text": text}
    if message.role != "user":
        raise refused(part, f"a {message.role} message takes words only")
    if part.media_type in IMAGES and quirks.images:
        return {"type": "image_url", "image_url": {"url": url_of(part)}}
    if part.media_type == PDF and quirks.files != "none":
        return _document(part, quirks)
    if part.media_type in _SOUNDS and part.data and quirks.audio:
        sound = {"data": base64_text(part), "format": _SOUNDS[part.media_type]}
        return {"type": "input_audio", "input_audio": sound}
    raise refused(part, "this provider does not take such attachments")


def _document(part: Media, quirks: Quirks) -> dict[str, Any]:
    if quirks.files == "document_url":
        return {"type": "document_url", "document_url": url_of(part)}
    if part.url:
        raise refused(part, "this provider takes PDF files, not links to them")
    file = {"filename": part.name or "document.pdf", "file_data": url_of(part)}
    return {"type": "file", "file": file}
