"""Where answers state different numbers about the same thing, and where they only look like it."""

import pytest

from ultra.evaluation.conflicts import conflicts


def told(*texts: str) -> dict[str, dict[str, str]]:
    """What conflicts, with who says it: one letter an answer."""
    found = conflicts(texts, "ABCDEFG"[: len(texts)])
    return {
        one.about: {value.value: "".join(value.call_ids) for value in one.values} for one in found
    }


def test_a_dose_ten_times_as_high_is_a_conflict() -> None:
    """Words alone call these answers 97% alike; equal amounts in other units stand together."""
    assert told("Take 4000 mg a day.", "Take 400 mg a day.", "It is 0.4 g daily.") == {
        "mass": {"4000 mg": "A", "400 mg": "BC"}
    }


def test_callers_stand_in_the_order_asked_for() -> None:
    """Answers that say the same word for word are read once, and all who gave them are named."""
    assert told("Take 400 mg.", "Take 0.4 g.", "Take 4 g.", "Take 400 mg.") == {
        "mass": {"400 mg": "ABD", "4 g": "C"}
    }


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("391", "It is 393."), {"the only number": {"391": "A", "393": "B"}}),
        (
            ("In 2024 it cost $5.", "In 2023 it cost $5."),
            {"in # it cost $5": {"2024": "A", "2023": "B"}},
        ),
        (("About 50% do.", "45 percent do."), {"percent": {"50%": "A", "45 percent": "B"}}),
        (("3 km away", "3000 m away"), {}),
        (("2 hours and 5 minutes", "5 minutes"), {}),
        (("1. Wash\n2. Dry", "1. Dry\n2. Fold\n3. Wash"), {}),
        (("See page 3.", "There are 206 bones."), {"the only number": {"3": "A", "206": "B"}}),
        (("Born in 1980 at noon.", "It has 4 legs and 2 arms."), {}),
        (("no number", "none here"), {}),
        (("1,000 people came", "1000 people came"), {}),
        ((), {}),
    ],
)
def test_what_conflicts(texts: tuple[str, ...], expected: dict[str, dict[str, str]]) -> None:
    """One unit, one sentence but for its numbers, else the only number there is."""
    assert told(*texts) == expected


def test_what_all_state_is_no_conflict() -> None:
    """Only the values that part are told."""
    found = told("500 g flour, 10 g salt", "500 g flour, 20 g salt")

    assert found == {"mass": {"10 g": "A", "20 g": "B"}}
