"""What the measured child processes share."""

import argparse
import resource
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StreamsAsked:
    """How many streams to read, where, and how; `warm_url` is for one that is not measured.

    `bare` leaves out every policy and the log, `budget` has three hard budgets kept.
    """

    base_url: str
    warm_url: str
    streams: int
    parse: bool
    profile: Path
    bare: bool
    budget: bool


def streams_asked() -> StreamsAsked:
    """The command line of a child; files may be opened as far as the system lets us."""
    parser = argparse.ArgumentParser()
    parser.add_argument("base_url")
    parser.add_argument("warm_url")
    parser.add_argument("streams", type=int)
    parser.add_argument("--parse", action="store_true")
    parser.add_argument("--profile", type=Path, default=Path())
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--budget", action="store_true")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return StreamsAsked(**vars(parser.parse_args()))


def peak_mb() -> float:
    """The most memory this process ever held, in megabytes (macOS tells bytes, Linux kilobytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
