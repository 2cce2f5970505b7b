"""Files that are there whole or not at all."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable
from itertools import count
from pathlib import Path

from ultra.core.errors import OutputError, UsageError
from ultra.output.stdout import write_all

_STANDARD = {"/dev/stdout": 1, "/dev/stderr": 2}
_FOLDERS = ("/dev/fd", "/proc/self/fd")


_LOST = "choose another place with `--output`; `ultra logs -r` shows the answer again"


def write_atomic(path: str | Path, data: str | bytes | Iterable[str], *, hint: str = _LOST) -> None:
    """Write a file so that readers see the old one or the new one, and keep an existing one's mode.

    Pieces are written as they come, so that all of them never stand in memory. A link is followed;
    a device or a pipe is written to directly. Raises `OutputError`.
    """
    pieces = [data] if isinstance(data, str | bytes) else data
    raw = (
        one if isinstance(one, bytes) else one.encode("utf-8", "backslashreplace") for one in pieces
    )
    target = Path(os.path.realpath(path))
    try:
        mode = _mode(target)
        if (fd := _descriptor(path)) is not None:
            for piece in raw:
                write_all(fd, piece)
        elif mode is not None and not stat.S_ISREG(mode):
            _write_through(target, raw)
        else:
            _replace(target, raw, 0o666 & ~_umask() if mode is None else stat.S_IMODE(mode))
    except OSError as error:
        raise OutputError(
            f"cannot write `{path}`: {error.strerror or error}",
            hint=hint,
        ) from error


def write_new(folder: Path, name: str, data: str) -> Path:
    """Write a file that was not there before, whole or not at all; where it is.

    A name that is taken gets a number before its suffix. Raises `OutputError`.
    """
    stem, dot, suffix = name.rpartition(".")
    data_now = data.encode("utf-8", "backslashreplace")
    try:
        fd, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data_now)
                os.fchmod(fd, 0o666 & ~_umask())
            for number in count(1):
                place = folder / (name if number == 1 else f"{stem}-{number}{dot}{suffix}")
                with contextlib.suppress(FileExistsError):
                    os.link(temporary, place)  # unlike a rename it replaces nothing
                    return place
        finally:
            Path(temporary).unlink()
    except OSError as error:
        raise OutputError(
            f"cannot write `{name}` in `{folder}`: {error.strerror or error}",
            hint="`ultra logs RUN --json > FILE` writes it elsewhere",
        ) from error
    raise AssertionError("there is always another number")


def check_place(path: str | Path) -> None:
    """Raise `UsageError` for a place where no file can be, before the answer to it is paid for."""
    target = Path(os.path.realpath(path))
    reason = None
    if target.is_dir():
        reason = "it is a directory"
    elif _descriptor(path) is None and not target.parent.is_dir():
        reason = f"there is no directory `{target.parent}`"
    elif _descriptor(path) is None and not os.access(_written(target), os.W_OK):
        reason = "permission denied"
    if reason:
        raise UsageError(f"cannot write `{path}`: {reason}", hint="nothing was sent")


def _written(target: Path) -> Path:
    """What must be writable: a file is replaced in its directory, anything else is opened."""
    mode = _mode(target)
    return target.parent if mode is None or stat.S_ISREG(mode) else target


def _descriptor(path: str | Path) -> int | None:
    """The descriptor of ours that a path names: `/dev/stdout`, `/dev/fd/N`, `>(...)` of a shell.

    What is behind it is open already; replacing it would take it away from whoever opened it.
    """
    name = str(path)
    if name in _STANDARD:
        return _STANDARD[name]
    folder, _, number = name.rpartition("/")
    return int(number) if folder in _FOLDERS and number.isdecimal() else None


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _write_through(path: Path, data: Iterable[bytes]) -> None:
    with path.open("wb", buffering=0) as file:
        for piece in data:
            view = memoryview(piece)
            while view:
                view = view[file.write(view) or 0 :]


def _replace(path: Path, data: Iterable[bytes], mode: int) -> None:
    fd, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as file:
            file.writelines(data)
            file.flush()
            os.fchmod(fd, mode)
            os.fsync(fd)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def _umask() -> int:
    """The process's mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
