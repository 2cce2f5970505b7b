"""A call as the Gemini API has it.

Source: ai.google.dev/api/generate-content; thinking: ai.google.dev/gemini-api/docs/thinking;
schemas: ai.google.dev/gemini-api/docs/structured-output (`responseJsonSchema`); tools:
ai.google.dev/api/caching#FunctionDeclaration. Labels are for Vertex; AI Studio
refuses them by name.
"""

import re
from typing import Any

from ultra.core.request import CallRequest, Media, Message, Sampling, Text
from ultra.providers.protocols.bodies import JSON_HEADERS, encode, given, merged, untaken
from ultra.providers.protocols.media import PDF, base64_text, inline, refused
from ultra.providers.wire import WireRequest

_TOP = frozenset(
    {
        "cachedContent",
        "contents",
        "generationConfig",
        "labels",
        "modelArmorConfig",
        "safetySettings",
        "serviceTier",
        "systemInstruction",
        "toolConfig",
        "tools",
    }
)
"""Fields of the body itself; any other option of the user's belongs to `generationConfig`."""

_THINKING_TOKENS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
"""Budgets for Gemini 2.5. Source: ai.google.dev/gemini-api/docs/openai#thinking."""

_BUDGETED = re.compile(r"gemini-(?:1|2)\.")
"""Models that think within a budget of tokens; later ones take a level."""

_KINDS = ("image/", "audio/", "video/")


def generate_request(request: CallRequest) -> WireRequest:
    """The call as a POST. Raises `CallError` for an attachment that cannot be sent."""
    quirks = request.target.endpoint.quirks
    model = request.target.model.removeprefix("models/")
    method = "streamGenerateContent" if request.stream else "generateContent"
    path = quirks.path or f"/models/{{model}}:{method}"
    # Without `alt` the stream is one JSON array, readable only at its end.
    query = {"alt": "sse"} if request.stream else {}
    body = merged(_body(request), _placed(request.sampling.extra))
    path = path.replace("{model}", model)
    return WireRequest("POST", path, encode(body), dict(JSON_HEADERS), query)


def _body(request: CallRequest) -> dict[str, Any]:
    system = [_part(part, m) for m in request.messages if m.role == "system" for part in m.parts]
    config = _config(request)
    sampling = request.sampling
    untaken(sampling, "Gemini", "user_id")
    return {
        "contents": [_content(m) for m in request.messages if m.role != "system"],
        **given(
            systemInstruction={"parts": system} if system else None,
            generationConfig=config or None,
            labels=sampling.metadata or None,
            serviceTier=sampling.service_tier,
            tools=[{"functionDeclarations": [_tool(tool) for tool in request.tools]}]
            if request.tools
            else None,
        ),
    }


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    """`parametersJsonSchema` takes what `parameters` refuses; strictness is not for Gemini."""
    words = given(description=tool.get("description"), parametersJsonSchema=tool.get("parameters"))
    return {"name": tool["name"], **words}


def _config(request: CallRequest) -> dict[str, Any]:
    sampling, schema = request.sampling, request.json_schema
    return given(
        temperature=sampling.temperature,
        topP=sampling.top_p,
        maxOutputTokens=sampling.max_output_tokens,
        stopSequences=list(sampling.stop) or None,
        seed=sampling.seed,
        thinkingConfig=_thinking(request, sampling),
        responseMimeType="application/json" if schema is not None else None,
        responseJsonSchema=schema,
    )


def _thinking(request: CallRequest, sampling: Sampling) -> dict[str, Any] | None:
    effort = sampling.reasoning_effort
    if effort is None:
        # Models that do not think refuse the option, so it goes only where thinking is known.
        return {"includeThoughts": True} if request.target.reasons else None
    if effort not in _THINKING_TOKENS or not _BUDGETED.search(request.target.model):
        return {"includeThoughts": True, "thinkingLevel": "minimal" if effort == "none" else effort}
    budget = _THINKING_TOKENS[effort]
    return {"includeThoughts": budget > 0, "thinkingBudget": budget}


def _placed(extra: dict[str, Any]) -> dict[str, Any]:
    top = {name: value for name, value in extra.items() if name in _TOP}
    rest = {name: value for name, value in extra.items() if name not in _TOP}
    return merged(top, {"generationConfig": rest}) if rest else top


def _content(message: Message) -> dict[str, Any]:
    role = "model" if message.role == "assistant" else "user"
    return {"role": role, "parts": [_part(part, message) for part in message.parts]}


def _part(part: Text | Media, message: Message) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"text": part.text}
    text = inline(part)
    if text is not None:
        return {"text": text}
    if message.role != "user":
        raise refused(part, f"a {message.role} message takes words only")
    if part.media_type != PDF and not part.media_type.startswith(_KINDS):
        raise refused(part, "Gemini takes pictures, sound, video, PDF and text")
    if part.url:
        return {"fileData": {"mimeType": part.media_type, "fileUri": part.url}}
    return {"inlineData": {"mimeType": part.media_type, "data": base64_text(part)}}
