"""Plots in characters: bars that stand along time, and bars that lie beside names.

Pure functions from figures to plain lines that are never wider than they may be, for a terminal,
a page of the screen or a file. `plotext` 6.1 would draw more, and takes 190 ms to import for two
kinds that need a hundred lines.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import isfinite

from msgspec import Struct

from ultra.output.safe import cell
from ultra.output.width import cell_width, clip, pad

Told = Callable[[float], str]
"""How an amount reads."""

_STANDING = " ▁▂▃▄▅▆▇█"
_LYING = " ▏▎▍▌▋▊▉█"
_STANDING_PLAIN = " .:#"
_LYING_PLAIN = " #"

_WIDEST = 6
"""Columns of one bar: wider ones say no more."""

_SEEN = 1 / 6
"""How much of the lowest row a bar fills at least: the least that either set of marks shows."""

_LEAST_ROOM = 8
"""Columns that bars need beside their labels; with fewer the labels go above them."""


class Bar(Struct, frozen=True):
    """An amount and what it is of; None is not known, which is drawn as nothing at all."""

    label: str
    value: float | None


def standing(
    bars: Sequence[Bar],
    size: tuple[int, int],
    told: Told,
    *,
    merge: Callable[[Sequence[float]], float] = sum,
    plain: bool = False,
) -> list[str]:
    """Bars along time within so many columns and rows: the largest amount above, both ends below.

    Where there are more than columns for them, neighbours become one bar by `merge`: a sum where
    amounts add up, `max` where they do not. `plain` is for a screen that knows ASCII only.
    """
    if not bars:
        return []
    width, height = max(1, size[0]), max(1, size[1] - 1)
    axis, merged = _layout([_known(bar.value) for bar in bars], width, told, merge)
    top = max((value for value in merged if value is not None), default=0.0)
    each = max(1, min(_WIDEST, (width - axis) // len(merged)))
    gap = 1 if each > 2 else 0
    head = [] if axis else [clip(f"to {told(top)}", width)]
    rows = max(1, height - len(head))
    lines = []
    for row in range(rows, 0, -1):
        marks = (_mark(_filled(value, top, rows, row), plain) for value in merged)
        drawn = "".join(mark * (each - gap) + " " * gap for mark in marks)
        said = told(top) if row == rows else told(0.0) if row == 1 else ""
        left = pad(said, axis - 1, right=True) + " " if axis else ""
        lines.append((left + drawn).rstrip())
    return [*head, *lines, " " * axis + _ends(bars, each * len(merged) - gap, width - axis)]


def lying(bars: Sequence[Bar], width: int, told: Told, *, plain: bool = False) -> list[str]:
    """Bars beside their labels, each with its amount behind it, within so many columns.

    A label takes a third at most; where too little is left for bars, they are left out.
    """
    if not bars:
        return []
    known = [_known(bar.value) for bar in bars]
    top = max((value for value in known if value is not None), default=0.0)
    said = ["unknown" if value is None else told(value) for value in known]
    labels = [cell(bar.label) for bar in bars]
    figures = max(map(cell_width, said))
    left = min(max(map(cell_width, labels)), max(_LEAST_ROOM, width // 3))
    room = width - left - figures - 2
    if room < _LEAST_ROOM:
        left = max(1, width - figures - 1)
        pairs = zip(labels, said, strict=True)
        return [clip(f"{pad(label, left)} {text}", width) for label, text in pairs]
    drawn = [pad(_along(value, top, room, plain), room) for value in known]
    return [
        f"{pad(label, left)} {line} {pad(text, figures, right=True)}"
        for label, line, text in zip(labels, drawn, said, strict=True)
    ]


def _known(value: float | None) -> float | None:
    return max(0.0, value) if value is not None and isfinite(value) else None


def _layout(
    values: Sequence[float | None],
    width: int,
    told: Told,
    merge: Callable[[Sequence[float]], float],
) -> tuple[int, list[float | None]]:
    """Columns of the labels at the side, 0 where they take too many, and the bars beside them.

    The wider the labels, the fewer the bars and the larger the sums: it is tried until they fit.
    """
    axis = cell_width(told(0.0)) + 1
    while width - axis >= _LEAST_ROOM:
        merged = _merged(values, width - axis, merge)
        top = max((value for value in merged if value is not None), default=0.0)
        needed = cell_width(told(top)) + 1
        if needed <= axis:
            return axis, merged
        axis = needed
    return 0, _merged(values, width, merge)


def _merged(
    values: Sequence[float | None], room: int, merge: Callable[[Sequence[float]], float]
) -> list[float | None]:
    """As many values as there is room for, neighbours together and as evenly as can be."""
    several = len(values)
    if several <= room:
        return list(values)
    edges = [several * place // room for place in range(room + 1)]
    found: list[float | None] = []
    for begin, end in pairwise(edges):
        known = [value for value in values[begin:end] if value is not None]
        found.append(merge(known) if known else None)
    return found


def _filled(value: float | None, top: float, height: int, row: int) -> float:
    """How much (0..1) of a row, counted from below, a bar fills; a little of what is not 0."""
    if value is None or top <= 0.0 or value <= 0.0:
        return 0.0
    share = min(1.0, max(0.0, value / top * height - (row - 1)))
    return max(share, _SEEN) if row == 1 else share


def _mark(share: float, plain: bool) -> str:
    marks = _STANDING_PLAIN if plain else _STANDING
    return marks[round(share * (len(marks) - 1))]


def _along(value: float | None, top: float, room: int, plain: bool) -> str:
    if value is None or top <= 0.0 or value <= 0.0:
        return ""
    marks = _LYING_PLAIN if plain else _LYING
    parts = max(1, round(value / top * room * (len(marks) - 1)))
    whole, rest = divmod(parts, len(marks) - 1)
    return marks[-1] * whole + (marks[rest] if rest else "")


def _ends(bars: Sequence[Bar], drawn: int, room: int) -> str:
    """The first label below the first bar and the last below the last, where there is room."""
    first, last = cell(bars[0].label), cell(bars[-1].label)
    both = cell_width(first) + cell_width(last) + 1
    if len(bars) == 1 or both > room:
        return clip(first, room)
    return first + " " * (max(both, drawn) - both + 1) + last
