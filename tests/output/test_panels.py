"""A line for every call while a run is under way, on a real pseudo-terminal."""

import asyncio
import re

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.runs import HOSTILE, ManualClock, Script
from tests.support.terminal import Terminal
from ultra.core.errors import ErrorClass
from ultra.core.events import AttemptFailed, AttemptStarted, CallStarted, CallWaiting
from ultra.core.stream import ReasoningDelta, ToolCallDelta, UsageReported
from ultra.core.usage import Usage
from ultra.output.panels import PanelsSink, fit, state_words
from ultra.output.progress import Progress
from ultra.output.reasoning import ReasoningSink
from ultra.output.screen import Screen


def screen_of(terminal: Terminal, *, colour: bool = False) -> Screen:
    screen = terminal.streams(environ={} if colour else {"NO_COLOR": "1"}).err_screen
    assert screen is not None
    return screen


async def drawn(terminal: Terminal, script: Script, clock: ManualClock | None = None) -> str:
    """What stands on the terminal one frame after the script."""
    screen = screen_of(terminal)
    sink = PanelsSink(screen, clock=clock or ManualClock())
    for event in script.events:
        sink.on_event(event)
        await sink.drained(event.call)
    await asyncio.sleep(0.1)
    await screen.writer.finish(PATIENCE_S)
    text = terminal.grid().text
    sink.close()
    await screen.writer.finish(PATIENCE_S)
    assert terminal.grid().text == "", "panels are gone at the end"
    assert terminal.grid().wrapped == 0
    return text


def every_state() -> Script:
    script = Script().begin("a", "b", "c", "d", "e", "f")
    script.say(CallStarted("member", "waits", "openai", "gpt", index=0), script.id(1))
    script.call(2, "member", name="thinks", index=1).say(ReasoningDelta("hm"), script.id(2))
    script.call(3, "member", name="streams", index=2).text(3, "some words here")
    script.call(4, "member", name="done", index=3).text(4, "x").finish(4)
    script.call(5, "member", name="fails", index=4).fail(5)
    script.call(6, "member", name="retries", index=5, sample=1).stumble(6, 7.0)
    script.call(7, "member", name="stops", index=6).cancel(7)
    script.call(8, "member", name="cut", index=7).text(8, "x").fail(8)
    script.call(9, "member", name="asked", index=8)
    return script.call(10, "member", name="reasoner", index=9, thinks=True)


async def test_every_state_is_told_in_words() -> None:
    """Without colour the words alone say where each call stands."""
    with Terminal(200) as terminal:
        text = await drawn(terminal, every_state())

    states = dict(re.findall(r"^. (\w+(?: #2)?) +(\w+)", text, re.MULTILINE))
    assert states == {
        "waits": "waiting",
        "thinks": "thinking",
        "streams": "streaming",
        "done": "done",
        "fails": "failed",
        "retries #2": "retry",
        "stops": "cancelled",
        "cut": "partial",
        "asked": "waiting",
        "reasoner": "thinking",
    }


async def test_figures_are_estimates_until_they_are_known() -> None:
    """Tokens carry `~` while streaming; cost and first token come with the end."""
    with Terminal(200) as terminal:
        lines = (await drawn(terminal, every_state())).split("\n")

    assert "~4 tok" in lines[2]
    assert "201 tok" in lines[3]
    assert "$0.00615" in lines[3]
    assert "ttft 0.20 s" in lines[3]
    assert "it [red]broke" in lines[4]


@pytest.mark.parametrize("columns", [8, 20, 40, 60, 80, 120, 200], ids=str)
async def test_lines_fit_every_width(columns: int) -> None:
    """Nothing wraps on any terminal, and the state can still be read on 20 columns."""
    with Terminal(columns) as terminal:
        text = await drawn(terminal, every_state())

    assert columns < 20 or "streaming" in text


async def test_members_stand_in_the_order_asked_for_and_others_below() -> None:
    """Arrival changes nothing; a strategy's own calls carry their role."""
    script = Script().begin("a", "b").call(2, "member", name="b", index=1)
    script.call(1, "member", name="a", index=0).call(3, "analysis", name="c")
    with Terminal(80) as terminal:
        lines = (await drawn(terminal, script)).split("\n")

    assert [line.split()[1] for line in lines] == ["a", "b", "analysis"]


async def test_more_members_than_rows_are_summed_up() -> None:
    """A short terminal shows the first ones and counts the rest."""
    script = Script().begin()
    for number in range(1, 31):
        script.call(number, "member", index=number)
    with Terminal(80, 10) as terminal:
        lines = (await drawn(terminal, script)).split("\n")

    assert len(lines) == 8
    assert lines[-1] == "… 23 more, 23 running"


async def test_panels_are_gone_before_the_answers_first_word() -> None:
    """The answer never shares the terminal with them, and they do not come back."""
    script = Script().begin("a").call(1, "member", index=0).finish(1).call(2, "writer")
    with Terminal(80) as terminal:
        screen = screen_of(terminal)
        sink = PanelsSink(screen, clock=ManualClock())
        for event in script.events:
            sink.on_event(event)
        await asyncio.sleep(0.1)
        for event in script.text(2, "word").finish(2).conclude(2).end().events[-5:]:
            sink.on_event(event)
        await asyncio.sleep(0.1)
        await screen.writer.finish(PATIENCE_S)

        assert "writer fast" in terminal.raw()
        assert terminal.grid().text == ""


