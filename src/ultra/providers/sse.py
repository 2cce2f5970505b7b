"""Server-sent events without I/O: bytes in, events out, wherever the network cuts them.

Source: WHATWG HTML, section 9.2.6 (interpreting an event stream). Two departures: an event that the
end of the body leaves without its blank line is still delivered, because providers forget it; and
`id` and `retry` mean nothing here.
"""

from msgspec import Struct

_BOM = b"\xef\xbb\xbf"


class SseEvent(Struct, frozen=True):
    """One event with data. Several data lines are joined by a line feed."""

    data: bytes
    event: str = "message"


class SseDecoder:
    """Splits a body into its events. Comments, keep-alives and empty events say nothing."""

    __slots__ = ("_after_cr", "_ends_lf", "_head", "_pieces", "_started")

    def __init__(self) -> None:
        self._head = b""
        self._started = False
        self._after_cr = False
        self._ends_lf = False
        self._pieces: list[bytes] = []

    def feed(self, data: bytes) -> list[SseEvent]:
        """The events that these bytes complete, in order."""
        if not self._started:
            data = self._without_bom(data)
        if self._after_cr or b"\r" in data:
            data = self._with_line_feeds(data)
        if not data:
            return []
        joins = self._ends_lf and data[:1] == b"\n"
        if not joins and b"\n\n" not in data:
            self._pieces.append(data)
            self._ends_lf = data[-1:] == b"\n"
            return []
        if self._pieces:
            self._pieces.append(data)
            data = b"".join(self._pieces)
        *blocks, rest = data.split(b"\n\n")
        self._pieces = [rest] if rest else []
        self._ends_lf = rest[-1:] == b"\n"
        return _events(blocks)

    def close(self) -> list[SseEvent]:
        """The event that was left without its blank line, if there is one."""
        block = b"".join(self._pieces)
        self._pieces = []
        return _events([block])

    def _without_bom(self, data: bytes) -> bytes:
        head = self._head + data
        if len(head) < len(_BOM) and _BOM.startswith(head):
            self._head = head
            return b""
        self._started = True
        return head.removeprefix(_BOM)

    def _with_line_feeds(self, data: bytes) -> bytes:
        if self._after_cr and data[:1] == b"\n":
            data = data[1:]
        self._after_cr = data[-1:] == b"\r"
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _events(blocks: list[bytes]) -> list[SseEvent]:
    events: list[SseEvent] = []
    for block in blocks:
        # Nearly every event of a model is this one line, and a stream has 100,000 of them.
        if block[:6] == b"data: " and b"\n" not in block:
            if len(block) > 6:
                events.append(SseEvent(block[6:]))
        elif block:
            events.extend(_slowly(block))
    return events


def _slowly(block: bytes) -> list[SseEvent]:
    event = "message"
    data: list[bytes] = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            event = value.decode("utf-8", "replace") or "message"
    joined = b"\n".join(data)
    return [SseEvent(joined, event)] if joined else []
