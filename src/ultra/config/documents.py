"""One file, read and checked by itself; and several, laid over each other."""

import os
import re
from pathlib import Path
from typing import Any

from msgspec import Struct, field, inspect

from ultra import __version__
from ultra.config.files import shown
from ultra.config.nodes import Scalar, Table, parse
from ultra.config.reader import KeyPath, Reader, dotted
from ultra.config.schema import BY_NAME, NAMED, ProfileSpec
from ultra.core.errors import Problem

_REQUIREMENT = re.compile(r"(>=|<=|==|>|<)\s*(\d{1,6}(?:\.\d{1,6}){0,3})")


class Document(Struct):
    """What a file says, as far as it can be understood; `path` None is no file at all.

    `places` are `file:line:column` by key path.
    """

    path: Path | None = None
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def place(self, path: KeyPath) -> str:
        """Where a key path stands, or the nearest thing around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, shown(self.path) if self.path else "")

    def object_to(self, path: KeyPath, message: str, hint: str | None = None) -> None:
        """Note a mistake at a key path."""
        self.problems.append(Problem(self.place(path), dotted(path), message, hint))


def read_document(path: Path, raw: bytes, spec: type[Struct] = ProfileSpec) -> Document:
    """Check one file against a schema; every mistake ends up in `problems`."""
    document = Document(path)
    file = shown(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        document.problems.append(Problem(f"{file}:{line}:{column}", "", "not UTF-8 text"))
        return document
    node, document.problems = parse(text, file)
    if node is None or (isinstance(node, Scalar) and node.null):
        if not document.problems:
            document.problems.append(
                Problem(f"{file}:1:1", "", "the file is empty", "it begins with `version: 1`")
            )
        return document
    unmet = _unmet(node, file) if isinstance(node, Table) else None
    if unmet:
        document.problems = [unmet]
        return document
    reader = Reader(file)
    read = reader.read(node, inspect.type_info(spec))
    document.data = read if isinstance(read, dict) else {}
    document.places = reader.places
    document.problems += reader.problems
    _one_namespace(document)
    _absolute_key_files(document)
    return document


def merge(documents: list[Document]) -> Document:
    """Lay documents over each other, the first one on top.

    Entries of the named sections replace each other whole; other sections merge key by key; a name
    of the shared namespace that is defined again gives up what it was.
    """
    merged = Document()
    for document in reversed(documents):
        merged.path = document.path
        for section, value in document.data.items():
            if section == "extends":
                continue
            if section in BY_NAME:
                _replace_entries(merged, section, value)
            elif isinstance(value, dict):
                merged.data[section] = {**merged.data.get(section, {}), **value}
            else:
                merged.data[section] = value
        merged.places.update(document.places)
        merged.problems += document.problems
        merged.warnings += [note for note in document.warnings if note not in merged.warnings]
    merged.data["version"] = 1
    return merged


def _replace_entries(merged: Document, section: str, entries: dict[str, Any]) -> None:
    for name in entries:
        for other in NAMED if section in NAMED else (section,):
            merged.data.get(other, {}).pop(name, None)
            for path in [path for path in merged.places if path[:2] == (other, name)]:
                del merged.places[path]
    merged.data[section] = {**merged.data.get(section, {}), **entries}


def _one_namespace(document: Document) -> None:
    owner: dict[str, str] = {}
    for section in NAMED:
        for name in list(document.data.get(section, {})):
            if name in owner:
                document.object_to(
                    (section, name),
                    f"`{name}` is already the name of one of the `{owner[name]}`",
                    "models, ensembles and routes share their names",
                )
                del document.data[section][name]
            else:
                owner[name] = section


def _absolute_key_files(document: Document) -> None:
    """`file:` keys are found from the folder of the file that names them."""
    folder = document.path.parent if document.path else Path()
    for provider in document.data.get("providers", {}).values():
        key = provider.get("key") if provider else None
        if isinstance(key, str) and key.startswith("file:") and not key.startswith("file:~"):
            provider["key"] = f"file:{os.path.normpath(folder / key.removeprefix('file:'))}"


def _unmet(root: Table, file: str) -> Problem | None:
    """What is wrong with `requires`; when this ultra is too old, nothing else is worth saying."""
    for key, node in root.pairs:
        if key.text != "requires" or not isinstance(node, Scalar) or node.null:
            continue
        where = f"{file}:{node.line}:{node.column}"
        rules = [_REQUIREMENT.fullmatch(part.strip()) for part in node.text.split(",")]
        found = [rule for rule in rules if rule]
        if len(found) != len(rules):
            return Problem(where, "requires", "not a version requirement", 'write `">=0.1"`')
        if not all(_holds(rule[1], rule[2]) for rule in found):
            message = f"this profile needs ultra {', '.join(r[0] for r in found)}"
            return Problem(where, "requires", f"{message}, and this is {__version__}", _UPGRADE)
    return None


_UPGRADE = "`uv tool upgrade ultra-llm` or `pip install -U ultra-llm`"


def _holds(operator: str, wanted: str) -> bool:
    mine, other = _version(__version__), _version(wanted)
    return {
        ">=": mine >= other,
        "<=": mine <= other,
        "==": mine[: len(wanted.split("."))] == other[: len(wanted.split("."))],
        ">": mine > other,
        "<": mine < other,
    }[operator]


def _version(text: str) -> tuple[int, ...]:
    numbers = [int(number) for number in re.findall(r"\d+", text)[:4]]
    return tuple(numbers + [0] * (4 - len(numbers)))
