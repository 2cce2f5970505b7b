"""What holds for every screen of `ultra tui`."""

import importlib
import sqlite3
import subprocess
import sys
from contextlib import closing
from inspect import isclass
from pathlib import Path
from pkgutil import iter_modules

import pytest
from textual.widgets import Input, TextArea

from tests.support.tui import NOW, PROFILE, filled, runtime, settled, shown, until, words
from ultra.core.errors import ConfigError, UsageError
from ultra.core.live import Live
from ultra.runtime.preferences import Preferences, preferences_of
from ultra.runtime.runtime import Runtime
from ultra.store.database import Place, open_database
from ultra.tui import widgets
from ultra.tui.app import PARTS, Changed, UltraApp
from ultra.tui.keys import actions
from ultra.tui.screens import PAGES
from ultra.tui.screens.page import Page
from ultra.tui.widgets.asking import Confirm, Reading
from ultra.tui.widgets.choosing import Choice, Choose
from ultra.tui.widgets.help import Help
from ultra.tui.widgets.top import Tab, Top

ROOT = Path(__file__).parents[2]
PREFIX = f"{widgets.__name__}."


@pytest.fixture
def made(tmp_path: Path) -> Runtime:
    """A runtime that nobody has used yet."""
    return runtime(tmp_path / "home")


@pytest.mark.parametrize("place", range(1, 6))
async def test_a_number_goes_to_its_screen(made: Runtime, place: int) -> None:
    """And the header says which of the five it is."""
    async with shown(made) as pilot:
        await pilot.press(str(place))
        await settled(pilot)

        assert isinstance(pilot.app.screen, PAGES[place - 1].screen)
        assert f"{place} {PAGES[place - 1].title}" in words(pilot)


async def test_a_click_goes_to_a_screen_too(made: Runtime) -> None:
    """The header is a row of tabs for the mouse."""
    async with shown(made) as pilot:
        await pilot.click(pilot.app.screen.query(Tab)[2])
        await settled(pilot)

        assert isinstance(pilot.app.screen, PAGES[2].screen)


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_help_lists_every_key_of_the_screen(made: Runtime, key: str) -> None:
    """Those of the screen first; any of its keys closes it again."""
    async with shown(made, size=(120, 40)) as pilot:
        await pilot.press(key)
        text = words(pilot)
        shown_keys = [
            one.binding.description
            for one in pilot.app.screen_stack[0].active_bindings.values()
            if one.binding.id
        ]
        assert isinstance(pilot.app.screen, Help)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, Page)

    assert [name for name in shown_keys if name not in text] == []
    assert text.index("here") < text.index("everywhere") < text.index("to move")


async def test_help_keeps_keys_and_what_they_do_apart(made: Runtime) -> None:
    """Where what they do takes a second line too; each by words of our own."""
    async with shown(made) as pilot:
        await pilot.press("question_mark")
        await pilot.press("end")
        await settled(pilot)
        lines = words(pilot).splitlines()

    starts = [line.split("│", 1)[1] for line in lines if line.count("│") >= 2]
    told = [
        line
        for line in starts
        if line.strip("▄▁▂▃▅▆▇█ │") not in ("", "here", "everywhere", "to move")
    ]
    assert told
    assert all(line.startswith("   ") for line in told), told
    assert not any("command prompt" in line for line in told)


async def test_the_palette_has_every_action(made: Runtime) -> None:
    """By its name, with its key beside it."""
    async with shown(made) as pilot:
        screen = pilot.app.screen
        named = [command.title for command in pilot.app.get_system_commands(screen)]
        await pilot.press("ctrl+p")
        await pilot.press(*"cost", "enter")
        await settled(pilot)
        there = pilot.app.screen

    assert {"Cost (3)", "Probe (p)", "Quit (q)", "Light or dark (^t)"} <= set(named)
    assert isinstance(there, PAGES[2].screen)


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_one_key_leaves(made: Runtime, key: str) -> None:
    """Ctrl-C too, where nothing is selected and nothing under way."""
    async with shown(made) as pilot:
        await pilot.press(key)

        await until(pilot, lambda: not pilot.app.is_running)


async def test_letters_typed_into_a_field_are_no_keys(made: Runtime) -> None:
    """Esc leaves the field, and they are again."""
    async with shown(made) as pilot:
        await pilot.press("4")
        await settled(pilot)
        field = pilot.app.screen.query(Input).first()
        field.focus()
        await pilot.press("q", "1")
        typed = field.value
        await pilot.press("escape")
        await pilot.press("1")
        await settled(pilot)

        assert typed == "q1"
        assert isinstance(pilot.app.screen, PAGES[0].screen)


