"""How far a blind comparison is, on a real pseudo-terminal."""

import asyncio
import re

from tests.support.patience import PATIENCE_S
from tests.support.runs import ManualClock, Script
from tests.support.terminal import Terminal
from ultra.output.blind_progress import BlindProgressSink
from ultra.output.sinks import blind_sinks

NAMES = ("alpha", "beta", "gamma")


def under_way() -> Script:
    """One has answered, one is answering, one is yet to begin."""
    script = Script().begin(*NAMES, verb="compare")
    script.call(1, "member", name="alpha", index=0).text(1, "Paris").finish(1)
    return script.call(2, "member", name="beta", index=1).text(2, "It is")


async def drawn(script: Script) -> str:
    """What stands on the terminal one frame after the script; nothing is left at the end."""
    with Terminal(60) as terminal:
        screen = terminal.streams(environ={"NO_COLOR": "1"}).err_screen
        assert screen is not None
        sink = BlindProgressSink(screen, clock=ManualClock())
        for event in script.events:
            sink.on_event(event)
            await sink.drained(event.call)
        await asyncio.sleep(0.1)
        await screen.writer.finish(PATIENCE_S)
        text = terminal.grid().text
        sink.on_event(script.end().events[-1])
        sink.on_event(script.text(2, "late").events[-1])
        await screen.writer.finish(PATIENCE_S)
        assert terminal.grid().text == ""
        return text


async def test_how_many_have_answered_is_told_and_never_who() -> None:
    """In one line: neither a name nor a word of an answer."""
    line = await drawn(under_way())

    assert re.fullmatch(r"1 of 3 have answered · \S+ s", line)


async def test_the_lost_and_the_judges_are_counted_apart() -> None:
    """An ensemble counts once, whoever is asked for it."""
    script = under_way().fail(2).call(3, "member", name="gamma", index=2)
    script.call(4, "member", name="inner", parent=script.id(3)).finish(4)
    script.text(3, "Paris").finish(3)
    script.call(5, "judge", name="j")

    line = await drawn(script)

    assert line.startswith("2 of 3 have answered · 1 lost · judging · ")


def test_nothing_is_drawn_where_nobody_looks() -> None:
    """In a pipe, and under `--quiet`."""
    with Terminal(60) as terminal:
        loud = terminal.streams()
        quiet = terminal.streams(loudness="quiet")
        piped = terminal.streams(environ={"TERM": "dumb"})

        assert len(blind_sinks(loud, ManualClock())) == 1
        assert blind_sinks(quiet, ManualClock()) == blind_sinks(piped, ManualClock()) == []
