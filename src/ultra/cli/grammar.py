"""The whole command line as data, read off the Typer commands: what completion is made of."""

from importlib import import_module
from typing import Any

from msgspec import Struct
from typer.core import TyperGroup
from typer.main import get_command

from ultra.cli.verbs import SINGULARS, VERBS

FREE = "free"
"""A value that nobody can complete, such as a number or a prompt."""

FILES = "files"
"""A value that the shell itself completes."""

KINDS = {
    "model": "models",
    "profile": "profiles",
    "profile_name": "profiles",
    "template": "templates",
    "template_name": "templates",
    "alias": "aliases",
    "strategy": "strategies",
    "synthesizer": "models",
    "judge": "models",
    "criteria": FILES,
    "reference": FILES,
    "prompts": FILES,
    "baseline": FILES,
    "expect": "words:exact: contains: regex: number: schema:",
    "weights": "words:ratings",
    "extract": "words:number choice exact json: regex:",
    "run": "runs",
    "run_option": "runs",
    "cid": "runs",
    "provider": "providers",
    "key": "sources",
    "file": FILES,
    "attachment": FILES,
    "output": FILES,
    "schema": FILES,
    "tools": FILES,
    "path": FILES,
    "folder": FILES,
    "metric": "words:pass preference latency cost",
    "shell": "words:bash zsh fish",
    "endpoint": "models",
    "probe": "words:list prompt",
}
"""What the values of a parameter are, by its name in the command; the rest is free."""

FORMATS = {
    "ask": "words:text markdown json ndjson",
    "compare": "words:text markdown json ndjson html csv junit",
    "ab": "words:text markdown json",
}


class Flag(Struct, frozen=True):
    """One option. `value` is None when it takes none, else what completes it."""

    short: tuple[str, ...]
    long: tuple[str, ...]
    help: str
    value: str | None
    repeat: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Every way of writing it."""
        return (*self.short, *self.long)


class Command(Struct, frozen=True):
    """One command: `path` is `logs` or `logs show`; `words` what completes each argument."""

    path: str
    summary: str
    flags: tuple[Flag, ...]
    words: tuple[str, ...]
    many: bool
    commands: tuple[str, ...] = ()


def grammar() -> list[Command]:
    """Every verb in the order of `ultra --help`, each followed by the commands under it."""
    return [command for verb in VERBS for command in _verb(verb)]


def singulars(verb: str) -> list[str]:
    """The verb and the other word for it."""
    return [verb, *(word for word, plural in SINGULARS.items() if plural == verb)]


def _verb(verb: str) -> list[Command]:
    made: Any = get_command(import_module(f"ultra.cli.{VERBS[verb].module}").app)
    under: dict[str, Any] = dict(made.commands) if isinstance(made, TyperGroup) else {}
    if not under:
        return [_command(verb, VERBS[verb].summary, made)]
    meant = _command(verb, VERBS[verb].summary, next(iter(under.values())), tuple(under))
    rest = [
        _command(f"{verb} {name}", _first_line(command.help or ""), command)
        for name, command in under.items()
    ]
    return [meant, *rest]


def _command(path: str, summary: str, made: Any, commands: tuple[str, ...] = ()) -> Command:
    verb = path.partition(" ")[0]
    params = made.params
    arguments = [param for param in params if param.param_type_name == "argument"]
    flags = [_flag(verb, param) for param in params if param.param_type_name == "option"]
    flags.append(Flag(("-h",), ("--help",), "show how it is used", None, False))
    return Command(
        path,
        summary,
        tuple(flags),
        tuple(KINDS.get(param.name, FREE) for param in arguments),
        any(param.nargs == -1 for param in arguments),
        commands,
    )


def _flag(verb: str, param: Any) -> Flag:
    names = [*param.opts, *param.secondary_opts]
    return Flag(
        tuple(name for name in names if not name.startswith("--")),
        tuple(name for name in names if name.startswith("--")),
        " ".join((param.help or "").split()),
        None if param.is_flag else _value(verb, param.name),
        bool(param.multiple),
    )


def _value(verb: str, name: str) -> str:
    return FORMATS.get(verb, FREE) if name == "form" else KINDS.get(name, FREE)


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].rstrip(".")
