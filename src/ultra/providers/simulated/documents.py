"""JSON that satisfies a JSON Schema, as a model in JSON mode writes it."""

import json
import random
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 12
"""Below this depth optional properties and items are left out, so that recursion ends."""


_TRUTHS = {"yes": True, "true": True, "no": False, "false": False}


class Writer:
    """Writes values for one schema. `said` is what a free string holds, and any value it fits.

    `notes` are values for properties by their names, taken where they are of the type wanted:
    texts, tuples of them of which the first that fits is taken, lists of texts, lists of such
    lists. A list of objects with a `label` gets one for each of the noted `labels`.

    Knows what the structured-output dialects of the providers allow: types, enum, const, objects,
    arrays, `$ref` into the same schema, anyOf, oneOf, allOf, bounds and lengths. Patterns and
    formats are not looked at.
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        said: str,
        dice: random.Random,
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        self._root = schema
        self._said = said
        self._dice = dice
        self._notes = notes or {}

    def document(self) -> str:
        """The value as JSON text."""
        return json.dumps(self._value(self._root, 0), ensure_ascii=False)

    def _value(self, schema: Any, depth: int) -> Any:
        if not isinstance(schema, Mapping):
            return self._said
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            fits = self._said in schema["enum"]
            return self._said if fits else self._dice.choice(list(schema["enum"]))
        for choice in ("anyOf", "oneOf"):
            if schema.get(choice):
                return self._value(self._chosen(schema[choice], depth), depth)
        return self._typed(schema, depth)

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        for _ in range(MAX_DEPTH):
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                break
            schema = self._at(reference)
        merged = dict(schema)
        for part in schema.get("allOf", ()):
            resolved = self._resolved(part)
            properties = {**merged.get("properties", {}), **resolved.get("properties", {})}
            required = [*merged.get("required", ()), *resolved.get("required", ())]
            merged = {**merged, **resolved, "properties": properties, "required": required}
        return merged

    def _at(self, reference: str) -> Mapping[str, Any]:
        found: Any = self._root
        for step in reference.lstrip("#/").split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name, {}) if isinstance(found, Mapping) else {}
        return found if isinstance(found, Mapping) else {}

    def _chosen(self, choices: list[Any], depth: int) -> Any:
        if depth < MAX_DEPTH:
            return self._dice.choice(choices)
        plain = [choice for choice in choices if choice.get("type") in ("null", "string")]
        return (plain or choices)[0]

    def _typed(self, schema: Mapping[str, Any], depth: int) -> Any:
        kind = schema.get("type") or ("object" if schema.get("properties") else "string")
        if isinstance(kind, list):
            kind = next((name for name in kind if name != "null"), "null")
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "integer" | "number":
                return self._number(schema, whole=kind == "integer")
            case "boolean":
                return _TRUTHS.get(self._said.casefold(), self._dice.random() < 0.5)
            case "null":
                return None
            case _:
                return self._string(schema)

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        required = schema.get("required", ())
        names = (
            properties if depth < MAX_DEPTH else [name for name in properties if name in required]
        )
        return {name: self._property(name, properties[name], depth + 1) for name in names}

    def _property(self, name: str, schema: Any, depth: int) -> Any:
        noted = self._notes.get(name, ())
        if isinstance(schema, Mapping):
            for note in noted if isinstance(noted, tuple) else (noted,):
                if self._takes(schema, note):
                    return note
        return self._value(schema, depth)

    def _takes(self, schema: Mapping[str, Any], note: Any) -> bool:
        schema = self._resolved(schema)
        choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        if choices:
            return any(self._takes(choice, note) for choice in choices)
        if isinstance(note, list):
            return schema.get("type") == "array" and self._takes(schema.get("items", {}), note[0])
        return note in schema["enum"] if "enum" in schema else schema.get("type") == "string"

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        items = schema.get("items", {})
        labels = self._notes.get("labels", ())
        if labels and "label" in self._resolved(items).get("properties", {}):
            about = ({**self._notes, "label": label} for label in labels)
            writers = (Writer(self._root, self._said, self._dice, notes) for notes in about)
            return [writer._value(items, depth + 1) for writer in writers]  # noqa: SLF001
        least = int(schema.get("minItems", 0))
        wanted = max(least, 0 if depth >= MAX_DEPTH else 2)
        count = min(wanted, int(schema.get("maxItems", wanted)))
        return [self._value(schema.get("items", {}), depth + 1) for _ in range(count)]

    def _number(self, schema: Mapping[str, Any], *, whole: bool) -> float:
        low: float = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        high: float = schema.get("maximum", schema.get("exclusiveMaximum", low + 10))
        said = _as_number(self._said)
        if said is not None and low <= said <= high and not (whole and said % 1):
            return int(said) if whole else said
        if not whole:
            return round(low + (high - low) * self._dice.uniform(0.25, 0.75), 6)
        step = int(schema.get("multipleOf", 1))
        first = -(-int(low) // step) * step + (step if "exclusiveMinimum" in schema else 0)
        last = int(high) - (1 if "exclusiveMaximum" in schema else 0)
        return first + step * self._dice.randrange(max(1, (last - first) // step + 1))

    def _string(self, schema: Mapping[str, Any]) -> str:
        least = int(schema.get("minLength", 0))
        text = self._said or "word"
        while len(text) < least:
            text += " " + text
        return text[: int(schema.get("maxLength", len(text)))]


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
