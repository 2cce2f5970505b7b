"""What every strategy promises, whoever fails: one suite for each row of the registry."""

import asyncio
import itertools
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes import (
    Bench,
    Script,
    Scripts,
    Step,
    Wait,
    fails,
    prompt,
    says,
    target,
)
from tests.support.virtual import now, virtual
from ultra.core.answer import Answer
from ultra.core.errors import CallError, ErrorClass, UsageError
from ultra.core.events import CallFinished, Event
from ultra.core.model import Target, Timers
from ultra.core.ports import Outcome, Settings
from ultra.core.request import CallRequest
from ultra.core.stream import Finished, TextDelta
from ultra.strategies.registry import STRATEGIES, load_strategy, strategy_row

NAMES = ("a", "b", "c")
QUICK = Timers(first_token_s=20.0, idle_s=10.0)
ANALYSIS = (
    '{"consensus":["blue"],"contradictions":[],"partial_coverage":[],"unique":[],'
    '"blind_spots":[],"errors":[]}'
)
BOOM = "boom: all is lost"

MEMBER_FAILS: dict[str, Script] = {
    "refused key": [fails(ErrorClass.AUTH, message=BOOM, status=401)],
    "cut": [TextDelta("half "), CallError(ErrorClass.NETWORK, BOOM, sent=True)],
    "empty": [Finished("stop")],
    "filtered": [TextDelta("I can"), Finished("content_filter", "SAFETY")],
    "silent": [Wait()],
    "bug": [ValueError(BOOM)],
}
HELPER: dict[str, Script] = {
    "ok": says("written"),
    "bad json": says("{oops"),
    "timeout": [Wait()],
    "failing": [fails(message=BOOM, status=500)],
}


def member_says(name: str) -> Script:
    return says(f"{name} says blue. ", f"{name} adds why.")


def members() -> list[Target]:
    return [target(name, timers=QUICK) for name in NAMES]


def helper(analysis: Script, writer: Script) -> Callable[[CallRequest, int], Script]:
    """The synthesizer's script, by what it is asked for."""
    return lambda request, _: analysis if request.json_schema is not None else writer


async def run(name: str, bench: Bench, **wishes: object) -> Outcome:
    fields: dict[str, object] = {"synthesizer": target("s", timers=QUICK), "seed": 7, **wishes}
    return await load_strategy(name)(
        prompt(),
        members(),
        bench.caller,
        bench.emit,
        Settings(**fields),  # type: ignore[arg-type]
    )


def panel(failing: int, how: str) -> dict[str, Scripts]:
    return {
        name: MEMBER_FAILS[how] if place < failing else member_says(name)
        for place, name in enumerate(NAMES)
    }


def usable(name: str, failing: int) -> bool:
    return failing == 0 if name == "single" else failing < 3


CASES = [
    (name, failing, analysis, writer)
    for name, row in STRATEGIES.items()
    for failing in range(4)
    for analysis, writer in (itertools.product(HELPER, HELPER) if row.writes else [("ok", "ok")])
]


@pytest.mark.parametrize(("name", "failing", "analysis", "writer"), CASES)
def test_k_of_n_members_fail(name: str, failing: int, analysis: str, writer: str) -> None:
    """Whoever fails: the outcome is honest, in order, and no call is lost from the record."""

    async def main() -> None:
        scripts = panel(failing, "refused key")
        scripts["s"] = helper(
            says(ANALYSIS) if analysis == "ok" else HELPER[analysis], HELPER[writer]
        )
        bench = Bench(scripts)

        outcome = await run(name, bench)

        bench.check()
        ordered(name, outcome)
        answered(name, outcome, failing)
        degraded(name, outcome, failing, analysis, writer)

    virtual(main())


def ordered(name: str, outcome: Outcome) -> None:
    """Answers stand in the order asked for."""
    told = [answer.name for answer in outcome.answers]
    assert told == list(NAMES[: len(told)])
    if name in ("all", "fusion", "first"):
        assert len(told) == 3


def answered(name: str, outcome: Outcome, failing: int) -> None:
    """There is an answer as long as somebody could give one, and it is nobody's error text."""
    answer = outcome.answer
    if name == "all":
        assert answer is None
        assert sum(one.ok for one in outcome.answers) == 3 - failing
        return
    assert answer is not None
    assert answer.ok == usable(name, failing)
    assert BOOM not in answer.text
    if answer.ok:
        assert answer.text
        assert outcome.provenance


def degraded(name: str, outcome: Outcome, failing: int, analysis: str, writer: str) -> None:
    """Whatever was lost is said in words, and an untroubled run says nothing."""
    fused = name == "fusion" and failing < 2
    trouble = failing > 0 or (fused and (analysis != "ok" or writer not in ("ok", "bad json")))
    assert bool(outcome.reasons) == (trouble if name != "single" else failing > 0)
    if trouble and usable(name, failing):
        assert outcome.degraded
    if fused and analysis != "ok":
        assert any("analysis" in reason for reason in outcome.reasons)
    if fused and writer in ("timeout", "failing"):
        assert any("writer failed" in reason for reason in outcome.reasons)
    text = " ".join(outcome.reasons)
    assert BOOM not in text
    for place in range(min(failing, len(outcome.answers))):
        assert f"model-{NAMES[place]}" in text