async def test_time_moves_without_events() -> None:
    """The elapsed time is drawn by the clock, and at most 15 frames a second."""
    clock = ManualClock()
    with Terminal(80) as terminal:
        screen = screen_of(terminal)
        sink = PanelsSink(screen, clock=clock)
        for event in Script().begin("a").call(1).events:
            sink.on_event(event)
        clock.now += 41.0
        await asyncio.sleep(0.5)
        sink.close()
        await screen.writer.finish(PATIENCE_S)
        raw = terminal.raw()

    assert "40.9 s" in raw
    assert 1 <= raw.count("fast") <= 8


async def test_hostile_names_and_errors_are_inert() -> None:
    """What a profile or a provider says cannot reach the terminal as anything but words."""
    script = Script().begin(HOSTILE).call(1, "member", name=HOSTILE, index=0).fail(1)
    for columns in (20, 80, 200):
        with Terminal(columns) as terminal:
            await drawn(terminal, script)


async def test_colour_is_used_where_it_is_wanted() -> None:
    """A failed call is red, by SGR alone."""
    with Terminal(80) as terminal:
        screen = screen_of(terminal, colour=True)
        sink = PanelsSink(screen, clock=ManualClock())
        for event in every_state().events:
            sink.on_event(event)
        await asyncio.sleep(0.1)
        sink.close()
        await screen.writer.finish(PATIENCE_S)

        assert "\x1b[31m✗ fails" in terminal.raw()
        assert terminal.grid().text == ""


def test_a_layout_leaves_out_what_matters_least() -> None:
    """First the time to the first token goes, then cost, tokens and elapsed time."""
    shown = [
        sum((layout.elapsed, layout.tokens, layout.cost, layout.ttft))
        for layout in (fit(width, 10) for width in (19, 35, 48, 70, 90))
    ]

    assert shown == sorted(shown)
    assert (shown[0], shown[-1]) == (0, 4)


def test_progress_follows_tools_usage_and_unknown_calls() -> None:
    """Tool calls stream too; a report replaces the estimate; strangers are ignored."""
    script = Script().begin("a").call(1).say(ToolCallDelta(0, arguments='{"ä":1}'), Script().id(1))
    progress = Progress(ManualClock())
    assert progress.now_s == 0.0
    for event in script.events:
        progress.take(event)
    row = progress.rows[script.id(1)]
    estimate = row.tokens
    for event in script.say(UsageReported(Usage(text_output_tokens=9)), script.id(1)).events[-1:]:
        progress.take(event)

    assert (estimate, row.tokens, row.state) == ("~2", "9", "streaming")
    assert progress.take(Script().text(9, "x").events[0]) is None


def test_a_failed_attempt_without_another_try_keeps_its_state() -> None:
    """The end of the call says what became of it."""
    script = Script().begin("a").call(1).stumble(1, None)
    progress = Progress(ManualClock())
    for event in script.events:
        progress.take(event)

    assert isinstance(script.events[-1].body, AttemptFailed)
    assert (progress.rows[script.id(1)].state, progress.rows[script.id(1)].note) == (
        "waiting",
        "overloaded",
    )


def test_a_call_that_is_put_off_says_for_how_long_and_why() -> None:
    """A rate gate's wait counts down; the try that follows is an ordinary one."""
    clock = ManualClock()
    script = Script().begin("a")
    started = CallStarted("answer", "fast", "openai", "gpt-5-mini")
    script.say(started, script.id(1))
    gate = "`openai` lets no more requests through"
    script.say(CallWaiting(ErrorClass.RATE_LIMIT, gate, 12.0), script.id(1))
    progress = Progress(clock)
    for event in script.events:
        progress.take(event)
    row = progress.rows[script.id(1)]

    clock.now += 5.0
    assert row.running
    assert state_words(row, progress.now_s) == "wait 7 s"
    assert row.note == gate
    progress.take(script.say(AttemptStarted("x", 1), script.id(1)).events[-1])
    assert state_words(row, progress.now_s) == "waiting"


async def test_a_sink_without_a_loop_draws_nothing_and_raises_nothing() -> None:
    """Frames come by time, and there is no time without a loop."""

    def sync() -> None:
        with Terminal(80) as terminal:
            sink = PanelsSink(screen_of(terminal), clock=ManualClock())
            for event in every_state().events:
                sink.on_event(event)
            sink.close()

    await asyncio.to_thread(sync)


async def test_reasoning_is_dimmed_and_ends_before_the_answer() -> None:
    """Only the thinking of calls that answer is shown, wrapped, whole lines at a time."""
    script = Script().begin("a").call(1, "member").say(ReasoningDelta("secret"), Script().id(1))
    script.call(2).say(ReasoningDelta("first\nsec"), script.id(2))
    script.say(ReasoningDelta("ond \x1b[2J" + "w" * 30), script.id(2)).text(2, "answer").end()
    with Terminal(20) as terminal:
        screen = screen_of(terminal, colour=True)
        sink = ReasoningSink(screen)
        for event in script.events:
            sink.on_event(event)
            await sink.drained(event.call)
        sink.close()
        await screen.writer.finish(PATIENCE_S)

        assert terminal.grid().text == "first\nsecond\nwwwwwwwwwwwwwwwwwww\nwwwwwwwwwww"
        assert "\x1b[2mfirst\x1b[0m" in terminal.raw()
