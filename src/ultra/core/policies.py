"""How each policy of a route puts models in order, with how likely the first of them was.

Costs and times count against fixed references: scaling them between the candidates at hand would
let one dear model reorder the rest.
"""

import math
import random
from collections.abc import Callable

from ultra.core.candidates import Candidate
from ultra.core.model import Policy, RouteRules

QUALITY_SLACK = 0.03
"""How much worse than the best `balanced` takes a cheaper model."""

COST_REFERENCE_NANO = 10_000_000
TIME_REFERENCE_S = 10.0
"""The cent and the ten seconds that weigh as much as their weight says."""

WEIGHTS = {"quality": 1.0, "cost": 0.1, "time": 0.1}
"""What counts in `explore`, and in `balanced` once it has weights, unless they say otherwise."""

EXPLORED = 0.05
"""How often `fastest` takes anybody, so that one that was slow once is seen to recover."""

BUFFER = 0.1
"""How much slower than the fastest still counts as fast, so that not all go to one."""

DRAWS = 200
"""Draws that the propensity of `explore` is counted from."""

Ranked = tuple[list[Candidate], float]
"""Candidates in order, with how likely the first of them was."""


def _as_written(lines: list[Candidate], _rules: RouteRules, _rng: random.Random) -> Ranked:
    return lines, 1.0


def _cheapest(lines: list[Candidate], _rules: RouteRules, _rng: random.Random) -> Ranked:
    return sorted(lines, key=lambda line: (line.worth, line.wait)), 1.0


def _fastest(lines: list[Candidate], rules: RouteRules, rng: random.Random) -> Ranked:
    """Whoever was never asked comes first, in order; else one of the fast, at times anybody."""
    by_time = sorted(lines, key=lambda line: (_too_slow(line, rules), line.wait))
    untried = [line for line in lines if line.estimates.calls == 0]
    if untried or not lines:
        return untried + [line for line in by_time if line not in untried], 1.0
    best = by_time[0]
    alike = [
        line
        for line in by_time
        if line is best
        or (
            line.wait <= best.wait * (1 + BUFFER)
            and _too_slow(line, rules) == _too_slow(best, rules)
        )
    ]
    first = rng.choice(by_time if rng.random() < EXPLORED else alike)
    share = EXPLORED / len(lines) + ((1 - EXPLORED) / len(alike) if first in alike else 0.0)
    return _led_by(first, by_time), share


def _best(lines: list[Candidate], _rules: RouteRules, _rng: random.Random) -> Ranked:
    return sorted(lines, key=lambda line: (-line.quality, line.worth, line.wait)), 1.0


def _balanced(lines: list[Candidate], rules: RouteRules, _rng: random.Random) -> Ranked:
    """The cheapest of those that are nearly as good as the best and fast enough.

    Who is worse in quality, cost and time at once is never that one, so nothing is filtered first.
    """
    if rules.weights:
        return sorted(lines, key=lambda line: (-utility(line, line.quality, rules), line.wait)), 1.0
    timely = [line for line in lines if not _too_slow(line, rules)] or lines
    bar = max((line.quality for line in timely), default=0.0) - QUALITY_SLACK
    near = [line for line in timely if line.quality >= bar]
    rest = [line for line in lines if line not in near]
    near.sort(key=lambda line: (line.worth, -line.quality, line.wait))
    rest.sort(key=lambda line: (_too_slow(line, rules), -line.quality, line.worth))
    return near + rest, 1.0


def _weighted(lines: list[Candidate], rules: RouteRules, rng: random.Random) -> Ranked:
    """Drawn without putting back; who weighs nothing is only asked after all others."""
    left = list(lines)
    order: list[Candidate] = []
    propensity = 1.0
    while left:
        weights = [rules.weights.get(line.target.name, 1.0) for line in left]
        total = sum(weights)
        place = rng.choices(range(len(left)), weights)[0] if total > 0 else 0
        if not order and total > 0:
            propensity = weights[place] / total
        order.append(left.pop(place))
    return order, propensity


def _round_robin(lines: list[Candidate], _rules: RouteRules, _rng: random.Random) -> Ranked:
    """Whose turn is longest ago."""
    return sorted(lines, key=lambda line: line.asked_at or 0.0), 1.0


def _explore(lines: list[Candidate], rules: RouteRules, rng: random.Random) -> Ranked:
    """Thompson sampling: a quality is drawn for each by what is believed of it."""
    if not lines:
        return [], 1.0

    def drawn() -> list[float]:
        return [utility(line, rng.betavariate(*line.belief), rules) for line in lines]

    now = drawn()
    order = sorted(range(len(lines)), key=lambda place: -now[place])
    first = order[0]
    wins = sum(max(again) == again[first] for again in (drawn() for _ in range(DRAWS)))
    return [lines[place] for place in order], (wins + 1) / (DRAWS + len(lines))


def utility(line: Candidate, quality: float, rules: RouteRules) -> float:
    """What a model is worth at a quality; minus infinity where its price is unknown.

    A time that is unknown counts nothing, so that it comes to be known.
    """
    if line.cost_nano is None:
        return -math.inf
    weights = {**WEIGHTS, **rules.weights}
    return (
        weights["quality"] * quality
        - weights["cost"] * line.cost_nano / COST_REFERENCE_NANO
        - weights["time"] * (line.time_s or 0.0) / TIME_REFERENCE_S
    )


def _too_slow(line: Candidate, rules: RouteRules) -> bool:
    slow_s = line.estimates.duration_p90_s
    return rules.slo_s is not None and slow_s is not None and slow_s > rules.slo_s


def _led_by(first: Candidate, lines: list[Candidate]) -> list[Candidate]:
    return [first, *(line for line in lines if line is not first)]


ORDERS: dict[Policy, Callable[[list[Candidate], RouteRules, random.Random], Ranked]] = {
    "order": _as_written,
    "cheapest": _cheapest,
    "fastest": _fastest,
    "best": _best,
    "balanced": _balanced,
    "weighted": _weighted,
    "round-robin": _round_robin,
    "explore": _explore,
}

MEASURED: frozenset[Policy] = frozenset({"cheapest", "fastest", "best", "balanced", "explore"})
"""Policies that go by earlier calls."""
