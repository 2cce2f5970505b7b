"""Runs beside a front end that keeps the main thread for itself."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import REPOSITORY
from tests.support.patience import PATIENCE_S
from ultra.core.errors import GuardError
from ultra.core.events import Event, RunFinished
from ultra.core.request import Prompt, said
from ultra.core.stream import TextDelta
from ultra.runtime.action import Action
from ultra.runtime.beside import Undertaking
from ultra.runtime.runtime import Runtime


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    """A home with the simulated profile, named by the user."""
    return Runtime(
        str(REPOSITORY / "profiles" / "development.yaml"),
        environ={"ULTRA_HOME": str(tmp_path), "HOME": str(tmp_path)},
        cwd=tmp_path,
        warn=lambda _: None,
    )


def asking(runtime: Runtime, *names: str) -> Action:
    return Action("ask", Prompt((said("user", "why?"),)), runtime.select(names, None))


def until(run: Undertaking, seen: Callable[[Event], bool]) -> list[Event]:
    """What happened up to the first event that is looked for."""
    events: list[Event] = []
    waiting = threading.Event()
    for _ in range(int(PATIENCE_S / 0.02)):
        events += run.take()
        if any(seen(event) for event in events):
            return events
        waiting.wait(0.02)
    raise AssertionError(f"it never came; {len(events)} events did")


def test_a_run_beside_tells_all_that_happens_in_order(runtime: Runtime) -> None:
    """Nothing is lost between two looks, and its record is complete once it is done."""
    run = Undertaking(runtime, asking(runtime, "swift"))

    events = until(run, lambda event: isinstance(event.body, RunFinished))

    assert [event.seq for event in events] == list(range(len(events)))
    result = run.done.result(PATIENCE_S)
    assert runtime.log.run(result.run_id).status == "ok"
    runtime.close()


def test_signals_stay_with_who_has_the_main_thread(runtime: Runtime) -> None:
    """A run on another thread neither needs nor takes them."""
    before = signal.getsignal(signal.SIGINT)

    run = Undertaking(runtime, asking(runtime, "swift"))

    assert run.wait(PATIENCE_S)
    assert signal.getsignal(signal.SIGINT) is before
    runtime.close()


def test_a_run_that_is_stopped_keeps_what_came(runtime: Runtime) -> None:
    """Its row says that it was cancelled, and the words that were paid for are there."""
    run = Undertaking(runtime, asking(runtime, "scholar"))
    until(run, lambda event: isinstance(event.body, TextDelta))

    run.stop()
    run.stop()

    result = run.done.result(PATIENCE_S)
    document = runtime.log.run(result.run_id)
    assert (result.interrupted, document.status) == ("sigint", "cancelled")
    assert document.calls[0].status == "partial"
    assert document.calls[0].text
    runtime.close()


def test_a_stop_before_the_first_event_is_not_forgotten(runtime: Runtime) -> None:
    """Whoever changes their mind at once sends nothing, or has it on record as cancelled."""
    run = Undertaking(runtime, asking(runtime, "scholar"))

    run.stop()

    assert run.done.result(PATIENCE_S).document.status == "cancelled"
    runtime.close()


def test_what_may_not_be_asked_is_raised_to_who_waits(tmp_path: Path, runtime: Runtime) -> None:
    """An error on the thread is the future's, and nothing was sent."""
    action = asking(runtime, "swift")
    path = tmp_path / "config" / "ultra.yaml"
    path.parent.mkdir()
    path.write_text("version: 1\nguardrails: {providers: [openai]}\n", encoding="utf-8")
    environ = {"ULTRA_HOME": str(tmp_path), "HOME": str(tmp_path)}
    other = Runtime(None, environ=environ, cwd=tmp_path, warn=lambda _: None)

    with pytest.raises(GuardError, match="may not be asked"):
        Undertaking(other, action).done.result(PATIENCE_S)
