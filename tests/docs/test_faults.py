"""`docs/faults.md` has a line for every case of the fault matrix, as the table tells it."""

from pathlib import Path

import pytest

from tests.chaos.cases import CASES, Case
from tests.chaos.report import rows_told

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"


def lines() -> dict[str, list[str]]:
    """The cells of every line, by its number."""
    text = PAGE.read_text(encoding="utf-8").replace("\\|", "\0")
    rows = (line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| "))
    return {row[0].strip(): [cell.strip() for cell in row] for row in rows}


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_every_case_has_its_line(case: Case) -> None:
    """Fault, class, requests, exit code and rows; what is held elsewhere names its tests."""
    row = lines()[case.id]

    assert row[1] == case.fault.replace("|", "\0")
    if case.expect is None:
        assert case.omitted in row[5]
        assert all(test in row[5] for test in case.tests)
        return
    expect = case.expect
    assert row[2].strip("`") == (expect.error_class or "")
    assert row[3] == (f"{expect.calls} + {expect.spare}" if expect.spare else str(expect.calls))
    assert row[4] == str(expect.exit)
    assert row[6] == rows_told(expect.rows)


def test_no_line_is_without_a_case() -> None:
    """Below the head of the table."""
    assert set(lines()) - {"#"} - {"---"} == {case.id for case in CASES}
