"""`ultra` on machines that are broken, full, bare or strange: the answer comes all the same."""

import asyncio
import os
import resource
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.host import less_than_root
from tests.support.patience import in_time, until
from tests.support.process import UNMEASURED, WORDS, Ended, Ultra, chunk
from tests.support.server import Exchange, Loopback, loopback

ANSWER = "".join(WORDS)
ABROAD = "Zürich, 東京 🎉"


LASTING = """\
import pathlib, sqlite3

connect = sqlite3.connect

def lasting(*args, **kwargs):
    if kwargs.get("timeout", 0.0) >= 1.0:
        pathlib.Path("asked").touch()
        kwargs["timeout"] = 3600.0
    return connect(*args, **kwargs)

sqlite3.connect = lasting
"""


def answered(ended: Ended, warnings: int) -> None:
    """The answer came, with so many warnings and no traceback."""
    assert (ended.code, ended.out) == (0, ANSWER + "\n"), ended.err
    assert ended.err.count("warning:") == warnings, ended.err
    assert "Traceback" not in ended.err


@contextmanager
def locked(ultra: Ultra) -> Iterator[None]:
    """Somebody else holds the log for as long as the block lasts."""
    with closing(sqlite3.connect(ultra.database, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


def lasting(ultra: Ultra) -> dict[str, str]:
    """An environment in which SQLite never gives up on a lock that it was to wait for.

    The file `asked` is there once it was told to.
    """
    folder = ultra.folder / "lasting"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(LASTING, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


async def test_a_log_locked_for_a_moment_is_waited_for(ultra: Ultra) -> None:
    """Less than SQLite's own wait: nothing is said, and the row is there."""
    await ultra.run("ask", "first")

    with locked(ultra):
        running = asyncio.create_task(ultra.run("ask", "second", environ=lasting(ultra)))
        await until((ultra.folder / "asked").exists)
        await asyncio.sleep(0.2)  # nobody tells when the lock is met; by then it was, or is gone
    ended = await running

    answered(ended, 0)
    assert ultra.rows("SELECT status, count(*) FROM attempts GROUP BY status") == [("ok", 2)]


@pytest.mark.slow
async def test_a_log_locked_for_long_costs_a_warning_and_no_row(
    ultra: Ultra, server: Loopback
) -> None:
    """The attempt goes after five seconds; its rows follow once the lock is gone."""
    await ultra.run("ask", "first")

    with locked(ultra):
        running = asyncio.create_task(ultra.run("ask", "second"))
        await server.until(lambda seen: len(seen.requests) == 2)
    ended = await running

    answered(ended, 1)
    assert "locked" in ended.err
    assert ultra.rows("SELECT status, count(*) FROM attempts GROUP BY status") == [("ok", 2)]


@pytest.mark.slow
async def test_a_log_that_stays_locked_costs_a_warning_and_the_row(ultra: Ultra) -> None:
    """The answer is delivered, and the process ends although the lock does not."""
    await ultra.run("ask", "first")

    with locked(ultra):
        ended = await ultra.run("ask", "second")

    answered(ended, 1)
    assert ultra.rows("SELECT status, count(*) FROM attempts GROUP BY status") == [("ok", 1)]


async def test_a_locked_log_does_not_hold_up_ctrl_c(ultra: Ultra, server: Loopback) -> None:
    """Interrupted before anything left: exit 130 though SQLite never gives up, nothing sent."""
    await ultra.run("ask", "first")
    with locked(ultra):
        process = await ultra.start("ask", "second", environ=lasting(ultra))
        await until((ultra.folder / "asked").exists)
        process.send_signal(signal.SIGINT)
        out, err = await in_time(process.communicate())

    assert (process.returncode, out, b"Traceback" in err) == (130, b"", False)
    assert len(server.requests) == 1


async def test_a_home_that_cannot_be_written_costs_one_warning(ultra: Ultra) -> None:
    """Nothing can be made below the home: no log, no cache, an answer all the same."""
    ultra.home.chmod(0o555)
    try:
        ended = await ultra.run("ask", "hello there", preexec_fn=less_than_root)
        logs = await ultra.run("logs", preexec_fn=less_than_root)
    finally:
        ultra.home.chmod(0o755)

    answered(ended, 1)
    assert "ultra.db" in ended.err
    assert logs.code == 0


async def test_a_log_that_may_only_be_read_costs_one_warning(ultra: Ultra) -> None:
    """An earlier file, now read-only in a read-only folder, is left alone and can be read."""
    await ultra.run("ask", "first")
    for path in (*ultra.database.parent.iterdir(), ultra.database.parent):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        ended = await ultra.run("ask", "second", preexec_fn=less_than_root)
        logs = await ultra.run("logs", preexec_fn=less_than_root)
    finally:
        ultra.database.parent.chmod(0o755)

    answered(ended, 1)
    assert (logs.code, "first" in logs.out) == (0, True)


async def test_without_a_home_at_all_the_answer_comes(tmp_path: Path, server: Loopback) -> None:
    """No `HOME`, no `ULTRA_HOME`, an empty environment: the XDG variables alone serve."""
    ultra = Ultra(tmp_path, server.url)
    (ultra.home / "config").rename(ultra.home / "ultra")
    folders = {f"XDG_{kind}_HOME": str(ultra.home) for kind in ("CONFIG", "DATA", "CACHE")}

    ended = await exactly(ultra, folders, "ask", "hello there")

    answered(ended, 0)
    assert (ultra.home / "ultra" / "ultra.db").exists()


async def test_a_home_that_is_nowhere_costs_one_warning(tmp_path: Path, server: Loopback) -> None:
    """`HOME` leads nowhere and nothing can be made there; the profile is found by XDG."""
    ultra = Ultra(tmp_path, server.url)
    (ultra.home / "config").rename(ultra.home / "ultra")
    (tmp_path / "file").touch()
    nowhere = {"HOME": str(tmp_path / "file" / "home"), "XDG_CONFIG_HOME": str(ultra.home)}

    ended = await exactly(ultra, nowhere, "ask", "hello there")

    answered(ended, 1)


async def exactly(ultra: Ultra, environ: dict[str, str], *args: str) -> Ended:
    """Run a command with these variables and no others."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ultra", *args, env=environ, cwd=ultra.folder,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await in_time(process.communicate())
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def test_an_empty_home_is_made_private(ultra: Ultra) -> None:
    """The log is for its owner only: a 0600 file in a 0700 folder."""
    await ultra.run("ask", "hello there")

    assert ultra.database.stat().st_mode & 0o777 == 0o600
    assert ultra.database.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("bytes_left", [0, 4096, 40_000, 120_000, 200_000])
async def test_a_full_disk_under_the_log_costs_one_warning(ultra: Ultra, bytes_left: int) -> None:
    """Wherever the disk ends, at the schema, at admit or at close, the answer is delivered."""

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, bytes_left))

    words = "hello there " * 2000
    ended = await ultra.run("ask", words, preexec_fn=full, environ=UNMEASURED)

    answered(ended, 1 if bytes_left < 200_000 else ended.err.count("warning:"))


async def test_a_log_of_a_newer_ultra_is_left_alone(ultra: Ultra) -> None:
    """The answer comes with a warning that says to upgrade; reading says the same as an error."""
    await ultra.run("ask", "first")
    connection = sqlite3.connect(ultra.database)
    connection.execute("PRAGMA user_version=900")
    connection.close()

    ended = await ultra.run("ask", "second")
    logs = await ultra.run("logs")

    answered(ended, 1)
    assert "newer ultra" in ended.err
    assert (logs.code, "newer ultra" in logs.err, "Traceback" in logs.err) == (1, True, False)


async def test_a_damaged_log_is_set_aside(ultra: Ultra) -> None:
    """The answer comes with a warning that names the copy, and a new log has the row."""
    ultra.database.parent.mkdir(parents=True)
    ultra.database.write_bytes(b"this was never a database, " * 400)

    ended = await ultra.run("ask", "hello there")

    answered(ended, 1)
    assert ultra.rows("SELECT status FROM attempts") == [("ok",)]


@pytest.mark.parametrize("fd", [0, 1, 2])
async def test_a_closed_descriptor_is_no_fault(ultra: Ultra, fd: int) -> None:
    """Without stdin or stderr the answer comes; without stdout the row is there, with exit 1."""
    ended = await ultra.run("ask", "hello there", preexec_fn=lambda: os.close(fd))

    code, out = (1, "") if fd == 1 else (0, ANSWER + "\n")
    assert (ended.code, ended.out) == (code, out), ended.err
    assert "Traceback" not in ended.err
    assert ultra.rows("SELECT status, text FROM attempts") == [("ok", ANSWER)]


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["ask", "--help"], ["logs", "path"]])
@pytest.mark.parametrize("kind", ["closed", "full", "gone"])
async def test_a_page_that_cannot_be_written_is_said_without_a_traceback(
    ultra: Ultra, words: list[str], kind: str
) -> None:
    """A closed or full stdout is exit 1 with a line; a reader that left is silent and 141."""
    if kind == "closed":
        ended = await ultra.run(*words, preexec_fn=lambda: os.close(1))
    else:
        with unwritable(kind) as fd:
            ended = await ultra.run(*words, stdout=fd)

    assert "Traceback" not in ended.err
    if kind == "gone":
        assert (ended.code, ended.err) == (141, "")
    else:
        assert ended.code == 1
        assert ended.err.startswith("error: cannot write the output")


class unwritable:  # noqa: N801 - used as a function
    """A descriptor that is full, or a pipe whose reader left."""

    def __init__(self, kind: str) -> None:
        if kind == "full":
            self._fd = os.open("/dev/full", os.O_WRONLY)
        else:
            reader, self._fd = os.pipe()
            os.close(reader)

    def __enter__(self) -> int:
        return self._fd

    def __exit__(self, *error: object) -> None:
        os.close(self._fd)


async def test_a_working_directory_that_is_gone_is_no_fault(ultra: Ultra) -> None:
    """Someone removed the directory: the user's own profile still serves."""
    gone = ultra.folder / "gone"
    gone.mkdir()
    script = f'cd "{gone}" && rmdir "{gone}" && "{sys.executable}" -m ultra ask "hello there"'

    ended = await shell(ultra, script)

    assert (ended.code, ended.out) == (0, ANSWER + "\n"), ended.err
    assert "Traceback" not in ended.err


async def shell(ultra: Ultra, script: str, **environ: str) -> Ended:
    """Run a script in bash with the home of the command line."""
    process = await asyncio.create_subprocess_exec(
        "/bin/bash", "-c", script, env={**ultra.environ, **environ}, cwd=ultra.folder,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await in_time(process.communicate())
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def abroad(exchange: Exchange) -> None:
    """Repeats the question, in letters that ASCII has not."""
    body = exchange.seen.json()
    assert isinstance(body, dict)
    await exchange.sse([chunk(body["messages"][-1]["content"]), chunk(finish="stop")])


@pytest.mark.parametrize("locale", ["C", "POSIX", "nowhere.ISO-8859-1"])
async def test_the_locale_does_not_touch_the_answer(tmp_path: Path, locale: str) -> None:
    """Prompt, answer and log are UTF-8 whatever `LANG` says."""
    async with loopback(abroad) as server:
        ultra = Ultra(tmp_path, server.url)
        settings = {"LC_ALL": locale, "LANG": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

        ended = await ultra.run("ask", ABROAD, environ=settings)
        piped = await ultra.run("ask", stdin=ABROAD, environ=settings)
        logged = await ultra.run("logs", "-r", environ=settings)

    assert [ended.out, piped.out, logged.out] == [ABROAD + "\n"] * 3, ended.err
    assert ultra.rows("SELECT DISTINCT text FROM attempts") == [(ABROAD,)]


async def test_a_prompt_that_is_no_text_is_refused_or_sent_whole(
    ultra: Ultra, server: Loopback
) -> None:
    """Bytes in the arguments that no encoding has are a mistake of the user, not of ultra."""
    latin_1 = "$'caf\\xe9 hello'"
    script = f'"{sys.executable}" -m ultra ask {latin_1}'

    ended = await shell(ultra, script)

    assert (ended.code, len(server.requests)) == (2, 0)
    assert "UTF-8" in ended.err
    assert "Traceback" not in ended.err


async def test_sql_files_are_never_opened_in_the_place_of_a_stream(ultra: Ultra) -> None:
    """With all three descriptors closed the log is not written over."""
    script = f'"{sys.executable}" -m ultra ask "hello there" <&- >&- 2>&-'

    ended = await shell(ultra, script)

    assert ended.code == 1
    assert ultra.rows("SELECT status, text FROM attempts") == [("ok", ANSWER)]
    assert ultra.rows("PRAGMA integrity_check") == [("ok",)]
