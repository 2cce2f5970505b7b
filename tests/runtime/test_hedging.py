"""`--hedge`: when a first model is raced by the log's word, and what is said when it is not."""

import asyncio
from pathlib import Path

import pytest

from tests.support.fakes import (
    Collecting,
    RecordingLedger,
    ScriptedProvider,
    Wait,
    prompt,
    says,
    target,
)
from tests.support.ledger import STARTED, attempt_record, ledger_at, result, run_record
from tests.support.virtual import LoopClock, virtual
from ultra.core.errors import ErrorClass, Failure
from ultra.core.ledger import Refused
from ultra.core.model import Target
from ultra.core.profile import Profile
from ultra.runtime.action import Action, Selection
from ultra.runtime.execute import Services, execute
from ultra.runtime.hedging import hedge_after_s
from ultra.runtime.loop import Interrupt
from ultra.runtime.timing import LEAST_ANSWERS, Timing
from ultra.store.hedges import HEDGE


class Later(LoopClock):
    """The loop's clock, at the day of the log's rows."""

    def time(self) -> float:
        return STARTED + 1000.0


def action(names: str = "ab", strategy: str = "fallback", **wishes: object) -> Action:
    members = tuple(map(target, names))
    return Action("ask", prompt(), Selection(strategy, members), hedge=True, **wishes)  # type: ignore[arg-type]


def logged(path: Path, seconds: list[float], to: Target) -> Timing:
    """A log with an answer of the model for each time to the first token."""

    async def main() -> None:
        ledger = ledger_at(path)
        for number, ttft_s in enumerate(seconds):
            run = f"run{number:09}"
            ledger.begin_run(run_record(run))
            await ledger.admit(attempt_record(run, target=to))
            ledger.close(f"{run}-1.1", result(ttft_s=ttft_s))
        await ledger.flush(30.0)
        ledger.shutdown(30.0)

    asyncio.run(main())
    return Timing(path, Later())


def test_a_first_model_is_raced_when_nineteen_in_twenty_would_have_begun(tmp_path: Path) -> None:
    """And half of them are what a retry needs time for."""
    timing = logged(tmp_path / "ultra.db", [1.0 + n / 100 for n in range(100)], target("a"))

    assert asyncio.run(hedge_after_s(action(), timing)) == pytest.approx(1.94)
    assert asyncio.run(timing.usual_ttft_s(target("a"))) == pytest.approx(1.49)


def test_nineteen_answers_are_too_few(tmp_path: Path) -> None:
    """Below twenty the slowest one would speak for all."""
    timing = logged(tmp_path / "ultra.db", [1.0] * (LEAST_ANSWERS - 1), target("a"))

    why = asyncio.run(hedge_after_s(action(), timing))

    assert why == "the log has fewer than 20 answers of `lab:model-a` in the last day"


@pytest.mark.parametrize("content", [None, b"no database at all" * 100], ids=["none", "broken"])
def test_a_log_that_says_nothing_is_no_error(tmp_path: Path, content: bytes | None) -> None:
    """Nothing is raced, and a retry is made without knowing."""
    path = tmp_path / "ultra.db"
    if content is not None:
        path.write_bytes(content)
    timing = Timing(path, Later())

    assert asyncio.run(timing.usual_ttft_s(target("a"))) is None
    assert isinstance(asyncio.run(hedge_after_s(action(), timing)), str)


@pytest.mark.parametrize(
    ("names", "strategy", "why"),
    [
        ("a", "single", "there is no second model to race"),
        ("ab", "fusion", "`fusion` does not ask one model after the other"),
    ],
)
def test_why_a_run_is_not_raced_is_said(
    tmp_path: Path, names: str, strategy: str, why: str
) -> None:
    """In words, for `--verbose`."""
    timing = Timing(tmp_path / "ultra.db", Later())

    assert asyncio.run(hedge_after_s(action(names, strategy), timing)) == why


@pytest.mark.parametrize("known", [True, False])
def test_a_run_with_hedge_races_or_says_why_not(*, known: bool) -> None:
    """The whole run: who answered, by which attempts, and the note."""

    class Fixed(Timing):
        async def slow_ttft_s(self, target: Target) -> float | None:
            return 2.0 if known else None

    async def main() -> None:
        provider = ScriptedProvider({"a": [Wait(9.0), *says("a")], "b": says("b")})
        ledger, clock = RecordingLedger(), LoopClock()
        timing = Fixed(Path("none"), clock)
        services = Services(Profile("test"), provider, ledger, clock, print, timing=timing)
        ended = await execute(action(), [Collecting()], services, Interrupt())

        assert ended.outcome.answer is not None
        assert ended.outcome.answer.text == ("b" if known else "a")
        kinds = [attempt.kind for call in ended.document.calls for attempt in call.attempts]
        assert kinds == (["primary", "hedge"] if known else ["primary"])
        assert bool(ended.notes) is not known
        assert ended.document.strategy == "fallback"

    virtual(main())


def test_a_copy_that_may_not_be_made_is_noted() -> None:
    """The first model answers, late, and the note says why nobody raced it."""

    class Fixed(Timing):
        async def slow_ttft_s(self, target: Target) -> float | None:
            return 2.0

    async def main() -> None:
        provider = ScriptedProvider({"a": [Wait(9.0), *says("a")], "b": says("b")})
        no = Refused(Failure(ErrorClass.LOCAL_LIMIT, "not hedged: enough", code=HEDGE))
        ledger, clock = RecordingLedger(refusals=[None, no]), LoopClock()
        timing = Fixed(Path("none"), clock)
        services = Services(Profile("test"), provider, ledger, clock, print, timing=timing)
        ended = await execute(action(), [Collecting()], services, Interrupt())

        assert ended.outcome.answer is not None
        assert (ended.outcome.answer.text, ended.notes) == ("a", ("not hedged: enough",))

    virtual(main())
