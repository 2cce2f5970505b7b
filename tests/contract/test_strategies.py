"""What every strategy promises, whoever fails: one suite for each row of the registry."""

import asyncio
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from tests.support.fakes import (
    Bench,
    Collecting,
    RecordingLedger,
    Script,
    ScriptedProvider,
    Scripts,
    Step,
    Wait,
    fails,
    prompt,
    says,
    target,
)
from tests.support.grammar import check_run
from tests.support.virtual import LoopClock, now, virtual
from tests.support.voices import ANALYSIS, voice
from ultra.cli.exit_codes import code_of_ask, code_of_compare
from ultra.core.answer import Answer
from ultra.core.errors import CallError, ErrorClass, UsageError
from ultra.core.events import CallFinished, CallStarted, Event
from ultra.core.extract import Extractor
from ultra.core.model import Method, Target, Timers
from ultra.core.ports import Outcome, Settings
from ultra.core.profile import Profile, RetryRules
from ultra.core.stream import Finished, TextDelta
from ultra.runtime.action import Action, RunResult, Selection, Verb
from ultra.runtime.execute import Services, execute
from ultra.runtime.loop import Interrupt
from ultra.strategies.registry import STRATEGIES, load_strategy, strategy_row

NAMES = ("a", "b", "c")
HELPERS = ("s", "j", "k")
"""The synthesizer and two judges."""
NAMES_AND_HELPERS = (*NAMES, *HELPERS)

QUICK = Timers(first_token_s=20.0, idle_s=10.0)
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


def quick(name: str) -> Target:
    return target(name, timers=QUICK)


COLOUR = Method(extract=Extractor("regex", "blue"))
ONE_JUDGE = Method(judges=(quick("j"),))
GATES = Method(judges=(quick("j"), quick("k")))


class Terms(Struct, frozen=True):
    """What a strategy is given, and what of its promises depends on who it is.

    `untroubled` are the calls that it makes of three members when nothing fails, `most` those it
    may ever make of them, repairs included. `fewest` is how many members must answer for there to
    be an answer. `first` says that only the first member's counts, `patient` that nobody is asked
    before the one before has failed.
    """

    formula: str
    untroubled: int
    most: int
    method: Method = Method()
    fewest: int = 1
    first: bool = False
    patient: bool = False


TERMS: dict[str, Terms] = {
    "single": Terms("1", 1, 1, first=True, patient=True),
    "first": Terms("N", 3, 3),
    "fallback": Terms("1 to N", 1, 3, patient=True),
    "fusion": Terms("N + 2 or 3", 5, 6),
    "vote": Terms("N", 3, 3, COLOUR, fewest=2),
    "best-of": Terms("N + judges x orders", 3 + 3, 3 + 2 * 3, ONE_JUDGE),
    "council": Terms("2N + 1", 7, 3 + 2 * 3 + 3),
    "usc": Terms("N + 2", 5, 7),
    "pipeline": Terms("3 to 9", 3, 3 * (1 + 2 + 2), GATES, first=True, patient=True),
    "cascade": Terms("1 to 2N - 1 + judges", 2, 5, COLOUR, patient=True),
    "debate": Terms("N to 3N", 6, 9, COLOUR, fewest=2),
    "moa": Terms("(L - 1)N + 1", 4, 4),
    "all": Terms("N + judges x orders", 3, 3),
}
"""One row a strategy: a new one is not tested before it has its own."""

JUDGED = ("fusion", "best-of", "council", "usc", "pipeline")
WRITTEN = ("fusion", "council", "moa")


def test_every_strategy_has_its_terms() -> None:
    """And each formula here is the one that `--dry-run` shows."""
    assert {name: row.calls for name, row in STRATEGIES.items()} == {
        name: terms.formula for name, terms in TERMS.items()
    }


def member_says(name: str) -> Script:
    return says(f"{name} says blue. ", f"{name} adds why.")


GIVEN = ("written", "{oops", *(f"{name} says blue. {name} adds why." for name in "abcsjk"))
"""Whatever anybody says that is not an error."""


def members() -> list[Target]:
    return [quick(name) for name in NAMES]


def wishes(name: str, **more: object) -> Settings:
    fields: dict[str, object] = {
        "synthesizer": quick("s"),
        "seed": 7,
        "method": TERMS[name].method,
        **more,
    }
    return Settings(**fields)  # type: ignore[arg-type]


async def run(name: str, bench: Bench, **more: object) -> Outcome:
    return await load_strategy(name)(
        prompt(), members(), bench.caller, bench.emit, wishes(name, **more)
    )


def panel(failing: int, how: str, judge: str = "ok", writer: str = "ok") -> dict[str, Scripts]:
    """Three members of whom the first so many fail, two judges and a synthesizer.

    Members are judges too where a strategy lets them be.
    """
    judging = None if judge == "ok" else HELPER[judge]
    speaking: dict[str, Scripts] = {
        name: MEMBER_FAILS[how] if place < failing else voice(member_says(name), judging)
        for place, name in enumerate(NAMES)
    }
    return {**speaking, **{name: voice(HELPER[writer], judging) for name in HELPERS}}


