"""Who of a route is asked: every policy on facts written down, and what holds for any facts."""

import random
from collections import Counter
from collections.abc import Sequence
from statistics import mean
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.fakes import target
from ultra.core.candidates import TIERS, Exclusion, Fact, Judged, Place, Size, belief
from ultra.core.cost import FREE, Price, Rate
from ultra.core.estimates import Estimates
from ultra.core.model import Policy, Route, RouteRules, Target
from ultra.core.routing import Plan, chosen, decide

SIZE = Size(1000)


def dollars(into: float, out: float) -> Price:
    return Price(Rate(round(into * 1e9)), Rate(round(out * 1e9)), source="test")


def model(name: str, usd: float | None = 1.0, **fields: Any) -> Target:
    return target(name, price=None if usd is None else dollars(usd, usd), **fields)


def fared(
    *, n: int = 20, failed: int = 0, ttft_s: float = 0.5, out: float = 100, pace: float = 100.0
) -> Estimates:
    """A model that was asked `n` times."""
    time_s = ttft_s + out / pace
    return Estimates(
        calls=n,
        answered=n - failed,
        good=n - failed,
        bad=failed,
        output_tokens=out,
        ttft_p50_s=ttft_s,
        tokens_per_s=pace,
        duration_p50_s=time_s,
        duration_p90_s=2 * time_s,
        duration_ewma_s=time_s,
    )


def plan(policy: Policy, *facts: Fact, seed: int = 0, size: Size = SIZE, **rules: Any) -> Plan:
    route = Route("r", tuple(fact.target for fact in facts), policy, rules=RouteRules(**rules))
    return decide(route, facts, size, random.Random(seed))


def names(made: Plan) -> list[str]:
    return [target.name for target in made.order]


CHEAP = Fact(model("cheap", 1.0, tier=1), estimates=fared(ttft_s=2.0))
QUICK = Fact(model("quick", 4.0, tier=2), estimates=fared(ttft_s=0.1))
GOOD = Fact(model("good", 9.0, tier=4), estimates=fared(ttft_s=1.0))
FLAKY = Fact(model("flaky", 0.7, tier=1), estimates=fared(failed=12, ttft_s=1.5))
WORDY = Fact(model("wordy", 0.8, tier=1), estimates=fared(out=2000, ttft_s=1.0))
NEW = Fact(model("new", 2.0))
UNPRICED = Fact(model("unpriced", None), estimates=fared())
FREELY = Fact(target("free", price=FREE), estimates=fared(ttft_s=9.0))

GOLDEN: list[tuple[Policy, tuple[Fact, ...], dict[str, Any], list[str]]] = [
    ("order", (GOOD, CHEAP, NEW), {}, ["good", "cheap", "new"]),
    ("cheapest", (GOOD, QUICK, CHEAP), {}, ["cheap", "quick", "good"]),
    ("cheapest", (CHEAP, FREELY), {}, ["free", "cheap"]),
    ("cheapest", (FLAKY, CHEAP), {}, ["cheap", "flaky"]),
    ("cheapest", (WORDY, CHEAP), {}, ["cheap", "wordy"]),
    ("cheapest", (QUICK, NEW), {}, ["new", "quick"]),
    ("cheapest", (UNPRICED, CHEAP), {}, ["cheap"]),
    ("cheapest", (UNPRICED, CHEAP), {"allow_unpriced": True}, ["cheap", "unpriced"]),
    ("cheapest", (GOOD, QUICK, CHEAP), {"min_quality": 0.6}, ["quick", "good"]),
    ("fastest", (GOOD, CHEAP, NEW), {}, ["new", "good", "cheap"]),
    ("best", (CHEAP, QUICK, GOOD), {}, ["good", "quick", "cheap"]),
    ("best", (QUICK, NEW), {}, ["new", "quick"]),
    ("balanced", (CHEAP, QUICK, GOOD), {}, ["good", "quick", "cheap"]),
    ("balanced", (QUICK, NEW), {}, ["new", "quick"]),
    ("balanced", (CHEAP, QUICK, GOOD), {"slo_s": 2.5}, ["quick", "good", "cheap"]),
    ("balanced", (CHEAP, GOOD), {"slo_s": 0.1}, ["good", "cheap"]),
    ("balanced", (CHEAP, GOOD), {"weights": {"cost": 1.0}}, ["cheap", "good"]),
    ("balanced", (CHEAP, QUICK), {"weights": {"time": 9.0}}, ["quick", "cheap"]),
    ("balanced", (UNPRICED, CHEAP), {"weights": {"quality": 1.0}}, ["cheap", "unpriced"]),
    ("weighted", (CHEAP, GOOD), {"weights": {"cheap": 0.0}}, ["good", "cheap"]),
]


