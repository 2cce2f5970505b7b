"""The app on a terminal for minutes, while other processes write to the log as fast as asked.

`python -m tests.tui.soak --minutes 10` prints what it measured. The app runs in a process of its
own on a pseudo-terminal, the writers in four more, through the real ledger.
"""

import argparse
import asyncio
import json
import math
import os
import pty
import random
import resource
import sqlite3
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from fcntl import ioctl
from pathlib import Path
from typing import Any

from tests.support.ledger import attempt_record, result, run_end, run_record
from tests.support.patience import PATIENCE_S
from ultra.core.clock import SystemClock
from ultra.core.errors import ErrorClass, Failure
from ultra.core.ids import attempt_id, new_run_id
from ultra.core.ledger import Admitted
from ultra.core.live import Live
from ultra.runtime.runtime import Runtime
from ultra.store.ledger import SqliteLedger

WRITERS = 4
EVENTS_PER_S = 200.0
"""Of all writers together: a run that begins, a piece of text, an end."""

UNDER_WAY = 10
"""Calls that each writer has under way at once."""

SIZE = (120, 40)
KEY_S = 0.5
"""How often a key is pressed."""

ELSEWHERE = ("1", "3", "4")
"""Screens that are looked at now and then instead."""


@dataclass
class Report:
    """What came of a soak. Latencies are seconds from a key to the screen that shows its effect.

    `lost` are the rows by which what the app saw differs from what the log holds. Megabytes are
    resident, without those of files, which others share; the slope is that of the last two thirds.
    CPU is the share of one core.
    """

    minutes: float
    runs: int = 0
    attempts: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    events_per_s: float = 0.0
    latencies_s: list[float] = field(default_factory=list, repr=False)
    keys_lost: int = 0
    draws_per_s: float = 0.0
    most_draws_in_a_second: int = 0
    idle_cpu: float = 0.0
    busy_cpu: float = 0.0
    first_mb: float = 0.0
    last_mb: float = 0.0
    slope_mb_per_min: float = 0.0
    mb_by_minute: list[int] = field(default_factory=list)
    rows_held: int = 0
    wal_mb: float = 0.0

    def latency(self, share: float) -> float:
        """The latency that so many of the keys did not exceed; 0 without any."""
        known = sorted(self.latencies_s)
        return known[max(0, math.ceil(len(known) * share) - 1)] if known else 0.0

    def lines(self) -> list[str]:
        """For people."""
        told = {name: value for name, value in asdict(self).items() if name != "latencies_s"}
        told |= {"keys": len(self.latencies_s)}
        told |= {f"latency_p{share}_ms": self.latency(share / 100) * 1e3 for share in (50, 95, 99)}
        return [
            f"{name:24} {value:.3f}" if isinstance(value, float) else f"{name:24} {value}"
            for name, value in told.items()
        ]


async def soak(folder: Path, minutes: float) -> Report:
    """Idle for a tenth of the time, then be written to; what was measured."""
    report = Report(minutes)
    database = folder / "home" / "data" / "ultra.db"
    async with Shown(folder) as shown:
        await shown.until(lambda: shown.status is not None)
        await shown.press("2")
        await asyncio.sleep(2.0)
        report.idle_cpu = await shown.cpu_over(max(5.0, minutes * 6.0))
        began = time.monotonic()
        writers = [await _writer(database, name, minutes * 60.0) for name in range(WRITERS)]
        before = shown.cpu_s()
        await _use(shown, minutes * 60.0, report)
        busy = shown.draws[-int(minutes * 60) :]
        report.draws_per_s = sum(busy) / max(1, len(busy))
        report.busy_cpu = (shown.cpu_s() - before) / (time.monotonic() - began)
        events = sum([int((await one.communicate())[0]) for one in writers])
        report.events_per_s = events / (minutes * 60.0)
        assert all(one.returncode == 0 for one in writers), "a writer failed"
        wal = Path(f"{database}-wal")
        report.wal_mb = wal.stat().st_size / 1e6 if wal.exists() else 0.0
        truth = _truth(database)
        with suppress(TimeoutError):
            await shown.until(lambda: _differing(truth, shown.status) == {})
        report.lost = _differing(truth, shown.status)
        report.runs, report.attempts = truth["runs_seen"], truth["attempts_seen"]
        report.rows_held = (shown.status or {}).get("calls", 0)
        report.most_draws_in_a_second = max(shown.draws, default=0)
        _memory(shown.megabytes, report)
    return report


async def _use(shown: "Shown", seconds: float, report: Report) -> None:
    """Press keys until it is over, and be elsewhere now and then."""
    over = time.monotonic() + seconds
    turn = 0
    while time.monotonic() < over:
        turn += 1
        if turn % 40 == 0:
            await shown.press(ELSEWHERE[turn // 40 % len(ELSEWHERE)])
            await asyncio.sleep(2.0)
            await shown.back()
        latency = await shown.latency_of("j" if turn % 20 < 10 else "k")
        if latency is None:
            report.keys_lost += 1
        else:
            report.latencies_s.append(latency)
        await asyncio.sleep(KEY_S)


def _truth(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(database)) as connection:
        (runs,) = connection.execute("SELECT count(*) FROM runs").fetchone()
        attempts, ended = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE status != 'running') FROM attempts"
        ).fetchone()
    return {"runs_seen": runs, "attempts_seen": attempts, "attempts_ended": ended, "running": 0}


