"""Adds a vendor of the catalog to the user's profile."""

import re
from pathlib import Path

from msgspec import Struct

from ultra.config.additions import Added, Entry, add_entries, quoted
from ultra.config.discover import Chosen, choose_own, shipped_dir
from ultra.config.endpoints import holes
from ultra.config.files import shown
from ultra.core.catalog import Vendor
from ultra.core.errors import ConfigError, UsageError
from ultra.core.text import did_you_mean, one_line
from ultra.runtime.auditing import note_file
from ultra.runtime.profiles import chosen_file
from ultra.runtime.runtime import Runtime

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9._+-]+")


class Addition(Struct, frozen=True):
    """What came of it: the file, and the names that were added or stood there already."""

    path: Path
    result: Added
    provider: str
    alias: str | None
    key: str | None


def add_vendor(
    runtime: Runtime, selector: str | None, vendor: str, *, name: str | None, model: str | None
) -> Addition:
    """Write the row of a vendor into a profile, and a short name for a model of it.

    `selector` None takes the user's own profile that serves, made when there is none. `name` None
    calls the provider as its vendor. Raises `UsageError` for an unknown vendor and a name that
    cannot be one, `ConfigError` where the profile cannot take it.
    """
    row = _row(runtime, vendor)
    provider = name or row.name
    if not _NAME.fullmatch(provider):
        raise UsageError(
            f"`{one_line(provider, 40)}` cannot be the name of a provider",
            hint="use letters, digits, `.`, `_`, `+` and `-`",
        )
    if model is not None and not model.strip():
        raise UsageError("`--model` names no model")
    path = _path(runtime, selector)
    value = "{}" if provider == row.name else f"{{vendor: {row.name}}}"
    entries = [Entry("providers", provider, value, _comments(row, provider))]
    alias = _alias(model) if model else None
    if alias and model:
        entries.append(Entry("models", alias, quoted(f"{provider}:{model}")))
    result = add_entries(
        path, entries, environ=runtime.environ, paths=runtime.paths, catalog=runtime.catalog
    )
    if result.added:
        note_file(runtime, "profile.written", path)
    return Addition(path, result, provider, alias, row.key_env[0] if row.key_env else None)


def _row(runtime: Runtime, vendor: str) -> Vendor:
    rows = runtime.catalog.vendors()
    if vendor not in rows:
        raise UsageError(
            f"no vendor is called `{one_line(vendor, 80)}`",
            hint=did_you_mean(vendor, rows)
            or "`ultra models --vendors` lists all; any other server is two lines"
            " (`protocol`, `base_url`)",
        )
    return rows[vendor]


def _path(runtime: Runtime, selector: str | None) -> Path:
    chosen: Chosen = chosen_file(runtime, selector) if selector else choose_own(runtime.paths)
    if chosen.path is None:
        return runtime.paths.user_profile
    if chosen.path.parent == shipped_dir():
        raise ConfigError(
            f"profile `{chosen.name}` is shipped with ultra and is not changed",
            hint=f"`ultra profiles use --none` goes back to `{shown(runtime.paths.user_profile)}`"
            ", or name a profile of your own with `-P`",
        )
    return chosen.path


def _comments(row: Vendor, provider: str) -> tuple[str, ...]:
    variables = " or ".join(row.key_env)
    needs = [
        hole.replace("|", " or ")
        for url in (row.base_url, *row.quirks.query.values())
        for hole in holes(url)
        if "|=" not in hole  # those have a value of their own
    ]
    told = [
        f"{row.title}: {row.docs}",
        f"its key: {variables}, or `ultra keys set {provider}`" if variables else "",
        f"its address needs {', '.join(dict.fromkeys(needs))}" if needs else "",
        row.note.replace("`", ""),
        "" if row.verified else "nobody has recordings of it: the row follows its documents",
    ]
    return tuple(one_line(line, 200) for line in told if line)


def _alias(model: str) -> str:
    """A short name for a model: the last part of its id, of letters that a name may have."""
    last = model.rstrip("/").rpartition("/")[2]
    return _NOT_IN_NAME.sub("-", last).strip("-._+")[:64] or "model"