@pytest.mark.parametrize(("policy", "facts", "rules", "expected"), GOLDEN)
def test_each_policy_decides_as_it_says(
    policy: Policy, facts: tuple[Fact, ...], rules: dict[str, Any], expected: list[str]
) -> None:
    """The order, on facts that anybody can check by hand."""
    assert names(plan(policy, *facts, **rules)) == expected


def test_the_fastest_in_nine_cases_of_ten_may_be_another() -> None:
    """`slo: p90` goes by what nine in ten answers stayed within, not by the usual time."""
    steady = Fact(model("steady"), estimates=replace(fared(ttft_s=1.0), duration_p90_s=2.1))
    moody = Fact(model("moody"), estimates=replace(fared(ttft_s=0.1), duration_p90_s=30.0))

    def first(**rules: Any) -> Counter[str]:
        made = (plan("fastest", steady, moody, seed=seed, **rules) for seed in range(100))
        return Counter(names(one)[0] for one in made)

    assert first()["moody"] > 80
    assert first(slo="p90")["steady"] > 80


def test_expected_cost_counts_words_and_tries() -> None:
    """1,000 tokens in and 100 out at $1 a million each, with one try in two."""
    known = fared(n=9, failed=5)
    (line,) = plan("cheapest", Fact(model("a", 1.0), estimates=known)).candidates

    assert line.cost_nano == 1_100_000 * 10 // 5


def test_a_model_without_a_call_is_reckoned_at_its_list_price() -> None:
    """And at 500 tokens of answer, or at the cap where that is lower."""
    (line,) = plan("cheapest", NEW).candidates
    (capped,) = plan("cheapest", NEW, size=Size(1000, 50)).candidates

    assert line.cost_nano == 1500 * 2000
    assert capped.cost_nano == 1050 * 2000
    assert line.time_s is None


def test_expected_time_is_the_first_token_and_the_pace() -> None:
    """Where a pace was never measured it is the whole duration."""
    (line,) = plan("fastest", GOOD).candidates
    slow = Fact(model("a"), estimates=Estimates(calls=3, answered=3, duration_ewma_s=7.0))
    (whole,) = plan("fastest", slow).candidates

    assert line.time_s == 2.0
    assert whole.time_s == 7.0


def test_the_zero_data_store_decides_too() -> None:
    """Every policy gives a whole order from tiers and list prices alone."""
    facts = [
        Fact(model(name, usd, tier=tier))
        for name, usd, tier in (("a", 3.0, 4), ("b", 1.0, 1), ("c", 2.0, 3))
    ]
    expected = {
        "cheapest": "b",
        "fastest": "a",
        "best": "a",
        "balanced": "a",
        "order": "a",
        "round-robin": "a",
    }

    for policy, first in expected.items():
        assert names(plan(policy, *facts))[0] == first  # type: ignore[arg-type]
    mixed: tuple[Policy, ...] = ("weighted", "explore")
    for drawn in mixed:
        assert sorted(names(plan(drawn, *facts))) == ["a", "b", "c"]


