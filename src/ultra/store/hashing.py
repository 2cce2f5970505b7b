"""Keyed hashes of words that are not kept: equal prompts are known as equal, and nothing more.

Without the key nobody can try words out against them; it lies beside the log and in no backup.
"""

import hmac
import os
from contextlib import suppress
from pathlib import Path

KEY_BYTES = 32


def key_file(database: Path) -> Path:
    """Where the key of a log is."""
    return database.with_name(f"{database.name}.key")


def key_of(database: Path) -> bytes:
    """The key of a log, made now if it has none. Raises `OSError`.

    Of two processes that make one at once, the first one's stands.
    """
    place = key_file(database)
    with suppress(FileNotFoundError):
        return _read(place)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = place.with_name(f"{place.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
        file.write(os.urandom(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        with suppress(FileExistsError):
            os.link(beside, place)
    except PermissionError:  # file systems without links
        beside.rename(place)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
    return _read(place)


def hashed(key: bytes, text: str) -> str:
    """HMAC-SHA-256 of a text as it would have been kept."""
    return hmac.digest(key, text.encode("utf-8", "replace"), "sha256").hex()


def _read(place: Path) -> bytes:
    key = place.read_bytes()
    if len(key) != KEY_BYTES:
        raise OSError(f"`{place}` holds no key")
    return key
