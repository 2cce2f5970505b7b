"""How many calls of one endpoint are under way: learnt from who is let in and who is refused."""

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes import Bench, Script, Step, Wait, fails, says, spec, target
from tests.support.virtual import now, virtual
from ultra.core.errors import CallError, ErrorClass
from ultra.engine.slot import START, Places


def peak(count: int, script: Script, **fields: int) -> int:
    """The most calls at once when so many are wanted."""

    async def main() -> int:
        bench = Bench({f"m{number}": script for number in range(count)})
        specs = [spec(target(f"m{number}", **fields)) for number in range(count)]  # type: ignore[arg-type]
        async with bench.caller.open(specs) as calls:
            answers = await calls.settle(None, None)
        bench.check()
        assert all(answer.ok for answer in answers)
        return bench.provider.peak

    return virtual(main())


def test_an_endpoint_begins_with_eight_and_grows_as_it_answers() -> None:
    """Every call that begins to be answered makes room for one more."""
    held: list[Step] = [Wait(1.0), *says("a")[:1], Wait(10.0), *says("b")]

    assert peak(8, held) == 8
    assert peak(16, held) == 16
    assert peak(9, [Wait(1.0), *says("a")]) == 8


def test_a_number_of_the_profiles_own_is_where_it_begins_and_ends() -> None:
    """It never grows beyond, and may begin above eight."""
    held: list[Step] = [Wait(1.0), *says("a")[:1], Wait(10.0), *says("b")]

    assert peak(20, held, concurrency=3) == 3
    assert peak(40, held, concurrency=30) == 30


def test_places_go_to_those_who_came_first() -> None:
    """Arrival decides, also behind one that gave up."""

    async def main() -> None:
        places, order = Places(1), []
        await places.take()

        async def wants(name: int) -> None:
            await places.take()
            order.append(name)
            await asyncio.sleep(1.0)
            places.leave()

        tasks = [asyncio.create_task(wants(name)) for name in range(5)]
        await asyncio.sleep(1.0)
        tasks[1].cancel()
        places.leave()
        await asyncio.wait(tasks)

        assert order == [0, 2, 3, 4]

    virtual(main())


def test_a_place_given_to_one_who_is_cancelled_goes_on() -> None:
    """In the same turn of the loop."""

    async def main() -> None:
        places = Places(1)
        await places.take()
        first = asyncio.create_task(places.take())
        second = asyncio.create_task(places.take())
        await asyncio.sleep(0)
        places.leave()
        first.cancel()

        await asyncio.wait([first, second])

        assert first.cancelled()
        assert not second.cancelled()

    virtual(main())


def test_a_refusal_cuts_the_room_once_for_all_that_were_under_way() -> None:
    """8, then 5 for the whole burst, 3 for the next; never below 1."""
    places = Places()

    for _ in range(8):
        places.too_much(since=0.0, now=1.0)
    assert places.limit == 5
    places.too_much(since=2.0, now=3.0)
    assert places.limit == 3
    for second in range(10, 30):
        places.too_much(since=second, now=second + 0.5)
    assert places.limit == 1


def test_after_a_refusal_room_grows_by_one_a_clean_round() -> None:
    """Five welcomes at a limit of five, then six at six."""

    async def main() -> None:
        places, seen = Places(), []
        places.too_much(since=0.0, now=1.0)
        waiting.extend(asyncio.create_task(places.take()) for _ in range(7))
        await asyncio.sleep(0)
        for _ in range(11):
            places.welcome()
            seen.append(places.limit)

        assert seen == [5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 7]
        await asyncio.wait(waiting)

    waiting: list[asyncio.Task[None]] = []
    virtual(main())