def test_quality_says_what_it_stands_for() -> None:
    """The user's word, nobody's, or, while exploring, the calls."""
    given, assumed = plan("best", GOOD, NEW).candidates
    explored, untried = plan("explore", GOOD, Fact(model("x", tier=3))).candidates

    assert given.evidence == "prior"
    assert given.quality == pytest.approx(0.85)
    assert assumed.evidence == "assumed"
    assert assumed.quality == pytest.approx(0.65)
    assert explored.evidence == "measured"
    assert untried.evidence == "prior"
    assert untried.quality == pytest.approx(0.75)


def test_what_was_found_of_answers_moves_the_quality_away_from_the_tier() -> None:
    """A tier counts as ten prompts, so that ten found wrong halve it; explore goes by them too."""
    bad = Fact(model("x", tier=4), judged=Judged(0.0, 10))
    best, exploring = plan("best", bad).candidates[0], plan("explore", bad).candidates[0]
    fine = Fact(model("y", 5.0, tier=1), judged=Judged(40.0, 40))

    assert (best.evidence, best.judged) == ("judged", 10)
    assert best.quality == exploring.quality == pytest.approx(0.425)
    assert names(plan("best", GOOD, fine)) == ["y", "good"]
    assert names(plan("balanced", GOOD, fine)) == ["y", "good"]
    assert belief(4, fared(), Judged(0.0, 10))[0] == pytest.approx(8.5 + 20 * 0.425)


def test_fastest_spreads_over_those_that_are_alike() -> None:
    """So that not all go to one; at times anybody is taken, and the propensity says how likely."""
    facts = [
        Fact(model("a"), estimates=fared(ttft_s=1.00)),
        Fact(model("b"), estimates=fared(ttft_s=1.05)),
        Fact(model("c"), estimates=fared(ttft_s=5.0)),
    ]
    made = [plan("fastest", *facts, seed=seed) for seed in range(4000)]
    first = Counter(names(one)[0] for one in made)

    for one in made:
        expected = 0.95 / 2 + 0.05 / 3 if names(one)[0] != "c" else 0.05 / 3
        assert one.propensity == pytest.approx(expected)
    assert first["a"] / 4000 == pytest.approx(0.95 / 2 + 0.05 / 3, abs=0.03)
    assert first["c"] / 4000 == pytest.approx(0.05 / 3, abs=0.01)


def test_fastest_tries_each_unmeasured_model_once_in_order() -> None:
    """Then it is measured; one that only ever failed is not tried before the others again."""
    failed = Fact(model("failed"), estimates=Estimates(calls=2))

    made = plan("fastest", QUICK, NEW, Fact(model("newer")), failed)

    assert names(made)[:2] == ["new", "newer"]
    assert names(plan("fastest", QUICK, failed, seed=3))[0] == "quick"


def test_weights_are_shares() -> None:
    """Who weighs three times as much goes first three times as often; the propensity says so."""
    made = [
        plan("weighted", CHEAP, GOOD, seed=seed, weights={"cheap": 3.0}) for seed in range(4000)
    ]

    assert mean(names(one)[0] == "cheap" for one in made) == pytest.approx(0.75, abs=0.03)
    for one in made:
        assert one.propensity == (0.75 if names(one)[0] == "cheap" else 0.25)


def test_turns_go_to_whoever_waited_longest() -> None:
    """One that was never asked comes first."""
    facts = [replace(CHEAP, asked_at=30.0), replace(QUICK, asked_at=10.0), NEW]

    assert names(plan("round-robin", *facts)) == ["new", "quick", "cheap"]


def test_the_propensity_of_exploring_is_how_often_it_would_choose_so() -> None:
    """Counted from draws, never 0 or 1, so that it can be divided by."""
    facts = [Fact(model("a", tier=3)), Fact(model("b", tier=2))]
    made = [plan("explore", *facts, seed=seed) for seed in range(200)]
    share = mean(names(one)[0] == "a" for one in made)

    told = mean(one.propensity for one in made if names(one)[0] == "a")
    assert told == pytest.approx(share, abs=0.1)
    assert all(0.0 < one.propensity < 1.0 for one in made)


