"""What the check of an answer against its schema says, and that it never reaches outside."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.evaluation.schemas import fault_of, mismatch

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("text", ['{"name":"Ada","age":36}', ' {"age":1,\n"name":""}\n'])
def test_an_answer_of_the_schema_is_let_through(text: str) -> None:
    """White space around it is no fault."""
    assert mismatch(text, PERSON) is None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{"name":"Ada","age":"old"}', "`$.age`: 'old' is not of type 'integer'"),
        ('{"name":"Ada"}', "`$`: 'age' is a required property"),
        ('{"name":"Ada","age":1,"x":2}', "'x' was unexpected"),
        ("[1]", "is not of type 'object'"),
        ("{oops", "not JSON (Expecting property name"),
        ('```json\n{"name":"Ada","age":1}\n```', "not JSON (it stands between Markdown fences)"),
        ('{"name":"Ada","age":NaN}', "`NaN` is no JSON number"),
        ("[" * 100_000, "not JSON (nested too deeply)"),
        ('"' + "x" * 5000 + '"', "…"),
    ],
)
def test_a_mismatch_names_the_place_and_the_reason(text: str, part: str) -> None:
    """One line, short enough to quote to the model."""
    why = mismatch(text, PERSON)

    assert why is not None
    assert part in why
    assert "\n" not in why
    assert len(why) < 400


@pytest.mark.parametrize(
    ("schema", "part"),
    [
        ({"type": "objekt"}, "`$.type`"),
        ({"properties": 3}, "`$.properties`"),
        ({"pattern": "("}, "`$.pattern`"),
        ({"$ref": "http://127.0.0.1:9/person.json"}, "http://127.0.0.1:9/person.json"),
        ({"$ref": "file:///etc/passwd"}, "file:///etc/passwd"),
        ({"properties": {"a": {"$ref": "#/$defs/nowhere"}}}, "#/$defs/nowhere"),
        ({"anyOf": [{"$ref": "#/$defs/nowhere"}]}, "#/$defs/nowhere"),
    ],
)
def test_a_schema_that_cannot_hold_is_told_before_anything_is_asked(
    schema: dict[str, Any], part: str
) -> None:
    """A reference that leads out is a fault: nothing is ever fetched."""
    assert part in (fault_of(schema) or "")


def test_a_schema_nested_too_deeply_is_a_fault() -> None:
    """Depth costs an error and not the process."""
    schema: dict[str, Any] = {}
    for _ in range(3000):
        schema = {"not": schema}

    assert "deeply" in (fault_of(schema) or "")


def test_a_value_nested_too_deeply_for_its_schema_is_a_mismatch() -> None:
    """A schema that refers to itself follows the value down."""
    tree: dict[str, Any] = {"type": "array", "items": {"$ref": "#"}}

    assert mismatch("[[[]]]", tree) is None
    assert "deeply" in (mismatch("[" * 900 + "]" * 900, tree) or "")


@pytest.mark.parametrize(
    "schema",
    [
        {"$defs": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/n"}}},
        {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {}, "type": "object"},
        {"enum": [{"$ref": "a value, not a reference"}]},
        {"$defs": {"b": {"$id": "https://x.test/b", "$ref": "#/$defs/c", "$defs": {"c": {}}}}},
    ],
)
def test_a_schema_that_stands_alone_holds(schema: dict[str, Any]) -> None:
    """References inside it, older drafts, and values that only look like references."""
    assert fault_of(schema) is None


def test_a_reference_of_an_embedded_schema_that_leads_out_is_told_at_the_check() -> None:
    """Even there nothing is fetched."""
    schema = {"properties": {"a": {"$id": "https://x.test/a", "$ref": "https://x.test/gone"}}}

    assert fault_of(schema) is None
    assert "refers to" in (mismatch('{"a": 1}', schema) or "")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(_VALUES)
def test_any_json_value_is_judged_and_never_raises(value: object) -> None:
    """The free schema lets all of it through."""
    text = json.dumps(value, allow_nan=True)

    assert mismatch(text, {}) is None or "Infinity" in text
    mismatch(text, PERSON)


@given(st.text(max_size=60))
def test_any_text_at_all_is_judged(text: str) -> None:
    """Lone surrogates included."""
    mismatch(text, PERSON)
