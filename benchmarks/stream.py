"""One answer of a hundred thousand chunks."""

import statistics

from benchmarks.fanout import child
from benchmarks.places import home, serving
from benchmarks.stats import Checks, Result, compared, paired

CHUNKS = 100_000
BATCH = 100
"""Chunks a write: the server must not be what both sides wait for."""


def against_aiohttp(pairs: int) -> list[Result]:
    """Ultra beside aiohttp that decodes every chunk with `json.loads`."""
    checks = Checks()
    with serving() as server, home(server.base_url(chunks=CHUNKS, batch=BATCH)) as place:
        ours: list[float] = []
        theirs: list[float] = []
        profile = ["--profile", str(place.profile)]
        left, right = paired(
            child(
                server, place, "ultra_streams", 1, chunks=CHUNKS, checks=checks, peaks=ours,
                arguments=profile, batch=BATCH,
            ),
            child(
                server, place, "aiohttp_streams", 1, chunks=CHUNKS, checks=checks, peaks=theirs,
                arguments=["--parse"], batch=BATCH,
            ),
            pairs,
        )  # fmt: skip
        rows = place.rows()
        checks.equal("rows written (good, all)", rows, (2 * (pairs + 1),) * 2)
    note = f"{statistics.median(ours):.0f} MB beside {statistics.median(theirs):.0f} MB"
    return [
        compared(
            f"one stream of {CHUNKS:,}",
            "aiohttp + json.loads",
            left,
            right,
            target=1.3,
            checks=checks,
            seen={"peak": "1", "rows": str(rows[0]), "note": note},
        )
    ]
