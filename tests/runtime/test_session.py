"""Which terminal this is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ultra.runtime.session import PANES, _leader_start_by_ps, session_id

SOURCE = Path(__file__).parents[2] / "src"
NAMED = {*PANES, "ULTRA_SESSION"}
ASK = "import os; from ultra.runtime.session import session_id; print(session_id(dict(os.environ)))"


def told(env: dict[str, str] | None = None, *, terminal: bool = False) -> str:
    """What a process of its own session says, with a terminal or without."""
    known = {name: text for name, text in os.environ.items() if name not in NAMED}
    plain = {**known, "PYTHONPATH": str(SOURCE), **(env or {})}
    if not terminal:
        done = subprocess.run(
            [sys.executable, "-c", ASK],
            env=plain,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
            check=True,
        )
        return done.stdout.strip()
    leader, follower = os.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", ASK],
            env=plain,
            stdin=follower,
            capture_output=True,
            text=True,
            start_new_session=True,
            check=True,
        )
    finally:
        os.close(leader)
        os.close(follower)
    return done.stdout.strip()


def test_a_name_of_the_users_own_is_the_session() -> None:
    """Whatever terminal it is."""
    assert session_id({"ULTRA_SESSION": " work ", "TMUX_PANE": "%1"}) == "work"


def test_a_pane_is_told_from_an_earlier_one_of_its_number() -> None:
    """By the start of its session leader, which stays the same within it."""
    first, second = session_id({"TMUX_PANE": "%1"}), session_id({"TMUX_PANE": "%1"})

    assert first == second
    assert session_id({"TMUX_PANE": "%2"}) != first
    pane, _, start = told({"TMUX_PANE": "%1"}).partition("@")
    assert pane == "%1"
    assert start.isdigit()


def test_a_blank_name_is_no_name() -> None:
    """An empty variable is unset."""
    assert session_id({"ULTRA_SESSION": " ", "TMUX_PANE": "%1"}).startswith("%1@")


def test_without_terminal_and_pane_nothing_is_known() -> None:
    """Nothing is continued by guess."""
    assert told() == ""


def test_a_terminal_is_known_by_its_name() -> None:
    """And by when its session began."""
    name, _, start = told(terminal=True).partition("@")

    assert name.startswith("/dev/")
    assert start.isdigit()


@pytest.mark.parametrize(
    ("script", "start"),
    [
        ("#!/bin/sh\necho 'Mon Jan  5 10:00:00 2026'\n", "MonJan510:00:002026"),
        ("#!/bin/sh\nexit 1\n", ""),
        (None, ""),
    ],
    ids=["told", "unknown", "no-ps"],
)
def test_where_there_is_no_proc_ps_knows_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, start: str
) -> None:
    """As on macOS; without an answer the start stays unknown."""
    if script is not None:
        (tmp_path / "ps").write_text(script)
        (tmp_path / "ps").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert _leader_start_by_ps(1) == start
