"""What a route knows of each of its models before it chooses: estimates, reasons against it.

Expected cost is (prompt x input price + usual output x output price) x tries an answer takes: no
unit prices, since models differ in how much they say.
"""

import math
from typing import Literal

from msgspec import Struct, structs

from ultra.core.cost import cost_nano
from ultra.core.estimates import Estimates
from ultra.core.model import Route, Target
from ultra.core.usage import Usage

USUAL_OUTPUT_TOKENS = 500
"""Tokens of an answer of a model that has not answered yet."""

TIERS = {1: 0.55, 2: 0.65, 3: 0.75, 4: 0.85}
"""The quality that a tier stands for before anything was judged."""

USUAL_TIER = 2
PRIOR_MASS = 10
"""How many judged answers a tier counts for."""

Why = Literal[
    "capability",
    "window",
    "price",
    "quality",
    "key",
    "breaker",
    "rate_limit",
    "budget",
    "guardrail",
]
Place = Literal["candidate", "on_failure", "on_context_length", "on_content_filter"]
Evidence = Literal["prior", "assumed", "judged", "measured"]


class Exclusion(Struct, frozen=True):
    """Why a model is not asked. `until` is when it may be again, in UTC seconds; None for never.

    0 is at once: only as long as there is a better one.
    """

    why: Why
    message: str
    until: float | None = None


class Judged(Struct, frozen=True):
    """What picks, judges and expectations made of a model's answers: `good` of `prompts`.

    Each prompt counts once, as 0 to 1.
    """

    good: float = 0.0
    prompts: int = 0


UNJUDGED = Judged()


class Fact(Struct, frozen=True):
    """One model of a route as it stands: `asked_at` is when it was asked last, in UTC seconds."""

    target: Target
    place: Place = "candidate"
    exclusion: Exclusion | None = None
    estimates: Estimates = Estimates()
    asked_at: float | None = None
    judged: Judged = UNJUDGED


class Size(Struct, frozen=True):
    """How many tokens go in, and how many may come out; None where nobody caps them."""

    input_tokens: int
    output_cap: int | None = None


class Candidate(Struct, frozen=True):
    """One line of a plan.

    `cost_nano` and `time_s` are expected, None where unknown. `belief` is the Beta distribution of
    its quality, which `evidence` stands for: the user's word (`prior`), nobody's (`assumed`, the
    profile gives no tier), what was found of its answers to `judged` prompts as well (`judged`), or
    the calls themselves too (`measured`, in `explore`).
    """

    target: Target
    place: Place
    exclusion: Exclusion | None
    estimates: Estimates
    cost_nano: int | None
    time_s: float | None
    belief: tuple[float, float]
    evidence: Evidence
    asked_at: float | None = None
    judged: int = 0

    @property
    def ref(self) -> str:
        """`provider:model`."""
        return str(self.target.ref)

    @property
    def quality(self) -> float:
        """The mean of the belief, in 0..1."""
        good, bad = self.belief
        return good / (good + bad)

    @property
    def worth(self) -> tuple[bool, int]:
        """What it costs, as a key to sort by: the unknown stands behind all that is known."""
        return self.cost_nano is None, self.cost_nano or 0

    @property
    def wait(self) -> float:
        """How long it takes, as a key to sort by: the unknown stands behind all that is known."""
        return math.inf if self.time_s is None else self.time_s


def weighed(fact: Fact, size: Size, route: Route) -> Candidate:
    """The line of one model, left out where the route's own rules say so."""
    known, target = fact.estimates, fact.target
    said = known.output_tokens or USUAL_OUTPUT_TOKENS
    caps = [cap for cap in (size.output_cap, target.output_cap, target.max_output_tokens) if cap]
    tokens = round(min([said, *caps]))
    explored = route.policy == "explore" and known.calls > 0
    given: Evidence = "assumed" if target.tier is None else "prior"
    given = "judged" if fact.judged.prompts else given
    line = Candidate(
        target,
        fact.place,
        fact.exclusion,
        known,
        cost_nano=_cost(target, size.input_tokens, tokens, known),
        time_s=known.duration_p90_s if route.rules.slo == "p90" else _time(known, tokens),
        belief=belief(target.tier, known if explored else Estimates(), fact.judged),
        evidence="measured" if explored else given,
        asked_at=fact.asked_at,
        judged=fact.judged.prompts,
    )
    if line.exclusion is not None or line.place != "candidate":
        return line
    return structs.replace(line, exclusion=_ruled_out(line, route))


def belief(tier: int | None, known: Estimates, judged: Judged = UNJUDGED) -> tuple[float, float]:
    """How good a model is held to be, as a Beta distribution.

    A tier counts as ten judged answers. An answer that nobody judged counts as what tier and
    judgements say an answer is worth, and a failure as one that is worth nothing.
    """
    good = PRIOR_MASS * TIERS[tier or USUAL_TIER] + judged.good
    mass = PRIOR_MASS + judged.prompts
    good += known.good * good / mass
    return good, mass + known.good + known.bad - good


def _cost(target: Target, input_tokens: int, output_tokens: int, known: Estimates) -> int | None:
    usage = Usage(text_input_tokens=input_tokens, text_output_tokens=output_tokens)
    once = cost_nano(usage, target.price)
    return None if once is None else math.ceil(once * known.tries)


def _time(known: Estimates, output_tokens: int) -> float | None:
    """The first token and then the pace; the whole duration where these were not measured."""
    if known.ttft_p50_s is not None and known.tokens_per_s:
        return known.ttft_p50_s + output_tokens / known.tokens_per_s
    return known.duration_ewma_s


def _ruled_out(line: Candidate, route: Route) -> Exclusion | None:
    least = route.rules.min_quality
    if least is not None and line.quality < least:
        return Exclusion("quality", f"quality {line.quality:.2f} is below `min_quality` {least:g}")
    if route.policy == "cheapest" and line.cost_nano is None and not route.rules.allow_unpriced:
        return Exclusion("price", "its price is unknown (`allow_unpriced` lets it in)")
    return None
