"""Trying again: how often, after how long, and when not."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fakes import Bench, Script, Step, fails, says, spec, target
from tests.support.virtual import now, virtual
from ultra.core.answer import Answer
from ultra.core.errors import CallError, ErrorClass
from ultra.core.events import AttemptFailed
from ultra.core.profile import RetryRules
from ultra.core.stream import Finished, ReasoningDelta, TextDelta, ToolCallDelta
from ultra.engine.retry import backoff_s
from ultra.engine.waiting import LONGEST_WAIT_S


async def one(bench: Bench, **fields: object) -> Answer:
    async with bench.caller.open([spec(**fields)]) as calls:  # type: ignore[arg-type]
        (answer,) = await calls.settle(None, None)
    bench.check()
    return answer


def tries(
    script: Sequence[Script], *, deadline_s: float = 300.0, seed: int = 0, **fields: object
) -> tuple[int, Answer, float]:
    """Requests made, the answer and the seconds it took."""

    async def main() -> tuple[int, Answer, float]:
        bench = Bench({"a": script}, deadline_s=deadline_s, seed=seed)
        answer = await one(bench, **fields)
        return len(bench.provider.requests), answer, now()

    return virtual(main())


HEALS = [
    ErrorClass.RATE_LIMIT,
    ErrorClass.OVERLOADED,
    ErrorClass.SERVER,
    ErrorClass.NETWORK,
    ErrorClass.TIMEOUT,
    ErrorClass.BAD_RESPONSE,
]


@pytest.mark.parametrize("kind", list(ErrorClass))
def test_only_what_may_heal_is_tried_again(kind: ErrorClass) -> None:
    """Two tries for what time may heal, one for everything else."""
    count, answer, _ = tries([[fails(kind)]])

    assert count == (2 if kind in HEALS else 1)
    assert answer.error is not None
    assert answer.error.error_class is kind


def test_a_second_try_that_works_is_an_answer() -> None:
    """What healed is not told as a failure."""
    count, answer, _ = tries([[fails()], says("yes")])

    assert (count, answer.status, answer.error) == (2, "ok", None)


def test_more_tries_at_one_target_need_the_profile_to_say_so() -> None:
    """4 in all, as many at one target as the profile allows, never more than the class does."""

    async def main(rules: RetryRules) -> int:
        bench = Bench({"a": [fails()]}, retry=rules, deadline_s=3000.0)
        await one(bench)
        return len(bench.provider.requests)

    assert virtual(main(RetryRules(attempts=4, per_target=4))) == 4
    assert virtual(main(RetryRules(attempts=9, per_target=9))) == 4
    assert virtual(main(RetryRules(attempts=1, per_target=9))) == 1


def test_calls_that_share_a_budget_never_multiply_it() -> None:
    """Three targets, four tries in all, two at any."""

    async def main() -> list[int]:
        bench = Bench({name: [fails()] for name in "abc"})
        budget = bench.caller.attempts()
        for name in "abc":
            async with bench.caller.open([spec(target(name), attempts=budget)]) as calls:
                await calls.settle(None, None)
        bench.check()
        return [len(bench.provider.to(name)) for name in "abc"]

    assert virtual(main()) == [2, 2, 0]


@pytest.mark.parametrize(
    "content", [TextDelta("a"), ReasoningDelta("a"), ToolCallDelta(0, "i", "f")], ids=str
)
def test_nothing_is_tried_again_after_the_first_content(content: Step) -> None:
    """What the user has read is not said twice."""
    count, answer, _ = tries([[content, fails()]])

    assert count == 1
    assert answer.error is not None


@pytest.mark.parametrize(
    ("kind", "word", "count"),
    [
        (ErrorClass.SERVER, False, 1),
        (ErrorClass.INVALID_REQUEST, True, 2),
        (ErrorClass.SERVER, True, 2),
        (ErrorClass.SERVER, None, 2),
    ],
    ids=["no", "yes-to-a-400", "yes", "silent"],
)
def test_the_providers_own_word_on_retrying_wins(
    kind: ErrorClass, count: int, *, word: bool | None
) -> None:
    """`x-should-retry`, either way."""
    assert tries([[fails(kind, retry=word)]])[0] == count


@given(
    st.sampled_from(HEALS), st.integers(1, 40), st.integers(0, 2**32), st.none() | st.floats(0, 900)
)
def test_waits_stay_in_their_bounds(
    kind: ErrorClass, count: int, seed: int, floor: float | None
) -> None:
    """Full jitter under the cap; a server's own delay is never shortened and at most 10% longer."""
    base, cap = (1.0, 30.0) if kind is ErrorClass.RATE_LIMIT else (0.5, 8.0)
    wait = backoff_s(fails(kind, retry_after_s=floor), count, random.Random(seed))

    most = min(cap, base * 2 ** (count - 1))
    if floor is None:
        assert 0.0 <= wait <= most
    else:
        assert floor <= wait <= max(most, floor * 1.1)


