"""Which sinks watch a run: the order they are told in, on pipes and on terminals."""

import asyncio
import io

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.runs import Script
from tests.support.terminal import Terminal
from ultra.core.clock import SystemClock
from ultra.output.sinks import OutputSink, View, ask_sinks, compare_sinks
from ultra.output.streams import Streams

CLOCK = SystemClock()


def names(sinks: list[OutputSink]) -> list[str]:
    return [type(sink).__name__ for sink in sinks]


def piped(**more: object) -> Streams:
    return Streams(io.StringIO(), io.StringIO(), io.StringIO(), environ={}, **more)  # type: ignore[arg-type]


def test_a_pipe_gets_the_answer_and_nothing_else() -> None:
    """Progress, reasoning and the receipt are for terminals."""
    assert names(ask_sinks(piped(), CLOCK, View())) == ["TextSink"]
    assert names(compare_sinks(piped(), CLOCK, View())) == []


def test_what_was_asked_for_is_shown_on_a_pipe_too() -> None:
    """`-u` tells the receipt, `--events` replaces the answer, a document leaves stdout alone."""
    assert names(ask_sinks(piped(), CLOCK, View(usage=True))) == ["TextSink", "ReceiptSink"]
    assert names(ask_sinks(piped(), CLOCK, View(events=True))) == ["EventsSink"]
    assert names(compare_sinks(piped(), CLOCK, View(events=True))) == ["EventsSink"]
    assert names(ask_sinks(piped(), CLOCK, View(answer=False))) == []


def test_a_terminal_sees_panels_first_and_the_receipt_last() -> None:
    """So that neither stands in the way of the answer."""
    with Terminal() as terminal:
        streams = terminal.streams()
        live = ["PanelsSink", "ReasoningSink"]

        assert names(ask_sinks(streams, CLOCK, View())) == [*live, "MarkdownSink", "ReceiptSink"]
        assert names(ask_sinks(streams, CLOCK, View(markdown=False))) == [
            *live, "TextSink", "ReceiptSink",
        ]  # fmt: skip
        assert names(compare_sinks(streams, CLOCK, View())) == ["ColumnsSink", "ReceiptSink"]
        assert names(compare_sinks(streams, CLOCK, View(answer=False))) == [*live, "ReceiptSink"]


def test_quiet_leaves_the_answer() -> None:
    """Nothing but the answer is shown under `--quiet`."""
    with Terminal() as terminal:
        streams = terminal.streams(loudness="quiet")

        assert names(ask_sinks(streams, CLOCK, View())) == ["MarkdownSink"]
        assert names(compare_sinks(streams, CLOCK, View())) == ["ColumnsSink"]


def fusion() -> Script:
    script = Script().begin("a", "b")
    for number, name in ((1, "a"), (2, "b")):
        script.call(number, "member", name=name, index=number - 1).text(number, "draft")
        script.finish(number)
    script.call(3, "analysis", name="c").text(3, "notes").finish(3)
    return script.call(4, "writer", name="c").text(4, "The **answer", "** is\n\n", "42.").finish(4)


@pytest.mark.parametrize("columns", [20, 80, 200], ids=str)
async def test_a_whole_run_leaves_the_answer_and_one_receipt(columns: int) -> None:
    """All sinks together on one terminal: no frame is left, nothing is said twice."""
    with Terminal(columns) as terminal:
        streams = terminal.streams()
        sinks = ask_sinks(streams, CLOCK, View())
        for event in fusion().conclude(4).end().events:
            for sink in sinks:
                sink.on_event(event)
            await asyncio.sleep(0.03)
        await streams.finish(PATIENCE_S)
        streams.tell_kept()
        grid = terminal.grid()

    *answer, receipt = grid.text.split("\n")
    assert answer == ["The answer is", "", "42."]
    assert "ab12cd34" in receipt
    assert "$0.0123" in receipt


async def test_plain_words_on_a_terminal_have_no_markdown_and_no_controls() -> None:
    """`markdown` false shows the model's own text, made safe."""
    with Terminal(80) as terminal:
        streams = terminal.streams()
        sinks = ask_sinks(streams, CLOCK, View(markdown=False))
        script = Script().begin("a").call(1).text(1, "**bold** \x1b[2J", "\x1b[31mred").finish(1)
        for event in script.conclude(1).end().events:
            for sink in sinks:
                sink.on_event(event)
        await streams.finish(PATIENCE_S)
        streams.tell_kept()
        answer, receipt = terminal.grid().text.split("\n")

    assert answer == "**bold** red"
    assert receipt.startswith("fast · 2.1 s")


async def test_a_pipe_told_usage_gets_one_line_on_stderr() -> None:
    """The receipt has no colour and no width there."""
    streams = piped()
    for sink in ask_sinks(streams, CLOCK, View(usage=True)):
        for event in fusion().conclude(4).end().events:
            sink.on_event(event)
        sink.close()
    await streams.finish(PATIENCE_S)
    kept = streams.stderr.getvalue()  # type: ignore[attr-defined]
    streams.tell_kept()

    assert kept == ""
    assert streams.stdout.getvalue() == "The **answer** is\n\n42.\n"  # type: ignore[attr-defined]
    assert streams.stderr.getvalue().startswith("2 members · 2.1 s · $0.0123 · ")  # type: ignore[attr-defined]
