"""Lines that stay and lines that are redrawn, on a real pseudo-terminal."""

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.terminal import Terminal
from ultra.output.screen import Screen
from ultra.output.stdout import StdoutWriter


def screen_of(terminal: Terminal, *, colour: bool = True) -> Screen:
    streams = terminal.streams(environ={} if colour else {"NO_COLOR": "1"})
    assert streams.out_screen is not None
    return streams.out_screen


async def shown(screen: Screen, terminal: Terminal) -> str:
    await screen.writer.finish(PATIENCE_S)
    return terminal.grid().text


async def test_slots_are_redrawn_in_place_below_what_stays() -> None:
    """Old frames leave nothing behind, whatever their height."""
    with Terminal(40) as terminal:
        screen = screen_of(terminal)
        screen.show("answer", ["one", "two", "three"])
        screen.show("panels", ["status"])
        screen.show("answer", ["uno"], above=["kept"])
        screen.print(["also kept"])

        assert await shown(screen, terminal) == "kept\nalso kept\nuno\nstatus"


async def test_a_dropped_slot_is_gone() -> None:
    """Nothing of a drawing is left at the end, and dropping twice is no harm."""
    with Terminal(40) as terminal:
        screen = screen_of(terminal)
        screen.print(["before"])
        screen.show("panels", ["a", "b"])
        screen.drop("panels")
        screen.drop("panels")
        screen.drop("other", above=["after"])

        assert await shown(screen, terminal) == "before\nafter"


async def test_an_unchanged_frame_is_not_written() -> None:
    """A still picture costs no bytes."""
    with Terminal(40) as terminal:
        screen = screen_of(terminal)
        screen.show("panels", ["same"])
        await screen.writer.finish(PATIENCE_S)
        before = len(terminal.raw())

        screen.show("panels", ["same"])
        await screen.writer.finish(PATIENCE_S)

        assert len(terminal.raw()) == before


async def test_a_drawing_taller_than_the_terminal_shows_its_end() -> None:
    """The cursor can always get back to the top of what was drawn."""
    with Terminal(40, 5) as terminal:
        screen = screen_of(terminal)
        screen.show("answer", [str(number) for number in range(50)])
        screen.show("answer", [str(number) for number in range(51)])

        assert await shown(screen, terminal) == "47\n48\n49\n50"


async def test_a_line_that_is_too_long_does_not_wrap_a_frame() -> None:
    """A width that was measured wrong costs characters, not the picture."""
    with Terminal(10) as terminal:
        screen = screen_of(terminal)
        screen.show("panels", ["x" * 30, "y"])
        screen.show("panels", ["z"])
        await screen.writer.finish(PATIENCE_S)
        raw = terminal.raw()

        assert "\x1b[?7l" in raw
        assert raw.endswith("\x1b[?7h")


async def test_a_window_made_narrower_is_cleared_by_the_rows_it_takes_now() -> None:
    """A terminal wraps old lines when it shrinks, so more rows have to go."""
    with Terminal(40) as terminal:
        screen = screen_of(terminal)
        screen.show("panels", ["x" * 40])
        terminal.resize(20, 24)
        screen.show("panels", ["y"])
        await screen.writer.finish(PATIENCE_S)

        assert "\x1b[2A" in terminal.raw()


def test_frames_are_skipped_while_the_terminal_is_behind() -> None:
    """A terminal that does not read gets no pile of frames; what must stay is still queued."""
    import os

    reader, out = os.pipe()
    writer = StdoutWriter(out)
    screen = Screen(writer, size=lambda: (80, 24), colour=False)
    writer.write("x" * 200_000)
    behind = writer.pending

    for number in range(1000):
        screen.show("panels", [str(number)])
    skipped = writer.pending <= behind
    screen.show("panels", ["last"], above=["stays"])

    assert skipped
    assert writer.pending > 0
    assert len(os.read(reader, 10)) == 10
    os.close(reader)
    writer.wait(PATIENCE_S)
    os.close(out)


@pytest.mark.parametrize("colour", [True, False], ids=["colour", "no-colour"])
def test_styles_are_left_out_without_colour(colour: bool) -> None:
    """NO_COLOR leaves the words."""
    screen = Screen(StdoutWriter(1), size=lambda: (80, 24), colour=colour)

    assert screen.style("word", "dim") == ("\x1b[2mword\x1b[0m" if colour else "word")
    assert screen.style("", "dim") == ""


def test_rich_text_is_rendered_without_blank_ends() -> None:
    """Lines come without padding, and an empty rendering has none."""
    from rich.text import Text

    screen = Screen(StdoutWriter(1), size=lambda: (80, 24), colour=False)

    assert screen.render(Text("\n\na\n\n"), 10) == ["a"]
    assert screen.render(Text("\n"), 10) == []
