"""Intervals and tests, one by one; how often they err is simulated in `tests/simulation`."""

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
)


def test_the_sequential_p_is_that_of_the_largest_evidence() -> None:
    """Evidence once seen is not taken back."""
    early = [True] * 12

    assert always_valid_p([]) == 1.0
    assert always_valid_p(early) < 0.05
    assert always_valid_p([*early, *[False] * 12]) == always_valid_p(early)


@pytest.mark.parametrize(
    ("difference", "discordance", "pairs"),
    [
        (0.10, 0.2, 169),
        (0.10, 0.4, 331),
        (0.05, 0.1, 341),
        (0.05, 0.2, 664),
        (0.05, 0.4, 1291),
        (0.20, 0.4, 85),
    ],
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
