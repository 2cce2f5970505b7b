"""What a log of a million calls costs to ask and to write, beside bare SQL and a small log."""

import asyncio
import fcntl
import os
import pty
import random
import re
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.filled import MODELS, fill, word
from benchmarks.places import ROOT, Home, home, timed, ultra
from benchmarks.record import CLOCK, opened_and_closed, set_budgets, told
from benchmarks.stats import Checks, Result, compared, paired
from ultra.core.text import one_line
from ultra.store.ledger import SqliteLedger

CALLS = 1_000_000
FEW = 1_000
RUNS = 200
"""How many are put on record to see what one costs."""

DAY_S = 86_400.0
BARE = [sys.executable, str(ROOT / "benchmarks" / "peers" / "bare_sql.py")]
WORDS = f"{word(300)} {word(2_000)}"
WORDS_OF_ONE = 150
HEALTH_CODES = frozenset({0, 1, 3, 4})
SCREEN = re.compile(rb"anthropic|openai|google")
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")
MOST_S = 30.0

LATEST = """SELECT a.attempt_id, a.status, a.duration_s, c.provider, c.model, r.verb
FROM attempts a JOIN calls c USING (call_id) JOIN runs r USING (run_id)
ORDER BY a.rowid DESC LIMIT 200"""

PROFILE = """\
version: 1
environment: development
providers:
{providers}
models:
{models}
defaults: {{ask: smart}}
"""
BASE_URL = "http://127.0.0.1:1/v1"
PROVIDER = f"  {{name}}: {{{{protocol: openai-chat, base_url: {BASE_URL}, key: env:BENCH_KEY}}}}"


@dataclass(frozen=True)
class Size:
    """How many calls the log holds; `keep` is a folder whose log is used again by later runs."""

    calls: int = CALLS
    keep: Path | None = None


@dataclass(frozen=True)
class Question:
    """Something that is asked of the log: words of the command line and the same in SQL."""

    name: str
    arguments: list[str]
    sql: str


def questions(now: float) -> list[Question]:
    """What is asked, and the shortest SQL that reads as much; `now` is when the log ends."""
    month = now - 30 * DAY_S
    return [
        Question(
            "ultra logs",
            ["logs"],
            "SELECT run_id, started_at, verb, status, prompt, answer FROM runs"
            " ORDER BY started_at DESC LIMIT 3",
        ),
        Question(
            "ultra logs -q WORDS",
            ["logs", "-q", WORDS],
            "SELECT r.run_id, r.started_at, r.verb, r.status, r.prompt, r.answer FROM runs_fts"
            f" JOIN runs r ON r.id = runs_fts.rowid WHERE runs_fts MATCH '{WORDS}'"
            " ORDER BY rank LIMIT 3",
        ),
        Question(
            "ultra stats --since 30d",
            ["stats", "--since", "30d"],
            "SELECT provider, model, count(*), sum(status = 'ok'), sum(known_nano), min(ttft_s),"
            " avg(ttft_s), max(ttft_s), min(duration_s), avg(duration_s), max(duration_s)"
            f" FROM call_totals WHERE started_at >= {month} GROUP BY 1, 2",
        ),
        Question(
            "ultra cost monthly",
            ["cost", "monthly"],
            "SELECT strftime('%Y-%m', started_at, 'unixepoch', 'localtime'), count(*),"
            " sum(known_nano), sum(unpriced) FROM call_totals WHERE NOT simulated GROUP BY 1",
        ),
        Question(
            "ultra health",
            ["health", "--no-probe"],
            "SELECT c.provider, c.model, a.status, a.ttft_s, a.duration_s FROM calls c"
            " JOIN attempts a ON a.call_id = c.call_id WHERE c.provider = 'anthropic'"
            f" AND c.model = 'claude-opus-4-5' AND c.started_at >= {now - 7 * DAY_S}"
            " ORDER BY c.started_at DESC LIMIT 2000",
        ),
    ]


def questions_and_writes(pairs: int, size: Size = Size()) -> list[Result]:
    """Every question beside its SQL and the start-up, and writing beside a log of 1,000 calls."""
    with _logs(size) as (full, small, renewed_s):
        note = f"{size.calls:,} calls"
        renewed = [] if renewed_s is None else [_renewed(renewed_s, note)]
        asked = [_asked(one, full, small, pairs, note) for one in questions(CLOCK.time())]
        screen = _first_screen(full, small, pairs, note)
        return [*renewed, *asked, screen, *_written(_log_of(full), _log_of(small), pairs, note)]


