"""Where two request bodies differ, once freed from what says nothing."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import UNSET, Struct

from tests.conformance.asked import Body
from tests.conformance.asked_clouds import lowered


class Difference(Struct, frozen=True):
    """One place where two bodies differ; UNSET is nothing there. `body` is the recorded one.

    What stands under another name is one difference, its path `old -> new`.
    """

    path: str
    recorded: Any
    arrived: Any
    body: Body


def _without_nulls(body: Body) -> Body:
    """The body and its objects, one level down, without nulls and without empty ones."""
    result: Body = {}
    for name, value in body.items():
        if isinstance(value, dict) and name not in ("response_format", "format"):
            value = {key: inner for key, inner in value.items() if inner not in (None, [])}  # noqa: PLW2901
        if name == "messages" and isinstance(value, list):
            value = [_without_nulls(one) if isinstance(one, dict) else one for one in value]  # noqa: PLW2901
        empty = value in ({}, []) and name not in ("web_search_options", "documents", "include")
        if value is not None and not empty:
            result[name] = value
    return result


_SCHEMAS = ("parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema")


def _spelled(body: Any) -> Any:
    """A Gemini body in camel case, apart from schemas and arguments, which are the user's."""
    if isinstance(body, list):
        return [_spelled(one) for one in body]
    if not isinstance(body, dict):
        return body
    named = {re.sub(r"_([a-z])", lambda m: m[1].upper(), key): key for key in body}
    return {
        new: body[old] if new in (*_SCHEMAS, "args", "response", "labels") else _spelled(body[old])
        for new, old in named.items()
    }


def _listed(body: Body) -> Body:
    """A Gemini body whose parts are lists."""
    system = body.get("systemInstruction")
    if isinstance(system, str):
        system = {"parts": [{"text": system}]}
    if isinstance(system, dict) and isinstance(system.get("parts"), dict):
        system = {**system, "parts": [system["parts"]]}
    return {**body, "systemInstruction": system} if system else body


def _once_named(body: Body) -> Body:
    """A Chat Completions body whose tools bear their names in the function alone."""
    tools = [
        {key: value for key, value in tool.items() if key != "name"}
        if isinstance(tool, dict) and tool.get("name") == (tool.get("function") or {}).get("name")
        else tool
        for tool in body.get("tools") or ()
    ]
    return {**body, "tools": tools} if tools else body


PLAIN: list[tuple[tuple[str, ...], Callable[[Body], Body], str]] = [
    (
        ("gemini",),
        _spelled,
        "JSON of a protocol buffer takes a field in snake case and in camel case alike",
    ),
    (("gemini",), _listed, "JSON of a protocol buffer takes one part for a list of one"),
    (
        ("chat", "ollama", "cohere-v2"),
        _once_named,
        "a client of its own wrote the name of a tool twice, the second time where no API reads it",
    ),
    (
        ("chat", "messages", "gemini", "ollama", "responses", "cohere-v2", "converse"),
        _without_nulls,
        "a null or an empty object says what its absence says",
    ),
]
"""APIs, what is done to their bodies before they are read, and why it changes nothing."""


def plain(api: str, body: Body) -> tuple[Body, list[str]]:
    """A recorded body freed from what says nothing, and the reasons that were needed."""
    reasons: list[str] = []
    for apis, change, why in PLAIN:
        changed = change(body) if api in apis else body
        if changed != body:
            reasons.append(why)
        body = changed
    return body, reasons


def differences(recorded: Body, arrived: Body) -> list[Difference]:
    """Where two bodies differ; a value under another name is one difference."""
    found = list(below("", recorded, arrived, recorded))
    gained = [one for one in found if one.recorded is UNSET]
    result: list[Difference] = []
    for one in found:
        if one.arrived is UNSET:
            twin = next((two for two in gained if _alike(one.recorded, two.arrived)), None)
            if twin and _parent(twin.path) == _parent(one.path):
                gained.remove(twin)
                path = f"{one.path} -> {twin.path}"
                result.append(Difference(path, one.recorded, twin.arrived, recorded))
                continue
        if one.recorded is not UNSET:
            result.append(one)
    return result + gained


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _alike(mine: Any, theirs: Any) -> bool:
    return bool(mine == theirs or lowered(mine) == theirs)


def below(path: str, mine: Any, theirs: Any, body: Body) -> Iterator[Difference]:
    """Where two values differ, place by place; `body` is the recorded one."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for key in mine | theirs:
            pair = mine.get(key, UNSET), theirs.get(key, UNSET)
            yield from below(f"{path}/{key}", *pair, body)
    elif isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        for index, pair in enumerate(zip(mine, theirs, strict=True)):
            yield from below(f"{path}/{index}", *pair, body)
    elif mine != theirs or isinstance(mine, bool) != isinstance(theirs, bool):
        yield Difference(path, mine, theirs, body)


def words(content: Any) -> str | None:
    """The words of a turn that holds nothing else, None when it does."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    texts = [one.get("text") for one in content if set(one) <= {"type", "text", "annotations"}]
    if len(texts) != len(content) or not all(isinstance(text, str) for text in texts):
        return None
    return "".join(map(str, texts))
