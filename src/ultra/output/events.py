"""`--events`: every event of a run as one line of JSON, for programs that follow along."""

import msgspec

from ultra.core.events import Event
from ultra.output.safe import safe_json
from ultra.output.stdout import StdoutWriter


class EventsSink:
    """Writes one flat object a line: `run`, `call`, `seq`, `at_s`, `type` and the body's fields.

    Costs are nano-dollars, null for unknown.
    """

    def __init__(self, writer: StdoutWriter) -> None:
        self._writer = writer

    def on_event(self, event: Event) -> None:
        """Write one event."""
        self._writer.write_bytes(event_line(event))

    async def drained(self, call_id: str) -> None:
        """Wait for the reader: all calls share the one pipe."""
        await self._writer.drained()

    def close(self) -> None:
        """Nothing is held back."""


def event_line(event: Event) -> bytes:
    """The event as a line of JSON, line feed included."""
    head = {"run": event.run, "call": event.call, "seq": event.seq, "at_s": event.at_s}
    return encode_json(head)[:-1] + b"," + encode_json(event.body)[1:] + b"\n"


def encode_json(value: object) -> bytes:
    """The value as JSON that is also safe on a terminal."""
    try:
        return safe_json(msgspec.json.encode(value))
    except UnicodeEncodeError:
        return safe_json(msgspec.json.encode(_whole(msgspec.to_builtins(value))))


def _whole(value: object) -> object:
    """The value with surrogates joined where they pair and U+FFFD for those that stand alone.

    JSON can hold a lone surrogate and UTF-8 cannot. Source: RFC 8259, section 8.2.
    """
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return value
