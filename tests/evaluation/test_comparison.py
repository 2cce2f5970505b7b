"""What a comparison finds: agreement on what answers come to, models with samples, intervals."""

import sys

import pytest

from ultra.core.answer import Answer
from ultra.core.expect import parse_expectation
from ultra.core.extract import parse_extractor
from ultra.core.model import Method
from ultra.core.verdict import Ballot, Contender, Reading, Verdict
from ultra.evaluation.comparison import BY_JUDGES, Found, compared
from ultra.evaluation.contenders import ALIKE, ONE_JUDGE, agreement_of

NUMBER = Method(extract=parse_extractor("number"))


def answers(*texts: str, models: str = "") -> list[Answer]:
    """One letter a model; calls are numbered from 1."""
    names = models or "abcdefgh"[: len(texts)]
    pairs = zip(names, texts, strict=True)
    return [
        Answer(f"c{place}", name, "lab", f"model-{name}", "ok", text=text)
        for place, (name, text) in enumerate(pairs, start=1)
    ]


def ballot(ranking: str, judge: str = "j") -> Ballot:
    """Digits of calls, best first."""
    calls = tuple(f"c{digit}" for digit in ranking)
    return Ballot(judge, "x", calls, calls)


def contender(verdict: Verdict, name: str) -> Contender:
    return next(one for one in verdict.contenders if one.name == name)


def test_likeness_of_words_decides_nothing() -> None:
    """Two doses 97% alike do not agree once they are read, and nothing is decided unread."""
    doses = answers("Take 4000 mg.", "Take 400 mg.")

    unread, read = compared(doses, Method()), compared(doses, NUMBER)

    assert unread.similarity[0][1] > 0.9
    assert unread.agreement is None
    assert (read.agreement, read.agreed_on) == (0.5, "number")
    assert read.extracted == ("4 g", "0.4 g")
    assert read.conflicts[0].about == "mass"


def test_an_abstention_counts_as_apart() -> None:
    """Whoever says nothing that can be read agrees with nobody."""
    verdict = compared(answers("391", "391", "I cannot say"), NUMBER)

    assert verdict.agreement == pytest.approx(2 / 3)
    assert verdict.clusters == ((0, 1),)


def test_an_answer_alone_agrees_with_nobody() -> None:
    """One of one is no agreement."""
    assert compared(answers("391"), NUMBER).agreement is None


def test_each_model_counts_as_one_however_many_samples_it_gave() -> None:
    """Three samples of one model are no majority over two other models."""
    samples = answers("1", "1", "2", "3", "3", models="aaabc")
    calls = [["c1", "c2"], ["c3"], ["c4", "c5"]]

    assert agreement_of(calls, samples) == pytest.approx(2 / 3)
    assert agreement_of(calls[:1], samples[:3]) == pytest.approx(2 / 3)
    assert agreement_of([], samples) == 0.0


def test_what_judges_read_is_the_mean_of_them() -> None:
    """Where nothing is extracted."""
    found = Found(
        readings=(
            Reading("j", "x", (("c1", "c2"), ("c3",))),
            Reading("k", "y", (("c1", "c2", "c3"),)),
        )
    )

    verdict = compared(answers("yes", "sure", "indeed"), Method(), found)

    assert verdict.agreement == pytest.approx(5 / 6)
    assert verdict.agreed_on == BY_JUDGES


def test_the_winner_is_who_the_judges_put_first() -> None:
    """By mean score over the judges, however many ballots each cast."""
    found = Found((ballot("123", "j"), ballot("123", "j"), ballot("213", "k")))

    verdict = compared(answers("x", "y", "z"), Method(), found)

    assert verdict.winner == "c1"
    assert [one.name for one in verdict.contenders] == ["a", "b", "c"]
    assert contender(verdict, "a").score == pytest.approx(0.75)
    assert contender(verdict, "a").judges == 2


def test_a_tie_has_no_winner() -> None:
    """Two judges of two minds prefer nobody."""
    found = Found((ballot("12", "j"), ballot("21", "k")))

    verdict = compared(answers("x", "y"), Method(), found)

    assert verdict.winner is None
    assert [one.score for one in verdict.contenders] == [0.5, 0.5]


def test_samples_are_averaged_before_anything_else() -> None:
    """A model's score is that of its samples on average; its best sample speaks for it."""
    found = Found((ballot("1342"),))

    verdict = compared(answers("p", "q", "r", "s", models="aabb"), Method(), found)

    assert contender(verdict, "a").score == pytest.approx(0.5)
    assert contender(verdict, "b").score == pytest.approx(0.5)
    assert contender(verdict, "a").call_ids == ("c1", "c2")


def test_an_interval_is_over_the_judges() -> None:
    """Several rotations of one judge are one opinion, not several."""
    one = compared(answers("x", "y"), Method(), Found((ballot("12"), ballot("12"), ballot("21"))))
    minds = Found((ballot("12", "j"), ballot("12", "k"), ballot("21", "l"), ballot("12", "m")))
    four = compared(answers("x", "y"), Method(), minds)

    assert (one.unmeasured, contender(one, "a").low) == (ONE_JUDGE, None)
    assert four.unmeasured == ""
    best = contender(four, "a")
    assert (best.score, best.low, best.high) == (0.75, 0.0, 1.0)


def test_judges_that_all_say_the_same_tell_no_interval() -> None:
    """An interval of no width would claim to be sure."""
    verdict = compared(answers("x", "y"), Method(), Found((ballot("12", "j"), ballot("12", "k"))))

    assert verdict.unmeasured == ALIKE
    assert contender(verdict, "a").low is None


def test_expectations_are_counted_over_the_samples_of_a_model() -> None:
    """With Wilson's interval; of one sample there is none."""
    method = Method(expect=(parse_expectation("contains:391"), parse_expectation("regex:^[0-9]+$")))

    verdict = compared(answers("391", "391!", "391", "7", models="aaab"), method)

    good, bad = contender(verdict, "a"), contender(verdict, "b")
    assert (good.passed, good.checked, bad.passed, bad.checked) == (2, 3, 0, 1)
    assert good.pass_low == pytest.approx(0.2077, abs=1e-4)
    assert good.pass_high == pytest.approx(0.9385, abs=1e-4)
    assert (bad.pass_low, bad.pass_high) == (None, None)
    assert [check.why for check in verdict.checks if check.call_id == "c2"] == [
        "",
        "nothing matches",
    ]


def test_without_scipy_there_is_a_hint_in_place_of_intervals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Everything else is found all the same."""
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.delitem(sys.modules, "ultra.evaluation.statistics", raising=False)
    minds = Found((ballot("12", "j"), ballot("21", "k"), ballot("12", "l")))

    verdict = compared(answers("x", "y"), Method(), minds)

    assert "ultra-llm[stats]" in verdict.unmeasured
    assert verdict.winner == "c1"
    assert contender(verdict, "a").low is None


def test_a_plain_comparison_names_no_contenders() -> None:
    """There is nothing to say of a model that its one answer does not say."""
    verdict = compared(answers("x", "y"), Method())

    assert (verdict.contenders, verdict.winner, verdict.unmeasured) == ((), None, "")
