"""The short form of `make soak`: what of it does not depend on how fast a machine is."""

from pathlib import Path

import pytest

from tests.tui.soak import Shown, soak
from ultra.store.under_way import MOST_ENDED

MOST_MB = 40.0
"""More than a log that is written to for a minute may make the app grow by, once it has begun."""


@pytest.mark.slow
async def test_a_minute_of_writers_loses_no_row_and_fills_no_memory(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    report = await soak(tmp_path, minutes=1.0)
    print(*report.lines(), sep="\n")
    assert report.runs > 0
    assert (report.lost, report.keys_lost) == ({}, 0)
    assert report.last_mb - report.first_mb < MOST_MB
    assert report.rows_held <= 2 * MOST_ENDED  # until the next second tidies up


async def test_an_app_that_has_ended_is_told_with_its_status_and_what_it_drew(
    tmp_path: Path,
) -> None:
    """Else its keys would be waited for, one after the other, and nobody know why."""
    (tmp_path / "home").mkdir()
    async with Shown(tmp_path) as shown:
        await shown.until(lambda: shown.status is not None)
        await shown.press("q")
        with pytest.raises(AssertionError, match="the app ended with 0; it drew last"):
            await shown.until(lambda: False)
        with pytest.raises(AssertionError, match="the app ended with 0; it drew last"):
            await shown.press("j")
