"""`ultra cost --line`: what it says, what it loads, and that it never disturbs a prompt."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.budgets import CENT, Process, attempt_of, run_of
from ultra.cli.line import line
from ultra.core.glance import Glance

NOTHING = Glance(0, 0, None, None, [], [])


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (NOTHING, "$0.00 today"),
        (Glance(420_000_000, 0, None, None, [], []), "$0.42 today"),
        (Glance(3, 0, None, None, [], []), "<$0.01 today"),
        (Glance(420_000_000, 1, None, None, [], []), "$0.42+ today"),
        (
            Glance(420_000_000, 0, 4_580_000_000, 5_000_000_000, ["openai"], []),
            "$0.42 today · $4.58 left · openai down",
        ),
        (Glance(0, 0, -CENT, CENT, [], ["lab"]), "$0.00 today · $0.01 over · lab key refused"),
        (Glance(0, 0, None, None, list("abcde"), []), "$0.00 today · a, b, c +2 down"),
        (Glance(0, 0, None, None, ["a$(b)\x1b[2J%n"], []), "$0.00 today · ab2Jn down"),
    ],
    ids=["idle", "cents", "less", "unpriced", "all", "overdrawn", "many", "hostile"],
)
def test_what_it_says(seen: Glance, said: str) -> None:
    """Spent, left, down: in that order, only what there is."""
    assert line(seen) == said


def test_colours_only_when_they_are_asked_for() -> None:
    """Yellow from a fifth of the budget, red once it is gone."""
    low, gone = (
        NOTHING._replace(left_nano=1, limit_nano=5),
        NOTHING._replace(left_nano=0, limit_nano=5),
    )

    assert "\x1b" not in line(low)
    assert "\x1b[33m" in line(low, colour=True)
    assert "\x1b[31m" in line(gone, colour=True)


def run(home: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import json, sys; from ultra.__main__ import _run; code = _run(sys.argv[1:]);"
        " print(json.dumps(sorted(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    return subprocess.run(
        [sys.executable, "-c", code, "cost", "--line", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ULTRA_HOME": str(home), **environ},
    )


def spent(home: Path) -> None:
    (home / "data").mkdir()
    process = Process(home / "data" / "ultra.db", time.time)
    process.limit(10 * CENT, zone="UTC")
    ran = run_of()
    attempt = attempt_of(ran, at=time.time())
    process.admit(attempt, ran)
    process.close(attempt, CENT)
    process.connection.close()


def test_a_prompt_loads_next_to_nothing(tmp_path: Path) -> None:
    """Neither a parser nor a profile, nor what they stand on."""
    spent(tmp_path)

    done = run(tmp_path)

    loaded = {name.partition(".")[0] for name in json.loads(done.stderr)}
    heavy = {"typer", "msgspec", "httpx", "aiohttp", "yaml", "rich", "keyring", "sqlite_utils"}
    assert done.stdout == "$0.01 today · $0.09 left\n"
    assert loaded & heavy == set()
    assert "ultra.core.errors" not in json.loads(done.stderr)


def test_a_home_without_a_log_leaves_the_prompt_empty(tmp_path: Path) -> None:
    """Who has asked nothing yet need not read of it after each command."""
    done = run(tmp_path)

    assert (done.returncode, done.stdout) == (0, "")


def test_trouble_leaves_the_prompt_empty_and_says_so_by_its_code(tmp_path: Path) -> None:
    """No word on either stream."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ultra.db").write_text("no database at all, and longer than a header")

    done = subprocess.run(
        [sys.executable, "-m", "ultra", "cost", "--line"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ULTRA_HOME": str(tmp_path)},
    )

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_no_color_wins_over_colour(tmp_path: Path) -> None:
    """Whoever set it sees none."""
    spent(tmp_path)

    assert "\x1b" not in run(tmp_path, "--colour", NO_COLOR="1").stdout


@pytest.mark.parametrize(("said", "coloured"), [("1", True), ("true", True), ("0", False)])
def test_a_variable_is_read_as_the_parser_reads_it(
    tmp_path: Path, said: str, coloured: bool
) -> None:
    """Whoever sets it to no has said no."""
    spent(tmp_path)
    process = Process(tmp_path / "data" / "ultra.db", time.time)
    process.limit(1, zone="UTC")
    process.connection.close()

    assert ("\x1b" in run(tmp_path, ULTRA_COST_COLOUR=said).stdout) is coloured


def test_a_prompt_that_is_closed_is_no_trouble(tmp_path: Path) -> None:
    """A daemon without streams gets a code, and no traceback lands elsewhere."""
    spent(tmp_path)

    done = subprocess.run(
        ["sh", "-c", f"exec {sys.executable} -m ultra cost --line >&-"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ULTRA_HOME": str(tmp_path)},
    )

    assert (done.returncode, done.stderr) == (1, "")
