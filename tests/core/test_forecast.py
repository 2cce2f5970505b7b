"""Where spending leads: what a rate and a forecast promise."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.core.forecast import pace
from ultra.core.windows import begins, next_window

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = 3_600.0, 86_400.0

spent = st.integers(0, 10**15)
shares = st.floats(0, 1)
periods = st.sampled_from(["day", "week", "month"])
firsts = st.sampled_from(["2026-03-29", "2026-10-25", "2026-11-02", "2028-02-01"])


def edges(period: str, first: str) -> tuple[float, float]:
    return begins(first, BERLIN), begins(next_window(period, first), BERLIN)


@given(nano=spent, share=shares, period=periods, first=firsts)
def test_a_forecast_is_never_below_what_is_spent(
    nano: int, share: float, period: str, first: str
) -> None:
    """Money that is gone does not come back, on days of any length."""
    begin, end = edges(period, first)

    assert pace(period, nano, begin, end, begin + share * (end - begin)).forecast_nano >= nano


@given(nano=spent, period=periods, first=firsts, later=st.floats(0, DAY))
def test_at_its_end_a_window_comes_to_what_was_spent(
    nano: int, period: str, first: str, later: float
) -> None:
    """Nothing is left of it, then or afterwards."""
    begin, end = edges(period, first)

    assert pace(period, nano, begin, end, end + later).forecast_nano == nano


@given(nano=spent, more=spent, share=shares, period=periods, first=firsts)
def test_who_spends_more_by_a_moment_is_forecast_no_less(
    nano: int, more: int, share: float, period: str, first: str
) -> None:
    """At the same moment of the same window."""
    begin, end = edges(period, first)
    now = begin + share * (end - begin)

    less = pace(period, nano, begin, end, now).forecast_nano

    assert pace(period, nano + more, begin, end, now).forecast_nano >= less


@given(nano=st.integers(1, 10**15), left=st.integers(1, 10**15), share=shares, period=periods)
def test_a_budget_runs_out_when_the_forecast_exceeds_it(
    nano: int, left: int, share: float, period: str
) -> None:
    """Then and only then, up to a rounded nano-dollar, and never in the past."""
    begin, end = edges(period, "2026-11-02")
    now = begin + share * (end - begin)
    found = pace(period, nano, begin, end, now)

    gone = found.exhausted_at(left)

    if gone is None:
        assert found.forecast_nano <= (nano + left) * (1 + 1e-9) + 1
    else:
        assert now <= gone <= end
        assert found.forecast_nano >= (nano + left) * (1 - 1e-9) - 1


@pytest.mark.parametrize(
    ("first", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-03", 24)]
)
def test_a_day_of_a_changing_clock_is_as_long_as_it_is(first: str, hours: int) -> None:
    """A dollar an hour, seen after five hours, is as many dollars as the day has hours."""
    begin, end = edges("day", first)

    found = pace("day", 5_000_000_000, begin, end, begin + 5 * HOUR)

    assert found.forecast_nano == hours * 1_000_000_000


def test_a_first_call_is_no_rate_of_a_day() -> None:
    """Ten cents in the first second are ten cents an hour, not 8,640 dollars a day."""
    found = pace("day", 100_000_000, 0.0, DAY, 1.0)

    assert round(found.nano_per_s * HOUR) == 100_000_000
    assert found.forecast_nano < 2_500_000_001


def test_what_is_used_up_is_exhausted_now() -> None:
    """And what nobody spends from never is."""
    assert pace("day", 5, 0.0, DAY, HOUR).exhausted_at(0) == HOUR
    assert pace("day", 0, 0.0, DAY, HOUR).exhausted_at(1) is None
