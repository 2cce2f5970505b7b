"""Giving up on a provider that does not speak, in virtual time."""

import asyncio

import pytest

from tests.support.fakes import (
    RUN,
    Bench,
    Collecting,
    Script,
    Step,
    Wait,
    fails,
    says,
    spec,
    target,
)
from tests.support.virtual import VirtualLoop, now, virtual
from ultra.core.answer import Answer
from ultra.core.errors import ACTIONS, ErrorClass
from ultra.core.model import Timers
from ultra.core.ports import AttemptBudget
from ultra.core.stream import Finished, ReasoningDelta, ResponseStarted, TextDelta, UsageReported
from ultra.core.usage import Usage
from ultra.engine.timers import Watchdog

TIMERS = Timers(first_token_s=20.0, reasoning_first_token_s=80.0, idle_s=10.0, run_s=200.0)


async def one(bench: Bench, **fields: object) -> Answer:
    """One try, so that times add up."""
    once = AttemptBudget(1, 1)
    asked = target(timers=fields.pop("timers", TIMERS), **fields)  # type: ignore[arg-type]
    async with bench.caller.open([spec(asked, attempts=once)]) as calls:
        (answer,) = await calls.settle(None, None)
    bench.check()
    return answer


def stalls(script: Script, **fields: object) -> tuple[Answer, float]:
    async def main() -> tuple[Answer, float]:
        return await one(Bench({"a": script}), **fields), now()

    return virtual(main())


def message(answer: Answer) -> str:
    assert answer.error is not None
    assert answer.error.error_class is ErrorClass.TIMEOUT
    assert answer.error.sent
    return answer.error.message


def test_a_first_token_that_does_not_come_is_given_up() -> None:
    """After the time for it, and the words say which."""
    answer, took = stalls([Wait()])

    assert (message(answer), took) == ("no first token within 20 s", 20.0)
    assert answer.status == "error"


def test_a_model_that_reasons_gets_longer() -> None:
    """As the catalog says of it."""
    answer, took = stalls([Wait()], capabilities=("reasoning",))

    assert (message(answer), took) == ("no first token within 80 s", 80.0)


def test_bodies_without_content_do_not_buy_time() -> None:
    """Keep-alives, ids and usage are not a token: the first-token time runs on."""
    usage = UsageReported(Usage(text_input_tokens=1))
    noise: list[Step] = [step for _ in range(30) for step in (Wait(5.0), usage)]

    answer, took = stalls([ResponseStarted("m"), *noise, *says("late")])

    assert (message(answer), took) == ("no first token within 20 s", 20.0)


def test_a_stream_that_falls_silent_is_partial() -> None:
    """What came is kept, and the wait is that for the next chunk."""
    answer, took = stalls([Wait(15.0), TextDelta("half"), Wait(9.0), TextDelta(" done"), Wait()])

    assert (message(answer), took) == ("no next chunk within 10 s", 34.0)
    assert (answer.status, answer.text) == ("partial", "half done")


def test_an_idle_time_equal_to_the_first_is_told_apart() -> None:
    """The defaults are 60 s and 60 s; the words still say which wait it was."""
    answer, took = stalls([TextDelta("half"), Wait()], timers=Timers())

    assert (message(answer), took) == ("no next chunk within 60 s", 60.0)


def test_thinking_ends_the_wait_for_the_first_token() -> None:
    """Reasoning is content."""
    answer, took = stalls([ReasoningDelta("hm"), Wait()])

    assert (message(answer), took) == ("no next chunk within 10 s", 10.0)


def test_a_whole_answer_may_take_the_whole_run() -> None:
    """Without streaming nothing comes before the end."""

    async def main() -> None:
        bench = Bench({"a": [Wait(150.0), *says("all of it")]})
        async with bench.caller.open([spec(target(timers=TIMERS), stream=False)]) as calls:
            (answer,) = await calls.settle(None, None)

        assert answer.status == "ok"

    virtual(main())


