"""Reading and writing the user's small files: bounded, regular, private, all or nothing."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ultra.core.errors import ConfigError
from ultra.core.text import one_line

LIMIT = 1_048_576
"""Bytes that any file of ours may hold."""


def shown(path: Path) -> str:
    """The path as it may be put on a screen: names of files can hold anything."""
    return one_line(str(path), limit=400)


def read_regular(path: Path, *, limit: int = LIMIT) -> bytes:
    """All of a regular file. Raises `ConfigError` for all else: pipes hang, devices never end.

    `FileNotFoundError` is raised as it is, for callers to whom absence means something.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(error.errno, error.strerror, str(path)) from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read `{shown(path)}`: {_reason(error)}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ConfigError(f"`{shown(path)}` is not a regular file")
    with os.fdopen(descriptor, "rb") as stream:
        raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise ConfigError(f"`{shown(path)}` is larger than {limit} bytes")
    return raw


def is_file(path: Path) -> bool:
    """Whether there is a file; false where that cannot even be asked."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def write_private(path: Path, content: bytes) -> None:
    """Replace a file whole, readable by its owner only; its folder is made when missing.

    A symbolic link is followed, so that files kept elsewhere stay linked. Raises `ConfigError`.
    """
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Not `tempfile`: importing it costs every start 5 ms, for a random name.
        beside = target.with_name(f".{target.name[:100]}.{os.urandom(6).hex()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(
            f"cannot write `{shown(path)}`: {_reason(error)}",
            hint="`ULTRA_HOME` names another folder for all of ultra's files",
        ) from error


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock under which a file is read, changed and written back.

    Where no lock can be had, whoever writes next says what is wrong.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = path.with_name(f".{path.name[:100]}.lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    try:
        with suppress(OSError, ImportError):  # file systems and platforms without locks
            import fcntl  # noqa: PLC0415 - not on every platform

            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def foreign(path: Path) -> bool:
    """Whether a file, or the symbolic link that leads to it, belongs to another user."""
    if sys.platform == "win32":
        return False
    mine = os.getuid()
    return any(entry.st_uid != mine for entry in (path.lstat(), path.stat()))


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
