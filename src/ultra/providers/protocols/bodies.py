"""What request bodies of all protocols share: JSON text, schemas, options that pass through."""

import json
from typing import Any

import msgspec

from ultra.core.errors import CallError, ErrorClass
from ultra.core.request import Sampling

JSON_HEADERS = {"content-type": "application/json"}

NO_PARAMETERS = {"type": "object", "properties": {}}
"""The schema of a tool that takes nothing, for protocols that demand one."""


def encode(body: dict[str, Any]) -> bytes:
    """The body as JSON. Half a character (a lone surrogate) becomes a question mark."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def merged(body: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """The body with options of the user's own laid over it, objects within objects."""
    result = dict(body)
    for name, value in extra.items():
        mine = result.get(name)
        if isinstance(mine, dict) and isinstance(value, dict):
            value = merged(mine, value)  # noqa: PLW2901 - the one place where it differs
        result[name] = value
    return result


def given(**values: object) -> dict[str, Any]:
    """Those values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def untaken(sampling: Sampling, who: str, *names: str) -> None:
    """Raise `CallError` for an option of these names that is set: `who` has no word for it."""
    told = {
        "user_id": sampling.user_id,
        "metadata": sampling.metadata,
        "service_tier": sampling.service_tier,
    }
    for name in names:
        if told[name]:
            raise CallError(
                ErrorClass.INVALID_REQUEST,
                f"{who} takes no `{name}`",
                hint=f"leave out `-o {name}` or ask another model; nothing was sent",
            )


def is_strict(schema: object) -> bool:
    """Whether every object is closed and requires all it has, as OpenAI's strict mode demands.

    Source: platform.openai.com/docs/guides/structured-outputs#supported-schemas.
    """
    if isinstance(schema, list):
        return all(map(is_strict, schema))
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if isinstance(properties, dict) or schema.get("type") == "object":
        names = set(properties) if isinstance(properties, dict) else set()
        required = schema.get("required")
        listed = set(map(str, required)) if isinstance(required, list) else set()
        if schema.get("additionalProperties") is not False or listed != names:
            return False
    return all(map(is_strict, schema.values()))


def closed(schema: object) -> Any:
    """The schema with every object closed, where it does not say; Anthropic takes no other.

    Source: docs.claude.com/en/docs/build-with-claude/structured-outputs#json-schema-limitations.
    """
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {name: closed(value) for name, value in schema.items()}
    if result.get("type") == "object" and "additionalProperties" not in result:
        result["additionalProperties"] = False
    return result


def schema_in_words(schema: dict[str, Any]) -> str:
    """The schema as an instruction, for servers that promise JSON but take no schema."""
    return f"Answer with JSON only, following this JSON Schema:\n{json.dumps(schema)}"
