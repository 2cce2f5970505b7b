"""Which profile is meant, before anything in it is read."""

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from ultra.config.files import foreign, is_file, read_regular, shown
from ultra.config.paths import Paths, home
from ultra.core.errors import ConfigError
from ultra.core.text import did_you_mean, one_line

PROJECT_FILE = "ultra.yaml"
ENVIRONMENT = "environment"
"""The name of the profile that is made of the keys found in the environment."""

USER = "default"
"""The name of `<config>/ultra.yaml`."""


class Chosen(Struct, frozen=True):
    """A profile by file; `path` None means that no file was chosen or found.

    `project` marks somebody else's text: it holds only as far as the user trusts it.
    """

    name: str
    path: Path | None = None
    project: bool = False
    warnings: tuple[str, ...] = ()


def choose(selector: str | None, *, environ: Mapping[str, str], cwd: Path, paths: Paths) -> Chosen:
    """Follow the order of the contract: flag, `ULTRA_PROFILE`, project file, the user's own.

    Raises `ConfigError` for a name or path that leads nowhere.
    """
    named = selector or environ.get("ULTRA_PROFILE")
    if named:
        return _named(named, cwd=cwd, paths=paths)
    project = find_project(environ=environ, cwd=cwd)
    if project.path is not None:
        # Only the folder may be reached by links: a linked file would choose among the user's own.
        own = _inside(project.path.parent, paths.config)
        return Chosen(USER, project.path) if own else project
    usual = choose_own(paths)
    return Chosen(usual.name, usual.path, warnings=project.warnings)


def choose_own(paths: Paths) -> Chosen:
    """What serves outside of any project: the active profile, `<config>/ultra.yaml`, or nothing."""
    active = active_name(paths)
    if active is not None:
        path = find_named(active, paths)
        if path is None:
            raise ConfigError(
                f"the active profile `{active}` does not exist",
                hint=did_you_mean(active, named_profiles(paths))
                or "`ultra profiles use NAME` chooses another",
            )
        return Chosen(active, path)
    if is_file(paths.user_profile):
        return Chosen(USER, paths.user_profile)
    return Chosen(ENVIRONMENT)


def active_name(paths: Paths) -> str | None:
    """The name that `ultra profiles use` chose, None when none was."""
    try:
        text = read_regular(paths.active_file, limit=4096).decode("utf-8", "replace")
    except (FileNotFoundError, ConfigError):
        return None
    return one_line(text, 200) or None


def find_project(*, environ: Mapping[str, str], cwd: Path) -> Chosen:
    """`ultra.yaml` here or above, up to the git root or home; never one owned by another user."""
    warnings: list[str] = []
    for folder in _upwards(cwd, home(environ)):
        path = folder / PROJECT_FILE
        try:
            if not path.is_file():
                continue
            if foreign(path):
                warnings.append(f"`{shown(path)}` is left alone: it belongs to another user")
                continue
        except OSError:
            continue
        return Chosen(_project_name(path), path, project=True, warnings=tuple(warnings))
    return Chosen(ENVIRONMENT, warnings=tuple(warnings))


def find_named(name: str, paths: Paths, *, besides: Path | None = None) -> Path | None:
    """The file of a profile's name: the user's before the shipped one, None when there is none.

    `besides` is passed over, so that a profile can extend the shipped one of its own name.
    """
    if name == USER and is_file(paths.user_profile):
        return paths.user_profile
    if not _plain(name):
        return None
    for path in candidates(name, paths):
        if path != besides and is_file(path):
            return path
    return None


def candidates(name: str, paths: Paths) -> tuple[Path, Path]:
    """Where a profile of that name would be: the user's folder, then the shipped ones."""
    return paths.profiles_dir / f"{name}.yaml", shipped_dir() / f"{name}.yaml"


def named_profiles(paths: Paths) -> dict[str, Path]:
    """Every profile that can be chosen by name, the user's before shipped ones of that name."""
    found: dict[str, Path] = {}
    if is_file(paths.user_profile):
        found[USER] = paths.user_profile
    for folder in (paths.profiles_dir, shipped_dir()):
        try:
            for path in sorted(folder.glob("*.yaml")):
                found.setdefault(path.stem, path)
        except OSError:
            continue
    return found


def shipped_dir() -> Path:
    """The profiles of the wheel; in a source tree, those at its root."""
    packaged = Path(__file__).parent / "profiles"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "profiles"


def is_path(selector: str) -> bool:
    """Whether a selector is meant as a path rather than a name."""
    return "/" in selector or os.sep in selector or selector.endswith((".yaml", ".yml"))


def _named(selector: str, *, cwd: Path, paths: Paths) -> Chosen:
    if is_path(selector):
        path = Path(os.path.normpath(cwd / selector))
        if not is_file(path):
            raise ConfigError(
                f"there is no profile at `{shown(path)}`",
                hint="`ultra profiles list` shows the profiles that can be chosen by name",
            )
        homes = (paths.config, shipped_dir())
        known = any(_inside(path, folder) for folder in homes)
        return Chosen(path.stem if known else _project_name(path), path, project=not known)
    found = find_named(selector, paths)
    if found is None:
        name = one_line(selector, 80)
        raise ConfigError(
            f"there is no profile `{name}`",
            hint=did_you_mean(selector, named_profiles(paths))
            or "`ultra profiles list` shows all; a path must hold a `/` or end in `.yaml`",
        )
    return Chosen(selector, found)


def _project_name(path: Path) -> str:
    name = path.parent.name if path.name == PROJECT_FILE else path.stem
    return f"project:{one_line(name, 60)}"


def _plain(name: str) -> bool:
    return not (name.startswith(".") or "/" in name or "\\" in name or "\0" in name)


def _inside(path: Path, folder: Path) -> bool:
    """Whether a file lies in a folder, by its name or by where its links lead."""
    try:
        return path.is_relative_to(folder) or path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False


def _upwards(cwd: Path, limit: Path | None) -> list[Path]:
    """The folders to look in. With neither a git root nor home above, only the first."""
    folders: list[Path] = []
    for folder in (cwd, *cwd.parents):
        folders.append(folder)
        try:
            rooted = (folder / ".git").exists()
        except OSError:
            rooted = False
        if rooted or folder == limit:
            return folders
    return folders[:1]
