"""One run over the real engine with every seam filled: events, record, document, result."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.fakes import (
    PRICE,
    Collecting,
    RecordingLedger,
    ScriptedProvider,
    Scripts,
    SlowClose,
    Wait,
    fails,
    prompt,
    says,
    target,
)
from tests.support.grammar import check_run
from tests.support.virtual import EPOCH, LoopClock, now, virtual
from ultra.core.errors import ErrorClass, Failure
from ultra.core.events import Concluded, Event, RunFinished, RunStarted, VerdictReached
from ultra.core.ledger import Refused
from ultra.core.model import Timers
from ultra.core.profile import Profile, RetryRules
from ultra.core.stream import Finished, TextDelta
from ultra.runtime.action import Action, Interruption, RunResult, Selection, Verb
from ultra.runtime.document import document_of
from ultra.runtime.execute import Services, execute
from ultra.runtime.loop import Interrupt
from ultra.runtime.tally import Recording, Tally


class World:
    """A run with everything it touches; make it inside the loop."""

    def __init__(
        self, scripts: dict[str, Scripts], *, ledger: RecordingLedger | None = None
    ) -> None:
        self.provider = ScriptedProvider(scripts)
        self.ledger = ledger or RecordingLedger()
        self.sink = Collecting()
        self.warnings: list[str] = []
        self.interrupt = Interrupt()
        self.services = Services(
            Profile("test", retry=RetryRules()),
            self.provider,
            self.ledger,
            LoopClock(),
            self.warnings.append,
        )

    async def run(
        self, strategy: str = "single", names: Sequence[str] = ("a",), **wishes: Any
    ) -> RunResult:
        """Make the run under an interrupt, as the loop does."""
        selection = Selection(strategy, tuple(target(name) for name in names), target("s"))
        verb: Verb = wishes.pop("verb", "ask")
        action = Action(verb, prompt(), selection, seed=7, **wishes)
        task = asyncio.create_task(execute(action, [self.sink], self.services, self.interrupt))
        self.interrupt.attach(task)
        result = await task
        check_run(self.sink.events)
        self.ledger.check()
        assert self.provider.open == 0
        assert [run_id for run_id, _ in self.ledger.ends] == [result.run_id]
        return result

    def stop_at(self, seconds: float, cause: Interruption = "sigint") -> None:
        asyncio.get_running_loop().call_later(seconds, self.interrupt.stop, cause)


def played(
    scripts: dict[str, Scripts], act: Callable[[World], None] | None = None, **wishes: Any
) -> tuple[RunResult, World]:
    async def main() -> tuple[RunResult, World]:
        world = World(scripts)
        if act is not None:
            act(world)
        return await world.run(**wishes), world

    return virtual(main())


def test_an_answer_is_told_recorded_and_returned() -> None:
    """The same in events, record and document."""
    result, world = played({"a": says("blue")})

    document = result.document
    assert (document.status, document.answer, document.answer_call) == (
        "ok",
        "blue",
        f"{result.run_id}-1",
    )
    assert (document.verb, document.strategy, document.profile) == ("ask", "single", "test")
    assert [call.text for call in document.calls] == ["blue"]
    assert document.cost_nano == 10 * 1_000 + 5 * 2_000
    ((_, end),) = world.ledger.ends
    assert (end.status, end.answer_text, end.ended_at) == ("ok", "blue", EPOCH)
    assert (result.interrupted, len(result.calls)) == (None, 1)
    assert world.warnings == []


def test_the_run_is_on_record_with_who_asked_what_where() -> None:
    """A conversation begins with its run."""
    result, world = played({"a": says("blue")}, session="tty1")

    (record,) = world.ledger.runs
    assert record.run_id == result.run_id == record.conversation
    assert (record.session, record.prompt, record.started_at) == (
        "tty1",
        "why is the sky blue?",
        EPOCH,
    )
    assert record.host
    assert record.cwd
    assert record.version


def test_the_events_of_a_run_frame_those_of_its_calls() -> None:
    """Started first, concluded, finished last with the sums."""
    _, world = played({"a": says("a"), "b": says("b")}, strategy="first", names=("a", "b"))

    assert isinstance(world.sink.events[0].body, RunStarted)
    assert world.sink.events[0].body.members == ("a", "b")
    (concluded,) = world.sink.bodies(Concluded)
    assert isinstance(concluded, Concluded)
    assert concluded.text == "a"
    (finished,) = world.sink.bodies(RunFinished)
    assert isinstance(finished, RunFinished)
    assert finished.status == "ok"


@pytest.mark.parametrize(
    ("scripts", "wishes", "status"),
    [
        ({"a": [fails(ErrorClass.AUTH)]}, {}, "error"),
        ({"a": [TextDelta("half"), fails()]}, {}, "partial"),
        ({"a": says("a"), "b": [fails(ErrorClass.AUTH)]}, {"strategy": "fallback"}, "ok"),
        ({"a": says("a"), "b": says("b")}, {"strategy": "all", "verb": "compare"}, "ok"),
        (
            {"a": says("a"), "b": [Finished("stop")]},
            {"strategy": "all", "verb": "compare"},
            "partial",
        ),
        ({"a": [fails(ErrorClass.AUTH)], "b": []}, {"strategy": "all", "verb": "compare"}, "error"),
    ],
    ids=["failed", "cut", "fell-back", "compared", "lost-one", "lost-all"],
)
def test_how_a_run_ended_is_one_word(
    scripts: dict[str, Scripts], wishes: dict[str, Any], status: str
) -> None:
    """The same word in the event, the record and the document."""
    result, world = played(scripts, names=tuple(scripts), **wishes)

    (finished,) = world.sink.bodies(RunFinished)
    assert isinstance(finished, RunFinished)
    ((_, end),) = world.ledger.ends
    assert finished.status == end.status == result.document.status == status


def test_a_comparison_reaches_a_verdict() -> None:
    """It is an event, on record, and in the document."""
    scripts: dict[str, Scripts] = {"a": says("It is blue."), "b": says("it is blue")}
    result, world = played(scripts, strategy="all", names=("a", "b"), verb="compare")

    (reached,) = world.sink.bodies(VerdictReached)
    assert isinstance(reached, VerdictReached)
    assert reached.verdict.clusters == ((0, 1),)
    assert world.ledger.ends[0][1].verdict == reached.verdict == result.document.verdict
    assert world.sink.bodies(Concluded) == []


def test_a_comparison_of_nobody_has_no_verdict() -> None:
    """There is nothing to lay side by side."""
    result, world = played({"a": [fails(ErrorClass.AUTH)]}, strategy="all", verb="compare")

    assert world.sink.bodies(VerdictReached) == []
    assert result.document.verdict is None


@pytest.mark.parametrize("cause", ["sigint", "sigterm", "broken_pipe"])
def test_an_interrupted_run_completes_its_record(cause: Interruption) -> None:
    """Within a second: calls cancelled, rows closed, the result says what stopped it."""

    def act(world: World) -> None:
        world.stop_at(3.0, cause)

    result, world = played({"a": [TextDelta("half"), Wait()]}, act)

    assert result.interrupted == cause
    assert (result.document.status, result.calls[0].status) == ("cancelled", "partial")
    assert world.ledger.results[0].text == "half"
    assert result.document.cost_nano is None
    assert world.ledger.flushes == [0.4]


def test_an_interrupted_run_ends_within_a_second_whatever_hangs() -> None:
    """Connections that do not close and a log that does not answer, both at once."""

    async def main() -> float:
        ledger = RecordingLedger()
        ledger.flush_s = 60.0
        world = World({"a": [SlowClose(), TextDelta("half"), Wait()]}, ledger=ledger)
        world.stop_at(3.0)
        await world.run()
        return now() - 3.0

    assert virtual(main()) <= 1.0


def test_an_interrupted_run_keeps_the_order_asked_for() -> None:
    """Members only, in their order: what a helper said is not a member's answer."""

    def act(world: World) -> None:
        world.stop_at(5.0)

    scripts: dict[str, Scripts] = {
        "a": [Wait(2.0), *says("a")],
        "b": [Wait(1.0), *says("b")],
        "s": [TextDelta("{"), Wait()],
    }
    result, _ = played(scripts, act, strategy="fusion", names=("a", "b"))

    assert [answer.name for answer in result.outcome.answers] == ["a", "b"]
    assert [answer.name for answer in result.calls] == ["b", "a", "s"]
    assert result.outcome.reasons == ("the run was interrupted",)


