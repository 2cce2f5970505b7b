"""Reads values that Go programs wrote with encoding/gob, without knowing their types.

Structs become dicts by field name, fields that are zero are left out, as the format has it.
Source: https://pkg.go.dev/encoding/gob, "Encoding Details".
"""

import struct
from collections.abc import Callable
from typing import Any

from msgspec import Struct

DEEPEST = 100
"""How deep values may lie in each other."""

_WIRE, _COMMON, _FIELD, _FIELDS = 16, 17, 20, 21
"""Ids of the types that describe types; the bootstrap of the format gives them."""


class _Type(Struct, frozen=True):
    """A composite type: `elem` of slices, arrays and maps, `fields` of structs by name and id."""

    kind: str
    elem: int = 0
    key: int = 0
    fields: tuple[tuple[str, int], ...] = ()


def _struct(*fields: tuple[str, int]) -> _Type:
    return _Type("struct", fields=fields)


_INT, _STRING = 2, 6
_BOOTSTRAP = {
    _WIRE: _struct(("array", 18), ("slice", 19), ("struct", 22), ("map", 23)),
    _COMMON: _struct(("name", _STRING), ("id", _INT)),
    18: _struct(("common", _COMMON), ("elem", _INT), ("len", _INT)),
    19: _struct(("common", _COMMON), ("elem", _INT)),
    _FIELD: _struct(("name", _STRING), ("id", _INT)),
    _FIELDS: _Type("slice", _FIELD),
    22: _struct(("common", _COMMON), ("fields", _FIELDS)),
    23: _struct(("common", _COMMON), ("key", _INT), ("elem", _INT)),
}


def decode(raw: bytes) -> Any:
    """The first value of a stream. Raises `ValueError` for bytes that are no such stream."""
    try:
        return _Reader(raw).value()
    except (IndexError, TypeError, OverflowError, UnicodeDecodeError) as error:
        raise ValueError(f"it ends early or is none: {error}") from error


class _Reader:
    """The stream, how far it is read, and the types that it has defined so far."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0
        self._types = dict(_BOOTSTRAP)
        self._basic: dict[int, Callable[[], Any]] = {
            1: lambda: bool(self._uint()),
            _INT: self._int,
            3: self._uint,
            4: self._float,
            5: self._bytes,
            _STRING: lambda: self._bytes().decode(),
            7: lambda: complex(self._float(), self._float()),
        }

    def value(self) -> Any:
        while True:
            self._uint()  # the length of the message
            number = self._int()
            if number >= 0:
                break
            self._define(-number, self._read(_WIRE, 0))
        if number not in self._types or self._types[number].kind != "struct":
            self._byte()  # a value that is no struct stands as the only field of one
        return self._read(number, 0)

    def _define(self, number: int, wire: dict[str, Any]) -> None:
        for kind, told in wire.items():
            fields = tuple((one["name"], one["id"]) for one in told.get("fields", ()))
            self._types[number] = _Type(kind, told.get("elem", 0), told.get("key", 0), fields)

    def _read(self, number: int, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError("it is nested too deeply")
        if number in self._basic:
            return self._basic[number]()
        found = self._types.get(number)
        if found is None:
            raise ValueError(f"it has a value of the unknown type {number}")
        if found.kind == "struct":
            return self._fields(found, depth + 1)
        count = self._uint()
        if count > len(self._raw) - self._at:
            raise ValueError("it ends early")
        if found.kind == "map":
            return {
                self._read(found.key, depth + 1): self._read(found.elem, depth + 1)
                for _ in range(count)
            }
        return [self._read(found.elem, depth + 1) for _ in range(count)]

    def _fields(self, found: _Type, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        place = -1
        while delta := self._uint():
            place += delta
            name, number = found.fields[place]
            values[name] = self._read(number, depth)
        return values

    def _byte(self) -> int:
        byte = self._raw[self._at]
        self._at += 1
        return byte

    def _uint(self) -> int:
        first = self._byte()
        if first < 128:
            return first
        return int.from_bytes(self._take(256 - first), "big")

    def _int(self) -> int:
        number = self._uint()
        return ~(number >> 1) if number & 1 else number >> 1

    def _float(self) -> float:
        turned = self._uint().to_bytes(8, "little")
        return float(struct.unpack(">d", turned)[0])

    def _bytes(self) -> bytes:
        return self._take(self._uint())

    def _take(self, count: int) -> bytes:
        if count > len(self._raw) - self._at:
            raise ValueError("it ends early")
        taken = self._raw[self._at : self._at + count]
        self._at += count
        return taken
