"""`ultra tui` in a terminal of its own: how it begins, how it ends, how often it draws."""

import asyncio
import os
import re
import signal
from pathlib import Path

import pytest

from tests.support.patience import in_time, until
from tests.support.process import Ultra
from tests.support.pty import OnTerminal

READY = "Quit"
"""What the footer ends with, once a screen stands."""

ALTERNATE, BACK = "\x1b[?1049h", "\x1b[?1049l"
"""The alternate screen. Source: xterm control sequences, private mode 1049."""


@pytest.fixture
def ultra(tmp_path: Path) -> Ultra:
    return Ultra(tmp_path)


def tui(ultra: Ultra, **environ: str) -> OnTerminal:
    return OnTerminal(ultra, "tui", "-P", "development", environ=environ)


@pytest.mark.parametrize("streams", ["stdin", "stdout", "stderr"])
async def test_without_a_terminal_it_says_so(ultra: Ultra, streams: str) -> None:
    """And which of the three is none; nothing is drawn into a file."""
    redirected = {"stdin": "< /dev/null", "stdout": "> out", "stderr": "2> err"}[streams]
    script = f"$ultra tui {redirected}"
    async with OnTerminal(ultra, script=script) as terminal:
        code = await terminal.ended()
        said = terminal.text

    err = ultra.folder / "err"
    said += err.read_text(encoding="utf-8") if err.exists() else ""
    assert code == 2
    assert f"needs a terminal, and {streams} is none" in said
    assert ALTERNATE not in said


async def test_a_dumb_terminal_is_refused(ultra: Ultra) -> None:
    """It obeys none of what would be sent to it."""
    async with tui(ultra, TERM="dumb") as terminal:
        assert await terminal.ended() == 2
        assert "cannot draw" in terminal.text


async def test_a_wrong_file_of_keys_is_an_error_before_anything_is_drawn(ultra: Ultra) -> None:
    """On the screen that the user came from."""
    config = ultra.home / "config"
    config.mkdir()
    (config / "tui.yaml").write_text("keys: {leave: x}\n", encoding="utf-8")
    async with tui(ultra) as terminal:
        code = await terminal.ended()

        assert code == 2
        assert "`leave`, which is no action" in terminal.text
        assert ALTERNATE not in terminal.text


@pytest.mark.parametrize("key", ["q", "\x03", "\x11"], ids=["q", "Ctrl-C", "Ctrl-Q"])
async def test_a_key_ends_it(ultra: Ultra, key: str) -> None:
    """At one press, and the terminal is as it was."""
    async with tui(ultra) as terminal:
        await terminal.until(READY)
        terminal.type(key)

        assert await terminal.ended() == 0
        assert terminal.text.count(BACK) == 1
        assert terminal.settings() == terminal.before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_ends_it(ultra: Ultra, number: signal.Signals) -> None:
    """With its own exit code, and the terminal as it was."""
    async with tui(ultra) as terminal:
        await terminal.until(READY)
        terminal.process.send_signal(number)

        assert await terminal.ended() == 128 + number
        assert terminal.text.count(BACK) == 1
        assert terminal.settings() == terminal.before


async def _stopped(pid: int) -> None:
    """Wait until a process stands still, as the shell does before `fg` can be typed."""
    how = os.WSTOPPED | os.WNOWAIT | os.WNOHANG
    await until(lambda: os.waitid(os.P_PID, pid, how))


async def test_ctrl_z_suspends_it_and_it_comes_back(ultra: Ultra) -> None:
    """The terminal is the shell's meanwhile, and all is drawn again after."""
    async with tui(ultra) as terminal:
        await terminal.until(READY)
        terminal.type("\x1a")
        await _stopped(terminal.process.pid)
        await terminal.until(BACK)
        terminal.process.send_signal(signal.SIGCONT)
        await terminal.until(ALTERNATE, times=2)
        await terminal.until(READY, times=2)
        terminal.type("q")

        assert await terminal.ended() == 0
        assert terminal.settings() == terminal.before


async def test_a_terminal_that_is_closed_ends_it(ultra: Ultra) -> None:
    """Nothing is left behind that reads from nowhere, again and again."""
    terminal = tui(ultra)
    async with terminal:
        await terminal.until(READY)
        asyncio.get_running_loop().remove_reader(terminal._master)
        for end in (terminal._slave, terminal._master):
            os.close(end)
        await in_time(terminal.process.wait())
        terminal._master, terminal._slave = os.openpty()  # for the harness to close

    assert terminal.process.returncode is not None


async def test_a_terminal_that_takes_nothing_does_not_keep_it_alive(ultra: Ultra) -> None:
    """Nobody reads what it draws; a signal ends it all the same."""
    async with tui(ultra) as terminal:
        await terminal.until(READY)
        asyncio.get_running_loop().remove_reader(terminal._master)
        for place in range(2_000):
            try:
                terminal.type(str(place % 5 + 1))
            except BlockingIOError:
                break
        terminal.process.send_signal(signal.SIGTERM)
        code = await in_time(terminal.process.wait())
        asyncio.get_running_loop().add_reader(terminal._master, terminal._read)

    assert code in (128 + signal.SIGTERM, -signal.SIGTERM)


async def test_it_runs_without_a_key_a_profile_or_a_log(ultra: Ultra) -> None:
    """Of somebody who has just installed it."""
    async with OnTerminal(ultra, "tui") as terminal:
        await terminal.until(READY)
        await terminal.until("ultra init")
        terminal.type("q")

        assert await terminal.ended() == 0


@pytest.mark.parametrize("spelt", ["1", "yes"])
async def test_no_color_sends_no_colour(ultra: Ultra, spelt: str) -> None:
    """SGR 30 to 48 and 90 to 107 set one; 39 and 49 take it back."""
    async with tui(ultra, NO_COLOR=spelt) as terminal:
        await terminal.until(READY)
        terminal.type("2345")
        terminal.type("\x03")  # the prompt has the focus, and would take a `q`
        await terminal.ended()
        sent = colours(terminal.text)

    assert sent == set()


async def test_an_empty_no_color_is_none(ultra: Ultra) -> None:
    """Source: no-color.org."""
    async with tui(ultra, NO_COLOR="") as terminal:
        await terminal.until(READY)
        terminal.type("q")
        await terminal.ended()
        sent = colours(terminal.text)

    assert sent != set()


def colours(text: str) -> set[int]:
    """The SGR parameters that set a colour."""
    found: set[int] = set()
    for sequence in re.findall(r"\x1b\[([0-9;]*)m", text):
        found |= {int(part or 0) for part in sequence.split(";")}
    return {one for one in found if 30 <= one <= 38 or 40 <= one <= 48 or 90 <= one <= 107}