def test_jitter_is_full() -> None:
    """Waits spread over the whole range, not around its end."""
    rng = random.Random(1)
    waits = [backoff_s(fails(), 4, rng) for _ in range(2000)]

    assert min(waits) < 0.1
    assert max(waits) > 3.9
    assert 1.8 < sum(waits) / len(waits) < 2.2


@pytest.mark.parametrize(
    ("delay", "count"), [(2.0, 2), (59.0, 2), (60.0, 2), (60.5, 1), (65.0, 1), (3600.0, 1)]
)
def test_a_servers_delay_is_waited_for_up_to_a_minute(delay: float, count: int) -> None:
    """A floor; above 60 s nobody waits, whatever the jitter."""
    for seed in range(5):
        made, answer, took = tries([[fails(retry_after_s=delay)]], seed=seed)

        assert made == count
        assert answer.error is not None
        assert answer.error.retry_after_s == delay
        assert delay <= took <= delay * 1.1 if count == 2 else took == 0.0


def test_a_wait_that_does_not_fit_the_deadline_is_not_waited() -> None:
    """Failing now is better than failing at the deadline."""
    made, answer, took = tries([[fails(retry_after_s=20.0)]], deadline_s=10.0)

    assert (made, took) == (1, 0.0)
    assert answer.error is not None
    assert answer.error.error_class is ErrorClass.SERVER


def test_a_rate_limit_is_not_waited_out_while_another_model_stands_by() -> None:
    """Only a rate limit: other failures are tried again first."""
    assert tries([[fails(ErrorClass.RATE_LIMIT)]], standby=True)[0] == 1
    assert tries([[fails(ErrorClass.SERVER)]], standby=True)[0] == 2


def test_every_failed_try_says_when_the_next_one_comes() -> None:
    """The last says that there is none."""

    async def main() -> None:
        bench = Bench({"a": [fails()]})

        await one(bench)

        first, last = bench.sink.bodies(AttemptFailed)
        assert isinstance(first, AttemptFailed)
        assert isinstance(last, AttemptFailed)
        assert first.retry_in_s is not None
        assert bench.provider.sent_at[1] == pytest.approx(first.retry_in_s)
        assert last.retry_in_s is None
        assert first.failure.provider == "lab"

    virtual(main())


@pytest.mark.parametrize(
    "script", [[], [Finished("stop")], [Finished("error", "oops")]], ids=["cut", "empty", "error"]
)
def test_a_stream_without_an_answer_is_tried_once_more(script: Script) -> None:
    """Nothing was shown, so nothing is lost by asking again."""
    count, answer, _ = tries([script, says("yes")])

    assert (count, answer.text) == (2, "yes")


def test_the_longest_wait_is_a_minute() -> None:
    """As reliability has it."""
    assert LONGEST_WAIT_S == 60.0


def test_a_negative_delay_is_no_delay() -> None:
    """A server's nonsense does not shorten the jitter below 0."""
    error = CallError(ErrorClass.SERVER, "x", retry_after_s=-5.0)

    assert backoff_s(error, 1, random.Random(3)) >= 0.0
