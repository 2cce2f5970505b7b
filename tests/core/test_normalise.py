"""When two short answers are the same answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.core.normalise import normalise


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Paris", " paris. "),
        ("**Paris**", "Paris"),
        ("1,234,567", "1234567"),
        ("4.0", "4"),
        ("3.50", "3.5"),
        ("\uff14", "4"),
        ("New\n York", "new  york"),
        ("STRASSE", "straße"),
        ("`42`", "42!"),
    ],
)
def test_what_does_not_change_an_answer_is_dropped(left: str, right: str) -> None:
    """Case, width, spacing, edge punctuation and the way a number is written."""
    assert normalise(left) == normalise(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [("4", "5"), ("0.3", "0.03"), ("-2", "2"), ("100", "1"), ("yes", "no"), ("1,23", "123")],
)
def test_what_changes_an_answer_is_kept(left: str, right: str) -> None:
    """Digits, signs and words tell answers apart."""
    assert normalise(left) != normalise(right)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_normalising_words_twice_changes_nothing_more(text: str) -> None:
    """A normal form is its own normal form."""
    once = normalise(text)

    assert normalise(once) == once
