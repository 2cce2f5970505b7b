"""Many prompts as a batch, beside the same calls in one plain fan-out; and whether memory grows."""

import json
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from benchmarks.fanout import CHUNKS, STREAMS, child
from benchmarks.places import ROOT, home, serving, timed
from benchmarks.stats import Checks, Result, compared, paired

PROMPTS = 1000
FEW = 200
MODELS = 3
WARM = 3

_PROFILE = """\
version: 1
environment: development
providers:
  sim: {protocol: simulated}
models:
  a: {model: "sim:a", price: {input_per_mtok: 3, output_per_mtok: 15}}
  b: {model: "sim:b", price: {input_per_mtok: 3, output_per_mtok: 15}}
  c: {model: "sim:c", price: {input_per_mtok: 3, output_per_mtok: 15}}
"""


def thousand_prompts(pairs: int) -> list[Result]:
    """One call of a batch beside one of the plain fan-out bench, and beside its bare equal."""
    checks = Checks()
    peaks: list[float] = []
    few: list[float] = []
    with serving() as server, home(server.base_url(chunks=CHUNKS, hold=STREAMS)) as place:
        fan_out = child(
            server, place, "ultra_streams", STREAMS, chunks=CHUNKS, checks=checks, peaks=[],
            arguments=["--profile", str(place.profile)],
        )  # fmt: skip
        batch, streams = paired(_child(PROMPTS, [], checks, peaks), fan_out, pairs)
    again, plain = paired(
        _child(PROMPTS, [], checks, []), _child(PROMPTS, ["--plain"], checks, []), pairs
    )
    for _ in range(3):
        _child(FEW, [], checks, few)()
    most, least = statistics.median(peaks), statistics.median(few)
    memory = f"{most:.0f} MB, with {FEW} prompts {least:.0f} MB"
    name = f"one call of {PROMPTS:,} prompts x {MODELS}"
    lines = (
        ("one of 1,000 streams (fanout)", batch, streams, STREAMS, 1.5, memory),
        ("the same calls, nothing compared", again, plain, PROMPTS * MODELS, None, "no report"),
    )
    return [
        compared(
            name,
            peer,
            [seconds / (PROMPTS * MODELS) for seconds in left],
            [seconds / calls for seconds in right],
            target=target,
            checks=checks,
            seen={"rows": str(PROMPTS * MODELS), "note": f"seconds per call; {note}"},
        )
        for peer, left, right, calls, target, note in lines
    ]


def _child(
    prompts: int, arguments: list[str], checks: Checks, peaks: list[float]
) -> Callable[[], float]:
    """Runs a child of `benchmarks.peers` over a log of its own, and counts what it wrote there."""
    command = [sys.executable, "-m", "benchmarks.peers.ultra_batch", str(prompts), *arguments]

    def run() -> float:
        with tempfile.TemporaryDirectory() as directory:
            home = Path(directory)
            (home / "config").mkdir()
            (home / "config" / "ultra.yaml").write_text(_PROFILE)
            env = {"ULTRA_HOME": str(home), "HOME": str(home), "PYTHONPATH": str(ROOT)}
            told = json.loads(timed(command, env)[1])
            with closing(sqlite3.connect(home / "data" / "ultra.db")) as connection:
                query = "SELECT count(*) FROM attempts WHERE status = 'ok'"
                written = connection.execute(query).fetchone()[0]
            checks.equal("good rows written", written, (prompts + WARM) * MODELS)
        peaks.append(float(told["peak_mb"]))
        return float(told["seconds"])

    return run
