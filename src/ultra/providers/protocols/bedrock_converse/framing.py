"""From the bytes of an answer to its messages: AWS's event stream, cut by botocore.

Source: docs.aws.amazon.com/transcribe/latest/dg/event-stream.html (the encoding is one for all of
AWS). Every message carries two checksums, so a byte that was lost or changed is noticed.
"""

import struct
from typing import TYPE_CHECKING, Protocol

from ultra.core.errors import CallError, ConfigError
from ultra.core.stream import StreamBody
from ultra.providers.complaint import read_complaint
from ultra.providers.protocols.bedrock_converse.failures import exception
from ultra.providers.protocols.bedrock_converse.reader import ConverseReader
from ultra.providers.protocols.reading import BrokenJsonError, bad_response

if TYPE_CHECKING:
    from botocore.eventstream import EventStreamMessage

_SLICE = 4 * 1024
"""Bytes given to botocore at once: it copies what is left of them for every message."""


_KINDS = 32
"""Headers that are remembered; Converse has a dozen kinds of messages."""


def need_botocore() -> None:
    """Raises `ConfigError` when botocore is not installed."""
    try:
        # 15 ms, for those who call Bedrock only.
        import botocore.eventstream  # noqa: PLC0415, F401
    except ImportError as error:
        raise ConfigError(
            "Bedrock needs the package `botocore`, which is not installed",
            hint='`pip install "ultra-llm[bedrock]"`',
        ) from error


class _Parses(Protocol):
    def parse(self, data: bytes) -> dict[str, object]: ...


class _Remembered:
    """A parser of headers that does not parse the same bytes twice: 4.2 to 1.9 times `json.loads`
    of the payloads, for a stream of words.
    """

    def __init__(self, parser: _Parses) -> None:
        self._parser = parser
        self._seen: dict[bytes, dict[str, object]] = {}

    def parse(self, data: bytes) -> dict[str, object]:
        """The headers by name. Raises as the parser does."""
        known = self._seen.get(data)
        if known is None:
            known = self._parser.parse(data)
            if len(self._seen) < _KINDS:
                self._seen[data] = known
        return known


class ConverseDecoder:
    """Fills `wire.Decoder`. Whether the body is a stream is told by how it begins.

    A message begins with its length and has 24 MB at most, so its first byte is 0 or 1; no document
    begins so. An error first lets out what came before it in the same bytes.
    """

    def __init__(self) -> None:
        from botocore.eventstream import EventStreamBuffer  # noqa: PLC0415 - as above

        self._reader = ConverseReader()
        self._buffer = EventStreamBuffer()
        # Most of botocore's time goes into headers, which are alike for every word of an answer.
        self._buffer._header_parser = _Remembered(self._buffer._header_parser)  # noqa: SLF001
        self._is_stream: bool | None = None
        self._held: list[bytes] = []
        self._failure: CallError | None = None

    def feed(self, data: bytes) -> list[StreamBody]:
        """What has become clear with these bytes. Raises `CallError` for an error in the body."""
        if self._failure:
            raise self._failure
        if self._is_stream is None and data:
            self._is_stream = data[0] < 2
        if not self._is_stream:
            self._held.append(data)
            return []
        bodies: list[StreamBody] = []
        try:
            for start in range(0, len(data), _SLICE):
                self._messages(data[start : start + _SLICE], bodies)
        except CallError as error:
            if not bodies:
                raise
            self._failure = error
        return bodies

    def close(self) -> list[StreamBody]:
        """What is left at the end of the body. Raises `CallError` when it holds no whole answer."""
        if self._failure:
            raise self._failure
        if not self._is_stream:
            return self._whole(b"".join(self._held))
        bodies = [] if self._reader.done else self._reader.end()
        if not self._reader.done:
            raise bad_response("the stream ended before the answer was finished")
        return bodies

    def _messages(self, data: bytes, bodies: list[StreamBody]) -> None:
        from botocore.eventstream import ParserError  # noqa: PLC0415 - loaded by now

        if self._reader.done:
            return
        self._buffer.add_data(data)
        try:
            while not self._reader.done and (message := next(self._buffer, None)):
                bodies += self._message(message)
        except (ParserError, struct.error, ValueError, KeyError) as error:
            raise bad_response(f"the event stream is damaged: {error}") from error

    def _message(self, message: "EventStreamMessage") -> list[StreamBody]:
        headers, payload = message.headers, message.payload
        match headers.get(":message-type"):
            case "event":
                try:
                    return self._reader.event(str(headers.get(":event-type")), payload)
                except BrokenJsonError:
                    raise bad_response("a message of the stream is not JSON") from None
            case "error":
                code, told = headers.get(":error-code", ""), headers.get(":error-message", "")
                raise exception(str(code), payload, str(told))
            case _:
                raise exception(str(headers.get(":exception-type", "")), payload)

    def _whole(self, body: bytes) -> list[StreamBody]:
        if not body.strip():
            raise bad_response("an empty answer")
        try:
            return self._reader.whole(body)
        except BrokenJsonError:
            told = read_complaint(body)
            said = told.message if told.html else f"an answer that is not JSON: `{told.message}`"
            raise bad_response(said) from None
