"""ultra reading N streams at once: runtime, engine, every policy, ledger and cost.

Prints what `aiohttp_streams` prints; the time is that of the whole run, its record committed.
"""

import json
import os
import sys
import time
from pathlib import Path

from benchmarks.measure import peak_mb, streams_asked
from benchmarks.places import QUESTION
from ultra.core.events import Event
from ultra.core.request import Prompt, said
from ultra.core.stream import TextDelta
from ultra.runtime.action import Action, RunResult, Selection
from ultra.runtime.runtime import Runtime


class Counter:
    """A sink that counts pieces of text."""

    def __init__(self) -> None:
        self.pieces = 0

    def on_event(self, event: Event) -> None:
        """Take one event."""
        self.pieces += isinstance(event.body, TextDelta) and bool(event.body.text)

    async def drained(self, call_id: str) -> None:
        """Never hold anybody back."""


def main() -> None:
    """Warm up with one stream, then run all."""
    asked = streams_asked()
    warm = profile(asked.profile, "warm", asked.warm_url)
    all_of_them = profile(asked.profile, "all", asked.base_url)
    # The transport that many calls get, so that its import is not part of the figure.
    os.environ["ULTRA_TRANSPORT"] = "aiohttp"
    run(warm, 1)
    counter = Counter()
    start = time.perf_counter()
    result = run(all_of_them, asked.streams, counter)
    seconds = time.perf_counter() - start
    good = sum(answer.ok for answer in result.calls)
    told = {"seconds": seconds, "chunks": counter.pieces, "good": good, "peak_mb": peak_mb()}
    json.dump(told, sys.stdout)


def profile(path: Path, name: str, base_url: str) -> str:
    """The name of the bench's profile with another base URL, written beside it."""
    text = path.read_text().replace(os.environ["BENCH_BASE_URL"], base_url)
    other = path.with_stem(f"{path.stem}-{name}")
    other.write_text(text)
    return other.stem


def run(profile: str, streams: int, counter: Counter | None = None) -> RunResult:
    """One run of so many samples of one model."""

    def warn(line: str) -> None:
        print(line, file=sys.stderr)

    runtime = Runtime(profile, environ=os.environ, cwd=Path.cwd(), warn=warn)
    target = runtime.select(["fast"], None).members[0]
    action = Action("ask", Prompt((said("user", QUESTION),)), Selection("all", (target,) * streams))
    try:
        return runtime.perform(action, lambda _: [counter] if counter else [])
    finally:
        runtime.close()


main()
