"""One value as it is written to one plain value of the type that the schema wants."""

import math
import re
from typing import Any

from msgspec import inspect

from ultra.config.nodes import Scalar
from ultra.core.cost import nano_of_usd
from ultra.core.text import did_you_mean, one_line

_INTEGER = re.compile(r"[-+]?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,4})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST_NUMBER = 40
_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WORDS: tuple[tuple[type[inspect.Type], str], ...] = (
    (inspect.StructType, "a mapping"),
    (inspect.DictType, "a mapping"),
    (inspect.VarTupleType, "a list"),
    (inspect.IntType, "a whole number"),
    (inspect.FloatType, "a number"),
    (inspect.BoolType, "`true` or `false`"),
)


class WrongLeaf(Exception):  # noqa: N818 - a finding for the walker, it goes no further
    """The value cannot be what the schema wants."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def unwrapped(shape: inspect.Type) -> tuple[inspect.Type, dict[str, Any]]:
    """The type inside its metadata, and what the schema says of it for us."""
    extra: dict[str, Any] = {}
    while isinstance(shape, inspect.Metadata):
        extra = {**(shape.extra or {}), **extra}
        shape = shape.type
    return shape, extra


def wording(shape: inspect.Type) -> str:
    """What the type is called in a message."""
    bare, _ = unwrapped(shape)
    if isinstance(bare, inspect.UnionType):
        members = [
            wording(member) for member in bare.types if not isinstance(member, inspect.NoneType)
        ]
        return " or ".join(dict.fromkeys(members))
    if isinstance(bare, inspect.LiteralType):
        return " or ".join(f"`{value}`" for value in bare.values)
    return next((words for kind, words in _WORDS if isinstance(bare, kind)), "text")


def free_scalar(node: Scalar) -> str | int | float | bool | None:
    """What is meant where anything may stand: only `true` and `false` are booleans.

    Source: YAML 1.2.2, section 10.3.2 (core schema), without octal, hexadecimal and infinities.
    """
    if not node.plain:
        return node.text
    if node.null:
        return None
    if _INTEGER.fullmatch(node.text):
        return int(node.text)
    if _NUMBER.fullmatch(node.text) and math.isfinite(float(node.text)):
        return float(node.text)
    return _BOOLEANS.get(node.text, node.text)


def read_leaf(node: Scalar, shape: inspect.Type, extra: dict[str, Any]) -> Any:
    match shape:
        case inspect.LiteralType():
            return _choice(node, shape)
        case inspect.BoolType():
            return _boolean(node)
        case inspect.IntType() if extra.get("usd"):
            return _nano_dollars(node)
        case inspect.IntType() | inspect.FloatType():
            return _number(node, shape)
        case inspect.StrType():
            return _text(node, shape, extra)
        case _:
            raise AssertionError(f"the schema holds a type that nobody reads: {shape}")


def _choice(node: Scalar, shape: inspect.LiteralType) -> Any:
    by_text = {str(value): value for value in shape.values}
    if node.text in by_text:
        return by_text[node.text]
    raise WrongLeaf(
        f"`{one_line(node.text, 80)}` is not known here",
        did_you_mean(node.text, by_text) or f"one of: {', '.join(sorted(by_text))}",
    )


def _boolean(node: Scalar) -> bool:
    if node.plain and node.text in _BOOLEANS:
        return _BOOLEANS[node.text]
    raise WrongLeaf(
        f"`{one_line(node.text, 80)}` is neither true nor false", "write `true` or `false`"
    )


def _number(node: Scalar, shape: inspect.IntType | inspect.FloatType) -> int | float:
    text = one_line(node.text, 80)
    if not node.plain:
        raise WrongLeaf(f"`{text}` is text, not a number", "write it without quotes")
    value: int | float
    if isinstance(shape, inspect.IntType):
        if not _INTEGER.fullmatch(node.text):
            raise WrongLeaf(f"`{text}` is not a whole number")
        value = int(node.text)
    else:
        value = _finite(node.text, text)
    if shape.ge is not None and value < shape.ge:
        raise WrongLeaf(f"`{text}` must be at least {shape.ge}")
    if shape.gt is not None and value <= shape.gt:
        raise WrongLeaf(f"`{text}` must be more than {shape.gt}")
    if shape.le is not None and value > shape.le:
        raise WrongLeaf(f"`{text}` must be at most {shape.le}")
    return value


def _finite(text: str, shown: str) -> float:
    if len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    raise WrongLeaf(f"`{shown}` is not a finite number")


def _nano_dollars(node: Scalar) -> int:
    text = one_line(node.text, 80)
    if not node.plain:
        raise WrongLeaf(f"`{text}` is not an amount of dollars", "write a number such as `0.25`")
    try:
        return nano_of_usd(node.text)
    except ValueError as error:
        raise WrongLeaf(f"`{text}` {error}", "write a number such as `0.25`") from error


def _text(node: Scalar, shape: inspect.StrType, extra: dict[str, Any]) -> str:
    shown = "the value" if extra.get("secret") else f"`{one_line(node.text, 80)}`"
    forbidden = _CONTROL_IN_LINES if extra.get("lines") else _CONTROL
    if forbidden.search(node.text):
        raise WrongLeaf(f"{shown} holds control characters")
    if len(node.text) < (shape.min_length or 0):
        raise WrongLeaf("is empty")
    if shape.max_length is not None and len(node.text) > shape.max_length:
        raise WrongLeaf(f"{shown} is longer than {shape.max_length} characters")
    if shape.pattern and not re.search(shape.pattern, node.text):
        raise WrongLeaf(f"{shown} is not valid here", extra.get("why"))
    return node.text
