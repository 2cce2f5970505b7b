"""One suite that every sink passes, whatever a run does."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.patience import PATIENCE_S, in_time
from tests.support.runs import HOSTILE, ManualClock, Script
from tests.support.terminal import Grid
from ultra.core.events import Event, RunFinished, StageStarted, VerdictReached
from ultra.core.stream import ReasoningDelta, ResponseStarted, ToolCallDelta, UsageReported
from ultra.core.usage import Usage
from ultra.core.verdict import Verdict
from ultra.output.columns import ColumnsSink
from ultra.output.events import EventsSink
from ultra.output.markdown import MarkdownSink
from ultra.output.panels import PanelsSink
from ultra.output.reasoning import ReasoningSink
from ultra.output.receipt import ReceiptSink
from ultra.output.screen import Screen
from ultra.output.sinks import OutputSink
from ultra.output.stdout import StdoutWriter
from ultra.output.text import TextSink


@dataclass
class Stage:
    """What a sink is made of: a file, its writer and a screen over it."""

    columns: int = 80
    file: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        self.writer = StdoutWriter(self.file)
        self.screen = Screen(self.writer, size=lambda: (self.columns, 24), colour=True)

    def written(self) -> str:
        self.writer.wait(PATIENCE_S)
        return self.file.getvalue()


SINKS: dict[str, Callable[[Stage], OutputSink]] = {
    "text": lambda stage: TextSink(stage.writer, sanitize=False),
    "sanitised": lambda stage: TextSink(stage.writer, sanitize=True),
    "whole": lambda stage: TextSink(stage.writer, sanitize=True, stream=False),
    "events": lambda stage: EventsSink(stage.writer),
    "markdown": lambda stage: MarkdownSink(stage.screen, clock=ManualClock()),
    "panels": lambda stage: PanelsSink(stage.screen, clock=ManualClock()),
    "reasoning": lambda stage: ReasoningSink(stage.screen),
    "columns": lambda stage: ColumnsSink(stage.screen, clock=ManualClock()),
    "receipt": lambda stage: ReceiptSink.on(stage.screen, lambda line: stage.screen.print([line])),
}
ON_SCREEN = ("sanitised", "whole", "markdown", "panels", "reasoning", "columns", "receipt")

WORDS = st.one_of(
    st.text(max_size=20),
    st.integers(0, 350).map(lambda start: HOSTILE[start : start + 40]),
    st.sampled_from(["# head\n\n", "```\n", "- item\n", "\n\n", "| a |\n|---|\n", ""]),
)


@st.composite
def runs(draw: st.DrawFn) -> list[Event]:
    """Any legal run: calls of every role interleaved, retried, failed, cancelled, or cut off."""
    script = Script().begin("a", "b", simulated=draw(st.booleans()))
    script.say(StageStarted("panel"))
    roles = draw(st.lists(st.sampled_from(["answer", "member", "analysis", "writer"]), max_size=4))
    for number, role in enumerate(roles, start=1):
        index = number - 1 if role in ("answer", "member") else None
        script.call(number, role, name=draw(WORDS), index=index, sample=draw(st.integers(0, 1)))
        if draw(st.booleans()):
            script.stumble(number, draw(st.sampled_from([None, 0.5, 60.0])))
    for _ in range(draw(st.integers(0, 8)) if roles else 0):
        _speak(draw, script, draw(st.integers(1, len(roles))))
    for number in draw(st.permutations(range(1, len(roles) + 1))):
        draw(st.sampled_from([script.finish, script.fail, script.cancel]))(number)
    if draw(st.booleans()) and roles:
        ids = tuple(script.id(number) for number in range(1, len(roles) + 1))
        script.say(VerdictReached(Verdict(ids)))
    if draw(st.booleans()) and roles:
        script.conclude(1, degraded=draw(st.booleans()), reasons=(draw(WORDS),))
    script.end(cost_nano=draw(st.sampled_from([None, 0, 12_300_000])))
    return script.events[: draw(st.integers(0, len(script.events)))]


def _speak(draw: st.DrawFn, script: Script, number: int) -> None:
    kind = draw(st.integers(0, 4))
    if kind == 0:
        script.say(ReasoningDelta(draw(WORDS)), script.id(number))
    elif kind == 1:
        script.say(ToolCallDelta(0, "id", "tool", draw(WORDS)), script.id(number))
    elif kind == 2:
        script.say(UsageReported(Usage(text_output_tokens=3)), script.id(number))
        script.say(ResponseStarted("model", "req"), script.id(number))
    else:
        script.text(number, draw(WORDS))


async def watch(sink: OutputSink, events: list[Event]) -> None:
    for event in events:
        sink.on_event(event)
        await in_time(sink.drained(event.call))
    sink.close()
    sink.close()


@pytest.mark.parametrize("name", SINKS)
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events=runs(), columns=st.sampled_from([1, 20, 80, 200]))
def test_no_sink_ever_raises(name: str, events: list[Event], columns: int) -> None:
    """Any legal run, cut off anywhere, on any width, with a loop; closing twice is no harm."""
    stage = Stage(columns)

    asyncio.run(watch(SINKS[name](stage), events))

    stage.written()


@pytest.mark.parametrize("name", ON_SCREEN)
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events=runs(), columns=st.sampled_from([20, 80, 200]))
def test_what_reaches_a_screen_is_inert(name: str, events: list[Event], columns: int) -> None:
    """Nothing but the allowed sequences, however a sequence was split."""
    stage = Stage(columns)

    asyncio.run(watch(SINKS[name](stage), events))

    Grid(columns).feed(stage.written())


@pytest.mark.parametrize("name", SINKS)
async def test_a_closed_sink_leaves_no_frame_behind(name: str) -> None:
    """Whatever was drawn live is gone or printed for good, and no timer goes on."""
    stage = Stage()
    sink = SINKS[name](stage)
    for event in Script().begin("a").call(1, index=0).text(1, "word").events:
        sink.on_event(event)
    await asyncio.sleep(0.1)
    sink.close()
    before = stage.written()
    await asyncio.sleep(0.1)

    assert stage.written() == before
    assert not stage.screen._drawn


@pytest.mark.parametrize("name", ["text", "sanitised", "whole", "markdown", "columns"])
async def test_an_answer_is_shown_once(name: str) -> None:
    """Streamed, concluded and finished: its words stand there one time."""
    stage = Stage()
    script = Script().begin("a").call(1, index=0).text(1, "uni", "que words").finish(1)

    await watch(SINKS[name](stage), script.conclude(1).end().events)

    assert Grid(80).feed(stage.written()).text.count("unique words") == 1


@pytest.mark.parametrize("name", SINKS)
async def test_a_reader_that_left_stops_no_sink(name: str) -> None:
    """A broken pipe is the writer's business: sinks go on and nobody waits."""
    import os

    reader, out = os.pipe()
    os.close(reader)
    stage = Stage()
    stage.writer = StdoutWriter(out)
    stage.screen = Screen(stage.writer, size=lambda: (80, 24), colour=False)
    script = Script().begin("a").call(1, index=0).say(ReasoningDelta("hm\n"), Script().id(1))
    script.text(1, "x" * 300_000).finish(1).conclude(1).end()

    await watch(SINKS[name](stage), script.events)
    await stage.writer.finish(PATIENCE_S)
    os.close(out)

    assert isinstance(script.events[-1].body, RunFinished)
