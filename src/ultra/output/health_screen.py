"""Where reports of `ultra health` go: a terminal that is redrawn, a pipe, or JSON."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from ultra.core.health import HealthReport
from ultra.output.events import encode_json
from ultra.output.health import render_health
from ultra.output.keys import KeyPresses
from ultra.output.moments import dated
from ultra.output.screen import Screen
from ultra.output.streams import Streams

VERSION = 1

ASKING = "those of whom nothing is known are being asked"


class HealthScreen:
    """Shows reports: on a terminal each in the place of the one before, else one after the other.

    `as_json` writes one document, a line each where several are shown.
    """

    def __init__(self, streams: Streams, *, as_json: bool = False) -> None:
        self._streams = streams
        self._as_json = as_json
        self._again = False
        self._shown = False

    def begin(self, report: HealthReport) -> None:
        """Show what is known before anybody is asked, where it will be drawn over."""
        if self._streams.out_screen is not None and not self._as_json:
            self._draw(self._streams.out_screen, report, ASKING)

    def show(self, report: HealthReport) -> None:
        """Show a report. Raises as `Streams.write` does."""
        screen = self._streams.out_screen
        if self._as_json:
            self._streams.write(self._document(report))
        elif self._again and screen is not None:
            self._draw(screen, report, "q ends this")
        else:
            lines = render_health(report, streams=self._streams)
            self._streams.write("\n".join([*([""] if self._shown else []), *lines, ""]))
        self._shown = True

    @contextmanager
    def watching(self) -> Iterator[Callable[[], Coroutine[None, None, None]]]:
        """Redraw from now on; what it gives returns, when awaited, once `q` was pressed."""
        self._again = True
        with KeyPresses(self._streams) as keys:
            yield lambda: keys.pressed("q")
        if self._streams.out_screen is not None and not self._as_json:
            self._streams.wait()

    def _draw(self, screen: Screen, report: HealthReport, below: str) -> None:
        lines = render_health(report, streams=self._streams)
        screen.show("health", [*lines, "", screen.style(below, "dim")])

    def _document(self, report: HealthReport) -> str:
        encoded = encode_json(health_document(report))
        if not self._again:
            encoded = msgspec.json.format(encoded, indent=2)
        return encoded.decode() + "\n"


def health_document(report: HealthReport) -> dict[str, Any]:
    """The report as `--json` has it: versioned, with moments in ISO 8601."""
    return {"version": VERSION, **dated(report), "counts": report.counts}
