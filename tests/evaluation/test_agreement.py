"""How alike answers are: agreement, never quality."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.core.answer import Answer
from ultra.evaluation.agreement import (
    agreement,
    clusters,
    common_ground,
    medoid,
    representative,
    sentences,
    similarity_matrix,
)

TEXTS = st.lists(st.text(max_size=40), max_size=6)


def answer(text: str, place: int = 0, **fields: object) -> Answer:
    told: dict[str, object] = {"finish_reason": "stop", **fields}
    return Answer(f"r-{place}", "n", "p", f"m{place}", "ok", text=text, **told)  # type: ignore[arg-type]


@given(TEXTS)
def test_similarity_is_symmetric_with_one_on_the_diagonal(texts: list[str]) -> None:
    """And stays within 0..1."""
    matrix = similarity_matrix(texts)

    assert len(matrix) == len(texts)
    for i, row in enumerate(matrix):
        assert row[i] == 1.0
        for j, value in enumerate(row):
            assert value == matrix[j][i]
            assert 0.0 <= value <= 1.0


def test_similarity_knows_words_in_any_order_and_case() -> None:
    """The same words are the same; other words are not."""
    ((_, same, other), *_) = similarity_matrix(["The sky is blue.", "blue is THE sky", "42 xyz"])

    assert same == 1.0
    assert other < 0.4


@given(TEXTS)
def test_clusters_part_the_answers(texts: list[str]) -> None:
    """Every index once, in order of first appearance."""
    groups = clusters(texts)

    assert sorted(index for group in groups for index in group) == list(range(len(texts)))
    assert [group[0] for group in groups] == sorted(group[0] for group in groups)


def test_clusters_hold_what_is_equal_after_normalisation() -> None:
    """Case, width, edges, separators of thousands."""
    assert clusters(["1,000", "Paris.", "1000", "paris", "London"]) == ((0, 2), (1, 3), (4,))


def test_the_medoid_is_most_like_all_others() -> None:
    """Not the first, not the longest."""
    matrix = similarity_matrix(["42", "the sky is very blue", "the sky is blue", "sky is blue"])

    assert medoid(matrix) == 2


@pytest.mark.parametrize("count", range(3))
def test_fewer_than_three_have_no_medoid(count: int) -> None:
    """Two are as like each other as they are."""
    assert medoid(similarity_matrix(["a"] * count)) is None


def test_of_equals_the_first_is_the_medoid() -> None:
    """Whatever order the numbers are added in."""
    assert medoid([[1.0, 0.1, 0.2], [0.1, 1.0, 0.2], [0.2, 0.1, 1.0]]) == 0
    assert medoid([[1.0, 0.3, 0.1, 0.2], [0.3, 0.1, 0.2, 1.0], [0, 0, 1, 0], [0, 0, 0, 1]]) == 0
    assert medoid(similarity_matrix(["x"] * 5)) == 0


def test_what_all_say_is_said_once_and_the_rest_where_it_belongs() -> None:
    """Differences first: the shared sentences leave each answer what is its own."""
    shared, differing = common_ground(
        ["The sky is blue. It is far.", "the sky is blue! Air scatters.", "- x\nThe sky is blue."]
    )

    assert shared == ("The sky is blue.",)
    assert differing == (("It is far.",), ("Air scatters.",), ("x",))


def test_one_answer_shares_nothing() -> None:
    """There is nobody to share it with."""
    assert common_ground(["A. B."]) == ((), (("A.", "B."),))
    assert common_ground([]) == ((), ())


def test_lines_that_look_alike_are_not_lost() -> None:
    """Code repeats itself; what an answer says twice stands twice."""
    code = "if x {\n  a()\n}\nif y {\n  b()\n}"

    shared, differing = common_ground([code, "nothing alike"])

    assert shared == ()
    assert differing[0] == ("if x {", "a()", "}", "if y {", "b()", "}")


def test_lines_without_words_are_common_ground_only_when_they_are_the_same() -> None:
    """Brackets of all kinds normalise to nothing; they are not one sentence."""
    shared, differing = common_ground(["()\nyes", "[]\nyes"])

    assert shared == ("yes",)
    assert differing == (("()",), ("[]",))


@given(st.lists(st.text(alphabet="ab.! \n(1", max_size=30), min_size=1, max_size=4))
def test_common_ground_loses_nothing(texts: list[str]) -> None:
    """Of the first answer, shared and own sentences are all there are."""
    shared, differing = common_ground(texts)

    assert sorted([*shared, *differing[0]]) == sorted(sentences(texts[0]))
    assert len(differing) == len(texts)


def test_sentences_are_claims_without_their_markdown() -> None:
    """A decimal point ends nothing; headings, rules, fences and list markers claim nothing."""
    text = "# Pi\nIt is 3.14. It is odd!\n---\n- one\n2. two. Three\n```python\nx = 1\n```\n> four"

    assert sentences(text) == ["It is 3.14.", "It is odd!", "one", "two.", "Three", "x = 1", "four"]


def test_only_usable_answers_count() -> None:
    """A failure is missing, not wrong."""
    answers = [
        answer("yes", 0),
        Answer("r-1", "n", "p", "m", "error"),
        answer("no", 2),
        answer("I can", 3, finish_reason="content_filter"),
    ]

    verdict = agreement(answers)

    assert verdict.call_ids == ("r-0", "r-2")
    assert len(verdict.similarity) == 2
    assert verdict.clusters == ((0,), (1,))
    assert verdict.medoid is None


def test_agreement_of_nobody_is_empty() -> None:
    """No answer, no verdict to speak of."""
    verdict = agreement([])

    assert (verdict.call_ids, verdict.similarity, verdict.shared) == ((), (), ())


def test_the_representative_speaks_for_all() -> None:
    """The most alike of three and more, else the first."""
    texts = ["42", "the sky is blue", "sky is blue"]

    chosen = representative([answer(text, place) for place, text in enumerate(texts)])

    assert chosen.text != "42"
    assert representative([answer("a"), answer("b")]).text == "a"
    assert representative([answer("a")]).text == "a"


def test_nobody_speaks_for_nobody() -> None:
    """There must be an answer to choose."""
    with pytest.raises(ValueError, match="no answer"):
        representative([])


def test_half_a_character_can_be_compared() -> None:
    """Lone surrogates are text like any other."""
    verdict = agreement([answer("h\ud83d", 0), answer("h\ud83d", 1), answer("x", 2)])

    assert verdict.clusters == ((0, 1), (2,))
    assert verdict.medoid == 0
