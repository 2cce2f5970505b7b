"""Tools from a file, in the one form that all protocols are told them in."""

import json
from typing import Any

from ultra.core.errors import UsageError
from ultra.core.text import did_you_mean
from ultra.runtime.materials import decoded, read_bytes

FIELDS = ("name", "description", "parameters", "strict")
"""What a tool may say of itself. Source: platform.openai.com/docs/guides/function-calling."""

_FORM = '[{"name": "weather", "description": "...", "parameters": {"type": "object", ...}}]'


def tools_of(source: str) -> tuple[dict[str, Any], ...]:
    """The tools of a JSON file: a list of them, one alone, or `{"tools": [...]}`.

    Each is a function with `name`, `description`, `parameters` and `strict`, bare or as OpenAI
    wraps it (`{"type": "function", "function": {...}}`). Raises `UsageError` for a file that cannot
    be read, and for what is no tool.
    """
    text = decoded(read_bytes(source, "tools file"), f"tools file `{source}`")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"tools file `{source}` is not JSON: {error}") from error
    if isinstance(found, dict):
        found = found.get("tools", [found])
    if not isinstance(found, list) or not found:
        raise UsageError(f"tools file `{source}` holds no tools", hint=f"write `{_FORM}`")
    tools = [_tool(item, f"tool {n} of `{source}`") for n, item in enumerate(found, start=1)]
    names = [tool["name"] for tool in tools]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"tools file `{source}` names `{name}` twice")
    return tuple(tools)


def _tool(item: object, where: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise UsageError(f"{where} is not an object", hint=f"write `{_FORM}`")
    kind = item.get("type", "function")
    if kind != "function":
        raise UsageError(
            f"{where} is of the type `{kind}`",
            hint="tools of a provider's own go in with `-o`, such as `-o tools '[...]'`",
        )
    inner = item.get("function", item)
    tool = {key: inner[key] for key in inner if key != "type"} if isinstance(inner, dict) else {}
    name = tool.get("name")
    if not isinstance(name, str) or not name:
        raise UsageError(f"{where} has no `name`", hint=f"write `{_FORM}`")
    for field in tool:
        if field not in FIELDS:
            hint = did_you_mean(field, FIELDS) or f"a tool has {', '.join(FIELDS)}"
            raise UsageError(f"{where} has an unknown field `{field}`", hint=hint)
    if not isinstance(tool.get("parameters", {}), dict):
        raise UsageError(f"`parameters` of {where} is not a JSON Schema", hint=f"write `{_FORM}`")
    return tool
