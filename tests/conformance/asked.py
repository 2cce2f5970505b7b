"""Recorded request bodies, read back into ultra's own words; what these cannot say is told apart.

Readers know the vendors' documents only, not the modules that write requests.
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from ultra.core.request import Media, Message, Part, Role, Sampling, Text

Body = dict[str, Any]


class UnsaidError(Exception):
    """ultra has no words for a request; the message is the reason."""


class Asked(Struct, frozen=True):
    """A recorded request in ultra's words."""

    model: str
    messages: tuple[Message, ...]
    sampling: Sampling
    stream: bool
    schema: Body | None = None
    tools: tuple[Body, ...] = ()


_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "model": "assistant",
}
EFFORTS = {1024: "low", 8192: "medium", 24576: "high"}
"""Efforts by their budget. Source: ai.google.dev/gemini-api/docs/openai#thinking."""
_TOLD_EFFORT = re.compile(r"-4-[6-9]|-[5-9](?:-|$)")
"""Claudes that are told an effort; a budget, which some of them take too, stays extra. Source:
docs.claude.com/en/docs/build-with-claude/effort."""


def role_of(name: str) -> Role:
    """The role that a name stands for. Raises `UnsaidError`."""
    if name not in _ROLES:
        raise UnsaidError(f"a turn of the role `{name}`")
    return _ROLES[name]


def only(given: Iterable[str], known: str, where: str) -> None:
    """Raise `UnsaidError` for a name that is none of the known ones."""
    for name in given:
        if name not in known.split():
            raise UnsaidError(f"`{name}` {where}")


def options(rest: Body, extra: Body, names: dict[str, str]) -> Sampling:
    """Take the fields of `Sampling` out of a body by the API's names; what is left is extra."""
    found: Body = {}
    for name, fields in names.items():
        for theirs in fields.split():
            if theirs in rest and name not in found and _fits(name, rest[theirs]):
                found[name] = rest.pop(theirs)
    stop = found.pop("stop", ())
    found["stop"] = (stop,) if isinstance(stop, str) else tuple(stop)
    return Sampling(extra={**rest, **extra}, **found)


def _fits(name: str, value: object) -> bool:
    if name == "stop":
        return bool(value)
    if name == "metadata":
        return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
    return value is not None


def attached(kind: str, value: str, *, name: str = "") -> Media:
    """An attachment of base64, a data URL (RFC 2397) or another URL."""
    found = re.match(r"data:([^;,]+)[^,]*;base64,(.*)", value, re.DOTALL)
    if found:
        return Media(found[1], data=_bytes(found[2]), name=name)
    if re.match(r"(?:https?|gs|s3)://", value):
        return Media(kind, url=value, name=name)
    return Media(kind, data=_bytes(value), name=name)


def _bytes(text: str) -> bytes:
    data = base64.b64decode(text, validate=False)
    if base64.b64encode(data).decode() != text:
        raise UnsaidError("an attachment that was cut out of the recording")
    return data


def _parts(content: object, part: Callable[[Body], Part]) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(content),)
    if not isinstance(content, list) or not content:
        raise UnsaidError("a turn without words")
    return tuple(part(one) for one in content)


def _turns(messages: object, part: Callable[[Body], Part], also: str = "") -> tuple[Message, ...]:
    if not isinstance(messages, list) or not messages:
        raise UnsaidError("no conversation")
    turns: list[Message] = []
    for one in messages:
        only([key for key, value in one.items() if value], f"role content {also}", "on a turn")
        turns.append(Message(role_of(one["role"]), _parts(one.get("content"), part)))
    return tuple(turns)


def _function(tool: Body, *, known: str = "name description parameters strict") -> Body:
    only(tool, known, "on a tool")
    return dict(tool)


def _chat_part(part: Body) -> Part:
    match part.get("type"):
        case "text":
            only(part, "type text", "on a text")
            return Text(part["text"])
        case "image_url":
            image = part["image_url"]
            image = {"url": image} if isinstance(image, str) else image
            if image.get("detail", "auto") != "auto":
                raise UnsaidError("how closely a picture is looked at")
            return attached("image/png", image["url"])
        case "file":
            file = part["file"]
            only(file, "filename file_data", "on a file")
            return attached("application/pdf", file["file_data"], name=file.get("filename", ""))
        case "document_url":
            only(part, "type document_url", "on a document")
            return attached("application/pdf", part["document_url"])
        case "input_audio":
            sound = part["input_audio"]
            kind = {"wav": "audio/wav", "mp3": "audio/mpeg"}[sound["format"]]
            return attached(kind, sound["data"])
        case other:
            raise UnsaidError(f"a part of the type `{other}`")


def _chat_tools(rest: Body) -> tuple[Body, ...]:
    tools = rest.pop("tools", None) or []
    for tool in tools:
        if "function" not in tool:
            raise UnsaidError("a tool that the server runs")
        only(tool, "type function", "on a tool")
    return tuple(_function(tool["function"]) for tool in tools)


