"""Whether an answer is JSON that its schema allows. The one home of jsonschema.

Importing this module costs jsonschema's 67 ms, so it is imported where a run has a schema. No
reference is ever fetched: a schema has to stand alone.
"""

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import SchemaError
from jsonschema.exceptions import best_match
from jsonschema.validators import Draft202012Validator, validator_for
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from ultra.core.text import one_line

_SHOWN = 200
"""Characters of a validator's message that are shown; it quotes what it rejects."""


def fault_of(schema: dict[str, Any]) -> str | None:
    """Why this cannot be a schema; None when it can. Draft 2020-12 unless it says otherwise."""
    try:
        validator_for(schema, default=Draft202012Validator).check_schema(schema)
    except SchemaError as error:
        return _told(error.json_path, error.message)
    except RecursionError:
        return "it is nested too deeply"
    return _dangling(schema)


def mismatch(text: str, schema: dict[str, Any]) -> str | None:
    """Why a text is not JSON of the schema, the worst of it; None when it is."""
    try:
        value = json.loads(text, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        return f"not JSON ({_why_not_json(text, error)})"
    return _violation(value, schema)


def _violation(value: Any, schema: dict[str, Any]) -> str | None:
    kind = validator_for(schema, default=Draft202012Validator)
    # Without a registry of its own jsonschema fetches what a reference names.
    validator = kind(schema, registry=Registry())
    try:
        worst = best_match(validator.iter_errors(value))
    except Unresolvable as error:
        return f"cannot be checked: the schema refers to `{one_line(str(error.ref), 80)}`"
    except RecursionError:
        return "nested too deeply to be checked"
    return None if worst is None else _told(worst.json_path, worst.message)


def _told(path: str, message: str) -> str:
    return f"`{one_line(path, 80)}`: {one_line(message, _SHOWN)}"


def _why_not_json(text: str, error: Exception) -> str:
    if text.lstrip().startswith("```"):
        return "it stands between Markdown fences"
    return one_line(str(error), _SHOWN) if isinstance(error, ValueError) else "nested too deeply"


def _constant(word: str) -> object:
    raise ValueError(f"`{word}` is no JSON number")


def _dangling(schema: dict[str, Any]) -> str | None:
    """The first reference that leads out of the schema or to nothing in it."""
    resource = Resource.from_contents(schema, default_specification=DRAFT202012)
    resolver = Registry().resolver_with_root(resource)
    for ref in _references(schema):
        try:
            resolver.lookup(ref)
        except (Unresolvable, ValueError, TypeError):
            return f"`$ref` names `{one_line(ref, 80)}`, which is not in it; nothing is fetched"
    return None


def _references(node: object) -> Iterator[str]:
    """Every reference below a node; a part with an `$id` of its own resolves its own."""
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        ref = node.get("$ref")
        if isinstance(ref, str):
            yield ref
        for name, value in node.items():
            inner = isinstance(value, dict) and "$id" in value
            if name not in ("const", "enum", "default", "examples") and not inner:
                yield from _references(value)
