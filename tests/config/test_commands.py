"""Commands of the user's: how one that is under way is ended."""

import os
import signal
import subprocess
from pathlib import Path

from ultra.config.commands import Command

PATIENCE_S = 60.0


def begun(script: str, *, group: bool) -> "subprocess.Popen[bytes]":
    """A shell that runs the script, once it has said that it is ready."""
    process = subprocess.Popen(
        ["sh", "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=group,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def test_a_command_may_tidy_up_before_it_ends(tmp_path: Path) -> None:
    """SIGTERM comes first, and nobody waits longer than it takes."""
    tidied = tmp_path / "tidied"
    script = f"trap 'touch {tidied}; exit 0' TERM; echo ready; while :; do sleep 0.05; done"

    with begun(script, group=True) as process, Command(process, group=True) as command:
        command.end(PATIENCE_S)

    assert (process.returncode, tidied.exists()) == (0, True)


def test_what_takes_no_notice_is_killed_with_all_that_it_began(tmp_path: Path) -> None:
    """Its group ends, though the command itself has ended before."""
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    script = f"(trap '' TERM; echo ready; exec 3>{alive}; while :; do sleep 600; done) & wait"

    with begun(script, group=True) as process, Command(process, group=True) as command:
        end = alive.open()
        command.end(0.05)
        with end:
            assert end.read() == ""

    assert process.returncode == -signal.SIGTERM


def test_a_command_without_a_group_of_its_own_ends_alone() -> None:
    """It has the group of whoever began it, which is not to end with it."""
    script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"

    with begun(script, group=False) as process, Command(process, group=False) as command:
        command.end(0.05)

    assert process.returncode == -signal.SIGKILL


def test_one_that_has_ended_is_sent_nothing() -> None:
    """Its number may be another process's by now."""
    with begun("echo ready", group=True) as process, Command(process, group=True) as command:
        process.wait()

        assert not command.reached(signal.SIGTERM)
