"""Content codings, undone as the bytes come; httpx's own let a truncated body pass for whole.

Source: RFC 9110, section 8.4.1. Only what `ACCEPTED` asks for is understood.
"""

import zlib
from typing import Protocol

from ultra.core.errors import CallError, ErrorClass

ACCEPTED = "gzip, deflate"


class Coding(Protocol):
    """Undoes one content coding. Both methods raise `CallError` for bytes that are not in it."""

    def feed(self, data: bytes) -> bytes:
        """What the bytes stand for, as far as it is clear."""
        ...

    def close(self) -> None:
        """The body is over."""
        ...


class _Plain:
    def feed(self, data: bytes) -> bytes:
        return data

    def close(self) -> None:
        pass


class _Unknown(_Plain):
    def __init__(self, name: str) -> None:
        self._name = name

    def feed(self, data: bytes) -> bytes:
        raise CallError(
            ErrorClass.BAD_RESPONSE,
            f"the answer is packed as `{self._name}`, which was not asked for",
            sent=True,
        )


class _Zlib:
    """gzip and deflate; some servers send deflate without its header, which is tried second."""

    def __init__(self, name: str) -> None:
        self._name = name
        # 32 + 15: gzip or zlib by their headers, the largest window.
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._fresh = True

    def feed(self, data: bytes) -> bytes:
        try:
            out = self._inflate.decompress(data)
        except zlib.error as error:
            if not (self._fresh and self._name == "deflate"):
                raise self._bad("cannot be unpacked") from error
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            out = self._raw(data)
        self._fresh = self._fresh and not data
        return out

    def close(self) -> None:
        if not self._fresh and not self._inflate.eof:
            raise self._bad("was cut short")

    def _raw(self, data: bytes) -> bytes:
        try:
            return self._inflate.decompress(data)
        except zlib.error as error:
            raise self._bad("cannot be unpacked") from error

    def _bad(self, what: str) -> CallError:
        return CallError(
            ErrorClass.BAD_RESPONSE, f"the answer's `{self._name}` body {what}", sent=True
        )


def coding(name: str) -> Coding:
    """The coding that a `content-encoding` header names; empty is none, others fail when fed."""
    match name.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Zlib("gzip")
        case "deflate":
            return _Zlib("deflate")
        case other:
            return _Unknown(other)
