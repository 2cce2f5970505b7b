"""The request bodies of Google and Amazon, which share no words with the others, read back."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from tests.conformance.asked import (
    EFFORTS,
    READERS,
    Asked,
    Body,
    UnsaidError,
    attached,
    only,
    options,
    role_of,
)
from ultra.core.request import Media, Message, Part, Text

_FORMATS = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _gemini_part(part: Body) -> Part:
    if set(part) == {"text"}:
        return Text(part["text"])
    if set(part) == {"inlineData"}:
        kind = part["inlineData"]["mimeType"]
        if kind.startswith("text/"):
            raise UnsaidError("a text file as an attachment, which ultra sends as words")
        return attached(kind, part["inlineData"]["data"])
    if set(part) == {"fileData"}:
        return Media(part["fileData"]["mimeType"], url=part["fileData"]["fileUri"])
    odd = next((key for key in part if key not in ("text", "inlineData", "fileData")), "text")
    raise UnsaidError(f"a part with `{odd}`")


def _gemini_tools(rest: Body) -> tuple[Body, ...]:
    found: list[Body] = []
    for tool in rest.pop("tools", None) or []:
        if not isinstance(tool, dict) or set(tool) != {"functionDeclarations"}:
            raise UnsaidError("a tool that the server runs")
        for one in tool["functionDeclarations"]:
            only(one, "name description parameters parametersJsonSchema", "on a tool")
            known = dict(one)
            schema = known.pop("parametersJsonSchema", None) or known.pop("parameters", None)
            found.append({**known, "parameters": lowered(schema)} if schema else known)
    return tuple(found)


def lowered(schema: Any) -> Any:
    """A schema with its types as JSON Schema spells them; OpenAPI's `STRING` is `string` there."""
    if isinstance(schema, list):
        return [lowered(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    named = isinstance(schema.get("type"), str)
    small = {"type": schema["type"].lower()} if named else {}
    return {key: lowered(value) for key, value in schema.items()} | small


def _gemini_effort(config: Body, model: str) -> str | None:
    """The effort that is asked for; anything that no effort stands for stays as it is."""
    thinking = config.get("thinkingConfig") or {}
    shown = thinking.get("includeThoughts")
    effort: str | None = None
    if thinking == {"thinkingBudget": 0} and "gemini-2" in model:
        effort = "none"
    elif shown and set(thinking) == {"includeThoughts", "thinkingLevel"}:
        effort = thinking["thinkingLevel"]
    elif shown and set(thinking) == {"includeThoughts", "thinkingBudget"} and "gemini-2" in model:
        effort = EFFORTS.get(thinking["thinkingBudget"])
    if effort:
        del config["thinkingConfig"]
    return effort


def _gemini(path: str, rest: Body) -> Asked:
    found = re.search(r"/models/([^:/?]+):(\w+)", path)
    if not found:
        raise UnsaidError("a path that names no model")
    model = unquote(found[1])
    contents = rest.pop("contents")
    turns = [
        Message(role_of(one.get("role", "user")), tuple(map(_gemini_part, one["parts"])))
        for one in ([contents] if isinstance(contents, dict) else contents)
    ]
    if system := rest.pop("systemInstruction", None):
        turns.insert(0, Message("system", tuple(map(_gemini_part, system["parts"]))))
    config = dict(rest.pop("generationConfig", None) or {})
    if config.get("candidateCount", 1) != 1:
        raise UnsaidError("several answers to one request (`n`)")
    schema = None
    if config.get("responseMimeType") == "application/json":
        for name in ("responseJsonSchema", "responseSchema"):
            schema = schema or lowered(config.pop(name, None))
        if schema:
            del config["responseMimeType"]
    config["reasoning_effort"] = _gemini_effort(config, model)
    if config["reasoning_effort"] is None:
        del config["reasoning_effort"]
    tools = _gemini_tools(rest)
    config |= rest
    names = {
        "temperature": "temperature",
        "top_p": "topP",
        "max_output_tokens": "maxOutputTokens",
        "stop": "stopSequences",
        "seed": "seed",
        "reasoning_effort": "reasoning_effort",
        "metadata": "labels",
        "service_tier": "serviceTier",
    }
    stream = found[2] == "streamGenerateContent"
    return Asked(model, tuple(turns), options(config, {}, names), stream, schema, tools)


def _converse_part(part: Body) -> Part:
    (kind,) = part
    value = part[kind]
    if kind == "text":
        return Text(value)
    if kind not in ("image", "document"):
        raise UnsaidError(f"a part with `{kind}`")
    only(value, "format name source", f"on a part with `{kind}`")
    source, media = value["source"], _FORMATS.get(value["format"])
    if media is None:
        raise UnsaidError(
            f"a document in the format `{value['format']}`, which ultra sends as words"
        )
    where = source.get("bytes") or source["s3Location"]["uri"]
    return attached(media, where, name=value.get("name", ""))


def _converse_tools(rest: Body) -> tuple[Body, ...]:
    config = dict(rest.pop("toolConfig", None) or {})
    found: list[Body] = []
    for tool in config.pop("tools", None) or []:
        if set(tool) != {"toolSpec"}:
            raise UnsaidError("a tool that the server runs")
        known = dict(tool["toolSpec"])
        only(known, "name description inputSchema strict", "on a tool")
        found.append({**known, "parameters": known["inputSchema"]["json"]})
        del found[-1]["inputSchema"]
    if config:
        rest["toolConfig"] = config
    return tuple(found)


def _converse(path: str, rest: Body) -> Asked:
    found = re.search(r"/model/(.+)/(converse(?:-stream)?)(?:$|\?)", path)
    if not found:
        raise UnsaidError("a path that names no model")
    turns = [
        Message(role_of(one["role"]), tuple(map(_converse_part, one["content"])))
        for one in rest.pop("messages")
    ]
    if system := rest.pop("system", None):
        turns.insert(0, Message("system", tuple(map(_converse_part, system))))
    tools, schema = _converse_tools(rest), None
    if form := (rest.get("outputConfig") or {}).get("textFormat"):
        schema = json.loads(form["structure"]["jsonSchema"]["schema"])
        del rest["outputConfig"]
    own = rest.get("additionalModelRequestFields") or {}
    config = dict(rest.pop("inferenceConfig", None) or {})
    if set(own) == {"reasoning_effort"}:
        config |= rest.pop("additionalModelRequestFields")
    names = {
        "temperature": "temperature",
        "top_p": "topP",
        "max_output_tokens": "maxTokens",
        "stop": "stopSequences",
        "reasoning_effort": "reasoning_effort",
    }
    sampling = options(config, rest, names)
    stream = found[2] == "converse-stream"
    return Asked(unquote(found[1]), tuple(turns), sampling, stream, schema, tools)


ALL: dict[str, Callable[[str, Body], Asked]] = {
    **READERS,
    "gemini": _gemini,
    "converse": _converse,
}
"""Readers by the set's name of an API."""


def asked(api: str, path: str, body: Body) -> Asked:
    """The request that a body stands for. Raises `UnsaidError`."""
    try:
        return ALL[api](path, dict(body))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UnsaidError("a body that its API does not document") from error
