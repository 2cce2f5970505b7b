"""On how many prompts a model is as good, and what is known of cost and time."""

import sys

import pytest

from ultra.core.expect import parse_expectation
from ultra.core.extract import parse_extractor
from ultra.core.replay import Case
from ultra.evaluation.replay import figures, share_of_expectations, share_of_reading

FIVE = (parse_expectation("contains:five"),)


def case(share: float | None, **fields: object) -> Case:
    told = {"logged_nano": 100, "cost_nano": 10, "logged_s": 2.0, "duration_s": 1.0, **fields}
    return Case("run", "again", "what?", "lab:a", "old", "new", share, **told)  # type: ignore[arg-type]


def test_as_good_is_what_is_not_worse() -> None:
    """Judges who part by a third of a vote have found one worse."""
    found = figures([case(1.0), case(0.5), case(1 / 3), case(0.0), case(None)])

    assert (found.judged, found.as_good, found.better) == (4, 2, 1)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.5 < found.high


def test_shares_are_of_prompts_on_which_both_sides_are_known() -> None:
    """One unknown price leaves that prompt out, not the rest; nothing known is no share."""
    found = figures([case(1.0), case(1.0, cost_nano=None), case(1.0, logged_s=None)])
    nothing = figures([case(1.0, logged_nano=0), case(1.0, logged_nano=None)])

    assert (found.cost_share, found.costed) == (0.1, 2)
    assert (found.time_share, found.timed) == (0.5, 2)
    assert (nothing.cost_share, nothing.costed) == (None, 1)


def test_without_scipy_the_share_is_there_and_the_interval_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is missing is named."""
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.delitem(sys.modules, "ultra.evaluation.statistics", raising=False)

    found = figures([case(1.0)])

    assert (found.as_good, found.low) == (1, None)
    assert 'pip install "ultra-llm[stats]"' in found.unmeasured


@pytest.mark.parametrize(
    ("logged", "new", "share"),
    [
        ("five", "it is five", 0.5),
        ("six", "seven", 0.5),
        ("five", "six", 0.0),
        ("six", "five", 1.0),
    ],
)
def test_both_answers_are_held_to_the_same(logged: str, new: str, share: float) -> None:
    """Both right and both wrong are as good as each other."""
    assert share_of_expectations(logged, new, FIVE)[0] == share


@pytest.mark.parametrize(
    ("logged", "new", "share"),
    [
        ("ANSWER: 400 mg", "ANSWER: 0.4 g", 0.5),
        ("ANSWER: 400 mg", "ANSWER: 4000 mg", 0.0),
        ("ANSWER: 400 mg", "no idea", 0.0),
        ("no idea", "ANSWER: 400 mg", None),
    ],
)
def test_both_have_to_come_to_the_same(logged: str, new: str, share: float | None) -> None:
    """Where the logged answer cannot be read there is nothing to hold the new one against."""
    assert share_of_reading(logged, new, parse_extractor("number"))[0] == share
