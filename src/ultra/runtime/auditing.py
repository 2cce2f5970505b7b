"""Writes down who changed what."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ultra.config.discover import shipped_dir
from ultra.config.facts import digest
from ultra.config.files import read_regular
from ultra.core.audit import ACTIONS, Action, Author, Deed, Entry, Fact, Proof
from ultra.core.errors import ConfigError, StoreError, UsageError
from ultra.core.text import did_you_mean, one_line
from ultra.runtime.runtime import Runtime

NOTE_S = 0.2
"""How long a locked log is waited for at the end of a run to note what changed before it."""


def found(
    runtime: Runtime, *, count: int, since: str | None, actions: Sequence[str]
) -> list[Entry]:
    """Entries of the trail, newest first; `count` 0 is all.

    `actions` are words such as `key.set`, or `key` for all of keys. Raises `UsageError` for a
    moment or a word that is none, `StoreError`.
    """
    from ultra.core.moments import span_between
    from ultra.store.audit import entries

    begin = span_between(since, None, "", runtime.clock.time()).begin
    wanted = [word for action in actions for word in _words(action)]
    return entries(runtime.paths.database, limit=count, actions=wanted, begin=begin)


def proof(runtime: Runtime) -> Proof:
    """Whether the trail holds together. Raises `StoreError`."""
    from ultra.store.audit import verify

    return verify(runtime.paths.database)


def _words(action: str) -> list[str]:
    """The actions that a word stands for. Raises `UsageError` for one that is none."""
    wanted = [word for word in ACTIONS if action in (word, word.partition(".")[0])]
    if not wanted:
        known = [*ACTIONS, *dict.fromkeys(word.partition(".")[0] for word in ACTIONS)]
        raise UsageError(
            f"`--action {one_line(action, 60)}` is not known",
            hint=did_you_mean(action, known) or f"one of: {', '.join(ACTIONS)}",
        )
    return wanted


def note(runtime: Runtime, action: Action, subject: str, *, once: str = "", **detail: Fact) -> None:
    """Put a change that was made on record; the user is warned when that cannot be done.

    For changes outside of the log: what cannot be written down has happened all the same. A change
    of the log itself takes `deed` into its own transaction instead. `detail` is never a secret;
    `once` is that of `store.audit.record`.
    """
    from ultra.store.audit import record
    from ultra.store.database import Place

    try:
        done = deed(runtime, action, subject, **detail)
        record(Place(runtime.paths.database, tell=runtime.warn), done, once=once)
    except StoreError as error:
        runtime.warn(f"`{action}` of `{one_line(subject, 80)}` is not on record: {error.message}")


def note_file(runtime: Runtime, action: Action, path: Path) -> None:
    """Put on record that a file was written, with a digest of what is in it now."""
    try:
        content = digest(read_regular(path))
    except (ConfigError, FileNotFoundError):
        content = ""
    note(runtime, action, str(path), sha256=content)


def note_profiles(runtime: Runtime, read: Mapping[str, str]) -> bool:
    """Put on record which of the profiles that were read anew are not as they were last noted.

    `read` are digests by path, empty for a file that is not there. False, and nobody is told or
    kept waiting, where the log cannot be written now: the change is there for the next run to note.
    """
    from ultra.store.audit import record
    from ultra.store.database import Place

    paths, place = runtime.paths, Place(runtime.paths.database, busy_s=NOTE_S)
    others = {paths.trust_file, paths.aliases_file, paths.active_file}
    try:
        for name, content in read.items():
            path = Path(name)
            if content and path not in others and path.parent != shipped_dir():
                done = deed(runtime, "profile.changed", name, sha256=content)
                record(place, done, once="sha256")
    except StoreError:
        return False
    return True


def deed(runtime: Runtime, action: Action, subject: str, **detail: Fact) -> Deed:
    """A change by this user on this machine at this moment, for `store.audit.append`."""
    return author(runtime).did(action, subject, runtime.clock.time(), **detail)


def author(runtime: Runtime) -> Author:
    """The user whose process this is, with whoever became root by sudo, and the machine.

    A uid without a name is `uid N`.
    """
    return Author(_user(runtime), os.uname().nodename)


def _user(runtime: Runtime) -> str:
    uid = os.getuid()
    try:
        import pwd

        name = pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        name = f"uid {uid}"
    behind = runtime.environ.get("SUDO_USER", "") if uid == 0 else ""
    return f"{name} (sudo by {one_line(behind, 60)})" if behind else name
