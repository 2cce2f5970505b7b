"""Writes the figures of the last `make bench` into the README: `make docs`."""

import json
from collections.abc import Mapping
from typing import Any

from scripts.marked import ROOT, write

RESULTS = ROOT / "benchmarks" / "results.json"
PAGE, NAME = ROOT / "README.md", "bench"


def table(document: Mapping[str, Any]) -> str:
    """The results as Markdown, and under them where they were taken."""
    head = "| what | beside | ultra | the other | ratio | aim | remark |"
    rows = [_row(result) for result in document["results"]]
    rule = "|---|---|---:|---:|---:|---:|---|"
    return "\n".join([head, rule, *rows, "", f"{document['machine']}."])


def _row(result: Mapping[str, Any]) -> str:
    """One line; what a bench complained of is told beside its figures."""
    cells = (
        result["name"],
        result["peer"],
        _seconds(result["ours"]),
        _seconds(result["theirs"]),
        "" if result["ratio"] is None else f"{result['ratio']:.2f}",
        _aim(result),
        "; ".join(filter(None, [result["note"], *result["problems"]])),
    )
    return f"| {' | '.join(cells)} |"


def _aim(result: Mapping[str, Any]) -> str:
    if result["target"] is None or result["ratio"] is None:
        return ""
    missed = ", **missed**" if result["ratio"] > result["target"] else ""
    return f"at most {result['target']:g}{missed}"


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value * 1e3:,.1f} ms" if value < 1 else f"{value:,.2f} s"


if __name__ == "__main__":
    write(PAGE, NAME, table(json.loads(RESULTS.read_text(encoding="utf-8"))))
