"""What `usc` promises: asked in both orders, and likeness where the order decided."""

import msgspec
import pytest

from tests.support.fakes import Script, fails, says, target
from tests.support.plural import play
from tests.support.voices import shown_in
from ultra.core.errors import ErrorClass
from ultra.core.model import Method
from ultra.core.request import CallRequest

JUDGE = Method(judges=(target("j"),))
TEXTS = ("grass is green", "sky is blue", "the sky is blue")


def naming(label: str | int) -> object:
    """A judge that names the label, or the one at a place."""

    def script(request: CallRequest, _number: int) -> Script:
        chosen = label if isinstance(label, str) else list(shown_in(request))[label]
        return says(msgspec.json.encode({"label": chosen}).decode())

    return script


def test_the_answer_named_in_both_orders_is_given() -> None:
    """One order is the other's reverse."""
    played = play("usc", TEXTS, JUDGE)

    one, two = (list(shown_in(request).values()) for request in played.asked("choice"))
    assert one == two[::-1]
    assert played.outcome.answer is not None
    assert played.outcome.answer.text == "grass is green"
    assert played.outcome.verdict is not None
    assert played.outcome.verdict.swap_consistency == 1.0
    assert len(played.outcome.verdict.ballots) == 2
    assert not played.outcome.degraded


def test_a_judge_that_goes_by_the_order_leaves_it_to_likeness() -> None:
    """Which is told."""
    outcome = play("usc", TEXTS, JUDGE, scripts={"j": naming(0)}).outcome  # type: ignore[dict-item]

    assert outcome.answer is not None
    assert outcome.answer.text in TEXTS[1:]
    assert outcome.reasons == ("the judge changed its mind with the order; likeness decided",)
    assert outcome.verdict is not None
    assert outcome.verdict.swap_consistency == 0.0


@pytest.mark.parametrize("label", ["D", "a", "", "A or B"])
def test_a_label_that_is_none_is_not_guessed(label: str) -> None:
    """Asked once more in each order, then left to likeness."""
    played = play("usc", TEXTS, JUDGE, scripts={"j": naming(label)})  # type: ignore[dict-item]

    assert len(played.asked("choice")) == 4
    assert played.outcome.answer is not None
    assert played.outcome.answer.text in TEXTS[1:]
    assert played.outcome.reasons[-1] == "nobody named one; likeness decided"


def test_one_order_that_is_lost_leaves_the_other() -> None:
    """Told as lost."""

    def judge(_request: CallRequest, number: int) -> Script:
        return [fails(ErrorClass.AUTH)] if number == 0 else says('{"label": "B"}')

    outcome = play("usc", TEXTS, JUDGE, scripts={"j": judge}).outcome

    assert outcome.answer is not None
    assert outcome.answer.ok
    assert outcome.reasons == ("the judge lab:model-j failed (auth)",)


def test_without_a_judge_the_synthesizer_is_asked() -> None:
    """It is named for such steps."""
    assert len(play("usc", TEXTS, Method()).asked("choice", "s")) == 2
