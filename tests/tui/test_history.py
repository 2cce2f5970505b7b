"""The History screen: a log that is searched, opened, copied, exported and gone on from."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.ledger import attempt_record, ledger_at, result, rows, run_end, run_record
from tests.support.runs import HOSTILE
from tests.support.tui import NOW, SIZES, filled, runtime, settled, shown, snapshot, until, words
from ultra.core.clock import SystemClock
from ultra.core.errors import ErrorClass, Failure
from ultra.core.verdict import Verdict
from ultra.runtime.runtime import Runtime
from ultra.store.ledger import SqliteLedger
from ultra.tui.screens.ask import AskPage, PromptBox
from ultra.tui.screens.history import PAGE, HistoryPage
from ultra.tui.widgets.columns import Columns
from ultra.tui.widgets.runs import RunList

COMP, LOST = "comp00000001", "lost00000001"
BUSY = Failure(ErrorClass.OVERLOADED, f"busy {HOSTILE[:300]}", provider="lab", model="m-1")


async def fill(path: Path, many: int = 0) -> SqliteLedger:
    """A comparison whose first try failed, a run that failed, one under way, and `many` more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ledger = ledger_at(path)
    for number in range(many):
        run, at = f"many{number:08}", NOW - 9000 + number
        ledger.begin_run(run_record(run, started_at=at, prompt=f"number {number}"))
        ledger.end_run(run, run_end(f"answer {number}", run))
    await compare(ledger)
    ledger.begin_run(run_record(LOST, started_at=NOW - 30, prompt="[red]lost[/red]"))
    await ledger.admit(attempt_record(LOST, started_at=NOW - 30))
    ledger.close(f"{LOST}-1.1", result("", status="error", failure=BUSY, ended_at=NOW - 29))
    ledger.end_run(LOST, run_end("", LOST, status="error", answer_call=None))
    ledger.begin_run(run_record("runs00000001", started_at=NOW - 5, prompt="still going"))
    await ledger.admit(attempt_record("runs00000001", started_at=NOW - 5))
    assert await ledger.flush(30.0)
    return ledger


async def compare(ledger: SqliteLedger) -> None:
    """Two answers, of which one came at the second try and one has no price."""
    marks = {"cost_center": "lab", "tags": {"job": "night"}}
    words_ = {"verb": "compare", "strategy": "all", "prompt": "which sky-blue is it?"}
    ledger.begin_run(run_record(COMP, started_at=NOW - 60, **words_, **marks))
    for call, name in ((1, "left"), (2, "right")):
        tried = attempt_record(COMP, call, role="member", index=call - 1, started_at=NOW - 59)
        tried = replace(tried, target=replace(tried.target, name=name))
        if call == 1:
            await ledger.admit(tried)
            lost = result("", status="error", failure=BUSY, cost_nano=0, ended_at=NOW - 57)
            ledger.close(tried.attempt_id, lost)
            tried = replace(tried, number=2, attempt_id=f"{COMP}-1.2", started_at=NOW - 56)
        await ledger.admit(tried)
        cost, said = None if call == 2 else 700, f"{name} says {HOSTILE[:400]}"
        won = result(said, reasoning="hmm", ended_at=NOW - 50, cost_nano=cost)
        ledger.close(tried.attempt_id, won)
    ids = (f"{COMP}-1", f"{COMP}-2")
    verdict = Verdict(ids, ((1.0, 0.5), (0.5, 1.0)), shared=("All.",), differing=(("a",), ("b",)))
    end = run_end("", COMP, answer_call=None, verdict=verdict, duration_s=10.0)
    ledger.end_run(COMP, end)


@asynccontextmanager
async def history(
    home: Path, *, many: int = 0, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[None], Runtime]]:
    """The History screen over a log of a few runs."""
    made = runtime(home)
    await fill(made.paths.database, many)
    async with shown(made, size=size) as pilot:
        await pilot.press("4")
        await settled(pilot)
        yield pilot, made


def page(pilot: Pilot[None]) -> HistoryPage:
    found = pilot.app.screen
    assert isinstance(found, HistoryPage)
    return found


def listed(pilot: Pilot[None]) -> list[str]:
    """The runs in the list, by their ids."""
    return [run.run_id[:4] for run in page(pilot).query_one(RunList).runs]


