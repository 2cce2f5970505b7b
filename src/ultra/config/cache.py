"""Keeps a checked profile so that the next run neither imports YAML (14 ms) nor walks it.

An entry is found by what was chosen and by what would read it (this ultra, this catalog); it
counts only while every fact that it was made of still holds. It never holds a key: a profile says
where keys are, and the facts say which variables are set. A secret that the user wrote into the
profile itself, such as the URL of a webhook, is in it, and only the user can read it.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from ultra import __version__
from ultra.config.discover import Chosen, shipped_dir
from ultra.config.facts import Facts, digest
from ultra.config.files import foreign, read_regular, write_private
from ultra.config.paths import Paths
from ultra.core.catalog import Catalog
from ultra.core.errors import ConfigError
from ultra.core.profile import Profile

FORMAT = 3
"""Raised whenever the same file would come to another profile."""

MOST_ENTRIES = 64


class Entry(Struct, frozen=True):
    """One checked profile with what it was made of."""

    facts: Facts
    profile: Profile


def entry_path(chosen: Chosen, *, paths: Paths, catalog: Catalog) -> Path:
    """Where the entry of a choice is kept."""
    key = (
        FORMAT,
        __version__,
        catalog.price_date(),
        digest(msgspec.msgpack.encode(catalog.vendors())),
        chosen.name,
        str(chosen.path),
        chosen.project,
        str(paths.config),
        str(shipped_dir()),
    )
    return paths.cache / "profiles" / f"{digest(msgspec.msgpack.encode(key))}.mp"


def recall(path: Path, environ: Mapping[str, str]) -> Profile | None:
    """The profile of an entry that still holds; None for every reason why it may not."""
    try:
        if foreign(path):
            return None
        entry = msgspec.msgpack.decode(read_regular(path), type=Entry)
    except (OSError, ConfigError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return entry.profile if entry.facts.hold(environ) else None


def remember(path: Path, entry: Entry) -> None:
    """Keep an entry. A cache that cannot be written is no reason to fail."""
    try:
        write_private(path, msgspec.msgpack.encode(entry))
        _prune(path.parent)
    except (ConfigError, OSError, msgspec.EncodeError, OverflowError):
        return


def _prune(folder: Path) -> None:
    entries = [entry for entry in os.scandir(folder) if entry.name.endswith(".mp")]
    entries.sort(key=lambda entry: entry.stat().st_mtime)
    for entry in entries[:-MOST_ENTRIES]:
        Path(entry.path).unlink(missing_ok=True)
