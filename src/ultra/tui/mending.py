"""What textual keeps of the past, let go of: the app is left open for days."""

from collections.abc import Iterable, Sequence
from typing import Any

from textual import widget
from textual.strip import Strip

_divided = Strip.divide


def mend() -> None:
    """Have lines go that were drawn over, and those of widgets that are gone. Twice is once.

    Textual 8.2 remembers colours of borders by the widget's own lines, and so the lines of 1,024
    widgets that are gone. Another textual may have no such memory, or a better one.
    """
    Strip.divide = _divide  # type: ignore[method-assign, assignment]
    lines: Any = getattr(widget, "StylesCache", object)
    remembered: Any = vars(lines).get("get_inner_outer")
    if hasattr(remembered, "cache_info"):
        lines.get_inner_outer = classmethod(remembered)


def _divide(strip: Strip, cuts: Iterable[int]) -> Sequence[Strip]:
    """The strip in parts.

    Textual 8.2 has a line remember that its whole is itself: a circle, which only the collector
    finds, and a thousand lines are drawn in a second.
    """
    within = [cut for cut in cuts if cut <= strip.cell_length]
    return [strip] if within == [strip.cell_length] else _divided(strip, within)
