"""Waiting for a gate or a breaker: who waits, how long, and what it costs."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes import Bench, RecordingLedger, fails, says, spec, target
from tests.support.virtual import now, virtual
from ultra.core.answer import Answer
from ultra.core.errors import ErrorClass, Failure
from ultra.core.events import AttemptFailed, CallWaiting
from ultra.core.ledger import Admitted, Refused
from ultra.core.model import Target

GATE, BREAKER = ErrorClass.RATE_LIMIT, ErrorClass.BREAKER_OPEN


def shut(wait_s: float | None, kind: ErrorClass = GATE, code: str | None = None) -> Refused:
    return Refused(Failure(kind, f"{kind.value} says no", code=code), wait_s=wait_s)


async def one(bench: Bench, **fields: object) -> Answer:
    async with bench.caller.open([spec(**fields)]) as calls:  # type: ignore[arg-type]
        (answer,) = await calls.settle(None, None)
    bench.check()
    return answer


def told(refusals: Sequence[Refused | None], **fields: object) -> tuple[Answer, float, Bench]:
    """A call that these refusals meet; the answer, the seconds it took and the bench."""
    standby = bool(fields.pop("standby", False))

    async def main() -> tuple[Answer, float, Bench]:
        ledger = RecordingLedger(refusals=refusals)
        bench = Bench({"a": says("yes")}, ledger=ledger, **fields)  # type: ignore[arg-type]
        answer = await one(bench, standby=standby)
        return answer, now(), bench

    return virtual(main())


def test_a_shut_gate_is_waited_for_and_told() -> None:
    """Every wait has its event, and the attempt's row says how long it waited in all."""
    answer, took, bench = told([shut(5.0), shut(3.0)])

    assert answer.status == "ok"
    assert 8.0 <= took <= 8.8
    first, second = bench.sink.bodies(CallWaiting)
    assert isinstance(first, CallWaiting)
    assert isinstance(second, CallWaiting)
    assert (first.reason, first.message) == (GATE, "rate_limit says no")
    assert 5.0 <= first.wait_s <= 5.5
    assert bench.ledger.admitted[0].wait_s == pytest.approx(took)
    assert (bench.ledger.admitted[0].kind, bench.ledger.admitted[0].number) == ("primary", 1)


@pytest.mark.parametrize(
    ("wait_s", "deadline_s", "waits"),
    [(60.0, 300.0, True), (60.1, 300.0, False), (20.0, 20.0, False), (None, 300.0, False)],
    ids=["a-minute", "longer", "past-the-deadline", "no-use"],
)
def test_a_gate_is_waited_for_up_to_a_minute_and_the_deadline(
    wait_s: float | None, deadline_s: float, *, waits: bool
) -> None:
    """What is not waited for fails at once, with the time in its failure."""
    answer, took, _ = told([shut(wait_s)], deadline_s=deadline_s)

    assert answer.ok is waits
    if not waits:
        assert took == 0.0
        assert answer.error is not None
        assert (answer.error.error_class, answer.error.retry_after_s) == (GATE, wait_s)


@pytest.mark.parametrize("kind", [GATE, BREAKER])
def test_nobody_waits_while_another_model_stands_by(kind: ErrorClass) -> None:
    """Fallback goes on at once."""
    answer, took, _ = told([shut(1.0, kind)], standby=True, patient=True)

    assert (answer.status, took) == ("error", 0.0)


def test_an_open_breaker_fails_at_once() -> None:
    """A provider that is down costs a line, not a wait."""
    answer, took, bench = told([shut(2.0, BREAKER)])

    assert (answer.status, took, bench.provider.requests) == ("error", 0.0, [])
    assert answer.error is not None
    assert (answer.error.error_class, answer.error.retry_after_s) == (BREAKER, 2.0)


def test_an_open_breaker_is_waited_for_under_a_deadline_of_the_users_own() -> None:
    """However long it is open, as long as that fits; a probe that closes it early is noticed."""
    answer, took, _ = told([shut(80.0, BREAKER), shut(75.0, BREAKER)], patient=True)
    assert answer.ok
    assert took == 10.0

    answer, took, _ = told([shut(80.0, BREAKER)], patient=True, deadline_s=80.0)
    assert (answer.ok, took) == (False, 0.0)


def test_a_cancel_ends_a_wait_at_once() -> None:
    """Ctrl-C during the minute of a gate."""

    async def main() -> None:
        bench = Bench({"a": says("x")}, ledger=RecordingLedger(refusals=[shut(50.0)]))
        async with bench.caller.open([spec()]) as calls:
            await asyncio.sleep(7.0)

        assert now() == 7.0
        (answer,) = calls.answers()
        assert (answer.status, answer.attempts, answer.cost_nano) == ("cancelled", 0, 0)
        bench.check()

    virtual(main())


def test_a_call_that_waits_holds_no_place() -> None:
    """One model's gate does not shut out the other models of its endpoint."""

    async def main() -> None:
        ledger = RecordingLedger(refusals=[shut(50.0)])
        bench = Bench({"a": says("x"), "b": says("y")}, ledger=ledger)
        specs = [spec(target(name, concurrency=1)) for name in "ab"]
        async with bench.caller.open(specs) as calls:
            first = await anext(aiter(calls))
            assert (first.name, now()) == ("b", 0.0)
            await calls.settle(None, None)
        bench.check()

    virtual(main())


