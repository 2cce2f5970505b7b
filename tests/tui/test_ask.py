"""The Ask screen: a prompt, columns that grow, and what comes of a run that is cut short."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key
from textual.pilot import Pilot

from tests.support.runs import HOSTILE
from tests.support.secrets_made import drawn
from tests.support.server import Exchange, Handler, loopback
from tests.support.tui import runtime, settled, shown, until, words
from ultra.core.clock import SystemClock
from ultra.core.records import RunDocument
from ultra.runtime.preferences import Preferences
from ultra.runtime.runtime import Runtime
from ultra.tui.screens.ask import AskPage, PromptBox
from ultra.tui.widgets.columns import Columns

PROFILE = """
version: 1
{more}
providers:
  lab: {{protocol: openai-chat, base_url: "{url}/v1", key: none}}
models:
  left: {{model: "lab:left", price: {{input_per_mtok: 0.1, output_per_mtok: 1}}}}
  right: {{model: "lab:right", price: {{input_per_mtok: 0.1, output_per_mtok: 1}}}}
groups: {{both: [left, right]}}
defaults: {{ask: left, compare: "@both", synthesizer: right, judge: right}}
"""

HALVES = ("A *first*", " half,\n\n```python\nx = 1\n", "```\nand the end")


class Lab:
    """A server whose answers stop half way until they are let go on."""

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces or HALVES
        self.go_on = asyncio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.head()
        first, *rest = (_delta(piece) for piece in self.pieces)
        await exchange.chunk(first)
        await self.go_on.wait()
        for piece in (*rest, _delta("", finish="stop"), b"data: [DONE]\n\n"):
            await exchange.chunk(piece)
        await exchange.end()


def _delta(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "x", "choices": [choice]}).encode() + b"\n\n"


async def broken(exchange: Exchange) -> None:
    """Refuses whatever it is asked."""
    await exchange.json({"error": {"message": "no such [red]key\x1b[2J[/]"}}, status=401)


def profiled(home: Path, url: str, more: str = "") -> Runtime:
    """A home whose own profile names two models of a server."""
    path = home / "config" / "ultra.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(PROFILE.format(url=url, more=more), encoding="utf-8")
    made = runtime(home, None)
    made.clock = SystemClock()
    return made


@asynccontextmanager
async def asking(
    home: Path,
    handler: Handler,
    *,
    more: str = "",
    size: tuple[int, int] = (120, 40),
    preferences: Preferences | None = None,
) -> AsyncIterator[tuple[Pilot[None], Runtime]]:
    """The Ask screen before a server, with nothing typed yet."""
    async with loopback(handler) as server:
        made = profiled(home, server.url, more)
        async with shown(made, size=size, preferences=preferences) as pilot:
            await pilot.press("5")
            await settled(pilot)
            yield pilot, made


async def says(pilot: Pilot[None], text: str) -> None:
    """Wait until the screen shows it."""
    try:
        await until(pilot, lambda: text in words(pilot))
    except TimeoutError:
        raise AssertionError(f"`{text}` is not on the screen:\n{words(pilot)}") from None


def page(pilot: Pilot[None]) -> AskPage:
    found = pilot.app.screen_stack[0]
    assert isinstance(found, AskPage)
    return found


def box(pilot: Pilot[None]) -> PromptBox:
    return page(pilot).query_one(PromptBox)


def newest(made: Runtime) -> RunDocument:
    run_id = made.log.latest()
    assert run_id is not None
    return made.log.run(run_id)


async def test_an_answer_grows_and_is_drawn_whole_at_its_end(tmp_path: Path) -> None:
    """Words come as they are said; a block that was cut by its pieces is one at the end."""
    lab = Lab()
    async with asking(tmp_path / "home", lab) as (pilot, made):
        await pilot.press(*"why")
        await pilot.press("enter")
        await says(pilot, "A first")
        assert "streaming" in words(pilot)
        assert "Esc cancels" in words(pilot)

        lab.go_on.set()
        await settled(pilot)

        seen = words(pilot)
        for part in ("> why", "A first half,", "x = 1", "and the end", "left", "done"):
            assert part in seen
        assert f"run {newest(made).run_id[:8]}" in seen
        assert box(pilot).text == ""
        assert newest(made).status == "ok"


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_a_key_cancels_the_run_and_keeps_what_was_paid(tmp_path: Path, key: str) -> None:
    """The log has the words that came; the prompt is in the box again; the app goes on."""
    async with asking(tmp_path / "home", Lab()) as (pilot, made):
        await pilot.press(*"why")
        await pilot.press("enter")
        await says(pilot, "A first")

        await pilot.press(key)
        await settled(pilot)

        document = newest(made)
        assert document.status == "cancelled"
        assert (document.calls[0].status, document.calls[0].text) == ("partial", "A *first*")
        assert "what came is kept" in words(pilot)
        assert box(pilot).text == "why"
        assert pilot.app.is_running


async def test_leaving_while_an_answer_comes_leaves_a_row_that_says_so(tmp_path: Path) -> None:
    """Whoever leaves has cancelled, with the words on record."""
    async with loopback(Lab()) as server:
        made = profiled(tmp_path / "home", server.url)
        async with shown(made) as pilot:
            await pilot.press("5")
            await settled(pilot)
            await pilot.press(*"why")
            await pilot.press("enter")
            await says(pilot, "A first")
            await pilot.press("ctrl+q")
            await pilot.pause()

        document = newest(made)
        assert document.status == "cancelled"
        assert document.calls[0].text == "A *first*"


async def test_a_resize_while_an_answer_comes_loses_nothing(tmp_path: Path) -> None:
    """Neither the words, nor what is being typed meanwhile."""
    lab = Lab()
    async with asking(tmp_path / "home", lab) as (pilot, _made):
        await pilot.press(*"why")
        await pilot.press("enter")
        await says(pilot, "A first")
        await pilot.press(*"next")

        for size in ((80, 24), (20, 6), (200, 60), (41, 12), (120, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        lab.go_on.set()
        await settled(pilot)

        assert "and the end" in words(pilot)
        assert box(pilot).text == "next"


async def test_what_a_model_says_is_inert(tmp_path: Path) -> None:
    """No sequence, no markup and no link of it means anything, while it comes and after."""
    lab = Lab(HOSTILE[:200], HOSTILE[200:400])
    async with asking(tmp_path / "home", lab) as (pilot, _made):
        await pilot.press("x", "enter")
        await says(pilot, "[red]rich[/red]")
        lab.go_on.set()
        await settled(pilot)

        seen = words(pilot)
        assert "[@click=app.quit]textual[/]" in seen
        assert "[link=http://x]l[/link]" in seen
        assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(seen)
        assert pilot.app.is_running


async def test_a_run_that_fails_says_why_and_gives_the_prompt_back(tmp_path: Path) -> None:
    """The class, the provider's words made safe, what to do, and what was typed."""
    async with asking(tmp_path / "home", broken) as (pilot, _made):
        await pilot.press(*"why")
        await pilot.press("enter")
        await settled(pilot)

        seen = words(pilot)
        assert "auth: " in seen
        assert "no such [red]key[/]" in seen
        assert box(pilot).text == "why"