def test_a_signal_while_the_log_is_written_does_not_lose_the_result() -> None:
    """The answer is out already: the rest of the wait is short, and nothing is raised."""

    async def main() -> None:
        ledger = RecordingLedger()
        ledger.flush_s = 3.0
        world = World({"a": says("blue")}, ledger=ledger)
        world.stop_at(1.0)

        result = await world.run()

        assert (result.document.answer, result.interrupted) == ("blue", "sigint")
        assert now() <= 2.0
        assert ledger.flushes == [6.0, 0.4]

    virtual(main())


def test_a_bug_in_a_strategy_still_completes_the_record() -> None:
    """The error goes on, and no row says `running` for ever."""

    async def main() -> None:
        world = World({"a": says("blue")})
        selection = Selection("single", ())
        action = Action("ask", prompt(), selection, deadline_s=5.0)

        with pytest.raises(IndexError):
            await execute(action, [world.sink], world.services, world.interrupt)

        check_run(world.sink.events)
        ((_, end),) = world.ledger.ends
        assert end.status == "error"
        assert world.ledger.flushes == [6.0]

    virtual(main())


def test_a_log_that_is_late_costs_no_answer() -> None:
    """To say so is the log's own part."""

    async def main() -> None:
        ledger = RecordingLedger()
        ledger.flush_s = 60.0
        world = World({"a": says("blue")}, ledger=ledger)

        result = await world.run()

        assert result.document.answer == "blue"
        assert now() == 6.0

    virtual(main())


