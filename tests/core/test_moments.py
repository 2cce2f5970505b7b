"""What people write for a time, read in their zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.core.errors import UsageError
from ultra.core.moments import own_zone, span_between, span_s

BERLIN = "Europe/Berlin"
NOW = datetime(2026, 11, 3, 14, 30, tzinfo=ZoneInfo(BERLIN)).timestamp()


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).timestamp()


@pytest.mark.parametrize(
    ("said", "begin"),
    [
        ("30d", NOW - 30 * 86_400.0),
        ("0s", NOW),
        (" 1.5H ", NOW - 5_400.0),
        ("today", at("2026-11-03T00:00")),
        ("Yesterday", at("2026-11-02T00:00")),
        ("2026-10-25", at("2026-10-25T00:00")),
        ("2026-11-03T09:15", at("2026-11-03T09:15")),
        ("2026-11-03 09:15:30", at("2026-11-03T09:15:30")),
        ("2026-11-03T09:15:00Z", at("2026-11-03T10:15")),
        ("2026-11-03T09:15:00+05:30", at("2026-11-03T04:45")),
        ("20261103", at("2026-11-03T00:00")),
        ("999999999w", 0.0),
        ("0001-01-01", 0.0),
    ],
)
def test_a_time_is_read_where_it_is_meant(said: str, begin: float) -> None:
    """What names no zone is of the one that is asked for."""
    assert span_between(said, None, BERLIN, NOW).begin == begin


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ("today", at("2026-11-04T00:00")),
        ("2026-10-25", at("2026-10-26T00:00")),
        ("7d", NOW - 7 * 86_400.0),
        ("2026-11-03T09:15", at("2026-11-03T09:15")),
    ],
)
def test_a_day_that_ends_a_span_is_in_it_whole(said: str, end: float) -> None:
    """A time ends it there, also on a day of 25 hours."""
    span = span_between(None, said, BERLIN, NOW)

    assert (span.begin, span.end, span.zone) == (0.0, end, BERLIN)


def test_one_day_is_a_span() -> None:
    """The same day twice; the same moment twice is none."""
    day = span_between("2026-10-25", "2026-10-25", BERLIN, NOW)

    assert day.end is not None
    assert day.end - day.begin == 25 * 3600.0
    with pytest.raises(UsageError, match="is not before"):
        span_between("7d", "7d", BERLIN, NOW)


@given(st.text(max_size=30))
def test_what_is_no_time_is_told_with_what_is(said: str) -> None:
    """Whatever is written: a span, or words that name the flag and the forms it takes."""
    error = None
    try:
        assert span_between(said, None, BERLIN, NOW).begin >= 0.0
    except UsageError as refused:
        error = refused

    if error is not None:
        assert error.message.startswith("`--since ")
        assert "`2026-11-03T14:30`" in (error.hint or "")


@pytest.mark.parametrize("said", ["9999-12-31", "2026-02-30", "12", "-3d", "3 d", "now-3d", ""])
def test_impossible_times_are_refused(said: str) -> None:
    """The day after the last one that can be reckoned with, too."""
    with pytest.raises(UsageError, match="is no moment"):
        span_between(None, said, BERLIN, NOW)


def test_an_unknown_zone_and_an_impossible_span_are_usage_errors() -> None:
    """In words of their own."""
    with pytest.raises(UsageError, match="no time zone"):
        span_between(None, None, "Mars/Olympus", NOW)
    with pytest.raises(UsageError, match="`--older-than next week` is no span of time"):
        span_s("--older-than", "next week")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (":Asia/Tokyo", "Asia/Tokyo"),
        ("/usr/share/zoneinfo/America/Havana", "America/Havana"),
    ],
)
def test_the_machines_zone_has_a_name(
    monkeypatch: pytest.MonkeyPatch, said: str, name: str
) -> None:
    """As `TZ` has it, else as the system's link does; never an empty one."""
    monkeypatch.setenv("TZ", said)
    assert own_zone() == name

    monkeypatch.delenv("TZ")
    assert own_zone()
