"""Columns that text takes, and text made safe for a screen."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.runs import HOSTILE
from ultra.output import figures
from ultra.output.safe import VisibleStream, cell, safe_json, visible
from ultra.output.width import cell_width, clip, pad, wrap, wrap_tail


@pytest.mark.parametrize(
    ("text", "width"),
    [("abc", 3), ("你好", 4), ("e\u0301", 1), ("\U0001f600", 2), ("", 0)],
    ids=ascii,
)
def test_width_is_that_of_a_terminal(text: str, width: int) -> None:
    """Wide characters take two columns, marks none."""
    assert cell_width(text) == width


@given(text=st.text(max_size=40), width=st.integers(0, 20))
def test_clipped_and_padded_text_fits_exactly(text: str, width: int) -> None:
    """Neither is ever wider than asked for; padding fills what is left."""
    assert cell_width(clip(text, width)) <= width
    assert cell_width(pad(text, width)) == width
    assert cell_width(pad(text, width, right=True)) == width


@given(text=st.text(max_size=200), width=st.integers(2, 30))
def test_wrapped_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    """Only spaces at the breaks go."""
    lines = wrap(visible(text), width)

    assert all(cell_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(visible(text).split())


def test_a_character_wider_than_the_line_stands_alone() -> None:
    """There is always progress."""
    assert wrap("你好", 1) == ["你", "好"]
    assert wrap("a b", 0) == ["a", "b"]
    assert wrap("", 5) == [""]


def test_words_are_broken_at_spaces_and_keep_their_indentation() -> None:
    """A space at the start of a line is no place to break."""
    assert wrap("    aaaa bbbb", 9) == ["    aaaa", "bbbb"]
    assert wrap("          aaa", 9)[-1] == "aaa"


def test_the_end_of_a_long_text_is_wrapped_by_itself() -> None:
    """Only the last rows are kept, and none when there is no room."""
    assert wrap_tail("a\nb\nc", 10, 2) == ["b", "c"]
    assert wrap_tail("abc", 10, 0) == []


@given(cuts=st.lists(st.integers(0, 400), max_size=20))
def test_pieces_are_as_safe_as_the_whole(cuts: list[int]) -> None:
    """However a text is split, what is shown is the same."""
    text, stream, shown, start = HOSTILE[:400], VisibleStream(), "", 0
    for cut in [*sorted(cuts), len(text)]:
        shown += stream.feed(text[start:cut])
        start = max(cut, start)

    assert shown == visible(text)


def test_a_cell_is_one_line() -> None:
    """Line ends, tabs and separators become spaces; joiners of emoji stay."""
    assert cell("a\nb\tc\u2028d \U0001f468\u200d\U0001f469") == "a b c d \U0001f468\u200d\U0001f469"
    assert cell("abcdef", 4) == "abc…"


def test_json_is_escaped_only_where_it_must_be() -> None:
    """Plain JSON is passed on as it is; DEL and C1 are escaped."""
    assert safe_json(b'{"a":1}') == b'{"a":1}'
    assert safe_json(b'"\x7f"') == b'"\\u007f"'
    assert safe_json('"\x9bä"'.encode()) == '"\\u009bä"'.encode()


def test_figures_say_what_is_not_known() -> None:
    """No NaN, no None and no zero stands for unknown."""
    assert [figures.seconds(value) for value in (None, math.nan, 0.0, 0.256, 12.34, 1234.0)] == [
        "-", "-", "0.00 s", "0.26 s", "12.3 s", "1,234 s",
    ]  # fmt: skip
    assert [figures.rate(value) for value in (None, math.inf, 9.87, 1234.5)] == [
        "-", "-", "9.9", "1,234",
    ]  # fmt: skip
    assert [figures.share(value) for value in (None, math.nan, 0.5)] == ["-", "-", "50%"]
    assert [figures.count(value) for value in (None, 1234)] == ["-", "1,234"]
    assert figures.usd(None) == "unknown"
