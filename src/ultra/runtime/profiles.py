"""Profiles as the user manages them: list, choose, show, check, trust."""

from pathlib import Path

from ultra.config import choices
from ultra.config.choices import ProfileEntry
from ultra.config.discover import USER, Chosen, choose, find_project, is_path, shipped_dir
from ultra.config.documents import read_document
from ultra.config.files import read_regular, shown
from ultra.config.load import load_profile
from ultra.config.trust import Grant, grants, trust, untrust
from ultra.core.errors import ConfigError, Problem, UsageError
from ultra.core.profile import Profile
from ultra.runtime.auditing import note, note_file
from ultra.runtime.runtime import Runtime


def shipped_profile(name: str) -> str:
    """The file of a profile that came with ultra, whatever the user calls by that name."""
    return str(shipped_dir() / f"{name}.yaml")


def profile_entries(runtime: Runtime) -> list[ProfileEntry]:
    """Every profile that can be chosen here."""
    return choices.profiles(environ=runtime.environ, cwd=runtime.cwd, paths=runtime.paths)


def use_profile(runtime: Runtime, name: str | None) -> Path | None:
    """Make a profile the one that serves when none is named; None goes back to the usual."""
    before = choices.active(runtime.paths) or ""
    path = choices.use(name, paths=runtime.paths)
    note(runtime, "profile.used", choices.active(runtime.paths) or USER, was=before or USER)
    return path


def profile_named(runtime: Runtime, selector: str | None) -> Profile:
    """A profile by name or path, checked; None takes the one that serves. Raises `ConfigError`."""
    if selector is None:
        return runtime.profile
    return load_profile(
        selector,
        environ=runtime.environ,
        cwd=runtime.cwd,
        paths=runtime.paths,
        catalog=runtime.catalog,
    )


def profile_text(profile: Profile) -> str:
    """The profile with everything resolved, as YAML."""
    return choices.show(profile)


def chosen_file(runtime: Runtime, selector: str | None) -> Chosen:
    """Which file a name, a path or nothing stands for. Raises `ConfigError`."""
    return choose(selector, environ=runtime.environ, cwd=runtime.cwd, paths=runtime.paths)


def problems_of(runtime: Runtime, chosen: Chosen) -> list[Problem]:
    """Everything that is wrong with a profile as it would be used."""
    return choices.check(
        chosen, environ=runtime.environ, paths=runtime.paths, catalog=runtime.catalog
    )


def trust_of(runtime: Runtime, path: Path) -> str:
    """How far a project file is trusted."""
    return choices.trust_of(path, paths=runtime.paths)


def project_file(runtime: Runtime, given: str | None) -> Path:
    """The project file that was named, else the one that is found here.

    Raises `UsageError` when there is none, `ConfigError` for a name that needs no trust.
    """
    if given is not None:
        path = Path(given).expanduser()
        path = path if path.is_absolute() else runtime.cwd / path
        if not is_path(given) and not path.is_file():
            raise UsageError(
                f"`{given}` is not a file", hint="your own profiles and shipped ones need no trust"
            )
        return path / "ultra.yaml" if path.is_dir() else path
    found = find_project(environ=runtime.environ, cwd=runtime.cwd)
    if found.path is None:
        raise UsageError(
            "there is no project profile here",
            hint=found.warnings[0] if found.warnings else "`ultra.yaml` is looked for up to `.git`",
        )
    return found.path


def asked_for(path: Path) -> list[Grant]:
    """The fields of a project file that need trust, and why. Raises `ConfigError`."""
    try:
        document = read_document(path, read_regular(path))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no profile at `{shown(path)}`") from error
    if document.problems:
        raise ConfigError(f"`{shown(path)}` is not a profile yet", problems=document.problems)
    return grants(document)


def trust_file(runtime: Runtime, path: Path) -> list[Grant]:
    """Trust a project file as it stands now; what that lets it do. Raises `ConfigError`."""
    granted = trust(path, paths=runtime.paths)
    note_file(runtime, "profile.trusted", path)
    return granted


def distrust_file(runtime: Runtime, path: Path) -> bool:
    """Take trust back; false when there was none."""
    gone = untrust(path, paths=runtime.paths)
    if gone:
        note(runtime, "profile.untrusted", str(path))
    return gone


def profile_schema() -> dict[str, object]:
    """The JSON Schema of a profile."""
    from ultra.config.schema import json_schema

    return json_schema()
