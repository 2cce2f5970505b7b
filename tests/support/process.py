"""The real command line in a real process, over a home of its own and a server on loopback."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.patience import PATIENCE_S
from tests.support.server import Exchange

WORDS = ("The", " answer", " is", " forty", "-two", ".")
"""What the well-behaved models of `chat_handler` say."""

UNMEASURED = {"COVERAGE_PROCESS_CONFIG": ""}
"""For a process that is not to measure coverage: one of a crowd, whose lines another one shows,
since measuring costs nearly as much as `ultra ask`; or one that can write no file, as it would."""

PROFILE = """\
version: 1
providers:
  lab:
    protocol: openai-chat
    base_url: {url}/v1
    key: none
models:
  good: {{model: "lab:good", price: {{input_per_mtok: 1.0, output_per_mtok: 2.0}}}}
  other: {{model: "lab:other", price: {{input_per_mtok: 1.0, output_per_mtok: 2.0}}}}
  unpriced: "lab:unpriced"
defaults: {{ask: good, compare: [good, other], synthesizer: good}}
"""


@dataclass(frozen=True)
class Ended:
    """How a process ended and what it said."""

    code: int
    out: str
    err: str


class Ultra:
    """Runs `ultra` with an empty home below `folder`."""

    def __init__(self, folder: Path, url: str = "", **environ: str) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(exist_ok=True)
        if url:
            config = self.home / "config"
            config.mkdir(exist_ok=True)
            (config / "ultra.yaml").write_text(PROFILE.format(url=url), encoding="utf-8")
        self.environ = {**_bare_environment(), "ULTRA_HOME": str(self.home), **environ}

    @property
    def database(self) -> Path:
        """Where the log is."""
        return self.home / "data" / "ultra.db"

    async def start(
        self, *args: str, environ: Mapping[str, str] | None = None, **options: Any
    ) -> asyncio.subprocess.Process:
        """Begin a process; its streams are pipes unless told otherwise."""
        pipe = asyncio.subprocess.PIPE
        kinds = {"stdin": asyncio.subprocess.DEVNULL, "stdout": pipe, "stderr": pipe}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "ultra",
            *args,
            env={**self.environ, **(environ or {})},
            cwd=self.folder,
            **{**kinds, "preexec_fn": hearing(), **options},
        )

    async def run(
        self, *args: str, stdin: str | None = None, timeout_s: float = PATIENCE_S, **options: Any
    ) -> Ended:
        """Run a command to its end."""
        if stdin is not None:
            options["stdin"] = asyncio.subprocess.PIPE
        process = await self.start(*args, **options)
        data = stdin.encode() if stdin is not None else None
        out, err = await asyncio.wait_for(process.communicate(data), timeout_s)
        return Ended(process.returncode or 0, (out or b"").decode(), (err or b"").decode())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the log holds."""
        connection = sqlite3.connect(self.database)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def attempts(self) -> list[tuple[Any, ...]]:
        """Status, text and charge of every attempt, in order."""
        return self.rows("SELECT status, text, charged_nano FROM attempts ORDER BY started_at")


def _bare_environment() -> dict[str, str]:
    kept = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "COVERAGE_PROCESS_CONFIG")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"
    }


def chunk(text: str | None = None, finish: str | None = None) -> dict[str, Any]:
    """One event of an OpenAI-compatible stream."""
    delta = {} if text is None else {"content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "model": "served",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


USAGE = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "choices": [],
    "usage": {"prompt_tokens": 10, "completion_tokens": 6, "total_tokens": 16},
}


async def chat_handler(exchange: Exchange) -> None:
    """Answers by the model's name: `good` streams an answer, every other name is a fault."""
    body = exchange.seen.json()
    assert isinstance(body, dict)
    model = str(body["model"])
    if model in _FAULTS:
        await _FAULTS[model](exchange)
        return
    if model.startswith("status-"):
        status = int(model.removeprefix("status-"))
        await exchange.json({"error": {"message": f"the server says {status}"}}, status=status)
        return
    events = [chunk(word) for word in WORDS]
    await exchange.sse([*events, chunk(finish="stop"), USAGE])


async def _silent(exchange: Exchange) -> None:
    await exchange.stall()


async def _headers_only(exchange: Exchange) -> None:
    await exchange.head(200)
    await exchange.stall()


async def _halfway(exchange: Exchange) -> None:
    await _begin(exchange)
    await exchange.stall()


async def _cut(exchange: Exchange) -> None:
    await _begin(exchange)
    exchange.cut()


async def _begin(exchange: Exchange) -> None:
    await exchange.head(200)
    for word in WORDS[:3]:
        await exchange.chunk(_event(chunk(word)))


async def _html(exchange: Exchange) -> None:
    await exchange.body(b"<html><body>Sign in to WiFi</body></html>", content_type="text/html")


async def _endless(exchange: Exchange) -> None:
    await exchange.head(200)
    try:
        while True:
            await exchange.chunk(_event(chunk("one more line\n")))
            await asyncio.sleep(0.001)
    except ConnectionError:
        return


async def _long(exchange: Exchange) -> None:
    lines = [chunk(f"line {number}\n") for number in range(2000)]
    await exchange.sse([*lines, chunk(finish="stop"), USAGE])


async def _slow(exchange: Exchange) -> None:
    events = [chunk(word) for word in WORDS]
    await exchange.sse([*events, chunk(finish="stop"), USAGE], delay_s=0.1)


def _event(value: object) -> bytes:
    import json

    return f"data: {json.dumps(value)}\n\n".encode()


_FAULTS = {
    "silent": _silent,
    "headers": _headers_only,
    "halfway": _halfway,
    "cut": _cut,
    "html": _html,
    "endless": _endless,
    "long": _long,
    "slow": _slow,
}


def hear() -> None:
    """Restore what Ctrl-C and a terminal that is closed do; to be run between fork and exec."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def hearing() -> Callable[[], None] | None:
    """The `preexec_fn` of a child that is to hear signals; None where it would hear them anyway.

    A shell makes what it runs in the background deaf to Ctrl-C, `nohup` to the end of a terminal,
    and children inherit it.
    """
    deaf = signal.SIG_IGN in (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGHUP))
    return hear if deaf else None


def signal_code(number: signal.Signals) -> int:
    """The exit code by which a shell knows a signal."""
    return 128 + number
