"""The app driven without a terminal, over a real runtime with a log of its own."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from tests.support.runs import ManualClock
from ultra.runtime.preferences import Preferences
from ultra.runtime.runtime import Runtime
from ultra.tui.app import UltraApp

NOW = 1_780_000_000.0
"""2026-05-28T20:26:40Z: the moment at which pictures are taken."""

SIZES = ((80, 24), (120, 40), (200, 60))


class Fixed(ManualClock):
    """A clock that stands at `NOW` until it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW


def runtime(
    home: Path, profile: str | None = "development", environ: Mapping[str, str] | None = None
) -> Runtime:
    """A runtime below `home`, at a fixed moment; nothing of the user's machine is seen."""
    made = Runtime(
        profile,
        environ={"ULTRA_HOME": str(home), "TZ": "UTC", **(environ or {})},
        cwd=home.parent,
        warn=lambda _text: None,
    )
    made.clock = Fixed()  # type: ignore[assignment]  # it fills the same seam
    return made


@asynccontextmanager
async def shown(
    made: Runtime, *, size: tuple[int, int] = (80, 24), preferences: Preferences | None = None
) -> AsyncIterator[Pilot[None]]:
    """The app on a screen of that size, once nothing moves any more."""
    app = UltraApp(made, preferences)
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(pilot)
            yield pilot
    finally:
        made.close()


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the app has read and drawn all that it set out to."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def words(pilot: Pilot[None]) -> str:
    """What is on the screen, line by line."""
    strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
    return "\n".join(strip.text.rstrip() for strip in strips)


def picture(pilot: Pilot[None]) -> str:
    """The screen as SVG, the same on every run: textual names its styles after a hash."""
    made = pilot.app.export_screenshot(title="ultra tui", simplify=True)
    return re.sub(r"terminal-\d+", "terminal", made)
