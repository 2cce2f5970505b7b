"""Calls owned by a block: waiting, quorum and grace, deadline, cancel, places at an endpoint."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.fakes import (
    RUN,
    Bench,
    RecordingLedger,
    SlowClose,
    Step,
    Wait,
    fails,
    says,
    spec,
    target,
)
from tests.support.virtual import now, virtual
from ultra.core.answer import Answer
from ultra.core.errors import ErrorClass
from ultra.core.events import CallCancelled, CallFailed, CallStarted
from ultra.core.ports import CallSpec
from ultra.core.stream import TextDelta

NAMES = ("a", "b", "c")


def three() -> list[CallSpec]:
    return [spec(target(name), index=place) for place, name in enumerate(NAMES)]


def settled(
    scripts: Mapping[str, Any], quorum: int | None, grace_s: float | None, **fields: Any
) -> tuple[list[Answer], float, Bench]:
    async def main() -> tuple[list[Answer], float, Bench]:
        bench = Bench(scripts, **fields)
        async with bench.caller.open(three()) as calls:
            answers = await calls.settle(quorum, grace_s)
            took = now()
        bench.check()
        return answers, took, bench

    return virtual(main())


def statuses(answers: list[Answer]) -> list[tuple[str, str]]:
    return [(answer.name, answer.status) for answer in answers]


def slow(seconds: float, text: str = "late") -> list[Step]:
    return [Wait(seconds), *says(text)]


def test_answers_stand_in_the_order_asked_for_never_of_arrival() -> None:
    """The slowest first asked is the first told."""
    answers, took, _ = settled({"a": slow(30.0), "b": slow(20.0), "c": slow(10.0)}, None, None)

    assert [answer.name for answer in answers] == ["a", "b", "c"]
    assert took == 30.0


def test_answers_arrive_as_they_end() -> None:
    """The order of arrival is for those who race."""

    async def main() -> None:
        bench = Bench({"a": slow(3.0), "b": slow(2.0), "c": slow(1.0)})
        async with bench.caller.open(three()) as calls:
            names = [answer.name async for answer in calls]

        assert names == ["c", "b", "a"]

    virtual(main())


def test_looking_at_arrivals_twice_goes_on_where_it_was() -> None:
    """A second look waits for no answer that was already given out."""

    async def main() -> None:
        bench = Bench({"a": slow(3.0), "b": slow(2.0), "c": slow(1.0)})
        async with bench.caller.open(three()) as calls:
            async for _answer in calls:
                break
            rest = [answer.name async for answer in calls]
            none = [answer.name async for answer in calls]

        assert (rest, none) == (["b", "a"], [])
        bench.check()

    virtual(main())


def test_a_quorum_ends_the_wait_after_its_grace() -> None:
    """Two are enough; the third has the grace and no more."""
    answers, took, _ = settled({"a": slow(50.0), "b": slow(1.0), "c": slow(2.0)}, 2, 8.0)

    assert statuses(answers) == [("a", "cancelled"), ("b", "ok"), ("c", "ok")]
    assert took == 10.0


def test_a_straggler_that_ends_in_the_grace_counts() -> None:
    """And ends the wait."""
    answers, took, _ = settled({"a": slow(5.0), "b": slow(1.0), "c": slow(2.0)}, 2, 8.0)

    assert statuses(answers) == [("a", "ok"), ("b", "ok"), ("c", "ok")]
    assert took == 5.0


def test_a_quorum_counts_only_usable_answers() -> None:
    """A failure is not an answer."""
    scripts = {"a": [fails(ErrorClass.AUTH)], "b": slow(1.0), "c": slow(20.0)}
    answers, took, _ = settled(scripts, 2, None)

    assert statuses(answers) == [("a", "error"), ("b", "ok"), ("c", "ok")]
    assert took == 20.0


def test_no_grace_stops_the_rest_at_once() -> None:
    """None and 0 alike."""
    for grace in (None, 0.0):
        answers, took, _ = settled({"a": slow(9.0), "b": slow(1.0), "c": slow(9.0)}, 1, grace)

        assert statuses(answers) == [("a", "cancelled"), ("b", "ok"), ("c", "cancelled")]
        assert took == 1.0


def test_a_member_that_is_streaming_is_never_cut_by_a_quorum() -> None:
    """However long it speaks."""
    speaking = [Wait(0.5), *[step for _ in range(50) for step in (TextDelta("x"), Wait(1.0))]]
    scripts = {"a": [*speaking, *says("!")], "b": slow(1.0), "c": slow(9.0)}
    answers, took, _ = settled(scripts, 1, 2.0)

    assert statuses(answers) == [("a", "ok"), ("b", "ok"), ("c", "cancelled")]
    assert took == 50.5


def test_a_quorum_of_all_waits_for_all() -> None:
    """Even when some fail."""
    answers, took, _ = settled({"a": [fails(ErrorClass.AUTH)], "b": slow(1), "c": slow(4)}, 3, 0.0)

    assert statuses(answers) == [("a", "error"), ("b", "ok"), ("c", "ok")]
    assert took == 4.0


def test_the_deadline_ends_every_call_within_a_second() -> None:
    """Streaming calls become partial, silent ones fail, all with the class `deadline`."""
    scripts = {
        "a": [TextDelta("half"), Wait()],
        "b": [Wait()],
        "c": [fails(retry_after_s=8.0)],
    }
    answers, took, bench = settled(scripts, None, None, deadline_s=10.0)

    assert statuses(answers) == [("a", "partial"), ("b", "error"), ("c", "error")]
    assert {answer.error.error_class for answer in answers[:2] if answer.error} == {
        ErrorClass.DEADLINE
    }
    assert took == 10.0
    assert len(bench.sink.bodies(CallFailed)) == 3
    assert [r.status for r in bench.ledger.results if r.failure] != []


def test_the_deadline_holds_while_calls_wait_for_a_place() -> None:
    """Nobody waits for a slot past the end."""

    async def main() -> None:
        narrow = [target(name, concurrency=1) for name in "ab"]
        bench = Bench({"a": [TextDelta("x"), Wait()], "b": says("y")}, deadline_s=5.0)
        async with bench.caller.open([spec(to) for to in narrow]) as calls:
            answers = await calls.settle(None, None)

        assert statuses(answers) == [("a", "partial"), ("b", "error")]
        assert answers[1].attempts == 0
        assert now() == 5.0
        bench.check()

    virtual(main())


@pytest.mark.parametrize("closing", [5.0, None], ids=["slow", "never"])
@pytest.mark.parametrize("how", ["settle", "race"])
def test_a_connection_that_does_not_close_holds_nobody_past_the_deadline(
    closing: float | None, how: str
) -> None:
    """Within a second of it, with the terminal event and the row in place."""

    async def main() -> None:
        bench = Bench({"a": [SlowClose(closing), TextDelta("x"), Wait()]}, deadline_s=10.0)
        async with bench.caller.open([spec()]) as calls:
            if how == "settle":
                await calls.settle(None, None)
            else:
                assert [answer.status async for answer in calls] == ["partial"]

        assert now() <= 11.0
        bench.check()
        assert len(bench.sink.bodies(CallFailed)) == 1

    virtual(main())


@pytest.mark.parametrize("closing", [0.2, 5.0, None], ids=["quick", "slow", "never"])
def test_leaving_the_block_stops_the_losers_within_a_second(closing: float | None) -> None:
    """Their terminal events are told and their rows closed before the block is left."""

    async def main() -> None:
        losing = [SlowClose(closing), TextDelta("half"), Wait()]
        bench = Bench({"a": slow(1.0), "b": losing, "c": [SlowClose(closing), Wait()]})
        async with bench.caller.open(three()) as calls:
            async for _answer in calls:
                break

        bench.check()
        assert statuses(calls.answers()) == [("a", "ok"), ("b", "partial"), ("c", "cancelled")]
        assert len(bench.sink.bodies(CallCancelled)) == 2
        assert now() <= 2.0

    virtual(main())


def test_a_second_cancel_while_losers_close_still_ends_them_first() -> None:
    """Ctrl-C in the moment a race is won: nothing is told after the block is left."""

    async def main() -> None:
        losing = [SlowClose(0.2), TextDelta("half"), Wait()]
        bench = Bench({"a": slow(1.0), "b": losing, "c": losing})

        async def race() -> None:
            async with bench.caller.open(three()) as calls:
                async for _answer in calls:
                    break

        task = asyncio.create_task(race())
        asyncio.get_running_loop().call_later(1.1, task.cancel)
        await asyncio.wait([task])

        assert task.cancelled()
        bench.check()
        assert len(bench.sink.bodies(CallCancelled)) == 2

    virtual(main())


def test_a_block_that_raises_stops_its_calls() -> None:
    """And the error goes on."""

    async def main() -> None:
        bench = Bench({"a": [TextDelta("x"), Wait()]})

        async def strategy() -> None:
            async with bench.caller.open([spec()]):
                await asyncio.sleep(1.0)
                raise ValueError("strategy")

        with pytest.raises(ValueError, match="strategy"):
            await strategy()

        bench.check()
        (ended,) = bench.sink.bodies(CallCancelled)
        assert isinstance(ended, CallCancelled)
        assert ended.answer.status == "partial"

    virtual(main())


def test_a_cancelled_call_costs_an_unknown_amount_and_is_charged_for_what_came() -> None:
    """NULL in reports, an upper estimate for budgets."""

    async def main() -> None:
        bench = Bench({"a": [TextDelta("x" * 300), Wait()]})
        async with bench.caller.open([spec()]) as calls:
            await asyncio.sleep(1.0)

        (answer,) = calls.answers()
        assert answer.cost_nano is None
        assert answer.charged_nano is not None
        assert answer.charged_nano >= 100 * 2_000
        (result,) = bench.ledger.results
        assert (result.cost_nano, result.charged_nano) == (None, answer.charged_nano)

    virtual(main())


def test_calls_that_wait_for_the_ledger_are_free_when_stopped() -> None:
    """Nothing left, nothing is owed; the ledger closes what it may have written."""

    async def main() -> None:
        bench = Bench({"a": says("x")}, ledger=RecordingLedger(admit_s=5.0))
        async with bench.caller.open([spec()]) as calls:
            await asyncio.sleep(1.0)

        (answer,) = calls.answers()
        assert (answer.status, answer.attempts, answer.cost_nano) == ("cancelled", 0, 0)
        assert bench.provider.requests == []
        bench.check()

    virtual(main())


def test_no_more_calls_than_places_are_under_way_at_an_endpoint() -> None:
    """Ten calls, three places; an endpoint without a limit of its own begins with eight."""

    async def main() -> None:
        names = [f"m{number}" for number in range(10)]
        narrow = [target(name, concurrency=3) for name in names]
        wide = [target(f"w{number}", provider="other") for number in range(10)]
        bench = Bench({to.name: slow(1.0) for to in (*narrow, *wide)})
        async with bench.caller.open([spec(to) for to in narrow]) as calls:
            answers = await calls.settle(None, None)
        assert bench.provider.peak == 3
        assert all(answer.ok for answer in answers)
        assert now() == 4.0

        async with bench.caller.open([spec(to) for to in wide]) as calls:
            await calls.settle(None, None)
        assert bench.provider.peak == 8

    virtual(main())


def test_a_place_is_free_while_its_call_waits_to_try_again() -> None:
    """A backoff holds nobody up."""

    async def main() -> None:
        bench = Bench({"a": [[fails(retry_after_s=50.0)], says("x")], "b": says("y")})
        specs = [spec(target(name, concurrency=1)) for name in "ab"]
        async with bench.caller.open(specs) as calls:
            first = await anext(aiter(calls))
            assert (first.name, now()) == ("b", 0.0)
            await calls.settle(None, None)

        bench.check()

    virtual(main())


def test_a_place_is_given_back_whatever_ends_its_call() -> None:
    """Failures, timeouts and cancels included."""

    async def main() -> None:
        narrow = [target(name, concurrency=1) for name in NAMES]
        bench = Bench({"a": [fails(ErrorClass.AUTH)], "b": [ValueError("bug")], "c": says("z")})
        async with bench.caller.open([spec(to) for to in narrow]) as calls:
            answers = await calls.settle(None, None)

        assert [answer.status for answer in answers] == ["error", "error", "ok"]

    virtual(main())


def test_a_thousand_calls_keep_their_own_answers() -> None:
    """No cross-talk, and call ids count from 1."""

    async def main() -> None:
        names = [f"m{number}" for number in range(1000)]
        bench = Bench({name: says(name, "!") for name in names})
        async with bench.caller.open([spec(target(name)) for name in names]) as calls:
            answers = await calls.settle(None, None)

        assert [answer.text for answer in answers] == [f"{name}!" for name in names]
        assert answers[999].call_id == f"{RUN}-1000"
        assert len(bench.sink.bodies(CallStarted)) == 1000
        bench.check()

    virtual(main())


def test_no_calls_settle_at_once() -> None:
    """An empty block is no error."""

    async def main() -> None:
        bench = Bench({})
        async with bench.caller.open([]) as calls:
            assert await calls.settle(None, None) == []

    virtual(main())
