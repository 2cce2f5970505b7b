"""A call as the Responses API has it.

Source: platform.openai.com/docs/api-reference/responses/create. Nothing is stored at the provider
unless the user asks for it (`-o store=true`).
"""

from typing import Any

from ultra.core.errors import CallError, ErrorClass
from ultra.core.model import Quirks
from ultra.core.request import CallRequest, Media, Message, Text
from ultra.providers.protocols.bodies import (
    JSON_HEADERS,
    NO_PARAMETERS,
    encode,
    given,
    is_strict,
    merged,
    schema_in_words,
)
from ultra.providers.protocols.media import IMAGES, PDF, inline, refused, url_of
from ultra.providers.wire import WireRequest


def responses_request(request: CallRequest) -> WireRequest:
    """The call as a POST. Raises `CallError` for what this API has no words for."""
    if request.sampling.stop:
        raise CallError(
            ErrorClass.INVALID_REQUEST,
            "the Responses API has no `stop`",
            hint="leave it out, or use `protocol: openai-chat` for this provider",
        )
    quirks = request.target.endpoint.quirks
    path = (quirks.path or "/responses").replace("{model}", request.target.model)
    body = merged(_body(request, quirks), request.sampling.extra)
    return WireRequest("POST", path, encode(body), dict(JSON_HEADERS))


def _body(request: CallRequest, quirks: Quirks) -> dict[str, Any]:
    sampling = request.sampling
    schema = request.json_schema
    return {
        "model": request.target.model,
        "input": [_message(m, quirks) for m in request.messages if m.role != "system"],
        "stream": request.stream,
        "store": False,
        **given(
            instructions="\n\n".join(_instructions(request, quirks)) or None,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_output_tokens=sampling.max_output_tokens,
            reasoning=_reasoning(sampling.reasoning_effort),
            user=sampling.user_id,
            metadata=sampling.metadata or None,
            service_tier=sampling.service_tier,
            text=None if schema is None else _text(schema, quirks),
            tools=[_tool(tool) for tool in request.tools] or None,
        ),
    }


def _reasoning(effort: str | None) -> dict[str, str] | None:
    """Thinking is seen only as a summary, and only where one is asked for."""
    if effort is None:
        return None
    return {"effort": effort} if effort == "none" else {"effort": effort, "summary": "auto"}


def _text(schema: dict[str, Any], quirks: Quirks) -> dict[str, Any] | None:
    if quirks.schema == "none":
        return None
    if quirks.schema == "json_object":
        return {"format": {"type": "json_object"}}
    form: dict[str, Any] = {"type": "json_schema", "name": "answer", "schema": schema}
    if is_strict(schema):
        form["strict"] = True
    return {"format": form}


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    """Unlike Chat Completions, this API holds every tool to strict mode unless told otherwise."""
    return {"type": "function", "strict": False, "parameters": NO_PARAMETERS, **tool}


def _instructions(request: CallRequest, quirks: Quirks) -> list[str]:
    system = [message for message in request.messages if message.role == "system"]
    texts = ["".join(_words(part, message) for part in message.parts) for message in system]
    if request.json_schema is not None and quirks.schema != "json_schema":
        texts.insert(0, schema_in_words(request.json_schema))
    return [text for text in texts if text]


def _words(part: Text | Media, message: Message) -> str:
    if isinstance(part, Text):
        return part.text
    text = inline(part)
    if text is None:
        raise refused(part, f"a {message.role} message takes words only")
    return text


def _message(message: Message, quirks: Quirks) -> dict[str, Any]:
    if message.role == "assistant":
        said = "".join(_words(part, message) for part in message.parts)
        return {"role": "assistant", "content": said}
    parts = [_part(part, quirks) for part in message.parts]
    if all(part["type"] == "input_text" for part in parts):
        return {"role": message.role, "content": "".join(part["text"] for part in parts)}
    return {"role": message.role, "content": parts}


def _part(part: Text | Media, quirks: Quirks) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "input_text", "text": part.text}
    text = inline(part)
    if text is not None:
        return {"type": "input_text", "text": text}
    if part.media_type in IMAGES and quirks.images:
        return {"type": "input_image", "image_url": url_of(part), "detail": "auto"}
    if part.media_type == PDF and quirks.files != "none":
        return _document(part)
    raise refused(part, "this provider does not take such attachments")


def _document(part: Media) -> dict[str, Any]:
    if part.url:
        return {"type": "input_file", "file_url": part.url}
    return {
        "type": "input_file",
        "filename": part.name or "document.pdf",
        "file_data": url_of(part),
    }
