"""Runs that a profile keeps for so many days go by themselves, and nobody waits for it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.patience import until
from tests.support.process import Ultra

DAY = 86_400


def keep(ultra: Ultra, days: int) -> None:
    """Let the profile keep runs for so long."""
    path = ultra.home / "config" / "ultra.yaml"
    path.write_text(path.read_text() + f"log: {{keep_days: {days}}}\n")


def age(ultra: Ultra, prompt: str, days: int, profile: str | None = None) -> None:
    """Make a run older than it is."""
    with closing(sqlite3.connect(ultra.database, timeout=30)) as connection, connection:
        connection.execute(
            "UPDATE runs SET started_at = started_at - ?, profile = ifnull(?, profile)"
            " WHERE prompt = ?",
            (days * DAY, profile, prompt),
        )


async def prompts_become(ultra: Ultra, wanted: list[str]) -> None:
    """Wait until these are the prompts of the log."""
    expected = [(prompt,) for prompt in wanted]
    await until(lambda: ultra.rows("SELECT prompt FROM runs ORDER BY prompt") == expected)


async def noted(ultra: Ultra) -> None:
    """Wait until the trail says that it is done."""
    await until(lambda: bool(ultra.rows("SELECT * FROM audit WHERE action = 'log.pruned'")))


async def test_old_runs_of_the_profile_go_after_a_run_of_it(ultra: Ultra) -> None:
    """Those of other profiles stay, what was spent stays, and the trail says what went."""
    for prompt in ("old", "of another", "new"):
        await ultra.run("ask", prompt)
    age(ultra, "old", 40)
    age(ultra, "of another", 40, "other")
    spent = ultra.rows("SELECT * FROM call_totals")
    keep(ultra, 30)

    ended = await ultra.run("ask", "a run")

    assert (ended.code, ended.err.count("warning")) == (0, 0)
    await prompts_become(ultra, ["a run", "new", "of another"])
    await noted(ultra)
    assert set(spent) < set(ultra.rows("SELECT * FROM call_totals"))


async def test_it_is_done_once_a_day(ultra: Ultra) -> None:
    """A second run of the day leaves it, one of the next day does it again."""
    await ultra.run("ask", "old")
    age(ultra, "old", 40)
    keep(ultra, 30)
    stamp = Path(f"{ultra.database}.care")
    stamp.touch()  # as if it had just been done
    begun = stamp.stat().st_mtime

    await ultra.run("ask", "same day")
    assert stamp.stat().st_mtime == begun
    assert len(ultra.rows("SELECT * FROM runs")) == 2
    os.utime(stamp, (begun - DAY - 60, begun - DAY - 60))
    await ultra.run("ask", "next day")

    await prompts_become(ultra, ["next day", "same day"])


async def test_what_stopped_it_is_said_by_the_next(ultra: Ultra) -> None:
    """It has nobody to say it to itself."""
    keep(ultra, 30)
    await ultra.run("ask", "one")
    stamp = Path(f"{ultra.database}.care")
    stamp.write_text("the disk was full")
    os.utime(stamp, (0, 0))

    ended = await ultra.run("ask", "two")

    assert ended.code == 0
    assert "could not be removed as `log.keep_days` has it: the disk was full" in ended.err
    assert stamp.read_text() == ""
