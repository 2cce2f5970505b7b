"""Intervals and tests over simulated experiments: how often they err, and what they cost."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from tests.support.simulation import logit, tolerance
from ultra.core.contests import Meeting
from ultra.evaluation.ratings import bradley_terry
from ultra.evaluation.statistics import (
    bonett_price,
    log_e_value,
    mcnemar,
    mean_interval,
    mid_p,
    power,
    wilson,
)

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

RATES = np.linspace(0.05, 0.95, 181)


def chances(trials: int) -> Floats:
    """How likely each count of successes is at each of the rates."""
    return np.asarray(stats.binom.pmf(np.arange(trials + 1), trials, RATES[:, None]))


@pytest.mark.parametrize(("trials", "mean"), [(20, 0.954), (50, 0.952), (100, 0.950)])
def test_wilson_covers_each_rate_about_as_often_as_it_says(trials: int, mean: float) -> None:
    """In the mean and nowhere below .92, by all the counts that there can be."""
    found = [wilson(hits, trials) for hits in range(trials + 1)]
    low, high = np.array([one.low for one in found]), np.array([one.high for one in found])

    coverage = (chances(trials) * ((low <= RATES[:, None]) & (RATES[:, None] <= high))).sum(1)

    assert float(coverage.mean()) == pytest.approx(mean, abs=0.003)
    assert float(coverage.min()) > 0.92


@pytest.mark.parametrize(
    ("only_a", "only_b", "pairs", "student", "adjusted"),
    [(0.05, 0.01, 20, 0.704, 1.0), (0.05, 0.01, 200, 0.944, 0.962), (0.1, 0.1, 50, 0.957, 0.962)],
)
def test_a_difference_of_rates_is_not_for_the_t_interval(
    only_a: float, only_b: float, pairs: int, student: float, adjusted: float
) -> None:
    """Where few pairs differ it covers the truth in .70; Bonett and Price's always in .95."""
    runs, truth = 5000, only_a - only_b
    drawn = np.random.default_rng(1).multinomial(pairs, [only_a, only_b, 1 - only_a - only_b], runs)
    kinds, times = np.unique(drawn, axis=0, return_counts=True)
    by_t = by_rates = 0
    for (a, b, same), count in zip(kinds.tolist(), times.tolist(), strict=True):
        t = mean_interval([1.0] * a + [-1.0] * b + [0.0] * same)
        rates = bonett_price(a, b, pairs)
        assert t is not None
        by_t += count * (t.low <= truth <= t.high)
        by_rates += count * (rates.low <= truth <= rates.high)

    assert by_t / runs == pytest.approx(student, abs=tolerance(student, runs))
    assert by_rates / runs == pytest.approx(adjusted, abs=tolerance(adjusted, runs))