async def test_ctrl_c_copies_what_is_selected_in_a_field(made: Runtime) -> None:
    """It leaves only where nothing is."""
    async with shown(made) as pilot:
        await pilot.press("4")
        await settled(pilot)
        field = pilot.app.screen.query(Input).first()
        field.focus()
        await pilot.press("h", "i")
        field.select_all()
        await pilot.press("ctrl+c")
        await settled(pilot)
        assert pilot.app.clipboard == "hi"
        assert pilot.app.is_running

        await pilot.press("end", "ctrl+c")
        await until(pilot, lambda: not pilot.app.is_running)


async def test_keys_can_be_moved(made: Runtime) -> None:
    """The new one does it, the old one does nothing any more, and help says so."""
    wanted = Preferences(keys={"page.cost": "c,f9", "quit": "ctrl+d"})
    async with shown(made, preferences=wanted) as pilot:
        await pilot.press("c")
        await settled(pilot)
        assert isinstance(pilot.app.screen, PAGES[2].screen)
        await pilot.press("1", "3", "q")
        await settled(pilot)
        assert isinstance(pilot.app.screen, PAGES[0].screen)
        await pilot.press("ctrl+d")
        await until(pilot, lambda: not pilot.app.is_running)


def test_every_widget_with_keys_of_its_own_has_them_moved() -> None:
    """What names an action is known to the app."""
    modules = [importlib.import_module(one.name) for one in iter_modules(widgets.__path__, PREFIX)]
    classes = {one for module in modules for one in vars(module).values() if isclass(one)}
    ours = {one for one in classes if one.__module__.startswith(PREFIX) and "BINDINGS" in vars(one)}

    assert ours == {one for one in PARTS if actions(one)}


async def test_what_is_opened_over_a_screen_tells_the_keys_that_were_moved(made: Runtime) -> None:
    """And goes by them."""
    keys = {"choose.leave": "f8,f7", "choose.done": "f9", "confirm.yes": "j"}
    async with shown(made, preferences=Preferences(keys=keys)) as pilot:
        said: list[object] = []
        choose = Choose("Which", [Choice("one"), Choice("two")], several=False)
        await pilot.app.push_screen(choose, said.append)
        await settled(pilot)
        assert "↓ goes to the list, f9 chooses, f8 leaves it as it was" in words(pilot)
        await pilot.press("f9")
        await until(pilot, lambda: said)
        await pilot.app.push_screen(Confirm("Really?"), said.append)
        await settled(pilot)
        assert "No (n)" in words(pilot)
        assert "Yes (j)" in words(pilot)
        await pilot.press("j")
        await until(pilot, lambda: len(said) == 2)

    assert said == [("one",), True]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"quit": "f9,ctrl+d"}, "`ctrl+d` for `quit`: a field of History, the prompt of Ask"),
        ({"cost.today": "end"}, "`end` for `cost.today`: the list of Cost"),
        ({"quit": "k"}, "`k` for `quit`: the list of Live"),
        ({"quit": "k", "calls.up": "up"}, ""),
        ({"calls.first": "k", "calls.up": "up"}, ""),
        ({"confirm.yes": "enter"}, "`enter` for `confirm.yes`: a question"),
        ({"choose.leave": "backspace"}, "`backspace` for `choose.leave`: the search of a choice"),
        ({"choose.search": "home"}, "`home` for `choose.search`: the search of a choice, its list"),
        ({"choose.done": "home"}, ""),
        ({"interrupt": "ctrl+d"}, ""),
        ({"quit": "x", "look": "f5"}, ""),
    ],
    ids=str,
)
async def test_a_key_that_a_widget_has_of_its_own_is_told(
    made: Runtime, keys: dict[str, str], told: str
) -> None:
    """At the start, with the places where it does something else; letters go without saying."""
    async with shown(made, preferences=Preferences(keys=keys)) as pilot:
        said = [one.message for one in pilot.app._notifications]

    assert said == ([f"keys of `tui.yaml` that do something else there: {told}"] if told else [])


def test_a_key_for_no_action_is_told(made: Runtime) -> None:
    """With the nearest action there is."""
    with pytest.raises(UsageError) as raised:
        UltraApp(made, Preferences(keys={"page.costs": "c"}))

    assert "`page.costs`, which is no action" in raised.value.message
    assert "page.cost" in (raised.value.hint or "")


