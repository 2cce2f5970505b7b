"""One call through every policy: the order of things, and what happens whatever happens."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes import (
    RUN,
    Bench,
    RecordingLedger,
    Script,
    SlowClose,
    Wait,
    fails,
    says,
    spec,
    target,
)
from tests.support.grammar import check_events
from tests.support.virtual import after_steps, now, virtual
from ultra.core.answer import Answer
from ultra.core.errors import CallError, ConfigError, ErrorClass, Failure, UsageError
from ultra.core.events import (
    AttemptFailed,
    AttemptStarted,
    CallCancelled,
    CallFailed,
    CallFinished,
    CallStarted,
    Event,
)
from ultra.core.ledger import Refused
from ultra.core.ports import AttemptBudget, CallSpec
from ultra.core.stream import (
    Finished,
    ReasoningDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ultra.core.usage import Usage
from ultra.engine.context import CallContext, EventHub
from ultra.engine.pipeline import compose
from ultra.engine.report import report


async def one(bench: Bench, **fields: object) -> Answer:
    """The answer of one call to target `a`, checked."""
    async with bench.caller.open([spec(**fields)]) as calls:  # type: ignore[arg-type]
        (answer,) = await calls.settle(None, None)
    bench.check()
    return answer


def kinds(bench: Bench) -> list[str]:
    return [type(event.body).__name__ for event in bench.sink.events]


def test_a_call_that_goes_well_is_told_in_order() -> None:
    """Started, on record, the words as they come, finished; nothing else."""

    async def main() -> None:
        bench = Bench({"a": [ResponseStarted("a-1", "req-1"), *says("blue ", "light")]})

        answer = await one(bench)

        assert kinds(bench) == [
            "CallStarted",
            "AttemptStarted",
            "ResponseStarted",
            "TextDelta",
            "TextDelta",
            "UsageReported",
            "Finished",
            "CallFinished",
        ]
        assert (answer.text, answer.status, answer.attempts) == ("blue light", "ok", 1)
        assert (answer.resolved_model, answer.request_id) == ("a-1", "req-1")

    virtual(main())


def test_the_row_is_on_record_before_the_request_leaves() -> None:
    """Kill -9 right after the first byte finds the row."""

    async def main() -> None:
        ledger = RecordingLedger(admit_s=2.0)
        bench = Bench({"a": says("yes")}, ledger=ledger)

        await one(bench)

        assert bench.provider.sent_at == [2.0]
        record = ledger.admitted[0]
        assert (record.attempt_id, record.call_id, record.number) == (f"{RUN}-1.1", f"{RUN}-1", 1)
        assert record.charged_nano is not None
        assert record.charged_nano > 0

    virtual(main())


def test_text_is_checkpointed_as_it_comes() -> None:
    """A crash keeps what was read; thinking is not text."""

    async def main() -> None:
        bench = Bench({"a": [ReasoningDelta("hm"), *says("a", "b")]})

        await one(bench)

        assert bench.ledger.pieces == [(f"{RUN}-1.1", "a"), (f"{RUN}-1.1", "b")]

    virtual(main())


def test_a_refused_attempt_is_no_attempt() -> None:
    """What the ledger refuses never left: no attempt is told of, counted or closed."""

    async def main() -> None:
        refused = Refused(Failure(ErrorClass.BREAKER_OPEN, "the breaker is open"))
        bench = Bench({"a": says("yes")}, ledger=RecordingLedger(refusals=[refused]))

        answer = await one(bench)

        assert kinds(bench) == ["CallStarted", "CallFailed"]
        assert (answer.attempts, answer.cost_nano, answer.charged_nano) == (0, 0, 0)
        assert answer.error is not None
        assert answer.error.error_class is ErrorClass.BREAKER_OPEN
        assert bench.provider.requests == []

    virtual(main())


def test_an_attempt_that_must_wait_is_made_after_the_wait() -> None:
    """A gate that names its wait is waited for, and the attempt keeps its number."""

    async def main() -> None:
        refused = Refused(Failure(ErrorClass.RATE_LIMIT, "the gate is shut"), wait_s=5.0)
        bench = Bench({"a": says("yes")}, ledger=RecordingLedger(refusals=[refused]))

        answer = await one(bench)

        assert (answer.status, answer.attempts) == ("ok", 1)
        assert 5.0 <= bench.provider.sent_at[0] <= 5.5

    virtual(main())


@pytest.mark.parametrize(
    ("error", "expected", "sent"),
    [
        (ConfigError("no key", hint="set one"), ErrorClass.CONFIG, False),
        (KeyError("bug"), ErrorClass.INTERNAL, True),
        (UsageError("odd"), ErrorClass.INTERNAL, True),
        (asyncio.CancelledError(), ErrorClass.INTERNAL, True),
    ],
    ids=["no-key", "bug", "usage", "cancels-itself"],
)
def test_whatever_a_provider_raises_is_a_failed_call(
    error: BaseException, expected: ErrorClass, *, sent: bool
) -> None:
    """A bug costs one call and not the run; nobody but us cancels."""

    async def main() -> None:
        bench = Bench({"a": [error]})

        answer = await one(bench)

        assert answer.status == "error"
        assert answer.error is not None
        assert (answer.error.error_class, answer.error.sent) == (expected, sent)
        assert (answer.error.provider, answer.error.model) == ("lab", "model-a")
        assert [result.status for result in bench.ledger.results] == ["error"]
        assert len(bench.provider.requests) == 1

    virtual(main())


def test_a_ledger_that_raises_fails_the_call() -> None:
    """Not even a broken log may take the run with it."""

    class Broken(RecordingLedger):
        async def admit(self, attempt: object) -> Refused:
            raise OSError("no disk")

    async def main() -> None:
        bench = Bench({"a": says("yes")}, ledger=Broken())

        answer = await one(bench)

        assert answer.error is not None
        assert "no disk" in answer.error.message
        assert answer.attempts == 0

    virtual(main())


@pytest.mark.parametrize("shut", [KeyboardInterrupt, SystemExit])
def test_a_process_that_ends_in_a_call_does_not_close_the_row_as_ok(
    shut: type[BaseException],
) -> None:
    """Whatever unwinds the stack, a row says `ok` only of an answer."""

    async def main() -> None:
        bench = Bench({"a": [TextDelta("half"), Wait()]})
        ctx = CallContext(bench.run, spec())
        stream = compose(bench.provider, bench.ledger)(ctx)
        await anext(stream)
        await anext(stream)

        with pytest.raises(shut):
            await stream.athrow(shut())

        assert [result.status for result in bench.ledger.results] == ["partial"]

    virtual(main())


def test_a_stream_that_is_dropped_closes_its_row_and_its_connection() -> None:
    """GeneratorExit at any body: one close, and the upstream is closed too."""

    async def main() -> None:
        script = [ResponseStarted("m"), *says("a", "b")]
        for taken in range(len(script) + 1):
            bench = Bench({"a": script})
            stream = compose(bench.provider, bench.ledger)(CallContext(bench.run, spec()))
            for _ in range(taken):
                await anext(stream)

            await stream.aclose()

            bench.ledger.check()
            assert bench.provider.open == 0
            assert all(result.status != "ok" for result in bench.ledger.results)

    virtual(main())


def test_a_stream_dropped_before_its_request_costs_nothing() -> None:
    """The row was written, nothing was sent: 0, not unknown."""

    async def main() -> None:
        bench = Bench({"a": says("yes")})
        stream = compose(bench.provider, bench.ledger)(CallContext(bench.run, spec()))
        assert isinstance(await anext(stream), AttemptStarted)

        await stream.aclose()

        (result,) = bench.ledger.results
        assert (result.status, result.cost_nano, result.charged_nano) == ("cancelled", 0, 0)

    virtual(main())


@pytest.mark.parametrize("turns", range(40))
def test_a_cancel_at_any_await_leaves_the_truth(turns: int) -> None:
    """Wherever it lands: one terminal event, one close for each admit, no open stream."""

    async def main() -> None:
        script = [
            [Wait(0.0), fails()],
            [Wait(0.0), TextDelta("a"), Wait(0.0), SlowClose(0.1), *says("b")],
        ]
        bench = Bench({"a": script})

        async def strategy() -> None:
            async with bench.caller.open([spec()]) as calls:
                await calls.settle(None, None)

        task = asyncio.create_task(strategy())
        after_steps(turns, task.cancel)
        await asyncio.wait([task])

        bench.check()
        ended = bench.sink.bodies(CallCancelled) + bench.sink.bodies(CallFinished)
        assert len(ended) == (1 if bench.sink.events else 0)

    virtual(main())


def test_the_row_of_a_failed_try_names_its_failure_and_its_answer_the_last() -> None:
    """Two tries, two rows, one answer."""

    async def main() -> None:
        bench = Bench({"a": [[fails(status=503, request_id="r-1")], says("yes")]})

        answer = await one(bench)

        first, second = bench.ledger.results
        assert first.failure is not None
        assert (first.status, first.failure.status, first.request_id) == ("error", 503, "r-1")
        assert (second.status, second.text) == ("ok", "yes")
        assert (answer.attempts, answer.text) == (2, "yes")

    virtual(main())


def test_options_of_the_request_stand_in_its_row() -> None:
    """Only what was asked for."""

    async def main() -> None:
        bench = Bench({"a": says("yes")})
        call = spec()
        request = call.request
        from msgspec.structs import replace

        from ultra.core.request import Sampling

        sampled = replace(request, sampling=Sampling(temperature=0.0, extra={"top_k": 3}))

        async with bench.caller.open([CallSpec(sampled, "answer")]) as calls:
            await calls.settle(None, None)

        assert bench.ledger.admitted[0].options == {"temperature": 0.0, "extra": {"top_k": 3}}

    virtual(main())


def test_a_call_after_the_deadline_is_refused_without_an_attempt() -> None:
    """Nothing is sent that cannot be waited for."""

    async def main() -> None:
        bench = Bench({"a": says("yes")}, deadline_s=1.0)
        await asyncio.sleep(1.0)

        answer = await one(bench)

        assert answer.error is not None
        assert answer.error.error_class is ErrorClass.DEADLINE
        assert kinds(bench) == ["CallStarted", "CallFailed"]

    virtual(main())


def test_report_runs_without_a_group() -> None:
    """Report itself never raises, not even for a call that cannot be made."""

    async def main() -> None:
        bench = Bench({})

        answer = await report(compose(bench.provider, bench.ledger), CallContext(bench.run, spec()))

        assert answer.status == "error"
        assert "KeyError" in (answer.error.message if answer.error else "")

    virtual(main())


PIECES = st.sampled_from(
    [
        ResponseStarted("m", "r"),
        TextDelta("word "),
        ReasoningDelta("hm "),
        ToolCallDelta(0, "t", "f", "{}"),
        UsageReported(Usage(text_input_tokens=3, text_output_tokens=1)),
        Wait(1.0),
        Wait(200.0),
        SlowClose(0.3),
        fails(),
        fails(ErrorClass.INVALID_REQUEST, status=400),
        fails(ErrorClass.RATE_LIMIT, retry_after_s=2.0),
        CallError(ErrorClass.NETWORK, "refused"),
        ConfigError("no key"),
        ValueError("bug"),
        asyncio.CancelledError(),
    ]
)
ENDINGS: st.SearchStrategy[list[Any]] = st.sampled_from(
    [[], [Finished("stop")], [Finished("length")], [Finished("content_filter")], [Wait()]]
)


@st.composite
def scripts(draw: st.DrawFn) -> list[Any]:
    return [*draw(st.lists(PIECES, max_size=5)), *draw(ENDINGS)]


@settings(max_examples=150, deadline=None)
@given(
    answers=st.lists(scripts(), min_size=1, max_size=4),
    cancel_at=st.none() | st.integers(0, 15),
    quorum=st.none() | st.integers(1, 2),
    deadline_s=st.sampled_from([0.0, 0.5, 70.0, 300.0]),
)
def test_the_grammar_holds_whatever_providers_do(
    answers: Sequence[Script], cancel_at: int | None, quorum: int | None, deadline_s: float
) -> None:
    """Any script, cancelled at any event: the automaton accepts, and every row is closed once."""

    async def main() -> None:
        bench = Bench({"a": answers, "b": answers[0]}, deadline_s=deadline_s)

        async def strategy() -> None:
            specs = [spec(index=0), spec(target("b"), index=1)]
            async with bench.caller.open(specs) as calls:
                await calls.settle(quorum, 0.5)

        task = asyncio.create_task(strategy())

        def act(event: Event) -> None:
            if event.seq == cancel_at:
                task.cancel()

        bench.sink._act = act
        await asyncio.wait([task])

        bench.check()
        assert now() <= deadline_s + 1.0

    virtual(main())


def test_a_sink_that_raises_is_dropped_with_one_warning() -> None:
    """A full disk loses no answer, and the other sinks see everything."""

    class Broken:
        told = 0

        def on_event(self, event: Event) -> None:
            self.told += 1
            raise OSError("disk full")

        async def drained(self, call_id: str) -> None:
            raise AssertionError("it was dropped")

    async def main() -> None:
        broken = Broken()
        bench = Bench({"a": says("a", "b")}, sinks=[broken])

        answer = await one(bench)

        assert (answer.status, broken.told) == ("ok", 1)
        assert bench.warnings == ["`Broken` failed and was dropped: disk full"]

    virtual(main())


def test_a_sink_that_cannot_drain_is_dropped_and_costs_no_answer() -> None:
    """Two calls wait on the same broken sink: one warning, two answers."""

    class Stuck:
        def on_event(self, event: Event) -> None: ...

        async def drained(self, call_id: str) -> None:
            await asyncio.sleep(1.0)
            raise OSError("gone")

    async def main() -> None:
        bench = Bench({"a": says("a"), "b": says("b")}, sinks=[Stuck()])

        async with bench.caller.open([spec(), spec(target("b"))]) as calls:
            answers = await calls.settle(None, None)

        assert [answer.status for answer in answers] == ["ok", "ok"]
        assert bench.warnings == ["`Stuck` failed and was dropped: gone"]
        bench.check()

    virtual(main())


def test_a_slow_sink_slows_its_own_call_only() -> None:
    """Backpressure reaches the provider of the call that is read slowly, and no other."""

    async def main() -> None:
        from tests.support.fakes import Collecting

        slow = Collecting(slow=lambda call: 10.0 if call == f"{RUN}-1" else 0.0)
        bench = Bench({"a": says("1", "2", "3"), "b": says("1", "2", "3")}, sinks=[slow])

        async with bench.caller.open([spec(), spec(target("b"))]) as calls:
            arrived = [(answer.name, now()) async for answer in calls]

        assert arrived == [("b", 0.0), ("a", 30.0)]

    virtual(main())


def test_events_are_numbered_across_calls() -> None:
    """One count for the run, whoever speaks."""

    async def main() -> None:
        bench = Bench({name: says(*"abc") for name in "abc"})

        async with bench.caller.open([spec(target(name)) for name in "abc"]) as calls:
            await calls.settle(None, None)

        check_events(bench.sink.events)
        assert len({event.call for event in bench.sink.events}) == 3

    virtual(main())


def test_call_started_says_who_is_asked() -> None:
    """Role, place, sample and simulation go with it, and whether it is known to think."""

    async def main() -> None:
        bench = Bench({"a": says("x")})

        thinker = target("a", capabilities=("reasoning",))
        requests = [spec(role="member", index=3), spec(thinker)]
        async with bench.caller.open(requests) as calls:
            await calls.settle(None, None)

        started, thinking = bench.sink.bodies(CallStarted)
        assert started == CallStarted("member", "a", "lab", "model-a", index=3)
        assert thinking == CallStarted("answer", "a", "lab", "model-a", thinks=True)

    virtual(main())


def test_lines_that_are_missing_from_an_answer_are_told() -> None:
    """The answer stands; a warning says how much of it could not be read."""

    async def main() -> None:
        holed = [TextDelta("ha"), Finished("stop", skipped=2)]
        bench = Bench({"a": holed})
        answer = await one(bench)

        assert (answer.text, answer.ok) == ("ha", True)
        assert bench.warnings == [
            "2 lines of the answer of `lab:model-a` could not be read and had to be left out"
        ]

    virtual(main())


def test_no_tries_left_is_a_failure_of_our_own() -> None:
    """A spent budget refuses without an attempt."""

    async def main() -> None:
        bench = Bench({"a": says("x")})

        answer = await one(bench, attempts=AttemptBudget(0, 2))

        assert answer.error is not None
        assert answer.error.error_class is ErrorClass.LOCAL_LIMIT
        assert not bench.sink.bodies(AttemptFailed)
        assert bench.sink.bodies(CallFailed)

    virtual(main())


def test_a_hub_without_sinks_still_counts() -> None:
    """Nobody needs to watch."""

    async def main() -> None:
        bench = Bench({})
        hub = EventHub(RUN, bench.clock, [], bench.warnings.append)

        await hub.drained("x")

        assert hub.started == 0.0

    virtual(main())
