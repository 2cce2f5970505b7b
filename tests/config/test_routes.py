"""Routes as a profile writes them: policies, what each goes by, whom failures lead to."""

from typing import get_args

import pytest

from tests.support.config import Home
from ultra.config import choices
from ultra.config.resolve_routes import RULES
from ultra.core.model import Policy, RouteRules

BASE = """
providers: {lab: {protocol: openai-chat, base_url: "http://127.0.0.1:8000/v1", key: none}}
models: {fast: "lab:fast", smart: {model: "lab:smart", tier: 4}, large: "lab:large"}
groups: {both: [fast, smart]}
"""


def test_a_route_says_whom_each_failure_leads_to(home: Home) -> None:
    """Groups expand in every list; the ordinary ones are asked, each once."""
    home.own(
        "p",
        BASE
        + """
routes:
  r:
    candidates: ["@both"]
    on_failure: [fast, "lab:other"]
    on_context_length: [large]
    on_content_filter: ["lab:frank"]
""",
    )

    route = home.load("p").routes["r"]

    assert [one.name for one in route.candidates] == ["fast", "smart"]
    assert [one.name for one in route.usual] == ["fast", "smart", "lab:other"]
    assert [one.name for one in route.everyone][3:] == ["large", "lab:frank"]
    assert route.candidates[1].tier == 4


def test_what_is_shown_of_a_route_means_the_same(home: Home) -> None:
    """With everything it goes by."""
    home.own(
        "p",
        BASE
        + """
routes:
  r: {candidates: ["@both"], policy: balanced, min_quality: 0.6, slo_s: 9, weights: {cost: 2},
      on_failure: [large], on_context_length: [large], on_content_filter: [smart]}
  c: {candidates: ["@both"], policy: cheapest, allow_unpriced: true}
  w: {candidates: ["@both"], policy: weighted, weights: {fast: 3}}
""",
    )
    first = home.load("p")

    home.write(home.paths.profiles_dir / "shown.yaml", choices.show(first))

    assert home.load("shown").routes == first.routes
    assert first.routes["r"].rules == RouteRules({"cost": 2.0}, 0.6, 9.0)
    assert first.routes["c"].rules.allow_unpriced


@pytest.mark.parametrize("policy", get_args(Policy))
def test_every_policy_is_known_and_says_what_it_goes_by(home: Home, policy: Policy) -> None:
    """Anything else would be written in vain, so it is a mistake."""
    values = {
        "weights": "{quality: 1}" if policy != "weighted" else "{fast: 1}",
        "min_quality": "0.5",
        "slo_s": "3",
        "allow_unpriced": "true",
    }
    said = "".join(f", {name}: {value}" for name, value in values.items())
    home.own("p", f"{BASE}routes: {{r: {{candidates: [fast], policy: {policy}{said}}}}}\n")

    blamed = {problem.path.rpartition(".")[2] for problem in home.problems("p")}

    assert blamed == set(values) - set(RULES[policy])


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("policy: weighted, weights: {large: 1}", "`large` is not a candidate"),
        ("policy: weighted, weights: {fast: 0, smart: 0}", "every candidate weighs nothing"),
        ("policy: weighted, weights: {fast: -1}", "must be at least 0"),
        ("policy: balanced, weights: {qualty: 1}", "is nothing that counts here"),
        ("policy: cheapest, min_quality: 2", "must be at most 1"),
        ("policy: fastest, slo_s: 0", "must be more than 0"),
        ("policy: fastest, slo: p99", "p99"),
        ("policy: cheap", "`cheap` is not known here"),
        ("on_context_length: [nobody]", "nothing is called `nobody`"),
    ],
)
def test_mistakes_are_told_with_their_place(home: Home, written: str, words: str) -> None:
    """Before anything is asked."""
    home.own("p", f"{BASE}routes: {{r: {{candidates: [fast, smart], {written}}}}}\n")

    (problem,) = home.problems("p")

    assert words in problem.message
    assert problem.path.startswith("routes.r.")


@pytest.mark.parametrize("tier", ["0", "5", "high"])
def test_a_tier_is_one_of_four(home: Home, tier: str) -> None:
    """One to four, the best last."""
    text = BASE.replace("tier: 4", f"tier: {tier}")
    home.own("p", text)

    assert [problem.path for problem in home.problems("p")] == ["models.smart.tier"]
