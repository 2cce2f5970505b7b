"""What holds for every screen of `ultra tui`."""

from pathlib import Path

import pytest

from tests.support.tui import runtime, settled, shown, words
from ultra.tui.screens import PAGES


@pytest.mark.parametrize("place", range(1, 6))
async def test_a_number_goes_to_its_screen(tmp_path: Path, place: int) -> None:
    """And the header says which of the five it is."""
    async with shown(runtime(tmp_path / "home")) as pilot:
        await pilot.press(str(place))
        await settled(pilot)

        assert isinstance(pilot.app.screen, PAGES[place - 1].screen)
        assert f"{place} {PAGES[place - 1].title}" in words(pilot)
