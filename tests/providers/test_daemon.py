"""Threads that nobody waits for."""

import asyncio
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.process import hearing
from ultra.providers.daemon import DaemonExecutor, install

HANGING = """
import asyncio, socket, sys, threading
from tests.support.lines import call, carrier, endpoint, heard
from tests.support.patience import PATIENCE_S
from tests.support.process import hearing
from ultra.providers.daemon import install

def hang(*args, **kwargs):
    print("asked", flush=True)
    threading.Event().wait()

socket.getaddrinfo = hang

async def main():
    install()
    async with carrier(sys.argv[1]) as http:
        await heard(http, call(endpoint("http://model.invalid")))

try:
    asyncio.run(main())
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_ctrl_c_ends_at_once_whatever_the_resolver_does(transport: str) -> None:
    """Neither the loop nor the interpreter waits for a resolver that never returns."""
    with subprocess.Popen(
        [sys.executable, "-c", HANGING, transport],
        stdout=subprocess.PIPE,
        preexec_fn=hearing(),  # noqa: PLW1509 - it only sets signals
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=PATIENCE_S) == 130
        finally:
            process.kill()


async def test_jobs_run_on_daemon_threads_and_tell_their_results() -> None:
    """Results and errors come back as from any executor."""
    install()

    assert await asyncio.to_thread(lambda: threading.current_thread().daemon)
    with pytest.raises(ZeroDivisionError):
        await asyncio.to_thread(lambda: 1 / 0)


def test_a_loop_can_be_named() -> None:
    """For runners that have no running loop yet."""
    loop = asyncio.new_event_loop()
    install(loop)

    assert loop.run_until_complete(loop.run_in_executor(None, lambda: 7)) == 7
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def test_after_shutdown_no_job_is_taken() -> None:
    """As every executor promises."""
    executor = DaemonExecutor()
    executor.shutdown()

    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(print)


async def test_jobs_one_after_another_share_a_thread_that_stays() -> None:
    """For a process of days: the C library keeps memory for each thread that ever began."""
    install(keep=1)

    threads = {await asyncio.to_thread(threading.current_thread) for _ in range(10)}

    assert len(threads) == 1


async def test_no_more_threads_stay_than_are_kept() -> None:
    """However many jobs there are at once, none waits for another; what is not kept ends."""
    install(keep=2)
    together = threading.Barrier(5)

    def job() -> threading.Thread:
        together.wait(PATIENCE_S)
        return threading.current_thread()

    threads = set(await asyncio.gather(*(asyncio.to_thread(job) for _ in range(5))))
    later = {await asyncio.to_thread(threading.current_thread) for _ in range(5)}

    assert len(threads) == 5
    assert later < threads
    ending = threads - await _kept(2)
    for thread in ending:
        thread.join(PATIENCE_S)
    assert [thread.is_alive() for thread in ending] == [False, False, False]


async def test_a_thread_that_stays_lets_go_of_what_its_job_found() -> None:
    """A reading of a large log is not held until the next one."""
    install(keep=1)

    class Found:
        """Something that can be seen to be gone."""

    found = await asyncio.to_thread(Found)
    gone = threading.Event()
    weakref.finalize(found, gone.set)
    del found

    assert await asyncio.to_thread(gone.wait, PATIENCE_S)


def test_shutdown_ends_the_threads_that_stay() -> None:
    """They have nothing to wait for."""
    executor = DaemonExecutor(keep=1)
    thread = executor.submit(threading.current_thread).result(PATIENCE_S)
    executor.shutdown()

    thread.join(PATIENCE_S)
    assert not thread.is_alive()


async def _kept(number: int) -> set[threading.Thread]:
    """The threads that so many jobs at once run on."""
    together = threading.Barrier(number)

    def job() -> threading.Thread:
        together.wait(PATIENCE_S)
        return threading.current_thread()

    return set(await asyncio.gather(*(asyncio.to_thread(job) for _ in range(number))))
