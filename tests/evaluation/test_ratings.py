"""Strengths recovered from simulated judges, order effect and all."""

import math

import numpy as np
import pytest

from ultra.core.contests import Meeting
from ultra.evaluation.ratings import bradley_terry


def judged(
    strengths: dict[str, float], gamma: float, prompts: int, seed: int, *, both: bool = True
) -> list[Meeting]:
    """Every pair on every prompt, the first shown favoured by `gamma` in log-odds."""
    rng, names = np.random.default_rng(seed), sorted(strengths)
    meetings = []
    for prompt in range(prompts):
        for at, left in enumerate(names):
            for right in names[at + 1 :]:
                orders = [(left, right), (right, left)] if both else [(left, right)]
                for first, second in orders:
                    odds = strengths[first] - strengths[second] + gamma
                    won = rng.random() < 1.0 / (1.0 + math.exp(-odds))
                    meetings.append(Meeting(str(prompt), first, second, float(won)))
    return meetings


def test_equal_models_get_equal_strengths() -> None:
    """However strong the order effect."""
    found = bradley_terry(judged({"a": 0.0, "b": 0.0, "c": 0.0}, 1.5, 800, seed=3))

    assert all(abs(one.strength) < 0.15 for one in found.ratings)


def test_intervals_cover_when_prompts_are_the_clusters() -> None:
    """At about the 95% they say, over three models."""
    truth = {"a": 0.6, "b": 0.0, "c": -0.6}
    covered = total = 0
    for seed in range(120):
        for one in bradley_terry(judged(truth, 1.0, 60, seed=100 + seed)).ratings:
            covered += one.low <= truth[one.model] <= one.high
            total += 1

    assert 0.90 <= covered / total <= 0.985


def test_who_won_everything_still_has_a_finite_strength() -> None:
    """And stands first, with an interval that says how little is known."""
    meetings = [Meeting(str(at), "a", "b", 1.0) for at in range(5)]

    first, second = bradley_terry(meetings).ratings

    assert (first.model, second.model) == ("a", "b")
    assert math.isfinite(first.strength)
    assert first.low < first.strength < first.high


def test_one_model_alone_is_no_ranking() -> None:
    """There has to be somebody to compare with."""
    with pytest.raises(ValueError, match="nobody"):
        bradley_terry([])


def test_an_order_that_decides_everything_is_finite() -> None:
    """Whoever is shown first always wins: nobody is stronger, and the effect has a size."""
    names = ("a", "b", "c")
    met = [
        Meeting(f"{left}{right}", left, right, 1.0)
        for left in names
        for right in names
        if left != right
    ]

    found = bradley_terry(met)

    assert all(abs(one.strength) < 1e-6 for one in found.ratings)
    assert found.order_effect is not None
    assert 0.0 < found.order_effect < 5.0
