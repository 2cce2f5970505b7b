"""From what a profile says of a route's policy to the rules that it means."""

from collections.abc import Sequence

from ultra.config.documents import Document
from ultra.config.reader import KeyPath
from ultra.config.schema import RouteSpec
from ultra.core.model import Policy, RouteRules, Target
from ultra.core.policies import WEIGHTS
from ultra.core.text import did_you_mean, one_line

RULES: dict[Policy, tuple[str, ...]] = {
    "order": (),
    "cheapest": ("min_quality", "allow_unpriced"),
    "fastest": ("min_quality", "slo_s", "slo"),
    "best": (),
    "balanced": ("min_quality", "slo_s", "weights"),
    "weighted": ("weights",),
    "round-robin": (),
    "explore": ("min_quality", "weights"),
}
"""What each policy goes by; anything else would be written in vain."""


def route_rules(
    found: Document, path: KeyPath, spec: RouteSpec, candidates: Sequence[Target]
) -> RouteRules:
    """The rules; what the policy does not go by is noted in `found` as a mistake."""
    said = {
        "weights": spec.weights or None,
        "min_quality": spec.min_quality,
        "slo_s": spec.slo_s,
        "slo": spec.slo,
        "allow_unpriced": spec.allow_unpriced,
    }
    for name, value in said.items():
        if value is not None and name not in RULES[spec.policy]:
            users = ", ".join(f"`{policy}`" for policy, rules in RULES.items() if name in rules)
            found.object_to(
                (*path, name), f"the policy `{spec.policy}` does not go by it", f"{users} does"
            )
    if "weights" in RULES[spec.policy]:
        _check_weights(found, (*path, "weights"), spec, candidates)
    return RouteRules(
        spec.weights,
        spec.min_quality,
        spec.slo_s,
        spec.slo or "p50",
        allow_unpriced=bool(spec.allow_unpriced),
    )


def _check_weights(
    found: Document, path: KeyPath, spec: RouteSpec, candidates: Sequence[Target]
) -> None:
    shares = spec.policy == "weighted"
    known = [target.name for target in candidates] if shares else list(WEIGHTS)
    for name in spec.weights:
        if name not in known:
            what = "is not a candidate" if shares else "is nothing that counts here"
            found.object_to(
                (*path, name),
                f"`{one_line(name, 80)}` {what}",
                did_you_mean(name, known) or f"one of: {', '.join(known)}",
            )
    if shares and candidates and not any(spec.weights.get(name, 1.0) for name in known):
        found.object_to(path, "every candidate weighs nothing")
