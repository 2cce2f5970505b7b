"""A curve of one line: what values did, where there is no room for how much."""

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """The last `width` values, from nothing to the highest of them; empty for none."""
    shown = values[-width:] if width > 0 else ()
    step = max(shown, default=0.0) / (len(_BARS) - 1)
    return "".join(_BARS[round(value / step) if step else 0] for value in shown)
