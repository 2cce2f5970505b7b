"""Text from models made safe for a terminal."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.core.text import Sanitiser, did_you_mean, nearest, one_line, sanitise

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

COMPLETE = st.one_of(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8),
    st.sampled_from(["\n", "\t", "\r\n", "\r", "\a", "\b", "\x00"]),
    st.builds("\x1b[{}{}".format, st.from_regex(r"\A[0-9;?]{0,4}\Z"), st.sampled_from("mHJKhl@~")),
    st.builds("\x9b{}m".format, st.integers(0, 99)),
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["\x1b]", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\x9d", "\x90"]),
        st.from_regex(r"\A[ -~]{0,6}\Z"),
        st.sampled_from(["\x07", "\x1b\\", "\x9c"]),
    ),
    st.sampled_from(["\x1b(B", "\x1bc", "\x1b=", "\x1b7", "\x1bM"]),
)
"""Words, controls, and whole sequences of every kind."""


@given(st.text())
def test_no_control_survives_but_line_feed_and_tab(text: str) -> None:
    """Whatever a model writes, nothing in it can be obeyed."""
    assert CONTROL.search(sanitise(text)) is None


@given(st.lists(COMPLETE))
def test_no_sequence_leaves_a_control_behind(pieces: list[str]) -> None:
    """Sequences go whole, whatever they stand beside."""
    assert CONTROL.search(sanitise("".join(pieces))) is None


@given(st.lists(COMPLETE), st.lists(st.integers(0, 60)))
def test_a_split_stream_is_sanitised_as_the_whole_is(pieces: list[str], cuts: list[int]) -> None:
    """Where a provider cuts its chunks, even inside a sequence, makes no difference."""
    whole = "".join(pieces)
    places = sorted({0, len(whole), *(min(cut, len(whole)) for cut in cuts)})
    sanitiser = Sanitiser()

    shown = [sanitiser.feed(whole[a:b]) for a, b in pairwise(places)]

    assert "".join(shown) == sanitise(whole)


@given(st.lists(st.text(max_size=5)))
def test_a_stream_never_shows_a_control(pieces: list[str]) -> None:
    """Sequences that never end included."""
    sanitiser = Sanitiser()

    assert CONTROL.search("".join(map(sanitiser.feed, pieces))) is None


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_words_are_left_alone(text: str) -> None:
    """What holds no control comes back as it was, in any script."""
    assert sanitise(text) == text
    assert Sanitiser().feed(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b]52;c;aGk=\x07b", "ab"),
        ("a\x1b]0;title\x1b\\b", "ab"),
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("a\x1bPq#0\x1b\\b", "ab"),
        ("a\x9b2Jb", "ab"),
        ("done\roops", "doneoops"),
        ("one\r\ntwo\tthree\n", "one\ntwo\tthree\n"),
        ("\x1b(0x\x1bc", "x"),
    ],
    ids=["clipboard", "title", "colour", "dcs", "c1", "lone cr", "crlf", "charset"],
)
def test_known_attacks_are_removed_whole(text: str, shown: str) -> None:
    """The sequence goes with its argument; what stands around it stays."""
    assert sanitise(text) == shown


def test_a_sequence_that_never_ends_does_not_hold_back_memory() -> None:
    """Beyond the limit an unfinished sequence is dropped; its end is still its end."""
    sanitiser = Sanitiser()

    shown = [sanitiser.feed("a\x1b]0;" + "x" * 5000), sanitiser.feed("y" * 5000)]
    shown.append(sanitiser.feed("\x07b"))

    assert "".join(shown) == "ab"
    assert len(sanitiser._held) < 5000


def test_one_line_is_cut_with_an_ellipsis() -> None:
    """Line breaks become spaces, and the limit holds."""
    assert one_line("a\n\n b\x1b[1m c") == "a b c"
    assert one_line("abcdef", 4) == "abc…"
    assert one_line("abcd", 4) == "abcd"


def test_near_names_are_found_and_far_ones_are_not() -> None:
    """A typo finds its name, a beginning finds what it begins."""
    known = ["council", "counsel", "fast", "smart"]

    assert nearest("concil", known)[0] == "council"
    assert nearest("sm", known) == ["smart"]
    assert nearest("zzzz", known) == []
    assert nearest("", known) == []
    assert did_you_mean("fats", known) == "did you mean `fast`?"
    assert did_you_mean("zzzz", known) is None
    assert did_you_mean("counc", known) == "did you mean `council` or `counsel`?"
