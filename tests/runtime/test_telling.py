"""Telling of a crossing by a command: what it is given, and how long it has."""

import json
import os
import signal
import sys
from contextlib import closing
from pathlib import Path

from ultra.core.alerts import Crossing, Rule
from ultra.core.errors import UltraError
from ultra.runtime import telling
from ultra.runtime.alerts import after_run
from ultra.runtime.runtime import Runtime
from ultra.store.database import Place, open_database

PROFILE = """\
version: 1
alerts:
  down: {breaker_open: true, command: /nowhere/notify}
"""


def told(folder: Path, script: str, *words: str, timeout_s: float = 50.0) -> UltraError | None:
    command = (sys.executable, "-c", script, *words)
    rule = Rule("daily", "spend", 1.0, command=command, timeout_s=timeout_s)
    environ = {"ULTRA_HOME": str(folder), "MINE": "kept"}
    runtime = Runtime("development", environ=environ, cwd=folder, warn=lambda text: None)
    ((_, problem),) = telling.tell(runtime, [Crossing(rule, "all", "much was charged", 0.0)])
    return problem


def test_a_command_has_the_alert_on_stdin_and_the_users_own_environment(tmp_path: Path) -> None:
    """And nothing that ultra adds to it."""
    script = (
        "import json, os, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(json.dumps("
        "[json.load(sys.stdin)['text'], sorted(os.environ)]))"
    )

    problem = told(tmp_path, script, str(tmp_path / "seen"))

    text, names = json.loads((tmp_path / "seen").read_text())
    assert problem is None
    assert text == "ultra: much was charged (alert `daily`)"
    assert {name for name in names if not name.startswith(("LC_", "COV", "__"))} == {
        "MINE",
        "ULTRA_HOME",
    }


def test_a_command_that_does_not_read_its_stdin_is_no_failure(tmp_path: Path) -> None:
    """Most only ring a bell."""
    assert told(tmp_path, "pass") is None


def test_what_a_command_leaves_running_is_not_waited_for(tmp_path: Path) -> None:
    """It has ended, though what it began still holds its output."""
    left = tmp_path / "left"
    script = (
        "import pathlib, subprocess, sys; left = subprocess.Popen([sys.executable, '-c',"
        " 'import time; time.sleep(600)'], start_new_session=True);"
        " pathlib.Path(sys.argv[1]).write_text(str(left.pid))"
    )

    problem = told(tmp_path, script, str(left))

    os.kill(int(left.read_text()), signal.SIGKILL)
    assert problem is None


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """With all that it began."""
    problem = told(tmp_path, "import time; time.sleep(600)", timeout_s=0.2)

    assert problem is not None
    assert "did not end within 0.2 s" in problem.message


def test_what_a_failing_command_says_is_shown_without_controls_and_keys(tmp_path: Path) -> None:
    """On one line."""
    script = "import sys; print('no \\x1b[31mbell\\nhere'); sys.exit(4)"

    problem = told(tmp_path, script)

    assert problem is not None
    assert problem.message.endswith("ended with 4: no bell here")


def test_a_log_that_is_locked_is_told_of_once(tmp_path: Path) -> None:
    """By the run; its alerts neither wait for it again nor say so, and are there for the next."""
    environ = {"ULTRA_HOME": str(tmp_path)}
    warnings: list[str] = []
    runtime = Runtime(None, environ=environ, cwd=tmp_path, warn=warnings.append)
    runtime.paths.config.mkdir(parents=True)
    (runtime.paths.config / "ultra.yaml").write_text(PROFILE, encoding="utf-8")
    place = Place(runtime.paths.database, busy_s=0.0)
    with closing(open_database(place, 0.0).connection) as other:
        other.execute(
            "INSERT INTO breaker (k, kind, provider, base_url, state, updated)"
            " VALUES ('x', 'endpoint', 'lab', 'http://127.0.0.1:1/v1', 'forced_open', 0)"
        )
        other.execute("BEGIN IMMEDIATE")
        runtime._warn_of_log("the log is locked")

        after_run(runtime)
        other.execute("COMMIT")
        after_run(runtime)

    first, second = warnings
    assert first == "the log is locked"
    assert "alert `down` was not told: cannot run `notify`" in second
