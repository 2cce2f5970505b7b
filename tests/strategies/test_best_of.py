"""What `best-of` promises: every answer in every place, no judge in its own cause, ties by cost."""

from collections import Counter
from collections.abc import Sequence

import msgspec
import pytest

from tests.support.fakes import Script, fails, says, target
from tests.support.plural import Played, play
from tests.support.voices import fitting, shown_in
from ultra.core.errors import ErrorClass, UsageError
from ultra.core.model import Method
from ultra.core.request import CallRequest
from ultra.core.usage import Usage

J, K = target("j"), target("k")
TEXTS = ("beta", "alpha", "gamma")


def judged(texts: Sequence[str] = TEXTS, **method: object) -> Played:
    return play("best-of", texts, Method(**{"judges": (J,), **method}))  # type: ignore[arg-type]


def test_the_judges_choice_is_given_word_for_word() -> None:
    """With all ballots and what they come to."""
    outcome = judged().outcome

    assert outcome.answer is not None
    assert outcome.answer.text == "alpha"
    assert outcome.provenance == ("lab:model-b",)
    assert not outcome.degraded
    assert outcome.verdict is not None
    assert outcome.verdict.winner == outcome.answer.call_id
    assert [one.score for one in outcome.verdict.standings] == [1.0, 0.5, 0.0]
    assert outcome.verdict.swap_consistency == 1.0
    assert outcome.verdict.deviations == {"lab:model-j": 0.0}


@pytest.mark.parametrize("members", [3, 4, 5])
def test_rotations_are_a_latin_square(members: int) -> None:
    """Three orders a judge; of three answers each stands once in each place."""
    texts = [chr(97 + place) * 3 for place in range(members)]
    orders = [tuple(shown_in(one).values()) for one in judged(texts).asked("ranking")]

    assert len(set(orders)) == 3
    for place in range(members):
        assert len({order[place] for order in orders}) == 3
    if members == 3:
        assert {place: {order[place] for order in orders} for place in range(3)} == {
            place: set(texts) for place in range(3)
        }


def test_every_judge_has_an_order_of_its_own() -> None:
    """Over seeds: they are not shown the same first."""
    firsts = set()
    for seed in range(20):
        played = play("best-of", TEXTS, Method(judges=(J, K)), seed=seed)
        orders = {name: tuple(shown_in(played.asked("ranking", name)[0]).values()) for name in "jk"}
        firsts.add(orders["j"] == orders["k"])
    assert firsts == {True, False}


def test_a_duel_of_two_equal_texts_is_a_tie_that_costs_nothing() -> None:
    """Nobody is asked about it, it counts in both orders, and it speaks for no judge."""
    two = judged(("It is 1,000.", " It is 1,000.\n"))
    three = judged(("beta", "alpha", "beta\n"), duels=True)

    assert two.asked("duel") == []
    verdict = two.outcome.verdict
    assert verdict is not None
    assert [one.score for one in verdict.standings] == [0.5, 0.5]
    assert (len(verdict.ballots), verdict.swap_consistency) == (2, None)
    assert not two.outcome.degraded
    assert len(three.asked("duel")) == 4
    verdict = three.outcome.verdict
    assert verdict is not None
    assert [(one.score, one.ballots) for one in verdict.standings] == [
        (1.0, 4),
        (0.25, 4),
        (0.25, 4),
    ]


@pytest.mark.parametrize("texts", [("b", "a"), ("b", "a", "c"), ("b", "a", "c", "d")])
def test_duels_are_all_pairs_in_both_orders(texts: tuple[str, ...]) -> None:
    """N (N - 1) calls a judge; two answers are a duel whatever was asked for."""
    played = judged(texts, duels=len(texts) > 2)

    pairs = Counter(tuple(shown_in(one).values()) for one in played.asked("duel"))
    assert set(pairs.values()) == {1}
    assert len(pairs) == len(texts) * (len(texts) - 1)
    assert all((right, left) in pairs for left, right in pairs)
    assert played.outcome.answer is not None
    assert played.outcome.answer.text == "a"
    assert played.outcome.verdict is not None
    assert played.outcome.verdict.swap_consistency == 1.0


