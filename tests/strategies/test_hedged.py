"""A first model that is slow to begin is raced by the next: who speaks, who is stopped."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.fakes import (
    Bench,
    RecordingLedger,
    SlowClose,
    Wait,
    fails,
    prompt,
    says,
    target,
)
from tests.support.virtual import now, virtual
from ultra.core.errors import ErrorClass, Failure
from ultra.core.events import CallCancelled, CallStarted
from ultra.core.ledger import Refused
from ultra.core.ports import Outcome, Settings
from ultra.core.request import Prompt, Sampling
from ultra.core.stream import ReasoningDelta, TextDelta
from ultra.strategies.hedged import hedged, why_not

NAMES = "abc"


def raced(
    scripts: Mapping[str, Any],
    *,
    after_s: float | None = 2.0,
    question: Prompt | None = None,
    ledger: RecordingLedger | None = None,
    **fields: Any,
) -> tuple[Outcome, float, Bench]:
    """A walk over the scripts' models; what came of it, and the seconds it took."""

    async def main() -> tuple[Outcome, float, Bench]:
        bench = Bench(scripts, ledger=ledger, **fields)
        outcome = await hedged(
            question or prompt(),
            [target(name) for name in scripts],
            bench.caller,
            bench.emit,
            Settings(hedge_after_s=after_s),
        )
        bench.check()
        return outcome, now(), bench

    return virtual(main())


def kinds(bench: Bench) -> list[tuple[str, str]]:
    return [(row.target.name, row.kind) for row in bench.ledger.admitted]


def text(outcome: Outcome) -> str:
    assert outcome.answer is not None
    return outcome.answer.text


def test_a_first_model_that_begins_in_time_is_not_raced() -> None:
    """However long it speaks afterwards."""
    outcome, took, bench = raced(
        {"a": [Wait(1.9), TextDelta("x"), Wait(50.0), *says("a")], "b": []}
    )

    assert (text(outcome), took) == ("xa", 51.9)
    assert kinds(bench) == [("a", "primary")]


def test_a_copy_that_speaks_first_is_the_answer() -> None:
    """The first is stopped at once, logged and charged; nothing was lost."""
    outcome, took, bench = raced({"a": [Wait(30.0), *says("late")], "b": [Wait(1.0), *says("b")]})

    assert (text(outcome), took) == ("b", 3.0)
    assert (outcome.provenance, outcome.degraded, outcome.reasons) == (("lab:model-b",), False, ())
    assert kinds(bench) == [("a", "primary"), ("b", "hedge")]
    stopped = {row.target.name: result for row, (_, result) in _rows(bench)}["a"]
    assert stopped.status == "cancelled"
    assert (stopped.cost_nano, bool(stopped.charged_nano)) == (None, True)


def _rows(bench: Bench) -> list[Any]:
    closed = dict(bench.ledger.closed)
    return [(row, (row.attempt_id, closed[row.attempt_id])) for row in bench.ledger.admitted]


def test_a_first_model_that_speaks_before_its_copy_wins() -> None:
    """The copy is stopped in that moment, not when the answer is whole."""
    outcome, took, bench = raced(
        {"a": [Wait(3.0), TextDelta("a"), Wait(50.0), *says("!")], "b": [Wait(20.0), *says("b")]}
    )

    assert (text(outcome), took) == ("a!", 53.0)
    assert bench.provider.closed_at == [3.0, 53.0]


def test_a_loser_never_says_a_word() -> None:
    """Both have content in the same moment; a loser that is slow to close stays silent."""
    speaking = [SlowClose(0.3), *[TextDelta("x")] * 5, Wait(1.0), *says("y")]
    outcome, _, bench = raced({"a": [Wait(3.0), *speaking], "b": [Wait(1.0), *speaking]})

    speakers = {event.call for event in bench.sink.events if isinstance(event.body, TextDelta)}
    assert len(speakers) == 1
    assert text(outcome) == "xxxxxy"
    (lost,) = bench.sink.bodies(CallCancelled)
    assert isinstance(lost, CallCancelled)
    assert (lost.answer.status, lost.answer.text) == ("cancelled", "")


def test_thinking_is_speaking() -> None:
    """Whoever shows thought first has the word."""
    outcome, _, _ = raced(
        {
            "a": [Wait(3.0), ReasoningDelta("hm"), Wait(9.0), *says("a")],
            "b": [Wait(2.0), *says("b")],
        }
    )

    assert text(outcome) == "a"


def test_a_first_model_that_fails_leaves_the_word_to_its_copy() -> None:
    """The walk goes on to the call that is under way, and the loss is told."""
    scripts = {"a": [Wait(5.0), fails(ErrorClass.AUTH)], "b": [Wait(10.0), *says("b")]}
    outcome, took, bench = raced(scripts)

    assert (text(outcome), took) == ("b", 12.0)
    assert kinds(bench) == [("a", "primary"), ("b", "hedge")]
    assert (outcome.degraded, outcome.reasons) == (True, ("lab:model-a failed (auth)",))


def test_a_first_model_that_fails_early_is_followed_in_the_ordinary_way() -> None:
    """There is nothing to race."""
    outcome, took, bench = raced({"a": [fails(ErrorClass.AUTH)], "b": [Wait(1.0), *says("b")]})

    assert (text(outcome), took) == ("b", 1.0)
    assert kinds(bench) == [("a", "primary"), ("b", "fallback")]


