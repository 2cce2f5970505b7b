"""The command line in this process, over a home of its own; and a server in a thread beside it."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.server import Exchange, Handler, Loopback, loopback
from ultra.cli.main import main

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class Cli:
    """Runs command lines as `ultra` would, with `home` for all of its files."""

    def __init__(
        self, home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.home = home
        self._capfd = capfd
        self._patch = monkeypatch
        monkeypatch.setenv("ULTRA_HOME", str(home))

    def __call__(self, *argv: str, stdin: str = "") -> Said:
        piped = self.home.parent / "stdin"
        piped.write_text(stdin, encoding="utf-8")
        self._capfd.readouterr()
        with piped.open(encoding="utf-8") as stream:
            self._patch.setattr(sys, "stdin", stream)
            code = main(argv)
        told = self._capfd.readouterr()
        return Said(code, told.out, told.err)

    def profile(self, text: str, name: str = "") -> Path:
        """Write the user's own profile, or one of theirs by name."""
        folder = self.home / "config"
        path = folder / "profiles" / f"{name}.yaml" if name else folder / "ultra.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


@contextmanager
def served(handler: Handler) -> Iterator[Loopback]:
    """A server on loopback with a loop of its own, for commands that run on this thread."""
    ready, over = threading.Event(), threading.Event()
    running: list[Loopback] = []

    async def serve() -> None:
        async with loopback(handler) as server:
            running.append(server)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(PATIENCE_S)
    try:
        yield running[0]
    finally:
        over.set()
        thread.join(PATIENCE_S)


async def model_lists(exchange: Exchange) -> None:
    """An OpenAI-compatible server that wants the key `right-key` for its list of models."""
    if exchange.seen.headers.get("authorization") != "Bearer right-key":
        await exchange.json({"error": {"message": "wrong key", "type": "auth"}}, status=401)
    elif exchange.seen.path == "/v1/models":
        listed = [{"id": "beta", "object": "model"}, {"id": "alpha", "object": "model"}]
        await exchange.json({"object": "list", "data": listed})
    else:
        await exchange.json({"error": {"message": "no such page"}}, status=404)


async def open_lists(exchange: Exchange) -> None:
    """A server of no known kind that lists its models to anybody."""
    if exchange.seen.path == "/v1/models":
        await exchange.json({"object": "list", "data": [{"id": "tiny", "object": "model"}]})
    else:
        await exchange.json({"error": {"message": "no such page"}}, status=404)


async def ollama_lists(exchange: Exchange) -> None:
    """What Ollama says of itself and its models."""
    answers = {
        "/api/version": {"version": "0.9.1"},
        "/api/tags": {"models": [{"name": "llama3.2:3b"}, {"name": "qwen3:8b"}]},
    }
    if exchange.seen.path in answers:
        await exchange.json(answers[exchange.seen.path])
    else:
        await exchange.json({"error": "no such page"}, status=404)
