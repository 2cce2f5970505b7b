"""Curves of one line."""

import pytest

from ultra.output.sparklines import sparkline


@pytest.mark.parametrize(
    ("values", "width", "drawn"),
    [
        ((), 8, ""),
        ((1.0,), 8, "█"),
        ((0.0, 0.0), 8, "▁▁"),
        ((0.0, 1.0, 2.0, 4.0), 8, "▁▃▅█"),
        ((9.0, 1.0, 2.0), 2, "▅█"),
        ((1.0,), 0, ""),
    ],
    ids=["none", "one", "nothing", "rising", "the last", "no room"],
)
def test_a_curve_begins_at_nothing(values: tuple[float, ...], width: int, drawn: str) -> None:
    """So that times which hardly differ look as they are."""
    assert sparkline(values, width) == drawn