OPEN = Exclusion("breaker", "left alone", until=50.0)


def test_an_excluded_model_is_not_asked_and_its_reason_is_kept() -> None:
    """With the run as well."""
    made = plan("cheapest", replace(CHEAP, exclusion=OPEN), GOOD)

    assert names(made) == ["good"]
    kept = chosen(made)
    assert kept.excluded == {"lab:model-cheap": "left alone"}
    assert (kept.order, kept.policy, kept.propensity) == (["lab:model-good"], "cheapest", 1.0)


def test_where_all_are_kept_back_for_a_while_the_soonest_goes_first() -> None:
    """The engine then waits or refuses; what never passes stays out."""
    made = plan(
        "cheapest",
        replace(CHEAP, exclusion=Exclusion("rate_limit", "wait", until=90.0)),
        replace(GOOD, exclusion=OPEN),
        replace(QUICK, exclusion=Exclusion("capability", "blind")),
    )

    assert names(made) == ["good", "cheap"]


def test_nobody_is_asked_where_nobody_may() -> None:
    """An empty order says so."""
    made = plan("order", replace(CHEAP, exclusion=Exclusion("guardrail", "no")))

    assert (made.order, made.propensity) == ((), 0.0)


def at(place: Place, name: str, **fields: Any) -> Fact:
    return Fact(model(name), place, **fields)


def test_on_failure_stands_after_every_candidate() -> None:
    """As written, however cheap; a model that stands in both lists is asked once."""
    facts = [GOOD, CHEAP, at("on_failure", "last"), replace(CHEAP, place="on_failure")]

    assert names(plan("cheapest", *facts)) == ["cheap", "good", "last"]


def test_whom_a_class_of_failure_leads_to_stands_apart() -> None:
    """Kept back for a while or not: they are asked later. Who must not be asked is not in it."""
    never = Exclusion("guardrail", "no")
    made = plan(
        "order",
        GOOD,
        at("on_context_length", "large", exclusion=OPEN),
        at("on_context_length", "forbidden", exclusion=never),
        at("on_content_filter", "frank"),
    )

    assert names(made) == ["good"]
    assert [one.name for one in made.on_context_length] == ["large"]
    assert [one.name for one in made.on_content_filter] == ["frank"]


def test_a_prompt_that_fits_no_candidate_goes_where_a_long_one_leads() -> None:
    """Without asking those first that would refuse it."""
    long = Exclusion("window", "too long")
    made = plan("order", replace(GOOD, exclusion=long), at("on_context_length", "large"))

    assert names(made) == ["large"]


# What holds for any facts.

KNOWN = st.none() | st.builds(
    lambda n, share, ttft, out: fared(n=n, failed=int(n * share), ttft_s=ttft, out=out),
    st.integers(1, 200),
    st.floats(0, 1),
    st.floats(0.01, 60),
    st.integers(1, 4000),
)
ROWS = st.lists(
    st.tuples(st.integers(0, 50), st.sampled_from([None, 1, 2, 3, 4]), KNOWN),
    min_size=2,
    max_size=6,
)


def facts_of(rows: Sequence[tuple[int, int | None, Estimates | None]]) -> list[Fact]:
    return [
        Fact(model(f"m{place}", float(usd), tier=tier), estimates=known or Estimates())
        for place, (usd, tier, known) in enumerate(rows)
    ]


@given(rows=ROWS, which=st.integers(0, 5), more=st.integers(1, 50))
def test_a_dearer_price_never_makes_a_model_the_cheapest(
    rows: list[tuple[int, int | None, Estimates | None]], which: int, more: int
) -> None:
    """Whatever else is known of it."""
    place = which % len(rows)
    usd, tier, known = rows[place]
    dearer = [*rows[:place], (usd + more, tier, known), *rows[place + 1 :]]

    before = names(plan("cheapest", *facts_of(rows)))
    after = names(plan("cheapest", *facts_of(dearer)))

    assert after.index(f"m{place}") >= before.index(f"m{place}")


