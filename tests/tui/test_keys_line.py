"""The keys at the foot of every screen."""

import gc
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets._footer import FooterKey

from tests.support.tui import runtime, settled, shown


async def test_keys_that_were_replaced_are_forgotten(tmp_path: Path) -> None:
    """However often the screen is changed: it is left open for days."""
    async with shown(runtime(tmp_path / "home")) as pilot:
        await _there_and_back(pilot, 3)
        before = _keys()
        await _there_and_back(pilot, 10)
        assert _keys() <= before + 10


async def _there_and_back(pilot: Pilot[None], times: int) -> None:
    for _ in range(times):
        for key in ("2", "1"):
            await pilot.press(key)
            await settled(pilot)


def _keys() -> int:
    gc.collect()
    return sum(isinstance(one, FooterKey) for one in gc.get_objects())
