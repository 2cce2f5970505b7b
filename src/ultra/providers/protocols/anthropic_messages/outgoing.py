"""A call as the Messages API has it.

Source: docs.claude.com/en/api/messages; thinking and effort:
docs.claude.com/en/docs/build-with-claude/{extended-thinking,adaptive-thinking,effort}; schemas:
docs.claude.com/en/docs/build-with-claude/structured-outputs.
"""

import re
from typing import Any

from ultra.core.request import (
    CallRequest,
    Media,
    Message,
    Sampling,
    Text,
    input_tokens_bound,
)
from ultra.providers.protocols.bodies import (
    JSON_HEADERS,
    NO_PARAMETERS,
    closed,
    encode,
    given,
    merged,
    untaken,
)
from ultra.providers.protocols.media import IMAGES, PDF, base64_text, inline, refused
from ultra.providers.wire import WireRequest

VERSION_HEADERS = {"anthropic-version": "2023-06-01"}

MAX_TOKENS = 4096
"""The output cap when neither user nor catalog knows one: the API demands a number, and every
Claude since 3 writes this many."""

_THINKING_TOKENS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
"""Budgets for models that take tokens instead of an effort; 1024 is the least allowed. Source:
Google's table for the same words (ai.google.dev/gemini-api/docs/openai#thinking)."""

_BUDGETED = re.compile(r"claude-(?:3\b|(?:opus|sonnet|haiku)-4(?:-[0-5])?(?:-\d{8}|-latest|@|$))")
"""Models up to 4.5, which think within a budget; later ones take an effort."""


def messages_request(request: CallRequest) -> WireRequest:
    """The call as a POST. Raises `CallError` for an attachment that cannot be sent."""
    quirks = request.target.endpoint.quirks
    body = merged(_body(request), request.sampling.extra)
    path = (quirks.path or "/messages").replace("{model}", request.target.model)
    headers = {**JSON_HEADERS, **VERSION_HEADERS}
    return WireRequest("POST", path, encode(body), headers)


def _body(request: CallRequest) -> dict[str, Any]:
    sampling = request.sampling
    untaken(sampling, "Anthropic", "metadata")
    body: dict[str, Any] = {
        "model": request.target.model,
        "max_tokens": sampling.max_output_tokens or fitting_cap(request),
        "messages": [_message(m) for m in request.messages if m.role != "system"],
        "stream": request.stream,
        **given(
            system=_system(request.messages),
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            stop_sequences=list(sampling.stop) or None,
            metadata={"user_id": sampling.user_id} if sampling.user_id else None,
            service_tier=sampling.service_tier,
            tools=[_tool(tool) for tool in request.tools] or None,
        ),
    }
    body = merged(body, thinking_fields(request.target.model, sampling, body["max_tokens"]))
    if request.json_schema is not None:
        form = {"type": "json_schema", "schema": closed(request.json_schema)}
        body = merged(body, {"output_config": {"format": form}})
    return body


def fitting_cap(request: CallRequest) -> int:
    """The cap that is sent when nobody asked for one: as much as the model writes and has room for.

    Prompt and cap together must fit the window, or the request is refused. Source:
    docs.claude.com/en/docs/build-with-claude/context-windows.
    """
    most = request.target.max_output_tokens or MAX_TOKENS
    window = request.target.context_window
    if window is None:
        return most
    room = window - input_tokens_bound(request.messages, request.tools)
    return max(min(most, room), min(most, MAX_TOKENS))


def thinking_fields(model: str, sampling: Sampling, max_tokens: int) -> dict[str, Any]:
    """How a Claude is told to think, with the output cap that this needs; Bedrock says it alike."""
    effort = sampling.reasoning_effort
    if effort is None:
        return {}
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    if not _BUDGETED.search(model):
        # Without `display` newer models think unseen.
        return {
            "thinking": {"type": "adaptive", "display": "summarized"},
            "output_config": {"effort": "low" if effort == "minimal" else effort},
        }
    budget = _THINKING_TOKENS.get(effort, _THINKING_TOKENS["high"])
    if sampling.max_output_tokens is None:
        max_tokens = max(max_tokens, budget + MAX_TOKENS)
    # The budget counts within the cap and must stay below it.
    budget = max(_THINKING_TOKENS["minimal"], min(budget, max_tokens - 1))
    thinking = {"type": "enabled", "budget_tokens": budget}
    return {"thinking": thinking, "max_tokens": max_tokens}


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in tool.items() if name != "parameters"}
    return {**rest, "input_schema": tool.get("parameters", NO_PARAMETERS)}


def _system(messages: tuple[Message, ...]) -> str | list[dict[str, Any]] | None:
    """The instructions as one text; as blocks where one is marked, since only blocks bear marks."""
    system = [_blocks(message) for message in messages if message.role == "system"]
    blocks = [block for turn in system for block in turn if block["text"].strip()]
    if any("cache_control" in block for block in blocks):
        return blocks
    texts = ["".join(block["text"] for block in turn) for turn in system]
    return "\n\n".join(filter(None, texts)) or None


def _message(message: Message) -> dict[str, Any]:
    blocks = _blocks(message)
    if all(block.keys() == {"type", "text"} for block in blocks):
        return {"role": message.role, "content": "".join(block["text"] for block in blocks)}
    return {"role": message.role, "content": blocks}


def _blocks(message: Message) -> list[dict[str, Any]]:
    return [_block(part, message) for part in message.parts]


def _block(part: Text | Media, message: Message) -> dict[str, Any]:
    if isinstance(part, Text):
        # A mark on blank words is refused.
        mark = {"type": "ephemeral"} if part.cache and part.text.strip() else None
        return {"type": "text", "text": part.text, **given(cache_control=mark)}
    text = inline(part)
    if text is not None:
        return {"type": "text", "text": text}
    if message.role != "user":
        raise refused(part, f"a {message.role} message takes words only")
    if part.media_type in IMAGES:
        return {"type": "image", "source": _source(part)}
    if part.media_type == PDF:
        return {"type": "document", "source": _source(part), **given(title=part.name or None)}
    raise refused(part, "Anthropic takes PNG, JPEG, GIF, WebP, PDF and text")


def _source(part: Media) -> dict[str, str]:
    if part.url:
        return {"type": "url", "url": part.url}
    return {"type": "base64", "media_type": part.media_type, "data": base64_text(part)}
