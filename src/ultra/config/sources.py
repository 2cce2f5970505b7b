"""Reads a key from where it is: keyring, command or file. Everything here may block."""

import os
import re
import shlex
import stat
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from ultra.config.commands import Command
from ultra.config.files import read_regular, shown
from ultra.config.paths import home
from ultra.core.errors import ConfigError
from ultra.core.text import one_line

SERVICE = "ultra"
"""The name under which the keyring holds all of ultra's entries; the provider is the user name."""

_MOST_BYTES = 65_536
_KEYLIKE = re.compile(
    r"(?:sk-|sk_|xai-|gsk_|hf_|AIza|AQ\.Ab|pplx-|r8_|ghp_|eyJ)[A-Za-z0-9._-]{8,}"
    r"|[A-Za-z0-9+/_=-]{32,}"
)

_Answer = TypeVar("_Answer")

NO_BACKEND = "this machine has no keyring that can be used; set the variable instead"


def read_keyring(name: str) -> str | None:
    """What the keyring holds under a name, None when nothing. Raises `ConfigError`."""

    def read() -> str | None:
        import keyring  # noqa: PLC0415 - 60 ms, and 160 for the first read

        return keyring.get_password(SERVICE, name)

    return _with_keyring(read)


def write_keyring(name: str, key: str) -> None:
    """Store a key and make sure that it is there. Raises `ConfigError`."""

    def write() -> bool:
        import keyring  # noqa: PLC0415 - as above

        keyring.set_password(SERVICE, name, key)
        return keyring.get_password(SERVICE, name) == key

    if not _with_keyring(write):
        raise ConfigError("the keyring did not keep the key", hint=NO_BACKEND)


def delete_keyring(name: str) -> bool:
    """Remove a key; false when there was none. Raises `ConfigError`."""

    def delete() -> bool:
        import keyring  # noqa: PLC0415 - as above

        if keyring.get_password(SERVICE, name) is None:
            return False
        keyring.delete_password(SERVICE, name)
        return True

    return _with_keyring(delete)


def run_command(command: str, *, environ: Mapping[str, str], timeout_s: float) -> str:
    """What a command prints, stripped. No shell sees it; its stderr is told, without keys."""
    words = shlex.split(command)
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command from a trusted profile
            words,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot run `{_program(words)}`: {error}") from error
    # It may ask for a password on the terminal, which only a group of the terminal's own may read.
    with process, Command(process, group=False) as under_way:
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            under_way.end()
            raise ConfigError(f"`{_program(words)}` did not end within {timeout_s:g} s") from error
    said = out[:_MOST_BYTES].decode(errors="replace").strip()
    if process.returncode != 0:
        told = scrub_keys(err.decode(errors="replace").replace(said or "\0", "***"))
        raise ConfigError(
            f"`{_program(words)}` ended with {process.returncode}: {one_line(told) or 'no message'}"
        )
    return said


def read_key_file(name: str, *, environ: Mapping[str, str], warn: Callable[[str], None]) -> str:
    """The content of a key file, stripped; `warn` is told when others can read it."""
    path = key_file(name, environ)
    try:
        raw = read_regular(path, limit=_MOST_BYTES)
        loose = path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    except FileNotFoundError as error:
        raise ConfigError(f"there is no key file `{shown(path)}`") from error
    if loose and os.name == "posix":
        warn(f"`{shown(path)}` holds a key and others can read it: `chmod 600` it")
    return raw.decode(errors="replace").strip()


def key_file(name: str, environ: Mapping[str, str]) -> Path:
    """The path of a key file, `~` standing for the user's home."""
    if name.startswith("~/"):
        return (home(environ) or Path("/")) / name[2:]
    return Path(name)


def scrub_keys(text: str) -> str:
    """The text without anything that looks like a key."""
    return _KEYLIKE.sub("***", text)


def _program(words: list[str]) -> str:
    """The program alone: arguments may name what should stay private."""
    return one_line(words[0], 80)


def _with_keyring(work: Callable[[], _Answer]) -> _Answer:
    try:
        return work()
    except ConfigError:
        raise
    except BaseException as error:
        # Backends raise what they like: DBus errors, an ImportError, a Rust panic (BaseException).
        kind = type(error).__name__
        if kind in ("NoKeyringError", "InitError"):
            raise ConfigError("there is no keyring to look in", hint=NO_BACKEND) from error
        raise ConfigError(
            f"the keyring refused: {scrub_keys(one_line(str(error), 200)) or kind}", hint=NO_BACKEND
        ) from error