def test_a_wait_uses_up_no_try() -> None:
    """Two refusals and a failure leave the second try of the target."""

    async def main() -> None:
        ledger = RecordingLedger(refusals=[shut(1.0), shut(1.0), None, shut(1.0)])
        bench = Bench({"a": [[fails()], says("yes")]}, ledger=ledger)

        answer = await one(bench)

        assert (answer.status, answer.attempts) == ("ok", 2)
        assert [(row.kind, row.retry_of) for row in ledger.admitted] == [
            ("primary", None),
            ("retry", ErrorClass.SERVER),
        ]
        assert ledger.admitted[0].wait_s >= 2.0
        assert ledger.admitted[1].wait_s >= 1.0

    virtual(main())


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (shut(None, ErrorClass.LOCAL_LIMIT, "retry_tokens"), ErrorClass.OVERLOADED),
        (shut(20.0, BREAKER), ErrorClass.OVERLOADED),
        (shut(90.0, GATE), ErrorClass.OVERLOADED),
        (shut(None, ErrorClass.BUDGET), ErrorClass.BUDGET),
    ],
    ids=["retry-tokens", "breaker", "gate", "budget"],
)
def test_a_retry_that_is_refused_leaves_the_first_failure(
    refusal: Refused, said: ErrorClass
) -> None:
    """Why it failed, not why it was not tried again; a budget is the user's own wall."""

    async def main() -> None:
        ledger = RecordingLedger(refusals=[None, refusal])
        bench = Bench({"a": [fails(ErrorClass.OVERLOADED, status=529)]}, ledger=ledger)

        answer = await one(bench)

        assert answer.error is not None
        assert (answer.error.error_class, answer.attempts) == (said, 1)

    virtual(main())


@pytest.mark.parametrize(("usual_s", "tries"), [(None, 2), (1.0, 2), (9.9, 1)])
def test_a_retry_needs_time_for_its_first_token(usual_s: float | None, tries: int) -> None:
    """Where the target's usual time is known; asked for only once something failed."""

    async def main() -> None:
        asked: list[str] = []

        async def usual(to: Target) -> float | None:
            asked.append(to.name)
            return usual_s

        fields = {"deadline_s": 10.0, "usual_ttft_s": usual}
        good = Bench({"a": says("x")}, **fields)  # type: ignore[arg-type]
        await one(good)
        assert asked == []
        bench = Bench({"a": [fails()]}, **{**fields, "deadline_s": 10.0})  # type: ignore[arg-type]
        await one(bench)
        assert len(bench.provider.requests) == tries
        assert asked == ["a"]

    virtual(main())


OUTCOMES = st.sampled_from(
    [
        "ok",
        *(fails(kind) for kind in ErrorClass),
        fails(ErrorClass.RATE_LIMIT, retry_after_s=7.0),
        fails(ErrorClass.SERVER, retry_after_s=90.0),
        fails(ErrorClass.SERVER, retry_after_s=0.3, retry=True),
        ValueError("bug"),
    ]
)
VERDICTS = st.sampled_from(
    [None, None, shut(0.0), shut(4.0), shut(70.0), shut(9.0, BREAKER), shut(None, BREAKER)]
)


@settings(max_examples=200, deadline=None)
@given(
    outcomes=st.lists(OUTCOMES, min_size=1, max_size=8),
    verdicts=st.lists(VERDICTS, max_size=8),
    seed=st.integers(0, 2**16),
    patient=st.booleans(),
    at_once=st.booleans(),
)
def test_no_more_than_four_tries_in_all_and_two_at_a_target(
    outcomes: list[object],
    verdicts: list[Refused | None],
    seed: int,
    *,
    patient: bool,
    at_once: bool,
) -> None:
    """Whatever fails and refuses, in turn or at once; no wait is shorter than a server's floor."""

    async def main() -> None:
        ends = iter(outcomes)

        def script(_request: object, _number: int) -> list[object]:
            end = next(ends, "ok")
            return list(says("x")) if end == "ok" else [end]

        ledger = RecordingLedger(refusals=verdicts)
        bench = Bench(dict.fromkeys("abc", script), ledger=ledger, seed=seed, patient=patient)
        budget = bench.caller.attempts()
        specs = [spec(target(name), attempts=budget) for name in "abc"]
        for group in [specs] if at_once else [[one] for one in specs]:
            async with bench.caller.open(group) as calls:
                await calls.settle(None, None)
        bench.check()
        assert len(ledger.admitted) == len(bench.provider.requests) <= 4
        assert all(len(bench.provider.to(name)) <= 2 for name in "abc")
        for name in "abc":
            _floors_held(bench, name)

    virtual(main())


def _floors_held(bench: Bench, name: str) -> None:
    requests = bench.provider.requests
    sent = [at for at, to in zip(bench.provider.sent_at, requests, strict=True)
            if to.target.name == name]  # fmt: skip
    failed = [
        body.failure.retry_after_s or 0.0
        for body in bench.sink.bodies(AttemptFailed)
        if isinstance(body, AttemptFailed) and body.failure.model == f"model-{name}"
    ]
    if len(sent) == 2:
        assert sent[1] - sent[0] >= failed[0]


def test_terms_of_an_admission_hold_for_its_attempt_alone() -> None:
    """A cap that a budget put on one try is not the next one's."""

    async def main() -> None:
        terms = Admitted(notes=("capped at 50 tokens",), output_tokens=50)
        bench = Bench({"a": [[fails()], says("x")]}, ledger=RecordingLedger(refusals=[terms]))

        await one(bench)

        caps = [request.sampling.max_output_tokens for request in bench.provider.requests]
        assert caps == [50, None]
        assert bench.warnings == ["capped at 50 tokens"]

    virtual(main())
