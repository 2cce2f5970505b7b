"""YAML text to nodes that know their place, with everything bounded that YAML leaves open.

Built over parser events rather than `yaml.compose`: the C composer recurses without a limit and
overflows its stack on deep nesting, and it expands tags and aliases before anybody can object.
"""

from collections.abc import Iterator
from typing import NoReturn

import yaml
from msgspec import Struct

from ultra.core.errors import Problem
from ultra.core.text import one_line

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # a build of PyYAML without libyaml: ten times slower, the same events
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

MAX_DEPTH = 32
MAX_NODES = 20_000
"""Nodes after every alias is expanded, so that a few lines cannot grow into billions."""


class Scalar(Struct, frozen=True):
    """One value as it is written; `plain` is false when it stands in quotes or as a block."""

    text: str
    plain: bool
    line: int
    column: int
    size: int = 1

    @property
    def null(self) -> bool:
        """Whether nothing is written, or a word for nothing."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


class Items(Struct, frozen=True):
    """A list."""

    items: tuple["Node", ...]
    line: int
    column: int
    size: int


class Table(Struct, frozen=True):
    """A mapping, its keys in the order written, each once."""

    pairs: tuple[tuple[Scalar, "Node"], ...]
    line: int
    column: int
    size: int


Node = Scalar | Items | Table


def parse(text: str, file: str) -> tuple[Node | None, list[Problem]]:
    """The one document of a text, None when there is none or it cannot be read, and what is wrong.

    Lines and columns count from 1.
    """
    builder = _Builder(file)
    try:
        return builder.document(yaml.parse(text, Loader=_Loader)), builder.problems
    except _Stopped:
        pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        builder.object_to(where, f"not valid YAML: {one_line(error.problem or 'unreadable')}")
    except yaml.reader.ReaderError as error:
        builder.object_to(_place(text, error.position), "holds a character that YAML forbids")
    return None, builder.problems


class _Stopped(Exception):  # noqa: N818 - a way out, not an error of its own
    """The text is not worth reading on; the problem is already noted."""


class _Builder:
    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def object_to(self, place: tuple[int, int], message: str, hint: str | None = None) -> None:
        where = f"{self._file}:{place[0]}:{place[1]}"
        self.problems.append(Problem(where, "", message, hint))

    def document(self, events: Iterator[yaml.Event]) -> Node | None:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                self._stop(event, "a second document begins here", "keep one file to one document")
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, 0)
        return root

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._stop(event, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        node = self._fresh(event, events, depth)
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: yaml.AliasEvent) -> Node:
        anchor = event.anchor or ""
        node = self._anchors.get(anchor)
        if node is None:
            self._stop(event, f"alias `*{one_line(anchor, 40)}` has no finished anchor")
        self._grow(event, node.size)
        return node

    def _fresh(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        self._grow(event, 1)
        line, column = _at(event)
        tag = event.tag if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) else None
        if tag is not None:
            self.object_to((line, column), "YAML tags (`!…`) are not used in this file")
        if isinstance(event, yaml.SequenceStartEvent):
            items = tuple(self._items(events, depth))
            return Items(items, line, column, 1 + sum(item.size for item in items))
        if isinstance(event, yaml.MappingStartEvent):
            pairs = tuple(self._pairs(events, depth))
            return Table(pairs, line, column, 1 + sum(1 + value.size for _, value in pairs))
        if not isinstance(event, yaml.ScalarEvent):
            self._stop(event, "not valid YAML")
        return Scalar(event.value, not event.style, line, column)

    def _items(self, events: Iterator[yaml.Event], depth: int) -> Iterator[Node]:
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._node(event, events, depth + 1)

    def _pairs(self, events: Iterator[yaml.Event], depth: int) -> Iterator[tuple[Scalar, Node]]:
        seen: set[str] = set()
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                return
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self.object_to((key.line, key.column), "a key must be one word, not a collection")
            elif key.text in seen:
                name = one_line(key.text, 80)
                self.object_to((key.line, key.column), f"`{name}` stands here a second time")
            else:
                seen.add(key.text)
                yield key, value

    def _grow(self, event: yaml.Event, size: int) -> None:
        self._count += size
        if self._count > MAX_NODES:
            self._stop(event, f"grows to more than {MAX_NODES} values, aliases expanded")

    def _stop(self, event: yaml.Event, message: str, hint: str | None = None) -> NoReturn:
        self.object_to(_at(event), message, hint)
        raise _Stopped


def _at(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _place(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, which the C reader counts in bytes of UTF-8."""
    before = text.encode()[:offset].decode(errors="ignore")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
