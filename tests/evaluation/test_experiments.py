"""What an experiment says of its pairs: as registered, and no more than they bear."""

import math
import random
from collections.abc import Sequence
from typing import Any

import pytest

from ultra.core.experiments import Arm, Design, Experiment, Pair, Registration, Report, Side
from ultra.evaluation.experiments import report, settled

LOST = Side(error="server: no", again=True)
GONE = Side(error="content filter: no")


def experiment(prompts: int, **settled_first: Any) -> Experiment:
    design = Design(
        **{
            "a": Arm("a"),
            "b": Arm("b"),
            "prompts": "/p",
            "metric": "pass",
            "smallest": 0.1,
            **settled_first,
        }
    )
    test: Any = "sign-flip permutation"
    if design.sequential:
        test = "e-process"
    elif design.metric == "pass" and design.repeats == 1:
        test = "mid-p McNemar" if design.mid_p else "exact McNemar"
    better: Any = "lower" if design.metric in ("latency", "cost") else "higher"
    return Experiment(
        "x",
        0.0,
        Registration(design, better, test, "", prompts, "", ("l:a",), ("l:b",), ()),
    )


def pairs(values: Sequence[tuple[float | None, float | None]], repeats: int = 1) -> list[Pair]:
    """A pair for each two values, None for an answer that is missing."""
    sides = [[LOST if one is None else Side(one, 1.0, 1000) for one in pair] for pair in values]
    return [
        Pair(place, (place - 1) // repeats + 1, f"r{place}", a, b)
        for place, (a, b) in enumerate(sides, start=1)
    ]


def passes(both: int, only_a: int, only_b: int, none: int = 0) -> list[Pair]:
    values = ((1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0))
    counts = zip(values, (both, only_a, only_b, none), strict=True)
    return pairs([value for value, count in counts for _ in range(count)])


def said(found: Report) -> tuple[object, ...]:
    return found.stage, found.verdict, found.only_a, found.only_b


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ((60, 30, 10), "A"),
        ((60, 10, 30), "B"),
        ((198, 1, 1), "equivalent"),
        ((10, 6, 4), "inconclusive"),
        ((0, 5, 0), "inconclusive"),
    ],
)
def test_passes_are_judged_by_mcnemar_and_bonett_price(
    counts: tuple[int, int, int], verdict: str
) -> None:
    """A p above alpha is `inconclusive`, never that the arms are the same."""
    found = report(experiment(sum(counts)), passes(*counts))

    assert said(found) == ("done", verdict, *counts[1:])
    assert found.interval == "Bonett-Price"
    assert found.difference == pytest.approx((counts[1] - counts[2]) / sum(counts))
    assert None not in (found.low, found.high, found.p, found.arms[0].low, found.arms[1].high)
    assert "no difference" not in found.why


def test_a_real_difference_may_be_too_small_to_matter() -> None:
    """What is sure and small is `equivalent`: that is what the smallest difference is for."""
    found = report(experiment(2000, smallest=0.1), passes(1940, 50, 10))

    assert found.p is not None
    assert found.p < 0.05
    assert found.verdict == "equivalent"


def test_nothing_is_told_before_a_fixed_number_is_reached() -> None:
    """Looking early and often is how equal arms come to differ."""
    found = report(experiment(41), passes(10, 30, 0))

    assert said(found) == ("unfinished", None, None, None)
    assert (found.difference, found.p, found.low, found.arms[0].mean) == (None,) * 4
    assert found.arms[0].cost_nano == 40_000
    assert not settled(experiment(41), passes(10, 30, 0))
    assert report(experiment(3), []).stage == "registered"


def test_mid_p_finds_what_the_exact_test_just_misses() -> None:
    exact = report(experiment(40), passes(26, 11, 3))
    mid = report(experiment(40, mid_p=True), passes(26, 11, 3))

    assert exact.p is not None
    assert mid.p is not None
    assert mid.p < 0.05 < exact.p


def test_one_pair_in_twenty_may_be_missing_and_no_more() -> None:
    """It counts in neither arm; beyond that nothing is concluded."""
    whole, lost = [(1.0, 0.0)] * 38, [(None, 1.0), (1.0, None)]
    good = report(experiment(40), pairs([*whole, *lost]))
    bad = report(experiment(40), pairs([*whole[:-1], *lost, (None, None)]))

    assert (good.verdict, good.pairs, good.only_a) == ("A", 38, 38)
    assert [arm.missing for arm in good.arms] == [1, 1]
    assert good.losses == {"server: no": 2}
    assert bad.verdict == "inconclusive (missing data)"
    assert "3 of 40" in bad.why


def test_answers_that_are_missing_in_one_arm_alone_decide_nothing() -> None:
    """However few they are in all: what fails may be what is hard."""
    found = report(experiment(200), pairs([(1.0, 0.0)] * 192 + [(None, 1.0)] * 8))

    assert found.verdict == "inconclusive (missing data)"
    assert "8 of A alone" in found.why


