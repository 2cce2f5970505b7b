"""The profile of a run: chosen, and recalled from the cache unless something has changed."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from ultra.config.cache import Entry, entry_path, recall, remember
from ultra.config.discover import Chosen, choose
from ultra.config.endpoints import resolve_target
from ultra.config.facts import Witness
from ultra.config.paths import Paths
from ultra.core.catalog import Catalog
from ultra.core.errors import ConfigError
from ultra.core.profile import Profile

__all__ = ["forget_profile", "load_cached", "load_profile", "resolve_target"]


def load_profile(
    selector: str | None,
    *,
    environ: Mapping[str, str],
    cwd: Path,
    paths: Paths,
    catalog: Catalog,
    read: dict[str, str] | None = None,
) -> Profile:
    """The checked profile that a run uses.

    `selector` is what `--profile` was given: a name or a path; None follows `ULTRA_PROFILE`, then
    `ultra.yaml` here or above, then the user's own choice. With none of these the profile is
    called `environment` and has the providers whose keys are set, perhaps none at all. `read` takes
    the digests of the files that had to be read since something has changed. Raises one
    `ConfigError` that lists every mistake.
    """
    chosen = choose(selector, environ=environ, cwd=cwd, paths=paths)
    kept = entry_path(chosen, paths=paths, catalog=catalog)
    profile = recall(kept, environ)
    if profile is None:
        entry = _build(chosen, kept, environ=environ, paths=paths, catalog=catalog)
        profile = entry.profile
        if read is not None:
            read.update(entry.facts.files)
    return _told(profile, chosen)


def forget_profile(
    selector: str | None,
    *,
    environ: Mapping[str, str],
    cwd: Path,
    paths: Paths,
    catalog: Catalog,
) -> None:
    """Have the next run read the files of a profile anew, as if they had changed.

    One that is gone by now, or that no cache could be written for, will be read anew as it is.
    """
    with suppress(OSError, ConfigError):
        chosen = choose(selector, environ=environ, cwd=cwd, paths=paths)
        entry_path(chosen, paths=paths, catalog=catalog).unlink()


def load_cached(
    selector: str | None,
    *,
    environ: Mapping[str, str],
    cwd: Path,
    paths: Paths,
    catalog: Catalog,
) -> Profile | None:
    """The same from the cache alone, for completions: None when the files must be read again."""
    chosen = choose(selector, environ=environ, cwd=cwd, paths=paths)
    return recall(entry_path(chosen, paths=paths, catalog=catalog), environ)


def _build(
    chosen: Chosen,
    kept: Path,
    *,
    environ: Mapping[str, str],
    paths: Paths,
    catalog: Catalog,
) -> Entry:
    from ultra.config.build import Builder  # noqa: PLC0415 - YAML costs 14 ms, a recall none

    witness = Witness(environ)
    profile = Builder(environ, paths, catalog, witness).build(chosen)
    entry = Entry(witness.facts, profile)
    remember(kept, entry)
    return entry


def _told(profile: Profile, chosen: Chosen) -> Profile:
    if not chosen.warnings:
        return profile
    warnings = (*chosen.warnings, *profile.warnings)
    return msgspec.structs.replace(profile, warnings=warnings)
