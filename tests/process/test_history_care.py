"""Care of the log while others write it, and on files that will not have it."""

import asyncio
import json
import os
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.host import less_than_root
from tests.support.ledger import STARTED, ledger_at, rows, tell, words_in
from tests.support.process import UNMEASURED, Ultra
from tests.support.pty import OnTerminal
from ultra.store.check import check
from ultra.store.schema import MIGRATIONS

DAY = 86_400.0

# Writes runs one after the other until it is told to stop; says how many on stdout, and any warning
# on stderr, where there must be none.
WRITER = """
import asyncio, sys, time
from pathlib import Path
from tests.support.host import less_than_root
from tests.support.ledger import ledger_at, tell

async def main(path, number, stop):
    warnings, count = [], 0
    ledger = ledger_at(path, warnings, busy_s=60.0)
    while not stop.exists() or count < 5:
        run = f"new{number}{count:08}"
        await tell(ledger, run, prompt=f"zyzzyva {run}", answer=f"quokka {run}",
                   started_at=time.time(), conversation=run)
        count += 1
    ledger.shutdown(60.0)
    print(count)
    if warnings:
        print(warnings, file=sys.stderr)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
"""


async def old_runs(path: Path, count: int) -> None:
    """Runs of long ago."""
    ledger = ledger_at(path)
    for number in range(count):
        run = f"old{number:09}"
        await tell(
            ledger,
            run,
            prompt=f"zyzzyva {run}",
            answer="word " * 400,
            started_at=STARTED - 9e8,
            conversation=run,
        )
    ledger.shutdown(30.0)


async def no_word_is_left(home: Ultra) -> None:
    """Redacted; where a word stands in an unused place that is said, and what is advised helps."""
    last = await home.run("logs", "redact", "zyzzyva", "--yes")
    assert last.code == 0
    left = words_in(home.database.parent, ["zyzzyva"])
    assert bool(left) == ("in unused places" in last.err)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert words_in(home.database.parent, ["zyzzyva"]) == []


TOLD_BESIDE_WRITERS = ("under way may still", "in unused places", "somebody is reading the log")
"""Warnings of redaction and pruning that are true while others write; they write for all that."""


@pytest.fixture
def home(tmp_path: Path) -> Ultra:
    """A home without a server: nothing is asked."""
    return Ultra(tmp_path)


async def test_four_writers_lose_nothing_while_the_log_is_cared_for(home: Ultra) -> None:
    """Pruned, redacted, backed up and exported meanwhile: no writer warns, every row is there."""
    await old_runs(home.database, 300)
    stop = home.folder / "stop"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(home.database), str(number), str(stop)],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    try:
        cared = [
            await home.run("logs", "backup", str(home.folder / "copy.db")),
            await home.run("logs", "prune", "--older-than", "1d", "--yes"),
            await home.run("logs", "redact", "zyzzyva", "--yes"),
            await home.run("logs", "export", "--output", str(home.folder / "all.jsonl")),
        ]
    finally:
        stop.touch()
        told = [writer.communicate(timeout=120) for writer in writers]

    assert [ended.code for ended in cared] == [0] * 4, cared
    lines = [line for ended in cared[1:] for line in ended.err.splitlines()]
    assert all(any(one in line for one in TOLD_BESIDE_WRITERS) for line in lines), cared
    assert [err for _, err in told] == [""] * 4
    written = sum(int(out) for out, _ in told)
    assert "300 runs with 300 calls removed" in cared[1].out
    assert rows(home.database, "SELECT count(*), sum(status = 'ok') FROM runs") == [
        (written, written)
    ]
    assert rows(home.database, "SELECT count(*) FROM call_totals") == [(written + 300,)]
    assert rows(home.database, "SELECT count(*) FROM calls WHERE prompt IS NULL") == [(0,)]
    assert rows(home.folder / "copy.db", "PRAGMA quick_check") == [("ok",)]
    with closing(sqlite3.connect(home.database)) as connection:
        assert check(connection) == []
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        connection.execute("INSERT INTO runs_fts (runs_fts, rank) VALUES ('integrity-check', 1)")
    for line in (home.folder / "all.jsonl").read_text().splitlines():
        assert json.loads(line)["status"] in ("ok", "running")
    await no_word_is_left(home)


async def test_readers_see_whole_runs_while_the_log_is_pruned(home: Ultra) -> None:
    """A list and an export that run meanwhile end well, with what was there at their moment."""
    await old_runs(home.database, 200)

    pruned, *read = await asyncio.gather(
        home.run("logs", "prune", "--older-than", "1d", "--yes"),
        home.run("logs", "export"),
        home.run("logs", "--json", "-n", "0"),
        home.run("logs", "-n", "0"),
    )

    assert (pruned.code, pruned.out.count("removed")) == (0, 1)
    assert [(ended.code, ended.err.count("error")) for ended in read] == [(0, 0)] * 3, read
    for line in read[0].out.splitlines():
        assert len(json.loads(line)["calls"]) == 1


