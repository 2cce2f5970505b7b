"""One coroutine under the signals of a terminal, in real processes."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.process import hearing
from ultra.runtime.loop import Interrupt, run

SOURCE = Path(__file__).parents[2] / "src"


@contextmanager
def child(body: str) -> "Iterator[subprocess.Popen[str]]":
    """A process that runs `body` as `main(interrupt)`, once it has said `ready`."""
    source = "import asyncio, threading\nfrom ultra.runtime.loop import run\n"
    source += "async def main(interrupt):\n" + textwrap.indent(textwrap.dedent(body), "    ")
    source += "\nprint(run(main), flush=True)\n"
    process = subprocess.Popen(
        [sys.executable, "-c", source],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=hearing(),  # noqa: PLW1509 - it only sets signals
    )
    assert process.stdout is not None
    with process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def rest_of(process: "subprocess.Popen[str]") -> str:
    """What it says until its end; `communicate` would lose what came along with `ready`."""
    assert process.stdout is not None
    watchdog = threading.Timer(PATIENCE_S, process.kill)
    watchdog.start()
    out = process.stdout.read()
    process.wait()
    watchdog.cancel()
    return out


SETTLES = """
    print("ready", flush=True)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        asyncio.current_task().uncancel()
        await asyncio.sleep(0.05)
        return interrupt.cause
"""

HANGS = """
    thread = threading.Thread(target=threading.Event().wait, daemon=True)
    thread.start()
    print("ready", flush=True)
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("stopping", flush=True)
"""

BROKEN_PIPE = """
    print("ready", flush=True)
    interrupt.stop("broken_pipe")
    while not interrupt.signalled:
        try:
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            print("stopping", interrupt.cause, flush=True)
    print("signalled", interrupt.cause, flush=True)
    await asyncio.Event().wait()
"""


@pytest.mark.parametrize(
    ("number", "cause"), [(signal.SIGINT, "sigint"), (signal.SIGTERM, "sigterm")]
)
def test_the_first_signal_lets_the_run_settle(number: signal.Signals, cause: str) -> None:
    """It is cancelled, told why, and may still finish its record."""
    with child(SETTLES) as process:
        process.send_signal(number)
        out = rest_of(process)

    assert (out, process.returncode) == (f"{cause}\n", 0)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_second_signal_ends_the_process_at_once(number: signal.Signals, code: int) -> None:
    """Whatever hangs: a thread, a run that does not stop."""
    with child(HANGS) as process:
        assert process.stdout is not None
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(number)

        assert process.wait(timeout=PATIENCE_S) == code


def test_ctrl_c_twice_ends_a_run_that_a_broken_pipe_did_not() -> None:
    """A reader that left does not take the user's Ctrl-C away."""
    with child(BROKEN_PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stopping broken_pipe\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "signalled broken_pipe\n"
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=PATIENCE_S) == 130


def test_a_daemon_thread_that_hangs_does_not_keep_the_process() -> None:
    """Nothing is joined at exit."""
    body = """
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        print("ready", flush=True)
        return "done"
    """
    with child(body) as process:
        out = rest_of(process)

    assert (out, process.returncode) == ("done\n", 0)


def test_tasks_that_are_left_are_cancelled_but_not_waited_for_long() -> None:
    """The run's own end is what counts: a task that never ends does not keep it."""
    body = """
        async def stubborn():
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    pass
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        print("ready", flush=True)
        return "done"
    """
    with child(body) as process:
        out = rest_of(process)

    assert (out, process.returncode) == ("done\n", 0)


def test_the_result_and_the_error_of_the_run_come_through() -> None:
    """As if it had been called."""

    async def fine(_interrupt: Interrupt) -> int:
        return 42

    async def broken(_interrupt: Interrupt) -> int:
        raise ValueError("no")

    assert run(fine) == 42
    with pytest.raises(ValueError, match="no"):
        run(broken)


def test_a_stop_from_another_thread_cancels_with_its_cause() -> None:
    """As the writer of stdout does; the first cause stands."""

    async def main(interrupt: Interrupt) -> str | None:
        threading.Thread(target=interrupt.stop, args=("broken_pipe",)).start()
        try:
            await asyncio.sleep(PATIENCE_S)
        except asyncio.CancelledError:
            interrupt.stop("sigint")
            return interrupt.cause
        return "slept"

    assert run(main) == "broken_pipe"


def test_a_stop_before_the_run_began_is_carried_out_when_it_does() -> None:
    """None is lost."""

    async def main() -> str:
        interrupt = Interrupt()
        interrupt.stop("sigterm")
        task = asyncio.create_task(asyncio.sleep(PATIENCE_S))
        interrupt.attach(task)
        await asyncio.wait([task])
        return "cancelled" if task.cancelled() else "slept"

    assert asyncio.run(main()) == "cancelled"


def test_a_stop_after_the_run_is_harmless() -> None:
    """The writer's thread may be late."""
    kept: list[Interrupt] = []

    async def main(interrupt: Interrupt) -> None:
        kept.append(interrupt)

    run(main)
    kept[0].stop("broken_pipe")

    assert kept[0].cause == "broken_pipe"
