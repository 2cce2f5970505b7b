"""Who of a route is asked, in which order and why: pure, from facts and one source of chance."""

import random
from collections.abc import Sequence

from msgspec import Struct

from ultra.core.candidates import Candidate, Fact, Place, Size, weighed
from ultra.core.model import Policy, Route, Target, unique
from ultra.core.policies import ORDERS
from ultra.core.records import RouteDocument


class Plan(Struct, frozen=True):
    """The order in which a route's models are asked, decided once, with the reasons.

    `order` is empty when nobody may be asked. `propensity` is how likely the first of it was, to
    judge a policy by what it chose. `candidates` are all, as the profile names them.
    """

    name: str
    policy: Policy
    order: tuple[Target, ...]
    propensity: float
    candidates: tuple[Candidate, ...]
    on_context_length: tuple[Target, ...] = ()
    on_content_filter: tuple[Target, ...] = ()


def chosen(plan: Plan) -> RouteDocument:
    """The plan as its run's record keeps it."""
    return RouteDocument(
        plan.name,
        plan.policy,
        [str(target.ref) for target in plan.order],
        round(plan.propensity, 4),
        {one.ref: one.exclusion.message for one in plan.candidates if one.exclusion},
    )


def decide(route: Route, facts: Sequence[Fact], size: Size, rng: random.Random) -> Plan:
    """Put the route's models in order.

    Where all are left out for reasons that pass, they stand in the order in which those do: the
    engine then waits or refuses. `on_failure` stands after the candidates, as written.
    """
    lines = [weighed(fact, size, route) for fact in facts]
    ranked, propensity = ORDERS[route.policy](_open(lines, "candidate"), route.rules, rng)
    ranked = ranked + _open(lines, "on_failure") or _next_best(lines)
    return Plan(
        route.name,
        route.policy,
        tuple(unique(line.target for line in ranked)),
        propensity if ranked else 0.0,
        tuple(lines),
        tuple(line.target for line in _open(lines, "on_context_length", passing=True)),
        tuple(line.target for line in _open(lines, "on_content_filter", passing=True)),
    )


def _open(lines: Sequence[Candidate], place: Place, *, passing: bool = False) -> list[Candidate]:
    """The models of a list that may be asked, now or (`passing`) some time soon."""
    return [
        line
        for line in lines
        if line.place == place
        and (line.exclusion is None or (passing and line.exclusion.until is not None))
    ]


def _next_best(lines: Sequence[Candidate]) -> list[Candidate]:
    """Whom to ask when nobody of the usual is open."""
    usual = [line for line in lines if line.place in ("candidate", "on_failure")]
    passing = [
        (line.exclusion.until, line)
        for line in usual
        if line.exclusion is not None and line.exclusion.until is not None
    ]
    if passing:
        return [line for _, line in sorted(passing, key=lambda pair: pair[0])]
    if any(line.exclusion and line.exclusion.why == "window" for line in usual):
        return _open(lines, "on_context_length")
    return []
