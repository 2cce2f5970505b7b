"""The calendar's windows, and scopes as people type them."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ultra.core.budget import Planned, checked_scope, largest_cap, plan_nano, scopes_of
from ultra.core.cost import Price, Rate
from ultra.core.errors import UsageError
from ultra.core.windows import begins, next_window, window_at, windows, zone_named

BERLIN = ZoneInfo("Europe/Berlin")


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("period", "at", "window", "after"),
    [
        ("day", "2026-11-03T22:59:59", "2026-11-03", "2026-11-04"),
        ("day", "2026-11-03T23:00:00", "2026-11-04", "2026-11-05"),
        ("week", "2026-11-01T22:59:59", "2026-10-26", "2026-11-02"),
        ("week", "2026-11-01T23:00:00", "2026-11-02", "2026-11-09"),
        ("month", "2026-10-31T22:59:59", "2026-10-01", "2026-11-01"),
        ("month", "2026-12-31T23:00:00", "2027-01-01", "2027-02-01"),
        ("month", "2028-02-29T12:00:00", "2028-02-01", "2028-03-01"),
    ],
)
def test_windows_turn_at_midnight_there(period: str, at: str, window: str, after: str) -> None:
    """Days, weeks from Monday, months, in the zone that was chosen."""
    assert window_at(period, moment(at), BERLIN) == window
    assert next_window(period, window) == after


def test_a_day_of_a_changing_clock_has_its_own_length() -> None:
    """The last Sunday of October has 25 hours in Berlin."""
    length = begins("2026-10-26", BERLIN) - begins("2026-10-25", BERLIN)

    assert length == 25 * 3600


@given(
    at=st.floats(0, 4e9),
    period=st.sampled_from(["day", "week", "month"]),
    zone=st.sampled_from([None, UTC, BERLIN, ZoneInfo("Pacific/Kiritimati")]),
)
def test_a_moment_lies_in_its_window(at: float, period: str, zone: ZoneInfo | None) -> None:
    """Between its beginning and that of the next."""
    window = window_at(period, at, zone)

    assert begins(window, zone) <= at < begins(next_window(period, window), zone)


@settings(max_examples=200)
@given(
    st.floats(0.0, 2_000_000_000.0),
    st.integers(1, 100),
    st.sampled_from(["hour", "day", "week", "month"]),
    st.sampled_from(
        [
            *("UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana"),
            *("America/Sao_Paulo", "Pacific/Apia", "America/St_Johns", "Africa/Casablanca"),
        ]
    ),
)
def test_windows_leave_nothing_out_and_never_overlap(
    begin: float, several: int, period: str, name: str
) -> None:
    """Whatever clocks do there: each begins where the one before ends, under a name of its own."""
    end = begin + several * {"hour": 3_600.0, "day": 86_400.0, "week": 6e5, "month": 3e6}[period]

    found = list(windows(period, begin, end, ZoneInfo(name)))

    assert found[0][1] <= begin
    assert found[-1][2] >= end
    assert all(stop > start for _, start, stop in found)
    assert all(one[2] == other[1] for one, other in pairwise(found))
    assert len({window for window, _, _ in found}) == len(found)


def test_a_zone_that_nobody_knows_is_a_usage_error() -> None:
    """An empty name is the machine's own."""
    assert zone_named("") is None
    for name in ("Mars/Phobos", "../../etc/passwd", "\x00", "a" * 300):
        with pytest.raises(UsageError, match="no time zone"):
            zone_named(name)


@pytest.mark.parametrize(
    "text", ["all", "run", "profile:home", "cost_center:x y", "key:ab12", "tag:team=red"]
)
def test_a_scope_is_what_was_typed(text: str) -> None:
    """`all`, `run`, or a kind with a name."""
    assert checked_scope(text) == text


@pytest.mark.parametrize(
    "text", ["", "al", "profile:", "prvider:x", "tag:team", "tag:=x", "tag:x=", "key:a\nb", "all:x"]
)
def test_what_is_no_scope_is_a_usage_error(text: str) -> None:
    """Empty names, unknown kinds, control characters."""
    with pytest.raises(UsageError):
        checked_scope(text)


def test_an_attempt_counts_in_every_scope_it_has() -> None:
    """Parts that are empty give none."""
    assert scopes_of("home", "", {"team": "red"}, "lab", "") == (
        "all",
        "run",
        "profile:home",
        "provider:lab",
        "tag:team=red",
    )


PRICE = Price(Rate(2 * 10**9), Rate(8 * 10**9))


@given(
    caps=st.lists(st.integers(1, 100_000), min_size=2, max_size=6), room=st.integers(0, 3 * 10**9)
)
def test_the_cap_of_a_fan_out_is_the_largest_that_fits(caps: list[int], room: int) -> None:
    """One token more would not."""
    plan = [Planned("a" if n % 2 else "b", PRICE, 50, cap) for n, cap in enumerate(caps)]
    plan.append(Planned("a", PRICE, 50, 64_000, reads=tuple((n,) for n in range(len(caps)))))

    def total(cap: int) -> int:
        return sum(plan_nano(plan, cap).values())

    cap = largest_cap(plan, lambda costs: sum(costs.values()) <= room)

    if cap is None:
        assert total(64) > room
        return
    assert total(cap) <= room
    assert cap == 64_000 or cap >= max(caps) or total(cap + 1) > room
