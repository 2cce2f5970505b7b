"""Drives a model server that nobody here wrote through the real command line.

The server is that of `llama-cpp-python`, with the model of `tests.live.model`; nothing leaves the
machine. `make live-local` installs both into an environment of their own: the package is compiled,
which takes minutes, so this is no part of `make check`.

    python -m tests.live.local [PYTHON]      PYTHON has `llama-cpp-python[server]` and `gguf`
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ANSWER = "a tiny model says these very words and then it stops"
START_S = 60.0
"""How long the server may take to load the model."""

STOP_S = 5.0
"""How soon after Ctrl-C the server must be idle; the circle would take it half a minute."""


class StartError(Exception):
    """The server is not there; its log says why."""


class Ultra:
    """The command line over a home of its own."""

    def __init__(self, home: Path) -> None:
        keep = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.environ = {**keep, "ULTRA_HOME": str(home), "PYTHONPATH": str(ROOT / "src")}

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """A command under way."""
        return subprocess.Popen(
            [sys.executable, "-m", "ultra", *words],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words: str, code: int = 0) -> str:
        """What a command says on stdout; its exit code is checked."""
        return self.both(*words, code=code)[0]

    def both(self, *words: str, code: int = 0) -> tuple[str, str]:
        """The same with stderr."""
        with self.start(*words) as process:
            out, err = process.communicate(timeout=60)
        expect(process.returncode, code, f"exit code of `ultra {' '.join(words)}`: {err}")
        return out, err


def expect(found: object, wanted: object, what: str) -> None:
    """Fail with both sides when they differ."""
    if found != wanted:
        raise AssertionError(f"{what}: {found!r} instead of {wanted!r}")


def chat(ultra: Ultra, _pid: int) -> None:
    """An answer that is not streamed, with its reason and its usage from the server."""
    document = json.loads(ultra("ask", "--no-stream", "--json", "hello there"))

    (call,) = document["calls"]
    expect(document["answer"].strip(), ANSWER, "the answer")
    expect(call["finish_reason"], "stop", "why it ended")
    expect(call["attempts"][0]["usage_source"], "provider", "who counted")
    expect(call["output_tokens"], 11, "what it counted")
    expect(call["cost_nano"], 0, "the cost of a server of one's own")


def stream(ultra: Ultra, _pid: int) -> None:
    """The same word by word."""
    events = [json.loads(line) for line in ultra("ask", "--events", "hello there").splitlines()]

    pieces = [str(event["text"]) for event in events if event.get("type") == "text_delta"]
    expect("".join(pieces).strip(), ANSWER, "the pieces together")
    expect(len(pieces) >= 8, True, f"several pieces ({len(pieces)})")


def cap(ultra: Ultra, _pid: int) -> None:
    """An answer that reaches its cap says so."""
    document = json.loads(ultra("ask", "--json", "--max-tokens", "4", "hello there"))

    expect(document["answer"].strip(), "a tiny model says", "the beginning")
    expect(document["calls"][0]["finish_reason"], "length", "why it ended")


def models(ultra: Ultra, _pid: int) -> None:
    """What the server lists."""
    rows = json.loads(ultra("models", "--live", "--json"))["models"]

    listed = [row for row in rows if row["model"] == "lab:tiny"]
    expect(len(listed), 1, "rows of the model")
    expect("live" in listed[0]["sources"], True, "whether the server told of it")


def schema(ultra: Ultra, _pid: int) -> None:
    """JSON by a schema: in this server's own words, and its refusal of OpenAI's by name."""
    wanted = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    form = json.dumps({"type": "json_object", "schema": wanted})

    answer = json.loads(ultra("ask", "-o", "response_format", form, "hello there"))
    _, refusal = ultra.both("ask", "--schema", json.dumps(wanted), "hello there", code=75)

    expect([type(answer.get("ok")), len(answer)], [bool, 1], "the object")
    expect("response_format" in refusal, True, f"whether the parameter is named: {refusal}")


def cancellation(ultra: Ultra, pid: int) -> None:
    """Ctrl-C in the middle of a stream ends ultra at once, and the server's work with it."""
    with ultra.start("ask", "--max-tokens", "30000", "go on forever") as process:
        assert process.stdout is not None
        begun = process.stdout.read(16)
        before = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        took = time.monotonic() - before
    expect(begun.split()[:2], ["round", "about"], "the beginning")
    expect(process.returncode, 130, "the exit code")
    expect(took < 2.0, True, f"whether ultra ended within 2 s ({took:.1f} s)")
    expect(_idle(pid), True, f"whether the server was idle within {STOP_S:.0f} s")
    (run,) = json.loads(ultra("logs", "list", "-n", "1", "--json"))
    (call,) = run["calls"]
    expect((run["status"], call["status"]), ("cancelled", "partial"), "what the log says of it")
    expect(call["text"].split()[:2], ["round", "about"], "what the log kept")


CHECKS: tuple[Callable[[Ultra, int], None], ...] = (
    chat,
    stream,
    cap,
    models,
    schema,
    cancellation,
)


def main(python: str) -> int:
    """Run every check; 1 when one fails."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder, served(python, Path(folder)) as (url, pid):
        home = Path(folder) / "home"
        (home / "config").mkdir(parents=True)
        (home / "config" / "ultra.yaml").write_text(
            "version: 1\nproviders:\n"
            f'  lab: {{vendor: llamacpp, base_url: "{url}/v1"}}\n'
            'models: {tiny: "lab:tiny"}\ndefaults: {ask: tiny}\n'
        )
        ultra = Ultra(home)
        for check in CHECKS:
            try:
                check(ultra, pid)
            except Exception as error:  # one check that fails hides no other
                failed += 1
                print(f"{check.__name__}: FAILED: {type(error).__name__}: {error}")
            else:
                print(f"{check.__name__}: ok")
    print(f"{len(CHECKS) - failed} of {len(CHECKS)} hold")
    return 1 if failed else 0


@contextmanager
def served(python: str, folder: Path) -> Iterator[tuple[str, int]]:
    """The server with the model, on a free port; its URL and process id."""
    model, port = folder / "tiny.gguf", _free_port()
    subprocess.run([python, "-m", "tests.live.model", model], cwd=ROOT, check=True)
    command: list[str | Path] = [
        *(python, "-m", "llama_cpp.server", "--model", model, "--model_alias", "tiny"),
        *("--n_ctx", "32768", "--host", "127.0.0.1", "--port", str(port)),
    ]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/v1/models", server)
            yield f"http://127.0.0.1:{port}", server.pid
        except StartError:
            print((folder / "server.log").read_text(errors="replace")[-2000:])
            raise
        finally:
            server.terminate()
            server.wait(30)


def _wait(url: str, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                answer.read()
                return
        except OSError:
            time.sleep(0.2)
    raise StartError("the server did not start")


def _idle(pid: int) -> bool:
    """Whether a process soon stops using the processor."""
    until = time.monotonic() + STOP_S
    before = _worked_s(pid)
    while time.monotonic() < until:
        time.sleep(1.0)
        now = _worked_s(pid)
        if now - before < 0.2:
            return True
        before = now
    return False


def _worked_s(pid: int) -> float:
    """Seconds of processor time that a process has had. Source: proc(5), fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    ticks: Any = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[12])) / float(ticks)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else sys.executable))
