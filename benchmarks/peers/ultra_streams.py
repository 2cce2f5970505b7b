"""ultra reading N streams at once: runtime, engine, every policy, ledger and cost.

Prints what `aiohttp_streams` prints; the time is that of the whole run, its record committed. With
`--bare` the same engine reads them without any policy and without a log.
"""

import json
import os
import random
import sys
import time
from pathlib import Path

from benchmarks.measure import peak_mb, streams_asked
from benchmarks.places import QUESTION
from ultra.core.budget import Limit
from ultra.core.events import Event
from ultra.core.ports import CallSpec
from ultra.core.request import CallRequest, Prompt, said
from ultra.core.stream import TextDelta
from ultra.engine.caller import EngineCaller
from ultra.engine.context import EventHub, RunContext
from ultra.providers.daemon import install
from ultra.providers.hub import ProviderHub
from ultra.runtime import loop
from ultra.runtime.action import Action, RunResult, Selection
from ultra.runtime.budgets import book
from ultra.runtime.runtime import Runtime

MUCH = 10**15
"""A million dollars, which no bench spends."""


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
    if asked.bare:
        bare(warm, 1, Counter())
    else:
        run(warm, 1)
    if asked.budget:
        for scope in ("all", "provider:bench", f"profile:{all_of_them}"):
            book(runtime_of(all_of_them)).set(Limit(scope, "day", MUCH, "hard"))
    counter = Counter()
    told: dict[str, float] = {}
    start = time.perf_counter()
    if asked.bare:
        bare(all_of_them, asked.streams, counter)
    else:
        told["good"] = sum(one.ok for one in run(all_of_them, asked.streams, counter).calls)
    told |= {"seconds": time.perf_counter() - start, "chunks": counter.pieces}
    json.dump({**told, "peak_mb": peak_mb()}, sys.stdout)


def profile(path: Path, name: str, base_url: str) -> str:
    """The name of the bench's profile with another base URL, written beside it."""
    text = path.read_text().replace(os.environ["BENCH_BASE_URL"], base_url)
    other = path.with_stem(f"{path.stem}-{name}")
    other.write_text(text)
    return other.stem


def warn(line: str) -> None:
    """Tell whoever watches the bench."""
    print(line, file=sys.stderr)


def runtime_of(profile: str) -> Runtime:
    """An ultra with a profile of the bench."""
    return Runtime(profile, environ=os.environ, cwd=Path.cwd(), warn=warn)


def bare(profile: str, streams: int, counter: Counter) -> None:
    """So many calls of one model by the engine alone: events and answers, nothing else."""
    runtime = runtime_of(profile)
    (target,) = runtime.select(["fast"], None).members
    request = CallRequest(target, (said("user", QUESTION),))

    async def main(_interrupt: loop.Interrupt) -> None:
        install()
        hub = ProviderHub(
            runtime.keys, runtime.clock, expected_calls=streams, environ=runtime.environ
        )
        context = RunContext(
            "bare",
            clock=runtime.clock,
            hub=EventHub("bare", runtime.clock, [counter], warn),
            deadline_s=300.0,
            rng=random.Random(),
            retry=runtime.profile.retry,
        )
        caller = EngineCaller(context, lambda ctx: hub.stream(ctx.request))
        specs = [CallSpec(request, "member", index) for index in range(streams)]
        try:
            async with caller.open(specs) as calls:
                await calls.settle(None, None)
        finally:
            await hub.aclose()

    loop.run(main)


def run(profile: str, streams: int, counter: Counter | None = None) -> RunResult:
    """One run of so many samples of one model."""
    runtime = runtime_of(profile)
    target = runtime.select(["fast"], None).members[0]
    action = Action("ask", Prompt((said("user", QUESTION),)), Selection("all", (target,) * streams))
    try:
        return runtime.perform(action, lambda _: [counter] if counter else [])
    finally:
        runtime.close()


main()