def test_a_run_has_the_deadline_of_its_slowest_member_unless_told() -> None:
    """`--deadline` wins over the timers."""

    async def main(deadline_s: float | None) -> float:
        world = World(
            {"a": [TextDelta("x"), *[s for _ in range(99) for s in (Wait(9.0), TextDelta("y"))]]}
        )
        selection = Selection("single", (target("a", timers=Timers(run_s=20.0)),))
        action = Action("ask", prompt(), selection, deadline_s=deadline_s)
        result = await execute(action, [world.sink], world.services, world.interrupt)
        assert result.calls[0].status == "partial"
        return now()

    assert virtual(main(None)) == 20.0
    assert virtual(main(4.0)) == 4.0


def test_the_document_has_every_try() -> None:
    """Failed ones with their failure."""
    result, _ = played({"a": [[fails(status=503)], says("blue")]})

    (call,) = result.document.calls
    assert [attempt.status for attempt in call.attempts] == ["error", "ok"]
    assert call.attempts[0].error is not None
    assert call.attempts[0].error.status == 503


def test_words_that_stay_out_of_the_log_still_reach_the_user() -> None:
    """`-n` is about the log."""
    result, world = played({"a": says("blue")}, keep_text=False)

    assert result.document.answer == "blue"
    assert world.ledger.runs[0].keep_text is False


def test_an_unknown_cost_is_never_summed_as_nothing() -> None:
    """The known part is a lower bound, and how much is missing is said."""
    scripts: dict[str, Scripts] = {"a": says("a"), "b": [TextDelta("x"), fails()]}
    _, world = played(scripts, strategy="all", names=("a", "b"), verb="compare")

    (finished,) = world.sink.bodies(RunFinished)
    assert isinstance(finished, RunFinished)
    known = 10 * PRICE.input.nano_per_mtok // 10**6 + 5 * PRICE.output.nano_per_mtok // 10**6
    assert (finished.cost_nano, finished.known_nano, finished.unpriced) == (None, known, 1)


def test_a_run_without_calls_costs_nothing() -> None:
    """Nothing is known to be unknown."""
    assert Tally().totals() == (0, 0, 0)


def test_a_recording_passes_on_and_forgets_what_never_left() -> None:
    """An attempt that was cancelled in the doorway has no part in the document; its call has."""

    async def main() -> None:
        ledger = RecordingLedger(admit_s=10.0)
        world = World({"a": says("blue")}, ledger=ledger)
        world.stop_at(1.0)

        result = await world.run()

        (call,) = result.document.calls
        assert (call.status, call.attempts, call.cost_nano) == ("cancelled", [], 0)
        assert result.calls[0].cost_nano == 0

    virtual(main())


def test_a_recording_is_a_ledger() -> None:
    """Checkpoints go through as well."""

    async def main() -> None:
        inner = RecordingLedger()
        recording = Recording(inner)

        recording.checkpoint("x", "words")

        assert inner.pieces == [("x", "words")]
        assert await recording.flush(1.0)

    virtual(main())


def test_a_sink_may_interrupt_the_run() -> None:
    """As a closed stdout does, in the middle of an answer."""

    async def main() -> None:
        world = World({"a": [TextDelta("half"), Wait(1.0), *says("more")]})

        def leave(event: Event) -> None:
            if isinstance(event.body, TextDelta):
                world.interrupt.stop("broken_pipe")

        world.sink._act = leave
        result = await world.run()

        assert result.interrupted == "broken_pipe"
        assert result.calls[0].text == "half"

    virtual(main())


def test_a_directory_that_was_removed_under_us_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record then names none."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    _, world = played({"a": says("blue")})

    assert world.ledger.runs[0].cwd == ""


def test_a_call_that_is_held_back_is_in_the_document_without_a_try() -> None:
    """With its place, its class and no cost, so that who reads it misses no member."""

    async def main() -> None:
        refused = Refused(Failure(ErrorClass.BREAKER_OPEN, "the breaker is open"))
        world = World(
            {"a": says("blue"), "b": says("red")},
            ledger=RecordingLedger(refusals=[refused]),
        )

        result = await world.run("all", ("a", "b"), verb="compare")

        document = result.document
        held, made = document.calls
        assert (held.name, held.index, held.status, held.attempts) == ("a", 0, "error", [])
        assert held.error is not None
        assert held.error.error_class is ErrorClass.BREAKER_OPEN
        assert (held.cost_nano, held.charged_nano, document.unpriced) == (0, 0, 0)
        assert (made.name, made.index, made.text) == ("b", 1, "red")

    virtual(main())


@pytest.mark.parametrize("status", ["ok", None])
def test_a_document_tells_of_what_still_runs(status: str | None) -> None:
    """An attempt that was never closed is `running`."""

    async def main() -> None:
        ledger = Recording(RecordingLedger())
        world = World({"a": says("blue")})
        await world.run()
        (record,) = world.ledger.admitted
        await ledger.admit(record)
        if status:
            ledger.close(record.attempt_id, world.ledger.results[0])

        document = document_of(
            world.ledger.runs[0], ledger.attempts.values(), world.ledger.ends[0][1]
        )

        assert document.calls[0].attempts[0].status == (status or "running")

    virtual(main())
