"""`ultra health --watch` at a real terminal: redrawn in place, and ended as it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.process import Ultra
from tests.support.pty import OnTerminal
from tests.support.server import Exchange, Loopback, loopback


async def lists(exchange: Exchange) -> None:
    """A server that lists one model."""
    await exchange.json({"object": "list", "data": [{"id": "good", "object": "model"}]})


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback(lists) as running:
        yield running


@pytest.fixture
def ultra(tmp_path: Path, server: Loopback) -> Ultra:
    return Ultra(tmp_path, server.url)


async def redrawn(terminal: OnTerminal, times: int = 2) -> None:
    """Wait until the report was drawn in the place of the one before."""
    await terminal.until("q ends this")
    await terminal.until("just now")
    await terminal.until("s ago", times=times)


async def test_the_log_is_on_the_screen_before_anybody_has_answered(tmp_path: Path) -> None:
    """A provider that hangs keeps nobody from seeing what is known of it, and of the others."""
    answer = asyncio.Event()

    async def late(exchange: Exchange) -> None:
        await answer.wait()
        await lists(exchange)

    async with loopback(late) as server:
        ultra = Ultra(tmp_path, server.url)
        async with OnTerminal(ultra, "health", "--watch") as terminal:
            await terminal.until("those of whom nothing is known are being asked")
            shown = terminal.grid().text
            answer.set()
            await terminal.until("q ends this")

    assert "default (development): 3 unknown" in shown
    assert "nothing was heard of it" in shown


async def test_q_is_heard_while_providers_are_asked(tmp_path: Path) -> None:
    """One that hangs keeps nobody who has seen enough; what the log knew is what was shown."""

    async def never(exchange: Exchange) -> None:
        await exchange.stall()

    async with loopback(never) as server:
        ultra = Ultra(tmp_path, server.url)
        async with OnTerminal(ultra, "health", "--watch") as terminal:
            await terminal.until("those of whom nothing is known are being asked")
            terminal.type("q")

            assert await terminal.ended() == 4
            assert "did not list" not in terminal.grid().text
            assert terminal.settings() == terminal.before


async def test_q_ends_it_with_the_exit_code_of_what_was_shown(ultra: Ultra) -> None:
    """One report stands on the screen however often it was drawn, and the terminal is as before."""
    async with OnTerminal(ultra, "health", "--watch", "--every", "1") as terminal:
        await redrawn(terminal)
        terminal.type("q")

        assert await terminal.ended() == 0
        shown = terminal.grid().text
        assert shown.count("default (development): 3 ok") == 1
        assert "lab  127.0.0.1" in shown
        assert terminal.settings() == terminal.before


async def test_what_is_known_is_not_asked_for_again(ultra: Ultra, server: Loopback) -> None:
    """A list is remembered for ten minutes, whoever looks."""
    async with OnTerminal(ultra, "health", "--watch", "--every", "1") as terminal:
        await redrawn(terminal)
        terminal.type("q")
        await terminal.ended()

    assert len(server.requests) == 1


async def test_ctrl_c_is_130_as_everywhere(ultra: Ultra) -> None:
    """And leaves the terminal as it was."""
    async with OnTerminal(ultra, "health", "--watch", "--every", "1") as terminal:
        await terminal.until("q ends this")
        terminal.type("\x03")

        assert await terminal.ended() == 130
        assert terminal.settings() == terminal.before


async def test_what_is_down_ends_with_its_own_code(ultra: Ultra) -> None:
    """As without watching."""
    await ultra.run("health", "open", "good")

    async with OnTerminal(ultra, "health", "--watch") as terminal:
        await terminal.until("q ends this")
        terminal.type("q")

        assert await terminal.ended() == 1


async def test_without_a_terminal_documents_follow_one_another(ultra: Ultra) -> None:
    """A line each, until the reader leaves."""
    process = await ultra.start("health", "--watch", "--every", "1", "--json")
    assert process.stdout is not None
    first, second = [json.loads(await process.stdout.readline()) for _ in range(2)]

    process.terminate()
    assert await process.wait() == 143
    assert first["version"] == second["version"] == 1
    assert first["checked_at"] < second["checked_at"]