async def test_alerts_are_told_after_a_run_while_one_types_on(tmp_path: Path) -> None:
    """Whatever is told takes its time beside the screen."""
    go, told = tmp_path / "go", tmp_path / "told"
    script = f"until [ -e {go} ]; do sleep 0.05; done; cat > {told}.new; mv {told}.new {told}"
    rule = {"spend_usd": 0.000000001, "command": ["sh", "-c", script], "timeout_s": 50}
    more = f"alerts: {json.dumps({'daily': rule})}"
    lab = Lab()
    lab.go_on.set()
    async with asking(tmp_path / "home", lab, more=more) as (pilot, _made):
        await pilot.press(*"why")
        await pilot.press("enter")
        await says(pilot, "and the end")
        await until(pilot, lambda: not page(pilot).busy)

        await pilot.press(*"next")
        typed = box(pilot).text
        go.touch()
        await until(pilot, told.exists)

    assert typed == "next"
    assert json.loads(told.read_text())["alert"] == "daily"


async def test_a_run_that_fails_is_looked_at_by_alerts_and_what_cannot_be_told_is_said(
    tmp_path: Path,
) -> None:
    """Errors are what alerts are for."""
    more = "alerts: {errors: {error_rate: 0.1, min_calls: 1, command: /no/such/command}}"
    async with asking(tmp_path / "home", broken, more=more) as (pilot, _made):
        await pilot.press(*"why")
        await pilot.press("enter")

        await says(pilot, "alert `errors` was not told")
        assert "auth: " in words(pilot)


