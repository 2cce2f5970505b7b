"""The answer cache on a screen."""

from ultra.core.records import CacheStats
from ultra.output.figures import count, usd


def render_cache(stats: CacheStats) -> str:
    """What is kept and what it saved, one fact a line."""
    saved = usd(stats.saved_nano)
    if stats.unpriced:
        calls = "1 call" if stats.unpriced == 1 else f"{count(stats.unpriced)} calls"
        saved = f"at least {saved}, {calls} of unknown price beside it"
    facts = [
        ("answers", count(stats.entries)),
        ("size", size(stats.size_bytes)),
        ("oldest", stats.oldest or "-"),
        ("served", _served(stats)),
        ("saved", saved),
    ]
    return "".join(f"{name:<8} {value}\n" for name, value in facts)


def _served(stats: CacheStats) -> str:
    times = "once" if stats.hits == 1 else f"{count(stats.hits)} times"
    return f"{times}, {count(stats.simulated)} of them simulated" if stats.simulated else times


def size(amount: int) -> str:
    """Bytes for people, in powers of a thousand."""
    value = float(amount)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
