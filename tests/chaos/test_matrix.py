"""The fault matrix, each case against the real command line in real processes."""

import ast
from pathlib import Path

import pytest

from tests.chaos.cases import CASES, Case
from tests.chaos.play import play
from tests.chaos.scripts import SCRIPTS

ROOT = Path(__file__).resolve().parents[2]
PLAYED = [case for case in CASES if case.expect is not None]
ELSEWHERE = [(case.id, test) for case in CASES for test in case.tests]


@pytest.mark.parametrize("case", PLAYED, ids=[case.id for case in PLAYED])
async def test_a_fault_costs_what_it_must_and_no_more(case: Case, tmp_path: Path) -> None:
    """Class, requests, exit code, rows and words are those of the table."""
    await play(case, tmp_path)


@pytest.mark.parametrize(("number", "test"), ELSEWHERE)
def test_a_case_that_is_held_elsewhere_is_held(number: str, test: str) -> None:
    """The test that the table names is there."""
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert name in found


def test_every_number_of_the_contract_has_its_line() -> None:
    """1 to 69, each acted, scripted, held elsewhere or left out with a reason; none twice."""
    ids = [case.id for case in CASES]
    numbers = {int("".join(filter(str.isdigit, one))) for one in ids if one[0].isdigit()}

    assert numbers == set(range(1, 70))
    assert len(ids) == len(set(ids))
    for case in CASES:
        assert sum(map(bool, (case.expect, case.tests, case.omitted))) == 1, case.id
        assert not case.script or case.script in SCRIPTS, case.id
