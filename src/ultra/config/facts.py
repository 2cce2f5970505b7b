"""What a checked profile was made of, so that the next run can tell whether it still holds."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from ultra.config.files import read_regular
from ultra.core.errors import ConfigError


class Facts(Struct, frozen=True):
    """Every outside fact that was looked at, without any secret among them.

    `files` are SHA-256 digests by path, empty for a file that was not there; `present` says which
    variables were set, `values` are digests of those whose value mattered (parts of a URL).
    """

    files: dict[str, str] = field(default_factory=dict)
    present: dict[str, bool] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    def hold(self, environ: Mapping[str, str]) -> bool:
        """Whether all of them are still so."""
        return (
            all(is_set(environ, name) is was for name, was in self.present.items())
            and all(digest(environ.get(name, "")) == was for name, was in self.values.items())
            and all(_file_digest(path) == was for path, was in self.files.items())
        )


class Witness:
    """Looks at files and variables for whoever builds a profile, and remembers what it saw."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.facts = Facts()
        self._environ = environ

    def read(self, path: Path) -> bytes | None:
        """The content, None when there is no such file. Raises `ConfigError` when unreadable."""
        try:
            raw = read_regular(path)
        except FileNotFoundError:
            self.facts.files[str(path)] = ""
            return None
        self.facts.files[str(path)] = digest(raw)
        return raw

    def is_set(self, name: str) -> bool:
        """Whether a variable holds anything but blanks."""
        self.facts.present[name] = is_set(self._environ, name)
        return self.facts.present[name]

    def value(self, name: str) -> str | None:
        """A variable whose value decides something. Not for keys: a digest of it is stored."""
        value = self._environ.get(name)
        self.facts.values[name] = digest(value or "")
        return value


def is_set(environ: Mapping[str, str], name: str) -> bool:
    """Whether a variable holds anything but blanks."""
    return bool(environ.get(name, "").strip())


def digest(content: bytes | str) -> str:
    """SHA-256 in hexadecimal."""
    raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    return hashlib.sha256(raw).hexdigest()


def _file_digest(path: str) -> str | None:
    try:
        return digest(read_regular(Path(path)))
    except FileNotFoundError:
        return ""
    except ConfigError:
        return None
