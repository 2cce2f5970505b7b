"""Plots as inline SVG: who beats whom, cost against quality, and how long answers take.

Every shape has a `title`, which a browser shows under the pointer and reads out.
"""

from collections.abc import Sequence
from math import ceil, floor, log10

from msgspec import Struct

from ultra.core.batch import Latencies
from ultra.output.web_page import escaped

WIDTH, HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 150, 16, 44
_COLOURS = ("#3367d6", "#d9542b", "#2a9d62", "#9349c4", "#b58a00", "#0b8fa3", "#c2356f", "#6b7280")
_STEPS = 60
"""Points of a curve: finer than the eye tells at this width."""

STYLE = """
svg { max-width: 100%; height: auto; color: var(--ink) }
svg text { font: 12px system-ui, sans-serif; fill: currentColor }
svg .axis { stroke: var(--line) }
.plots { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)) }
figure { margin: 0; min-width: 0 }
figcaption { color: var(--soft); font-size: .9rem }
"""


class Point(Struct, frozen=True):
    """A model in a plane; `low` and `high` are the ends of an interval of `y`, None without one."""

    name: str
    x: float
    y: float
    low: float | None
    high: float | None


def matrix(names: Sequence[str], better: Sequence[Sequence[int]]) -> str:
    """At how many prompts the model of a row did better than that of a column."""
    size, left, top = 56, 130, 60
    most = max((value for row in better for value in row), default=0) or 1
    parts = []
    for i, name in enumerate(names):
        middle = top + i * size + size // 2 + 4
        parts.append(f'<text x="{left - 8}" y="{middle}" text-anchor="end">{_short(name)}</text>')
        across = left + i * size + size // 2
        parts.append(
            f'<text x="{across}" y="{top - 10}" text-anchor="middle">{_short(name, 9)}</text>'
        )
        for j, value in enumerate(better[i]):
            if i == j:
                continue
            x, y = left + j * size, top + i * size
            told = f"{name} did better than {names[j]} at {value}"
            parts.append(
                f'<g><title>{escaped(told)}</title><rect x="{x + 1}" y="{y + 1}"'
                f' width="{size - 2}" height="{size - 2}" fill="{_COLOURS[0]}"'
                f' fill-opacity="{0.08 + 0.72 * value / most:.2f}"/>'
                f'<text x="{x + size // 2}" y="{y + size // 2 + 4}" text-anchor="middle">'
                f"{value:,}</text></g>"
            )
    return _svg("who did better", parts, left + size * len(names) + 20, top + size * len(names) + 8)


def scatter(points: Sequence[Point], x_label: str, y_label: str) -> str:
    """Models in a plane, their intervals as whiskers; y is a share."""
    right = max((point.x for point in points), default=0.0) or 1.0
    right *= 1.1
    parts = _axes(right, x_label, y_label)
    for place, point in enumerate(points):
        colour = _COLOURS[place % len(_COLOURS)]
        x, y = _x(point.x / right), _y(point.y)
        told = f"{point.name}: {point.x:.6g} {x_label}, {point.y:.3f} {y_label}"
        whisker = ""
        if point.low is not None and point.high is not None:
            whisker = (
                f'<line x1="{x}" x2="{x}" y1="{_y(point.low)}" y2="{_y(point.high)}"'
                f' stroke="{colour}" stroke-width="2" stroke-opacity=".5"/>'
            )
        parts.append(
            f'<g><title>{escaped(told)}</title>{whisker}<circle cx="{x}" cy="{y}" r="6"'
            f' fill="{colour}"/></g>'
        )
        parts.append(_legend(place, point.name, colour))
    return _svg(f"{y_label} against {x_label}", parts, WIDTH, HEIGHT)


def distributions(latencies: Sequence[Latencies]) -> str:
    """The share of a model's answers that were there after so many seconds."""
    right = max((one.seconds[-1] for one in latencies if one.seconds), default=0.0) or 1.0
    parts = _axes(right, "seconds", "share of answers")
    for place, one in enumerate(latencies):
        if not one.seconds:
            continue
        colour = _COLOURS[place % len(_COLOURS)]
        line = " ".join(f"{_x(x / right)},{_y(y)}" for x, y in _curve(one.seconds))
        half = one.seconds[len(one.seconds) // 2]
        told = f"{one.name}: half of {len(one.seconds):,} answers within {half:.3g} s"
        parts.append(
            f'<g><title>{escaped(told)}</title><polyline points="{line}" fill="none"'
            f' stroke="{colour}" stroke-width="2"/></g>'
        )
        parts.append(_legend(place, one.name, colour))
    return _svg("how long answers take", parts, WIDTH, HEIGHT)


def _curve(ascending: Sequence[float]) -> list[tuple[float, float]]:
    """The empirical distribution, thinned out to what can be seen."""
    total = len(ascending)
    places = sorted(
        {min(total - 1, round(step * (total - 1) / _STEPS)) for step in range(_STEPS + 1)}
    )
    return [(ascending[places[0]], 0.0), *((ascending[at], (at + 1) / total) for at in places)]


def _axes(right: float, x_label: str, y_label: str) -> list[str]:
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
    for value in _ticks(right):
        x = _x(value / right)
        parts.append(f'<text x="{x}" y="{_y(0) + 18}" text-anchor="middle">{value:g}</text>')
    return parts


def _ticks(right: float) -> list[float]:
    """Round numbers from 0, about five of them."""
    step = 10.0 ** floor(log10(right))
    step = next((step * part for part in (0.2, 0.5, 1.0) if right / (step * part) <= 5), step * 2)
    digits = max(0, ceil(-log10(step)) + 1)
    return [round(step * place, digits) for place in range(int(right / step) + 1)]


def _x(share: float) -> float:
    return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)


def _y(share: float) -> float:
    return round(HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP), 1)


def _legend(place: int, name: str, colour: str) -> str:
    x, y = WIDTH - _RIGHT + 14, _TOP + 12 + 18 * place
    mark = f'<circle cx="{x}" cy="{y - 4}" r="5" fill="{colour}"/>'
    return f'{mark}<text x="{x + 12}" y="{y}">{_short(name)}</text>'


def _short(name: str, most: int = 17) -> str:
    return escaped(name if len(name) <= most else f"{name[: most - 1]}…")


def _svg(label: str, parts: Sequence[str], width: int, height: int) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img"'
        f' aria-label="{escaped(label)}">{"".join(parts)}</svg>'
    )
