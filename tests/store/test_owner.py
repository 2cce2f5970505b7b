"""Whether a process is still there."""

import os
import subprocess
import sys

import pytest
from msgspec.structs import replace

from ultra.store.owner import STRANGER_S, _answers, gone, myself, to_text


def test_a_process_that_runs_is_not_gone() -> None:
    """Its pid is taken and began when the log says."""
    assert not gone(to_text(myself()), myself(), age_s=1e9)


def test_a_process_that_ended_is_gone() -> None:
    """Also while nobody has asked for its exit code (a zombie)."""
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

        zombie = gone(to_text(replace(myself(), pid=process.pid)), myself(), age_s=0.0)
    reaped = gone(to_text(replace(myself(), pid=process.pid)), myself(), age_s=0.0)

    assert (zombie, reaped) == (True, True)


@pytest.mark.parametrize(
    ("change", "young", "old"),
    [
        ({"started": "1"}, True, True),
        ({"boot": "before"}, True, True),
        ({"host": "other"}, False, True),
        ({"namespace": "pid:[1]"}, False, True),
        ({"started": ""}, False, False),
    ],
    ids=["pid taken over", "before a reboot", "other host", "other container", "start unknown"],
)
def test_who_is_taken_for_dead(change: dict[str, str], young: bool, old: bool) -> None:
    """A process that cannot be seen from here is given a day."""
    owner = to_text(replace(myself(), **change))

    assert gone(owner, myself(), STRANGER_S - 1.0) is young
    assert gone(owner, myself(), STRANGER_S + 1.0) is old


def test_without_a_process_table_the_pid_alone_decides() -> None:
    """Systems without /proc (macOS): a signal that does nothing finds out."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass

    assert (_answers(os.getpid()), _answers(1), _answers(process.pid)) == ("", "", None)
