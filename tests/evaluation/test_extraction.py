"""The short answer inside a long one: equal answers are equal, and nothing is guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.core.errors import UsageError
from ultra.core.extract import Extractor, parse_extractor
from ultra.evaluation.extraction import extracted, groups_of, number_of

NUMBER, CHOICE, EXACT = Extractor("number"), Extractor("choice"), Extractor("exact")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("ANSWER: 400 mg", "so\n**Answer:** 0.4 g"),
        ("ANSWER: 1,200", "It comes to 1200."),
        ("ANSWER: 50%", "ANSWER: 0.5"),
        ("ANSWER: 3 x 10^8 m", "ANSWER: 300 000 000 m".replace(" 000", "000")),
        ("ANSWER: 90 min", "ANSWER: 1.5 hours"),
        ("ANSWER: $5.00", "ANSWER: 5 dollars"),
        ("ANSWER: -0", "ANSWER: 0"),
        ("ANSWER: 7 apples", "ANSWER: 7 apple"),
        ("the draft said ANSWER: 3\nANSWER: 4", "ANSWER: 4"),
    ],
)
def test_equal_amounts_are_equal(left: str, right: str) -> None:
    """Whatever the unit, the separators and the emphasis."""
    assert extracted(left, NUMBER) == extracted(right, NUMBER) is not None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("ANSWER: 4000 mg", "ANSWER: 400 mg"),
        ("ANSWER: 5 V", "ANSWER: 5 mV"),
        ("ANSWER: 3 m/s", "ANSWER: 3 km/s"),
        ("ANSWER: $5", "ANSWER: €5"),
        ("ANSWER: 12", "ANSWER: -12"),
    ],
)
def test_unequal_amounts_are_not(left: str, right: str) -> None:
    """What looks 98% alike may be ten times as much."""
    assert extracted(left, NUMBER) != extracted(right, NUMBER)


@pytest.mark.parametrize(
    "text",
    [
        "3 or 4",
        "ANSWER: none",
        "no idea",
        "",
        "between 5 and 7 kg",
        "ANSWER: 3 or 4",
        "ANSWER: 5-7 kg",
        "ANSWER: 1,5 kg",
        "ANSWER: 1,1",
        "ANSWER: 1.234.567",
        "ANSWER: 1/2",
        "ANSWER: 2024-01-05",
    ],
)
def test_a_number_that_cannot_be_told_is_an_abstention(text: str) -> None:
    """Never the first of several, nor a comma that some read as a point."""
    assert extracted(text, NUMBER) is None


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("ANSWER: B", "B"),
        ("Answer: (c) Paris", "C"),
        ("**ANSWER: d**", "D"),
        ("b", "B"),
        ("I think A", None),
        ("ANSWER: Paris", None),
        ("ANSWER: B because of it", "B"),
        ("ANSWER: A. cats", "A"),
        ("ANSWER: A cat", None),
        ("ANSWER: I don't know", None),
        ("ANSWER: A or B", None),
        ("ANSWER: B, C", None),
        ("ANSWER: B/C", None),
        ("", None),
    ],
)
def test_a_choice_is_its_letter(text: str, letter: str | None) -> None:
    """A word that begins with a letter is no choice."""
    assert extracted(text, CHOICE) == letter


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a[1].b", "2"), ("$.a[0]", "x"), ("c", "true"), ("missing", None), ("a[9]", None)],
)
def test_json_is_read_at_its_path(path: str, expected: str | None) -> None:
    """Between fences too; what is not there is an abstention."""
    text = 'Here:\n```json\n{"a": ["X.", {"b": 2.0}], "c": true}\n```'

    assert extracted(text, Extractor("json", path)) == expected


def test_a_pattern_takes_its_last_match() -> None:
    """By its first group, else whole; a pattern that is none is told."""
    text = "score: 3\nscore: 9"

    assert extracted(text, Extractor("regex", r"score: (\d)")) == "9"
    assert extracted(text, Extractor("regex", r"score: \d")) == "score: 9"
    assert extracted(text, Extractor("regex", "nothing")) is None
    with pytest.raises(UsageError, match="no pattern"):
        extracted(text, Extractor("regex", "("))


def test_exact_is_the_whole_text_without_its_dress() -> None:
    """Case, spacing and edge punctuation; what follows ANSWER when it is marked."""
    assert extracted(" Paris. ", EXACT) == extracted("So.\nANSWER: paris", EXACT) == "paris"
    assert extracted("  ", EXACT) is None


def test_what_to_extract_is_read_strictly() -> None:
    """With the nearest word where it is nearly one."""
    assert parse_extractor("json:a.b") == Extractor("json", "a.b")
    assert str(parse_extractor("regex:a:b")) == "regex:a:b"
    for wrong in ("json", "number:2", "nmber", ""):
        with pytest.raises(UsageError):
            parse_extractor(wrong)


def test_groups_are_by_size_and_then_by_place() -> None:
    """Abstentions are in none; a number without unit joins the only one with a unit."""
    assert groups_of(["b", "a", None, "a"]) == [[1, 3], [0]]
    assert groups_of(["7", "7 apple", "8"]) == [[0, 1], [2]]
    assert groups_of(["7", "7 apple", "7 pear"]) == [[0], [1], [2]]
    assert groups_of([]) == []


def test_numbers_within_the_tolerance_are_equal() -> None:
    """The ends of a group too: no chain of small steps makes 100 g and 102 g equal."""
    assert groups_of(["100 g", "101 g", "102 g", "100"], 0.01) == [[0, 1, 3], [2]]
    assert groups_of(["102 g", "101 g", "100 g"], 0.01) == [[1, 2], [0]]
    assert groups_of(["-100", "-101", "blue"], 0.01) == [[0, 1], [2]]
    assert groups_of(["100 g", "100 m"], 0.5) == [[0], [1]]
    assert groups_of(["0", "0.001"], 0.01) == [[0], [1]]


@given(st.integers(-(10**8), 10**8), st.sampled_from(["", " kg", " m", " %"]))
def test_thousands_separators_and_signs_change_nothing(value: int, unit: str) -> None:
    """For any whole number."""
    assert number_of(f"{value:,}{unit}") == number_of(f"{value}{unit}")


@given(st.text(max_size=200))
def test_no_text_breaks_an_extractor(text: str) -> None:
    """It is read or it abstains."""
    for extractor in (NUMBER, CHOICE, EXACT, Extractor("json", "a"), Extractor("regex", "a+")):
        found = extracted(text, extractor)
        assert found is None or found