def test_a_provider_that_says_slow_down_halves_the_room() -> None:
    """OpenAI says it of a rise that was too steep."""

    async def main(code: str | None) -> float:
        scripts = {f"m{number}": [Wait(1.0), *says("x")] for number in range(5)}
        steep = CallError(ErrorClass.RATE_LIMIT, "too steep", code=code, sent=True, retry=False)
        bench = Bench({"bad": [steep], **scripts})
        async with bench.caller.open([spec(target("bad"))]) as calls:
            await calls.settle(None, None)
        async with bench.caller.open([spec(target(name)) for name in scripts]) as calls:
            await calls.settle(None, None)
        return bench.provider.peak

    assert virtual(main("slow_down")) == 4
    assert virtual(main("rate_limit_exceeded")) == 5


def test_room_that_nobody_uses_does_not_grow() -> None:
    """A thousand calls one after the other prove nothing of a thousand at once."""

    async def main() -> None:
        places = Places()
        for _ in range(1000):
            await places.take()
            places.welcome()
            places.leave()
        assert places.limit == START

    virtual(main())


def test_only_a_providers_own_refusal_cuts_the_room() -> None:
    """A failure of another kind, or a gate of our own, says nothing of load."""

    async def main(kind: ErrorClass) -> float:
        scripts = {f"m{number}": [Wait(1.0), *says("x")] for number in range(16)}
        bench = Bench({"bad": [fails(kind, retry=False)], **scripts})
        async with bench.caller.open([spec(target("bad"))]) as calls:
            await calls.settle(None, None)
        async with bench.caller.open([spec(target(name)) for name in scripts]) as calls:
            await calls.settle(None, None)
        return bench.provider.peak

    assert virtual(main(ErrorClass.OVERLOADED)) < START
    assert virtual(main(ErrorClass.RATE_LIMIT)) < START
    assert virtual(main(ErrorClass.SERVER)) >= START


def test_simulated_endpoints_have_room_for_all() -> None:
    """There is nobody to protect."""
    from msgspec.structs import replace

    async def main() -> None:
        names = [f"m{number}" for number in range(50)]
        bench = Bench({name: [Wait(1.0), *says("x")] for name in names})
        made_up = [
            replace(to, endpoint=replace(to.endpoint, protocol="simulated"))
            for to in map(target, names)
        ]
        async with bench.caller.open([spec(to) for to in made_up]) as calls:
            await calls.settle(None, None)
        assert bench.provider.peak == 50
        assert now() == 1.0

    virtual(main())


class Door:
    """Does what a step says, and knows who is inside."""

    def __init__(self, ceiling: int | None) -> None:
        self.places = Places(ceiling)
        self.waiting: list[asyncio.Task[None]] = []
        self.inside = 0

    def act(self, step: str, at: float) -> None:
        match step:
            case "take":
                self.waiting.append(asyncio.create_task(self.places.take()))
            case "leave" if self.inside:
                self.inside -= 1
                self.places.leave()
            case "welcome":
                self.places.welcome()
            case "too_much":
                self.places.too_much(at, at)
            case "cancel" if self.waiting:
                self.waiting.pop().cancel()

    async def look(self) -> int:
        """Let the loop turn; how many were let in."""
        for _ in range(2):
            await asyncio.sleep(0)
        done = [task for task in self.waiting if task.done() and not task.cancelled()]
        self.waiting = [task for task in self.waiting if not task.done()]
        self.inside += len(done)
        return len(done)


STEPS = st.lists(
    st.sampled_from(["take", "take", "leave", "welcome", "too_much", "cancel"]),
    min_size=1,
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(steps=STEPS, ceiling=st.none() | st.integers(1, 12))
def test_no_more_are_let_in_than_the_limit_and_none_is_forgotten(
    steps: Sequence[str], ceiling: int | None
) -> None:
    """Any order of events: who waits while there is room would wait for ever."""

    async def main() -> None:
        door = Door(ceiling)
        for at, step in enumerate(steps):
            before = door.places.limit
            door.act(step, float(at))
            let_in, limit = await door.look(), door.places.limit
            assert not let_in or door.inside <= max(limit, before)
            assert not door.waiting or door.inside >= limit
            assert 1 <= limit <= (ceiling or 10_000)
        for task in door.waiting:
            task.cancel()
        await door.look()

    virtual(main())
