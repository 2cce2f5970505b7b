"""Run the benches by name, all without one; print a table and write `benchmarks/results.json`."""

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import batch, cold, decode, fanout, record, store, stream
from benchmarks.stats import Result, machine, table
from ultra.core.text import one_line

BENCHES: dict[str, Callable[[int], list[Result]]] = {
    "version": cold.version,
    "help": cold.help_text,
    "cost-line": cold.cost_line,
    "ask-http": cold.ask_http,
    "ask-https": cold.ask_https,
    "ask-keyring": cold.ask_keyring,
    "ask-cached": cold.ask_cached,
    "ask-llm": cold.ask_llm,
    "fanout": fanout.against_aiohttp,
    "scaling": fanout.hundred_to_thousand,
    "policies": fanout.what_policies_cost,
    "batch": batch.thousand_prompts,
    "record": record.hundred_thousand,
    "store": store.questions_and_writes,
    "stream": stream.against_aiohttp,
    "decode": decode.against_json,
}
"""A bench takes how many pairs to run and gives a line or more of the table."""

RESULTS = Path(__file__).parent / "results.json"


def main() -> int:
    """Exit 1 when a bench did not do what it says."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--pairs", type=int, default=15, help="runs of each side (default 15)")
    parser.add_argument(
        "--calls", type=int, default=store.CALLS, help="on record in `store` (default 1,000,000)"
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="keep the log of `store` there, and use it again",
    )
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHES)
    if unknown:
        parser.error(f"no bench is called {', '.join(sorted(unknown))}")
    if options.pairs < 1:
        parser.error("at least one pair")
    sized = partial(store.questions_and_writes, size=store.Size(options.calls, options.keep))
    benches: dict[str, Callable[[int], list[Result]]] = {**BENCHES, "store": sized}
    results: list[Result] = []
    for name in options.names or BENCHES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            results += benches[name](options.pairs)
        except (RuntimeError, OSError, ValueError) as error:
            results.append(Result(name, "", problems=(one_line(str(error)),)))
    here = machine()
    print(table(results))
    print(f"\n{here}")
    document = {"machine": here, "results": [result.document() for result in results]}
    RESULTS.write_text(json.dumps(document, indent=1) + "\n")
    wrong = [f"{result.name}: {problem}" for result in results for problem in result.problems]
    print("\n".join(f"FAILED {line}" for line in wrong), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
