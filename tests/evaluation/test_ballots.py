"""What ballots come to: no place, no order and no lost ballot sways it."""

import random
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.core.verdict import Ballot
from ultra.evaluation.ballots import (
    concordance,
    leaders,
    standings,
    swap_consistency,
    why_no_ranking,
)


def ballot(ranking: str, shown: str = "", judge: str = "j") -> Ballot:
    """One letter an answer; the ranking in the order shown unless told."""
    return Ballot(judge, f"{judge}-call", tuple(shown or ranking), tuple(ranking))


@pytest.mark.parametrize(
    ("ranking", "told"),
    [
        (["A", "B", "C"], None),
        (["C", "A", "B"], None),
        (["A", "A", "B", "C"], "twice in the ranking: A"),
        (["A", "B"], "missing in the ranking: C"),
        (["A", "B", "D"], "unknown in the ranking: D"),
        ([], "missing in the ranking: A, B, C"),
    ],
)
def test_a_ranking_is_a_permutation_of_what_was_shown(ranking: list[str], told: str | None) -> None:
    """Anything else is refused with what is wrong, never mended."""
    assert why_no_ranking(ranking, ["A", "B", "C"]) == told


@given(st.lists(st.sampled_from("ABCDX"), max_size=7))
def test_whatever_is_accepted_is_a_permutation(ranking: list[str]) -> None:
    """For any labels."""
    accepted = why_no_ranking(ranking, list("ABCD")) is None

    assert accepted == (sorted(ranking) == list("ABCD"))


def test_scores_are_means_of_normalised_places() -> None:
    """A judge who was shown two weighs as much as one who was shown three."""
    found = standings([ballot("abc"), ballot("ba")])

    assert [(one.call_id, one.score, one.ballots) for one in found] == [
        ("b", 0.75, 2),
        ("a", 0.5, 2),
        ("c", 0.0, 1),
    ]


def test_a_tied_duel_gives_each_a_half() -> None:
    """And no winner."""
    tie = Ballot("j", "c", ("a", "b"), ())

    assert [one.score for one in standings([tie])] == [0.5, 0.5]
    assert leaders([tie]) == ["a", "b"]


def test_equal_scores_are_parted_by_the_majority() -> None:
    """Whoever more ballots prefer; a circle of three is a tie and is told as one."""
    assert leaders([ballot("abc"), ballot("abc"), ballot("bca")]) == ["a"]
    assert sorted(leaders([ballot("abc"), ballot("bca"), ballot("cab")])) == ["a", "b", "c"]


def test_concordance_is_one_when_all_agree_and_nothing_in_balance() -> None:
    """Kendall's W; None where ballots rank different answers."""
    assert concordance([ballot("abc"), ballot("abc", judge="k")]) == pytest.approx(1.0)
    everyone = [ballot("".join(order)) for order in permutations("abc")]
    assert concordance(everyone) == pytest.approx(0.0)
    assert concordance([ballot("abc"), ballot("ab")]) is None
    assert concordance([ballot("abc")]) is None


def test_swap_consistency_counts_the_same_judge_only() -> None:
    """Who prefers whatever comes first is never consistent."""
    first = [ballot("ab"), ballot("ba")]
    steady = [ballot("ab"), Ballot("j", "c", ("b", "a"), ("a", "b"))]

    assert swap_consistency(first) == 0.0
    assert swap_consistency(steady) == 1.0
    assert swap_consistency([ballot("ab"), ballot("ba", judge="k")]) is None


def reviews(rng: random.Random, *, recused: bool) -> list[Ballot]:
    """Four reviewers of four equal answers, of whom `a` always ranks itself first."""
    cast = []
    for own in "abcd":
        ranking = rng.sample("abcd", 4)
        if own == "a":
            ranking = ["a", *(name for name in ranking if name != "a")]
        if recused:
            ranking.remove(own)
        cast.append(ballot("".join(ranking), judge=own))
    return cast


@pytest.mark.parametrize(("recused", "expected"), [(False, 0.47), (True, 0.264)])
def test_ranking_the_rest_again_undoes_self_preference(recused: bool, expected: float) -> None:
    """How often the one who prefers itself comes first among equals; fair is .25."""
    rng, runs, wins = random.Random(11), 6000, 0.0
    for _ in range(runs):
        found = standings(reviews(rng, recused=recused))
        top = [one.call_id for one in found if one.score >= found[0].score - 1e-9]
        wins += ("a" in top) / len(top)

    assert wins / runs == pytest.approx(expected, abs=0.03)
