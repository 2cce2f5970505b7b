"""Ctrl-C and SIGTERM in what waits for a network without being a run."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.patience import in_time, until
from tests.support.process import Ultra, chat_handler, signal_code
from tests.support.server import Exchange, Loopback, loopback

PROFILE = """\
version: 1
providers:
  lab: {{protocol: openai-chat, base_url: "{url}/v1", key: "{key}"}}
defaults: {{ask: "lab:good"}}
"""


async def silent(exchange: Exchange) -> None:
    await exchange.stall()


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    """A server that takes every request and answers none."""
    async with loopback(silent) as running:
        yield running


async def comes(process: Process, true: Callable[[], object]) -> None:
    """Wait for something that the process does before it ends."""
    await until(lambda: true() or process.returncode is not None)
    assert process.returncode is None, (await process.communicate())[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
@pytest.mark.parametrize(
    "argv",
    [
        ("models", "--live"),
        ("models", "--refresh-prices", "{url}/prices.json"),
        ("keys", "test", "lab"),
        ("doctor",),
        ("ask", "-f", "{url}/page", "hi"),
        ("health",),
    ],
    ids=lambda argv: " ".join(argv[:2]),
)
async def test_a_signal_ends_a_wait_without_a_word(
    ultra: Ultra, server: Loopback, argv: tuple[str, ...], number: signal.Signals
) -> None:
    """The exit code says which signal it was, and nothing looks like a fault of ultra's own."""
    process = await ultra.start(*(word.replace("{url}", server.url) for word in argv))
    await comes(process, lambda: server.requests)

    process.send_signal(number)
    _, err = await in_time(process.communicate())

    assert (process.returncode, b"Traceback" in err, b"error:" in err) == (
        signal_code(number),
        False,
        False,
    ), err.decode()


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
async def test_a_command_that_hangs_ends_with_ultra(
    ultra: Ultra, server: Loopback, number: signal.Signals, times: int
) -> None:
    """It is not left behind to ask for a password that nobody waits for."""
    alive = ultra.folder / "alive"
    os.mkfifo(alive)
    script = ultra.folder / "vault"
    script.write_text(f"#!/bin/sh\nexec 3>{alive}\nexec sleep 600\n")
    script.chmod(0o755)
    (ultra.home / "config" / "ultra.yaml").write_text(
        PROFILE.format(url=server.url, key=f"command:{script}"), encoding="utf-8"
    )
    process = await ultra.start("ask", "hello there")
    end = await in_time(asyncio.to_thread(alive.open))

    for _ in range(times):
        process.send_signal(number)
    await in_time(process.communicate())

    await in_time(asyncio.to_thread(end.read))
    end.close()
    assert process.returncode == signal_code(number)


async def test_ctrl_c_does_not_wait_for_statistics_to_load(ultra: Ultra) -> None:
    """They take seconds on a busy machine; the answers are there and the run is on record."""
    lazy = ultra.folder / "lib" / "scipy"
    lazy.mkdir(parents=True)
    wait = "import pathlib, time\npathlib.Path('loading').touch()\ntime.sleep(600)\n"
    (lazy / "__init__.py").write_text(wait, encoding="utf-8")
    words = ("compare", "--runs", "2", "--expect", "contains:forty", "-m", "good", "hi")
    async with loopback(chat_handler) as running:
        there = Ultra(ultra.folder, running.url, PYTHONPATH=str(lazy.parent))
        process = await there.start(*words)
        await comes(process, (ultra.folder / "loading").exists)

        process.send_signal(signal.SIGINT)
        _, err = await in_time(process.communicate())

    assert process.returncode == signal_code(signal.SIGINT), err.decode()
    assert [row[0] for row in there.attempts()] == ["ok", "ok"]
