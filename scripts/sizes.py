"""Lists modules over 400 lines and functions over 60: each stays only with a reason beside it.

`make sizes`. A Typer command's list of parameters is such a reason. Exits 0: this is a report.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

MODULE, FUNCTION = 400, 60
"""The most lines that either may have without a reason."""


def over(path: Path) -> Iterator[tuple[int, str]]:
    """What in a module is too long: how many lines, and where."""
    source = path.read_text(encoding="utf-8")
    lines = len(source.splitlines())
    if lines > MODULE:
        yield lines, f"{path}"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION:
                yield length, f"{path}:{node.lineno} {node.name}"


def report(roots: list[str]) -> str:
    """One line for each of them, the longest first, and how many modules were read."""
    paths = sorted(path for root in roots for path in Path(root).rglob("*.py"))
    found = sorted((one for path in paths for one in over(path)), reverse=True)
    rows = [f"{lines:5}  {place}" for lines, place in found]
    return "\n".join([*rows, f"{len(found)} over the limit in {len(paths)} modules"])


if __name__ == "__main__":
    print(report(sys.argv[1:] or ["src"]))
