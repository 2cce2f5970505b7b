"""Runs the fault matrix and writes it down: `python -m tests.chaos.report [docs/faults.md]`.

Every case is played against the real command line; one that does not come out as it must is told,
and nothing is written.
"""

import asyncio
import os
import sys
import tempfile
from itertools import groupby
from pathlib import Path

from tests.chaos.cases import CASES, Case
from tests.chaos.play import play
from tests.chaos.stage import Seen, told

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"

HEAD = """\
# Faults

What may go wrong between you and a model, and what it costs: the class of the failure, how many
requests reached the provider (and a model that stands by), the exit code, the words on stderr, and
the rows that are left in the log: why each try was made, how it ended, and its class. `make faults`
plays every line against the real command in real processes, with a provider on loopback that
misbehaves and a proxy that does to bytes what networks do, and writes this page; the same lines are
tests (`tests/chaos`). Ports, ids, times and counts that differ from run to run are left out of the
words.

`after` names the report about another tool that a line follows. A line may be held by a test that
stands elsewhere, and then names it.

| # | fault | class | requests | exit | what the user sees | rows | after |
|---|---|---|---|---|---|---|---|
"""

SEEN_MOST = 300


def row(case: Case, seen: Seen | None) -> str:
    """One line of the table."""
    if seen is None and case.expect is not None:
        cells = [case.id, case.fault, "", "", "", "DOES NOT HOLD", "", case.after]
    elif seen is None:
        words = case.omitted or "held by " + ", ".join(f"`{test}`" for test in case.tests)
        cells = [case.id, case.fault, "", "", "", words, "", case.after]
    else:
        asked = f"{seen.calls} + {seen.spare}" if seen.spare else str(seen.calls)
        words = told(seen.err)
        cut = words if len(words) <= SEEN_MOST else words[: SEEN_MOST - 1] + "…"
        shown = f"`` {cut} ``" if cut else "the answer, and nothing else" if seen.exit == 0 else ""
        cells = [
            case.id,
            case.fault,
            f"`{seen.error_class}`" if seen.error_class else "",
            asked,
            str(seen.exit),
            shown,
            rows_told(seen.rows),
            case.after,
        ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def rows_told(rows: tuple[str, ...]) -> str:
    """Rows in order, those that are alike counted."""
    alike = [(name, len(list(group))) for name, group in groupby(rows)]
    return ", ".join(f"{count} x {name}" if count > 1 else name for name, count in alike) or "none"


async def played(cases: tuple[Case, ...]) -> tuple[dict[str, Seen], dict[str, str]]:
    """What every case that is played came to, and what is wrong with those that failed."""
    seen: dict[str, Seen] = {}
    wrong: dict[str, str] = {}
    at_once = asyncio.Semaphore(max(2, os.cpu_count() or 2))

    async def one(case: Case) -> None:
        async with at_once:
            with tempfile.TemporaryDirectory(prefix="ultra-faults-") as folder:
                try:
                    seen[case.id] = await play(case, Path(folder))
                except Exception as error:
                    # One case that cannot be played hides none of the others.
                    wrong[case.id] = f"{type(error).__name__}: {error}"

    await asyncio.gather(*(one(case) for case in cases if case.expect is not None))
    return seen, wrong


def main(path: Path) -> int:
    """Play all, print the table, write the page; 1 when a case did not come out as it must."""
    seen, wrong = asyncio.run(played(CASES))
    page = HEAD + "".join(f"{row(case, seen.get(case.id))}\n" for case in CASES)
    print(page)
    for name, what in wrong.items():
        print(f"{name}: {what}\n", file=sys.stderr)
    if wrong:
        print(f"{len(wrong)} of {len(CASES)} lines do not hold", file=sys.stderr)
        return 1
    path.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE))