def test_a_copy_that_fails_changes_nothing() -> None:
    """The first goes on; a copy is not tried again."""
    scripts = {"a": [Wait(9.0), *says("a")], "b": [fails()], "c": says("c")}
    outcome, took, bench = raced(scripts)

    assert (text(outcome), took, outcome.degraded) == ("a", 9.0, False)
    assert kinds(bench) == [("a", "primary"), ("b", "hedge")]


def test_when_both_fail_the_walk_goes_on() -> None:
    """A copy's model whose failure may heal has its second try; one that may not is passed over."""
    stuck = [Wait(5.0), fails(ErrorClass.AUTH)]
    outcome, _, bench = raced({"a": stuck, "b": [[fails()], says("b")], "c": says("c")})
    assert text(outcome) == "b"
    assert kinds(bench) == [("a", "primary"), ("b", "hedge"), ("b", "fallback")]

    outcome, _, bench = raced({"a": stuck, "b": [fails(ErrorClass.QUOTA)], "c": says("c")})
    assert text(outcome) == "c"
    assert kinds(bench) == [("a", "primary"), ("b", "hedge"), ("c", "fallback")]


def test_a_copy_that_may_not_be_made_is_none() -> None:
    """The store keeps races rare: the first goes on, and its model may still follow later."""
    no = Refused(Failure(ErrorClass.LOCAL_LIMIT, "enough races", code="hedge"))
    ledger = RecordingLedger(refusals=[None, no])
    outcome, _, bench = raced(
        {"a": [Wait(5.0), fails(ErrorClass.AUTH)], "b": says("b")}, ledger=ledger
    )

    assert text(outcome) == "b"
    assert kinds(bench) == [("a", "primary"), ("b", "fallback")]


def test_the_deadline_bounds_a_race() -> None:
    """Both calls end with it."""
    outcome, took, _ = raced({"a": [Wait()], "b": [SlowClose(), Wait()]}, deadline_s=10.0)

    assert took <= 11.0
    assert outcome.answer is not None
    assert outcome.answer.error is not None
    assert outcome.answer.error.error_class is ErrorClass.DEADLINE


def test_a_cancel_ends_both_calls() -> None:
    """Ctrl-C in the middle of a race: nothing is left open, and every row is closed."""

    async def main() -> None:
        bench = Bench({"a": [SlowClose(), Wait()], "b": [SlowClose(0.2), Wait()]})
        members = [target("a"), target("b")]
        task = asyncio.create_task(
            hedged(prompt(), members, bench.caller, bench.emit, Settings(hedge_after_s=2.0))
        )
        asyncio.get_running_loop().call_later(5.0, task.cancel)
        await asyncio.wait([task])

        assert task.cancelled()
        assert now() <= 6.0
        bench.check()
        assert len(bench.sink.bodies(CallCancelled)) == 2

    virtual(main())


@pytest.mark.parametrize(
    ("question", "members", "why"),
    [
        (prompt(), "a", "there is no second model to race"),
        (replace(prompt(), tools=({"name": "f"},)), "ab", "the prompt has tools"),
        (
            replace(prompt(), sampling=Sampling(max_output_tokens=5000)),
            "ab",
            "the answer may be longer than 4,096 tokens",
        ),
        (replace(prompt(), sampling=Sampling(max_output_tokens=4096)), "ab", None),
    ],
    ids=["alone", "tools", "long", "short"],
)
def test_some_prompts_are_never_raced(question: Prompt, members: str, why: str | None) -> None:
    """Tools have side effects, and long answers are dear."""
    assert why_not(question, [target(name) for name in members]) == why
    slow = {name: [Wait(9.0), *says(name)] for name in members}
    _, _, bench = raced(slow, question=question)

    assert len(bench.sink.bodies(CallStarted)) == (1 if why else 2)


MOMENTS = st.sampled_from([0.0, 0.5, 2.0, 2.5, 4.0, 8.0])
ENDS = st.sampled_from(
    ["says", fails(), fails(ErrorClass.AUTH), fails(ErrorClass.INVALID_REQUEST), ValueError("bug")]
)
STEPS = st.tuples(MOMENTS, st.booleans(), MOMENTS, ENDS)


def _script(step: tuple[float, bool, float, Any]) -> list[Any]:
    first, speaks, then, end = step
    opening = [Wait(first), *([TextDelta("word")] if speaks else []), Wait(then)]
    return [*opening, *(says("end") if end == "says" else [end])]


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(st.lists(STEPS, min_size=1, max_size=3), min_size=2, max_size=3),
    cancel_s=st.none() | MOMENTS,
)
def test_whatever_racers_do_one_speaks_and_tries_are_bounded(
    steps: list[list[tuple[float, bool, float, Any]]], cancel_s: float | None
) -> None:
    """At most four tries, two a target, one voice, every row closed."""

    async def main() -> None:
        scripts = {
            name: [_script(step) for step in some] for name, some in zip(NAMES, steps, strict=False)
        }
        bench = Bench(scripts)
        members = [target(name) for name in scripts]
        task = asyncio.create_task(
            hedged(prompt(), members, bench.caller, bench.emit, Settings(hedge_after_s=2.0))
        )
        if cancel_s is not None:
            asyncio.get_running_loop().call_later(cancel_s, task.cancel)
        await asyncio.wait([task])

        bench.check()
        assert len(bench.provider.requests) <= 4
        assert all(len(bench.provider.to(name)) <= 2 for name in scripts)
        said = [event.call for event in bench.sink.events if isinstance(event.body, TextDelta)]
        assert len(set(said)) <= 1

    virtual(main())
