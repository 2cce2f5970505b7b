"""All answers of a comparison, side by side while they come and whole at the end."""

import asyncio

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.runs import HOSTILE, ManualClock, Script
from tests.support.terminal import Terminal
from ultra.core.stream import TextDelta
from ultra.output.columns import ColumnsSink


def two(first: str = "Paris is it", second: str = "It is Paris") -> Script:
    script = Script().begin("left", "right", verb="compare")
    script.call(2, "member", name="right", index=1).text(2, *second)
    return script.call(1, "member", name="left", index=0).text(1, *first)


async def run(terminal: Terminal, script: Script) -> tuple[str, str]:
    """What stands while it is live, and what is left at the end."""
    streams = terminal.streams(environ={"NO_COLOR": "1"})
    assert streams.out_screen is not None
    sink = ColumnsSink(streams.out_screen, clock=ManualClock())
    for event in script.events:
        sink.on_event(event)
        await sink.drained(event.call)
    await asyncio.sleep(0.1)
    await streams.finish(PATIENCE_S)
    live = terminal.grid().text
    sink.close()
    sink.close()
    await streams.finish(PATIENCE_S)
    assert terminal.grid().wrapped == 0
    return live, terminal.grid().text


async def test_answers_stand_side_by_side_where_there_is_room() -> None:
    """Thirty columns each are enough; the order is the order asked for."""
    with Terminal(80) as terminal:
        live, _ = await run(terminal, two())

    head, *body = live.split("\n")
    assert head.index("left") < head.index("right")
    assert [part.strip() for part in body[0].split("│")] == ["Paris is it", "It is Paris"]


async def test_answers_are_stacked_where_there_is_none() -> None:
    """A narrow terminal shows one below the other."""
    with Terminal(40) as terminal:
        live, _ = await run(terminal, two())

    lines = live.split("\n")
    assert "│" not in live
    assert lines.index("Paris is it") < lines.index("It is Paris")


@pytest.mark.parametrize("width", [40, 80])
async def test_whoever_waits_for_judges_sees_that(width: int) -> None:
    """One line below the answers, however many judge, and none of it is left at the end."""
    script = two().call(3, "judge", name="j").call(4, "judge", name="k")
    script.finish(3)
    with Terminal(width) as terminal:
        live, left = await run(terminal, script)

    assert live.rstrip().split("\n")[-1].startswith("judging · 1 of 2 done · ")
    assert "judging" not in left


async def test_more_answers_than_rows_still_fit() -> None:
    """Ten members on five rows never draw more than the terminal holds."""
    script = Script().begin()
    for number in range(1, 11):
        script.call(number, "member", index=number).text(number, "words")
    with Terminal(40, 5) as terminal:
        live, whole = await run(terminal, script)

    assert len(live.split("\n")) == 3
    assert whole.count("words") == 10


async def test_the_end_has_every_answer_whole_in_the_order_asked_for() -> None:
    """Arrival, failure and cancelling change nothing of the order."""
    script = two().finish(2).finish(1)
    script.call(3, "member", name="lost", index=2).fail(3)
    script.call(4, "member", name="mute", index=3, simulated=True).finish(4)
    script.call(5, "member", name="cut", index=4).text(5, "half").end()
    with Terminal(80) as terminal:
        _, whole = await run(terminal, script)

    places = [whole.index(name) for name in ("left", "right", "lost", "mute", "cut")]
    assert places == sorted(places)
    assert "── left · openai:gpt-5-mini · 1.5 s · $0.00615 ──\n\nParis is it" in whole
    assert "failed: it [red]broke" in whole
    assert "simulated" in whole
    assert "cut short" in whole
    assert "done: no words" in whole


async def test_a_call_that_was_never_answered_says_so() -> None:
    """A run that was stopped shows who had nothing to say."""
    with Terminal(80) as terminal:
        _, whole = await run(terminal, Script().begin("a").call(1, "member", index=0))

    assert "waiting: stopped" in whole


@pytest.mark.parametrize("columns", [20, 80, 200], ids=str)
async def test_hostile_words_are_inert(columns: int) -> None:
    """Nothing but allowed sequences reaches the terminal, live and at the end."""
    pieces = [HOSTILE[start : start + 9] for start in range(0, len(HOSTILE), 9)]
    script = Script().begin().call(1, "member", name=HOSTILE, index=0, simulated=True)
    script.text(1, *pieces).call(2, "member", index=1).fail(2)
    with Terminal(columns) as terminal:
        await run(terminal, script)


async def test_events_after_the_end_change_nothing() -> None:
    """What comes late, or from a call that was never started, is ignored."""
    script = two().say(TextDelta("stray"), "other").finish(1).finish(2).end().text(1, "late")
    with Terminal(80) as terminal:
        _, whole = await run(terminal, script)

    assert "late" not in whole
    assert "stray" not in whole
