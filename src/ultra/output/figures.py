"""How numbers read: one spelling for all screens and documents, `unknown` for what is not known."""

import math

from ultra.core.cost import usd
from ultra.core.records import RunDocument

__all__ = [
    "calls",
    "count",
    "differing_costs",
    "finite",
    "lower_bound",
    "price",
    "rate",
    "savings",
    "savings_of",
    "seconds",
    "share",
    "usd",
]


def seconds(value: float | None, *, missing: str = "-") -> str:
    """A duration: two decimals below one second, one below a hundred, none above."""
    if value is None or not math.isfinite(value):
        return missing
    if value < 1:
        return f"{value:.2f} s"
    return f"{value:.1f} s" if value < 100 else f"{value:,.0f} s"


def count(value: int | None, *, missing: str = "-") -> str:
    """A number of tokens or of anything else."""
    return missing if value is None else f"{value:,}"


def calls(number: int) -> str:
    """`1 call`, `2 calls`."""
    return f"{count(number)} call{'' if number == 1 else 's'}"


def rate(value: float | None, *, missing: str = "-") -> str:
    """Tokens per second."""
    if value is None or not math.isfinite(value):
        return missing
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def share(value: float | None, *, missing: str = "-") -> str:
    """A fraction of 0..1 as a percentage."""
    if value is None or not math.isfinite(value):
        return missing
    return f"{value * 100:.0f}%"


def finite(value: float | None) -> float | None:
    """The number, or None for one that is none."""
    return value if value is not None and math.isfinite(value) else None


def differing_costs(document: RunDocument) -> list[str]:
    """A line for each try whose provider says it charged something else than we reckon."""
    return [
        f"{call.provider}:{call.model} says {usd(attempt.provider_cost_nano)}, "
        f"reckoned {usd(attempt.cost_nano)} ({attempt.price_source or 'no price'})"
        for call in document.calls
        for attempt in call.attempts
        if attempt.cost_differs
    ]


def savings_of(document: RunDocument) -> str:
    """`savings` of a run's calls."""
    cached = [call for call in document.calls if call.cached]
    return savings([call.saved_nano for call in cached], len(document.calls))


def savings(saved_nano: list[int | None], calls: int) -> str:
    """How many of so many calls the cache served and what that saved; empty when it served none.

    `saved_nano` is for those it served, None for unknown.
    """
    if not saved_nano:
        return ""
    known = [nano for nano in saved_nano if nano is not None]
    count = "cached" if calls == 1 else f"{len(saved_nano)} of {calls} cached"
    saved = lower_bound(sum(known) if len(known) == len(saved_nano) else None, sum(known))
    return count if saved == "unknown" else f"{count}, saved {saved}"


def price(cost_nano: int | None) -> str:
    """What a call cost, in words that stand alone."""
    return "cost unknown" if cost_nano is None else usd(cost_nano)


def lower_bound(cost_nano: int | None, known_nano: int) -> str:
    """What a run cost: exact, or from below when a part of it is unknown."""
    if cost_nano is None and known_nano > 0:
        return f"at least {usd(known_nano)}"
    return usd(cost_nano)