def test_who_prefers_what_comes_first_decides_nothing() -> None:
    """Each stands first as often: all are level, and the cheapest is taken."""

    def first(request: CallRequest, _number: int) -> Script:
        labels = list(shown_in(request))
        return says(msgspec.json.encode({"reviews": [], "ranking": labels}).decode())

    cheap = says("gamma", usage=Usage(text_input_tokens=1, text_output_tokens=1))
    outcome = play("best-of", TEXTS, Method(judges=(J,)), scripts={"j": first, "c": cheap}).outcome

    assert outcome.verdict is not None
    assert {one.score for one in outcome.verdict.standings} == {0.5}
    assert outcome.verdict.swap_consistency is not None
    assert outcome.verdict.swap_consistency < 0.5
    assert outcome.answer is not None
    assert outcome.answer.text == "gamma"


def test_no_judge_ranks_an_answer_of_its_own_model() -> None:
    """Whoever serves it; it ranks the rest."""
    own = target("k", provider="elsewhere", model="vendor/Model-A")
    played = play("best-of", TEXTS, Method(judges=(J, own)))

    for request in played.asked("duel", "k") + played.asked("ranking", "k"):
        assert "beta" not in shown_in(request).values()
    assert {len(shown_in(one)) for one in played.asked("ranking", "j")} == {3}


def test_a_judge_may_rank_its_own_where_that_is_let() -> None:
    """As asked for, and only then."""
    own = target("k", model="model-a")
    let = play("best-of", TEXTS, Method(judges=(own,), self_judging=True))

    assert all(len(shown_in(one)) == 3 for one in let.asked("ranking"))
    with pytest.raises(UsageError, match="nobody may judge `a`"):
        play("best-of", TEXTS, Method(judges=(own,)))


def test_one_judge_of_a_panel_may_fail() -> None:
    """Its ballots are lost and told; the others decide."""
    down = [fails(ErrorClass.AUTH)]
    outcome = play("best-of", TEXTS, Method(judges=(J, K)), scripts={"j": down}).outcome

    assert outcome.answer is not None
    assert outcome.answer.text == "alpha"
    assert outcome.reasons == ("a ballot of lab:model-j was lost (auth)",)
    assert outcome.degraded
    assert outcome.verdict is not None
    assert {one.judge for one in outcome.verdict.ballots} == {"lab:model-k"}


def test_an_answer_that_nobody_judged_is_told() -> None:
    """Its only judge failed: it cannot win, and the run says so."""
    a, b = target("j", model="model-a"), target("k", model="model-b")
    texts = ("alpha", "beta", "gamma", "delta")
    outcome = play(
        "best-of",
        texts,
        Method(judges=(a, b)),
        scripts={"k": [fails(ErrorClass.AUTH)]},
    ).outcome

    assert outcome.answer is not None
    assert outcome.answer.text == "beta"
    assert "lab:model-a was judged by nobody" in outcome.reasons


def test_the_one_survivor_is_given_unjudged() -> None:
    """There is nothing to compare it with."""
    down = [fails(ErrorClass.AUTH)]
    played = play("best-of", TEXTS, Method(judges=(J,)), scripts={"a": down, "b": down})

    assert played.outcome.answer is not None
    assert played.outcome.answer.text == "gamma"
    assert played.bench.provider.to("j") == []


def test_lost_duels_do_not_reward_whom_one_met() -> None:
    """All meetings of the best with the worst are lost; the best is the best all the same."""

    def judge(request: CallRequest, _number: int) -> Script:
        if set(shown_in(request).values()) == {"a", "d"}:
            return [fails(ErrorClass.AUTH)]
        return says(fitting(request))

    outcome = play(
        "best-of", ("b", "a", "c", "d"), Method(judges=(J,), duels=True), scripts={"j": judge}
    ).outcome

    assert outcome.answer is not None
    assert outcome.answer.text == "a"
    assert outcome.degraded