def test_what_may_heal_is_asked_again_and_the_rest_is_settled() -> None:
    some = pairs([(1.0, 0.0)] * 4 + [(None, 1.0)])
    gone = [*some[:-1], Pair(5, 5, "r5", GONE, Side(1.0))]

    assert not settled(experiment(5), some)
    assert settled(experiment(5), gone)
    assert settled(experiment(40), pairs([(1.0, 0.0)] * 39 + [(None, 1.0)]))


def test_nothing_whole_is_missing_data() -> None:
    found = report(experiment(2), pairs([(None, None), (None, 1.0)]))

    assert found.verdict == "inconclusive (missing data)"
    assert found.why == "no prompt has both answers"


def test_repeats_are_averaged_before_anything_is_tested() -> None:
    """Thirty answers to three prompts are three, and three prompts tell nothing."""
    many = pairs([(1.0, 0.0)] * 30, repeats=10)
    found = report(experiment(3, repeats=10), many)

    assert (found.pairs, found.only_a) == (3, 3)
    assert found.p == 0.25
    assert found.verdict == "inconclusive"


def test_a_repeat_that_is_missing_leaves_the_others() -> None:
    found = report(
        experiment(20, repeats=2), pairs([(1.0, 0.0), (1.0, None), *[(1.0, 0.0)] * 38], repeats=2)
    )

    assert (found.pairs, found.only_a, found.verdict) == (20, 20, "A")


def test_times_are_compared_by_ratio() -> None:
    """A that takes half the time of B is ahead by ln 2, wherever that time is."""
    rng = random.Random(3)
    seconds = [rng.lognormvariate(0.0, 1.0) for _ in range(40)]
    found = report(
        experiment(40, metric="latency"),
        pairs([(one * rng.uniform(0.4, 0.6), one) for one in seconds]),
    )

    assert found.verdict == "A"
    assert found.difference == pytest.approx(math.log(2.0), abs=0.1)
    assert found.arms[0].mean == pytest.approx(found.arms[1].mean or 0.0 / 2.0, rel=0.6)
    near = report(
        experiment(40, metric="latency"),
        pairs([(one * rng.uniform(0.99, 1.01), one) for one in seconds]),
    )
    assert near.verdict == "equivalent"


def test_skewed_costs_have_a_bootstrapped_interval() -> None:
    rng = random.Random(5)
    costs = [(0.01 + rng.lognormvariate(-6.0, 1.5), 0.01) for _ in range(40)]
    found = report(experiment(40, metric="cost", smallest=0.0001), pairs(costs))

    assert found.interval == "BCa"
    assert found.verdict == "B"
    assert found == report(experiment(40, metric="cost", smallest=0.0001), pairs(costs))


def test_preferences_are_a_share_of_each_prompt() -> None:
    """Orders that disagree make a tie, which is half a prompt for each."""
    values = [(1.0, 0.0)] * 30 + [(0.5, 0.5)] * 10 + [(0.0, 1.0)] * 5
    found = report(experiment(45, metric="preference"), pairs(values))

    assert said(found) == ("done", "A", 30, 5)
    assert found.difference == pytest.approx(25 / 45)
    assert found.interval == "t"


def test_a_sequential_one_ends_where_the_evidence_does() -> None:
    """What came after it does not count, and what it says then stays so."""
    early = passes(0, 8, 0)
    found = report(experiment(100, sequential=True), early)
    later = report(experiment(100, sequential=True), [*early, *passes(0, 8, 40)[8:]])

    assert said(found) == ("done", "A", 7, 0)
    assert found.e is not None
    assert found.e >= 20.0
    assert found.p == pytest.approx(1.0 / found.e)
    assert found.share_low is not None
    assert found.share_low > 0.5
    assert (found.low, found.high) == (None, None)
    assert said(later)[1:] == said(found)[1:]


def test_a_sequential_one_goes_by_its_own_order_and_not_by_who_was_fast() -> None:
    """Pairs beyond a gap wait for it."""
    late = passes(0, 8, 0)[1:]
    found = report(experiment(100, sequential=True), late)

    assert said(found) == ("unfinished", None, 0, 0)
    assert said(report(experiment(100, sequential=True), [*late, *passes(0, 1, 0)]))[1] == "A"


def test_a_sequential_one_may_be_looked_at() -> None:
    """Its figures hold whenever one looks; there is no verdict before its end."""
    found = report(experiment(100, sequential=True), passes(5, 3, 1))

    assert said(found) == ("unfinished", None, 3, 1)
    assert found.p is not None
    assert found.p > 0.05
    assert found.pairs == 9
    assert found.share == 0.75


def test_a_sequential_one_can_end_equivalent_or_not_know() -> None:
    same = report(experiment(600, sequential=True), passes(598, 1, 1))
    unknown = report(experiment(10, sequential=True), passes(4, 3, 3))

    assert same.verdict == "equivalent"
    assert unknown.verdict == "inconclusive"


@pytest.mark.parametrize("prompts", [0, 1, 2])
def test_too_few_prompts_tell_nothing(prompts: int) -> None:
    """No division by nothing, and no verdict but that."""
    for metric in ("pass", "preference", "latency", "cost"):
        found = report(
            experiment(prompts + 1, metric=metric),
            pairs([(None, None), *[(1.0, 0.0)] * prompts]),
        )
        assert found.stage == "done"
        assert found.verdict == "inconclusive (missing data)"
