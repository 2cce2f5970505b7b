"""Prompts to be filled in, one YAML file each."""

import re
from collections.abc import Mapping
from pathlib import Path
from string import Template as Pattern
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from ultra.config.build import mistakes
from ultra.config.documents import Document, read_document
from ultra.config.dump import to_yaml
from ultra.config.fields import Checked, Free, Reference
from ultra.config.files import read_regular, write_private
from ultra.config.paths import Paths
from ultra.core.errors import ConfigError, UsageError
from ultra.core.text import did_you_mean, one_line

INPUT = "input"
"""`$input` stands for what is typed or piped; a prompt without it gets that text appended."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class TemplateSpec(Checked, frozen=True):
    """A prompt to be filled in: `$name` stands for a parameter, `$$` for a dollar sign."""

    prompt: Annotated[str, Meta(max_length=500_000, extra={"lines": True})] | None = None
    system: Annotated[str, Meta(max_length=500_000, extra={"lines": True})] | None = None
    model: Reference | None = None
    options: dict[str, Free] = field(default_factory=dict)
    defaults: dict[str, Annotated[str, Meta(extra={"lines": True})]] = field(default_factory=dict)


class Template(Struct, frozen=True, omit_defaults=True):
    """A stored prompt. `model` empty leaves the choice to the profile, `defaults` fill in."""

    name: str
    prompt: str = ""
    system: str = ""
    model: str = ""
    options: dict[str, object] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> list[str]:
        """Every `$name` in the order met, `$input` left out."""
        names = [*_parameters(self.prompt), *_parameters(self.system)]
        return [name for name in dict.fromkeys(names) if name != INPUT]


class Filled(Struct, frozen=True):
    """A template with its parameters in place."""

    prompt: str
    system: str


def load_template(name: str, *, paths: Paths) -> Template:
    """Read a template. Raises `UsageError` when there is none, `ConfigError` when it is wrong."""
    path = _path(name, paths)
    try:
        raw = read_regular(path)
    except FileNotFoundError as error:
        raise UsageError(
            f"there is no template `{name}`",
            hint=did_you_mean(name, template_names(paths)) or "`ultra templates` lists all",
        ) from error
    document = _checked(path, raw)
    if document.problems:
        raise mistakes(f"template {name}", document.problems)
    said: dict[str, Any] = document.data
    return Template(name, **said)


def save_template(template: Template, *, paths: Paths) -> Path:
    """Store a template, in place of one of that name. Raises `UsageError` or `ConfigError`."""
    path = _path(template.name, paths)
    fields: dict[str, Any] = {
        "prompt": template.prompt,
        "system": template.system,
        "model": template.model,
        "options": template.options,
        "defaults": template.defaults,
    }
    text = to_yaml({name: value for name, value in fields.items() if value} or {"prompt": ""})
    problems = _checked(path, text.encode()).problems
    if problems:
        raise UsageError(
            f"template `{template.name}`: `{problems[0].path}` {problems[0].message}",
            hint=problems[0].hint,
        )
    write_private(path, text.encode())
    return path


def remove_template(name: str, *, paths: Paths) -> None:
    """Delete a template. Raises `UsageError` when there is none."""
    try:
        _path(name, paths).unlink()
    except FileNotFoundError as error:
        raise UsageError(
            f"there is no template `{name}`", hint=did_you_mean(name, template_names(paths))
        ) from error
    except OSError as error:
        raise ConfigError(f"cannot delete template `{name}`: {error.strerror}") from error


def template_names(paths: Paths) -> list[str]:
    """Every template's name."""
    try:
        return sorted(path.stem for path in paths.templates_dir.glob("*.yaml"))
    except OSError:
        return []


def fill_template(template: Template, parameters: Mapping[str, str], text: str) -> Filled:
    """Put the parameters and what was typed or piped (`text`) in their places.

    Raises `UsageError` naming every parameter that is missing or unknown.
    """
    known = template.parameters
    unknown = [name for name in parameters if name not in known]
    if unknown:
        raise UsageError(
            f"template `{template.name}` has no parameter `{one_line(unknown[0], 80)}`",
            hint=did_you_mean(unknown[0], known) or f"it has: {', '.join(known) or 'none'}",
        )
    values = {**template.defaults, **parameters, INPUT: text}
    missing = [name for name in known if name not in values]
    if missing:
        raise UsageError(
            f"template `{template.name}` needs {', '.join(f'`{name}`' for name in missing)}",
            hint=" ".join(f"-p {name} VALUE" for name in missing),
        )
    prompt = Pattern(template.prompt).substitute(values)
    if INPUT not in _parameters(template.prompt):
        prompt = "\n\n".join(part for part in (prompt, text) if part)
    return Filled(prompt, Pattern(template.system).substitute(values))


def _checked(path: Path, raw: bytes) -> Document:
    document = read_document(path, raw, TemplateSpec)
    for part in ("prompt", "system"):
        if not Pattern(document.data.get(part, "")).is_valid():
            document.object_to(
                (part,), "holds a `$` that begins no parameter", "write `$$` for a dollar sign"
            )
    return document


def _parameters(text: str) -> list[str]:
    return Pattern(text).get_identifiers()


def _path(name: str, paths: Paths) -> Path:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"`{one_line(name, 80)}` is no name for a template",
            hint="letters, digits, `.`, `_` and `-`, up to 64 of them",
        )
    return paths.templates_dir / f"{name}.yaml"
