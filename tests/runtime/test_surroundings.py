"""What `ultra doctor` says of the terminal, the shell's completions and the libraries."""

import io
import sys
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from ultra.core.health import Finding
from ultra.output.streams import Streams
from ultra.runtime.checkup.surroundings import completions, libraries, terminal

UTF8 = {"LANG": "en_GB.UTF-8"}


def at_terminal(columns: int, rows: int, environ: dict[str, str]) -> list[Finding]:
    with Terminal(columns, rows) as there:
        return list(terminal(there.streams(environ=environ), environ))


def test_an_ordinary_terminal_is_told_in_one_line_and_its_encoding() -> None:
    """Size, type, multiplexer and colour."""
    found = at_terminal(120, 40, {"TERM": "xterm-256color", "TMUX": "/tmp/x,1,0", **UTF8})

    assert [(one.level, one.message) for one in found] == [
        ("ok", "120 x 40, TERM `xterm-256color`, inside tmux, colour"),
        ("ok", "encoding UTF-8 (`LANG=en_GB.UTF-8`)"),
    ]


@pytest.mark.parametrize(
    ("size", "environ", "words"),
    [
        ((40, 24), {"TERM": "xterm", **UTF8}, "tables want 60 columns"),
        ((120, 8), {"TERM": "xterm", **UTF8}, "and 10 rows"),
        ((120, 40), {"TERM": "dumb", **UTF8}, "a dumb terminal"),
        ((120, 40), {"TERM": "", **UTF8}, "a dumb terminal"),
        ((120, 40), {"TERM": "xterm", "LC_ALL": "C", **UTF8}, "(`LC_ALL=C`)"),
        ((120, 40), {"TERM": "xterm"}, "(`no LANG is set`)"),
    ],
    ids=["narrow", "low", "dumb", "no TERM", "another encoding", "no locale"],
)
def test_what_a_terminal_lacks_is_a_warning(
    size: tuple[int, int], environ: dict[str, str], words: str
) -> None:
    """One each, and no more than that is wrong."""
    (lacking,) = [one for one in at_terminal(*size, environ) if one.level == "warning"]

    assert words in lacking.message


def test_a_locale_without_utf_8_comes_with_what_to_type() -> None:
    """The rest of a terminal's warnings only a larger window mends."""
    *_, found = at_terminal(120, 40, {"TERM": "xterm"})

    assert found.hint == "`export LANG=C.UTF-8`"


def test_a_pipe_is_no_terminal_and_no_trouble() -> None:
    """A report of a bug is made with one."""
    piped = Streams(io.StringIO(), io.StringIO(), io.StringIO(), environ={})

    (found,) = terminal(piped, {})

    assert (found.level, found.message) == (
        "ok",
        "stdout is no terminal: plain text, no progress",
    )


def completed(home: Path, shell: str, **environ: str) -> Finding:
    told = {"HOME": str(home), "SHELL": f"/bin/{shell}", **environ}
    (found,) = completions(told, lambda name: f"# {name}\n")
    return found


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_completions_are_looked_for_where_the_shell_was_told_to_look(tmp_path: Path) -> None:
    """Folders that the user has set come before those that the shell has by itself."""
    bash = written(tmp_path / "own/completions/ultra", "# bash\n")
    zsh = written(tmp_path / "functions/_ultra", "# zsh\n")
    fish = written(tmp_path / ".config/fish/completions/ultra.fish", "# fish\n")

    said = [
        completed(tmp_path, "bash", BASH_COMPLETION_USER_DIR=str(tmp_path / "own")),
        completed(tmp_path, "zsh", FPATH=f"/nowhere:{tmp_path / 'functions'}"),
        completed(tmp_path, "fish"),
    ]

    assert [(one.level, one.message) for one in said] == [
        ("ok", f"{name}: `{path}` is of this version")
        for name, path in (("bash", bash), ("zsh", zsh), ("fish", fish))
    ]