def errs(test: Callable[[int, int], float], pairs: int, discordance: float) -> float:
    """How often a test tells equal arms apart at .05, by all the pairs that there can be."""
    total = 0.0
    for n in range(pairs + 1):
        likely = float(stats.binom.pmf(n, pairs, discordance))
        if likely < 1e-7:
            continue
        # A and B may change places: one half of the counts tells of both.
        told = np.array([test(a, n - a) < 0.05 for a in range(n // 2 + 1)])
        told = np.concatenate([told, told[: (n + 1) // 2][::-1]])
        total += likely * float((stats.binom.pmf(np.arange(n + 1), n, 0.5) * told).sum())
    return total


@pytest.mark.parametrize("discordance", [0.05, 0.1, 0.2, 0.4])
def test_how_often_equal_arms_are_told_apart(discordance: float) -> None:
    """Exact McNemar is timid, its mid-p hardly: never above .05, from 200 pairs on .041 to .05."""
    exact = {pairs: errs(mcnemar, pairs, discordance) for pairs in (20, 200)}

    assert exact[20] < 0.02
    assert 0.02 < exact[200] <= 0.041
    assert 0.041 <= errs(mid_p, 200, discordance) <= 0.05


def test_pairs_find_what_is_there() -> None:
    """.15 against .05 are told apart over 200 pairs in .87."""
    assert power(200, 0.10, 0.20) == pytest.approx(0.87, abs=0.01)


def looks(only_a: float, only_b: float, runs: int) -> tuple[Counts, Counts]:
    """Wins of A and of B after every ten of 1,000 pairs."""
    shares = [only_a, only_b, 1 - only_a - only_b]
    kinds = np.random.default_rng(4).choice(3, size=(runs, 1000), p=shares)
    return tuple((kinds == kind).cumsum(1)[:, 9::10] for kind in (0, 1))


def at_each(test: Callable[[int, int], float], a: Counts, b: Counts) -> Floats:
    """What a test says at each look, asked once for counts that come again."""
    pairs, where = np.unique(np.stack([a.ravel(), b.ravel()], 1), axis=0, return_inverse=True)
    found = np.array([test(int(one), int(other)) for one, other in pairs])
    return found[where].reshape(a.shape)


EVIDENCE = math.log(1 / 0.05)


def test_peeking_errs_unless_the_test_allows_for_it() -> None:
    """Equal arms, a look every ten pairs: naive z .43, McNemar .27, divided by 100, e-process."""
    runs = 2000
    a, b = looks(0.1, 0.1, runs)
    pairs = np.arange(10, 1001, 10)
    mean = (a - b) / pairs
    spread = np.sqrt(np.maximum((a + b) / pairs - mean**2, 1e-12) / pairs)
    exact = at_each(mcnemar, a, b)

    found = {
        0.427: np.abs(mean) > 1.96 * spread,
        0.272: exact < 0.05,
        0.004: exact < 0.05 / 100,
        0.024: at_each(log_e_value, a, b) >= EVIDENCE,
    }

    for expected, told in found.items():
        ever = float(told.any(1).mean())
        assert ever == pytest.approx(expected, abs=tolerance(expected, runs))


def test_what_it_costs_to_be_allowed_to_look() -> None:
    """Ten points at a discordance of .3: 270 pairs in the median, 340 were alpha divided."""
    a, b = looks(0.2, 0.1, 800)
    told = {
        270: at_each(log_e_value, a, b) >= EVIDENCE,
        340: at_each(mcnemar, a, b) < 0.05 / 100,
    }

    for expected, found in told.items():
        stops = np.where(found.any(1), found.argmax(1) * 10 + 10, 10_000)
        assert float(np.median(stops)) == pytest.approx(expected, abs=25)
        assert float((stops <= 1000).mean()) > 0.975


@pytest.mark.parametrize(("share", "expected"), [(0.5, 0.032), (0.65, 0.029)])
def test_a_sequence_of_intervals_seldom_loses_the_truth(share: float, expected: float) -> None:
    """Over 800 looks, at all of them at once, in fewer runs than the .05 that is allowed."""
    runs = 1000
    wins = (np.random.default_rng(6).random((runs, 800)) < share).cumsum(1)
    losses = np.arange(1, 801) - wins

    evidence = at_each(lambda a, b: log_e_value(a, b, share), wins, losses)

    lost = float((evidence >= EVIDENCE).any(1).mean())
    assert lost == pytest.approx(expected, abs=tolerance(expected, runs))


def chance(odds: Floats) -> Floats:
    """The chance of log-odds."""
    return np.asarray(1 / (1 + np.exp(-odds)))


def covering(samples: Floats, truth: float) -> tuple[float, float]:
    """How often the t interval holds the truth: of prompts' means, and of all that is in them."""
    by_prompt = pooled = 0
    for one in samples:
        means, everything = mean_interval(one.mean(axis=1)), mean_interval(one.ravel())
        assert means is not None
        assert everything is not None
        by_prompt += means.low <= truth <= means.high
        pooled += everything.low <= truth <= everything.high
    return by_prompt / len(samples), pooled / len(samples)


@pytest.mark.parametrize(
    ("gamma", "spread", "wrong"),
    [(0.0, 2.0, 0.885), (1.5, 0.5, 0.978)],
    ids=["prompts differ", "places count"],
)
def test_the_two_orders_of_a_pair_are_one_observation(
    gamma: float, spread: float, wrong: float
) -> None:
    """Taken for two they cover too seldom or too often; their means cover as they should."""
    runs, rng = 1500, np.random.default_rng(7)

    def orders(size: tuple[int, ...]) -> Floats:
        strength = 0.5 + rng.normal(0, spread, size)
        return np.stack([chance(strength + gamma), chance(strength - gamma)], -1)

    truth = float(orders((400_000,)).mean())
    rates = orders((runs, 50))
    right, pooled = covering((rng.random(rates.shape) < rates).astype(float), truth)

    assert right == pytest.approx(0.948, abs=tolerance(0.948, runs))
    assert pooled == pytest.approx(wrong, abs=tolerance(wrong, runs))


@pytest.mark.parametrize(
    ("prompts", "repeats", "wrong", "expected"), [(30, 5, 0.726, 0.944), (50, 10, 0.587, 0.951)]
)
def test_repeats_of_a_prompt_are_one_observation(
    prompts: int, repeats: int, wrong: float, expected: float
) -> None:
    """Taken for many they cover in .73 and .59."""
    runs, rng = 1500, np.random.default_rng(8)
    rates = rng.beta(0.5, 0.5, (runs, prompts, 1))
    passed = rng.random((runs, prompts, repeats)) < rates

    right, pooled = covering(passed.astype(float), 0.5)

    assert right == pytest.approx(expected, abs=tolerance(expected, runs))
    assert pooled == pytest.approx(wrong, abs=tolerance(wrong, runs))


def strongest(
    prompts: int, spread: float, rng: np.random.Generator, *, ties: float
) -> list[Meeting]:
    """What four judges who favour the first by 1.0 say of `a`, better by .8, and `b`, both ways.

    How much better differs between prompts by `spread`.
    """
    better = 0.8 + rng.normal(0, spread, prompts)
    found = []
    for at, lead in enumerate(better.tolist()):
        for first, second, sign in [("a", "b", 1.0), ("b", "a", -1.0)] * 4:
            won = float(rng.random() < 1 / (1 + math.exp(-(1.0 + sign * lead))))
            found.append(Meeting(str(at), first, second, 0.5 if rng.random() < ties else won))
    return found


@pytest.mark.parametrize(("prompts", "ties"), [(30, 0.0), (60, 0.0), (60, 0.2)])
def test_strengths_cover_when_prompts_are_the_clusters(prompts: int, ties: float) -> None:
    """.93 to .97; with every judgement for itself .8 to .9. A tie is half a win."""
    runs, rng = 200, np.random.default_rng(9)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    first, second = (
        float((weights * chance(1.0 + sign * (0.8 + nodes))).sum() / weights.sum())
        for sign in (1.0, -1.0)
    )
    told = [logit(share * (1 - ties) + ties / 2) for share in (first, second)]
    truth = (told[0] - told[1]) / 4
    clustered = alone = 0
    for _ in range(runs):
        met = strongest(prompts, 1.0, rng, ties=ties)
        apart = [Meeting(str(at), one.first, one.second, one.share) for at, one in enumerate(met)]
        clustered += covers(met, truth)
        alone += covers(apart, truth)

    assert clustered / runs == pytest.approx(0.95, abs=tolerance(0.95, runs))
    assert alone / runs < clustered / runs - 0.03


def covers(met: list[Meeting], truth: float) -> bool:
    """Whether the interval of `a` holds its strength against the mean of both."""
    rating = next(one for one in bradley_terry(met).ratings if one.model == "a")
    return rating.low <= truth <= rating.high
