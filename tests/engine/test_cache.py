"""The cache policy: an answer is asked for once, and told again as if it were new but free."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.caches import HOPELESS, MemoryCache, with_cache
from tests.support.fakes import (
    PRICE,
    USAGE,
    Bench,
    RecordingLedger,
    Script,
    Wait,
    fails,
    says,
    spec,
    target,
)
from tests.support.virtual import now, virtual
from ultra.core.answer import Answer
from ultra.core.cost import cost_nano
from ultra.core.errors import ErrorClass
from ultra.core.events import AttemptStarted
from ultra.core.model import KeyRef
from ultra.core.ports import CallSpec
from ultra.core.quota import Allowance, Quota
from ultra.core.request import CallRequest, said
from ultra.core.stream import (
    CacheHit,
    Finished,
    ReasoningDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
)
from ultra.engine.cache import PIECE

PAID = cost_nano(USAGE, PRICE)


async def ask(bench: Bench, *specs: CallSpec) -> list[Answer]:
    async with bench.caller.open(specs or [spec()]) as calls:
        return await calls.settle(None, None)


def run(script: Any, *, cache: MemoryCache, **how: Any) -> tuple[Bench, Answer]:
    """One call on a bench of its own."""

    async def main() -> tuple[Bench, Answer]:
        bench = with_cache(Bench({"a": script}), cache, **how)
        (answer,) = await ask(bench, *how.get("specs", ()))
        bench.check()
        return bench, answer

    return virtual(main())


def test_a_question_is_asked_once_and_its_answer_told_again() -> None:
    """The second run sends nothing, says the same, costs nothing and says what it saved."""
    cache = MemoryCache()
    script = [
        ResponseStarted("m-1-2026", "req-1", Quota(requests=Allowance(remaining=5))),
        ReasoningDelta("hm"),
        *says("ray", "leigh"),
    ]

    _, first = run(script, cache=cache)
    again, second = run(script, cache=cache)

    assert again.provider.requests == []
    assert (second.text, second.reasoning, second.usage) == ("rayleigh", "hm", USAGE)
    assert (second.resolved_model, second.request_id) == ("m-1-2026", "req-1")
    assert (first.cached, first.cost_nano) == (False, PAID)
    assert (second.cached, second.saved_nano, second.attempts) == (True, PAID, 0)
    assert (second.cost_nano, second.charged_nano, second.ttft_s) == (0, 0, None)


def test_a_hit_comes_through_the_same_events_without_a_try() -> None:
    """`CacheHit` stands before everything, and no `AttemptStarted` anywhere."""
    cache = MemoryCache()
    run(says("one"), cache=cache)

    bench, _ = run(says("one"), cache=cache)

    kinds = [type(body) for body in bench.sink.bodies()]
    assert kinds.index(CacheHit) < kinds.index(TextDelta) < kinds.index(Finished)
    assert AttemptStarted not in kinds


def test_a_hit_is_on_record_as_served_and_nothing_is_admitted() -> None:
    """Budgets, breakers and gates are not asked: nothing leaves."""
    cache = MemoryCache()
    run(says("one"), cache=cache)

    bench, _ = run(says("one"), cache=cache)

    ((attempt, result),) = bench.ledger.served
    assert bench.ledger.admitted == []
    assert (attempt.kind, attempt.number, attempt.charged_nano) == ("cache", 0, 0)
    assert (result.status, result.text, result.usage) == ("ok", "one", USAGE)
    assert (result.cost_nano, result.charged_nano, result.saved_nano) == (0, 0, PAID)
    assert (result.ttft_s, result.quota, result.provider_cost_nano) == (None, None, None)


def test_a_long_answer_is_told_in_pieces() -> None:
    """A slow reader holds it up as any other answer."""
    cache = MemoryCache()
    text = "x" * (2 * PIECE + 1)
    run(says(text), cache=cache)

    bench, answer = run(says(text), cache=cache)

    assert answer.text == text
    assert [len(body.text) for body in bench.sink.bodies(TextDelta)] == [PIECE, PIECE, 1]  # type: ignore[union-attr]


NO_ANSWERS: dict[str, tuple[Script, bool]] = {
    "cut by the cap": ([TextDelta("half"), Finished("length")], True),
    "with a hole in it": ([TextDelta("ha"), Finished("stop", skipped=1)], True),
    "asks for tools": ([ToolCallDelta(0, "t", "f", "{}"), Finished("tool_call")], True),
    "asks for tools beside words": (
        [TextDelta("see"), ToolCallDelta(0, "t", "f", "{}"), Finished("stop")],
        True,
    ),
    "ended for another reason": ([TextDelta("half"), Finished("other")], True),
    "refused": ([Finished("content_filter")], False),
    "failed": ([fails(ErrorClass.INVALID_REQUEST)], False),
    "broke off": ([TextDelta("half"), fails(ErrorClass.NETWORK)], False),
}
"""With whether there is no use in waiting for the next one."""


@pytest.mark.parametrize("name", NO_ANSWERS)
def test_only_a_whole_answer_in_words_is_kept(name: str) -> None:
    """What was cut, refused, failed or is for tools is asked anew, and nobody is left waiting."""
    cache = MemoryCache()
    script, hopeless = NO_ANSWERS[name]

    run(script, cache=cache)

    assert (cache.answers, cache.released) == ({}, [hopeless])
    assert list(cache.leases.values()) == ([HOPELESS] if hopeless else [])


def test_an_answer_that_its_schema_does_not_allow_is_not_kept() -> None:
    """Asked again, a model may keep to it."""
    cache = MemoryCache()
    asked = spec()
    asked.request = replace(asked.request, json_schema={"type": "object"})

    run(says("no json"), cache=cache, specs=[asked], fits=lambda text, schema: False)

    assert cache.answers == {}


def test_without_leave_to_write_nothing_is_kept_and_nobody_waits_for_it() -> None:
    """`-n` reads what is there, and never asks on behalf of others."""
    cache = MemoryCache()

    run(says("one"), cache=cache, write=False)

    assert (cache.answers, cache.leases, cache.released) == ({}, {}, [])
    assert [lease for _, lease in cache.looks] == [None]


def test_refresh_asks_anew_and_what_comes_serves_from_then_on() -> None:
    """`--refresh` never looks."""
    cache = MemoryCache()
    run(says("old"), cache=cache)

    _, fresh = run(says("new"), cache=cache, read=False)
    _, later = run(says("newer"), cache=cache)

    assert (fresh.text, fresh.cached) == ("new", False)
    assert (later.text, later.cached) == ("new", True)


def test_a_call_is_made_once_for_all_who_ask_at_the_same_time() -> None:
    """The others wait for its answer, and are served it."""

    async def main() -> None:
        cache = MemoryCache()
        bench = with_cache(Bench({"a": [Wait(3.0), *says("one")]}), cache)

        answers = await ask(bench, *(spec() for _ in range(10)))

        bench.check()
        assert len(bench.provider.requests) == 1
        assert {answer.text for answer in answers} == {"one"}
        assert sorted(answer.cached for answer in answers) == [False, *[True] * 9]
        assert now() < 4.0

    virtual(main())


def test_samples_of_one_model_are_different_questions() -> None:
    """Two draws are asked for to be two draws."""

    async def main() -> None:
        bench = with_cache(Bench({"a": says("one")}), MemoryCache())
        two = spec()
        two.request = replace(two.request, sample=1)

        answers = await ask(bench, spec(), two)

        assert len(bench.provider.requests) == 2
        assert not any(answer.cached for answer in answers)

    virtual(main())


def test_after_a_failure_one_other_asks_at_a_time() -> None:
    """A failure is nobody else's, and does not send all who waited at once."""

    async def main() -> None:
        cache = MemoryCache()
        script = [
            [Wait(1.0), fails(ErrorClass.INVALID_REQUEST)],
            [Wait(1.0), fails(ErrorClass.INVALID_REQUEST)],
            [Wait(1.0), *says("one")],
        ]
        bench = with_cache(Bench({"a": script}), cache)

        answers = await ask(bench, *(spec() for _ in range(6)))

        bench.check()
        assert len(bench.provider.requests) == 3
        assert bench.provider.peak == 1
        assert [answer.ok for answer in answers].count(True) == 4

    virtual(main())


