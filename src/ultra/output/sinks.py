"""Which sinks watch a run, in the order they must be told.

Panels first, so that they are gone before the answer's first word is drawn on the same terminal;
the receipt last, and kept until `Streams.tell_kept`, so that it stands below all that is delivered.
"""

from typing import Protocol

from msgspec import Struct

from ultra.core.ports import Clock, Sink
from ultra.output.columns import ColumnsSink
from ultra.output.events import EventsSink
from ultra.output.markdown import MarkdownSink
from ultra.output.panels import PanelsSink
from ultra.output.reasoning import ReasoningSink
from ultra.output.receipt import ReceiptSink
from ultra.output.streams import Streams
from ultra.output.text import TextSink


class OutputSink(Sink, Protocol):
    """A sink that may hold something back until it is closed; closing twice is no harm."""

    def close(self) -> None:
        """Write what is held back and leave the terminal as it was."""
        ...


class View(Struct, frozen=True):
    """What the user wants to see of a run.

    `answer` false leaves stdout to a document that is written at the end. `markdown` false shows
    the plain words on a terminal too. `usage` asks for the receipt where stderr is no terminal too.
    """

    answer: bool = True
    stream: bool = True
    markdown: bool = True
    sanitize: bool = False
    events: bool = False
    usage: bool = False


def ask_sinks(streams: Streams, clock: Clock, view: View) -> list[OutputSink]:
    """The sinks of a run with one answer."""
    return [*_progress(streams, clock), *_answer(streams, clock, view), *_receipt(streams, view)]


def compare_sinks(streams: Streams, clock: Clock, view: View) -> list[OutputSink]:
    """The sinks of a run with many answers; a pipe gets its document at the end."""
    if view.events:
        shown: list[OutputSink] = [EventsSink(streams.writer)]
    elif view.answer and streams.out_screen is not None:
        return [ColumnsSink(streams.out_screen, clock=clock), *_receipt(streams, view)]
    else:
        shown = []
    return [*_progress(streams, clock), *shown, *_receipt(streams, view)]


def blind_sinks(streams: Streams, clock: Clock) -> list[OutputSink]:
    """The sinks of a comparison whose names are hidden: every other one names the models."""
    if streams.err_screen is None or streams.quiet:
        return []
    # No other run has a use for it.
    from ultra.output.blind_progress import BlindProgressSink  # noqa: PLC0415

    return [BlindProgressSink(streams.err_screen, clock=clock)]


def _progress(streams: Streams, clock: Clock) -> list[OutputSink]:
    screen = streams.err_screen
    if screen is None or streams.quiet:
        return []
    return [PanelsSink(screen, clock=clock), ReasoningSink(screen)]


def _answer(streams: Streams, clock: Clock, view: View) -> list[OutputSink]:
    if view.events:
        return [EventsSink(streams.writer)]
    if not view.answer:
        return []
    if view.markdown and streams.out_screen is not None:
        return [MarkdownSink(streams.out_screen, clock=clock, stream=view.stream)]
    sanitize = view.sanitize or streams.stdout_is_tty
    return [TextSink(streams.writer, sanitize=sanitize, stream=view.stream)]


def _receipt(streams: Streams, view: View) -> list[OutputSink]:
    def tell(line: str) -> None:
        streams.tell_last(f"{line}\n")

    if streams.err_screen is not None and not streams.quiet:
        return [ReceiptSink.on(streams.err_screen, tell)]
    return [ReceiptSink(tell, width=None)] if view.usage else []
