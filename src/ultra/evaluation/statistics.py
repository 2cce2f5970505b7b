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
    from scipy.optimize import brentq
    from scipy.special import betaln
except ImportError as error:
    raise UsageError(
        f"statistics need scipy, which cannot be loaded: {error}",
        hint='`pip install "ultra-llm[stats]"`',
    ) from error

Finding = Literal["A", "B", "equivalent", "inconclusive"]

Floats = np.typing.NDArray[np.float64]

DETECTABLE_STEP = 0.001
"""How exactly the smallest difference that can be found is looked for."""

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


def mid_p(only_a: int, only_b: int) -> float:
    """McNemar's p with half the weight of what was seen; 1.0 when no pair tells the arms apart.

    Less conservative than the exact one: it errs at most a little more often than it says. Source:
    H. O. Lancaster (1961), Significance tests in discrete distributions.
    """
    if only_a + only_b == 0:
        return 1.0
    fewer, n = min(only_a, only_b), only_a + only_b
    return float(2.0 * stats.binom.cdf(fewer, n, 0.5) - stats.binom.pmf(fewer, n, 0.5))


def log_e_value(only_a: int, only_b: int, share: float = 0.5) -> float:
    """The natural logarithm of the evidence, at any time, against A winning such a `share`.

    Of the pairs that tell the arms apart, that is; equal arms win half of them each. The arms
    differ at level alpha once its running maximum reaches ln(1/alpha) (Ville). Source: H. Robbins
    (1970), beta mixture; R. Johari et al., Always valid inference (2022).
    """
    expected = only_a * log(share) + only_b * log(1.0 - share)
    return float(betaln(only_a + 0.5, only_b + 0.5) - betaln(0.5, 0.5) - expected)


def confidence_sequence(only_a: int, only_b: int, alpha: float = 0.05) -> Interval:
    """The interval of A's share of such pairs that holds at all times at once: `log_e_value`
    inverted.
    """
    n = only_a + only_b
    if n == 0:
        return Interval(0.0, 1.0)
    edge, best = log(1.0 / alpha), (only_a + 0.5) / (n + 1.0)

    def over(share: float) -> float:
        return log_e_value(only_a, only_b, share) - edge

    least, most = 1e-12, 1.0 - 1e-12
    low = float(brentq(over, least, best)) if over(least) > 0.0 else 0.0
    high = float(brentq(over, best, most)) if over(most) > 0.0 else 1.0
    return Interval(low, high)


def always_valid_p(discordant: Sequence[bool]) -> float:
    """The p that may be looked at after every pair: of pairs in order, whether A was the better."""
    a = b = 0
    most = 0.0
    for a_won in discordant:
        a, b = a + a_won, b + (not a_won)
        most = max(most, log_e_value(a, b))
    return min(1.0, exp(-most))


def permutation_p(differences: Sequence[float], *, seed: int) -> float:
    """The two-sided p of paired differences by flipping signs; 1.0 for one, or when all are 0."""
    values = np.asarray(differences, dtype=float)
    if len(values) < 2 or not values.any():
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


def skewed_interval(
    differences: Sequence[float], *, seed: int, confidence: float = 0.95
) -> Interval | None:
    """The interval of the mean by bias-corrected bootstrap; None where all are the same.

    Source: B. Efron (1987), Better bootstrap confidence intervals.
    """
    values = np.asarray(differences, dtype=float)
    if len(values) < 2 or not np.ptp(values):
        return None
    found = stats.bootstrap(
        (values,),
        np.mean,
        confidence_level=confidence,
        method="BCa",
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(found.low), float(found.high))


def skewness(differences: Sequence[float]) -> float:
    """How lopsided values are, 0.0 for symmetric ones and for ones that are all the same."""
    values = np.asarray(differences, dtype=float)
    return float(stats.skew(values)) if len(values) > 2 and np.ptp(values) else 0.0


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
    n, weight = _likely(pairs, discordance)
    lowest = stats.binom.ppf(alpha / 2.0, n, 0.5)
    lowest = np.where(2.0 * stats.binom.cdf(lowest, n, 0.5) > alpha, lowest - 1, lowest)
    beyond = stats.binom.cdf(lowest, n, p_a) + stats.binom.sf(n - lowest - 1, n, p_a)
    return float(np.sum(weight * np.where(lowest >= 0, beyond, 0.0)))


def pairs_needed(
    difference: float, discordance: float, *, alpha: float = 0.05, wanted: float = 0.8
) -> int:
    """The pairs after which exact McNemar has the wanted power, found in steps of 3%."""
    pairs = 8
    while power(pairs, difference, discordance, alpha) < wanted:
        pairs = max(pairs + 1, int(pairs * 1.03))
    return pairs


def detectable(
    pairs: int, discordance: float, *, alpha: float = 0.05, wanted: float = 0.8
) -> float | None:
    """The smallest difference of two rates that exact McNemar finds with the wanted power.

    None where not even the largest that there can be, the discordance itself, is found so often.
    """
    if power(pairs, discordance, discordance, alpha) < wanted:
        return None
    low, high = 0.0, discordance
    while high - low > DETECTABLE_STEP:
        middle = (low + high) / 2.0
        if power(pairs, middle, discordance, alpha) < wanted:
            low = middle
        else:
            high = middle
    return high


def detectable_mean(
    pairs: int, spread: float = 1.0, *, alpha: float = 0.05, wanted: float = 0.8
) -> float | None:
    """The smallest mean difference that a t test finds with the wanted power.

    `spread` is the standard deviation of the differences. None with fewer than two pairs.
    """
    if pairs < 2:
        return None
    beyond = float(stats.t.ppf(1.0 - alpha / 2.0, pairs - 1))

    def lacking(effect: float) -> float:
        # Finding it the wrong way round, which is left out, is rarer than one case in a thousand.
        return float(stats.nct.sf(beyond, pairs - 1, effect * sqrt(pairs))) - wanted

    most = 1.0 / sqrt(pairs)
    while lacking(most) < 0.0:
        most *= 1.5
    return spread * float(brentq(lacking, 0.0, most))


def spread_of(differences: Sequence[float]) -> float:
    """Their standard deviation, 0.0 for fewer than two."""
    return float(np.std(np.asarray(differences), ddof=1)) if len(differences) > 1 else 0.0


def _likely(pairs: int, discordance: float) -> tuple[Floats, Floats]:
    """How many discordant pairs there may be, with the chance of each that matters."""
    low = int(stats.binom.ppf(1e-6, pairs, discordance))
    high = int(stats.binom.ppf(1 - 1e-6, pairs, discordance))
    counts = np.arange(low, high + 1, dtype=float)
    return counts, stats.binom.pmf(counts, pairs, discordance)
