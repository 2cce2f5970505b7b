"""Intervals and tests against simulation: what they promise is what they do."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.evaluation.statistics import (
    Interval,
    always_valid_p,
    bonett_price,
    confidence_sequence,
    detectable,
    detectable_mean,
    finding,
    log_e_value,
    mcnemar,
    mean_interval,
    mid_p,
    pairs_needed,
    permutation_p,
    power,
    skewed_interval,
    skewness,
    spread_of,
    wilson,
)


def tolerance(share: float, runs: int) -> float:
    """Three standard errors of a Monte-Carlo share."""
    return 3.0 * math.sqrt(max(share * (1.0 - share), 1e-4) / runs)


def test_wilson_covers_what_it_says_on_average() -> None:
    """Over rates spread evenly: .954 at 20 trials, where Wald has .898."""
    rng, covered, runs = np.random.default_rng(1), 0, 4000
    cache: dict[int, Interval] = {}
    for rate in rng.uniform(0.0, 1.0, runs):
        hits = int(rng.binomial(20, rate))
        interval = cache.setdefault(hits, wilson(hits, 20))
        covered += interval.low <= rate <= interval.high

    assert covered / runs == pytest.approx(0.954, abs=tolerance(0.954, runs))


@pytest.mark.parametrize(
    ("only_a", "only_b", "pairs", "expected"),
    [(0.05, 0.01, 20, 1.0), (0.05, 0.01, 200, 0.962), (0.1, 0.1, 50, 0.962)],
)
def test_bonett_price_covers_rare_discordance(
    only_a: float, only_b: float, pairs: int, expected: float
) -> None:
    """Where t and Wald fall to .70."""
    rng, runs, covered = np.random.default_rng(2), 4000, 0
    for a, b, _ in rng.multinomial(pairs, [only_a, only_b, 1 - only_a - only_b], runs):
        interval = bonett_price(int(a), int(b), pairs)
        covered += interval.low <= only_a - only_b <= interval.high

    assert covered / runs == pytest.approx(expected, abs=max(0.004, tolerance(expected, runs)))


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5])
def test_exact_mcnemar_errs_no_oftener_than_it_says(rate: float) -> None:
    """It is conservative: at most alpha of equal arms are told apart."""
    rng, runs = np.random.default_rng(3), 2000
    wrong = 0
    for a, b, _ in rng.multinomial(100, [rate / 2, rate / 2, 1 - rate], runs):
        wrong += mcnemar(int(a), int(b)) < 0.05

    assert wrong / runs <= 0.05


def test_looking_after_every_pair_stays_honest() -> None:
    """Peeking at equal arms a hundred times finds a difference in at most alpha of runs."""
    rng, runs = np.random.default_rng(4), 1000
    wrong = naive = 0
    for _ in range(runs):
        wins = rng.random(300) < 0.5
        a, b = np.cumsum(wins), np.cumsum(~wins)
        looks = range(9, 300, 10)
        evidence = max(log_e_value(int(a[at]), int(b[at])) for at in looks)
        wrong += evidence >= math.log(1 / 0.05)
        spread = [abs(int(a[at]) - int(b[at])) / math.sqrt(at + 1) for at in looks]
        naive += max(spread) > 1.96

    assert wrong / runs <= 0.05
    assert naive / runs > 0.2


def test_the_sequential_p_is_that_of_the_largest_evidence() -> None:
    """Evidence once seen is not taken back."""
    early = [True] * 12

    assert always_valid_p([]) == 1.0
    assert always_valid_p(early) < 0.05
    assert always_valid_p([*early, *[False] * 12]) == always_valid_p(early)


def test_power_of_the_sequential_test() -> None:
    """Ten points at a discordance of .3 are found, at a median of about 270 pairs."""
    rng, runs, stops = np.random.default_rng(5), 200, []
    for _ in range(runs):
        kinds = rng.choice(3, size=1000, p=[0.2, 0.1, 0.7])
        a, b = np.cumsum(kinds == 0), np.cumsum(kinds == 1)
        looks = range(9, 1000, 10)
        found = [at + 1 for at in looks if log_e_value(int(a[at]), int(b[at])) >= math.log(20)]
        stops.append(found[0] if found else 1001)

    assert sum(stop <= 1000 for stop in stops) / runs >= 0.97
    assert 200 <= float(np.median(stops)) <= 340


@pytest.mark.parametrize(
    ("difference", "discordance", "pairs"),
    [(0.10, 0.2, 169), (0.10, 0.4, 331), (0.05, 0.1, 341), (0.05, 0.2, 664), (0.20, 0.4, 85)],
)
def test_the_pairs_that_a_difference_takes(
    difference: float, discordance: float, pairs: int
) -> None:
    """At 80% power and alpha .05, within the step of the search."""
    assert pairs_needed(difference, discordance) == pytest.approx(pairs, rel=0.05)


def test_power_refuses_shares_that_cannot_be() -> None:
    """A difference larger than the share of pairs that differ."""
    with pytest.raises(ValueError, match="within the discordance"):
        power(100, 0.3, 0.2)


def test_repeats_have_to_be_averaged_first() -> None:
    """The t interval over 30 prompts covers; over their 150 repeats it does not."""
    rng, runs = np.random.default_rng(6), 600
    right = wrong = 0
    for _ in range(runs):
        effects = rng.normal(0.0, 1.0, (30, 1)) + rng.normal(0.0, 0.5, (30, 5))
        by_prompt = mean_interval(effects.mean(axis=1).tolist())
        pooled = mean_interval(effects.ravel().tolist())
        assert by_prompt is not None
        assert pooled is not None
        right += by_prompt.low <= 0.0 <= by_prompt.high
        wrong += pooled.low <= 0.0 <= pooled.high

    assert right / runs == pytest.approx(0.95, abs=tolerance(0.95, runs))
    assert wrong / runs < 0.8


def test_a_permutation_sees_what_is_there() -> None:
    """And nothing where nothing is; the same seed gives the same p."""
    rng = np.random.default_rng(7)
    shifted = rng.normal(0.8, 1.0, 40).tolist()
    same = rng.normal(0.0, 1.0, 40).tolist()

    assert permutation_p(shifted, seed=1) < 0.01
    assert permutation_p(same, seed=1) == permutation_p(same, seed=1) > 0.05
    assert permutation_p([0.0, 0.0], seed=1) == 1.0


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.02, 0.2, "A"),
        (-0.2, -0.02, "B"),
        (-0.04, 0.03, "equivalent"),
        (0.01, 0.04, "equivalent"),
        (-0.2, 0.1, "inconclusive"),
    ],
)
def test_what_an_interval_says(low: float, high: float, expected: str) -> None:
    """`Not significant` is never `no difference`."""
    assert finding(Interval(low, high), 0.05) == expected


def test_nothing_to_compare_is_no_evidence() -> None:
    """Neither for nor against."""
    assert mcnemar(0, 0) == 1.0
    assert mean_interval([1.0]) is None
    assert mean_interval([1.0, 1.0]) == Interval(1.0, 1.0)


@given(a=st.integers(0, 60), b=st.integers(0, 60), more=st.integers(0, 60))
def test_the_interval_turns_with_the_arms(a: int, b: int, more: int) -> None:
    """Calling A B and B A changes the sign and nothing else."""
    pairs = a + b + more
    one, other = bonett_price(a, b, pairs), bonett_price(b, a, pairs)

    assert one.low == pytest.approx(-other.high)
    assert one.high == pytest.approx(-other.low)
    assert one.low <= one.high


@pytest.mark.parametrize(("only_a", "only_b"), [(10, 3), (3, 3), (6, 0), (0, 1), (40, 25)])
def test_mid_p_is_statsmodels_less_half_of_what_was_seen(only_a: int, only_b: int) -> None:
    """Against the exact test of another library, from which half of what was seen is taken."""
    from scipy.stats import binom
    from statsmodels.stats.contingency_tables import mcnemar as reference

    exact = reference([[0, only_a], [only_b, 0]], exact=True).pvalue
    unclamped = min(1.0, 2.0 * binom.cdf(min(only_a, only_b), only_a + only_b, 0.5))

    assert mcnemar(only_a, only_b) == pytest.approx(exact, abs=1e-9)
    seen = binom.pmf(min(only_a, only_b), only_a + only_b, 0.5)
    tied = 1.0 if only_a == only_b else unclamped - seen
    assert mid_p(only_a, only_b) == pytest.approx(tied, abs=1e-9)
    assert mid_p(0, 0) == 1.0


def test_what_can_be_found_is_what_the_power_says() -> None:
    """Of 20 prompts only giants; of none that part too rarely, nothing at all."""
    found = detectable(20, 0.4)

    assert found is not None
    assert found > 0.35
    assert power(20, found, 0.4) == pytest.approx(0.8, abs=0.01)
    assert detectable(20, 0.2) is None
    assert detectable(pairs_needed(0.1, 0.4), 0.4) == pytest.approx(0.1, abs=0.002)


@pytest.mark.parametrize("pairs", [2, 3, 20, 400])
def test_the_mean_that_can_be_found_is_what_statsmodels_says(pairs: int) -> None:
    from statsmodels.stats.power import TTestPower

    found = detectable_mean(pairs, 2.0)

    assert found is not None
    assert TTestPower().power(found / 2.0, pairs, 0.05) == pytest.approx(0.8, abs=1e-3)
    assert detectable_mean(1) is None


@given(only_a=st.integers(0, 300), only_b=st.integers(0, 300))
def test_a_confidence_sequence_is_the_e_process_inverted(only_a: int, only_b: int) -> None:
    """One half is outside exactly where the evidence against it is enough."""
    found = confidence_sequence(only_a, only_b)

    assert 0.0 <= found.low <= found.high <= 1.0
    outside = not found.low <= 0.5 <= found.high
    assert outside == (log_e_value(only_a, only_b) > math.log(20.0))
    for end in (found.low, found.high):
        if 0.0 < end < 1.0:
            assert log_e_value(only_a, only_b, end) == pytest.approx(math.log(20.0), abs=1e-3)


def test_a_skewed_mean_is_bootstrapped() -> None:
    """The interval leans to where the long tail is; values that are all the same have none."""
    rng = np.random.default_rng(3)
    values = list(rng.lognormal(0.0, 1.5, 60))
    found = skewed_interval(values, seed=1)
    mean = sum(values) / len(values)

    assert skewness(values) > 1.0
    assert found is not None
    assert found.high - mean > mean - found.low
    assert found == skewed_interval(values, seed=1)
    assert skewed_interval([2.0] * 40, seed=1) is None
    assert skewness([2.0] * 40) == 0.0
    assert spread_of([1.0]) == 0.0
