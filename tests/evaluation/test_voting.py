"""What votes weigh: the heaviest answer is the likeliest, and order parts nobody."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.evaluation.voting import overshadowed, parties, tied, weight, weights


@pytest.mark.parametrize(
    ("accuracy", "wrong", "expected"),
    [
        (0.5, 1, 0.0),
        (0.5, 3, log(3)),
        (0.85, 3, log(0.85 / 0.15) + log(3)),
        (0.1, 3, 0.0),
        (1.0, 1, log(99)),
        (0.0, 1, 0.0),
    ],
)
def test_a_vote_weighs_its_log_odds(accuracy: float, wrong: int, expected: float) -> None:
    """And nothing below chance; no measurement is taken for certainty."""
    assert weight(accuracy, wrong) == pytest.approx(expected)


def test_whoever_was_not_measured_weighs_as_the_others_do() -> None:
    """All alike where nobody was."""
    assert weights([None, None], 3) == [1.0, 1.0]
    best, mean, worst = weights([0.85, None, 0.6], 3)
    assert mean == pytest.approx((best + worst) / 2)


def test_two_that_agree_outweigh_one_where_wrong_answers_are_many() -> None:
    """With three wrong answers to choose from; between two answers the best decides."""
    rated = [0.85, 0.6, 0.6]

    assert parties([[1, 2], [0]], weights(rated, 3), rated)[0].places == (1, 2)
    assert parties([[1, 2], [0]], weights(rated, 1), rated)[0].places == (0,)


@given(st.lists(st.none() | st.floats(0.0, 1.0), min_size=2, max_size=6))
def test_the_order_of_voters_parts_nobody(rated: list[float | None]) -> None:
    """Whoever comes first: the same party leads, or the same two are tied."""
    weighed = weights(rated, 3)
    groups = [[place] for place in range(len(rated))]

    found = parties(groups, weighed, rated)
    turned = parties(groups[::-1], weighed, rated)

    assert tied(found[0], found[1]) == tied(turned[0], turned[1])
    if not tied(found[0], found[1]):
        assert found[0] == turned[0]


def test_one_voter_may_stand_above_all() -> None:
    """By more than a tenth over the median, among three at least."""
    assert overshadowed([0.85, 0.6, 0.6])
    assert not overshadowed([0.7, 0.65, 0.6])
    assert not overshadowed([0.9, 0.5])
    assert not overshadowed([0.9, None, None])
