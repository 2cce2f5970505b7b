"""The Live screen: what every process has under way, as it streams."""

import asyncio
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.support.ledger import (
    attempt_record,
    ledger_at,
    one,
    result,
    run_end,
    run_record,
    target,
    tell,
)
from tests.support.server import loopback
from tests.support.tui import NOW, SIZES, runtime, settled, shown, snapshot, until, words
from tests.tui.test_ask import PROFILE, Lab
from ultra.core.errors import ErrorClass, Failure
from ultra.runtime.preferences import Preferences
from ultra.runtime.runtime import Runtime
from ultra.store.ledger import SqliteLedger
from ultra.store.schema import MIGRATIONS
from ultra.tui.app import UltraApp
from ultra.tui.screens.live import LivePage
from ultra.tui.widgets.asking import Confirm
from ultra.tui.widgets.calls import Calls
from ultra.tui.widgets.stream import MOST, Stream

COMPARED, FAR, OVER = "aaaa00000001", "bbbb00000001", "cccc00000001"
WAVES = "Rayleigh scattering is \x1b[31mstronger\x1b[0m for [b]short[/b] waves. "


@pytest.fixture
def made(tmp_path: Path) -> Runtime:
    return runtime(tmp_path / "home")


def app(pilot: Pilot[None]) -> UltraApp:
    assert isinstance(pilot.app, UltraApp)
    return pilot.app


async def on_live(pilot: Pilot[None], calls: int) -> None:
    """Go to the screen, and wait until it has seen so many calls."""
    await pilot.press("2")
    await until(pilot, lambda: len(app(pilot).following.live.calls) >= calls)
    await until(pilot, lambda: len(listed(pilot)._rows) >= calls)


def listed(pilot: Pilot[None]) -> Calls:
    return pilot.app.screen.query_one(Calls)


def stream(pilot: Pilot[None]) -> Stream:
    return pilot.app.screen.query_one(Stream)


def _ends_with(pilot: Pilot[None], words_: str) -> bool:
    return stream(pilot).text.endswith(words_)


async def admitted(
    ledger: SqliteLedger, run: str, call: int, number: int = 1, at: float = 0
) -> str:
    model = target(model=f"m-{call}")
    attempt = attempt_record(run, call, number, started_at=NOW - at, role="member", target=model)
    await ledger.admit(attempt)
    return attempt.attempt_id


async def busy(made: Runtime) -> SqliteLedger:
    """A comparison with a retry, a run of another host, and one that has ended."""
    ledger = ledger_at(made.paths.database, checkpoint_s=0.0)
    compare = {"verb": "compare", "strategy": "all", "profile": "production"}
    ledger.begin_run(run_record(COMPARED, started_at=NOW - 12.0, **compare))
    first = await admitted(ledger, COMPARED, 1, at=11.0)
    second = await admitted(ledger, COMPARED, 2, at=11.0)
    ledger.checkpoint(first, WAVES * 9)
    refusal = Failure(ErrorClass.RATE_LIMIT, "slow [red]down[/red]", provider="lab", model="m-2")
    failed = result("", status="error", ended_at=NOW - 5.0, failure=refusal, cost_nano=0)
    ledger.close(second, failed)
    await admitted(ledger, COMPARED, 2, 2, at=3.0)
    ledger.begin_run(run_record(FAR, started_at=NOW - 8.0))
    await admitted(ledger, FAR, 1, at=8.0)
    ledger.begin_run(run_record(OVER, started_at=NOW - 60.0))
    third = await admitted(ledger, OVER, 1, at=60.0)
    ledger.close(third, result("It is [blue].", ended_at=NOW - 50.0))
    ledger.end_run(OVER, run_end(run_id=OVER, ended_at=NOW - 50.0))
    assert await ledger.flush(30.0)
    change(
        made, f'UPDATE runs SET owner = \'["far", "b", "n", 4321, "1"]\' WHERE run_id = \'{FAR}\''
    )
    return ledger


