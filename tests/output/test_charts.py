"""Plots in characters: whatever the figures, no line is wider than it may be."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.output.charts import Bar, lying, standing
from ultra.output.width import cell_width

AMOUNTS = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))
LABELS = st.text(st.characters(exclude_characters="▁▂▃▄▅▆▇█▏▎▍▌▋▊▉"), max_size=30)
BARS = st.lists(st.builds(Bar, LABELS, AMOUNTS), max_size=90)


def usd(amount: float) -> str:
    return f"${amount:,.2f}"


def month(*values: float | None) -> list[Bar]:
    return [Bar(f"2026-10-{day:02}", value) for day, value in enumerate(values, start=1)]


@given(BARS, st.integers(1, 220), st.integers(3, 20), st.booleans())
def test_no_plot_is_larger_than_it_may_be(
    bars: list[Bar], width: int, height: int, plain: bool
) -> None:
    """Also of no figures, of none that is known, of any words, and one column wide."""
    stood = standing(bars, (width, height), usd, plain=plain)
    lay = lying(bars, width, usd, plain=plain)

    assert len(stood) == (height if bars else 0)
    assert len(lay) == len(bars)
    assert all(cell_width(line) <= max(width, 2) for line in (*stood, *lay))
    assert not plain or not set("".join((*stood, *lay))) & set("▁▂▃▄▅▆▇█▏▎▍▌▋▊▉")


def test_bars_stand_along_time_with_the_largest_told() -> None:
    """What is not known is a gap, and what is not nothing is seen."""
    told = standing(month(8.0, 4.0, None, 0.0, 0.01), (40, 5), usd)

    assert told == [
        "$8.00 █████",
        "      █████",
        "      █████ █████",
        "$0.00 █████ █████             ▁▁▁▁▁",
        "      2026-10-01         2026-10-05",
    ]


def test_neighbours_become_one_bar_where_columns_are_few() -> None:
    """Amounts are added up, times are not; the label tells the height that is drawn."""
    summed = standing(month(*[1.0] * 24), (20, 4), usd)
    largest = standing(month(*[1.0] * 23, 5.0), (20, 4), usd, merge=max)

    assert summed[0].startswith("$2.00 ")
    assert largest[0].startswith("$5.00 ")
    assert summed[-1].strip() == "2026-10-01"


def test_labels_go_above_where_they_leave_no_room() -> None:
    """A terminal of twenty columns and a large sum."""
    told = standing(month(1e12, 2e12), (20, 4), usd)

    assert told[0] == "to $2,000,000,000,0…"
    assert set(told[2].strip()) <= set("█ ")


def test_bars_lie_beside_their_names() -> None:
    """The amount is told whole; unknown is no zero."""
    rows = [Bar("openai:gpt-5", 10.0), Bar("lab:llama", 0.0), Bar("other", None)]

    assert lying(rows, 50, usd) == [
        "openai:gpt-5 █████████████████████████████  $10.00",
        "lab:llama                                    $0.00",
        "other                                      unknown",
    ]
    assert [line.split()[-1] for line in lying(rows, 20, usd)] == ["$10.00", "$0.00", "unknown"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
def test_what_is_no_amount_is_drawn_as_none(value: float) -> None:
    """A broken clock breaks no plot."""
    assert standing(month(1.0, value), (30, 3), usd)[1].rstrip().endswith("█████")


def test_words_of_others_cannot_move_the_cursor() -> None:
    """A model may be called anything."""
    (line,) = lying([Bar("evil\x1b[2J\nname", 1.0)], 60, usd)

    assert "\x1b" not in line
    assert "\n" not in line
