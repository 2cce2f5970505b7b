"""What a model's latest calls say of its next one: how likely, how long, how fast, how talkative.

Source of the choice of estimators: in a change of regime (a provider slows from 1 s to 3 s, one
answer in thirty takes eight times as long) the median of 20 picks the slower one least often, then
the moving average of logarithms, then means.
"""

import math
from collections.abc import Callable, Sequence

from msgspec import Struct

RECENT = 20
"""Calls that typical times are taken from: few enough to follow a change, enough for a median."""

ALPHA = 0.2
"""What the newest call counts in the moving average of log durations."""

DISCOUNT = 0.995
"""What a call counts, once there is one more after it, when a model is explored."""


class Sample(Struct, frozen=True):
    """One call that was answered, or failed by the model's doing.

    Seconds are from the beginning of the call, retries included; those of a call that timed out are
    what it was waited for, those of any other failure None. `tokens_per_s` is the pace after the
    first token.
    """

    answered: bool
    ttft_s: float | None = None
    duration_s: float | None = None
    output_tokens: int | None = None
    tokens_per_s: float | None = None


class Estimates(Struct, frozen=True, omit_defaults=True):
    """What is known of a model; None where no call says it.

    `good` and `bad` count the calls with the older ones discounted. `tagged` says that only calls
    with the tags of the run at hand were looked at.
    """

    calls: int = 0
    answered: int = 0
    good: float = 0.0
    bad: float = 0.0
    output_tokens: float | None = None
    ttft_p50_s: float | None = None
    ttft_p95_s: float | None = None
    tokens_per_s: float | None = None
    duration_p50_s: float | None = None
    duration_p90_s: float | None = None
    duration_ewma_s: float | None = None
    tagged: bool = False

    @property
    def success(self) -> float:
        """The mean of Beta(1 + answered, 1 + failed), which is 0.5 before anything is known."""
        return (1 + self.answered) / (2 + self.calls)

    @property
    def tries(self) -> float:
        """How many calls an answer takes: 1 until one has failed.

        The other half of a uniform prior, a failure that nobody saw, is left out: it would make an
        untried model twice as dear as it is, so that `cheapest` would never try it.
        """
        return (1 + self.calls) / (1 + self.answered)


def estimates(samples: Sequence[Sample], *, tagged: bool = False) -> Estimates:
    """What calls say, given the newest first."""
    recent = samples[:RECENT]
    good, bad = _discounted(samples)
    durations = _known(samples, lambda one: one.duration_s)
    firsts = _known(samples, lambda one: one.ttft_s)
    return Estimates(
        calls=len(samples),
        answered=sum(one.answered for one in samples),
        good=good,
        bad=bad,
        output_tokens=median(_known(samples, lambda one: one.output_tokens)),
        ttft_p50_s=median(_known(recent, lambda one: one.ttft_s)),
        ttft_p95_s=quantile(firsts, 0.95),
        tokens_per_s=median(_known(recent, lambda one: one.tokens_per_s)),
        duration_p50_s=median(_known(recent, lambda one: one.duration_s)),
        duration_p90_s=quantile(durations, 0.9),
        duration_ewma_s=ewma(durations),
        tagged=tagged,
    )


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value that such a share (0..1) of the values does not exceed; None without values.

    Source: the nearest-rank method, which gives a value that was measured.
    """
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def ewma(durations: Sequence[float]) -> float | None:
    """The moving average of log durations, given the newest first, as seconds again."""
    average: float | None = None
    for seconds in reversed(durations):
        log = math.log(max(seconds, 1e-6))
        average = log if average is None else average + ALPHA * (log - average)
    return None if average is None else math.exp(average)


def _discounted(samples: Sequence[Sample]) -> tuple[float, float]:
    good = bad = 0.0
    for age, sample in enumerate(samples):
        weight = DISCOUNT**age
        good += weight if sample.answered else 0.0
        bad += 0.0 if sample.answered else weight
    return good, bad


def _known(samples: Sequence[Sample], said: Callable[[Sample], float | None]) -> list[float]:
    return [value for value in map(said, samples) if value is not None]


def median(values: Sequence[float]) -> float | None:
    """The middle of the values, the mean of the two in the middle of an even number; None of none.

    The standard library's costs 4 ms to import, for fractions and decimals.
    """
    if not values:
        return None
    ranked, middle = sorted(values), len(values) // 2
    return ranked[middle] if len(ranked) % 2 else (ranked[middle - 1] + ranked[middle]) / 2