async def typed(pilot: Pilot[None], field: str, text: str) -> None:
    """Type into a field, and wait for what is found."""
    await pilot.press(field)
    page(pilot).query_one("#words" if field == "slash" else "#filters", Input).value = ""
    await pilot.press(*text)
    await settled(pilot)


async def test_runs_are_listed_with_what_matters(tmp_path: Path) -> None:
    """Newest first; an unknown cost is no zero, and one under way says so."""
    async with history(tmp_path / "home") as (pilot, _):
        assert listed(pilot) == ["runs", "lost", "comp"]
        seen = words(pilot)
        assert "running" in seen
        assert "[red]lost[/red]" in seen
        assert "≥ $0.0000007" in next(line for line in seen.splitlines() if "compare" in line)
        assert "3 runs" in seen


@pytest.mark.parametrize(
    ("field", "text", "found"),
    [
        ("slash", "sky-blu", ["comp"]),
        ("slash", "left says", ["comp"]),
        ("slash", '"', []),
        ("slash", "still AND", []),
        ("slash", "lost", ["lost"]),
        ("f", "status:error", ["lost"]),
        ("f", "model:right", ["comp"]),
        ("f", "tag:job=night center:lab", ["comp"]),
        ("f", "tag:job=never", []),
        ("f", "until:1h", []),
        ("f", f"since:{datetime.fromtimestamp(NOW - 10, UTC).isoformat()}", ["runs"]),
    ],
)
async def test_a_search_finds_as_it_is_typed(
    tmp_path: Path, field: str, text: str, found: list[str]
) -> None:
    """Words of prompts and answers, also such as FTS5 would choke on, and filters."""
    async with history(tmp_path / "home") as (pilot, _):
        await typed(pilot, field, text)

        assert listed(pilot) == found
        if not found:
            assert "no run is like that" in words(pilot)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_list_a_run_and_what_goes_on_from_it_look_as_drawn(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    """The list, the answers, the attempts, and the Ask screen that goes on from all of them."""
    async with history(tmp_path / "home", size=size) as (pilot, _):
        snapshot(pilot, "history")
        await pilot.press("down", "down", "enter")
        await settled(pilot)
        snapshot(pilot, "run")
        await pilot.press("v")
        await settled(pilot)
        snapshot(pilot, "attempts")

        await pilot.press("g")
        await settled(pilot)
        snapshot(pilot, "ask")


async def test_half_a_filter_says_what_filters_there_are(tmp_path: Path) -> None:
    """What was found before stays until the filter is one."""
    async with history(tmp_path / "home") as (pilot, _):
        await typed(pilot, "f", "stat")
        assert "`stat` is no filter: model:NAME status:STATUS" in words(pilot)
        assert len(listed(pilot)) == 3

        await typed(pilot, "f", "status:fine")
        assert "no run has the status `fine`" in words(pilot)


async def test_the_newest_search_wins(tmp_path: Path) -> None:
    """Whatever was typed before it is no longer looked for."""
    async with history(tmp_path / "home") as (pilot, _):
        await pilot.press("slash", *"lost", *("backspace",) * 4, *"still")
        await settled(pilot)
        await typed(pilot, "slash", "sky")

        assert listed(pilot) == ["comp"]


async def test_a_long_log_is_read_a_page_at_a_time(tmp_path: Path) -> None:
    """The next page comes before the end of the one before is reached."""
    async with history(tmp_path / "home", many=PAGE * 2) as (pilot, _):
        assert len(listed(pilot)) == PAGE
        assert "and more below" in words(pilot)

        await pilot.press("end")
        await settled(pilot)
        assert len(listed(pilot)) == PAGE * 2
        await pilot.press("end")
        await settled(pilot)

        assert len(listed(pilot)) == PAGE * 2 + 3
        assert "and more below" not in words(pilot)


async def opened(pilot: Pilot[None], words_: str = "sky") -> None:
    await typed(pilot, "slash", words_)
    await pilot.press("enter")
    await settled(pilot)
    await pilot.press("enter")
    await settled(pilot)


async def test_a_run_opens_with_its_answers_attempts_and_verdict(tmp_path: Path) -> None:
    """Side by side; then a try that failed before one that did not; then all that is known."""
    async with history(tmp_path / "home") as (pilot, _):
        await opened(pilot)
        seen = words(pilot)
        assert "run comp0000 · compare (all) · ok" in seen
        for part in ("left · ok", "right · ok", "unknown", "left says start", "[red]rich[/red]"):
            assert part in seen
        assert "hmm" not in seen
        await pilot.press("t")
        await pilot.pause()
        assert "hmm" in words(pilot)

        await pilot.press("v")
        await settled(pilot)
        seen = words(pilot)
        assert "try 1" in seen
        assert "overloaded: busy" in seen, seen
        assert "try 2" in seen
        await pilot.press("v")
        await settled(pilot)
        assert "TOKENS OUT" in words(pilot)
        await pilot.press("v")
        await settled(pilot)
        assert "left says" in words(pilot)
        assert "Esc goes back" in words(pilot)
        assert not {"\x1b", "\x9b", "\u202e"} & set(words(pilot))

        await pilot.press("escape")
        await settled(pilot)
        assert "Enter opens one" in words(pilot)


async def test_a_narrow_screen_shows_one_answer_under_the_names_of_all(tmp_path: Path) -> None:
    async with history(tmp_path / "home", size=(80, 24)) as (pilot, _):
        await opened(pilot)
        assert "left says" in words(pilot)
        assert "right says" not in words(pilot)

        await pilot.press("right_square_bracket")
        await pilot.pause()

        assert "right says" in words(pilot)
        assert "left says" not in words(pilot)
        await pilot.press("left_square_bracket")
        await pilot.pause()
        assert "left says" in words(pilot)


async def test_an_answer_is_copied_and_what_was_copied_is_said(tmp_path: Path) -> None:
    """The one that is looked at, without what a terminal obeys."""
    async with history(tmp_path / "home") as (pilot, _):
        await opened(pilot)
        await pilot.press("right_square_bracket", "c")
        await settled(pilot)

        assert pilot.app.clipboard.startswith("right says start")
        assert "\x1b" not in pilot.app.clipboard
        assert "the answer of right: " in words(pilot)
        await pilot.press("escape", "c")
        await settled(pilot)
        assert "left says" in pilot.app.clipboard
        assert "right says" in pilot.app.clipboard


async def test_a_run_is_exported_to_a_file_that_was_not_there(tmp_path: Path) -> None:
    """Markdown and JSON; a second one does not replace the first."""
    async with history(tmp_path / "home") as (pilot, made):
        await typed(pilot, "slash", "sky")
        await pilot.press("enter")
        for key in ("e", "e", "E"):
            await pilot.press(key)
            await settled(pilot)

        names = sorted(path.name for path in made.cwd.glob("ultra-*"))
        assert names == ["ultra-comp0000-2.md", "ultra-comp0000.json", "ultra-comp0000.md"]
        exported = json.loads((made.cwd / "ultra-comp0000.json").read_text(encoding="utf-8"))
        assert exported["run_id"] == "comp00000001"
        assert "written to" in words(pilot)


async def test_an_answer_is_picked_and_gone_on_from(tmp_path: Path) -> None:
    """The Ask screen has what was said, and whom to ask."""
    async with history(tmp_path / "home") as (pilot, made):
        await opened(pilot)
        await pilot.press("right_square_bracket", "p")
        await settled(pilot)
        assert made.log.run("comp00000001").picked == "comp00000001-2"

        await pilot.press("g")
        await settled(pilot)

        assert isinstance(pilot.app.screen, AskPage)
        assert "goes on from comp0000" in words(pilot)
        assert "right says start" in words(pilot)


async def test_all_of_a_comparison_can_be_gone_on_from(tmp_path: Path) -> None:
    """While none is picked, each model goes on from its own."""
    async with history(tmp_path / "home") as (pilot, _):
        await typed(pilot, "slash", "sky")
        await pilot.press("enter", "g")
        await settled(pilot)

        assert isinstance(pilot.app.screen, AskPage)
        assert len(pilot.app.screen.query_one(Columns).all) == 2
        assert "how all" in words(pilot)


async def test_a_run_without_an_answer_is_not_said_to_have_been_kept_out_of_the_log(
    tmp_path: Path,
) -> None:
    """Its words are there; there is only nothing to go on from."""
    async with history(tmp_path / "home") as (pilot, _):
        await pilot.press("home", "g")
        await settled(pilot)

        assert isinstance(pilot.app.screen, HistoryPage)
        assert "gave no answer to go on from" in words(pilot)


async def test_a_question_is_sent_again_to_whom_is_chosen(tmp_path: Path) -> None:
    """Replay fills the box and asks whom; sending it is still up to the user."""
    async with history(tmp_path / "home") as (pilot, made):
        made.clock = SystemClock()
        await typed(pilot, "slash", "sky")
        await pilot.press("enter", "r")
        await until(pilot, lambda: "Whom to ask" in words(pilot))
        await pilot.press(*"swift", "enter")
        await settled(pilot)
        ask = pilot.app.screen
        assert isinstance(ask, AskPage)
        assert ask.query_one(PromptBox).text == "why is it blue?"
        assert len(rows(made.paths.database, "SELECT 1 FROM runs")) == 3

        await pilot.press("enter")
        await settled(pilot)

        newest = made.log.run(made.log.latest() or "")
        assert (newest.prompt, newest.calls[0].name) == ("why is it blue?", "swift")


async def test_a_run_that_is_gone_says_so(tmp_path: Path) -> None:
    """It was deleted while it stood in the list."""
    async with history(tmp_path / "home") as (pilot, made):
        await typed(pilot, "slash", "lost")
        await pilot.press("enter")
        with closing(sqlite3.connect(made.paths.database)) as connection, connection:
            connection.execute("DELETE FROM runs WHERE run_id = 'lost00000001'")

        await pilot.press("enter")
        await settled(pilot)

        assert "run `lost0000` is no longer in the log" in words(pilot)


async def test_a_run_under_way_opens_as_one(tmp_path: Path) -> None:
    async with history(tmp_path / "home") as (pilot, _):
        await pilot.press("enter")
        await settled(pilot)

        assert "under way" in words(pilot)


async def test_a_run_that_ends_while_it_is_open_is_shown_as_it_ended(tmp_path: Path) -> None:
    """Whoever made it: the log is followed."""
    made = runtime(tmp_path / "home")
    other = await fill(made.paths.database)
    async with shown(made) as pilot:
        await pilot.press("4")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert "under way" in words(pilot)

        other.close("runs00000001-1.1", result("over at last", ended_at=NOW))
        other.end_run("runs00000001", run_end("over at last", "runs00000001"))
        assert await other.flush(30.0)

        await until(pilot, lambda: "over at last" in words(pilot))
        assert "under way" not in words(pilot)


async def test_what_simulated_models_would_have_cost_is_no_cost(tmp_path: Path) -> None:
    """Told at 80 columns too, where the prompt needs the room."""
    made = runtime(tmp_path / "home")
    await filled(made.paths.database, simulated=True)
    async with shown(made) as pilot:
        await pilot.press("4")
        await settled(pilot)
        line = next(line for line in words(pilot).splitlines() if "why is it blue?" in line)
        assert "simulated ok" in line
        assert "$" not in line


async def test_every_key_of_an_open_run_is_in_the_footer_at_80_columns(tmp_path: Path) -> None:
    async with history(tmp_path / "home", size=(80, 24)) as (pilot, _):
        await opened(pilot)
        last = words(pilot).splitlines()[-1]
        assert last.startswith("/ Search")
        assert last.endswith("q Quit")


async def test_an_empty_log_says_what_to_do(tmp_path: Path) -> None:
    async with shown(runtime(tmp_path / "home")) as pilot:
        await pilot.press("4")
        await settled(pilot)

        told = words(pilot)
        assert "nothing was asked yet" in told
        assert "`ultra ask` does" in told


async def test_a_log_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    made = runtime(tmp_path / "home")
    made.paths.database.parent.mkdir(parents=True)
    made.paths.database.write_bytes(b"no database" * 1000)
    async with shown(made) as pilot:
        await pilot.press("4")
        await settled(pilot)

        assert "cannot be read" in words(pilot)


async def test_keys_stay_keys_after_a_window_too_small(tmp_path: Path) -> None:
    """The list loses the focus while it cannot be shown; no field of letters takes it then."""
    made = runtime(tmp_path / "home")
    await filled(made.paths.database)
    async with shown(made) as pilot:
        await pilot.press("4", "question_mark")
        await settled(pilot)
        for size in ((20, 5), (80, 24)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
        await pilot.press("escape")
        await settled(pilot)

        assert isinstance(pilot.app.focused, RunList)