@pytest.mark.parametrize(
    "text", ["version: 1\nthemes: dark\n", "keys: 3\n", "theme: pink\n", "{"], ids=str
)
def test_a_wrong_file_of_keys_is_told_with_its_place(made: Runtime, text: str) -> None:
    """As a wrong profile is."""
    made.paths.config.mkdir(parents=True)
    made.paths.screens_file.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as raised:
        preferences_of(made)

    assert "tui.yaml" in raised.value.message
    assert "tui.yaml:" in raised.value.problems[0].where


def test_the_file_of_keys_is_read(made: Runtime) -> None:
    """Version, theme and keys."""
    made.paths.config.mkdir(parents=True)
    made.paths.screens_file.write_text(
        'version: 1\ntheme: light\nkeys:\n  quit: "ctrl+d"\n', encoding="utf-8"
    )

    assert preferences_of(made) == Preferences(theme="light", keys={"quit": "ctrl+d"})


@pytest.mark.parametrize(
    ("environ", "theme", "dark"),
    [
        ({}, "auto", True),
        ({"COLORFGBG": "15;0"}, "auto", True),
        ({"COLORFGBG": "0;15"}, "auto", False),
        ({"COLORFGBG": "0;default;15"}, "dark", True),
        ({}, "light", False),
    ],
)
async def test_light_or_dark(
    tmp_path: Path, environ: dict[str, str], theme: str, dark: bool
) -> None:
    """As the user says, else as the terminal does; a key changes it."""
    made = runtime(tmp_path / "home", environ=environ)
    async with shown(made, preferences=Preferences(theme=theme)) as pilot:  # type: ignore[arg-type]
        assert pilot.app.current_theme.dark is dark
        await pilot.press("ctrl+t")
        assert pilot.app.current_theme.dark is not dark


