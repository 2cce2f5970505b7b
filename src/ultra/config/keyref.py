"""Where a key is, as the profile and `--key` write it; a key itself is never accepted there."""

import re
import shlex

from ultra.core.errors import UsageError
from ultra.core.model import KeyRef

FORMS = "`env:NAME`, `keyring:NAME`, `command:...`, `file:PATH`, `default` or `none`"

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OVERRIDES = ("env", "keyring")


def parse_key(text: str, default: KeyRef) -> KeyRef:
    """Read a profile's `key`. Raises `UsageError` whose message never repeats the text.

    `default` is what the word `default` stands for.
    """
    if text == "default":
        return default
    if text == "none":
        return KeyRef("none")
    kind, colon, name = text.partition(":")
    name = name.strip()
    if not colon or not name:
        raise _never_the_key()
    if kind == "env" and not is_variable(name):
        raise UsageError("what follows `env:` is not the name of a variable", hint=_HINT)
    if kind == "command":
        _check_command(name)
    match kind:
        case "env" | "command" | "keyring" | "file":
            return KeyRef(kind, name)
        case _:
            raise _never_the_key()


def is_variable(name: str) -> bool:
    """Whether a variable of the environment can be called so."""
    return _VARIABLE.fullmatch(name) is not None


def parse_override(text: str) -> KeyRef:
    """Read `--key`: `env:NAME`, `keyring:NAME`, or `-` for stdin. Raises `UsageError`."""
    if text == "-":
        return KeyRef("stdin")
    if text.partition(":")[0] in _OVERRIDES:
        return parse_key(text, KeyRef("none"))
    raise UsageError(
        "`--key` takes where the key is, never the key: an argument is seen by every process",
        hint="`env:NAME`, `keyring:NAME`, or `-` to read it from stdin",
    )


_HINT = f"write {FORMS}"


def _never_the_key() -> UsageError:
    return UsageError("`key` must say where the key is, never be the key", hint=_HINT)


def _check_command(command: str) -> None:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError("the command after `command:` has an open quote") from error
    if not words or not words[0].strip():
        raise UsageError("nothing follows `command:`", hint="such as `command:op read op://…`")
