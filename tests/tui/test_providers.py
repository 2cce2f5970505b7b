"""The Providers screen: figures of the log, and what is moved by hand."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pytest
from textual.color import Color

from tests.support.ledger import one
from tests.support.server import Exchange, loopback
from tests.support.tui import (
    PROFILE,
    SIZES,
    filled,
    runtime,
    settled,
    shown,
    snapshot,
    until,
    words,
)
from ultra.core.health import BreakerStanding, Credential, EndpointHealth, Gate
from ultra.core.quota import Allowance, Quota
from ultra.runtime.preferences import Preferences
from ultra.runtime.runtime import Runtime
from ultra.tui.screens.providers import ProvidersPage, state
from ultra.tui.widgets.asking import Confirm, Reading


@pytest.fixture
async def made(tmp_path: Path) -> Runtime:
    """A runtime over a log of three models."""
    runtime_ = runtime(tmp_path / "home", None, text=PROFILE)
    await filled(runtime_.paths.database)
    return runtime_


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_it_looks_as_it_did(made: Runtime, size: tuple[int, int]) -> None:
    """At each size."""
    async with shown(made, size=size) as pilot:
        snapshot(pilot, "providers")


async def test_every_model_has_its_figures(made: Runtime) -> None:
    """Answered, times, spend of today; the failure is told without what a terminal would obey."""
    async with shown(made, size=(200, 60)) as pilot:
        await pilot.press("down")
        await settled(pilot)
        text = words(pilot)

    assert "● closed  lab:good      100% of 1    0.10/0.10      1.0/1.0" in text
    assert "$0.001" in text
    assert "overloaded, 29 s ago" in text
    assert "busy [red]now[/red]" in text


async def test_figures_stand_below_their_headings(made: Runtime) -> None:
    """At the last column too."""
    async with shown(made) as pilot:
        lines = words(pilot).splitlines()

    heading = next(line for line in lines if "tok/s" in line)
    row = next(line for line in lines if "lab:good" in line)
    assert heading.index("model") == row.index("lab:good")
    assert heading.index("tok/s") + len("tok/s") == row.index(" 44 ") + len(" 44")
    assert len(heading) == len(row)


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_the_state_of_the_chosen_row_can_be_read(
    made: Runtime, theme: Literal["dark", "light"]
) -> None:
    """Three to one at least, which large text is to have: WCAG 2.2, 1.4.3."""
    async with shown(made, preferences=Preferences(theme=theme)) as pilot:
        strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
        cells = [cell for strip in strips for cell in strip if "● closed" in cell.text]
        style = cells[0].style

    assert style is not None
    assert style.color is not None
    assert style.bgcolor is not None
    front, back = (Color.from_rich_color(one) for one in (style.color, style.bgcolor))
    assert _contrast(front, back) >= 3.0


def _contrast(front: Color, back: Color) -> float:
    dark, light = sorted(_luminance(one) for one in (front, back))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in color.normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


async def test_enter_opens_all_that_is_known(made: Runtime) -> None:
    """And any way out of a dialogue closes it."""
    async with shown(made) as pilot:
        await pilot.press("enter")
        opened = words(pilot)
        assert isinstance(pilot.app.screen, Reading)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, ProvidersPage)

    assert "lab:good" in opened
    assert "first token, last answer: 0.10 to 0.10 s" in opened
    assert "today 1 call, 1 answered, $0.001" in opened


@pytest.mark.parametrize("answer", ["n", "escape", "enter"])
async def test_open_asks_first(made: Runtime, answer: str) -> None:
    """Nothing is opened by a key that was hit by mistake, nor by Enter after it."""
    async with shown(made) as pilot:
        await pilot.press("o")
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press(answer)
        await settled(pilot)
        assert isinstance(pilot.app.screen, ProvidersPage)

    assert one(made.paths.database, "SELECT count(*) FROM breaker WHERE state = 'forced_open'") == 0


async def test_open_and_reset_move_the_breaker(made: Runtime) -> None:
    """Of the chosen model, for every process, and the row says so at once."""
    forced = "SELECT count(*) FROM breaker WHERE model = 'good' AND state = 'forced_open'"
    async with shown(made) as pilot:
        await pilot.press("o", "y")
        await settled(pilot)
        opened = words(pilot)
        assert one(made.paths.database, forced) == 1
        await pilot.press("r")
        await settled(pilot)
        closed = words(pilot)

    assert "✖ open" in opened
    assert "✖ open" not in closed
    assert one(made.paths.database, forced) == 0


async def test_probe_asks_for_the_list_of_models_and_nothing_else(tmp_path: Path) -> None:
    """Nobody is asked before the key is pressed."""
    seen: list[str] = []

    async def lists(exchange: Exchange) -> None:
        seen.append(f"{exchange.seen.method} {exchange.seen.path}")
        await exchange.json({"object": "list", "data": [{"id": "good", "object": "model"}]})

    async with loopback(lists) as server:
        text = PROFILE.replace("http://127.0.0.1:9/v1", f"{server.url}/v1")
        made = runtime(tmp_path / "home", None, text=text)
        async with shown(made, size=(200, 60)) as pilot:
            before = list(seen)
            await pilot.press("p")
            await settled(pilot)
            after = words(pilot)

    assert before == []
    assert seen == ["GET /v1/models"]
    assert "lists 1 model (just now)" in after


async def test_a_probe_that_hangs_holds_up_nothing(tmp_path: Path) -> None:
    """The screens answer while a provider does not, and it is left behind at the end."""

    async def never(exchange: Exchange) -> None:
        await exchange.stall()

    async with loopback(never) as server:
        text = PROFILE.replace("http://127.0.0.1:9/v1", f"{server.url}/v1")
        async with shown(runtime(tmp_path / "home", None, text=text)) as pilot:
            await pilot.press("P")
            await pilot.press("3")
            await until(pilot, lambda: "no budget" in words(pilot))
            pilot.app.workers.cancel_all()


async def test_simulated_models_are_asked_for_nothing(tmp_path: Path) -> None:
    """And the header says what they are."""
    async with shown(runtime(tmp_path / "home")) as pilot:
        await pilot.press("p")
        await settled(pilot)
        text = words(pilot)

    assert "simulated" in text.splitlines()[0]
    assert "simulated: there is nobody to ask" in text


async def test_what_simulated_models_would_have_cost_is_no_spend_of_today(tmp_path: Path) -> None:
    """In the row, and in what is told of it."""
    text = PROFILE.replace('openai-chat, base_url: "http://127.0.0.1:9/v1", key: none', "simulated")
    made = runtime(tmp_path / "home", None, text=text)
    await filled(made.paths.database, simulated=True)
    async with shown(made, size=(120, 40)) as pilot:
        listed = words(pilot)
        await pilot.press("enter")
        opened = words(pilot)

    row = next(line for line in listed.splitlines() if "lab:good" in line)
    assert "simulated" in row
    assert "$" not in row
    assert "today 1 call, 1 answered, simulated" in opened


async def test_the_cursor_stays_on_its_row(made: Runtime) -> None:
    """When rows come and go around it."""
    async with shown(made) as pilot:
        await pilot.press("down", "ctrl+r")
        await settled(pilot)
        page = pilot.app.screen
        assert isinstance(page, ProvidersPage)

        assert page.query_one("#endpoints").chosen == "lab:other"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("health", "word"),
    [
        ({}, "closed"),
        ({"breaker": BreakerStanding("open")}, "open"),
        ({"breaker": BreakerStanding("forced")}, "open"),
        ({"breaker": BreakerStanding("probing")}, "half-open"),
        ({"breaker": BreakerStanding("due")}, "half-open"),
        ({"gate": Gate(shut_until_at=11.0)}, "gated"),
        ({"gate": Gate(shut_until_at=9.0)}, "closed"),
        ({"credential": Credential(problem="none")}, "no key"),
        ({"credential": Credential("env", breaker=BreakerStanding("open"))}, "key bad"),
        (
            {"credential": Credential("env", breaker=BreakerStanding("open", last_class="quota"))},
            "no credit",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_state_is_what_stops_calls(health: dict[str, Any], word: str) -> None:
    """The key before the breaker, the breaker before the gate."""
    assert state(EndpointHealth("lab", "good", "http://x", "ok", **health), 10.0) == word


async def test_what_a_log_cannot_take_is_told(made: Runtime) -> None:
    """A breaker that could not be moved is not said to be."""
    with closing(sqlite3.connect(made.paths.database)) as connection:
        connection.execute("PRAGMA user_version = 900")
    async with shown(made, size=(200, 60)) as pilot:
        await pilot.press("o", "y")
        await settled(pilot)
        opened = words(pilot)
        await pilot.press("r")
        await settled(pilot)
        reset = words(pilot)

    assert "no call goes to" not in opened
    assert "cannot be written" in opened or "newer" in opened
    assert "calls go to" not in reset


async def test_a_click_on_a_button_answers(made: Runtime) -> None:
    """As its key does."""
    async with shown(made) as pilot:
        await pilot.press("o")
        await until(pilot, lambda: pilot.app.screen.query("#yes"))
        await pilot.click("#yes")
        await settled(pilot)

    assert one(made.paths.database, "SELECT count(*) FROM breaker WHERE state = 'forced_open'") == 1


async def test_quota_is_what_is_scarcest(tmp_path: Path) -> None:
    """Of requests and tokens, as the provider said it last."""
    made = runtime(tmp_path / "home", None, text=PROFILE)
    left = Quota(Allowance(100, 90, 3_600.0), Allowance(10, 1, 3_600.0))
    await filled(made.paths.database, quota=left)
    async with shown(made, size=(200, 60)) as pilot:
        assert "1 tokens" in words(pilot)
