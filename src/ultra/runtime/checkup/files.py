"""Folders and the log: whether they can be written, by whom, and whether all adds up."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ultra.core.errors import StoreError
from ultra.core.health import Finding
from ultra.output.audit import proof_lines
from ultra.runtime.auditing import proof
from ultra.runtime.checkup.findings import ok, problem, warning
from ultra.runtime.runtime import Runtime
from ultra.store.schema import MIGRATIONS
from ultra.store.state import FileState, Inside, file_state, inside

LEAST_FREE = 100 << 20
"""Bytes of free disk below which a log soon cannot be written: 100 MB."""

_MB = 1 << 20


def folders(runtime: Runtime) -> Iterator[Finding]:
    """Whether ultra's own folders can be written."""
    paths = runtime.paths
    for name, folder in (
        ("configuration", paths.config),
        ("data", paths.data),
        ("cache", paths.cache),
    ):
        standing = _nearest(folder)
        if standing is None or not os.access(standing, os.W_OK | os.X_OK):
            yield warning(
                "database",
                f"the {name} folder `{folder}` cannot be written",
                "ultra works without it; `ULTRA_HOME` names another place",
            )


def database(runtime: Runtime) -> Iterator[Finding]:
    """The log's file, from outside and from inside."""
    path = runtime.paths.database
    found = file_state(path)
    if found is None:
        yield ok("database", f"there is no log yet; it will be `{path}`")
        yield from _space(path)
        return
    yield ok("database", f"`{path}`, {found.size / _MB:.1f} MB")
    yield from _outside(path, found)
    yield from _space(path)
    try:
        held = inside(path, runtime.clock.time())
    except StoreError as error:
        yield problem("database", error.message, _mend(path, error))
        return
    if held is not None:
        yield from _inside(held)


def audit(runtime: Runtime) -> Iterator[Finding]:
    """Whether the audit trail is as it was written."""
    found = proof(runtime)
    *wrong, held = proof_lines(msgspec.structs.replace(found, gaps=()))
    for line in wrong:
        if found.broken is not None:
            yield problem("audit", line, "somebody changed it: `ultra logs audit` shows it all")
        else:
            yield warning(
                "audit",
                line,
                "entries were taken out, the log was replaced, or a change was cut off by a crash;"
                " the next change puts that on record",
            )
    yield ok("audit", held)
    for number in found.gaps:
        yield ok("audit", f"entry {number} says that entries before it were gone")


def _outside(path: Path, found: FileState) -> Iterator[Finding]:
    if not found.writable:
        yield warning("database", "it cannot be written: answers come, and nothing is logged")
    if found.mode & 0o077:
        yield warning(
            "database", f"others may read it (mode {found.mode:04o})", f"`chmod 600 {path}`"
        )
    if found.folder_mode & 0o077:
        yield warning(
            "database",
            f"others may look into its folder (mode {found.folder_mode:04o})",
            f"`chmod 700 {path.parent}`",
        )
    if found.network:
        yield warning(
            "database",
            f"it lies on a network file system (`{found.network}`): slower, and hard budgets do"
            " not hold there",
            "`ULTRA_HOME` or `XDG_DATA_HOME` names a place on this machine",
        )
    damaged = [name for name in found.kept if ".corrupt-" in name]
    others = [name for name in found.kept if name not in damaged]
    if damaged:
        yield warning(
            "database",
            f"damaged files that were set aside: {', '.join(damaged)}",
            "delete them once nothing in them is wanted",
        )
    if others:
        yield ok("database", f"copies from before migrations: {', '.join(others)}")


def _space(path: Path) -> Iterator[Finding]:
    standing = _nearest(path.parent)
    if standing is None:
        return
    free = shutil.disk_usage(standing).free
    if free < LEAST_FREE:
        yield warning(
            "database", f"{free / _MB:.0f} MB are free on its disk", "make room: the log grows"
        )


def _inside(held: Inside) -> Iterator[Finding]:
    if held.damage is None:
        yield warning("database", "it is too large to be looked through in ten seconds")
    elif held.damage:
        yield problem(
            "database",
            f"it is damaged: {'; '.join(held.damage)}",
            "the next run sets it aside and begins a new one; `sqlite3 FILE .recover` saves rows",
        )
    else:
        yield ok("database", f"whole; {held.runs:,} runs, {held.attempts:,} attempts")
    if held.version < len(MIGRATIONS):
        yield ok(
            "database",
            f"its schema is {held.version}; the next run copies it and brings it to"
            f" {len(MIGRATIONS)}",
        )
        return
    if held.abandoned:
        left = (
            "1 run was left under way by a process that is gone"
            if held.abandoned == 1
            else f"{held.abandoned} runs were left under way by processes that are gone"
        )
        yield warning("database", left, "the next run completes their rows")
    for line in held.differing:
        yield problem("database", line, "`ultra budgets reconcile` puts it right")
    if not held.differing:
        yield ok("database", "counters and the log's sums agree")


def _mend(path: Path, error: StoreError) -> str:
    if "malformed" in error.message or "not a database" in error.message:
        return f"the next run sets `{path.name}` aside and begins a new one"
    return error.hint or ""


def _nearest(folder: Path) -> Path | None:
    """The folder, or what is there of the way to it; None where that is no folder."""
    found = next((one for one in (folder, *folder.parents) if one.exists()), None)
    return found if found is not None and found.is_dir() else None
