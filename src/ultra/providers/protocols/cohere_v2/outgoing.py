"""A call as Cohere's Chat API has it.

Source: docs.cohere.com/v2/reference/chat; thinking: docs.cohere.com/docs/reasoning; schemas:
docs.cohere.com/docs/structured-outputs-json. Documents to cite go in with `-o documents [...]`.
"""

from typing import Any

from ultra.core.request import CallRequest, Media, Message, Text
from ultra.providers.protocols.bodies import (
    JSON_HEADERS,
    NO_PARAMETERS,
    encode,
    given,
    merged,
    schema_in_words,
    untaken,
)
from ultra.providers.protocols.media import IMAGES, inline, refused, url_of
from ultra.providers.wire import WireRequest

_THINKING_TOKENS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
"""Cohere takes a budget, not an effort. Source: Google's table for the same words
(ai.google.dev/gemini-api/docs/openai#thinking)."""


def chat_request(request: CallRequest) -> WireRequest:
    """The call as a POST. Raises `CallError` for an attachment that cannot be sent."""
    quirks = request.target.endpoint.quirks
    path = (quirks.path or "/v2/chat").replace("{model}", request.target.model)
    body = merged(_body(request), request.sampling.extra)
    return WireRequest("POST", path, encode(body), dict(JSON_HEADERS))


def _body(request: CallRequest) -> dict[str, Any]:
    sampling, tools = request.sampling, request.tools
    untaken(sampling, "Cohere", "user_id", "metadata", "service_tier")
    return {
        "model": request.target.model,
        "messages": _messages(request),
        "stream": request.stream,
        **given(
            temperature=sampling.temperature,
            p=sampling.top_p,
            max_tokens=sampling.max_output_tokens,
            stop_sequences=list(sampling.stop) or None,
            seed=sampling.seed,
            thinking=_thinking(sampling.reasoning_effort),
            response_format=_response_format(request.json_schema),
            tools=[_tool(tool) for tool in tools] or None,
            # One switch for all tools: it is on when every tool asks for it.
            strict_tools=True if tools and all(tool.get("strict") for tool in tools) else None,
        ),
    }


def _thinking(effort: str | None) -> dict[str, Any] | None:
    if effort is None:
        return None
    if effort == "none":
        return {"type": "disabled"}
    return {"type": "enabled", **given(token_budget=_THINKING_TOKENS.get(effort))}


def _response_format(schema: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if schema is None else {"type": "json_object", "json_schema": schema}


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in tool.items() if name != "strict"}
    return {"type": "function", "function": {"parameters": NO_PARAMETERS, **known}}


def _messages(request: CallRequest) -> list[dict[str, Any]]:
    messages = [_message(message) for message in request.messages]
    if request.json_schema is not None:
        # Without being told in words, a model held to JSON may write blanks without end.
        words = schema_in_words(request.json_schema)
        messages.insert(0, {"role": "system", "content": words})
    return messages


def _message(message: Message) -> dict[str, Any]:
    parts = [_part(part, message) for part in message.parts]
    if all(part["type"] == "text" for part in parts):
        return {"role": message.role, "content": "".join(part["text"] for part in parts)}
    return {"role": message.role, "content": parts}


def _part(part: Text | Media, message: Message) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    text = inline(part)
    if text is not None:
        return {"type": "text", "text": text}
    if message.role != "user":
        raise refused(part, f"a {message.role} message takes words only")
    if part.media_type not in IMAGES:
        raise refused(part, "Cohere takes pictures and text")
    return {"type": "image_url", "image_url": {"url": url_of(part)}}