@contextmanager
def _logs(size: Size) -> Iterator[tuple[Home, Home, float | None]]:
    """Two homes, one whose log is full and one whose log holds little.

    With them the seconds that renewing the full log took, None for one that was kept.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        home(BASE_URL) as full,
        home(BASE_URL) as small,
    ):
        kept = (size.keep or Path(folder)) / f"calls-{size.calls}.db"
        seconds = None if kept.exists() else fill(kept, size.calls, CLOCK.time())
        for place in (full, small):
            place.profile.write_text(_profile())
            _log_of(place).parent.mkdir(parents=True)
        _log_of(full).symlink_to(kept.resolve())
        fill(_log_of(small), FEW, CLOCK.time())
        for place in (full, small):
            set_budgets(_log_of(place))
        yield full, small, seconds


def _log_of(place: Home) -> Path:
    return place.directory / "ultra" / "data" / "ultra.db"


def _profile() -> str:
    providers = dict.fromkeys(provider for _, provider, _ in MODELS)
    return PROFILE.format(
        providers="\n".join(PROVIDER.format(name=name) for name in providers),
        models="\n".join(f'  {name}: "{provider}:{model}"' for name, provider, model in MODELS),
    )


def _renewed(seconds: float, note: str) -> Result:
    return Result("bring a log of schema 7 up to date", "", ours=seconds, note=note)


def _asked(question: Question, full: Home, small: Home, pairs: int, note: str) -> Result:
    """The bare query is timed in a process of its own, from opening the log to the last row."""
    command = [*ultra(), *question.arguments, "-P", "bench"]
    return _compared(
        question.name,
        lambda: _timed(command, full),
        lambda: _bare(question.sql, full),
        lambda: _timed(command, small),
        pairs,
        note,
    )


def _first_screen(full: Home, small: Home, pairs: int, note: str) -> Result:
    return _compared(
        "ultra tui, the first screen",
        lambda: _drawn(full),
        lambda: _bare(LATEST, full),
        lambda: _drawn(small),
        pairs,
        note,
    )


def _compared(
    name: str,
    ours: Callable[[], float],
    bare: Callable[[], float],
    start_up: Callable[[], float],
    pairs: int,
    note: str,
) -> Result:
    """Start-up is that of the same command on a log of 1,000 calls, whose SQL takes no time."""
    queries: list[float] = []

    def theirs() -> float:
        queries.append(bare())
        return queries[-1] + start_up()

    try:
        left, right = paired(ours, theirs, pairs)
    except RuntimeError as error:  # the other questions are asked all the same
        return Result(name, "", problems=(one_line(str(error)),))
    told = f"{note}; {1000 * statistics.median(queries):.1f} ms of SQL"
    return compared(
        name,
        f"bare SQL + start-up on {FEW:,} calls",
        left,
        right,
        target=2.0,
        checks=Checks(),
        seen={"note": told},
    )


def _timed(command: list[str], place: Home) -> float:
    """Seconds of a command; `health` says by its exit code how providers are, not how it went."""
    return timed(command, place.env, allowed=HEALTH_CODES)[0]


def _bare(sql: str, place: Home) -> float:
    return float(timed([*BARE, str(_log_of(place)), sql], place.env)[1])


def _drawn(place: Home) -> float:
    """Seconds until the first screen names a provider, in a terminal of its own."""
    start = time.perf_counter()
    child, terminal = pty.fork()
    if not child:
        os.chdir(place.directory)
        os.execvpe(ultra()[0], [*ultra(), "tui", "-P", "bench"], {**place.env, "TERM": "xterm"})
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        seen = b""
        while not SCREEN.search(_ESCAPES.sub(b"", seen)):
            left = start + MOST_S - time.perf_counter()
            if left <= 0 or not select.select([terminal], [], [], left)[0]:
                raise RuntimeError(f"no screen names a provider in {MOST_S} s")
            seen += os.read(terminal, 65_536)
        return time.perf_counter() - start
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def _written(full: Path, small: Path, pairs: int, note: str) -> list[Result]:
    opened, kept = Checks(), Checks()
    first = paired(opened_and_closed(full, opened), opened_and_closed(small, opened), pairs)
    calls = paired(_runs(full, kept), _runs(small, kept), pairs)
    peer = f"the same on {FEW:,} calls"
    seen = {"note": f"{note}, 8 hard budgets"}
    return [
        compared(
            "open the log, admit and close", peer, *first, target=1.3, checks=opened, seen=seen
        ),
        compared(
            "one call on record, words and all", peer, *calls, target=1.3, checks=kept, seen=seen
        ),
    ]


def _runs(path: Path, checks: Checks) -> Callable[[], float]:
    """Seconds that one of many runs takes, the log being open."""
    chance = random.Random(path.name)

    def run() -> float:
        warnings: list[str] = []
        prompts = [
            " ".join(word(int(chance.paretovariate(0.3)) % 40_000) for _ in range(WORDS_OF_ONE))
            for _ in range(RUNS + 1)
        ]
        ledger = SqliteLedger(path, clock=CLOCK, warn=warnings.append)
        seconds = asyncio.run(_put(ledger, prompts, checks))
        ledger.shutdown()
        checks.equal("warnings", warnings, [])
        return seconds / RUNS

    return run


async def _put(ledger: SqliteLedger, prompts: list[str], checks: Checks) -> float:
    checks.equal("the first went", await told(ledger, prompts[:1]), True)
    start = time.perf_counter()
    checks.equal("all went", await told(ledger, prompts[1:]), True)
    return time.perf_counter() - start
