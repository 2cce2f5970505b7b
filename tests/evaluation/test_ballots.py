"""What ballots come to: no place, no order and no lost ballot sways it."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.core.contests import Meeting
from ultra.core.verdict import Ballot
from ultra.evaluation.ballots import (
    concordance,
    deviations,
    foremost,
    leaders,
    standings,
    swap_consistency,
    why_no_ranking,
)
from ultra.evaluation.ratings import bradley_terry


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


def test_concordance_of_rankings_that_each_leave_one_out() -> None:
    """Durbin's W: one where they fit one order, zero in a circle, none where a ballot is lost."""
    fit = [ballot("bc"), ballot("ac", judge="k"), ballot("ab", judge="l")]
    circle = [ballot("bc"), ballot("ca", judge="k"), ballot("ab", judge="l")]

    assert concordance(fit) == pytest.approx(1.0)
    assert concordance(circle) == pytest.approx(0.0)
    assert concordance(fit[:2]) is None


def test_a_judge_deviates_by_the_pairs_that_it_orders_otherwise() -> None:
    """A tied pair counts half."""
    found = deviations([ballot("abc"), ballot("abc", judge="k"), ballot("cba", judge="l")])
    tie = deviations([ballot("ab"), Ballot("k", "c", ("a", "b"))])

    assert found == {"j": 0.0, "k": 0.0, "l": 1.0}
    assert tie == {"j": 0.0, "k": 0.5}


def duel(first: str, second: str, winner: str, judge: str = "j") -> Ballot:
    ranking = (winner, second if winner == first else first) if winner else ()
    return Ballot(judge, f"{judge}-call", (first, second), ranking)


def test_whom_one_met_decides_nothing_where_duels_were_lost() -> None:
    """`b` won four fifths, nearly all against the worst; `a` two thirds, against who beats `b`."""
    met = [
        *[duel("a", "c", "a"), duel("c", "a", "a")] * 2,
        *[duel("a", "c", "c"), duel("c", "a", "c")],
        *[duel("c", "b", "c"), duel("b", "c", "c"), duel("b", "c", "b")],
        *[duel("b", "d", "b"), duel("d", "b", "b")] * 5,
        *[duel("b", "d", "b"), duel("d", "b", "d")],
    ]

    assert standings(met)[0].call_id == "b"
    assert foremost(met) == ["a"]


@given(st.lists(st.sampled_from(["first", "second", "tie"]), min_size=12, max_size=12))
def test_where_all_met_alike_strength_is_the_share_of_wins(words: list[str]) -> None:
    """Bradley-Terry orders four who all met in both orders as their shares do."""
    pairs = list(permutations("abcd", 2))
    met = [
        duel(first, second, {"first": first, "second": second, "tie": ""}[word])
        for (first, second), word in zip(pairs, words, strict=True)
    ]
    rated = bradley_terry(
        [
            Meeting(str(at), one.display_order[0], one.display_order[1], share(one))
            for at, one in enumerate(met)
        ]
    )
    strength = {one.model: one.strength for one in rated.ratings}
    score = {one.call_id: one.score for one in standings(met)}

    for left, right in permutations("abcd", 2):
        if score[left] > score[right] + 1e-9:
            assert strength[left] > strength[right] - 1e-6
    assert set(foremost(met)) <= {name for name in score if score[name] == max(score.values())}


def share(ballot: Ballot) -> float:
    if not ballot.ranking:
        return 0.5
    return float(ballot.ranking[0] == ballot.display_order[0])


def test_equals_are_parted_by_pairwise_majorities() -> None:
    """Copeland; a circle stays a tie."""
    assert foremost([ballot("abc"), ballot("abc"), ballot("bca")]) == ["a"]
    assert sorted(foremost([ballot("abc"), ballot("bca"), ballot("cab")])) == ["a", "b", "c"]
    assert foremost([]) == []


def test_swap_consistency_counts_the_same_judge_only() -> None:
    """Who prefers whatever comes first is never consistent."""
    first = [ballot("ab"), ballot("ba")]
    steady = [ballot("ab"), Ballot("j", "c", ("b", "a"), ("a", "b"))]

    assert swap_consistency(first) == 0.0
    assert swap_consistency(steady) == 1.0
    assert swap_consistency([ballot("ab"), ballot("ba", judge="k")]) is None
