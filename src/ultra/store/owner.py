"""Who is writing a run, and whether that process is still there."""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

STRANGER_S = 86_400.0
"""After how long a run of a process that cannot be seen from here is taken for dead: a day."""


class Owner(Struct, frozen=True, array_like=True):
    """One process, told apart from a later one with the same pid by its start.

    `started` is the system's own count, empty where it tells none: then the pid alone decides.
    """

    host: str
    boot: str
    namespace: str
    pid: int
    started: str


def myself() -> Owner:
    """This process."""
    pid = os.getpid()
    return Owner(os.uname().nodename, _boot(), _namespace(), pid, _started(pid) or "")


def to_text(owner: Owner) -> str:
    """The owner as the log keeps it."""
    return msgspec.json.encode(owner).decode()


def gone(text: str, me: Owner, age_s: float) -> bool:
    """Whether the process that a run belongs to has ended, as far as `me` can see.

    Processes of other hosts and pid namespaces cannot be seen; those are given `STRANGER_S`.
    """
    owner = msgspec.json.decode(text, type=Owner)
    if owner.host == me.host and owner.boot != me.boot:
        return True
    if (owner.host, owner.namespace) != (me.host, me.namespace):
        return age_s > STRANGER_S
    started = _started(owner.pid)
    if started is None:
        return True
    return bool(started and owner.started and started != owner.started)


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """When the process began, in clock ticks since boot; None when there is no such process.

    Source: proc_pid_stat(5), fields 3 (state) and 22 (starttime).
    """
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _answers(pid)
    return None if state in "ZX" else fields[18]


def _answers(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return ""
