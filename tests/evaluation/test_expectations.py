"""Expectations: what is met, and what a number is no part of."""

import pytest

from ultra.core.errors import UsageError
from ultra.core.expect import Expectation, parse_expectation
from ultra.evaluation.expectations import unmet, why_no_number


@pytest.mark.parametrize(
    ("wanted", "text", "met"),
    [
        ("exact:Paris", " *paris*. ", True),
        ("exact:Paris", "Paris, France", False),
        ("contains:Paris", "it is PARIS, of course", True),
        ("contains:400 mg", "take 4000 mg", False),
        ("contains:400", "take 4000", False),
        ("contains:400", "take 1,400", False),
        ("contains:4", "take 3.4", False),
        ("contains:400", "take 400.", True),
        ("contains:prim", "it is prime", True),
        ("regex:^yes", "well\nyes", True),
        ("regex:^yes", "oh yes", False),
        ("number:391", "17 * 23 is\nANSWER: 391", True),
        ("number:391", "17 * 23 = 391", False),
        ("number:391", "It comes to 391.", True),
        ("number:0.4 g", "ANSWER: 400 mg", True),
        ("number:400", "ANSWER: 400 mg", True),
        ("number:400 mg", "ANSWER: 4000 mg", False),
        ('schema:{"type":"object","required":["a"]}', '```json\n{"a": 1}\n```', True),
        ('schema:{"type":"object","required":["a"]}', '{"b": 1}', False),
        ('schema:{"type":"object"}', "no json", False),
    ],
)
def test_an_expectation_is_met_or_says_why_not(wanted: str, text: str, met: bool) -> None:
    """By rule, after what does not change an answer is taken off."""
    why = unmet(text, parse_expectation(wanted))

    assert (why is None) == met
    assert why is None or why.strip()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no expectation"),
        ("Paris", "no expectation"),
        ("contain:Paris", "no expectation"),
        ("contains:", "says nothing to expect"),
        ("exact:   ", "says nothing to expect"),
        ("regex:(", "is no pattern"),
    ],
)
def test_what_is_no_expectation_is_refused(text: str, told: str) -> None:
    """With what there is to write."""
    with pytest.raises(UsageError, match=told) as caught:
        parse_expectation(text)

    assert caught.value.hint


def test_a_near_miss_is_named() -> None:
    """A typo costs a look, not a search."""
    with pytest.raises(UsageError) as caught:
        parse_expectation("contain:Paris")

    assert caught.value.hint == "did you mean `contains`?"


def test_it_is_written_as_it_was_typed() -> None:
    """So that it can be found again in the log."""
    assert str(parse_expectation("contains:a:b")) == "contains:a:b"
    assert parse_expectation("number:3") == Expectation("number", "3")


def test_a_number_to_expect_holds_one() -> None:
    """Said before anything is spent."""
    assert why_no_number("about five") == "it holds no number"
    assert why_no_number("5 kg") is None