CARE = (
    ("logs", "prune", "--older-than", "1d", "--yes"),
    ("logs", "delete", "old000000000", "--yes"),
    ("logs", "redact", "zyzzyva", "--yes"),
)


@pytest.mark.parametrize("command", [*CARE, ("logs", "backup", "copy.db"), ("logs", "export")])
async def test_a_log_of_a_newer_ultra_is_left_alone(home: Ultra, command: tuple[str, ...]) -> None:
    """The error says so, and nothing is changed."""
    await old_runs(home.database, 2)
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")

    ended = await home.run(*command)

    assert ended.code != 0
    assert "written by a newer ultra" in ended.err
    assert rows(home.database, "SELECT count(*) FROM runs") == [(2,)]


@pytest.mark.parametrize("command", CARE)
async def test_a_half_written_log_is_not_made_worse(home: Ultra, command: tuple[str, ...]) -> None:
    """A file that ends early is told; its bytes stay, and nobody takes it for an empty one."""
    await old_runs(home.database, 50)
    whole = home.database.read_bytes()
    half = whole[: len(whole) // 2 // 4096 * 4096]
    home.database.write_bytes(half)

    ended = await home.run(*command)

    assert ended.code != 0
    assert "error: the log `" in ended.err
    assert home.database.read_bytes() == half


async def test_a_full_disk_stops_it_and_loses_nothing(home: Ultra) -> None:
    """What could not be done is said; everything in the log fits together, and it can go on."""
    await old_runs(home.database, 120)
    limit = home.database.stat().st_size // 4

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    for command in (CARE[2], CARE[0], ("logs", "delete", "old000000119", "--yes")):
        ended = await home.run(*command, preexec_fn=small_disk, environ=UNMEASURED)
        assert ended.code != 0, command
        assert "cannot be written" in ended.err, ended.err

    (left,) = rows(home.database, "SELECT count(*) FROM runs")[0]
    with closing(sqlite3.connect(home.database)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert 0 < left <= 120
    again = await home.run("logs", "prune", "--older-than", "1d", "--yes")
    assert (again.code, rows(home.database, "SELECT count(*) FROM runs")) == (0, [(0,)])
    assert rows(home.database, "SELECT count(*) FROM call_totals") == [(120,)]


async def test_a_backup_on_a_full_disk_is_not_there(home: Ultra) -> None:
    """Nor is any part of it."""
    await old_runs(home.database, 50)

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))

    ended = await home.run("logs", "backup", "copy.db", preexec_fn=small_disk, environ=UNMEASURED)

    assert ended.code != 0
    assert "cannot write `copy.db`" in ended.err
    assert [one.name for one in home.folder.iterdir()] == ["home"]


@pytest.mark.parametrize("command", CARE)
async def test_a_log_that_cannot_be_written_is_told(home: Ultra, command: tuple[str, ...]) -> None:
    """The look works, the change says why it does not."""
    await old_runs(home.database, 2)
    data = home.database.parent
    for beside in data.iterdir():
        beside.chmod(0o444)
    data.chmod(0o555)
    environ = UNMEASURED
    try:
        look = await home.run(*command[:-1], preexec_fn=less_than_root, environ=environ)
        ended = await home.run(*command, preexec_fn=less_than_root, environ=environ)
    finally:
        data.chmod(0o755)

    assert (look.code, "`--yes` does it" in look.err) == (0, True)
    assert ended.code != 0
    assert "cannot be written: permission denied" in ended.err
    assert rows(home.database, "SELECT count(*) FROM runs") == [(2,)]


@pytest.mark.parametrize(("said", "left"), [("y\r", 0), ("\r", 2)])
async def test_a_terminal_is_asked(home: Ultra, said: str, left: int) -> None:
    """After it was told what would go; only yes removes."""
    await old_runs(home.database, 2)

    async with OnTerminal(home, "logs", "prune", "--older-than", "1d") as terminal:
        await terminal.until("remove them for good?")
        terminal.type(said)
        code = await terminal.ended()

    assert code == 0
    assert "2 runs with 2 calls" in terminal.text
    assert ("2 runs with 2 calls removed" in terminal.grid().text) == (not left)
    assert rows(home.database, "SELECT count(*) FROM runs") == [(left,)]


async def test_a_secret_is_typed_unseen(home: Ultra) -> None:
    """At a terminal `redact -` asks for it and does not show it."""
    await old_runs(home.database, 2)

    async with OnTerminal(home, "logs", "redact", "-") as terminal:
        await terminal.until("the text to take out:")
        terminal.type("zyzzyva\r")
        await terminal.until("redact it for good?")
        terminal.type("y\r")
        code = await terminal.ended()

    assert code == 0
    assert "zyzzyva" not in terminal.text
    assert words_in(home.database.parent, ["zyzzyva"]) == []
