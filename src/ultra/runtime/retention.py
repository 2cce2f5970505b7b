"""Removes what a profile keeps for so many days only, once a day and in nobody's way.

Whoever ends a run when that is due starts a process of its own for it and does not wait. That one
works as `ultra logs prune` does; what stopped it is said by the next that is started.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ultra.core.errors import StoreError
from ultra.core.text import one_line
from ultra.store.pruning import Old
from ultra.store.tending import stamp

if TYPE_CHECKING:
    from ultra.runtime.runtime import Runtime

DAY_S = 86_400.0
POLITENESS = 10
"""How much the work steps back for others: see nice(2)."""


def start_if_due(runtime: "Runtime") -> None:
    """Have old runs of the profile removed, unless that was begun within the last day.

    A log that cannot be written is told of by whoever writes to it.
    """
    days, place = runtime.profile.log.keep_days, stamp(runtime.paths.database)
    with suppress(OSError):
        if days is None or not sys.executable or not _due(place, runtime.clock.time()):
            return
        trouble = _begun(place)
        if trouble:
            runtime.warn(f"old runs could not be removed as `log.keep_days` has it: {trouble}")
        os.posix_spawn(  # a `Popen` would want to be waited for
            sys.executable,
            [sys.executable, "-m", __name__, runtime.profile.name, str(days)],
            dict(runtime.environ),
            file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)],
        )


def carry_out(runtime: "Runtime", profile: str, days: int) -> None:
    """Remove the runs of a profile that are older. Raises `StoreError`."""
    from ultra.runtime.care import prune_runs, to_prune

    which = Old(runtime.clock.time() - days * DAY_S, profile)
    if to_prune(runtime, which).runs:
        prune_runs(runtime, which, figures=False)


def main(profile: str, days: str) -> None:
    """What the process does that was started for it."""
    from ultra.runtime.runtime import Runtime

    os.setsid()  # the Ctrl-C of whoever started it is not meant for it
    os.nice(POLITENESS)
    runtime = Runtime(None, environ=os.environ, cwd=Path("/"), warn=lambda _: None)
    try:
        carry_out(runtime, profile, int(days))
    except StoreError as error:
        stamp(runtime.paths.database).write_text(one_line(error.message, 500), encoding="utf-8")


def _due(place: Path, now: float) -> bool:
    try:
        return abs(now - place.stat().st_mtime) >= DAY_S
    except FileNotFoundError:
        return place.parent.exists()


def _begun(place: Path) -> str:
    """Note that it is begun; what stopped it the last time, empty for nothing."""
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
        trouble = file.read()
        file.truncate(0)
    os.utime(place)
    return trouble


if __name__ == "__main__":
    main(*sys.argv[1:])
