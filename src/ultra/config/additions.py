"""Adds a provider to a profile that somebody wrote: lines are put in, every other byte stays.

Where they go is found by the marks of YAML's nodes. Whether they landed right is not trusted to
that: the text is read again, and must say what it said before and the addition, nothing else.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import msgspec
import yaml
from msgspec import Struct

from ultra.config.build import Builder
from ultra.config.discover import Chosen
from ultra.config.documents import Document, read_document
from ultra.config.facts import Witness
from ultra.config.files import read_regular, shown, write_private
from ultra.config.paths import Paths
from ultra.config.schema import NAMED
from ultra.core.catalog import Catalog
from ultra.core.errors import ConfigError

HEAD = """\
# A profile of ultra: which models there are, and which serve when you name none.
# `ultra profiles check` says whether it holds, `ultra models` what it offers.
version: 1
"""
"""What a profile begins with that is made for its first provider."""


class Entry(Struct, frozen=True):
    """One line for a section, `name: value`, with what is to be said above it."""

    section: str
    name: str
    value: str
    comments: tuple[str, ...] = ()


class Added(Struct, frozen=True):
    """What was done: the names that were added, and where those stand that were there already."""

    added: tuple[str, ...]
    there: dict[str, str]


def add_entries(
    path: Path,
    entries: Sequence[Entry],
    *,
    environ: Mapping[str, str],
    paths: Paths,
    catalog: Catalog,
) -> Added:
    """Put entries into a profile, which is made when there is none.

    Raises `ConfigError`, and changes nothing, for a file that has mistakes, for an addition that
    our own checker objects to, and where no place for it can be found.
    """
    text = _text(path)
    there: dict[str, str] = {}
    added: list[str] = []
    for entry in entries:
        before = _read(path, text)
        taken = _taken(entry, before)
        if taken is not None:
            there[entry.name] = before.place((taken, entry.name))
            continue
        text = _inserted(path, text, entry, before)
        added.append(entry.name)
    if added:
        _check(path, text, environ=environ, paths=paths, catalog=catalog)
        write_private(path, text.encode())
    return Added(tuple(added), there)


def _text(path: Path) -> str:
    try:
        return read_regular(path).decode()
    except FileNotFoundError:
        return HEAD
    except UnicodeDecodeError as error:
        raise ConfigError(f"`{shown(path)}` is not UTF-8 text") from error


def _read(path: Path, text: str) -> Document:
    document = read_document(path, text.encode())
    if document.problems:
        raise ConfigError(
            f"`{shown(path)}` has mistakes of its own, so nothing was added",
            problems=document.problems,
        )
    return document


def _taken(entry: Entry, document: Document) -> str | None:
    """The section in which the name stands already; models share theirs with their like."""
    sections = NAMED if entry.section in NAMED else (entry.section,)
    return next((name for name in sections if entry.name in (document.data.get(name) or {})), None)


def _inserted(path: Path, text: str, entry: Entry, before: Document) -> str:
    candidate = _candidate(text, entry)
    after = read_document(path, candidate.encode())
    if not after.problems and _only_added(entry, before, after):
        return candidate
    section = "\n".join([f"{entry.section}:", *_lines(entry, "  ")])
    raise ConfigError(
        f"no place for `{entry.name}` was found under `{entry.section}` of `{shown(path)}`",
        hint=f"write it there yourself; nothing was changed:\n{section}",
    )


def _only_added(entry: Entry, before: Document, after: Document) -> bool:
    """Whether a text says what it said before, and the entry."""
    now = dict(after.data)
    section = dict(now.get(entry.section) or {})
    if section.pop(entry.name, None) is None:
        return False
    was = dict(before.data)
    return (was.pop(entry.section, None) or {}) == section and was == {
        name: value for name, value in now.items() if name != entry.section
    }


def _check(
    path: Path, text: str, *, environ: Mapping[str, str], paths: Paths, catalog: Catalog
) -> None:
    witness = _Draft(environ, path, text.encode())
    try:
        Builder(environ, paths, catalog, witness).build(Chosen(path.stem, path))
    except ConfigError as error:
        raise ConfigError(
            f"with that, `{shown(path)}` would not hold; nothing was changed",
            hint=error.hint,
            problems=error.problems,
        ) from error


class _Draft(Witness):
    """Sees one file as it would be."""

    def __init__(self, environ: Mapping[str, str], path: Path, raw: bytes) -> None:
        super().__init__(environ)
        self._path = os.path.realpath(path)
        self._raw = raw

    def read(self, path: Path) -> bytes | None:
        return self._raw if os.path.realpath(path) == self._path else super().read(path)


def _candidate(text: str, entry: Entry) -> str:
    # Parsed in Python, since the marks of the C parser count bytes. The text has been read by our
    # own bounded parser before, so its depth and size are known to be sane.
    root = cast("yaml.MappingNode", yaml.compose(text, Loader=yaml.SafeLoader))
    found = [pair for pair in root.value if pair[0].value == entry.section]
    if not found:
        return _new_section(text, root, entry)
    key, value = found[0]
    if isinstance(value, yaml.MappingNode) and value.flow_style:
        return _in_braces(text, key, value, entry)
    if isinstance(value, yaml.MappingNode):
        indent = " " * value.value[0][0].start_mark.column
        return _put(text, _below(text, value), _lines(entry, indent))
    # A section with nothing under it yet.
    indent = " " * (key.start_mark.column + 2)
    return _put(text, _line_after(text, value.end_mark.index), _lines(entry, indent))


def _new_section(text: str, root: yaml.MappingNode, entry: Entry) -> str:
    if root.flow_style:
        return _after_brace(text, root, f"{entry.section}: {{{entry.name}: {entry.value}}}")
    return _put(text, len(text), ["", f"{entry.section}:", *_lines(entry, "  ")])


def _in_braces(text: str, key: yaml.Node, value: yaml.MappingNode, entry: Entry) -> str:
    """Inside `{...}`, with the comments above the line of the section."""
    inside = _after_brace(text, value, f"{entry.name}: {entry.value}")
    start = key.start_mark.index - key.start_mark.column
    indent = text[start : key.start_mark.index]
    return _put(inside, start, _said(entry, indent)) if not indent.strip() else inside


def _after_brace(text: str, node: yaml.MappingNode, inside: str) -> str:
    place = node.start_mark.index + 1
    return text[:place] + inside + (", " if node.value else "") + text[place:]


def _below(text: str, section: yaml.MappingNode) -> int:
    """Behind the last line of a section."""
    node: yaml.Node = section
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end = node.end_mark
    ended = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">") and end.column == 0
    return int(end.index) if ended else _line_after(text, end.index)


def _line_after(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def _put(text: str, place: int, lines: Sequence[str]) -> str:
    """The text with whole lines put in, ended as its other lines are."""
    ending = "\r\n" if "\r\n" in text else "\n"
    before = text[:place]
    gap = ending if before and not before.endswith("\n") else ""
    return before + gap + "".join(f"{line}{ending}" for line in lines) + text[place:]


def _lines(entry: Entry, indent: str) -> list[str]:
    return [*_said(entry, indent), f"{indent}{entry.name}: {entry.value}"]


def _said(entry: Entry, indent: str) -> list[str]:
    return [f"{indent}# {comment}" for comment in entry.comments]


def quoted(value: str) -> str:
    """A YAML double-quoted string, which JSON's strings are."""
    return msgspec.json.encode(value).decode()
