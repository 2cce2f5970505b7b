"""A thousand streams at once, all of them truly concurrent: the server holds the first back."""

import json
import statistics
import sys
from collections.abc import Callable

from benchmarks.places import Home, Server, home, serving, timed
from benchmarks.stats import Checks, Result, compared, paired

STREAMS = 1000
FEW = 100
CHUNKS = 20
MOST_MB = 150.0


def against_aiohttp(pairs: int) -> list[Result]:
    """Engine, policies and ledger beside bare aiohttp, which drops the bytes or decodes them."""
    with serving() as server:
        return [
            _beside(server, "aiohttp, bytes dropped", [], pairs, target=2.5),
            _beside(server, "aiohttp + json.loads", ["--parse"], pairs, target=None),
        ]


def hundred_to_thousand(pairs: int) -> list[Result]:
    """The time of one call among a thousand beside that of one among a hundred."""
    checks = Checks()
    with serving() as server, home(server.base_url(chunks=CHUNKS, hold=STREAMS)) as place:
        peaks: list[float] = []
        left, right = paired(
            _ultra(server, place, STREAMS, checks, peaks),
            _ultra(server, place, FEW, checks, []),
            pairs,
        )
        rows = place.rows()
        wanted = (STREAMS + FEW + 2) * (pairs + 1)
        checks.equal("rows written (good, all)", rows, (wanted, wanted))
    seen = {"peak": f"{STREAMS}, {FEW}", "rows": str(rows[0]), "note": "seconds per call"}
    return [
        compared(
            "one call of 1,000 at once",
            "one of 100 at once",
            [seconds / STREAMS for seconds in left],
            [seconds / FEW for seconds in right],
            target=1.3,
            checks=checks,
            seen=seen,
        )
    ]


def what_policies_cost(pairs: int) -> list[Result]:
    """All policies and the log beside the engine without any; budgets kept beside none."""
    with serving() as server:
        return [
            _with_and_without(
                server, "1,000 streams, all policies", "no policies, no log", [], ["--bare"], pairs
            ),
            _with_and_without(
                server, "1,000 streams, 3 hard budgets", "no budgets", ["--budget"], [], pairs
            ),
        ]


def _with_and_without(
    server: Server, name: str, peer: str, ours: list[str], theirs: list[str], pairs: int
) -> Result:
    checks = Checks()
    url = server.base_url(chunks=CHUNKS, hold=STREAMS)
    with home(url) as place, home(url) as other:
        left, right = paired(
            _ultra(server, place, STREAMS, checks, [], ours),
            _ultra(server, other, STREAMS, checks, [], theirs),
            pairs,
        )
        rows = place.rows()
        wanted = (STREAMS + 1) * (pairs + 1)
        checks.equal("rows written (good, all)", rows, (wanted, wanted))
        bare = (0, 0) if "--bare" in theirs else (wanted, wanted)
        checks.equal("rows beside (good, all)", other.rows(), bare)
    seen = {"peak": str(STREAMS), "rows": str(rows[0])}
    return compared(name, peer, left, right, target=None, checks=checks, seen=seen)


def _beside(
    server: Server, peer: str, arguments: list[str], pairs: int, *, target: float | None
) -> Result:
    checks = Checks()
    with home(server.base_url(chunks=CHUNKS, hold=STREAMS)) as place:
        peaks: list[float] = []
        bare: list[float] = []
        left, right = paired(
            _ultra(server, place, STREAMS, checks, peaks),
            child(
                server, place, "aiohttp_streams", STREAMS, chunks=CHUNKS, checks=checks,
                peaks=bare, arguments=arguments,
            ),
            pairs,
        )  # fmt: skip
        rows = place.rows()
        wanted = (STREAMS + 1) * (pairs + 1)
        checks.equal("rows written (good, all)", rows, (wanted, wanted))
    memory = statistics.median(peaks)
    note = f"{memory:.0f} MB beside {statistics.median(bare):.0f} MB"
    if memory > MOST_MB:
        note += f", over {MOST_MB:.0f}"
    seen = {"peak": str(STREAMS), "rows": str(rows[0]), "note": note}
    name = f"{STREAMS:,} streams of {CHUNKS}"
    return compared(name, peer, left, right, target=target, checks=checks, seen=seen)


def _ultra(
    server: Server,
    place: Home,
    streams: int,
    checks: Checks,
    peaks: list[float],
    more: list[str] | None = None,
) -> Callable[[], float]:
    return child(
        server, place, "ultra_streams", streams, chunks=CHUNKS, checks=checks, peaks=peaks,
        arguments=["--profile", str(place.profile), *(more or [])],
    )  # fmt: skip


def child(  # noqa: PLR0913  what a child is told, and where its figures go
    server: Server,
    place: Home,
    module: str,
    streams: int,
    *,
    chunks: int,
    checks: Checks,
    peaks: list[float],
    arguments: list[str],
    batch: int = 1,
) -> Callable[[], float]:
    """Runs a child of `benchmarks.peers` and checks what it and the server saw."""
    hold = streams
    urls = [server.base_url(chunks=chunks, hold=hold, batch=batch), server.base_url(chunks=1)]
    command = [sys.executable, "-m", f"benchmarks.peers.{module}", *urls, str(streams), *arguments]

    def run() -> float:
        server.reset()
        told = json.loads(timed(command, place.env)[1])
        peak, requests = server.seen()
        checks.equal(f"server's peak for {module}", peak, streams)
        checks.equal(f"requests of {module}", requests, streams + 1)
        if "good" in told:
            checks.equal("good answers", told["good"], streams)
        if "good" in told or not {"--parse", "--bare"}.isdisjoint(arguments):
            checks.equal(f"pieces of text for {module}", told["chunks"], streams * chunks)
        peaks.append(told["peak_mb"])
        return float(told["seconds"])

    return run
