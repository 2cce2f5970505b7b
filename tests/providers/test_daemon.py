"""Threads that nobody waits for."""

import asyncio
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ultra.providers.daemon import DaemonExecutor, install

HANGING = """
import asyncio, socket, sys, threading
from tests.support.lines import call, carrier, endpoint, heard
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
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=60) == 130


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