async def test_a_secret_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    """In the words of the command line, and what was typed stays."""
    async with asking(tmp_path / "home", Lab()) as (pilot, made):
        box(pilot).text = "mine is ghp_" + drawn(36)
        await pilot.press("enter")
        await settled(pilot)

        assert "holds a secret" in words(pilot)
        assert "nothing was sent" in words(pilot)
        assert box(pilot).text.startswith("mine is")
        assert made.log.latest() is None


@pytest.mark.parametrize("answer", ["n", "y"])
async def test_a_dear_run_is_asked_about_first(tmp_path: Path, answer: str) -> None:
    """No sends nothing and keeps what was typed; yes sends it."""
    lab = Lab()
    lab.go_on.set()
    more = "confirm_usd: 0.0001"
    async with asking(tmp_path / "home", lab, more=more) as (pilot, made):
        await pilot.press(*"why")
        await pilot.press("enter")
        await says(pilot, "go on?")

        await pilot.press(answer)
        await settled(pilot)

        assert (made.log.latest() is None) == (answer == "n")
        assert box(pilot).text == ("why" if answer == "n" else "")


async def test_without_a_profile_or_key_it_says_what_to_do(tmp_path: Path) -> None:
    """Nobody is asked, and no simulated model offers itself."""
    async with shown(runtime(tmp_path / "home", None)) as pilot:
        await pilot.press("5")
        await settled(pilot)
        assert "ultra init" in words(pilot)

        await pilot.press("x", "enter")
        await settled(pilot)

        assert "ultra init" in words(pilot)
        assert box(pilot).text == "x"
        assert "sim:" not in words(pilot)


@pytest.mark.parametrize("key", ["ctrl+j", "alt+enter", "shift+enter"])
async def test_a_prompt_has_as_many_lines_as_one_wants(tmp_path: Path, key: str) -> None:
    async with shown(runtime(tmp_path / "home")) as pilot:
        await pilot.press("5")
        await settled(pilot)
        await pilot.press("a", key, "b")

        assert box(pilot).text == "a\nb"


def test_alt_enter_of_older_terminals_is_no_enter() -> None:
    """In tmux it is Escape and Enter in one, and Enter sends."""
    keys = [event.key for event in XTermParser().feed("\x1b\r") if isinstance(event, Key)]

    assert keys == ["alt+enter"]


async def test_an_empty_box_sends_nothing(tmp_path: Path) -> None:
    """And nobody is scolded for it."""
    async with shown(runtime(tmp_path / "home")) as pilot:
        await pilot.press("5")
        await settled(pilot)
        await pilot.press("space", "enter")
        await settled(pilot)

        assert "prompt is empty" not in words(pilot)


async def test_the_key_that_sends_can_be_another(tmp_path: Path) -> None:
    """Enter is then a line of its own."""
    keys = Preferences(keys={"ask.send": "ctrl+s"})
    made = runtime(tmp_path / "home")
    made.clock = SystemClock()
    async with shown(made, preferences=keys) as pilot:
        await pilot.press("5")
        await settled(pilot)
        await pilot.press("a", "enter", "b")
        assert box(pilot).text == "a\nb"

        await pilot.press("ctrl+s")
        await settled(pilot)

        assert newest(made).prompt == "a\nb"


async def test_several_models_answer_side_by_side_and_one_writes(tmp_path: Path) -> None:
    """Whom is chosen by search; the one answer has a column, and is looked at."""
    lab = Lab()
    lab.go_on.set()
    async with asking(tmp_path / "home", lab, size=(160, 40)) as (pilot, made):
        await pilot.press("f2")
        await says(pilot, "Whom to ask")
        await pilot.press(*"rig", "down", "space", "slash", "backspace", "backspace", "backspace")
        await pilot.press(*"left", "down", "space", "enter")
        await until(pilot, lambda: not pilot.app.screen.is_modal)
        assert "to right, left" in words(pilot)

        await pilot.press(*"why")
        await pilot.press("enter")
        await settled(pilot)

        titles = [column.title for column in page(pilot).query_one(Columns).all]
        assert titles == ["right", "left", "writer right"]
        assert newest(made).strategy == "fusion"
        here = page(pilot).query_one(Columns).here
        assert here is not None
        assert here.title == "writer right"