@pytest.mark.parametrize("how", MEMBER_FAILS)
@pytest.mark.parametrize("name", [name for name in STRATEGIES if name != "single"])
def test_one_lost_member_costs_no_strategy_its_answer(name: str, how: str) -> None:
    """However it is lost, except that what was shown is never spliced over."""

    async def main() -> None:
        bench = Bench({**panel(1, how), "s": helper(says(ANALYSIS), says("written"))})

        outcome = await run(name, bench)

        bench.check()
        ordered(name, outcome)
        if name == "all":
            assert [answer.ok for answer in outcome.answers] == [False, True, True]
        elif name == "fallback" and how in ("cut", "filtered", "bug"):
            assert outcome.answer is not None
            assert not outcome.answer.ok
        else:
            assert outcome.answer is not None
            assert outcome.answer.ok
            assert BOOM not in outcome.answer.text

    virtual(main())


STEPS = st.sampled_from(
    [
        says("yes"),
        says(ANALYSIS),
        [fails()],
        [fails(ErrorClass.INVALID_REQUEST, status=400)],
        [fails(ErrorClass.RATE_LIMIT, retry_after_s=3.0)],
        [TextDelta("half"), fails()],
        [TextDelta("half"), Wait()],
        [Wait(3.0), *says("slow")],
        [Wait()],
        [],
        [Finished("length")],
        [ValueError("bug")],
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(list(STRATEGIES)),
    scripts=st.lists(st.lists(STEPS, min_size=1, max_size=3), min_size=4, max_size=4),
    cancel_at=st.none() | st.integers(0, 40),
    quorum=st.none() | st.integers(1, 3),
    deadline_s=st.sampled_from([0.0, 2.0, 300.0]),
)
def test_no_strategy_breaks_the_grammar_or_loses_a_row(
    name: str,
    scripts: Sequence[Sequence[Script]],
    cancel_at: int | None,
    quorum: int | None,
    deadline_s: float,
) -> None:
    """Any provider, a cancel at any event: events in order, rows complete, in time."""

    async def main() -> None:
        bench = Bench(dict(zip((*NAMES, "s"), scripts, strict=True)), deadline_s=deadline_s)
        task = asyncio.create_task(run(name, bench, quorum=quorum, grace_s=0.5))

        def act(event: Event) -> None:
            if event.seq == cancel_at:
                task.cancel()

        bench.sink._act = act
        await asyncio.wait([task])

        bench.check()
        assert now() <= deadline_s + 1.0
        assert task.cancelled() or task.exception() is None
        if not task.cancelled():
            assert all(isinstance(answer, Answer) for answer in task.result().answers)

    virtual(main())


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_deadline_leaves_an_outcome(name: str) -> None:
    """Everybody hangs: an outcome all the same, and in time."""

    async def main() -> None:
        bench = Bench({name: [Wait()] for name in (*NAMES, "s")}, deadline_s=5.0)

        outcome = await run(name, bench)

        assert now() <= 6.0
        assert not any(answer.ok for answer in outcome.answers)
        assert outcome.answer is None or not outcome.answer.ok
        bench.check()

    virtual(main())


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_row_says_how_many_calls_it_makes(name: str) -> None:
    """What `--dry-run` counts as likely is what happens when nothing fails."""

    async def main() -> None:
        bench = Bench({**panel(0, "cut"), "s": helper(says(ANALYSIS), says("written"))})

        await run(name, bench)

        most = {"single": 1, "fallback": 1}.get(name, 5 if STRATEGIES[name].writes else 3)
        assert len(bench.provider.requests) == most

    virtual(main())


@pytest.mark.parametrize("name", STRATEGIES)
def test_whether_to_stream_is_the_users_choice(name: str) -> None:
    """Of every call whose text the user may see."""

    async def main() -> None:
        bench = Bench({**panel(0, "cut"), "s": helper(says(ANALYSIS), says("written"))})

        await run(name, bench, stream=False)

        seen = [request for request in bench.provider.requests if request.json_schema is None]
        assert not any(request.stream for request in seen)

    virtual(main())


def test_an_unknown_strategy_names_the_nearest() -> None:
    """Before anything is sent."""
    with pytest.raises(UsageError, match="`fussion`") as caught:
        strategy_row("fussion")

    assert caught.value.hint == "did you mean `fusion`?"
    with pytest.raises(UsageError) as caught:
        strategy_row("xyzzy")
    assert "single, first" in str(caught.value.hint)


def test_the_first_complete_answer_wins_the_race() -> None:
    """Losers are stopped, and their events and rows say so."""

    async def main() -> None:
        bench = Bench(
            {
                "a": [TextDelta("a "), Wait(50.0), *says("late")],
                "b": [Wait(2.0), *says("b won")],
                "c": [fails(ErrorClass.AUTH)],
            }
        )

        outcome = await run("first", bench)

        assert outcome.answer is not None
        assert (outcome.answer.text, now()) == ("b won", 2.0)
        assert outcome.provenance == ("lab:model-b",)
        assert [answer.status for answer in outcome.answers] == ["partial", "ok", "error"]
        assert outcome.reasons == ("lab:model-c failed (auth)",)
        assert outcome.degraded
        assert len(bench.ledger.closed) == 3
        bench.check()

    virtual(main())


def test_a_race_without_a_winner_gives_what_got_furthest() -> None:
    """As a partial answer, not as one that won."""

    async def main() -> None:
        half = [TextDelta("quite a lot"), fails()]
        bench = Bench({"a": [fails(ErrorClass.AUTH)], "b": half, "c": [TextDelta("x"), fails()]})

        outcome = await run("first", bench)

        assert outcome.answer is not None
        assert (outcome.answer.text, outcome.answer.status) == ("quite a lot", "partial")
        assert len(outcome.reasons) == 3

    virtual(main())


def requests_of(scripts: dict[str, Scripts]) -> tuple[Outcome, list[str]]:
    async def main() -> tuple[Outcome, list[str]]:
        bench = Bench(scripts)
        outcome = await run("fallback", bench)
        bench.check()
        return outcome, [request.target.name for request in bench.provider.requests]

    return virtual(main())


def test_fallback_stops_at_a_request_that_is_wrong() -> None:
    """Another model would refuse it as well."""
    wrong: Script = [fails(ErrorClass.INVALID_REQUEST, status=400)]
    outcome, asked = requests_of({"a": wrong, "b": says("b"), "c": says("c")})

    assert asked == ["a"]
    assert outcome.answer is not None
    assert outcome.answer.error is not None
    assert outcome.answer.error.status == 400


def test_fallback_goes_on_after_a_refused_key() -> None:
    """Once, without a second try."""
    refused: Script = [fails(ErrorClass.AUTH, status=401)]
    outcome, asked = requests_of({"a": refused, "b": says("b"), "c": says("c")})

    assert asked == ["a", "b"]
    assert outcome.answer is not None
    assert (outcome.answer.text, outcome.degraded) == ("b", True)
    assert outcome.provenance == ("lab:model-b",)


def test_fallback_never_splices() -> None:
    """What was shown and then cut is the answer, cut."""
    outcome, asked = requests_of({"a": [TextDelta("half"), fails()], "b": says("b"), "c": says("")})

    assert asked == ["a"]
    assert outcome.answer is not None
    assert (outcome.answer.text, outcome.answer.status) == ("half", "partial")


def test_fallback_shares_one_budget_of_tries() -> None:
    """Four in all: the third model is not asked, which is said, and the first failure speaks."""
    down: Script = [fails(ErrorClass.OVERLOADED, status=503)]
    outcome, asked = requests_of({"a": down, "b": down, "c": says("c")})

    assert asked == ["a", "a", "b", "b"]
    assert outcome.answer is not None
    assert outcome.answer.name == "a"
    assert {answer.error.error_class for answer in outcome.answers if answer.error} == {
        ErrorClass.OVERLOADED
    }
    assert outcome.reasons[-1] == "lab:model-c was not asked (no tries are left)"


def test_when_all_fail_the_first_ones_failure_speaks() -> None:
    """It is the one the user asked."""
    outcome, asked = requests_of(
        {
            "a": [fails(ErrorClass.AUTH, status=401)],
            "b": [fails(ErrorClass.MODEL_NOT_FOUND, status=404)],
            "c": [fails(ErrorClass.QUOTA, status=402)],
        }
    )

    assert asked == ["a", "b", "c"]
    assert outcome.answer is not None
    assert outcome.answer.error is not None
    assert outcome.answer.error.status == 401
    assert len(outcome.reasons) == 3


def test_fallback_does_not_wait_out_a_rate_limit_while_somebody_stands_by() -> None:
    """The last one may wait."""
    limited: Script = [fails(ErrorClass.RATE_LIMIT, retry_after_s=30.0)]
    outcome, asked = requests_of({"a": limited, "b": limited, "c": [*limited]})

    assert asked == ["a", "b", "c", "c"]
    assert outcome.answer is not None
    assert outcome.answer.name == "a"


@pytest.mark.parametrize("name", ["all", "fusion", "first"])
def test_the_same_model_twice_is_two_samples(name: str) -> None:
    """Told apart by their sample, each with its own row."""

    async def main() -> None:
        twice = [target("a"), target("a"), target("b")]
        bench = Bench(
            {
                "a": [says("one"), says("two")],
                "b": [Wait(1.0), *says("b")],
                "s": helper(says(ANALYSIS), says("w")),
            }
        )
        wishes = Settings(synthesizer=target("s"))
        outcome = await load_strategy(name)(prompt(), twice, bench.caller, bench.emit, wishes)

        assert [answer.sample for answer in outcome.answers] == [0, 1, 0]
        bench.check()
        assert bench.sink.bodies(CallFinished)

    virtual(main())


def steps_of(script: Script) -> list[Step]:
    return list(script)


def test_a_tool_call_counts_as_an_answer_of_a_member() -> None:
    """Words are not the only answer."""
    assert steps_of(member_says("a"))[0] == TextDelta("a says blue. ")
