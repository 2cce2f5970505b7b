"""Commands of the user's that ultra runs: what is under way ends with the process that began it.

A process that is killed outright sees to nothing: its commands go on until they end by themselves.
"""

import atexit
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whoever runs none has no need of it
    import subprocess

GRACE_S = 0.5
"""How long a command has between SIGTERM and SIGKILL: Ctrl-C is to end within a second."""

LOOK_S = 0.01


class Command:
    """A process, under way while the block runs; `group` says that it leads a group of its own.

    With a group it ends with all that it began, without one alone.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", *, group: bool) -> None:
        self._process = process
        self._group = group

    def __enter__(self) -> "Command":
        _UNDER_WAY.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        _UNDER_WAY.discard(self)

    def end(self, grace_s: float = GRACE_S) -> None:
        """SIGTERM, and SIGKILL for what is still there after the grace, or when interrupted."""
        _end([self], grace_s)

    def reached(self, number: int) -> bool:
        """Send a signal, 0 for none; whether anybody was there to take it."""
        ended = self._process.poll() is not None
        if not self._group:
            if not ended:
                self._process.send_signal(number)
            return not ended
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):  # the latter: all gone, on macOS
            return False
        return True


_UNDER_WAY: set[Command] = set()


def end_all(grace_s: float = GRACE_S) -> None:
    """End every command under way. May be called from a handler of signals."""
    _end(list(_UNDER_WAY), grace_s)


def _end(commands: list[Command], grace_s: float) -> None:
    until = time.monotonic() + grace_s
    left = commands
    try:
        left = [one for one in left if one.reached(signal.SIGTERM)]
        while left and time.monotonic() < until:
            time.sleep(LOOK_S)
            left = [one for one in left if one.reached(0)]
    finally:
        for one in left:
            one.reached(signal.SIGKILL)


@atexit.register
def _at_exit() -> None:
    with suppress(KeyboardInterrupt):  # the second Ctrl-C: they are killed, and nothing is said
        end_all()
