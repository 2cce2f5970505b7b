"""The calendar's windows in which money is counted: a day, an ISO week or a month somewhere.

A window is named by its first day (`2026-11-03`): such names sort as time goes, and mean the same
to processes that see different time zones. None for a zone is the machine's own, whatever it is.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo

from ultra.core.errors import UsageError
from ultra.core.text import one_line

_LONGEST = {"day": 1, "week": 7, "month": 31}


def zone_named(name: str) -> tzinfo | None:
    """The time zone of an IANA name; None for an empty one. Raises `UsageError` for an unknown."""
    if not name:
        return None
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - 3 ms that only a named zone pays

    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise UsageError(
            f"`{one_line(name, 80)}` is no time zone that this machine knows",
            hint="write an IANA name such as `Europe/Berlin` or `UTC`",
        ) from error


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