async def test_a_model_that_no_list_has_can_be_asked(tmp_path: Path) -> None:
    """What is written `provider:model` is taken as it is written; Esc leaves all as it was."""
    async with asking(tmp_path / "home", Lab()) as (pilot, _made):
        await pilot.press("f2")
        await says(pilot, "Whom to ask")
        await pilot.press(*"lab:new", "enter")
        await until(pilot, lambda: not pilot.app.screen.is_modal)
        assert "to lab:new" in words(pilot)

        await pilot.press("f2")
        await says(pilot, "Whom to ask")
        await pilot.press("escape")
        await until(pilot, lambda: not pilot.app.screen.is_modal)
        assert "to lab:new" in words(pilot)


async def test_all_answers_are_compared_one_is_picked_and_the_talk_goes_on(tmp_path: Path) -> None:
    """Until one is picked every model goes on from its own; a new talk forgets it."""
    lab = Lab()
    lab.go_on.set()
    async with asking(tmp_path / "home", lab) as (pilot, made):
        await pilot.press("f3")
        await says(pilot, "How to ask")
        await pilot.press(*"every answer, side", "enter")
        await until(pilot, lambda: not pilot.app.screen.is_modal)
        assert "how all" in words(pilot)
        await pilot.press("i", "backspace", *"why", "enter")
        await settled(pilot)
        first = newest(made)
        assert first.verb == "compare"
        assert "goes on from" in words(pilot)

        await pilot.press(*"more", "enter")
        await settled(pilot)
        assert newest(made).conversation == first.conversation
        columns = page(pilot).query_one(Columns)
        assert len(columns.all) == 2

        await pilot.press("escape", "right_square_bracket", "p")
        await settled(pilot)
        assert newest(made).picked == newest(made).calls[1].call_id
        await pilot.press("left_square_bracket", "t", "c")
        await settled(pilot)
        assert columns.here is not None
        assert pilot.app.clipboard == columns.here.text
        assert "to the clipboard" in words(pilot)

        await pilot.press("n")
        assert "goes on from" not in words(pilot).splitlines()[1]


async def test_judges_are_chosen_with_the_profiles_own_marked(tmp_path: Path) -> None:
    async with asking(tmp_path / "home", Lab()) as (pilot, _made):
        await pilot.press("escape", "s")
        await says(pilot, "How to ask")
        await pilot.press(*"judges make", "enter")
        await says(pilot, "Who judges")
        assert "[x] right" in words(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: not pilot.app.screen.is_modal)

        assert "how all, judged by right" in words(pilot)


async def test_leaving_the_choice_of_judges_leaves_it_all_as_it_was(tmp_path: Path) -> None:
    async with asking(tmp_path / "home", Lab()) as (pilot, _made):
        await pilot.press("f3")
        await says(pilot, "How to ask")
        await pilot.press(*"judges make", "enter")
        await says(pilot, "Who judges")
        await pilot.press("escape")
        await settled(pilot)
        assert "how all" not in words(pilot)


async def test_what_is_made_up_says_so(tmp_path: Path) -> None:
    """Beside the answer and in the receipt."""
    made = runtime(tmp_path / "home")
    made.clock = SystemClock()
    async with shown(made, size=(120, 40)) as pilot:
        await pilot.press("5")
        await settled(pilot)
        await pilot.press("x", "enter")
        await settled(pilot)

        told = [line for line in words(pilot).splitlines() if "simulated" in line]
        assert len(told) >= 3  # the header, the answer, the receipt


async def test_one_run_at_a_time(tmp_path: Path) -> None:
    """The second prompt stays in the box, and it is said how to end the first."""
    lab = Lab()
    async with asking(tmp_path / "home", lab) as (pilot, made):
        await pilot.press("a", "enter")
        await says(pilot, "A first")
        await pilot.press("b", "enter")
        await says(pilot, "a run is under way")
        lab.go_on.set()
        await settled(pilot)

        assert box(pilot).text == "b"
        assert newest(made).prompt == "a"