async def test_no_color_draws_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a foreground nor a background; where one is and what is chosen is marked."""
    monkeypatch.setenv("NO_COLOR", "1")
    made = runtime(tmp_path / "home", environ={"NO_COLOR": "1"})
    async with shown(made) as pilot:
        coloured, marked = [], ""
        for strip in pilot.app.screen._compositor.render_strips(pilot.app.size):
            for segment in strip.apply_filter(
                pilot.app._filters[-1], pilot.app.background_colors[0]
            ):
                style = segment.style
                if style is None:
                    continue
                if any(one and not one.is_default for one in (style.color, style.bgcolor)):
                    coloured.append(segment.text)
                marked += segment.text if style.reverse or style.underline else ""
        await pilot.press("ctrl+t")

    assert coloured == []
    assert "Providers" in marked
    assert "sim:swift" in marked


@pytest.mark.parametrize("size", [(20, 5), (39, 24), (80, 7), (1, 1)], ids=str)
async def test_where_there_is_no_room_it_says_so(made: Runtime, size: tuple[int, int]) -> None:
    """And comes back once there is."""
    async with shown(made, size=size) as pilot:
        small = words(pilot)
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        large = words(pilot)

    assert "sim:swift" not in small
    assert size[0] < 20 or "too" in small
    assert "sim:swift" in large


@pytest.mark.parametrize("place", "12345")
async def test_where_there_is_no_room_nothing_else_is_said(tmp_path: Path, place: str) -> None:
    """Not what is wrong with the profile either, which would push the rest away."""
    async with shown(runtime(tmp_path / "home", None), size=(20, 5)) as pilot:
        await pilot.press("escape", place)
        await settled(pilot)
        said = words(pilot)

    assert "window is too" in said
    assert "init" not in said


async def test_every_screen_starts_with_nothing_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key, no network, no log, no profile: what to do is said, and nothing fails."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    async with shown(runtime(tmp_path / "home", None)) as pilot:
        said = []
        for place in "12345":
            await pilot.press("escape", place)
            await settled(pilot)
            said.append(words(pilot))

    assert "ultra init" in said[0]
    assert [page.title in text for page, text in zip(PAGES, said, strict=True)] == [True] * 5


async def test_a_broken_profile_is_told_with_its_mistakes(tmp_path: Path) -> None:
    """On every screen, until it is mended; nobody need start anew for that."""
    made = runtime(tmp_path / "home", None, text="version: 1\nmodles: {}\n")
    async with shown(made) as pilot:
        broken = words(pilot)
        await pilot.press("3")
        await settled(pilot)
        elsewhere = words(pilot)
        (made.paths.config / "ultra.yaml").write_text(PROFILE, encoding="utf-8")
        await pilot.press("ctrl+r", "1")
        await settled(pilot)
        mended = words(pilot)

    for text in (broken, elsewhere):
        assert "ultra.yaml:2:1" in text.replace("\n", "").replace(" ", "")
        assert "no profile" in text
    assert "lab:good" in mended
    assert "mistake" not in mended


async def test_a_log_of_a_newer_ultra_is_left_alone(made: Runtime) -> None:
    """Each screen says so, and what it knows without the log."""
    open_database(Place(made.paths.database), NOW).connection.close()
    with closing(sqlite3.connect(made.paths.database)) as connection:
        connection.execute("PRAGMA user_version = 900")
    async with shown(made, size=(120, 40)) as pilot:
        providers = words(pilot)
        await pilot.press("3")
        await settled(pilot)
        cost = words(pilot)

    assert "newer" in providers
    assert "sim:swift" in providers
    assert "newer" in cost


async def test_a_log_that_cannot_be_read_is_told(made: Runtime) -> None:
    """It is not taken for an empty one."""
    made.paths.data.mkdir(parents=True)
    made.paths.database.write_bytes(b"no database at all" * 100)
    async with shown(made, size=(200, 60)) as pilot:
        providers = words(pilot)
        await pilot.press("3")
        await settled(pilot)
        cost = words(pilot)

    assert "cannot be read" in providers
    assert "cannot be read" in cost


async def test_warnings_of_the_runtime_are_shown_and_not_printed(made: Runtime) -> None:
    """What would be a line on stderr would go across the screen."""
    async with shown(made) as pilot:
        made.warn("the log [red]is[/red] \x1b[31mfull")
        await pilot.pause()
        await settled(pilot)
        text = words(pilot)

    assert "the log [red]is[/red] full" in text


def test_every_action_is_in_the_documentation() -> None:
    """So that whoever moves a key finds its name."""
    page = (ROOT / "docs" / "tui.md").read_text(encoding="utf-8")
    dialogues = (Help, Confirm, Reading)
    named = [name for place in (UltraApp, Page, *dialogues) for name in actions(place)]
    named += [name for row in PAGES[::2][:2] for name in actions(row.screen)]

    assert [name for name in named if f"`{name}`" not in page] == []


async def test_what_another_process_does_is_seen(made: Runtime) -> None:
    """The log is followed: no key is pressed, and the figures are there."""
    async with shown(made) as pilot:
        before = words(pilot)
        await filled(made.paths.database)
        await until(pilot, lambda: "at least $0.001" in words(pilot))

    assert "today $0" in before


def test_nothing_is_drawn_oftener_than_twenty_times_a_second() -> None:
    """textual takes its pace from the environment, once; these tests may have loaded it before."""
    code = "import ultra.tui.app, textual.screen; print(textual.screen.UPDATE_PERIOD)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert float(done.stdout) == 1 / 20


async def test_nothing_moves_by_itself(made: Runtime) -> None:
    """No animation, and no cursor that blinks: both would draw while nothing happens."""
    async with shown(made) as pilot:
        for place in "12345":
            await pilot.press("escape", place)
            await settled(pilot)
            screen = pilot.app.screen
            fields = [*screen.query(Input), *screen.query(TextArea)]
            assert [field for field in fields if field.cursor_blink] == []

        assert pilot.app.animation_level == "none"


async def test_it_fits_itself_to_a_window_that_changes(made: Runtime) -> None:
    """Wider is more columns, narrower is fewer, at once."""
    await filled(made.paths.database)
    async with shown(made) as pilot:
        narrow = words(pilot)
        await pilot.resize_terminal(200, 60)
        await settled(pilot)
        wide = words(pilot)
        await pilot.resize_terminal(80, 24)
        await settled(pilot)

        assert words(pilot) == narrow
        assert "last error" not in narrow
        assert "last error" in wide


async def test_what_comes_while_the_app_closes_troubles_nobody(made: Runtime) -> None:
    """The log changes and time goes on while parts of the screen are gone and others are not."""
    async with shown(made) as pilot:
        app = pilot.app
        assert isinstance(app, UltraApp)
        await app.screen.query(Top).remove()
        app._running = False  # as textual has it from the beginning of its end

        app.on_changed(Changed(Live()))
        app._tick()