def test_where_there_is_no_answer_to_keep_nobody_waits_for_one() -> None:
    """Calls that a cap always cuts are made side by side after the first."""

    async def main() -> None:
        bench = with_cache(
            Bench({"a": [Wait(4.0), TextDelta("half"), Finished("length")]}), MemoryCache()
        )

        await ask(bench, *(spec() for _ in range(8)))

        bench.check()
        assert len(bench.provider.requests) == 8
        assert bench.provider.peak == 7
        assert now() < 9.0

    virtual(main())


def test_whoever_waits_too_long_asks_alone_while_there_is_time() -> None:
    """A leader that hangs costs the others half of their time and not their answer."""

    async def main() -> None:
        script = [[Wait(None)], says("mine")]
        bench = with_cache(Bench({"a": script}, deadline_s=100.0), MemoryCache())
        hung = asyncio.create_task(ask(bench, spec()))
        await asyncio.sleep(1.0)

        (answer,) = await ask(bench, spec())

        assert (answer.text, answer.cached) == ("mine", False)
        assert 45.0 < now() < 55.0
        hung.cancel()
        await asyncio.wait([hung])

    virtual(main())


def test_a_leader_that_is_stopped_gives_its_lead_back() -> None:
    """Whoever waited asks at once."""

    async def main() -> None:
        cache = MemoryCache()
        bench = with_cache(Bench({"a": [[Wait(None)], says("mine")]}), cache)
        led = asyncio.create_task(ask(bench, spec()))
        await asyncio.sleep(1.0)
        waiting = asyncio.create_task(ask(bench, spec()))
        await asyncio.sleep(1.0)

        led.cancel()
        await asyncio.wait([led])
        (answer,) = await waiting

        assert (answer.text, answer.cached) == ("mine", False)
        assert now() < 4.0
        assert cache.leases == {}

    virtual(main())


