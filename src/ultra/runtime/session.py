"""Which terminal this is, so that `-c` continues what was said here and nowhere else."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

PANES = ("TMUX_PANE", "STY", "ZELLIJ_PANE_ID", "WEZTERM_PANE", "KITTY_WINDOW_ID", "TERM_SESSION_ID")
"""Variables in which multiplexers and terminals name the pane."""


def session_id(environ: Mapping[str, str]) -> str:
    """`ULTRA_SESSION`, else the terminal or pane with its session leader's start; empty if unknown.

    The leader's start time tells a terminal from an earlier one that had the same number.
    """
    named = environ.get("ULTRA_SESSION", "").strip()
    if named:
        return named
    pane = next((environ[name] for name in PANES if environ.get(name)), "")
    terminal = pane or _terminal()
    if not terminal:
        return ""
    return f"{terminal}@{_leader_start()}"


def _terminal() -> str:
    for descriptor in (0, 1, 2):
        try:
            return os.ttyname(descriptor)
        except OSError:
            continue
    return ""


def _leader_start() -> str:
    """When the session leader started, in whatever unit the system tells; empty when it does not.

    Source: proc(5), field 22 of /proc/PID/stat.
    """
    leader = os.getsid(0)
    try:
        stat = Path(f"/proc/{leader}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return _leader_start_by_ps(leader)


def _leader_start_by_ps(leader: int) -> str:
    try:
        told = subprocess.run(  # noqa: S603 - fixed words and a number
            ["ps", "-o", "lstart=", "-p", str(leader)],  # noqa: S607 - wherever the system has it
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "".join(told.stdout.split())
