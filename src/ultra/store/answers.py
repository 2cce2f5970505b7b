"""An answer as bytes: packed small, and read back whole or not at all."""

import zlib

import msgspec

from ultra.core.stream import Finished, StreamBody

FORMAT = 1
"""What the bytes begin with; answers of another format are as good as none."""

MOST = 64 << 20
"""Bytes that an answer may have once it is unpacked; more is a mistake in the file."""


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    format: int
    bodies: msgspec.Raw


def packed(bodies: tuple[StreamBody, ...]) -> bytes | None:
    """The bytes of an answer; None for a text that UTF-8 cannot hold (half a surrogate pair)."""
    try:
        listed = msgspec.Raw(msgspec.msgpack.encode(bodies))
    except UnicodeEncodeError:
        return None
    # Level 1 is fast, and zlib's check sum tells a damaged text from a whole one.
    return zlib.compress(msgspec.msgpack.encode(_Kept(FORMAT, listed)), 1)


def unpacked(data: bytes) -> tuple[StreamBody, ...] | None:
    """The answer; None when the bytes are damaged, of another format, or no whole answer."""
    try:
        reader = zlib.decompressobj()
        plain = reader.decompress(data, MOST)
        if not reader.eof:
            return None
        kept = msgspec.msgpack.decode(plain, type=_Kept)
        if kept.format != FORMAT:
            return None
        bodies = msgspec.msgpack.decode(kept.bodies, type=tuple[StreamBody, ...])
    except (zlib.error, msgspec.DecodeError, TypeError):
        return None
    return bodies if bodies and isinstance(bodies[-1], Finished) else None
