"""Completion scripts: in step with the commands, valid, and completing for real."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import REPOSITORY, Cli
from ultra.cli.completions import FILES, script
from ultra.cli.grammar import grammar

COMMITTED = REPOSITORY / "completions"


@pytest.mark.parametrize("shell", FILES)
def test_the_committed_script_is_what_the_commands_give(shell: str) -> None:
    """`make completions` writes them anew."""
    assert (COMMITTED / FILES[shell]).read_text(encoding="utf-8") == script(shell)


def test_the_module_writes_all_of_them_into_a_folder(tmp_path: Path) -> None:
    """As `make completions` runs it."""
    subprocess.run([sys.executable, "-m", "ultra.cli.completions", tmp_path / "out"], check=True)

    assert {path.name for path in (tmp_path / "out").iterdir()} == set(FILES.values())


@pytest.mark.parametrize("shell", FILES)
def test_the_command_prints_the_script(cli: Cli, shell: str) -> None:
    """For `eval` and for a file."""
    assert cli("completions", shell).out == script(shell)


def test_an_unknown_shell_is_a_usage_error_with_the_nearest(cli: Cli) -> None:
    """Exit 2."""
    said = cli("completions", "bsh")

    assert said.code == 2
    assert "`bash`" in said.err


@pytest.mark.parametrize("shell", FILES)
def test_every_flag_of_every_command_is_in_the_script(shell: str) -> None:
    """None is forgotten, whoever wrote the command."""
    written = script(shell)
    for command in grammar():
        for flag in command.flags:
            for name in flag.long:
                spelt = name[2:] if shell == "fish" else name
                assert spelt in written, f"{command.path} {name}"


@pytest.mark.parametrize("shell", FILES)
def test_the_script_is_valid(shell: str) -> None:
    """By the shell's own check, where it is installed."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    checked = subprocess.run(
        [shell, "-n", COMMITTED / FILES[shell]], capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stderr) == (0, "")


BASH = """\
source "$SCRIPT"
COMP_LINE=$1 COMP_POINT=${#1}
COMP_WORDBREAKS=$2
_ultra
printf '%s\\n' "${COMPREPLY[@]}"
"""
USUAL = " \t\n\"'@><=;|&(:"
"""What bash breaks words at unless told otherwise."""


class Bash:
    """A bash that has sourced the script, with `ultra` on its path and a home."""

    def __init__(self, folder: Path, home: Path) -> None:
        tool = folder / "bin" / "ultra"
        tool.parent.mkdir()
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ultra "$@"\n', encoding="utf-8")
        tool.chmod(0o755)
        self.folder = folder
        self.environ = {
            **os.environ,
            "PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}",
            "ULTRA_HOME": str(home),
            "SCRIPT": str(COMMITTED / FILES["bash"]),
        }

    def __call__(self, line: str, breaks: str = USUAL) -> list[str]:
        done = subprocess.run(
            ["bash", "--norc", "-c", BASH, "bash", line, breaks],
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout.split()


@pytest.fixture
def bash(tmp_path: Path, logged: Path) -> Bash:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    return Bash(tmp_path, logged)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("ultra comp", ["compare", "completions"]),
        ("ultra log sh", ["show"]),
        ("ultra completions ", ["bash", "zsh", "fish"]),
        ("ultra ask --no-st", ["--no-stdin", "--no-stream"]),
        ("ultra --no-st", ["--no-stdin", "--no-stream"]),
        ("ultra --vers", ["--version"]),
        ("ultra 'why is the sky blue' --quo", ["--quorum"]),
        ("ultra logs show --xl --js", ["--json"]),
        ("ultra compare --format h", ["html"]),
        ("ultra -m swift --strategy fu", ["fusion"]),
        ("ultra profiles use dev", ["development"]),
        ("ultra keys test anth", ["anthropic"]),
        ("ultra -P development -m ste", ["steady"]),
        ("ultra ask --profile=development -m @", ["@council"]),
        ("ultra ask -m openai:gpt-5-mi", ["gpt-5-mini"]),
        ("ultra ask --model=openai:gpt-5-mi", ["gpt-5-mini"]),
        ("ultra chat -m nothing-is-called-so", []),
    ],
)
def test_bash_completes(bash: Bash, line: str, offered: list[str]) -> None:
    """Verbs, commands, flags, and the names behind flags; after a colon only what follows it."""
    assert bash(line) == offered


def test_bash_completes_ids_of_runs(bash: Bash, logged: Path) -> None:
    """Newest first, as an argument and behind `--cid`."""
    offered = bash("ultra logs show ")

    assert len(offered) == 3
    assert bash(f"ultra ask --cid {offered[0][:5]}") == [offered[0]]


def test_bash_completes_files_where_files_are_meant(bash: Bash) -> None:
    """`-f` and `-a`."""
    (bash.folder / "notes.md").touch()

    assert bash("ultra ask -f no") == ["notes.md"]


def test_bash_keeps_the_whole_word_where_it_does_not_break_at_colons(bash: Bash) -> None:
    """Some take the colon out of COMP_WORDBREAKS, and some the equals sign too."""
    assert bash("ultra ask -m openai:gpt-5-mi", " \t\n") == ["openai:gpt-5-mini"]
    assert bash("ultra ask --model=openai:gpt-5-mi", " \t\n") == ["--model=openai:gpt-5-mini"]
    assert bash("ultra ask --strategy=fu", " \t\n") == ["--strategy=fusion"]


def test_fish_completes(tmp_path: Path, logged: Path) -> None:
    """The same names by fish's own engine, where it is installed."""
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    bash = Bash(tmp_path, logged)
    ask = 'source $argv[1]; complete -C "ultra -P development ask -m ste"'
    done = subprocess.run(
        ["fish", "--no-config", "-c", ask, COMMITTED / FILES["fish"]],
        env={**bash.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["steady"]
