"""What every process test stands on: a server on loopback and a home of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.process import Ultra, chat_handler
from tests.support.server import Loopback, loopback


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    """A server that answers by the model's name."""
    async with loopback(chat_handler) as running:
        yield running


@pytest.fixture
def ultra(tmp_path: Path, server: Loopback) -> Ultra:
    """The command line over an empty home whose profile names that server."""
    return Ultra(tmp_path, server.url)
