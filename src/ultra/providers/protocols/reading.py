"""What the decoders of all protocols share: framing, lenient JSON, broken bodies."""

import json
from typing import Literal, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from ultra.core.errors import CallError, ErrorClass
from ultra.core.stream import Finished, StreamBody
from ultra.core.text import one_line
from ultra.providers.complaint import read_complaint
from ultra.providers.ndjson import NdjsonDecoder
from ultra.providers.sse import SseDecoder

T = TypeVar("T")
Framing = Literal["sse", "ndjson"]

_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
"""How the first line of an event stream can begin."""

_BOM = b"\xef\xbb\xbf"

_TOKENS_LIMIT = 10**12
"""Counts beyond this are nonsense and are taken as not said."""


class BrokenJsonError(Exception):
    """A piece of a body that is not JSON even when read generously."""


class Reader(Protocol):
    """One answer in one protocol: decoded pieces in, events out.

    `done` is true once `Finished` has been given; nothing is read after it.
    """

    done: bool

    def chunk(self, data: bytes) -> list[StreamBody]:
        """One event of a stream. Raises `BrokenJsonError`, and `CallError` for an error in it."""
        ...

    def whole(self, body: bytes) -> list[StreamBody]:
        """The body of an answer that is not a stream. Raises as `chunk` does."""
        ...

    def end(self) -> list[StreamBody]:
        """What the end of a stream makes clear; nothing if the answer was not finished."""
        ...


class BodyDecoder:
    """Fills `wire.Decoder` around a reader.

    Whether a body is a stream is told by how it begins, since servers ignore what was asked for. A
    line of a stream that is not JSON is skipped and counted: the answer fails only if it never
    finishes. An error raised in the middle of a piece first lets out what came before it, so that
    what the user gets does not depend on how the network cut the bytes.
    """

    def __init__(self, reader: Reader, *, streamed: bool, framing: Framing = "sse") -> None:
        self._reader = reader
        self._framer = _Framer(framing)
        self._framing: Framing = framing
        # Lines of JSON look like one document of it: only what was asked for tells them apart.
        self._is_stream = False if framing == "ndjson" and not streamed else None
        self._held: list[bytes] = []
        self._failure: CallError | None = None
        self._skipped = 0

    def feed(self, data: bytes) -> list[StreamBody]:
        """What has become clear with these bytes. Raises `CallError` for an error in the body."""
        if self._failure:
            raise self._failure
        if self._is_stream:
            return self._chunks(self._framer.feed(data))
        self._held.append(data)
        if self._is_stream is None:
            # A few bytes settle it; white space before them (keep-alive padding) stays cheap.
            head = b"".join(self._held)
            self._held = [head]
            self._is_stream = _begins_stream(head, self._framing)
            if self._is_stream:
                self._held = []
                return self._chunks(self._framer.feed(head))
        return []

    def close(self) -> list[StreamBody]:
        """What is left at the end of the body. Raises `CallError` when it holds no whole answer."""
        if self._failure:
            raise self._failure
        if not self._is_stream:
            return self._whole(b"".join(self._held))
        bodies = self._chunks(self._framer.close())
        if not self._reader.done:
            bodies += self._counted(self._reader.end())
        if not self._reader.done:
            raise self._unfinished()
        return bodies

    def _chunks(self, pieces: list[bytes]) -> list[StreamBody]:
        bodies: list[StreamBody] = []
        reader = self._reader
        for piece in pieces:
            if reader.done:
                break
            try:
                bodies += self._counted(reader.chunk(piece))
            except BrokenJsonError:
                self._skipped += 1
            except CallError as error:
                if not bodies:
                    raise
                self._failure = error
                break
        return bodies

    def _counted(self, bodies: list[StreamBody]) -> list[StreamBody]:
        """The same, with what was skipped told by the one that ends the answer."""
        if not self._skipped or not self._reader.done:
            return bodies
        return [
            replace(body, skipped=self._skipped) if isinstance(body, Finished) else body
            for body in bodies
        ]

    def _whole(self, body: bytes) -> list[StreamBody]:
        if not body.strip():
            raise bad_response("an empty answer")
        try:
            return self._reader.whole(body)
        except BrokenJsonError:
            raise bad_response(_words(body)) from None

    def _unfinished(self) -> CallError:
        lines = f", {self._skipped} of its lines unreadable" if self._skipped else ""
        return bad_response(f"the stream ended before the answer was finished{lines}")


class _Framer:
    """Cuts a stream into its JSON documents."""

    def __init__(self, framing: Framing) -> None:
        self._sse = SseDecoder() if framing == "sse" else None
        self._lines = NdjsonDecoder()

    def feed(self, data: bytes) -> list[bytes]:
        if self._sse:
            return [event.data for event in self._sse.feed(data)]
        return self._lines.feed(data)

    def close(self) -> list[bytes]:
        if self._sse:
            return [event.data for event in self._sse.close()]
        return self._lines.close()


def bad_response(message: str) -> CallError:
    """An answer that cannot be one."""
    return CallError(ErrorClass.BAD_RESPONSE, message, sent=True)


def decode(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """Read one document. Raises `CallError` for a wrong type, `BrokenJsonError` for no JSON.

    Lone surrogates and bytes that are not UTF-8 become U+FFFD: one bad character must not cost the
    words around it.
    """
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise bad_response(f"an answer of an unknown shape: {one_line(str(error))}") from None
    except (ValueError, RecursionError):
        return _generously(decoder, data)


def decode_models(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Read a list of models. Raises `CallError` when the body is not one."""
    try:
        return decode(decoder, body)
    except BrokenJsonError:
        raise bad_response("a list of models that is not JSON") from None


def _generously(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    try:
        plain = json.dumps(json.loads(data.decode("utf-8-sig", "replace")), ensure_ascii=False)
        clean = plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return decoder.decode(clean.encode())
    except msgspec.ValidationError as error:
        raise bad_response(f"an answer of an unknown shape: {one_line(str(error))}") from None
    except (ValueError, RecursionError):
        raise BrokenJsonError from None


def tokens(count: float | None) -> int | None:
    """A count of tokens; None when it was not said or is nonsense."""
    return int(count) if count is not None and 0 <= count <= _TOKENS_LIMIT else None


def minus(total: int | None, *parts: int | None) -> int | None:
    """What is left of a total without its parts, never below 0; None when there is no total."""
    return None if total is None else max(0, total - sum(part or 0 for part in parts))


def _begins_stream(head: bytes, framing: Framing) -> bool | None:
    if _BOM.startswith(head):
        return None
    head = head.removeprefix(_BOM).lstrip()
    fields = _FIELDS if framing == "sse" else (b"{",)
    if any(head.startswith(field) for field in fields):
        return True
    undecided = any(field.startswith(head) for field in fields)
    return None if undecided else False


def _words(body: bytes) -> str:
    told = read_complaint(body)
    if told.html:
        return told.message
    return f"an answer that is not JSON: `{one_line(told.message, 80)}`"
