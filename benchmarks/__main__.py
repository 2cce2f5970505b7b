"""Run the benches by name, all without one; print a table and write `benchmarks/results.json`."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import batch, cold, decode, fanout, record, stream
from benchmarks.stats import Result, machine, table
from ultra.core.text import one_line

BENCHES: dict[str, Callable[[int], list[Result]]] = {
    "version": cold.version,
    "help": cold.help_text,
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
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHES)
    if unknown:
        parser.error(f"no bench is called {', '.join(sorted(unknown))}")
    if options.pairs < 1:
        parser.error("at least one pair")
    results: list[Result] = []
    for name in options.names or BENCHES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            results += BENCHES[name](options.pairs)
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
