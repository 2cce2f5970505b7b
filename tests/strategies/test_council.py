"""What `council` promises: nobody in its own cause, one labelling for all, ties told as ties."""

import msgspec
import pytest

from tests.support.fakes import Script, fails, says, target
from tests.support.plural import play
from tests.support.voices import fitting, kind_of, shown_in, voice, words_of
from ultra.core.errors import ErrorClass, UsageError
from ultra.core.model import Method
from ultra.core.request import CallRequest

TEXTS = ("beta", "alpha", "gamma", "delta")


def test_everybody_reviews_the_others_in_an_order_of_its_own() -> None:
    """And under labels that mean the same to all, the chairman among them."""
    played = play("council", TEXTS, Method())

    seen = {one.target.name: shown_in(one) for one in played.asked("ranking")}
    assert set(seen) == set("abcd")
    for place, name in enumerate("abcd"):
        assert sorted(seen[name].values()) == sorted({*TEXTS} - {TEXTS[place]})
    (chairman,) = played.asked("words", "s")
    labels = shown_in(chairman)
    for shown in seen.values():
        assert all(labels[label] == text for label, text in shown.items())
    assert any(list(shown) != sorted(shown) for shown in seen.values())


def test_the_chairman_has_the_reviews_and_the_table() -> None:
    """By label, with scores; no model is named."""

    def reviewer(request: CallRequest, _number: int) -> Script:
        if kind_of(request) == "words":
            return says("beta")
        told = msgspec.json.decode(fitting(request))
        first = told["ranking"][0]
        review = {"label": first, "strengths": ["it is short"], "errors": []}
        return says(msgspec.json.encode({**told, "reviews": [review]}).decode())

    played = play("council", TEXTS, Method(), scripts={"a": reviewer})

    (chairman,) = played.asked("words", "s")
    assert "it is short" in words_of(chairman)
    assert '"ranking":[' in words_of(chairman)
    assert "model-" not in words_of(chairman)
    assert played.outcome.answer is not None
    assert played.outcome.answer.text == "written"


def test_the_table_says_how_far_they_agree() -> None:
    """Kendall's W of rankings that each leave one out, and each reviewer's deviation."""
    verdict = play("council", TEXTS, Method()).outcome.verdict

    assert verdict is not None
    assert verdict.concordance == pytest.approx(1.0)
    assert set(verdict.deviations.values()) == {0.0}
    assert verdict.winner is not None
    assert [one.ballots for one in verdict.standings] == [3, 3, 3, 3]


def test_a_chairman_that_fails_leaves_what_was_ranked_first() -> None:
    """Word for word."""
    outcome = play(
        "council", TEXTS, Method(), scripts={"s": voice([fails(ErrorClass.AUTH)])}
    ).outcome

    assert outcome.answer is not None
    assert (outcome.answer.text, outcome.provenance) == ("alpha", ("lab:model-b",))
    assert outcome.reasons == ("the writer failed (auth)",)


def test_a_ballot_that_is_none_is_thrown_away() -> None:
    """After one repair; the others are a council still."""
    bad = voice(says("beta"), says('{"reviews": [], "ranking": ["A"]}'))
    played = play("council", TEXTS, Method(), scripts={"a": bad})

    assert len(played.asked("ranking", "a")) == 2
    assert played.outcome.answer is not None
    assert played.outcome.answer.text == "written"
    assert played.outcome.verdict is not None
    assert len(played.outcome.verdict.ballots) == 3
    assert "a ballot of lab:model-a was lost" in played.outcome.reasons[0]


def test_fewer_than_two_ballots_are_no_council() -> None:
    """The answers are fused, which is told."""
    bad = {name: voice(says(text), says("no")) for name, text in zip("abc", TEXTS, strict=False)}
    played = play("council", TEXTS, Method(), scripts=bad)

    assert len(played.asked("analysis")) == 1
    assert played.outcome.reasons[-1] == "1 valid ballots make no council; the answers were fused"
    assert played.outcome.degraded


def test_a_tie_is_told_as_a_tie() -> None:
    """A circle of three: nobody is ahead, nothing is lost, and the chairman writes."""
    before = {"beta": "alpha", "alpha": "gamma", "gamma": "beta"}

    def reviewer(text: str) -> object:
        def script(request: CallRequest, _number: int) -> Script:
            if kind_of(request) == "words":
                return says(text)
            shown = shown_in(request)
            best = before[text]
            ranked = sorted(shown, key=lambda label: shown[label] != best)
            return says(msgspec.json.encode({"reviews": [], "ranking": ranked}).decode())

        return script

    texts = ("beta", "alpha", "gamma")
    outcome = play(
        "council",
        texts,
        Method(),
        scripts={name: reviewer(text) for name, text in zip("abc", texts, strict=True)},  # type: ignore[misc]
    ).outcome

    assert outcome.answer is not None
    assert outcome.answer.text == "written"
    assert outcome.verdict is not None
    assert outcome.verdict.winner is None
    assert outcome.verdict.concordance == pytest.approx(0.0)
    assert outcome.reasons == (
        "the reviewers leave a tie of lab:model-a, lab:model-b, lab:model-c",
    )
    assert not outcome.degraded


def test_samples_of_one_model_are_no_council() -> None:
    """Before anything is asked: none may review the others."""
    with pytest.raises(UsageError, match="several models"):
        play("council", ("a", "b", "c"), Method(), members=[target("a")] * 3)


def test_two_who_answered_are_fused() -> None:
    """Each would have one answer to rank."""
    played = play("council", TEXTS[:3], Method(), scripts={"a": [fails(ErrorClass.AUTH)]})

    assert played.asked("ranking") == []
    assert len(played.asked("analysis")) == 1
    assert played.outcome.reasons == (
        "lab:model-a failed (auth)",
        "no valid ballots make no council; the answers were fused",
    )
