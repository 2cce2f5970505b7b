"""What `pipeline` promises: nothing is given that a gate held back."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes import Script, Scripts, fails, says, target
from tests.support.plural import Played, play
from ultra.core.errors import QUALITY_GATE, SAFETY_GATE, ErrorClass, UsageError
from ultra.core.model import Method
from ultra.core.request import CallRequest, Prompt, said

GATES = Method(judges=(target("j"), target("k")))
DRAFTS = ("draft 0", "draft 1", "draft 2", "draft 3")


def gate(*verdicts: str) -> Scripts:
    """A gate that says these in turn, the last one ever after."""

    def script(_request: CallRequest, number: int) -> Script:
        verdict = verdicts[min(number, len(verdicts) - 1)]
        if verdict == "fail":
            return [fails(ErrorClass.AUTH)]
        if verdict == "garble":
            return says("{oops")
        reasons = [] if verdict == "pass" else [f"because of {number}"]
        word = {"reasons": reasons, "verdict": verdict, "score": 5}
        return says(msgspec.json.encode(word).decode())

    return script


def piped(safety: Sequence[str], quality: Sequence[str], method: Method = GATES) -> Played:
    def generator(_request: CallRequest, number: int) -> Script:
        return says(DRAFTS[number])

    scripts: dict[str, Scripts] = {"a": generator, "j": gate(*safety), "k": gate(*quality)}
    return play("pipeline", ["-"], method, scripts=scripts)


def test_what_passes_both_gates_is_given() -> None:
    """Three calls."""
    played = piped(["pass"], ["pass"])

    assert played.outcome.answer is not None
    assert (played.outcome.answer.text, played.outcome.degraded) == ("draft 0", False)
    assert len(played.bench.provider.requests) == 3


@pytest.mark.parametrize("safety", ["block", "fail", "garble"])
def test_the_safety_gate_fails_shut(safety: str) -> None:
    """Not a word is given, and the failure says which gate it was."""
    played = piped([safety], ["pass"])

    answer = played.outcome.answer
    assert answer is not None
    assert (answer.ok, answer.text, answer.reasoning) == (False, "", "")
    assert answer.error is not None
    assert (answer.error.error_class, answer.error.code) == (ErrorClass.CONTENT_FILTER, SAFETY_GATE)
    assert played.asked("gate", "k") == []
    assert played.outcome.provenance == ()


@pytest.mark.parametrize("quality", ["fail", "garble"])
def test_a_quality_gate_that_fails_leaves_it_unreviewed(quality: str) -> None:
    """What is safe is given, and that nobody reviewed it is told."""
    outcome = piped(["pass"], [quality]).outcome

    assert outcome.answer is not None
    assert outcome.answer.text == "draft 0"
    assert outcome.degraded
    assert outcome.reasons[0].startswith(
        "nobody reviewed it: the quality gate `lab:model-k` failed"
    )


def test_a_revision_enters_the_first_gate_again() -> None:
    """It is told what to mend, and is held as any first answer is."""
    played = piped(["pass", "block"], ["revise", "pass"])

    second = played.asked("words", "a")[1]
    assert second.messages[-2].text == "draft 0"
    assert "because of 0" in second.messages[-1].text
    assert len(played.asked("gate", "j")) == 2
    assert played.outcome.answer is not None
    assert played.outcome.answer.text == ""
    assert played.outcome.reasons == (
        "the safety gate `lab:model-j` blocked the answer of `lab:model-a`: because of 1",
    )


@pytest.mark.parametrize(
    ("safety", "quality", "code"),
    [
        (["pass"], ["revise"], QUALITY_GATE),
        (["revise"], ["pass"], SAFETY_GATE),
        (["pass"], ["block"], QUALITY_GATE),
    ],
)
def test_what_never_passes_is_never_given(safety: list[str], quality: list[str], code: str) -> None:
    """However often it is revised; a gate that blocks lets nobody revise."""
    played = piped(safety, quality)

    answer = played.outcome.answer
    assert answer is not None
    assert (answer.ok, answer.text) == (False, "")
    assert answer.error is not None
    assert answer.error.code == code
    who = f"{code.replace('_', ' ')} `lab:model-{'k' if code == QUALITY_GATE else 'j'}`"
    assert answer.error.message.startswith(f"the {who}")
    assert "the answer of `lab:model-a`" in answer.error.message
    drafts = len(played.asked("words", "a"))
    assert drafts == (1 if "block" in quality else 3)


def test_as_many_revisions_as_are_wished() -> None:
    """None of them where none is."""
    none = msgspec.structs.replace(GATES, revisions=0)

    assert len(piped(["pass"], ["revise"], none).asked("words", "a")) == 1
    passed = piped(["pass"], ["revise", "revise", "pass"]).outcome.answer
    assert passed is not None
    assert passed.text == "draft 2"


def test_a_gate_is_not_the_model_it_guards() -> None:
    """Nor are there none; and calls of tools cannot be reviewed."""
    for judges in ((), (target("j", model="vendor/MODEL-A"),)):
        with pytest.raises(UsageError, match="gates"):
            play("pipeline", ["-"], Method(judges=judges))
    tools = Prompt((said("user", "?"),), tools=({"name": "f"},))
    with pytest.raises(UsageError, match="tools"):
        play("pipeline", ["-"], GATES, asked=tools)


VERDICTS = st.lists(
    st.sampled_from(["pass", "revise", "block", "fail", "garble"]), min_size=1, max_size=6
)


@settings(max_examples=60, deadline=None)
@given(safety=VERDICTS, quality=VERDICTS, revisions=st.integers(0, 2))
def test_whatever_gates_say_only_what_the_safety_gate_passed_is_given(
    safety: list[str], quality: list[str], revisions: int
) -> None:
    """And no run makes more calls than its formula says."""
    method = msgspec.structs.replace(GATES, revisions=revisions)
    played = piped(safety, quality, method)

    answer = played.outcome.answer
    assert answer is not None
    assert len(played.bench.provider.requests) <= (revisions + 1) * 5
    if not answer.ok:
        assert answer.text == ""
        return
    draft = DRAFTS.index(answer.text)
    gates = [one for one in played.asked("gate", "j") if answer.text in one.messages[1].text]
    assert gates
    assert draft <= revisions
    assert played.outcome.degraded == bool(played.outcome.reasons)
