"""Walks nodes along a table of `schema`, keeps what is right and notes all that is wrong."""

from typing import Any, Final

from msgspec import inspect

from ultra.config.leaves import WrongLeaf, free_scalar, read_leaf, unwrapped, wording
from ultra.config.nodes import Items, Node, Scalar, Table
from ultra.core.errors import Problem
from ultra.core.text import did_you_mean, one_line

KeyPath = tuple[str | int, ...]

BROKEN: Final = object()
"""Stands for a value that was wrong and has been reported."""


class Reader:
    """Reads one file. `places` says where each key path stands;"""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self.places: dict[KeyPath, str] = {}
        self._file = file

    def read(self, node: Node, shape: inspect.Type, path: KeyPath = ()) -> Any:
        """The plain value, or `BROKEN` when it is wrong; mistakes go to `problems`."""
        shape, extra = unwrapped(shape)
        self.places.setdefault(path, self._where(node))
        if isinstance(shape, inspect.UnionType):
            chosen = _alternative(shape, node)
            if chosen is None:
                return self._wrong(node, path, f"expected {wording(shape)}")
            shape, inner = unwrapped(chosen)
            extra = {**extra, **inner}
        match shape:
            case inspect.StructType():
                return self._record(node, shape, path)
            case inspect.DictType():
                return self._by_name(node, shape, path)
            case inspect.VarTupleType():
                return self._list(node, shape, path)
            case inspect.CustomType():
                return self._free(node, path)
            case _:
                return self._leaf(node, shape, extra, path)

    def _record(self, node: Node, shape: inspect.StructType, path: KeyPath) -> Any:
        if not isinstance(node, Table):
            if isinstance(node, Scalar) and node.null and path:
                node = Table((), node.line, node.column, 1)
            else:
                return self._wrong(node, path, "expected a mapping of keys to values")
        fields = {field.name: field for field in shape.fields}
        found: dict[str, Any] = {}
        for key, value in node.pairs:
            if key.text not in fields:
                self._unknown(key, path, list(fields))
                continue
            self.places[(*path, key.text)] = self._where(value if _inline(value) else key)
            if isinstance(value, Scalar) and value.null and not fields[key.text].required:
                continue
            found[key.text] = self.read(value, fields[key.text].type, (*path, key.text))
        missing = [name for name, field in fields.items() if field.required and name not in found]
        for name in missing:
            self._wrong(node, path, f"`{name}` is missing")
        sound = {name: value for name, value in found.items() if value is not BROKEN}
        whole = all(name in sound for name, field in fields.items() if field.required)
        return sound if whole or not path else BROKEN

    def _unknown(self, key: Scalar, path: KeyPath, known: list[str]) -> None:
        hint = did_you_mean(key.text, known) or f"known here: {', '.join(known)}"
        if key.text == "<<":
            hint = "merge keys are not read; `extends` takes over another profile"
        self._wrong(key, path, f"unknown key `{one_line(key.text, 80)}`", hint)

    def _by_name(self, node: Node, shape: inspect.DictType, path: KeyPath) -> Any:
        if not isinstance(node, Table):
            return self._wrong(node, path, "expected a mapping of names to values")
        found: dict[str, Any] = {}
        key_shape, key_extra = unwrapped(shape.key_type)
        for key, value in node.pairs:
            here = (*path, key.text)
            named = Scalar(key.text, plain=False, line=key.line, column=key.column)
            if self._leaf(named, key_shape, key_extra, path) is BROKEN:
                continue
            self.places[here] = self._where(value if _inline(value) else key)
            read = self.read(value, shape.value_type, here)
            if read is not BROKEN:
                found[key.text] = read
            elif _may_be_none(shape.value_type):  # what refers to it is no mistake of its own
                found[key.text] = None
        return found

    def _list(self, node: Node, shape: inspect.VarTupleType, path: KeyPath) -> Any:
        if not isinstance(node, Items):
            return self._wrong(node, path, "expected a list", "write `[one, two]`")
        if len(node.items) < (shape.min_length or 0):
            return self._wrong(node, path, "must not be empty")
        read = [
            self.read(item, shape.item_type, (*path, index))
            for index, item in enumerate(node.items)
        ]
        sound = [item for item in read if item is not BROKEN]
        return sound if len(sound) >= (shape.min_length or 0) else BROKEN

    def _free(self, node: Node, path: KeyPath) -> Any:
        """Any YAML as plain values; only `true` and `false` are booleans (YAML 1.2 core schema)."""
        if isinstance(node, Table):
            return {key.text: self._free(value, (*path, key.text)) for key, value in node.pairs}
        if isinstance(node, Items):
            return [self._free(item, (*path, place)) for place, item in enumerate(node.items)]
        return free_scalar(node)

    def _leaf(self, node: Node, shape: inspect.Type, extra: dict[str, Any], path: KeyPath) -> Any:
        if not isinstance(node, Scalar):
            return self._wrong(node, path, f"expected {wording(shape)}")
        if node.null:
            return self._wrong(node, path, "is empty")
        try:
            return read_leaf(node, shape, extra)
        except WrongLeaf as wrong:
            return self._wrong(node, path, wrong.message, wrong.hint)

    def _wrong(self, node: Node, path: KeyPath, message: str, hint: str | None = None) -> object:
        self.problems.append(Problem(self._where(node), dotted(path), message, hint))
        return BROKEN

    def _where(self, node: Node) -> str:
        return f"{self._file}:{node.line}:{node.column}"


def dotted(path: KeyPath) -> str:
    """The key path as people read it: `groups.council[1]`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return one_line(text.removeprefix("."), 200)


def _inline(node: Node) -> bool:
    """Whether a value is the better place to point at than its key."""
    return isinstance(node, Scalar) and not node.null


def _alternative(union: inspect.UnionType, node: Node) -> inspect.Type | None:
    """The member of a union that fits how the value is written, None when none does."""
    for member in union.types:
        bare, _ = unwrapped(member)
        if isinstance(bare, inspect.NoneType):
            continue
        if isinstance(bare, inspect.StructType | inspect.DictType):
            needs_keys = isinstance(bare, inspect.StructType) and any(
                field.required for field in bare.fields
            )
            empty = isinstance(node, Scalar) and node.null and not needs_keys
            fits = isinstance(node, Table) or empty
        elif isinstance(bare, inspect.VarTupleType):
            fits = isinstance(node, Items)
        else:
            fits = isinstance(node, Scalar)
        if fits:
            return member
    return None


def _may_be_none(shape: inspect.Type) -> bool:
    bare, _ = unwrapped(shape)
    return isinstance(bare, inspect.UnionType) and any(
        isinstance(member, inspect.NoneType) for member in bare.types
    )
