"""Intervals and tests for paired comparisons. The one home of scipy, in the extra `stats`.

The unit is the prompt: both arms answer the same ones, and repeats are averaged before anything
here sees them. Only what scipy does not have is written out: the Bonett-Price interval and the
beta-binomial e-process.
"""

from collections.abc import Sequence
from math import exp, log, sqrt
from typing import Literal

from msgspec import Struct

from ultra.core.errors import UsageError

try:
    import numpy as np
    from scipy import stats
    from scipy.special import betaln
except ImportError as error:
    raise UsageError(
        f"statistics need scipy, which cannot be loaded: {error}",
        hint='`pip install "ultra-llm[stats]"`',
    ) from error

Finding = Literal["A", "B", "equivalent", "inconclusive"]

RESAMPLES = 9_999
"""Permutations drawn where there are too many to try them all; scipy's own choice."""


class Interval(Struct, frozen=True):
    """A confidence interval."""

    low: float
    high: float

    @property
    def within(self) -> float:
        """The largest difference from zero that it holds."""
        return max(abs(self.low), abs(self.high))


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """The interval of one rate. Its mean coverage is 0.954 at 20 trials, where Wald's is 0.898.

    Source: E. B. Wilson (1927), Probable inference. Raises `ValueError` without trials.
    """
    found = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    return Interval(float(found.low), float(found.high))


def mcnemar(only_a: int, only_b: int) -> float:
    """The exact two-sided p of pairs in which only one arm passed; 1.0 when there is none.

    Source: Q. McNemar (1947), Note on the sampling error of the difference.
    """
    if only_a + only_b == 0:
        return 1.0
    return float(stats.binomtest(only_a, only_a + only_b, 0.5).pvalue)


def bonett_price(only_a: int, only_b: int, pairs: int, confidence: float = 0.95) -> Interval:
    """The interval of the difference A - B of two paired rates.

    Source: D. G. Bonett and R. M. Price (2012), Adjusted Wald confidence interval for a difference
    of binomial proportions based on paired data.
    """
    p_a, p_b = (only_a + 1) / (pairs + 2), (only_b + 1) / (pairs + 2)
    z = float(stats.norm.ppf(0.5 + confidence / 2))
    half = z * sqrt((p_a + p_b - (p_a - p_b) ** 2) / (pairs + 2))
    return Interval(max(-1.0, p_a - p_b - half), min(1.0, p_a - p_b + half))


def log_e_value(only_a: int, only_b: int) -> float:
    """The natural logarithm of the evidence against equal arms, at any time.

    The arms differ at level alpha once its running maximum reaches ln(1/alpha) (Ville). Source:
    H. Robbins (1970), beta mixture; R. Johari et al., Always valid inference (2022).
    """
    n = only_a + only_b
    return float(n * log(2.0) + betaln(only_a + 0.5, only_b + 0.5) - betaln(0.5, 0.5))


def always_valid_p(discordant: Sequence[bool]) -> float:
    """The p that may be looked at after every pair: of pairs in order, whether A was the better."""
    a = b = 0
    most = 0.0
    for a_won in discordant:
        a, b = a + a_won, b + (not a_won)
        most = max(most, log_e_value(a, b))
    return min(1.0, exp(-most))


def permutation_p(differences: Sequence[float], *, seed: int) -> float:
    """The two-sided p of paired differences by flipping signs; 1.0 when all are zero."""
    values = np.asarray(differences, dtype=float)
    if not values.any():
        return 1.0
    found = stats.permutation_test(
        (values, np.zeros_like(values)),
        lambda left, right, axis: np.mean(left - right, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def mean_interval(differences: Sequence[float], confidence: float = 0.95) -> Interval | None:
    """The t interval of the mean of paired differences; None with fewer than two."""
    values = np.asarray(differences, dtype=float)
    if len(values) < 2:
        return None
    spread = float(np.std(values, ddof=1)) / sqrt(len(values))
    mean = float(np.mean(values))
    if spread == 0.0:
        return Interval(mean, mean)
    low, high = stats.t.interval(confidence, len(values) - 1, loc=mean, scale=spread)
    return Interval(float(low), float(high))


def finding(interval: Interval, smallest: float) -> Finding:
    """What an interval of A - B says, where differences below `smallest` do not matter."""
    if interval.within <= smallest:
        return "equivalent"
    if interval.low > 0.0:
        return "A"
    if interval.high < 0.0:
        return "B"
    return "inconclusive"


def power(pairs: int, difference: float, discordance: float, alpha: float = 0.05) -> float:
    """The chance (0..1) that exact McNemar finds a difference of two rates over so many pairs.

    `discordance` is the share of pairs in which only one arm passes, at least the difference.
    Raises `ValueError` for shares that cannot be.
    """
    if not 0.0 < abs(difference) <= discordance <= 1.0:
        raise ValueError("the difference must be within the discordance, and that within 0..1")
    p_a = (discordance + abs(difference)) / 2.0 / discordance
    chance = 0.0
    for n, weight in _likely(pairs, discordance):
        lowest = int(stats.binom.ppf(alpha / 2.0, n, 0.5))
        while lowest >= 0 and 2.0 * stats.binom.cdf(lowest, n, 0.5) > alpha:
            lowest -= 1
        if lowest >= 0:
            beyond = stats.binom.cdf(lowest, n, p_a) + stats.binom.sf(n - lowest - 1, n, p_a)
            chance += weight * float(beyond)
    return chance


def pairs_needed(
    difference: float, discordance: float, *, alpha: float = 0.05, wanted: float = 0.8
) -> int:
    """The pairs after which exact McNemar has the wanted power, found in steps of 3%."""
    pairs = 8
    while power(pairs, difference, discordance, alpha) < wanted:
        pairs = max(pairs + 1, int(pairs * 1.03))
    return pairs


def _likely(pairs: int, discordance: float) -> list[tuple[int, float]]:
    """How many discordant pairs there may be, with the chance of each that matters."""
    low = int(stats.binom.ppf(1e-6, pairs, discordance))
    high = int(stats.binom.ppf(1 - 1e-6, pairs, discordance))
    return [(n, float(stats.binom.pmf(n, pairs, discordance))) for n in range(low, high + 1)]