def test_time_in_which_the_reader_holds_the_stream_counts_against_none() -> None:
    """A pager may be left open for an hour."""

    async def main() -> None:
        slow = Collecting(slow=lambda _: 3600.0)
        script = [Wait(15.0), TextDelta("a"), Wait(9.0), TextDelta("b"), Wait(9.0), *says("c")]
        bench = Bench({"a": script}, sinks=[slow], deadline_s=1e6)

        answer = await one(bench)

        assert (answer.status, answer.text) == ("ok", "abc")
        assert now() == 3 * 3600.0 + 33.0

    virtual(main())


def test_a_hundred_thousand_chunks_take_a_handful_of_timers() -> None:
    """One watchdog a call, not a timer per chunk."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        bench = Bench({"a": says(*(["x"] * 100_000))})

        answer = await one(bench)

        assert len(answer.text) == 100_000
        assert loop.timers < 12

    virtual(main())


def test_the_upstream_is_closed_when_the_wait_is_given_up() -> None:
    """The connection goes with the call."""

    async def main() -> None:
        bench = Bench({"a": [Wait()]})

        await one(bench)

        assert bench.provider.closed_at == [20.0]

    virtual(main())


def test_a_timeout_before_content_is_not_waited_for_twice() -> None:
    """Another model may have answered long before a second wait is over."""

    async def main() -> None:
        bench = Bench({"a": [[Wait()], says("yes")]})
        async with bench.caller.open([spec(target(timers=TIMERS))]) as calls:
            (answer,) = await calls.settle(None, None)

        assert (answer.status, answer.attempts) == ("error", 1)
        assert answer.error is not None
        assert ACTIONS[answer.error.error_class].fall_back
        bench.check()

    virtual(main())


@pytest.mark.parametrize("how", ["error", "answer"])
def test_a_provider_that_swallows_the_watchdogs_cancel_leaves_no_cancel_behind(how: str) -> None:
    """The task is as free as before: later awaits of the call are not cancelled for nothing."""

    async def main() -> None:
        bench = Bench({"a": []})
        task_state: list[int] = []

        async def stream(request: object):  # type: ignore[no-untyped-def]
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                if how == "error":
                    raise fails(ErrorClass.NETWORK, message="closed") from None
            yield TextDelta("late")
            yield Finished("stop")

        bench.provider.stream = stream  # type: ignore[method-assign]

        def act(event: object) -> None:
            task = asyncio.current_task()
            task_state.append(task.cancelling() if task else 0)

        bench.sink._act = act
        answer = await one(bench)

        assert answer.status == ("error" if how == "error" else "ok")
        assert task_state[-1] == 0

    virtual(main())


def test_a_cancel_from_outside_in_the_moment_of_the_timeout_is_a_cancel() -> None:
    """Both at once: the user's wish counts."""

    async def main() -> None:
        bench = Bench({"a": [Wait()]})
        calls = bench.caller.open([spec(target(timers=TIMERS))])
        loop = asyncio.get_running_loop()
        loop.call_later(20.0, lambda: [task.cancel() for task in calls._tasks])

        async with calls:
            (answer,) = await calls.settle(None, None)

        assert (answer.status, answer.error) == ("cancelled", None)
        bench.check()

    virtual(main())


def test_a_watchdog_guards_a_task() -> None:
    """Outside of one there is nothing to cancel."""
    errors: list[Exception] = []

    def outside() -> None:
        try:
            Watchdog()
        except RuntimeError as error:
            errors.append(error)

    async def main() -> None:
        asyncio.get_running_loop().call_soon(outside)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    virtual(main())

    assert [str(error) for error in errors] == ["a watchdog guards a task"]


def test_ids_are_those_of_the_run() -> None:
    """A guard for the helpers here."""
    answer, _ = stalls(says("x"))

    assert answer.call_id == f"{RUN}-1"
