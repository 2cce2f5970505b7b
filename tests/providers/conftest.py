"""What tests of HTTP share: both transports, and an authority made once."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.certs import Authority, make_authority


@pytest.fixture(params=["httpx", "aiohttp"])
def transport(request: pytest.FixtureRequest) -> str:
    """Each promise is kept by both transports."""
    return str(request.param)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that no system knows."""
    directory: Path = tmp_path_factory.mktemp("authority")
    return make_authority(directory)


@pytest.fixture(scope="session")
def named(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority whose server is `model.invalid`, which only a proxy can reach."""
    return make_authority(tmp_path_factory.mktemp("named"), "DNS:model.invalid")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("SSL_CERT"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
async def _no_tasks_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    for _ in range(5):
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not left, f"tasks were left behind: {left}"
