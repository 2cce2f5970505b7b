"""Where ultra keeps its files on this machine."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

NOWHERE = Path("/dev/null/ultra")
"""Stands in for a home that cannot be found: nothing is there, and not even root can write it."""


class Paths(NamedTuple):
    """The three folders of one user. None of them need exist or be writable."""

    config: Path
    data: Path
    cache: Path

    @classmethod
    def from_env(cls, environ: Mapping[str, str], platform: str = sys.platform) -> "Paths":
        """`ULTRA_HOME` over all; else the XDG variables; else what the platform has.

        Source: XDG Base Directory Specification 0.8, which says to ignore relative paths.
        """
        override = environ.get("ULTRA_HOME")
        if override:
            root = _absolute(Path(override))
            return cls(root / "config", root / "data", root / "cache")
        native = _native(environ, platform)
        return cls(
            _xdg(environ, "XDG_CONFIG_HOME") or native.config,
            _xdg(environ, "XDG_DATA_HOME") or native.data,
            _xdg(environ, "XDG_CACHE_HOME") or native.cache,
        )

    @property
    def database(self) -> Path:
        """The one SQLite file."""
        return self.data / "ultra.db"

    @property
    def prices_file(self) -> Path:
        """The prices that `ultra models --refresh-prices` took."""
        return self.data / "prices.json"

    @property
    def trust_file(self) -> Path:
        """Which project files the user trusts."""
        return self.config / "trust.json"

    @property
    def profiles_dir(self) -> Path:
        """The user's own profiles, `NAME.yaml`."""
        return self.config / "profiles"

    @property
    def templates_dir(self) -> Path:
        """The user's prompt templates, `NAME.yaml`."""
        return self.config / "templates"

    @property
    def user_profile(self) -> Path:
        """The profile that serves when none is chosen."""
        return self.config / "ultra.yaml"

    @property
    def active_file(self) -> Path:
        """Holds the name that `ultra profiles use` chose."""
        return self.config / "active"

    @property
    def aliases_file(self) -> Path:
        """The user's own short names for models."""
        return self.config / "aliases.yaml"

    @property
    def screens_file(self) -> Path:
        """Keys and colours of `ultra tui`."""
        return self.config / "tui.yaml"


def home(environ: Mapping[str, str]) -> Path | None:
    """The user's home by `HOME`, else by the user database; None when neither names one."""
    named = environ.get("HOME", "")
    if Path(named).is_absolute():
        return Path(named)
    try:
        import os  # noqa: PLC0415 - beside the module that only POSIX has
        import pwd  # noqa: PLC0415

        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except (ImportError, KeyError):
        return None


def _absolute(path: Path) -> Path:
    try:
        return path.absolute()
    except OSError:  # the working directory was deleted under us
        return NOWHERE / path


def _xdg(environ: Mapping[str, str], variable: str) -> Path | None:
    folder = Path(environ.get(variable, ""))
    return folder / "ultra" if folder.is_absolute() else None


def _native(environ: Mapping[str, str], platform: str) -> Paths:
    if platform not in ("darwin", "win32"):
        root = home(environ) or NOWHERE
        return Paths(
            root / ".config" / "ultra", root / ".local" / "share" / "ultra", root / ".cache/ultra"
        )
    import platformdirs  # noqa: PLC0415 - 10 ms, and only these platforms need it

    folders = platformdirs.PlatformDirs("ultra", appauthor=False)
    return Paths(folders.user_config_path, folders.user_data_path, folders.user_cache_path)
