"""Every step of an attempt, and what may happen there: killed, told to end, disk full, log locked.

Whatever it is, the next run finds rows that say what happened and a budget that adds up.
"""

import asyncio
import json
import os
import resource
import select
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.support.patience import until
from tests.support.process import UNMEASURED, USAGE, WORDS, Ultra, chunk
from tests.support.server import Exchange, Loopback, loopback
from ultra.store.check import check
from ultra.store.database import Place, open_database

Step = Literal["begin", "sent", "first byte", "mid-stream", "close", "end"]
STEPS: tuple[Step, ...] = ("begin", "sent", "first byte", "mid-stream", "close", "end")

PROFILE = """\
version: 1
providers:
  lab: {{protocol: openai-chat, base_url: "{url}/v1", key: none}}
models:
  held: {{model: "lab:held", price: {{input_per_mtok: 1.0, output_per_mtok: 2.0}}}}
  free: {{model: "lab:free", price: free}}
budget: {{day_usd: 1.0, mode: hard}}
"""

FIRST, REST = WORDS[0], "".join(WORDS[1:])
LARGE = "a line that fills a pipe\n" * 8_000
"""More than a pipe holds: its writer has to wait for a reader."""

NOTHING = ("", "", "")
SETTLED = ("ok ok", "settled", "spent")
UNKNOWN = ("error error", "uncertain", "uncertain")
PARTLY = ("partial partial", "uncertain", "uncertain")
"""What the next run finds, or makes of it."""


class Lab:
    """A provider whose model `held` goes on when it is let; every other one answers at once."""

    def __init__(self) -> None:
        self.begin, self.finish = asyncio.Event(), asyncio.Event()
        self.rest = REST

    async def __call__(self, exchange: Exchange) -> None:
        body = exchange.seen.json()
        assert isinstance(body, dict)
        if body["model"] != "held":
            await exchange.sse([chunk("yes"), chunk(finish="stop"), USAGE])
            return
        await self.begin.wait()
        await exchange.head(200)
        await exchange.chunk(_event(chunk(FIRST)))
        await self.finish.wait()
        for event in (chunk(self.rest), chunk(finish="stop"), USAGE, "[DONE]"):
            await exchange.chunk(_event(event))
        await exchange.end()


