"""The Cost screen: what was spent, told apart in several ways, and what budgets leave."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.support.tui import PROFILE, SIZES, filled, runtime, settled, shown, snapshot, words
from ultra.core.budget import Limit
from ultra.runtime.budgets import book
from ultra.runtime.runtime import Runtime
from ultra.tui.widgets.choices import Choice


@pytest.fixture
async def made(tmp_path: Path) -> Runtime:
    """A runtime over nine days of calls, with a budget."""
    runtime_ = runtime(tmp_path / "home", None, text=PROFILE)
    await filled(runtime_.paths.database)
    book(runtime_).set(Limit("all", "day", 5_000_000, "soft"))
    return runtime_


async def cost(pilot: Pilot[None], *keys: str) -> str:
    """What the screen says after some keys."""
    await pilot.press("3", *keys)
    await settled(pilot)
    await settled(pilot)
    return words(pilot)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_it_looks_as_it_did(made: Runtime, size: tuple[int, int]) -> None:
    """At each size, with bars, parts and a gauge."""
    async with shown(made, size=size) as pilot:
        await cost(pilot)
        snapshot(pilot, "cost")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("t", "at least $0.001 in 3 calls, 1 of them without a price"),
        ("w", "at least $0.1450 in 21 calls, 7 of them without a price"),
        ("m", "at least $0.2410 in 27 calls, 9 of them without a price"),
    ],
    ids=["today", "7 days", "30 days"],
)
async def test_days_are_chosen_by_a_key(made: Runtime, key: str, said: str) -> None:
    """A sum that lacks a price is told from below, with how many calls it lacks."""
    async with shown(made) as pilot:
        assert said in await cost(pilot, key)


async def test_b_tells_spend_apart_by_the_next_thing(made: Runtime) -> None:
    """Model, provider, cost center, then each tag that there is; and round again, or back."""
    async with shown(made, size=(120, 40)) as pilot:
        seen = [await cost(pilot, "m")]
        seen += [await cost(pilot, "b") for _ in range(4)]
        back = await cost(pilot, "B")

    assert "lab:good" in seen[0]
    assert "\n lab  " in seen[1]
    assert "research" in seen[2]
    assert "review" in seen[3]
    assert "lab:good" in seen[4]
    assert "review" in back


async def test_a_click_chooses_as_a_key_does(made: Runtime) -> None:
    """Every choice can be reached with a mouse."""
    async with shown(made, size=(120, 40)) as pilot:
        await cost(pilot)
        await pilot.click(pilot.app.screen.query(Choice)[0])
        await settled(pilot)
        today = words(pilot)
        await pilot.click(pilot.app.screen.query(Choice)[4])
        await settled(pilot)
        by_provider = words(pilot)

    assert "in 3 calls" in today
    assert "\n lab  " in by_provider


async def test_a_gauge_says_what_is_left(made: Runtime) -> None:
    """And what it does not know."""
    async with shown(made, size=(120, 40)) as pilot:
        text = await cost(pilot)

    assert "all per day, soft: 20% of $0.005, $0.004 left" in text


async def test_what_is_simulated_is_in_no_sum(tmp_path: Path) -> None:
    """It has rows of its own, which say so."""
    made = runtime(tmp_path / "home")
    await filled(made.paths.database, simulated=True)
    async with shown(made) as pilot:
        text = await cost(pilot)

    assert "$0 in 0 calls; what is simulated is in none of it" in text
    assert text.count("simulated") >= 4


async def test_without_a_log_it_says_how_to_begin(tmp_path: Path) -> None:
    """Nothing was spent, and no budget is set."""
    async with shown(runtime(tmp_path / "home", None, text=PROFILE)) as pilot:
        text = await cost(pilot)

    assert "$0 in 0 calls" in text
    assert "ultra budgets set all 5 --per day" in text
