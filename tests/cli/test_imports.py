"""What start-up loads: a list of modules is the same on every machine, a clock is not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    *("httpx", "aiohttp", "yaml", "keyring", "sqlite_utils", "textual", "rich", "platformdirs"),
    *("asyncio", "typer", "markdown_it", "pygments", "rapidfuzz"),
}
PROGRAM = """\
import json, sys
sys.argv = ["ultra", *sys.argv[1:]]
from ultra.__main__ import main
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
sys.stderr.write(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded(home: Path, *words: str) -> set[str]:
    """The packages that a command line leaves in `sys.modules`."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env={**os.environ, "ULTRA_HOME": str(home)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    return set(json.loads(done.stderr))


@pytest.mark.parametrize("words", [["--version"], ["-V"], ["--help"], ["-h"]], ids=" ".join)
def test_what_needs_no_parser_loads_none(tmp_path: Path, words: list[str]) -> None:
    """Not Typer, not asyncio, and none of the libraries that a run may need."""
    assert loaded(tmp_path, *words) & HEAVY == set()


@pytest.mark.parametrize(
    "kind",
    ["verbs", "models", "aliases", "profiles", "templates", "strategies", "runs", "sources"],
)
def test_completion_loads_no_parser_no_yaml_and_no_network(logged: Path, kind: str) -> None:
    """Also with a profile and a log to read."""
    assert loaded(logged, "__complete", kind, "", "development") & HEAVY == set()


@pytest.mark.parametrize(
    "words",
    [["logs"], ["logs", "-r"], ["models", "-P", "development"], ["logs", "path"]],
    ids=" ".join,
)
def test_looking_back_loads_no_network_and_no_keyring(logged: Path, words: list[str]) -> None:
    """Reading what is there needs neither."""
    unwanted = {"httpx", "aiohttp", "keyring", "sqlite_utils", "textual"}

    assert loaded(logged, *words) & unwanted == set()


def test_what_asks_draws_no_screens(tmp_path: Path) -> None:
    """`ultra ask` loads no textual: 200 ms that only `ultra tui` pays."""
    words = ("ask", "-P", "development", "-m", "swift", "--no-stdin", "hi")

    assert "textual" not in loaded(tmp_path, *words)