def _differing(truth: dict[str, int], status: dict[str, int] | None) -> dict[str, int]:
    seen = status or {}
    return {
        name: value - seen.get(name, 0)
        for name, value in truth.items()
        if value != seen.get(name, 0)
    }


def _memory(samples: list[tuple[float, float]], report: Report) -> None:
    """The line through the last two thirds, by least squares."""
    report.mb_by_minute = [round(mb) for _, mb in samples[::60]]
    late = samples[len(samples) // 3 :]
    report.first_mb, report.last_mb = late[0][1], late[-1][1]
    at = sum(when for when, _ in late) / len(late)
    level = sum(mb for _, mb in late) / len(late)
    spread = sum((when - at) ** 2 for when, _ in late)
    slope = sum((when - at) * (mb - level) for when, mb in late) / spread if spread else 0.0
    report.slope_mb_per_min = slope * 60.0


class Shown:
    """The app in a process of its own: what it draws is read and thrown away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.status: dict[str, int] | None = None
        self.draws: list[int] = []
        self.megabytes: list[tuple[float, float]] = []
        self._painted: asyncio.Queue[float] = asyncio.Queue()
        self._last = b""

    async def __aenter__(self) -> "Shown":
        self._master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        heard, told = os.pipe()
        os.set_blocking(self._master, False)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._master, self._drain)
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.tui.soak", "--show", str(self._folder)),
            *("--tell", str(told)),
            env={**os.environ, "TERM": "xterm-256color", "ULTRA_HOME": str(self._folder / "home")},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            pass_fds=(told,),
        )
        os.close(told)
        os.close(slave)
        reader = asyncio.StreamReader(limit=2**20)
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(heard, "rb")
        )
        self._listening = asyncio.create_task(self._listen(reader))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.terminate()
        await asyncio.wait_for(self._process.wait(), PATIENCE_S)
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        self._listening.cancel()

    def _check_alive(self) -> None:
        code, drawn = self._process.returncode, self._last.decode(errors="replace")
        assert code is None, f"the app ended with {code}; it drew last: {drawn}"

    async def press(self, keys: str) -> None:
        """Press keys; an app that has ended is told of with its exit status, what it drew too."""
        self._check_alive()
        os.write(self._master, keys.encode())

    async def back(self) -> None:
        """Go to the list from wherever it is, and wait until that takes keys.

        An app that is held up reads Esc and the key after it as one; then they are pressed again.
        """
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for keys in ("\x1b", "2", "\x1b", "\t"):  # out of a field, there, into the list
                    await self.press(keys)
                    await asyncio.sleep(0.5)
                if await self.latency_of("j", within_s=5.0) is not None:
                    return

    async def latency_of(self, key: str, *, within_s: float = PATIENCE_S) -> float | None:
        """How long until its effect was drawn; None when that did not come."""
        while not self._painted.empty():
            self._painted.get_nowait()
        pressed = time.monotonic()
        await self.press(key)
        try:
            return await asyncio.wait_for(self._painted.get(), within_s) - pressed
        except TimeoutError:
            return None

    def cpu_s(self) -> float:
        """Processor seconds of the app so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def cpu_over(self, seconds: float) -> float:
        before = self.cpu_s()
        await asyncio.sleep(seconds)
        return (self.cpu_s() - before) / seconds

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what the app tells; raises `TimeoutError`, and what it drew when it ended."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._check_alive()
                await asyncio.sleep(0.1)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        async for line in reader:
            told = json.loads(line)
            if "painted" in told:
                self._painted.put_nowait(told["painted"])
            else:
                if self.status is not None:
                    self.draws.append(told["draws"] - self.status["draws"])
                self.status = told
                self.megabytes.append((time.monotonic(), _megabytes(self._process.pid)))

    def _drain(self) -> None:
        try:
            self._last = (self._last + os.read(self._master, 1 << 20))[-4096:]
        except OSError:  # Linux reports EIO once the app has gone
            asyncio.get_running_loop().remove_reader(self._master)


def _megabytes(pid: int) -> float:
    """What a process holds of memory that no file stands behind."""
    resident, of_files = Path(f"/proc/{pid}/statm").read_text().split()[1:3]
    return (int(resident) - int(of_files)) * resource.getpagesize() / 1e6


def show(folder: Path, tell: int) -> None:
    """The app, telling what it does on a pipe."""
    from ultra.tui import running
    from ultra.tui.app import UltraApp
    from ultra.tui.widgets.calls import Calls

    def say(**what: float) -> None:
        os.write(tell, json.dumps(what).encode() + b"\n")

    class Measured(UltraApp):
        CSS_PATH = str(Path(running.__file__).with_name("ultra.tcss"))
        draws = 0
        moved = False

        def on_mount(self) -> None:
            self.set_interval(1.0, self._report)

        def _report(self) -> None:
            say(draws=self.draws, **_counted(self.following.live))

        def _display(self, screen: Any, renderable: Any) -> None:
            super()._display(screen, renderable)
            if renderable is not None:
                self.draws += 1
                if self.moved:
                    self.moved = False
                    say(painted=time.monotonic())

    class Noticed(Calls):
        def action_choose(self, place: int) -> None:
            super().action_choose(place)
            app.moved = True

    import ultra.tui.screens.live as page

    vars(page)["Calls"] = Noticed  # the same list, which says when a key has moved it
    runtime = Runtime("development", environ=os.environ, cwd=folder, warn=print)
    app = Measured(runtime)
    running.run(app)


def _counted(live: Live) -> dict[str, int]:
    return {
        "runs_seen": live.runs_seen,
        "attempts_seen": live.attempts_seen,
        "attempts_ended": live.attempts_ended,
        "running": sum(call.running for call in live.calls.values()),
        "calls": len(live.calls),
    }


async def _writer(database: Path, name: int, seconds: float) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.tui.soak", "--write", str(database)),
        *("--name", str(name), "--minutes", str(seconds / 60.0)),
        stdout=asyncio.subprocess.PIPE,
    )