def test_a_reader_that_leaves_half_way_leaves_a_record() -> None:
    """What was told of a kept answer until then is partial, and still free."""

    async def main() -> None:
        cache = MemoryCache()
        text = "x" * 3 * PIECE
        await ask(with_cache(Bench({"a": says(text)}), cache))
        bench = with_cache(Bench({"a": says(text)}), cache)
        bench.sink._slow = lambda _: 5.0
        task = asyncio.create_task(ask(bench))
        await asyncio.sleep(7.0)

        task.cancel()
        await asyncio.wait([task])

        bench.check()
        ((_, result),) = bench.ledger.served
        assert (result.status, len(result.text)) == ("partial", 2 * PIECE)
        assert (result.cost_nano, result.charged_nano) == (0, 0)

    virtual(main())


def test_a_call_whose_key_is_not_known_goes_past_the_cache() -> None:
    """Whose answer would it be? A missing key and a signature by AWS have no fingerprint."""

    async def main() -> None:
        cache = MemoryCache()
        bench = with_cache(Bench({"a": says("one")}), cache)
        keyed = target()
        keyed = replace(keyed, endpoint=replace(keyed.endpoint, key=KeyRef("env", "LAB_KEY")))

        await ask(bench, CallSpec(CallRequest(keyed, (said("user", "hi"),)), "answer"))

        assert (cache.looks, cache.answers) == ([], {})

    virtual(main())


def test_an_answer_of_unknown_cost_saves_an_unknown_amount() -> None:
    """Unknown is never 0."""
    cache = MemoryCache()
    free = spec(target(price=None))
    run(says("one"), cache=cache, specs=[free])

    _, answer = run(says("one"), cache=cache, specs=[spec(target(price=None))])

    assert (answer.cached, answer.saved_nano, answer.cost_nano) == (True, None, 0)


def test_the_ledger_is_told_of_every_call_and_of_nothing_twice() -> None:
    """A row for who asked, and one for each who was served."""

    async def main() -> None:
        ledger = RecordingLedger()
        bench = with_cache(Bench({"a": [Wait(1.0), *says("one")]}, ledger=ledger), MemoryCache())

        await ask(bench, *(spec() for _ in range(5)))

        calls = [row.call_id for row in ledger.admitted] + [row.call_id for row, _ in ledger.served]
        assert len(ledger.admitted) == 1
        assert len(set(calls)) == len(calls) == 5

    virtual(main())
