"""What a model's latest calls say of its next one."""

import math
import random
from collections.abc import Callable, Sequence
from statistics import mean, median

import pytest

from ultra.core.estimates import RECENT, Sample, estimates, ewma, quantile


def answered(seconds: float, **fields: float) -> Sample:
    return Sample(answered=True, ttft_s=seconds / 2, duration_s=seconds, **fields)  # type: ignore[arg-type]


def test_nothing_is_known_of_a_model_that_was_never_asked() -> None:
    """No figure is made up: success is even odds, an answer takes one try."""
    nothing = estimates([])

    assert (nothing.calls, nothing.success, nothing.tries) == (0, 0.5, 1.0)
    assert nothing.ttft_p50_s is None
    assert nothing.duration_p90_s is None
    assert nothing.output_tokens is None


def test_what_calls_say() -> None:
    """Medians of recent calls, the tails of all; what failed at once has no time."""
    known = estimates(
        [
            answered(4.0, output_tokens=30, tokens_per_s=10.0),
            Sample(answered=False),
            answered(2.0, output_tokens=10, tokens_per_s=20.0),
            answered(8.0, output_tokens=20, tokens_per_s=30.0),
        ]
    )

    assert (known.calls, known.answered) == (4, 3)
    assert known.success == 4 / 6
    assert known.tries == 5 / 4
    assert (known.output_tokens, known.tokens_per_s) == (20, 20.0)
    assert (known.ttft_p50_s, known.ttft_p95_s) == (2.0, 4.0)
    assert (known.duration_p50_s, known.duration_p90_s) == (4.0, 8.0)
    assert known.good == pytest.approx(1 + 0.995**2 + 0.995**3)
    assert known.bad == pytest.approx(0.995)


def test_a_call_that_timed_out_took_as_long_as_it_was_waited_for() -> None:
    """Leaving it out would make the provider that hangs look fast."""
    hung = Sample(answered=False, ttft_s=60.0, duration_s=60.0)

    assert estimates([hung, hung, answered(1.0)]).ttft_p50_s == 60.0


def test_typical_times_are_those_of_recent_calls() -> None:
    """What was slow before that shows in the tail alone."""
    known = estimates([answered(1.0)] * RECENT + [answered(9.0)] * 100)

    assert (known.duration_p50_s, known.duration_p90_s) == (1.0, 9.0)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1.0), (0.5, 2.0), (0.9, 4.0), (0.75, 3.0), (1.0, 4.0)]
)
def test_a_quantile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    """By nearest rank."""
    assert quantile([4.0, 1.0, 3.0, 2.0], share) == expected


def test_the_moving_average_is_one_of_logarithms() -> None:
    """One straggler of a hundred times the length does not carry it away."""
    assert ewma([]) is None
    assert ewma([2.0, 2.0]) == pytest.approx(2.0)
    assert ewma([100.0, 1.0]) == pytest.approx(math.exp(0.2 * math.log(100.0)))


Estimator = Callable[[Sequence[float]], float]

ESTIMATORS: dict[str, Estimator] = {
    "median": lambda newest: median(newest[:RECENT]),
    "log ewma": lambda newest: ewma(newest) or 0.0,
    "mean": lambda newest: mean(newest[:10]),
}


def wrong_choices(seed: int) -> dict[str, float]:
    """How often each estimator takes the slower of two providers, one of which degrades."""
    rng = random.Random(seed)

    def took(usual_s: float) -> float:
        straggles = 8.0 if rng.random() < 0.03 else 1.0
        return usual_s * math.exp(rng.gauss(0.0, 0.3)) * straggles

    ours: list[float] = []
    theirs: list[float] = []
    wrong = dict.fromkeys(ESTIMATORS, 0)
    for step in range(200):
        usual_s = 1.0 if step < 100 else 3.0
        if step >= 10:
            for name, estimate in ESTIMATORS.items():
                prefers_ours = estimate(ours) < estimate(theirs)
                wrong[name] += prefers_ours != (usual_s < 1.2)
        ours.insert(0, took(usual_s))
        theirs.insert(0, took(1.2))
    return {name: count / 190 for name, count in wrong.items()}


def test_medians_follow_a_change_of_regime_best() -> None:
    """A provider slows from 1 s to 3 s beside one of 1.2 s; one answer in thirty takes 8 times."""
    runs = [wrong_choices(seed) for seed in range(40)]
    wrong = {name: mean(run[name] for run in runs) for name in ESTIMATORS}

    assert wrong["median"] < 0.09
    assert wrong["median"] < wrong["log ewma"] < 0.14
    assert wrong["log ewma"] < wrong["mean"]