class Under:
    """One `ultra ask` that has been brought to a step.

    `unlock` lets go of a lock on the log that had to be taken to hold it there.
    """

    def __init__(self, ultra: Ultra, lab: Lab, server: Loopback) -> None:
        self.ultra, self.lab, self.server = ultra, lab, server
        self.lock: sqlite3.Connection | None = None
        self.said = b""

    async def bring(self, step: Step, **options: Any) -> None:
        """Start it and let it come so far."""
        self.log_lock(step == "begin")
        self.pipe, out = os.pipe()
        argv: tuple[str, ...] = ("ask", "-m", "held", "--no-stdin", "--max-tokens", "100000", "hi")
        if step == "end":
            self.lab.rest = LARGE
            argv = ("ask", "--json", *argv[1:])
        self.process = await self.ultra.start(*argv, stdout=out, **options)
        os.close(out)
        os.set_blocking(self.pipe, False)
        await getattr(self, f"_{step.replace(' ', '_').replace('-', '_')}")()

    async def _begin(self) -> None:
        await until(lambda: self._has_opened(self.ultra.database))

    async def _sent(self) -> None:
        await self.server.until(lambda server: len(server.requests) == 1)

    async def _first_byte(self) -> None:
        self.lab.begin.set()
        await self.says(FIRST)

    async def _mid_stream(self) -> None:
        await self._first_byte()
        await until(lambda: self.ultra.rows("SELECT text FROM pieces") == [(FIRST,)])

    async def _close(self) -> None:
        await self._first_byte()
        self.log_lock(True)
        self.lab.finish.set()
        await self.says(FIRST + REST)

    async def _end(self) -> None:
        self.go_on()
        await until(lambda: bool(select.select([self.pipe], [], [], 0.0)[0]))

    def _has_opened(self, path: Path) -> bool:
        folder = Path(f"/proc/{self.process.pid}/fd")
        try:
            return str(path) in [str(link.readlink()) for link in folder.iterdir()]
        except FileNotFoundError:  # one of them was closed while they were read
            return False

    async def says(self, text: str) -> None:
        """Wait until stdout has had all of a text."""
        await until(lambda: self._read() >= len(text))
        assert self.said.decode().startswith(text)

    def _read(self) -> int:
        try:
            while piece := os.read(self.pipe, 65_536):
                self.said += piece
        except BlockingIOError:
            pass
        return len(self.said)

    def log_lock(self, taken: bool) -> None:
        """Take the log for oneself, or let go of it."""
        if self.lock is not None:
            self.lock.close()
            self.lock = None
        if taken:
            self.lock = sqlite3.connect(self.ultra.database, isolation_level=None, timeout=30.0)
            self.lock.execute("BEGIN IMMEDIATE")

    def fill_disk(self) -> None:
        """From now on its files cannot grow nor be written."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (0, 0))

    def go_on(self) -> None:
        """Let the provider answer to the end."""
        self.lab.begin.set()
        self.lab.finish.set()

    async def ended(self) -> tuple[int, str]:
        """Its exit code, as a shell tells it, and what it said on stderr."""
        assert self.process.stderr is not None
        reading = asyncio.create_task(self.process.stderr.read())
        await until(lambda: self._read() >= 0 and self.process.returncode is not None)
        self._read()
        code = self.process.returncode or 0
        return (code if code >= 0 else 128 - code), (await reading).decode()

    async def swept(self) -> tuple[str, str, str]:
        """Run and attempt, reservation and counter, once the next run has looked after the log.

        Each is empty where there is none. All sums must be those of the log.
        """
        self.log_lock(False)
        after = await self.ultra.run("ask", "-m", "free", "--no-stdin", "hi")
        assert (after.code, after.out.strip()) == (0, "yes"), after.err
        with closing(sqlite3.connect(self.ultra.database)) as connection:
            assert check(connection, time.time()) == []
        found = self.ultra.rows(
            "SELECT r.status || ' ' || a.status, v.state, CASE WHEN b.reserved_nano THEN 'reserved'"
            " WHEN b.uncertain_nano THEN 'uncertain' WHEN b.spent_nano THEN 'spent' ELSE '' END"
            " FROM calls c JOIN runs r USING (run_id) JOIN attempts a USING (call_id)"
            " JOIN reservation v USING (attempt_id), budget b WHERE c.model = 'held'"
        )
        return found[0] if found else NOTHING


def _event(value: object) -> bytes:
    return f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode()


@pytest.fixture
async def under(tmp_path: Path) -> AsyncIterator[Under]:
    """A home with a log of its own and a hard budget, and nothing asked yet."""
    lab = Lab()
    async with loopback(lab) as server:
        ultra = Ultra(tmp_path)
        (ultra.home / "config").mkdir()
        (ultra.home / "config" / "ultra.yaml").write_text(PROFILE.format(url=server.url), "utf-8")
        open_database(Place(ultra.database), time.time()).connection.close()
        one = Under(ultra, lab, server)
        yield one
        one.log_lock(False)
        os.close(one.pipe)


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ("begin", NOTHING),
        ("sent", UNKNOWN),
        ("first byte", None),
        ("mid-stream", PARTLY),
        ("close", None),
        ("end", SETTLED),
    ],
)
async def test_kill_9_leaves_what_the_next_run_can_settle(
    under: Under, step: Step, found: tuple[str, str, str] | None
) -> None:
    """Before it was admitted there is nothing; from then on its reserve is uncertain.

    Whether words had been kept when it was killed depends on how long it took to come so far.
    """
    await under.bring(step)
    under.process.kill()
    code, _ = await under.ended()
    under.log_lock(False)
    kept = under.ultra.rows("SELECT text FROM pieces")

    assert code == 128 + signal.SIGKILL
    assert await under.swept() == (found or (PARTLY if kept else UNKNOWN))


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ("begin", NOTHING),
        ("sent", ("cancelled cancelled", "settled", "spent")),
        ("first byte", ("cancelled partial", "settled", "spent")),
        ("mid-stream", ("cancelled partial", "settled", "spent")),
        ("close", None),
        ("end", SETTLED),
    ],
)
async def test_sigterm_settles_what_can_be_settled_within_its_second(
    under: Under, step: Step, found: tuple[str, str, str] | None
) -> None:
    """Exit 143 wherever it comes; a log that stays locked leaves the rest to the next run."""
    await under.bring(step)
    under.process.terminate()
    code, err = await under.ended()
    under.log_lock(False)
    kept = under.ultra.rows("SELECT text FROM pieces")

    assert code == 128 + signal.SIGTERM
    assert "Traceback" not in err
    assert await under.swept() == (found or (PARTLY if kept else UNKNOWN))


@pytest.mark.parametrize("step", STEPS)
async def test_a_disk_that_fills_up_refuses_or_delivers(under: Under, step: Step) -> None:
    """Before it was admitted: exit 5, nothing sent. After: the answer, one warning, exit 0."""
    await under.bring(step, environ=UNMEASURED)
    under.fill_disk()
    under.log_lock(False)
    under.go_on()
    code, err = await under.ended()
    kept = under.ultra.rows("SELECT text FROM pieces")

    assert err.count("warning:") == (step != "end")
    if step == "begin":
        assert (code, len(under.server.requests), under.said) == (5, 0, b"")
        assert await under.swept() == NOTHING
        return
    assert code == 0
    if step != "end":
        assert under.said.decode() == FIRST + REST + "\n"
    uncertain = PARTLY if kept else UNKNOWN
    assert await under.swept() == (SETTLED if step == "end" else uncertain)


@pytest.mark.parametrize("step", ["sent", "first byte", "mid-stream", "end"])
async def test_a_lock_that_goes_away_costs_nothing(under: Under, step: Step) -> None:
    """Taken at the step and let go of with the last word: rows and budget are as without it."""
    await under.bring(step)
    under.log_lock(True)
    under.go_on()
    if step != "end":
        await under.says(FIRST + REST)
        under.log_lock(False)
    code, err = await under.ended()

    assert (code, err) == (0, "")
    assert await under.swept() == SETTLED


@pytest.mark.slow
@pytest.mark.parametrize("step", ["begin", "close"])
async def test_a_lock_that_stays_refuses_or_delivers(under: Under, step: Step) -> None:
    """As a full disk does, once SQLite has waited its five seconds."""
    await under.bring(step)
    code, err = await under.ended()
    under.log_lock(False)
    kept = under.ultra.rows("SELECT text FROM pieces")

    assert err.count("warning:") == 1
    if step == "begin":
        assert (code, len(under.server.requests), under.said) == (5, 0, b"")
        assert await under.swept() == NOTHING
    else:
        assert (code, under.said.decode()) == (0, FIRST + REST + "\n")
        assert await under.swept() == (PARTLY if kept else UNKNOWN)
