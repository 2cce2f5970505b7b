"""What is told on stderr, and what is asked there."""

import io
import re
import threading

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.runs import HOSTILE
from tests.support.terminal import Grid, Terminal
from ultra.core.errors import ConfigError, Problem, UsageError
from ultra.output.messages import Messages
from ultra.output.prompts import confirm, secret
from ultra.output.streams import Streams


def told(act, **more: object) -> str:  # type: ignore[no-untyped-def]
    stderr = io.StringIO()
    values = {"environ": {}, **more}
    act(Messages(Streams(io.StringIO(), io.StringIO(), stderr, **values)))  # type: ignore[arg-type]
    return stderr.getvalue()


def test_an_error_has_its_next_step() -> None:
    """`error:` what, `hint:` the next step, nothing else."""
    text = told(lambda m: m.error("`x` is not a model", hint="did you mean `y`?"))

    assert text == "error: `x` is not a model\nhint: did you mean `y`?\n"


def test_problems_of_a_file_stand_each_on_its_line() -> None:
    """Place, key path, message and the nearest name."""
    problems = [
        Problem("ultra.yaml:3:5", "models.fast.price", "unknown key", "did you mean `prices`?"),
        Problem("--profile", "", "no such file"),
    ]
    failure = ConfigError("profile does not hold", hint="fix it", problems=problems)

    assert told(lambda m: m.failure(failure)) == (
        "error: profile does not hold\n"
        "  ultra.yaml:3:5: models.fast.price: unknown key (did you mean `prices`?)\n"
        "  --profile: no such file\n"
        "hint: fix it\n"
    )


def test_an_error_without_problems_or_hint_is_one_line() -> None:
    """Nothing is told that nobody knows."""
    assert told(lambda m: m.failure(UsageError("no"))) == "error: no\n"


def test_quiet_leaves_warnings_and_takes_notes() -> None:
    """Only warnings and errors are told under `--quiet`."""

    def both(messages: Messages) -> None:
        messages.warn("careful")
        messages.note("by the way")

    assert told(both) == "warning: careful\nnote: by the way\n"
    assert told(both, loudness="quiet") == "warning: careful\n"


def test_a_message_cannot_pass_for_another_or_move_the_cursor() -> None:
    """Further lines are indented, controls are gone, markup is words."""
    text = told(lambda m: m.error(f"said:\nhint: rm -rf ~ {HOSTILE[:200]}"))

    assert text.startswith("error: said:\n  hint: rm -rf ~ start ")
    Grid(10_000).feed(text)


def test_a_terminal_gets_colour_on_the_label_only() -> None:
    """The words themselves are never coloured."""
    text = told(lambda m: m.warn("careful"), environ={"FORCE_COLOR": "1"})

    assert text == "\x1b[33mwarning:\x1b[0m careful\n"


@pytest.mark.parametrize(
    ("typed", "said"),
    [("y\n", True), ("YES\n", True), ("\n", False), ("no\n", False), ("\x04", False)],
    ids=["y", "yes", "enter", "no", "end"],
)
def test_only_yes_is_yes(typed: str, said: bool) -> None:
    """Enter and end of input mean no; the question stands on stderr."""
    with Terminal() as terminal:
        streams = terminal.streams()
        terminal.type(typed)

        assert confirm(streams, "Spend $3 \x1b[2J?") is said
        assert "Spend $3 ? [y/N]" in terminal.raw()


def test_nobody_is_asked_where_nobody_sits() -> None:
    """A pipe is never asked, and never says yes."""
    streams = Streams(io.StringIO("y\n"), io.StringIO(), io.StringIO(), environ={})

    assert confirm(streams, "Spend?") is False


def test_a_piped_secret_is_the_first_line() -> None:
    """`pass show x | ultra keys set openai` works, and nothing is prompted."""
    streams = Streams(io.StringIO(" sk-1 \nmore"), io.StringIO(), io.StringIO(), environ={})

    assert secret(streams, "Key") == "sk-1"
    assert streams.stderr.getvalue() == ""  # type: ignore[attr-defined]


def test_an_empty_secret_is_refused() -> None:
    """Nothing is never stored as a key."""
    streams = Streams(io.StringIO(""), io.StringIO(), io.StringIO(), environ={})

    with pytest.raises(UsageError, match="nothing was given"):
        secret(streams, "Key")


_ASK = """
import sys
from ultra.output.streams import Streams
from ultra.output.prompts import secret
print("got", len(secret(Streams.system(), "Key")))
"""


def test_a_typed_secret_is_not_shown() -> None:
    """The terminal does not echo what is typed."""
    import os
    import pty
    import sys

    child, master = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", _ASK])
    watchdog = threading.Timer(PATIENCE_S, os.kill, (child, 9))
    watchdog.start()
    seen = b""
    while b"Key: " not in seen:
        seen += os.read(master, 1024)
    os.write(master, b"sk-hidden\n")
    while not re.search(rb"got \d+\r\n", seen):
        seen += os.read(master, 1024)
    os.waitpid(child, 0)
    watchdog.cancel()
    os.close(master)

    assert b"got 9" in seen
    assert b"sk-hidden" not in seen
