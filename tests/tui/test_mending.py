"""What textual keeps of the past, let go of: the app is left open for days."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.segment import Segment
from textual._styles_cache import StylesCache
from textual.pilot import Pilot
from textual.strip import Strip

from tests.support.tui import runtime, settled, shown, words
from ultra.tui.mending import mend


@pytest.fixture
def _uncollected() -> Iterator[None]:
    """Without the collector, which would find at a time of its own what goes around in circles."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_uncollected")
async def test_lines_that_were_drawn_over_go_at_once(tmp_path: Path) -> None:
    """A thousand a second are, which the collector would stop everything to find."""
    async with shown(runtime(tmp_path / "home")) as pilot:
        _draw_anew(pilot, 2)
        before = _count(Strip)
        _draw_anew(pilot, 10)
        assert _count(Strip) <= before + 10


def test_a_line_is_divided_as_ever() -> None:
    """Where it is cut, but for what is beyond its end."""
    mend()
    mend()
    line = Strip([Segment("abc"), Segment("def")])

    assert [part.text for part in line.divide([2, 6])] == ["ab", "cdef"]
    assert [part.text for part in line.divide([2, 4])] == ["ab", "cd"]
    assert [part.text for part in line.divide([6, 9])] == ["abcdef"]
    assert [part.text for part in line.divide([9])] == []


async def test_lines_of_widgets_that_are_gone_are_not_kept(tmp_path: Path) -> None:
    """Each change of the screen makes keys anew."""
    async with shown(runtime(tmp_path / "home")) as pilot:
        await _there_and_back(pilot, 3)
        before = _count(StylesCache)
        await _there_and_back(pilot, 10)
        assert _count(StylesCache) <= before + 10


def _draw_anew(pilot: Pilot[None], times: int) -> None:
    for _ in range(times):
        for widget in pilot.app.screen.walk_children():
            widget.refresh()
        words(pilot)


async def _there_and_back(pilot: Pilot[None], times: int) -> None:
    for _ in range(times):
        for key in ("2", "1"):
            await pilot.press(key)
            await settled(pilot)


def _count(kind: type) -> int:
    if gc.isenabled():
        gc.collect()
    return sum(type(one) is kind for one in gc.get_objects())
