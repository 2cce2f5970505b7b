"""What `vote` promises: it counts what answers come to, and a tie is nobody's victory."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes import fails
from tests.support.plural import Played, play
from ultra.core.errors import ErrorClass
from ultra.core.extract import Extractor
from ultra.core.model import Method

NUMBER = Extractor("number")


def voted(*texts: str, **method: object) -> Played:
    return play("vote", texts, Method(**{"extract": NUMBER, **method}))  # type: ignore[arg-type]


def test_the_majority_wins_in_its_first_supporters_words() -> None:
    """Units, separators and dress do not part voters."""
    played = voted("ANSWER: 7 kg", "I think ANSWER: 7\nANSWER: 7,000 g", "**ANSWER:** 8 kg")

    outcome = played.outcome
    assert outcome.answer is not None
    assert outcome.answer.text == "ANSWER: 7 kg"
    assert outcome.provenance == ("lab:model-a", "lab:model-b")
    assert outcome.verdict is not None
    assert outcome.verdict.share == pytest.approx(2 / 3)
    assert outcome.verdict.margin == pytest.approx(1 / 3)
    assert (outcome.verdict.key, outcome.verdict.clusters) == ("7000 g", ((0, 1), (2,)))
    assert not outcome.degraded


def test_members_are_told_how_to_end() -> None:
    """By one line that names no answer."""
    (first, *_) = voted("ANSWER: 1", "ANSWER: 1").asked("words")

    assert first.messages[-1].text.endswith("the number with its unit, nothing after it.")


def test_what_cannot_be_read_abstains_and_is_told() -> None:
    """It neither votes nor counts against a share."""
    outcome = voted("ANSWER: 7", "ANSWER: 7", "no idea").outcome

    assert outcome.answer is not None
    assert outcome.verdict is not None
    assert (outcome.verdict.share, outcome.verdict.extracted) == (1.0, ("7", "7", None))
    assert outcome.degraded
    assert outcome.reasons == ("lab:model-c abstained (nothing could be read from its answer)",)


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (["1", "2"], "no consensus: a tie at 1 vote"),
        (["1", "1", "2", "2"], "no consensus: a tie at 2 votes"),
        (["1", "1", "2", "3", "4"], "no consensus: the leader has 40% of the votes, of 50%"),
        (["1", "x", "y"], "no consensus: 1 of the 2 votes that it takes"),
    ],
)
def test_without_a_consensus_there_is_no_answer(texts: list[str], why: str) -> None:
    """Rather than the one that came first; the count is reported all the same."""
    outcome = voted(*texts).outcome

    assert outcome.answer is None
    assert outcome.provenance == ()
    assert outcome.reasons[-1] == why
    assert outcome.degraded
    assert outcome.verdict is not None
    assert (outcome.verdict.winner, outcome.verdict.key) == (None, None)
    assert outcome.verdict.clusters


def test_a_share_that_is_asked_for_is_needed() -> None:
    """Two of three are no four fifths."""
    assert voted("1", "1", "2", min_share=0.8).outcome.answer is None
    assert voted("1", "1", "2", min_share=0.6).outcome.answer is not None


def test_a_tolerance_joins_near_numbers() -> None:
    """One per cent; without it they are three answers."""
    assert voted("3.14", "3.1416", "9", tolerance=0.01).outcome.answer is not None
    assert voted("3.14", "3.1416", "9").outcome.answer is None


def test_the_better_measured_voter_breaks_a_tie() -> None:
    """Log-odds of what was measured; equally good ones leave it a tie."""
    split = {"lab:model-a": 0.6, "lab:model-b": 0.9}
    level = {"lab:model-a": 0.7, "lab:model-b": 0.7}

    outcome = voted("1", "2", accuracies=split).outcome
    assert outcome.answer is not None
    assert outcome.answer.text == "2"
    assert voted("1", "2", accuracies=level).outcome.answer is None


def test_equal_weights_are_parted_by_the_best_supporter() -> None:
    """.5 between two wrong answers weighs as much as two voters who weigh half of it."""
    rated = {"lab:model-a": 0.9, "lab:model-b": 0.75, "lab:model-c": 0.75}

    outcome = voted("1", "2", "2", accuracies=rated, options=2).outcome

    assert outcome.verdict is not None
    assert outcome.verdict.margin == pytest.approx(0.0, abs=1e-9)
    assert outcome.answer is not None
    assert outcome.answer.text == "1"


def test_the_best_supporter_speaks() -> None:
    """And a voter far above the others is told of, which loses nothing."""
    rated = {"lab:model-a": 0.6, "lab:model-b": 0.9, "lab:model-c": 0.6}

    outcome = voted("so ANSWER: 1", "ANSWER: 1", "2", accuracies=rated).outcome

    assert outcome.answer is not None
    assert outcome.answer.text == "ANSWER: 1"
    assert outcome.reasons == (
        "lab:model-b is right so much more often than the others that it may do better alone",
    )
    assert not outcome.degraded


def test_without_a_consensus_answers_are_fused_where_that_is_wished() -> None:
    """Both are told: why, and that they were."""
    played = voted("1", "2", escalate=True)

    assert played.outcome.answer is not None
    assert played.outcome.answer.text == "written"
    assert len(played.asked("analysis")) == 1
    assert played.outcome.degraded
    assert played.outcome.reasons == (
        "no consensus: a tie at 1 vote",
        "the answers were fused",
    )
    assert not voted("1", "1", escalate=True).asked("analysis")


def test_one_survivor_of_two_is_no_vote() -> None:
    """And nobody at all fails as they did."""
    down = [fails(ErrorClass.AUTH)]
    alone = play("vote", ["1", "2"], Method(extract=NUMBER), scripts={"b": down}).outcome
    nobody = play("vote", ["1", "2"], Method(extract=NUMBER), scripts={"a": down, "b": down})

    assert alone.answer is None
    assert "1 of the 2 votes" in alone.reasons[-1]
    assert nobody.outcome.answer is not None
    assert nobody.outcome.answer.error is not None
    assert nobody.outcome.answer.error.error_class is ErrorClass.AUTH


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["1", "2", "3", "?"]), min_size=2, max_size=6), st.data())
def test_the_order_of_members_decides_nothing(texts: list[str], data: st.DataObject) -> None:
    """The same answers in any order: the same key, or none."""
    turned = data.draw(st.permutations(texts))

    one, two = voted(*texts).outcome, voted(*turned).outcome

    assert (one.verdict and one.verdict.key) == (two.verdict and two.verdict.key)
    assert (one.answer is None) == (two.answer is None)
