"""Moments and how far away they are, in few words."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct


def ago(moment: float, now: float) -> str:
    """`12 s ago`; both are UTC seconds since the epoch. What a clock put ahead is `just now`."""
    return f"{_long(now - moment)} ago" if now - moment >= 1.0 else "just now"


def ahead(moment: float, now: float) -> str:
    """`in 42 s`."""
    return f"in {_long(max(1.0, moment - now))}"


def iso(moment: float) -> str:
    """The moment as JSON has it: ISO 8601 in UTC, to the millisecond."""
    told = datetime.fromtimestamp(moment, UTC)
    return told.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def dated(value: Struct) -> dict[str, Any]:
    """The value as plain JSON data, with every field that ends in `_at` as a moment."""
    told: dict[str, Any] = _dated(msgspec.to_builtins(value))
    return told


def _dated(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: iso(item)
            if name.endswith("_at") and isinstance(item, int | float)
            else _dated(item)
            for name, item in value.items()
        }
    return [_dated(item) for item in value] if isinstance(value, list | tuple) else value


def _long(seconds: float) -> str:
    for most, size, unit in ((90, 1, "s"), (90 * 60, 60, "min"), (48 * 3600, 3600, "h")):
        if seconds < most:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"