def test_completions_of_another_version_come_with_the_command_that_renews_them(
    tmp_path: Path,
) -> None:
    """Into the very file."""
    path = written(tmp_path / ".zfunc/_ultra", "# older\n")

    found = completed(tmp_path, "zsh")

    assert (found.level, found.hint) == ("warning", f"`ultra completions zsh > {path}`")


def test_a_shell_that_makes_them_at_each_start_is_well(tmp_path: Path) -> None:
    """Wherever it says so."""
    path = written(tmp_path / ".bash_profile", 'eval "$(ultra completions bash)"\n')

    assert completed(tmp_path, "bash") == Finding(
        "completions", "ok", f"bash: made anew by `{path}` at each start"
    )


def test_a_shell_without_any_is_told_what_to_type(tmp_path: Path) -> None:
    """A file of start-up commands that says nothing of ultra changes nothing."""
    written(tmp_path / ".bashrc", "alias ll='ls -l'\n")

    found = completed(tmp_path, "bash")

    assert (found.level, found.hint) == ("warning", "`ultra completions --help` shows how")


def test_other_shells_have_none(tmp_path: Path) -> None:
    """That is no fault of the machine."""
    environ = {"HOME": str(tmp_path)}

    (nu,) = completions({**environ, "SHELL": "/usr/bin/nu"}, str)
    (unset,) = completions(environ, str)

    assert (nu.level, nu.message) == ("ok", "there is none for the shell `nu`")
    assert (unset.level, unset.message) == ("ok", "there is none for the shell `unknown`")


def installed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *wanted: str, **versions: str
) -> list[Finding]:
    """What is said where ultra wants this and these are the versions that are there."""
    for name, version in {"ultra-llm": "9.9", **versions}.items():
        lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
        lines += [f"Requires-Dist: {one}" for one in wanted if name == "ultra-llm"]
        place = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        written(place / "METADATA", "\n".join(lines) + "\n")
    monkeypatch.setattr(sys, "path", [str(folder)])
    return list(libraries())


def test_libraries_within_their_bounds_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of an extra are not asked for."""
    found = installed(
        tmp_path,
        monkeypatch,
        "one>=1.2,<2",
        "two[more]==3.0",
        "three!=1.1",
        "four ~=2.5",
        "five<=7,>6",
        'six>=1; extra == "stats"',
        one="1.10",
        two="3.0.0",
        three="1.2",
        four="2.6",
        five="6.5",
    )

    assert found == [Finding("libraries", "ok", "all 5 within their bounds")]


@pytest.mark.parametrize(
    ("wanted", "version", "words"),
    [
        ("one>=1.2", "1.1.9", "one is 1.1.9, and >=1.2 was tested"),
        ("one<2", "2.0", "one is 2.0, and <2 was tested"),
        ("one>2", "2.0", "one is 2.0, and >2 was tested"),
        ("one<=2", "2.0.1", "one is 2.0.1, and <=2 was tested"),
        ("one==2", "3", "one is 3, and ==2 was tested"),
        ("one!=2.0", "2", "one is 2, and !=2.0 was tested"),
    ],
)
def test_a_library_outside_its_bounds_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, version: str, words: str
) -> None:
    """With the bounds that were tested, and what mends it."""
    (found,) = installed(tmp_path, monkeypatch, wanted, one=version)

    assert (found.level, found.message) == ("problem", words)
    assert found.hint == "`pip install --upgrade ultra-llm`"


def test_a_library_that_is_gone_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its name."""
    (found,) = installed(tmp_path, monkeypatch, "one-that-is-not-there>=1")

    assert found.message == "one-that-is-not-there is not installed"


def test_a_source_without_metadata_knows_no_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a checkout that nobody has installed."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    (found,) = libraries()

    assert (found.level, found.message) == (
        "ok",
        "ultra runs from its source: no bounds are known",
    )