@given(
    rows=ROWS,
    slo_s=st.none() | st.floats(0.1, 100),
    weights=st.sampled_from([{}, {"quality": 1.0}, {"cost": 2.0, "time": 0.5}]),
)
def test_an_alternative_that_is_not_chosen_changes_no_choice_of_balanced(
    rows: list[tuple[int, int | None, Estimates | None]],
    slo_s: float | None,
    weights: dict[str, float],
) -> None:
    """Leaving out a loser leaves the winner; nothing is scaled between those at hand."""
    facts = facts_of(rows)
    winner, *losers = names(plan("balanced", *facts, slo_s=slo_s, weights=weights))
    assume(losers)

    for loser in losers:
        left = [fact for fact in facts if fact.target.name != loser]
        assert names(plan("balanced", *left, slo_s=slo_s, weights=weights))[0] == winner


@given(
    rows=ROWS,
    policy=st.sampled_from(
        ["order", "cheapest", "fastest", "best", "balanced", "weighted", "round-robin", "explore"]
    ),
    seed=st.integers(0, 99),
)
def test_every_eligible_model_is_asked_once_and_the_plan_is_the_seeds(
    rows: list[tuple[int, int | None, Estimates | None]], policy: Policy, seed: int
) -> None:
    """The same facts and seed give the same plan, with a propensity that can be divided by."""
    facts = facts_of(rows)
    made = plan(policy, *facts, seed=seed)

    assert sorted(names(made)) == sorted(fact.target.name for fact in facts)
    assert 0.0 < made.propensity <= 1.0
    assert names(plan(policy, *facts, seed=seed)) == names(made)


# Thompson sampling over 500 calls of four models that are right in 60 to 80 of 100.

ARMS = (0.60, 0.66, 0.73, 0.80)


def regret(tiers: tuple[int, int, int, int], seed: int) -> float:
    """What was lost against always asking the best, where answers are judged right or wrong."""
    rng = random.Random(seed)
    judged = [[0.0, 0.0] for _ in ARMS]
    lost = 0.0
    for _ in range(500):
        beliefs = [
            (good + told[0], bad + told[1])
            for (good, bad), told in zip(
                (belief(tier, Estimates()) for tier in tiers), judged, strict=True
            )
        ]
        drawn = [rng.betavariate(*one) for one in beliefs]
        arm = drawn.index(max(drawn))
        lost += max(ARMS) - ARMS[arm]
        judged[arm] = [0.995 * told for told in judged[arm]]
        judged[arm][0 if rng.random() < ARMS[arm] else 1] += 1.0
    return lost


@pytest.mark.parametrize(
    ("tiers", "most"),
    [((1, 2, 3, 4), 18.0), ((4, 3, 2, 1), 36.0)],
    ids=["right tiers", "inverted tiers"],
)
def test_exploring_loses_little_even_where_tiers_are_wrong(
    tiers: tuple[int, int, int, int], most: float
) -> None:
    """Random choices lose 51: a prior of ten answers helps when right and is outgrown when not."""
    lost = mean(regret(tiers, seed) for seed in range(60))

    assert lost < most < 500 * (max(ARMS) - mean(ARMS))


def test_what_is_explored_learns_from_calls_and_keeps_to_tiers() -> None:
    """One that fails is believed in less; one that answers is worth what its tier says."""
    fine, shaky = belief(3, fared(n=100)), belief(3, fared(n=100, failed=50))

    assert fine[0] / sum(fine) == pytest.approx(TIERS[3])
    assert shaky[0] / sum(shaky) < 0.6
    assert sum(fine) == 110
