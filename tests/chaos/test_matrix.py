"""The fault matrix, each case against the real command line in real processes."""

import ast
from pathlib import Path

import pytest

from tests.chaos.cases import CASES, Case
from tests.chaos.play import play
from tests.chaos.scripts import SCRIPTS

REPORTS = {
    "budgets overrun": "34732 40095 26672 23714 11083 41379 new-api#6609 one-api#2440 octopus#234"
    " sub2api#7002",
    "budgets that are not used up": "27639 36926 40050 27735 22726 bifrost#5770",
    "costs of streams": "37923 40100 33736 37558 35958 36008 37992 6633 new-api#5235 new-api#5289",
    "prices of the cache and of reasoning": "14849 6215 9812 6575 14874 aider#5516",
    "models left alone": "3646 25504 34836 8668 12108",
    "retries that multiply": "7130 34129 25285 nanobot#2759 code_puppy#317",
    "logs lost": "1714 6895 34887 18708",
    "streams that break": "6957 40404 38153 38610 18229 Portkey#1797 llm-gateway#1656",
    "errors inside a success": "code_puppy#616 fak#5491 qwen-code#11291",
    "faults that are not failed over": "bifrost#4005",
}
"""The themes of users' reports that concern a command line; a bare number is one of LiteLLM's."""

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


def test_every_report_that_is_followed_has_its_line() -> None:
    """Reports about other gateways, by what went wrong there."""
    followed = {report for case in CASES for report in case.after.split(", ")}

    for theme, numbers in REPORTS.items():
        named = {one if "#" in one else f"litellm#{one}" for one in numbers.split()}
        assert named <= followed, theme


def test_every_number_of_the_contract_has_its_line() -> None:
    """1 to 69, each acted, scripted, held elsewhere or left out with a reason; none twice."""
    ids = [case.id for case in CASES]
    numbers = {int("".join(filter(str.isdigit, one))) for one in ids if one[0].isdigit()}

    assert numbers == set(range(1, 70))
    assert len(ids) == len(set(ids))
    for case in CASES:
        assert sum(map(bool, (case.expect, case.tests, case.omitted))) == 1, case.id
        assert not case.script or case.script in SCRIPTS, case.id
