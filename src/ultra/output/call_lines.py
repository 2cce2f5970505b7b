"""Ended calls as lines of JSON for log collectors, and whether anybody still reads them."""

import select
import time
from collections.abc import Iterable
from typing import Any

import msgspec

from ultra.core.totals import EndedCall
from ultra.output.events import encode_json
from ultra.output.moments import iso
from ultra.output.stdout import descriptor
from ultra.output.streams import Streams


def call_lines(calls: Iterable[EndedCall]) -> str:
    """One versioned object on a line of its own for each call."""
    return "".join(f"{encode_json(_line(call)).decode()}\n" for call in calls)


def left(streams: Streams, seconds: float) -> None:
    """Wait, and raise `BrokenPipeError` as soon as nobody is left to read stdout."""
    fd = descriptor(streams.stdout)
    if fd is None:
        time.sleep(seconds)
        return
    watched = select.poll()
    watched.register(fd, 0)  # an error or the end is told whatever one asks for
    if watched.poll(seconds * 1000):
        raise BrokenPipeError


def _line(call: EndedCall) -> dict[str, Any]:
    told = msgspec.structs.asdict(call)
    return {
        "version": 1,
        "type": "call",
        **told,
        "started_at": iso(call.started_at),
        "input_tokens": call.usage.input_tokens,
        "output_tokens": call.usage.output_tokens,
        "cost_nano": None if call.unpriced else call.known_nano,
    }
