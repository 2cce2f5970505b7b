"""Where a bench runs: its server, an ultra of its own with profile and log, and the commands."""

import json
import os
import shlex
import shutil
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUESTION = "what is the answer to this question, in as many words as it takes?"
KEY = "sk-bench-0123456789"

PROFILE = """\
version: 1
environment: development
providers:
  bench:
    protocol: openai-chat
    base_url: {base_url}
    key: {key}
    limits: {{concurrency: 1000}}
models:
  fast: {{model: "bench:bench", price: {{input_per_mtok: 3, output_per_mtok: 15}}}}
defaults: {{ask: fast}}
"""


class Server:
    """A running `benchmarks.server`."""

    def __init__(self, port: int, authority: Path | None) -> None:
        self.authority = authority
        self._origin = f"{'https' if authority else 'http'}://127.0.0.1:{port}"

    def base_url(self, *, chunks: int, hold: int = 1, batch: int = 1) -> str:
        """What a client is told; see `benchmarks.server`."""
        return f"{self._origin}/c{chunks}/h{hold}/b{batch}/v1"

    def reset(self) -> None:
        """Forget what was seen."""
        self._get("_reset")

    def seen(self) -> tuple[int, int]:
        """The most requests under way at once since the last reset, and all requests."""
        told = self._get("_stats")
        return told["peak"], told["requests"]

    def _get(self, name: str) -> dict[str, int]:
        trust = ssl.create_default_context(cafile=self.authority) if self.authority else None
        with urllib.request.urlopen(f"{self._origin}/{name}", context=trust) as reply:
            told: dict[str, int] = json.load(reply)
        return told


@contextmanager
def serving(*, tls: bool = False) -> Iterator[Server]:
    """A server in a process of its own, for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as directory:
        command = [
            sys.executable,
            "-m",
            "benchmarks.server",
            *(["--tls", directory] if tls else []),
        ]
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            yield Server(port, Path(directory) / "ca.pem" if tls else None)
        finally:
            process.stdin.close()
            process.wait(timeout=10)
            process.stdout.close()


class Home:
    """An ultra of its own: a folder with a profile and a log, and the environment that leads there.

    The profile is the user's own, called `bench`: a file from elsewhere would want to be trusted.
    Nothing of the user's settings or proxies reaches it.
    """

    def __init__(self, directory: Path, base_url: str, key: str = "env:BENCH_KEY") -> None:
        self.directory = directory
        self.profile = directory / "ultra" / "config" / "profiles" / "bench.yaml"
        self.profile.parent.mkdir(parents=True)
        self.profile.write_text(PROFILE.format(base_url=base_url, key=key))
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        self.env = {
            **kept,
            "HOME": str(directory),
            "ULTRA_HOME": str(directory / "ultra"),
            "BENCH_KEY": KEY,
            "BENCH_KEYRING": KEY,
            "BENCH_BASE_URL": base_url,
            "PYTHONPATH": str(ROOT),
        }

    @property
    def database(self) -> Path:
        """Where the log is."""
        return self.directory / "ultra" / "data" / "ultra.db"

    def rows(self) -> tuple[int, int]:
        """Attempts in the log that ended well and have a cost, and all attempts."""
        if not self.database.exists():
            return 0, 0
        query = "SELECT sum(status = 'ok' AND cost_nano > 0), count(*) FROM attempts"
        connection = sqlite3.connect(self.database)
        try:
            good, everything = connection.execute(query).fetchone()
        finally:
            connection.close()
        return good or 0, everything


@contextmanager
def home(base_url: str, key: str = "env:BENCH_KEY") -> Iterator[Home]:
    """A home that is removed with the block."""
    with tempfile.TemporaryDirectory() as directory:
        yield Home(Path(directory), base_url, key)


def installed(command: str) -> str | None:
    """A command beside this Python, or None."""
    return shutil.which(command, path=str(Path(sys.executable).parent))


def ultra() -> list[str]:
    """The command `ultra` as it is installed, or as a module where it is not."""
    command = installed("ultra")
    return [command] if command else [sys.executable, "-m", "ultra"]


def timed(
    command: list[str], env: Mapping[str, str], allowed: Container[int] = (0,)
) -> tuple[float, str]:
    """Seconds that a process takes from start to end, and its stdout. Raises when it fails."""
    start = time.perf_counter()
    done = subprocess.run(
        command,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    if done.returncode not in allowed:
        name = " ".join(map(shlex.quote, command[:4]))
        raise RuntimeError(f"`{name} ...` exited {done.returncode}: {done.stderr[-200:]}")
    return seconds, done.stdout