def answering(name: str, failing: int) -> int:
    """How many usable answers the strategy has to go by."""
    return int(failing == 0) if TERMS[name].first else 3 - failing


def shut(name: str, judge: str) -> bool:
    """Whether a gate that did not speak holds the answer back."""
    return name == "pipeline" and judge != "ok"


def usable(name: str, failing: int, judge: str = "ok") -> bool:
    return answering(name, failing) >= TERMS[name].fewest and not shut(name, judge)


CASES = [
    (name, failing, judge, writer)
    for name in STRATEGIES
    for failing in range(4)
    for judge, writer in itertools.product(
        HELPER if name in JUDGED else ["ok"], HELPER if name in WRITTEN else ["ok"]
    )
]


@pytest.mark.parametrize(("name", "failing", "judge", "writer"), CASES)
def test_k_of_n_members_fail(name: str, failing: int, judge: str, writer: str) -> None:
    """Whoever fails: the outcome is honest, in order, and no call is lost from the record."""

    async def main() -> None:
        bench = Bench(panel(failing, "refused key", judge, writer))

        outcome = await run(name, bench)

        bench.check()
        assert len(bench.sink.bodies(CallStarted)) <= TERMS[name].most
        ordered(name, outcome)
        answered(name, outcome, failing, judge)
        degraded(name, outcome, failing, judge, writer)

    virtual(main())


def ordered(name: str, outcome: Outcome) -> None:
    """Answers stand in the order asked for."""
    told = [answer.name for answer in outcome.answers]
    if TERMS[name].patient:
        assert list(dict.fromkeys(told)) == list(NAMES[: len(set(told))])
    else:
        assert told == list(NAMES)


def answered(name: str, outcome: Outcome, failing: int, judge: str) -> None:
    """There is an answer as long as somebody could give one, and it is nobody's error text."""
    answer = outcome.answer
    if name == "all":
        assert answer is None
        assert sum(one.ok for one in outcome.answers) == 3 - failing
        return
    if answer is None:  # nobody is taken for a majority
        assert 0 < answering(name, failing) < TERMS[name].fewest
        assert any("no consensus" in reason for reason in outcome.reasons)
        return
    assert answer.ok == usable(name, failing, judge)
    assert BOOM not in answer.text
    if answer.ok:
        assert answer.text in GIVEN
        assert outcome.provenance
    if shut(name, judge):
        assert answer.text == ""


def degraded(name: str, outcome: Outcome, failing: int, judge: str, writer: str) -> None:
    """Whatever was lost is said in words, and an untroubled run says nothing."""
    several = answering(name, failing) >= (1 if TERMS[name].first else 2)
    misjudged = name in JUDGED and several and judge != "ok"
    unwritten = name in WRITTEN and several and writer in ("timeout", "failing")
    unheld = name == "council" and failing == 1
    trouble = failing > 0 or misjudged or unwritten or unheld
    assert bool(outcome.reasons) == trouble
    if trouble and usable(name, failing, judge):
        assert outcome.degraded
    text = " ".join(outcome.reasons)
    if misjudged:
        assert any(word in text for word in ("analysis", "ballot", "judge", "gate"))
    if unwritten:
        assert any("writer failed" in reason for reason in outcome.reasons)
    assert BOOM not in text
    for place in range(min(failing, len({answer.name for answer in outcome.answers}))):
        assert f"model-{NAMES[place]}" in text


@pytest.mark.parametrize(("name", "failing", "judge", "writer"), CASES)
def test_a_shell_learns_what_came_of_it(name: str, failing: int, judge: str, writer: str) -> None:
    """Exit code, `degraded`, and a row with its cost for every attempt that was made."""

    async def main() -> None:
        provider = ScriptedProvider(panel(failing, "refused key", judge, writer))
        ledger, sink = RecordingLedger(), Collecting()
        services = Services(
            Profile("test", retry=RetryRules()), provider, ledger, LoopClock(), lambda _: None
        )
        selection = Selection(name, tuple(members()), quick("s"), method=TERMS[name].method)
        verb: Verb = "compare" if name == "all" else "ask"

        result = await execute(
            Action(verb, prompt(), selection, seed=7), [sink], services, Interrupt()
        )

        check_run(sink.events)
        ledger.check()
        counted(result, provider, ledger)
        told = code_of_compare(result, allow_partial=False) if verb == "compare" else None
        assert (code_of_ask(result, strict=False) if told is None else told) == expected_code(
            name, failing, judge
        )
        if told is None and usable(name, failing, judge):
            assert code_of_ask(result, strict=True) == (4 if result.outcome.degraded else 0)
        assert result.document.degraded == result.outcome.degraded
        split = expected_code(name, failing, judge) == 6
        assert (result.document.status == "no_consensus") == split

    virtual(main())


