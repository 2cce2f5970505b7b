"""Paired measurements, their medians, and how they are told."""

import platform
import statistics
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """One line of the table: ultra beside a peer.

    `ours` and `theirs` are medians in seconds, `ratio` the median of the paired ratios and `spread`
    its quartiles. `target` is the most that the ratio should be, None where there is none to keep.
    `peak` and `rows` are what the server and the log saw, as text. `problems` say what was not as
    asked for.
    """

    name: str
    peer: str
    ours: float | None = None
    theirs: float | None = None
    ratio: float | None = None
    spread: tuple[float, float] | None = None
    target: float | None = None
    pairs: int = 0
    peak: str = ""
    rows: str = ""
    note: str = ""
    problems: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """The same for `results.json`."""
        return asdict(self)


@dataclass
class Checks:
    """What was asked for and what was seen, over all runs of a bench."""

    problems: list[str] = field(default_factory=list)

    def equal(self, what: str, seen: object, wanted: object) -> None:
        """Note a problem unless both are the same."""
        if seen != wanted:
            self.problems.append(f"{what}: {seen!r}, not {wanted!r}")


def paired(
    ours: Callable[[], float], theirs: Callable[[], float], pairs: int
) -> tuple[list[float], list[float]]:
    """Seconds of both sides by turns; who goes first alternates, and one warm-up is not kept."""
    ours()
    theirs()
    left: list[float] = []
    right: list[float] = []
    for number in range(pairs):
        turns = [(ours, left), (theirs, right)]
        for run, kept in turns if number % 2 == 0 else reversed(turns):
            kept.append(run())
    return left, right


def compared(  # noqa: PLR0913  a line of the table has that many columns
    name: str,
    peer: str,
    left: list[float],
    right: list[float],
    *,
    target: float | None,
    checks: Checks,
    seen: Mapping[str, str] | None = None,
) -> Result:
    """The line for a finished bench. `seen` may hold `peak`, `rows` and `note`."""
    ratios = sorted(ours / theirs for ours, theirs in zip(left, right, strict=True))
    quartiles = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else [ratios[0]] * 3
    return Result(
        name,
        peer,
        ours=statistics.median(left),
        theirs=statistics.median(right),
        ratio=statistics.median(ratios),
        spread=(quartiles[0], quartiles[2]),
        target=target,
        pairs=len(left),
        problems=tuple(dict.fromkeys(checks.problems)),
        **(seen or {}),
    )


def table(results: list[Result]) -> str:
    """Markdown, for the README."""
    head = (
        "| bench | beside | ultra | peer | ratio | quartiles | target | pairs | server's peak "
        "| rows written | remark |\n|---|---|---|---|---|---|---|---|---|---|---|"
    )
    return "\n".join([head, *map(_row, results)])


def machine() -> str:
    """Where the figures were taken."""
    return (
        f"{_processor()}, {_cores()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, loopback"
    )


def _row(result: Result) -> str:
    cells = [
        result.name,
        result.peer,
        _seconds(result.ours),
        _seconds(result.theirs),
        f"{result.ratio:.2f}" if result.ratio is not None else "",
        f"{result.spread[0]:.2f} to {result.spread[1]:.2f}" if result.spread else "",
        _target(result),
        str(result.pairs or ""),
        result.peak,
        result.rows,
        "; ".join(filter(None, [result.note, *result.problems])),
    ]
    return "| " + " | ".join(cells) + " |"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value * 1000:,.1f} ms" if value < 1 else f"{value:,.2f} s"


def _target(result: Result) -> str:
    if result.target is None or result.ratio is None:
        return ""
    return f"{result.target:g}" + (" met" if result.ratio <= result.target else " **missed**")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine()
    names = (line for line in info.read_text().splitlines() if line.startswith("model name"))
    return next(names, platform.machine()).partition(":")[2].strip() or platform.machine()


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
