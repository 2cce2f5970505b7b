"""The user's own aliases and templates."""

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from ultra.config import aliases as config_aliases
from ultra.config import templates as config_templates
from ultra.config.files import read_regular
from ultra.config.templates import Template
from ultra.core.errors import UsageError
from ultra.core.model import Target
from ultra.runtime.auditing import note
from ultra.runtime.prompting import Ask
from ultra.runtime.runtime import Runtime

__all__ = [
    "Template",
    "alias_listing",
    "filled_in",
    "keep_template",
    "remove_alias",
    "remove_template",
    "set_alias",
    "stored_template",
    "template_folder",
    "template_listing",
    "template_text",
]


def alias_listing(runtime: Runtime) -> dict[str, str]:
    """The user's own aliases with the `provider:model` of each."""
    return config_aliases.aliases(runtime.paths)


def set_alias(runtime: Runtime, alias: str, model: str) -> str:
    """Name a model; the `provider:model` it stands for. Raises `UsageError`.

    The model may be given by another short name; its provider must be known.
    """
    choice = runtime.profile.named(model)
    if choice is not None and not isinstance(choice, Target):
        raise UsageError(f"`{model}` is not one model", hint="an alias names a `provider:model`")
    ref = str((choice or runtime.resolve(model)).ref)
    shadowed = alias not in alias_listing(runtime) and runtime.profile.named(alias) is not None
    config_aliases.add_alias(alias, ref, paths=runtime.paths)
    note(runtime, "alias.set", alias, model=ref)
    if shadowed:
        runtime.warn(
            f"profile `{runtime.profile.name}` has a `{alias}` of its own, which wins there"
        )
    return ref


def remove_alias(runtime: Runtime, alias: str) -> None:
    """Forget an alias. Raises `UsageError` for one that there is not."""
    config_aliases.remove_alias(alias, paths=runtime.paths)
    note(runtime, "alias.removed", alias)


def template_listing(runtime: Runtime) -> list[Template]:
    """Every template. Raises `ConfigError` for the first that is wrong."""
    names = config_templates.template_names(runtime.paths)
    return [config_templates.load_template(name, paths=runtime.paths) for name in names]


def template_text(runtime: Runtime, name: str) -> str:
    """A template as it stands in its file, once it is known to be one."""
    config_templates.load_template(name, paths=runtime.paths)
    return read_regular(template_folder(runtime) / f"{name}.yaml").decode("utf-8-sig")


def template_folder(runtime: Runtime) -> Path:
    """Where templates are kept, one file each."""
    return runtime.paths.templates_dir


def remove_template(runtime: Runtime, name: str) -> None:
    """Delete a template. Raises `UsageError` when there is none."""
    config_templates.remove_template(name, paths=runtime.paths)
    note(runtime, "template.removed", name)


def keep_template(runtime: Runtime, template: Template) -> Path:
    """Store a template, in place of one of that name; its file. Raises `UsageError`."""
    path = config_templates.save_template(template, paths=runtime.paths)
    note(runtime, "template.set", template.name)
    return path


def stored_template(runtime: Runtime, name: str) -> Template:
    """A template by name. Raises `UsageError` when there is none."""
    return config_templates.load_template(name, paths=runtime.paths)


def filled_in(ask: Ask, template: Template, parameters: Sequence[str]) -> Ask:
    """What was asked, put into a template: its words and piped text stand for `$input`.

    `parameters` are `name=value`. Raises `UsageError` for one that is missing or unknown.
    """
    given = dict(_pair(parameter) for parameter in parameters)
    typed = "\n\n".join(part for part in (ask.piped.strip("\n"), ask.words) if part.strip())
    filled = config_templates.fill_template(template, given, typed)
    return replace(ask, words=filled.prompt, piped="", system=ask.system or filled.system)


def _pair(parameter: str) -> tuple[str, str]:
    name, equals, value = parameter.partition("=")
    if not equals:
        raise UsageError(f"parameter `{parameter}` has no value", hint="write `-p name value`")
    return name, value
