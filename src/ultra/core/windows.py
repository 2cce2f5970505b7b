"""The calendar's windows in which money is counted: a day, an ISO week or a month somewhere.

A window is named by its first day (`2026-11-03`): such names sort as time goes, and mean the same
to processes that see different time zones. None for a zone is the machine's own, whatever it is.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

_LONGEST = {"day": 1, "week": 7, "month": 31}


def zone_named(name: str) -> tzinfo | None:
    """The time zone of an IANA name; None for an empty one. Raises `UsageError` for an unknown."""
    zone = zone_known(name)
    if name and zone is None:
        from ultra.core.errors import UsageError  # noqa: PLC0415 - 30 ms that a prompt never pays
        from ultra.core.text import one_line  # noqa: PLC0415

        raise UsageError(
            f"`--timezone {one_line(name, 80)}` is no time zone that this machine knows",
            hint="write an IANA name such as `Europe/Berlin` or `UTC`",
        )
    return zone


def zone_known(name: str) -> tzinfo | None:
    """A zone by name; one that this machine knows no more gives way to the machine's own."""
    if not name:
        return None
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - 3 ms that only a named zone pays

    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return None


def window_at(period: str, now: float, zone: tzinfo | None) -> str:
    """The window that holds a moment, in UTC seconds since the epoch. Weeks begin on Monday."""
    today = datetime.fromtimestamp(now, UTC).astimezone(zone).date()
    if period == "week":
        return (today - timedelta(days=today.weekday())).isoformat()
    return (today.replace(day=1) if period == "month" else today).isoformat()


def next_window(period: str, window: str) -> str:
    """The window after a window."""
    later = date.fromisoformat(window) + timedelta(days=_LONGEST[period])
    return (later.replace(day=1) if period == "month" else later).isoformat()


def begins(window: str, zone: tzinfo | None) -> float:
    """When a window begins, in UTC seconds since the epoch: at midnight there."""
    day = date.fromisoformat(window)
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def windows(
    period: str, begin: float, end: float, zone: tzinfo | None
) -> Iterator[tuple[str, float, float]]:
    """The windows from one moment to another as names, beginnings and ends, none left out.

    The first and the last are whole. A `period` of an `hour` begins with a full hour of the zone,
    or where its clocks were put forward or back; its name has the offset from UTC, since there may
    be two hours of one name (`2026-10-25T02:00+01:00`). Days may have 23 or 25 hours.
    """
    if period == "hour":
        yield from _hours(begin, end, zone)
        return
    name = window_at(period, begin, zone)
    start = begins(name, zone)
    while start < end:
        after = next_window(period, name)
        stop = begins(after, zone)
        if stop > start:  # an island that moves across the date line has no such day
            yield name, start, stop
        name, start = after, stop


def _hours(begin: float, end: float, zone: tzinfo | None) -> Iterator[tuple[str, float, float]]:
    start = _full_hour(begin, zone)
    while start < end:
        there = datetime.fromtimestamp(start, UTC).astimezone(zone)
        stop = start + 3_600.0 - there.minute * 60 - there.second
        yield there.isoformat(timespec="minutes"), start, stop
        start = stop


def _full_hour(moment: float, zone: tzinfo | None) -> float:
    """The latest full hour of the zone's clocks that is not after a moment."""
    there = datetime.fromtimestamp(moment, UTC).astimezone(zone)
    return moment - moment % 1 - there.minute * 60 - there.second
