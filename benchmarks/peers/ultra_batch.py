"""A thousand prompts to three simulated models without latency, or so many calls in one fan-out.

Prints the seconds, the calls that went well and the peak of memory. With `--plain` the engine makes
the same calls at once with every policy and the log, and nothing is compared, kept or reported.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import peak_mb
from ultra.cli.main import main as ultra
from ultra.core.ledger import RunEnd, RunRecord
from ultra.core.ports import CallSpec
from ultra.core.request import CallRequest, said
from ultra.engine.caller import EngineCaller
from ultra.engine.context import EventHub, RunContext
from ultra.engine.pipeline import compose
from ultra.runtime.action import Action, Selection
from ultra.runtime.execute import Services
from ultra.runtime.loop import Interrupt
from ultra.runtime.prompting import Ask, prompt_of
from ultra.runtime.runtime import Runtime

MODELS = ("a", "b", "c")
WARM = 3


def question(number: int) -> str:
    """What is asked; no two prompts are the same."""
    return f"what is the answer to question {number}, in as many words as it takes?"


def batch(prompts: int, folder: Path) -> None:
    """The command line, from its words to its report in a file."""
    file = folder / f"{prompts}.txt"
    file.write_text("".join(f"{question(number)}\n" for number in range(prompts)))
    members = [word for name in MODELS for word in ("-m", name)]
    words = ["compare", *members, "--prompts", str(file), "--output", str(folder / "report.txt")]
    code = ultra(words)
    if code:
        sys.exit(code)


def plain(prompts: int) -> None:
    """All calls in one fan-out."""
    runtime = Runtime(None, environ=os.environ, cwd=Path.cwd(), warn=warn)
    members = runtime.select_all(MODELS).members
    action = Action("ask", prompt_of(Ask(question(0))), Selection("all", members))

    async def work(services: Services, _interrupt: Interrupt) -> None:
        ledger, clock = services.ledger, services.clock
        record = RunRecord("plain", "ask", "all", clock.time())
        ledger.begin_run(record)
        context = RunContext(
            record.run_id,
            clock=clock,
            hub=EventHub(record.run_id, clock, [], warn),
            deadline_s=300.0,
            rng=random.Random(),
            retry=services.profile.retry,
        )
        caller = EngineCaller(context, compose(services.provider, ledger))
        specs = [
            CallSpec(CallRequest(member, (said("user", question(number)),)), "member", number)
            for number in range(prompts)
            for member in members
        ]
        async with caller.open(specs) as calls:
            await calls.settle(None, None)
        ledger.end_run(record.run_id, RunEnd("ok", clock.time(), 0.0))
        await ledger.flush(30.0)

    runtime.with_services(action, work, calls=len(members) * prompts)
    runtime.close()


def warn(line: str) -> None:
    """Tell whoever watches the bench."""
    print(line, file=sys.stderr)


def main() -> None:
    """Warm up with a few prompts, then ask all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("prompts", type=int)
    parser.add_argument("--plain", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        batch(WARM, folder)
        start = time.perf_counter()
        if asked.plain:
            plain(asked.prompts)
        else:
            batch(asked.prompts, folder)
        seconds = time.perf_counter() - start
    json.dump({"seconds": seconds, "peak_mb": peak_mb()}, sys.stdout)


main()
