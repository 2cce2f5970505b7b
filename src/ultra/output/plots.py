"""Plots as inline SVG: who beats whom, cost against quality, and how long answers take.

Every shape has a `title`, which a browser shows under the pointer and reads out.
"""

from collections.abc import Sequence
from math import ceil, floor, log10

from msgspec import Struct

from ultra.core.batch import Latencies
from ultra.output.web_page import escaped

WIDTH, HEIGHT = 380, 250
"""Of a plot without its legend: on a telephone it is hardly made smaller, nor are its words."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 12, 44
_COLOURS = (
    "#3367d6",
    "#d9542b",
    "#2a9d62",
    "#9349c4",
    "#b58a00",
    "#0b8fa3",
    "#c2356f",
    "#6b7280",
    "#8a5a2b",
    "#6d9400",
    "#d17bb5",
    "#4b4fb5",
)
_WIDE = 20
"""Costs that differ by more stand on a logarithmic axis; on a plain one all but one would be 0."""

_SLANTED = 8
"""Characters of a name that fit above a column of the matrix."""

_STEPS = 60
"""Points of a curve: finer than the eye tells at this width."""

STYLE = """
svg { max-width: 100%; height: auto; color: var(--ink) }
svg text { font: 12px system-ui, sans-serif; fill: currentColor }
svg .axis { stroke: var(--line) }
.plots { display: grid; gap: 1.5rem 1rem; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)) }
figure { margin: 0; min-width: 0; overflow-x: auto; break-inside: avoid }
figure.wide { grid-column: 1 / -1 }
figure.wide svg { max-width: none }
figcaption { color: var(--soft); font-size: .9rem }
@media print { figure.wide svg { max-width: 100% } }
"""


class Point(Struct, frozen=True):
    """A model in a plane; `low` and `high` are the ends of an interval of `y`, None without one.

    `place` is its place among all models, by which it has one colour in all plots.
    """

    name: str
    place: int
    x: float
    y: float
    low: float | None
    high: float | None


def matrix(names: Sequence[str], better: Sequence[Sequence[int]]) -> str:
    """At how many prompts the model of a row did better than that of a column."""
    size, left = 48, 130
    longest = max((len(_cut(name)) for name in names), default=0)
    slanted = longest > _SLANTED
    top, beyond = (16 + 5 * longest, 5 * longest) if slanted else (26, 8)
    most = max((value for row in better for value in row), default=0) or 1
    parts = []
    for i, name in enumerate(names):
        middle = top + i * size + size // 2 + 4
        parts.append(f'<text x="{left - 8}" y="{middle}" text-anchor="end">{_short(name)}</text>')
        across = left + i * size + size // 2
        placed = (
            f'text-anchor="start" transform="rotate(-45 {across} {top - 8})"'
            if slanted
            else 'text-anchor="middle"'
        )
        parts.append(f'<text x="{across}" y="{top - 8}" {placed}>{_short(name)}</text>')
        for j, value in enumerate(better[i]):
            if i == j:
                continue
            x, y = left + j * size, top + i * size
            told = f"{name} did better than {names[j]} at {value}"
            parts.append(
                f'<g><title>{escaped(told)}</title><rect x="{x + 1}" y="{y + 1}"'
                f' width="{size - 2}" height="{size - 2}" fill="{_COLOURS[0]}"'
                f' fill-opacity="{0.08 + 0.52 * value / most:.2f}"/>'
                f'<text x="{x + size // 2}" y="{y + size // 2 + 4}" text-anchor="middle">'
                f"{value:,}</text></g>"
            )
    cells = size * len(names)
    return _svg("who did better", parts, left + cells + beyond, top + cells + 8)


def scatter(points: Sequence[Point], unit: str, y_label: str) -> str:
    """Models in a plane, their intervals as whiskers; y is a share, x an amount of a unit."""
    x_label = unit
    least = min((point.x for point in points), default=0.0)
    most = max((point.x for point in points), default=0.0) or 1.0
    if least > 0 and most / least > _WIDE:
        first, last = floor(log10(least)), ceil(log10(most))
        ticks = [10.0**power for power in range(first, last + 1, ceil((last - first) / 5))]
        places = [(log10(point.x) - first) / (last - first) for point in points]
        marks = [((log10(tick) - first) / (last - first), _plain(tick)) for tick in ticks]
        x_label += ", logarithmic"
    else:
        right = most * 1.1
        places = [point.x / right for point in points]
        marks = [(tick / right, _plain(tick)) for tick in _ticks(right)]
    parts = _axes(marks, x_label, y_label)
    for line, (share, point) in enumerate(zip(places, points, strict=True)):
        colour = _COLOURS[point.place % len(_COLOURS)]
        x, y = _x(share), _y(point.y)
        told = f"{point.name}: {point.x:.6g} {unit}, {point.y:.3f} {y_label}"
        whisker = ""
        if point.low is not None and point.high is not None:
            whisker = (
                f'<line x1="{x}" x2="{x}" y1="{_y(point.low)}" y2="{_y(point.high)}"'
                f' stroke="{colour}" stroke-width="2" stroke-opacity=".5"/>'
            )
        parts.append(
            f'<g><title>{escaped(told)}</title>{whisker}<circle cx="{x}" cy="{y}" r="6"'
            f' fill="{colour}" fill-opacity=".85"/></g>'
        )
        parts.append(_legend(line, point.name, colour))
    return _svg(f"{y_label} against {x_label}", parts, WIDTH, _height(len(points)))


def distributions(latencies: Sequence[Latencies]) -> str:
    """The share of a model's answers that were there after so many seconds, for all models."""
    right = max((one.seconds[-1] for one in latencies if one.seconds), default=0.0) or 1.0
    marks = [(tick / right, _plain(tick)) for tick in _ticks(right)]
    parts = _axes(marks, "seconds", "share of answers")
    drawn = [(place, one) for place, one in enumerate(latencies) if one.seconds]
    for nth, (place, one) in enumerate(drawn):
        colour = _COLOURS[place % len(_COLOURS)]
        line = " ".join(f"{_x(x / right)},{_y(y)}" for x, y in _curve(one.seconds))
        half = one.seconds[len(one.seconds) // 2]
        told = f"{one.name}: half of {len(one.seconds):,} answers within {half:.3g} s"
        parts.append(
            f'<g><title>{escaped(told)}</title><polyline points="{line}" fill="none"'
            f' stroke="{colour}" stroke-width="2"/></g>'
        )
        parts.append(_legend(nth, one.name, colour))
    return _svg("how long answers take", parts, WIDTH, _height(len(drawn)))


def _curve(ascending: Sequence[float]) -> list[tuple[float, float]]:
    """The empirical distribution, thinned out to what can be seen."""
    total = len(ascending)
    places = sorted(
        {min(total - 1, round(step * (total - 1) / _STEPS)) for step in range(_STEPS + 1)}
    )
    return [(ascending[places[0]], 0.0), *((ascending[at], (at + 1) / total) for at in places)]


def _axes(marks: Sequence[tuple[float, str]], x_label: str, y_label: str) -> list[str]:
    """Both axes with their labels; `marks` are places on the lower one, of 0 to 1."""
    parts = [
        f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{_y(0)}" y2="{_y(0)}"/>',
        f'<line class="axis" x1="{_LEFT}" x2="{_LEFT}" y1="{_y(0)}" y2="{_y(1)}"/>',
        f'<text x="{_x(0.5)}" y="{HEIGHT - 6}" text-anchor="middle">{escaped(x_label)}</text>',
        (
            f'<text x="14" y="{_y(0.5)}" text-anchor="middle"'
            f' transform="rotate(-90 14 {_y(0.5)})">{escaped(y_label)}</text>'
        ),
        *(
            f'<text x="{_LEFT - 8}" y="{_y(tick) + 4}" text-anchor="end">{tick:.0%}</text>'
            for tick in (0.0, 0.25, 0.5, 0.75, 1.0)
        ),
    ]
    for place, told in marks:
        x = _x(place)
        parts.append(f'<line class="axis" x1="{x}" x2="{x}" y1="{_y(0)}" y2="{_y(0) + 4}"/>')
        parts.append(f'<text x="{x}" y="{_y(0) + 18}" text-anchor="middle">{told}</text>')
    return parts


def _ticks(right: float) -> list[float]:
    """Round numbers from 0, about five of them."""
    step = 10.0 ** floor(log10(right))
    step = next((step * part for part in (0.2, 0.5, 1.0) if right / (step * part) <= 5), step * 2)
    digits = max(0, ceil(-log10(step)) + 1)
    return [round(step * place, digits) for place in range(int(right / step) + 1)]


def _plain(value: float) -> str:
    """A number without an exponent."""
    return f"{value:,.9f}".rstrip("0").rstrip(".")


def _x(share: float) -> float:
    return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)


def _y(share: float) -> float:
    return round(HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP), 1)


def _legend(nth: int, name: str, colour: str) -> str:
    """A name below the plot, two on a line."""
    x, y = 14 + nth % 2 * (WIDTH // 2), HEIGHT + 14 + 18 * (nth // 2)
    mark = f'<circle cx="{x}" cy="{y - 4}" r="5" fill="{colour}"/>'
    return f'{mark}<text x="{x + 12}" y="{y}">{_short(name, 22)}</text>'


def _height(names: int) -> int:
    """Of a plot with its legend."""
    return HEIGHT + 6 + 18 * ceil(names / 2)


def _short(name: str, most: int = 17) -> str:
    return escaped(_cut(name, most))


def _cut(name: str, most: int = 17) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _svg(label: str, parts: Sequence[str], width: int, height: int) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img"'
        f' aria-label="{escaped(label)}">{"".join(parts)}</svg>'
    )