def change(made: Runtime, statement: str) -> None:
    with closing(sqlite3.connect(made.paths.database, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(statement)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_it_looks_as_it_did(made: Runtime, size: tuple[int, int]) -> None:
    ledger = await busy(made)
    async with shown(made, size=size) as pilot:
        await on_live(pilot, 4)
        await pilot.press("down")
        await until(pilot, lambda: "is stronger" in words(pilot))
        await settled(pilot)
        snapshot(pilot, "live")
    ledger.shutdown()


async def test_calls_of_every_process_are_listed_under_their_runs(made: Runtime) -> None:
    await busy(made)
    async with shown(made, size=(200, 60)) as pilot:
        await on_live(pilot, 4)
        text = words(pilot)
    assert "3 calls under way in 2 runs of 2 processes, at most" in text
    heading = next(line for line in text.splitlines() if "run, and its calls" in line)
    assert "tokens tries" in heading
    assert "aaaa00 compare all here - why is it blue?" in text
    assert "streaming fast (lab:m-1) member" in text
    assert "bbbb00 ask - why is it blue? - pid 4321 on far" in text
    assert "cccc00 ask ok here - why" in text


async def test_a_stream_is_followed_and_its_text_is_inert(made: Runtime) -> None:
    ledger = await busy(made)
    async with shown(made) as pilot:
        await on_live(pilot, 4)
        await pilot.press("down")
        await settled(pilot)
        assert "is stronger for [b]short[/b] waves." in words(pilot)
        ledger.checkpoint(f"{COMPARED}-1.1", "and so\x1b[2J it goes\n" * 40 + "at last")
        await until(pilot, lambda: "at last" in words(pilot))
        assert "\x1b" not in words(pilot)

        await pilot.press("tab", "pageup")
        before = stream(pilot).scroll_offset.y
        ledger.checkpoint(f"{COMPARED}-1.1", "\nmore below")
        await until(pilot, lambda: stream(pilot).text.endswith("more below"))
        assert stream(pilot).scroll_offset.y == before
        assert "more below" not in words(pilot)
        await pilot.press("end")
        await until(pilot, lambda: "more below" in words(pilot))


async def test_why_tries_failed_is_told(made: Runtime) -> None:
    await busy(made)
    async with shown(made) as pilot:
        await on_live(pilot, 4)
        await pilot.press("j", "j")
        await settled(pilot)
        text = words(pilot)
    assert "1. error 6.0 s, rate_limit: slow [red]down[/red]" in text
    assert "2. running 3 s" in text


async def test_what_ended_is_read_from_the_log(made: Runtime) -> None:
    await busy(made)
    async with shown(made) as pilot:
        await on_live(pilot, 4)
        await pilot.press("end")
        await until(pilot, lambda: "It is [blue]." in words(pilot))
        await pilot.press("home")
        await settled(pilot)
        assert "run aaaa00000001 - compare all - under way" in words(pilot)


async def test_a_call_that_ends_while_it_is_looked_at_shows_its_whole_answer(made: Runtime) -> None:
    ledger = await busy(made)
    async with shown(made) as pilot:
        await on_live(pilot, 4)
        await pilot.press("down")
        ledger.close(f"{COMPARED}-1.1", result("the whole of it", ended_at=NOW))
        await until(pilot, lambda: "the whole of it" in words(pilot))
        assert "lab:m-1 - member - ok" in words(pilot)


async def test_keys_move_the_choice_and_it_stays_with_its_row(made: Runtime) -> None:
    ledger = await busy(made)
    async with shown(made) as pilot:
        await on_live(pilot, 4)
        keys = []
        for key in ("down", "j", "up", "k", "G", "g", "pagedown", "pageup", "end", "home"):
            await pilot.press(key)
            row = listed(pilot).chosen
            keys.append(row.key if row else "")
        first, last = COMPARED, f"{OVER}-1"
        assert keys[:4] == [f"{COMPARED}-1", f"{COMPARED}-2", f"{COMPARED}-1", first]
        assert keys[4:] == [last, first, last, first, last, first]

        await pilot.press("end")
        ledger.begin_run(run_record("dddd00000001", started_at=NOW - 1.0))
        await admitted(ledger, "dddd00000001", 1, at=1.0)
        await until(pilot, lambda: len(listed(pilot)._rows) == 9)
        row = listed(pilot).chosen
        assert row is not None
        assert row.key == last


async def test_until_somebody_chooses_it_is_the_first_and_the_choice_can_be_seen(
    made: Runtime,
) -> None:
    ledger = await busy(made)
    async with shown(made) as pilot:
        await on_live(pilot, 4)
        calls = listed(pilot)
        styles = [segment.style for segment in calls.render_line(0)]
        assert all(style and style.reverse for style in styles)
        change(made, f"DELETE FROM runs WHERE run_id != '{OVER}'")
        await until(pilot, lambda: calls.chosen is not None and calls.chosen.key == OVER)
        ledger.begin_run(run_record("dddd00000001", started_at=NOW - 1.0))
        await admitted(ledger, "dddd00000001", 1, at=1.0)
        await until(pilot, lambda: len(calls._rows) == 4)
        assert calls.chosen == calls._rows[0]
    ledger.shutdown()


async def test_keys_of_the_list_are_the_users_to_change(made: Runtime) -> None:
    await busy(made)
    async with shown(made, preferences=Preferences(keys={"calls.down": "n"})) as pilot:
        await on_live(pilot, 4)
        await pilot.press("n")
        row = listed(pilot).chosen
        assert row is not None
        assert row.key == f"{COMPARED}-1"


async def test_a_click_chooses(made: Runtime) -> None:
    await busy(made)
    async with shown(made) as pilot:
        await on_live(pilot, 4)
        await pilot.click(Calls, offset=(5, 3))
        row = listed(pilot).chosen
        assert row is not None
        assert row.key == FAR


async def test_what_ended_can_be_hidden(made: Runtime) -> None:
    await busy(made)
    async with shown(made) as pilot:
        await on_live(pilot, 4)
        await pilot.press("e")
        assert "cccc00" not in words(pilot)
        await pilot.press("e")
        assert "cccc00" in words(pilot)


async def test_a_run_of_another_process_is_not_ours_to_cancel(made: Runtime) -> None:
    await busy(made)
    async with shown(made, size=(120, 40)) as pilot:
        await on_live(pilot, 4)
        listed(pilot).choose(FAR)
        await pilot.press("x")
        await until(pilot, lambda: "made elsewhere" in words(pilot))
        text = " ".join(words(pilot).split())
        assert "pid 4321 on far" in text
        assert isinstance(pilot.app.screen, LivePage)


async def test_what_has_ended_cannot_be_cancelled(made: Runtime) -> None:
    await busy(made)
    async with shown(made, size=(120, 40)) as pilot:
        await on_live(pilot, 4)
        await pilot.press("end", "x")
        await until(pilot, lambda: "not under way any more" in words(pilot))


@pytest.mark.parametrize("answer", ["n", "y"])
async def test_a_run_of_this_app_is_cancelled_once_that_is_confirmed(
    tmp_path: Path, answer: str
) -> None:
    lab = Lab("the first half", " and the rest")
    async with loopback(lab) as server:
        text = PROFILE.format(url=server.url, more="")
        made = runtime(tmp_path / "home", None, text=text)
        async with shown(made) as pilot:
            await pilot.press("5", *"why?", "enter")
            await until(pilot, lambda: "the first half" in words(pilot))
            await pilot.press("f1", "escape")
            app(pilot).action_page("live")
            await until(pilot, lambda: len(app(pilot).following.live.calls) == 1)
            await pilot.press("down")
            await until(pilot, lambda: "the first half" in words(pilot))
            await pilot.press("x")
            await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
            await pilot.press(answer)
            if answer == "n":
                lab.go_on.set()
            ended = "partial" if answer == "y" else "ok"
            await until(pilot, lambda: f"lab:left - answer - {ended}" in words(pilot))
            await until(pilot, lambda: "the first half" in words(pilot))
    of_the_run = "cancelled" if answer == "y" else "ok"
    assert one(made.paths.database, "SELECT status FROM runs") == of_the_run


async def test_a_resize_while_it_streams_loses_no_word(made: Runtime) -> None:
    ledger = await busy(made)
    said = WAVES * 9
    async with shown(made) as pilot:
        await on_live(pilot, 4)
        await pilot.press("down")
        for number, size in enumerate(((120, 40), (20, 5), (60, 20), (200, 60))):
            await pilot.resize_terminal(*size)
            piece = f" {'wide ' * 30}{number}."
            said += piece
            ledger.checkpoint(f"{COMPARED}-1.1", piece)
            end = f"{number}."
            await until(pilot, partial(_ends_with, pilot, end))
        plain = said.replace("\x1b[31m", "").replace("\x1b[0m", "")
        assert stream(pilot).text == plain
        shown_words = " ".join(" ".join(stream(pilot)._lines).split())
        assert shown_words == " ".join(plain.split())


async def test_a_long_stream_is_held_in_bounds(made: Runtime) -> None:
    async with shown(made) as pilot:
        await pilot.press("2")
        text = stream(pilot)
        for number in range(50):
            text.add(f"{number} " + "word " * 2_000)
        await pilot.pause()
        assert len(text.text) <= 2 * MOST
        assert len(text._lines) * text._columns < 3 * MOST
        assert text.text.endswith("49 " + "word " * 2_000)


@pytest.mark.parametrize("kept", [True, False])
async def test_words_that_are_not_kept_are_said_not_to_be(made: Runtime, kept: bool) -> None:
    ledger = ledger_at(made.paths.database)
    ledger.begin_run(run_record(COMPARED, started_at=NOW - 1.0, keep_text=kept))
    await admitted(ledger, COMPARED, 1, at=1.0)
    async with shown(made) as pilot:
        await on_live(pilot, 1)
        await pilot.press("down")
        await settled(pilot)
        assert ("does not go into the log" in words(pilot)) is not kept


async def test_it_starts_before_there_is_a_log_and_says_so(made: Runtime) -> None:
    async with shown(made) as pilot:
        await pilot.press("2")
        await settled(pilot)
        assert "nothing is logged yet" in words(pilot)
        await pilot.press("x", "e", "down", "end", "pageup")
        await busy(made)
        await until(pilot, lambda: "3 calls under way" in words(pilot))


async def test_a_log_of_a_newer_ultra_is_told_of(made: Runtime) -> None:
    database = made.paths.database
    database.parent.mkdir(parents=True)
    await tell(ledger_at(database))
    change(made, f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    async with shown(made) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: "this one knows" in " ".join(words(pilot).split()))


async def test_a_thousand_calls_under_way_draw_no_more_than_fits(made: Runtime) -> None:
    ledger = ledger_at(made.paths.database)
    ledger.begin_run(run_record(COMPARED, started_at=NOW - 12.0))
    await asyncio.gather(*(admitted(ledger, COMPARED, call, at=11.0) for call in range(1, 1001)))
    drawn: list[int] = []
    async with shown(made) as pilot:
        await on_live(pilot, 1000)
        calls = listed(pilot)
        render = calls.render_line
        calls.render_line = lambda y: drawn.append(y) or render(y)  # type: ignore[func-returns-value, method-assign]
        await pilot.press("end")
        await settled(pilot)
        assert "1,000 calls under way" in words(pilot)
        assert len(calls._rows) == 1001
        row = calls.chosen
        assert row is not None
        assert row.key == f"{COMPARED}-1000"
        assert 0 < len(drawn) <= 3 * calls.size.height
    ledger.shutdown(30.0)
