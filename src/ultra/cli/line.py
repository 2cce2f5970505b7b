"""`ultra cost --line`, the fast lane of shell prompts: no parser, no profile, no msgspec.

It never disturbs a prompt: whatever fails leaves it empty, and only the exit code says so.
"""

import os
import sys
from collections.abc import Mapping

from ultra.core.glance import Glance

_RED, _YELLOW, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[0m"
_MOST = 3
"""Providers that are named; a prompt has no room for more."""

_YES = frozenset(("1", "true", "t", "yes", "y", "on"))
"""What the parser takes for a yes in a variable."""


def main(words: list[str]) -> int | None:
    """Print the line; the exit code. None for words that the parser is to read."""
    if set(words) - {"--line", "--colour"} or "--line" not in words:
        return None
    said = os.environ.get("ULTRA_COST_COLOUR", "").strip().lower()
    return show(os.environ, colour="--colour" in words or said in _YES)


def show(environ: Mapping[str, str], *, colour: bool) -> int:
    """Print the line, or nothing where there is no log; 1 when it could not be told."""
    from ultra.runtime.glance import look

    try:
        seen = look(environ)
        if seen is not None:
            text = line(seen, colour=colour and not environ.get("NO_COLOR"))
            encoding = sys.stdout.encoding if sys.stdout is not None else "utf-8"
            os.write(1, f"{text}\n".encode(encoding, "replace"))
    except OSError:
        return 1
    return 0


def line(seen: Glance, *, colour: bool = False) -> str:
    """`$0.42 today · $4.58 left · openai down`; a `+` where more was spent than is known."""
    parts = [f"{_money(seen.spent_nano)}{'+' if seen.unpriced else ''} today"]
    if seen.left_nano is not None and seen.limit_nano is not None:
        low = 5 * seen.left_nano <= seen.limit_nano
        shade = _RED if seen.left_nano <= 0 else _YELLOW if low else ""
        parts.append(_shaded(_left(seen.left_nano), shade if colour else ""))
    for names, what in ((seen.down, "down"), (seen.refused, "key refused")):
        if names:
            parts.append(_shaded(f"{_named(names)} {what}", _RED if colour else ""))
    return " · ".join(parts)


def _left(nano: int) -> str:
    return f"{_money(nano)} left" if nano >= 0 else f"{_money(-nano)} over"


def _money(nano: int) -> str:
    """Cents: a prompt is no bill."""
    return "<$0.01" if 0 < nano < 5_000_000 else f"${nano / 1e9:,.2f}"


def _named(names: list[str]) -> str:
    """Names as a prompt can hold them: some shells obey what stands in one."""
    safe = ["".join(c for c in name if c.isalnum() or c in "._-") for name in names[:_MOST]]
    more = f" +{len(names) - _MOST}" if len(names) > _MOST else ""
    return ", ".join(safe) + more


def _shaded(text: str, shade: str) -> str:
    return f"{shade}{text}{_PLAIN}" if shade else text