def counted(result: RunResult, provider: ScriptedProvider, ledger: RecordingLedger) -> None:
    """No attempt is without a row, and what it cost is in the sum or said to be unknown."""
    assert len(ledger.admitted) == len(provider.requests)
    known = [one.cost_nano for one in ledger.results if one.cost_nano is not None]
    assert result.document.known_nano == sum(known)
    assert all(one.cost_nano is not None for one in ledger.results if one.status == "ok")


def expected_code(name: str, failing: int, judge: str) -> int:
    if name == "all":
        return {0: 0, 3: 3}.get(failing, 4)
    if usable(name, failing, judge):
        return 0
    if answering(name, failing) == 0:
        return 3
    return 7 if shut(name, judge) else 6


@pytest.mark.parametrize("how", MEMBER_FAILS)
@pytest.mark.parametrize("name", [name for name in STRATEGIES if not TERMS[name].first])
def test_one_lost_member_costs_no_strategy_its_answer(name: str, how: str) -> None:
    """However it is lost, except that what was shown is never spliced over."""

    async def main() -> None:
        bench = Bench(panel(1, how))

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


BEHAVIOUR = st.sampled_from(["ok", *HELPER, *MEMBER_FAILS])


@settings(max_examples=200, deadline=None)
@given(
    name=st.sampled_from(list(STRATEGIES)),
    speaking=st.lists(BEHAVIOUR, min_size=6, max_size=6),
    judging=st.lists(BEHAVIOUR, min_size=6, max_size=6),
)
def test_any_mixture_of_failures_leaves_an_honest_outcome(
    name: str, speaking: list[str], judging: list[str]
) -> None:
    """Members, judges and writers each failing in their own way, in words and in JSON."""
    failing = {**HELPER, **MEMBER_FAILS}

    async def main() -> None:
        bench = Bench(
            {
                one: voice(
                    member_says(one) if words == "ok" else failing[words],
                    None if asked == "ok" else failing[asked],
                )
                for one, words, asked in zip(NAMES_AND_HELPERS, speaking, judging, strict=True)
            }
        )

        outcome = await run(name, bench)

        bench.check()
        assert len(bench.sink.bodies(CallStarted)) <= TERMS[name].most
        ordered(name, outcome)
        text = outcome.answer.text if outcome.answer else ""
        assert BOOM not in " ".join([text, *outcome.reasons])
        if outcome.answer is not None and outcome.answer.ok:
            assert text in GIVEN
            assert outcome.provenance
            assert outcome.degraded == bool(outcome.reasons)
            assert name != "pipeline" or judging[NAMES_AND_HELPERS.index("j")] == "ok"

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
    scripts=st.lists(st.lists(STEPS, min_size=1, max_size=3), min_size=6, max_size=6),
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
        bench = Bench(dict(zip((*NAMES, *HELPERS), scripts, strict=True)), deadline_s=deadline_s)
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
        bench = Bench({name: [Wait()] for name in (*NAMES, *HELPERS)}, deadline_s=5.0)

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
        bench = Bench(panel(0, "cut"))

        await run(name, bench)

        assert len(bench.provider.requests) == TERMS[name].untroubled

    virtual(main())


@pytest.mark.parametrize("name", STRATEGIES)
def test_whether_to_stream_is_the_users_choice(name: str) -> None:
    """Of every call whose text the user may see."""

    async def main() -> None:
        bench = Bench(panel(0, "cut"))

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
    """When nobody does, whoever may be asked soonest is waited for."""

    def limited(seconds: float) -> Script:
        return [fails(ErrorClass.RATE_LIMIT, retry_after_s=seconds)]

    outcome, asked = requests_of({"a": limited(30.0), "b": limited(10.0), "c": limited(30.0)})

    assert asked == ["a", "b", "c", "b"]
    assert outcome.answer is not None
    assert outcome.answer.name == "a"


ALL_AT_ONCE = [one for one in STRATEGIES if not TERMS[one].patient and one != "council"]
"""Those that ask two samples of one model like two models; a council refuses them."""


@pytest.mark.parametrize("name", ALL_AT_ONCE)
def test_the_same_model_twice_is_two_samples(name: str) -> None:
    """Told apart by their sample, each with its own row."""

    async def main() -> None:
        twice = [target("a"), target("a"), target("b")]
        bench = Bench(
            {
                "a": [says("one"), says("two")],
                "b": [Wait(1.0), *says("b")],
                "s": voice(says("w")),
            }
        )
        outcome = await load_strategy(name)(prompt(), twice, bench.caller, bench.emit, wishes(name))

        assert [answer.sample for answer in outcome.answers] == [0, 1, 0]
        bench.check()
        assert bench.sink.bodies(CallFinished)

    virtual(main())


def steps_of(script: Script) -> list[Step]:
    return list(script)


def test_a_tool_call_counts_as_an_answer_of_a_member() -> None:
    """Words are not the only answer."""
    assert steps_of(member_says("a"))[0] == TextDelta("a says blue. ")
