"""What people write for a moment or a span of time: `30d`, `yesterday`, `2026-11-03`, an ISO time.

Moments are UTC seconds since the epoch. What is written without a zone is of the zone that it is
read in.
"""

import os
import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from ultra.core.errors import UsageError
from ultra.core.text import one_line
from ultra.core.windows import zone_named

if TYPE_CHECKING:
    from ultra.core.totals import Span

_SPAN = re.compile(r"(\d{1,9}(?:\.\d+)?)([smhdw])", re.ASCII)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_DAYS = {"today": 0, "yesterday": 1}
_HINT = (
    "write `30d` or `12h` back from now, `today`, `yesterday`, a date such as `2026-11-03` or a"
    " time such as `2026-11-03T14:30`"
)


def span_s(flag: str, text: str) -> float:
    """Seconds of a span that a flag names: `90s`, `12h`, `7d`. Raises `UsageError` for none."""
    found = _span_s(text)
    if found is None:
        raise UsageError(
            f"`{flag} {one_line(text, 60)}` is no span of time",
            hint="write `30m`, `12h`, `7d` or `2w`",
        )
    return found


def own_zone() -> str:
    """The IANA name of the machine's own zone, its abbreviation where it does not say the name.

    Source: tzset(3) for `TZ`, which may begin with a colon, and localtime(5) for the link.
    """
    said = os.environ.get("TZ", "").removeprefix(":")
    path = said if said.startswith("/") else os.path.realpath("/etc/localtime")
    name = said if said and said != path else path.partition("/zoneinfo/")[2]
    return name or datetime.now(UTC).astimezone().tzname() or "UTC"


def span_between(since: str | None, until: str | None, zone: str, now: float) -> "Span":
    """The time from `--since` to `--until`, both None for without an end.

    A day that `until` names is in it whole. Raises `UsageError` for what is no moment, for an end
    before the beginning and for an unknown zone.
    """
    from ultra.core.totals import Span  # noqa: PLC0415 - `span_s` is read by every run, totals by few

    there = zone_named(zone)
    begin = 0.0 if since is None else _moment("--since", since, there, now)[0]
    end = None if until is None else _moment("--until", until, there, now)[1]
    if since is not None and until is not None and end is not None and end <= begin:
        first, last = one_line(since, 60), one_line(until, 60)
        raise UsageError(f"`--since {first}` is not before `--until {last}`")
    return Span(begin, end, zone)


def moment_of(flag: str, text: str, zone: str, now: float) -> float:
    """The moment that a flag names, of a day its beginning. Raises `UsageError` for none."""
    return _moment(flag, text, zone_named(zone), now)[0]


def _moment(flag: str, text: str, zone: tzinfo | None, now: float) -> tuple[float, float]:
    """The beginning and the end of what was written, which are one but for a day."""
    said = text.strip().lower()
    back = _span_s(said)
    if back is not None:
        return max(0.0, now - back), max(0.0, now - back)
    try:
        if said in _DAYS:
            day = datetime.fromtimestamp(now, UTC).astimezone(zone).date()
            return _day(day - timedelta(days=_DAYS[said]), zone)
        if "t" in said or ":" in said:
            found = datetime.fromisoformat(text.strip())
            moment = (found if found.tzinfo else found.replace(tzinfo=zone)).timestamp()
            return max(0.0, moment), max(0.0, moment)
        return _day(date.fromisoformat(said), zone)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"`{flag} {one_line(text, 60)}` is no moment", hint=_HINT) from error


def _day(day: date, zone: tzinfo | None) -> tuple[float, float]:
    begin, end = (
        max(0.0, datetime.combine(one, time(), zone).timestamp())
        for one in (day, day + timedelta(days=1))
    )
    return begin, end


def _span_s(text: str) -> float | None:
    found = _SPAN.fullmatch(text.strip().lower())
    return None if found is None else float(found[1]) * _SECONDS[found[2]]