async def write(database: Path, name: int, seconds: float) -> int:
    """Put runs on record at an even pace; how many events that were."""
    rng = random.Random(name)
    ledger = SqliteLedger(
        database, clock=SystemClock(), warn=lambda text: print(text, file=sys.stderr)
    )
    writing = _Writing(ledger, rng)
    pace = EVENTS_PER_S / WRITERS
    began = time.monotonic()
    events = 0
    while (at := time.monotonic() - began) < seconds:
        await asyncio.sleep(max(0.0, events / pace - at))
        await writing.event()
        events += 1
    await writing.end_all()
    assert await ledger.flush(PATIENCE_S)
    ledger.shutdown(PATIENCE_S)
    return events


class _Writing:
    """Runs under way of one writer."""

    def __init__(self, ledger: SqliteLedger, rng: random.Random) -> None:
        self._ledger, self._rng = ledger, rng
        self._open: list[tuple[str, int]] = []
        self._last_message = "x"

    async def event(self) -> None:
        if len(self._open) < UNDER_WAY:
            await self._begin()
        elif self._rng.random() < 0.8:
            run_id, number = self._rng.choice(self._open)
            words = " ".join(["and so on, *still*\x1b[2J"] * self._rng.randint(1, 20))
            self._ledger.checkpoint(attempt_id(f"{run_id}-1", number), words + "\n")
        else:
            run_id, number = self._open.pop(self._rng.randrange(len(self._open)))
            await self._end(run_id, number)

    async def end_all(self) -> None:
        for run_id, number in self._open:
            await self._end(run_id, number, retry=False)

    async def _begin(self) -> None:
        run_id = new_run_id()
        self._ledger.begin_run(run_record(run_id, started_at=time.time(), cost_center="soak"))
        attempt = attempt_record(run_id, started_at=time.time())
        if isinstance(await self._ledger.admit(attempt), Admitted):
            self._open.append((run_id, 1))
        else:
            self._over(run_id, "error")

    async def _end(self, run_id: str, number: int, *, retry: bool = True) -> None:
        failed = self._rng.random() < 0.1
        failure = Failure(ErrorClass.INVALID_REQUEST, "no such option", provider="lab", model="m-1")
        end = result(
            "" if failed else "the whole answer " * 50,
            status="error" if failed else "ok",
            ended_at=time.time(),
            failure=failure if failed else None,
        )
        self._ledger.close(attempt_id(f"{run_id}-1", number), end)
        if failed and retry and number < 3:
            again = attempt_record(run_id, number=number + 1, started_at=time.time())
            if isinstance(await self._ledger.admit(again), Admitted):
                self._open.append((run_id, number + 1))
                return
        self._over(run_id, "error" if failed else "ok")

    def _over(self, run_id: str, status: str) -> None:
        self._ledger.end_run(run_id, run_end(run_id=run_id, status=status, ended_at=time.time()))


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="ultra-soak-") as made:
        yield Path(made)


def main() -> None:
    """One program in three roles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--show", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--tell", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--name", type=int, default=0, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.show:
        show(told.show, told.tell)
    elif told.write:
        print(asyncio.run(write(told.write, told.name, told.minutes * 60.0)))
    else:
        with _place(told.folder) as folder:
            (folder / "home").mkdir(exist_ok=True)
            report = asyncio.run(soak(folder, told.minutes))
        print("\n".join(report.lines()))
        sys.exit(1 if report.lost or report.keys_lost else 0)


if __name__ == "__main__":
    main()