def _chat_schema(rest: Body) -> Body | None:
    form = rest.get("response_format") or {}
    if form.get("type") != "json_schema":
        return None
    del rest["response_format"]
    return dict(form["json_schema"]["schema"])


def _chat(path: str, rest: Body) -> Asked:
    for name in ("functions", "function_call"):
        if name in rest:
            raise UnsaidError("functions as they were before tools")
    if rest.get("n", 1) != 1:
        raise UnsaidError("several answers to one request (`n`)")
    deployment = re.search(r"/deployments/([^/]+)", path)
    model = rest.pop("model", unquote(deployment[1]) if deployment else "recorded")
    turns = _turns(rest.pop("messages", None), _chat_part)
    schema, tools = _chat_schema(rest), _chat_tools(rest)
    stream = bool(rest.pop("stream", False))
    if rest.get("stream_options") == {"include_usage": True}:
        del rest["stream_options"]
    names = {
        "temperature": "temperature",
        "top_p": "top_p",
        "max_output_tokens": "max_tokens max_completion_tokens",
        "stop": "stop",
        "seed": "seed random_seed",
        "reasoning_effort": "reasoning_effort",
        "user_id": "user",
        "metadata": "metadata",
        "service_tier": "service_tier",
    }
    return Asked(model, turns, options(rest, {}, names), stream, schema, tools)


def _messages_part(part: Body) -> Part:
    match part.get("type"):
        case "text":
            only(part, "type text cache_control", "on a text")
            mark = part.get("cache_control")
            if mark not in (None, {"type": "ephemeral"}):
                raise UnsaidError("how long a marked prefix is kept")
            return Text(part["text"], cache=mark is not None)
        case "image" | "document" as kind:
            only(part, "type source title", f"on a part of the type `{kind}`")
            source = part["source"]
            default = "image/png" if kind == "image" else "application/pdf"
            value = source.get("url") or source["data"]
            media = source.get("media_type", default)
            return attached(media, value, name=part.get("title", ""))
        case other:
            raise UnsaidError(f"a part of the type `{other}`")


def _messages_tools(rest: Body) -> tuple[Body, ...]:
    tools: list[Body] = []
    for tool in rest.pop("tools", None) or []:
        if tool.get("type", "custom") != "custom":
            raise UnsaidError("a tool that the server runs")
        known = {key: value for key, value in tool.items() if key != "type"}
        only(known, "name description input_schema strict", "on a tool")
        known["parameters"] = known.pop("input_schema")
        tools.append(known)
    return tuple(tools)


def _messages_effort(rest: Body, model: str) -> str | None:
    """The effort that a Claude is told; a budget that no effort stands for stays extra."""
    thinking, config = rest.get("thinking") or {}, dict(rest.get("output_config") or {})
    effort: str | None = None
    if thinking == {"type": "disabled"}:
        effort = "none"
    elif len(thinking) == 2 and "budget_tokens" in thinking and not _TOLD_EFFORT.search(model):
        effort = EFFORTS.get(thinking["budget_tokens"])
    elif thinking.get("type") == "adaptive" and config.get("effort"):
        effort = str(config.pop("effort"))
        rest["output_config"] = config
    if effort:
        del rest["thinking"]
    return effort


def _messages(_path: str, rest: Body) -> Asked:
    if "mcp_servers" in rest:
        raise UnsaidError("a tool that the server runs")
    turns = _turns(rest.pop("messages"), _messages_part)
    if any(turn.role == "system" for turn in turns):
        raise UnsaidError("system words in the midst of a conversation")
    if system := rest.pop("system", None):
        turns = (Message("system", _parts(system, _messages_part)), *turns)
    model, stream, tools = rest.pop("model"), rest.pop("stream", False), _messages_tools(rest)
    effort = _messages_effort(rest, model)
    config = dict(rest.pop("output_config", None) or {})
    schema = (config.pop("format", None) or {}).get("schema")
    extra: Body = {"output_config": config} if config else {}
    if effort:
        extra["reasoning_effort"] = effort
    user = dict(rest.get("metadata") or {})
    if set(user) == {"user_id"}:
        rest["user_id"] = rest.pop("metadata")["user_id"]
    names = {
        "temperature": "temperature",
        "top_p": "top_p",
        "max_output_tokens": "max_tokens",
        "stop": "stop_sequences",
        "user_id": "user_id",
        "service_tier": "service_tier",
        "reasoning_effort": "reasoning_effort",
    }
    rest |= extra
    return Asked(model, turns, options(rest, {}, names), bool(stream), schema, tools)


