"""Answers of a fixed shape from a model: asked for by schema, checked, and repaired once."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.events import CallRole
from ultra.core.model import Target
from ultra.core.ports import Caller, CallSpec
from ultra.core.request import CallRequest, Message, said
from ultra.core.text import one_line

T = TypeVar("T")


async def ask_structured(
    caller: Caller,
    target: Target,
    messages: tuple[Message, ...],
    shape: type[T],
    role: CallRole,
    *,
    fault: Callable[[T], str | None] = lambda _: None,
) -> tuple[T | None, list[Answer], str]:
    """Ask a model for JSON of a shape, its sampling left to the profile: see `ask_shaped`."""
    return await ask_shaped(caller, CallRequest(target, messages), shape, role, fault=fault)


async def ask_shaped(
    caller: Caller,
    request: CallRequest,
    shape: type[T],
    role: CallRole,
    *,
    fault: Callable[[T], str | None] = lambda _: None,
) -> tuple[T | None, list[Answer], str]:
    """Ask for JSON of a shape; on a wrong one ask once more, quoting what was wrong with it.

    `fault` says what is wrong with a value of the right shape, None for nothing. Returns the value
    (None when it could not be had), the answers it took, and why it failed.
    """
    request = replace(request, json_schema=schema_of(shape))
    answers: list[Answer] = []
    reason = ""
    for _ in range(2):
        async with caller.open([CallSpec(request, role)]) as calls:
            answer = (await calls.settle(None, None))[0]
        answers.append(answer)
        if not answer.ok:
            return None, answers, answer.error.error_class.value if answer.error else "no answer"
        try:
            value = decoded(answer.text, shape)
        except ValueError as error:
            reason = str(error)
        else:
            wrong = fault(value)
            if wrong is None:
                return value, answers, ""
            reason = wrong
        turns = repair_turns(answer.text, reason)
        request = replace(request, messages=(*request.messages, *turns))
    return None, answers, f"not the JSON asked for: {reason}"


def decoded(text: str, shape: type[T]) -> T:
    """The one JSON value of a shape that a text is. Raises `ValueError` for any other text.

    A name that stands twice in one object is refused: of two verdicts neither is taken.
    """
    plain = unfenced(text).encode("utf-8", "replace")
    try:
        value = msgspec.json.decode(plain, type=shape)
        json.loads(plain, object_pairs_hook=_once)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"`{one_line(twice, 80)}` stands twice")
    return dict(pairs)


def repair_turns(text: str, why: str) -> tuple[Message, ...]:
    """The turns that show a model what it said and what was wrong with it."""
    return (
        said("assistant", text),
        said(
            "user",
            f"That is not the JSON asked for: {why}. Answer again with the JSON value and "
            "nothing else.",
        ),
    )


def unfenced(text: str) -> str:
    """The text inside a Markdown fence that encloses all of it; any other text as it is."""
    lines = text.strip().splitlines()
    if len(lines) > 2 and lines[0].startswith("```") and lines[-1].strip() == "```":
        return "\n".join(lines[1:-1])
    return text.strip()


def schema_of(shape: type[Any]) -> dict[str, Any]:
    """The JSON Schema of a struct with every reference resolved, as strict modes require."""
    root = msgspec.json.schema(shape)
    parts: dict[str, Any] = root.pop("$defs", {})
    resolved = _resolve(root, parts)
    return dict(resolved)


def _resolve(node: Any, parts: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_resolve(item, parts) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _resolve(parts[node["$ref"].rsplit("/", 1)[1]], parts)
    plain = {
        key: _resolve(value, parts)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str))  # a name; a field called so is a schema
    }
    if plain.get("type") == "object":
        plain["additionalProperties"] = False
        plain["required"] = list(plain.get("properties", {}))
    return plain
