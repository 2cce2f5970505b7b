"""Ctrl-C and SIGTERM in what waits for a network without being a run."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from tests.support.process import Ultra, signal_code
from tests.support.server import Exchange, Loopback, loopback


async def silent(exchange: Exchange) -> None:
    await exchange.stall()


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    """A server that takes every request and answers none."""
    async with loopback(silent) as running:
        yield running


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
    while not server.requests:
        assert process.returncode is None, (await process.communicate())[1]
        await asyncio.sleep(0.01)

    process.send_signal(number)
    _, err = await asyncio.wait_for(process.communicate(), 30)

    assert (process.returncode, b"Traceback" in err, b"error:" in err) == (
        signal_code(number),
        False,
        False,
    ), err.decode()