def _responses_part(part: Body) -> Part:
    match part.get("type"):
        case "input_text" | "output_text":
            if part.get("annotations"):
                raise UnsaidError("`annotations` on a text")
            return Text(part["text"])
        case "input_image" if part.get("detail", "auto") == "auto" and "image_url" in part:
            return attached("image/png", part["image_url"])
        case "input_file" if "file_url" in part:
            return attached("application/pdf", part["file_url"])
        case "input_file" if "file_data" in part:
            return attached("application/pdf", part["file_data"], name=part.get("filename", ""))
        case other:
            raise UnsaidError(f"a part of the type `{other}`")


def _responses_items(items: object) -> Iterator[Body]:
    for item in [{"role": "user", "content": items}] if isinstance(items, str) else list(items):  # type: ignore[call-overload]
        if item.get("type", "message") != "message":
            raise UnsaidError(f"an item of the type `{item['type']}` in the history")
        yield {key: value for key, value in item.items() if key != "type"}


def _responses_tools(rest: Body) -> tuple[Body, ...]:
    tools: list[Body] = []
    for tool in rest.pop("tools", None) or []:
        if tool["type"] != "function":
            raise UnsaidError("a tool that the server runs")
        if "function" in tool:
            raise UnsaidError("a tool in the shape of another API")
        tools.append(_function({k: v for k, v in tool.items() if k != "type"}))
    return tuple(tools)


def _responses(_path: str, rest: Body) -> Asked:
    if "conversation" in rest or "previous_response_id" in rest:
        raise UnsaidError("a conversation that the provider keeps")
    turns = _turns(list(_responses_items(rest.pop("input"))), _responses_part)
    if instructions := rest.pop("instructions", None):
        turns = (Message("system", (Text(instructions),)), *turns)
    tools = _responses_tools(rest)
    schema = None
    form = (rest.get("text") or {}).get("format") or {}
    if form.get("type") == "json_schema":
        text = {key: value for key, value in rest.pop("text").items() if key != "format"}
        schema = form["schema"]
        rest |= {"text": text} if text else {}
    reasoning = dict(rest.pop("reasoning", None) or {})
    effort = reasoning.pop("effort", None)
    if effort and reasoning.get("summary") == "auto":
        del reasoning["summary"]
    extra: Body = {"reasoning": reasoning} if reasoning else {}
    if rest.get("store") is False:
        del rest["store"]
    rest |= {"reasoning_effort": effort} if effort else {}
    model, stream = rest.pop("model"), bool(rest.pop("stream", False))
    names = {
        "temperature": "temperature",
        "top_p": "top_p",
        "max_output_tokens": "max_output_tokens",
        "reasoning_effort": "reasoning_effort",
        "user_id": "user",
        "metadata": "metadata",
        "service_tier": "service_tier",
    }
    return Asked(model, turns, options(rest, extra, names), stream, schema, tools)


def _cohere(_path: str, rest: Body) -> Asked:
    form = rest.get("response_format") or {}
    schema = form.get("json_schema") or form.get("schema")
    if schema:
        del rest["response_format"]
    tools = _chat_tools(rest)
    if rest.get("strict_tools") is True and tools:
        del rest["strict_tools"]
        tools = tuple({**tool, "strict": True} for tool in tools)
    turns = _turns(rest.pop("messages"), _chat_part)
    model, stream = rest.pop("model"), bool(rest.pop("stream", False))
    if rest.get("thinking") == {"type": "disabled"}:
        del rest["thinking"]
        rest["reasoning_effort"] = "none"
    names = {
        "temperature": "temperature",
        "top_p": "p",
        "max_output_tokens": "max_tokens",
        "stop": "stop_sequences",
        "seed": "seed",
        "reasoning_effort": "reasoning_effort",
    }
    return Asked(model, turns, options(rest, {}, names), stream, schema, tools)


def _ollama(_path: str, rest: Body) -> Asked:
    turns: list[Message] = []
    for one in rest.pop("messages"):
        only([key for key, value in one.items() if value], "role content images", "on a turn")
        images = tuple(attached("image/png", image) for image in one.get("images") or ())
        turns.append(Message(role_of(one["role"]), (Text(one["content"]), *images)))
    tools = _chat_tools(rest)
    schema = rest.pop("format") if isinstance(rest.get("format"), dict) else None
    think = rest.get("think")
    if think is not None:
        del rest["think"]
        levels = {True: "minimal", False: "none"}
        rest["reasoning_effort"] = levels[think] if isinstance(think, bool) else think
    model, stream = rest.pop("model"), bool(rest.pop("stream", True))
    rest |= rest.pop("options", None) or {}
    names = {
        "temperature": "temperature",
        "top_p": "top_p",
        "max_output_tokens": "num_predict",
        "stop": "stop",
        "seed": "seed",
        "reasoning_effort": "reasoning_effort",
    }
    return Asked(model, tuple(turns), options(rest, {}, names), stream, schema, tools)


READERS: dict[str, Callable[[str, Body], Asked]] = {
    "chat": _chat,
    "messages": _messages,
    "responses": _responses,
    "cohere-v2": _cohere,
    "ollama": _ollama,
}
