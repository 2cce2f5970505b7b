"""Where a command reads and writes: colour, width, terminals, closed descriptors."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.terminal import Terminal
from ultra.core.errors import OutputError
from ultra.output.streams import Streams


def memory(**more: object) -> Streams:
    return Streams(io.StringIO(), io.StringIO(), io.StringIO(), **{"environ": {}, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "", "NO_COLOR": ""}, False),
    ],
    ids=["plain", "forced", "refused", "empty"],
)
def test_a_pipe_is_coloured_only_when_forced(environ: dict[str, str], coloured: bool) -> None:
    """NO_COLOR wins over FORCE_COLOR, and empty values say nothing."""
    streams = memory(environ=environ)

    assert (streams.colour_out, streams.colour_err) == (coloured, coloured)


@pytest.mark.parametrize(
    ("environ", "coloured", "drawn"),
    [({}, True, True), ({"NO_COLOR": "1"}, False, True), ({"TERM": "dumb"}, False, False)],
    ids=["plain", "no-colour", "dumb"],
)
def test_a_terminal_is_coloured_and_drawn_on_unless_told(
    environ: dict[str, str], coloured: bool, drawn: bool
) -> None:
    """A dumb terminal gets text only; NO_COLOR takes the colour and leaves the drawing."""
    with Terminal() as terminal:
        streams = terminal.streams(environ=environ)

        assert streams.colour_out is coloured
        assert (streams.out_screen is not None) is drawn
        assert (streams.err_screen is not None) is drawn
        assert streams.interactive


def test_one_terminal_is_one_screen() -> None:
    """Stdout and stderr on the same terminal share one screen, and so one order."""
    with Terminal() as terminal, Terminal() as other:
        one = terminal.streams()
        two = Streams(terminal.stdin(), terminal.file(), other.file(), environ={"TERM": "xterm"})

        assert one.out_screen is one.err_screen
        assert two.out_screen is not two.err_screen


def test_the_width_is_the_terminals_now() -> None:
    """A window that changes is seen."""
    with Terminal(200, 50) as terminal:
        streams = terminal.streams()
        before = (streams.width, streams.height)
        terminal.resize(20, 10)

        assert before == (200, 50)
        assert (streams.width, streams.height) == (20, 10)


@pytest.mark.parametrize(
    ("columns", "width"), [("132", 132), ("0", 80), ("wide", 80), ("", 80)], ids=str
)
def test_a_pipe_is_as_wide_as_columns_says(columns: str, width: int) -> None:
    """`COLUMNS` counts where there is no terminal, when it is a number."""
    assert memory(environ={"COLUMNS": columns}).size() == (width, 24)


def test_a_terminal_that_does_not_know_its_size_is_80_columns() -> None:
    """A serial line reports 0 by 0."""
    with Terminal(0, 0) as terminal:
        assert terminal.streams().size() == (80, 24)


def test_writing_to_a_file_in_memory() -> None:
    """Test runners replace stdout by files without a descriptor."""
    streams = memory()

    streams.write("out\n")
    streams.tell("err\n")

    assert (streams.stdout.getvalue(), streams.stderr.getvalue()) == ("out\n", "err\n")  # type: ignore[attr-defined]


def test_a_reader_that_left_raises_broken_pipe() -> None:
    """The caller exits 141 without a word."""
    reader, out = os.pipe()
    os.close(reader)
    with os.fdopen(out, "w") as stdout:
        streams = Streams(io.StringIO(), stdout, io.StringIO(), environ={})

        with pytest.raises(BrokenPipeError):
            streams.write("x")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux")
def test_a_full_disk_raises_output_error() -> None:
    """Any other failure of stdout is told."""
    with open("/dev/full", "w") as full, open("/dev/full", "w") as stderr:  # noqa: PTH123
        streams = Streams(io.StringIO(), full, stderr, environ={})

        with pytest.raises(OutputError, match="No space left"):
            streams.write("x")
        streams.tell("nobody can hear this\n")


def test_a_closed_file_raises_output_error() -> None:
    """A file object that was closed is an output that cannot be written."""
    streams = memory()
    streams.stdout.close()

    with pytest.raises(OutputError):
        streams.write("x")


def test_a_stderr_that_nobody_reads_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be told within the patience is dropped."""
    monkeypatch.setattr("ultra.output.streams._PATIENCE_S", 0.01)
    reader, out = os.pipe()
    with os.fdopen(out, "w") as stderr:
        streams = Streams(io.StringIO(), io.StringIO(), stderr, environ={})

        streams.tell("x" * 200_000)

    os.close(reader)


async def test_a_message_during_a_drawing_stands_above_it() -> None:
    """Drawn lines are moved down, not written over."""
    with Terminal(40) as terminal:
        streams = terminal.streams()
        assert streams.err_screen is not None
        streams.err_screen.show("panels", ["drawn"])

        streams.tell("warning: something long enough to take more than one row here\n")
        await streams.finish(PATIENCE_S)

        assert (
            terminal.grid().text
            == "warning: something long enough to take m\nore than one row here\ndrawn"
        )


async def test_both_terminals_are_waited_for() -> None:
    """`finish` and `wait` reach stderr's own terminal too."""
    with Terminal() as one, Terminal() as two:
        streams = Streams(one.stdin(), one.file(), two.file(), environ={"TERM": "xterm"})
        assert streams.err_screen is not None
        streams.err_screen.print(["told"])

        assert await streams.finish(PATIENCE_S)
        assert streams.wait(PATIENCE_S)
        assert two.grid().text == "told"


def test_loudness_is_quiet_or_verbose() -> None:
    """Both flags read from one value."""
    assert (memory(loudness="quiet").quiet, memory(loudness="verbose").verbose) == (True, True)


_CLOSED = """
import os, sys
from ultra.output.streams import Streams
from ultra.core.errors import OutputError
streams = Streams.system(verbose=True)
taken = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
assert taken > 2, taken
try:
    streams.write("answer")
except OutputError:
    os._exit(7)
os._exit(0)
"""


def test_a_closed_stdout_is_never_somebody_elses_file(tmp_path: Path) -> None:
    """`>&-` must not let a database become descriptor 1 and be written over."""
    victim = tmp_path / "logs.db"

    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -c "$1" "$2" >&- <&- 2>&-', sys.executable, _CLOSED, str(victim)],
        check=False,
    )

    assert done.returncode == 7
    assert victim.read_bytes() == b""


def test_an_ascii_locale_does_not_end_an_answer() -> None:
    """Stdout is UTF-8 whatever the locale says."""
    code = "from ultra.output.streams import Streams; Streams.system(quiet=True); print('ä\\udc80')"
    environ = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=environ, check=True
    )

    assert done.stdout == b"\xc3\xa4\\udc80\n"


def test_a_plain_pipe_never_loads_rich() -> None:
    """What draws nothing pays for no drawing library."""
    code = (
        "import sys, asyncio; from ultra.output.streams import Streams;"
        "from ultra.output.sinks import View, ask_sinks, compare_sinks;"
        "from ultra.output.documents import render_run; from ultra.output.messages import Messages;"
        "from ultra.output.logs import render_summaries; from ultra.core.clock import SystemClock;"
        "streams = Streams.system(); ask_sinks(streams, SystemClock(), View());"
        "compare_sinks(streams, SystemClock(), View()); Messages(streams).warn('x');"
        "render_summaries([], streams=streams);"
        "bad = {'rich', 'markdown_it', 'pygments', 'httpx', 'yaml'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"warning: x\n")
