"""Whole processes: what a command takes from the shell and back."""

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.places import QUESTION as Q
from benchmarks.places import ROOT, Home, Server, home, installed, serving, timed, ultra
from benchmarks.stats import Checks, Result, compared, paired

CHUNKS = 20
SCRIPT = [sys.executable, str(ROOT / "benchmarks" / "peers" / "httpx_script.py"), Q]
KEYRING_SCRIPT = [sys.executable, str(ROOT / "benchmarks" / "peers" / "keyring_script.py"), Q]
PASS = [sys.executable, "-c", "pass"]

TODAY = """
import sqlite3, sys, time
log = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
today = time.mktime((*time.localtime()[:3], 0, 0, 0, 0, 0, -1))
query = "SELECT sum(known_nano) FROM call_totals WHERE started_at >= ? AND NOT simulated"
print(log.execute(query, (today,)).fetchone()[0])
"""

LLM_MODELS = """\
- model_id: bench
  model_name: bench
  api_base: {base_url}
"""


def version(pairs: int) -> list[Result]:
    """`ultra --version`: no more than twice an interpreter that does nothing."""
    return [_beside_pass("ultra --version", ["--version"], 2.0, pairs)]


def help_text(pairs: int) -> list[Result]:
    """`ultra --help`: no more than eight times an interpreter that does nothing."""
    return [_beside_pass("ultra --help", ["--help"], 8.0, pairs)]


def cost_line(pairs: int) -> list[Result]:
    """`ultra cost --line` beside a script that asks the log for today's spend: the least it takes.

    Both take their time from the interpreter; the line looks at budgets and breakers as well.
    """
    checks = Checks()
    with serving() as server, home(server.base_url(chunks=CHUNKS)) as place:
        _run([*ultra(), "ask", "-P", "bench", Q], place, checks)()
        script = [sys.executable, "-c", TODAY, str(place.database)]

        def line() -> float:
            seconds, said = timed([*ultra(), "cost", "--line"], place.env)
            checks.equal("line", said.partition(" ")[2], "today\n")
            return seconds

        left, right = paired(line, lambda: timed(script, place.env)[0], pairs)
        rows = str(place.rows()[0])
    name, peer = "ultra cost --line", "sqlite3 script"
    return [compared(name, peer, left, right, target=2.5, checks=checks, seen={"rows": rows})]


def ask_http(pairs: int) -> list[Result]:
    """`ultra ask` over http beside a script of 20 lines."""
    with serving() as server:
        return [_asking("ultra ask, http", "httpx script", server, SCRIPT, pairs)]


def ask_https(pairs: int) -> list[Result]:
    """The same over https."""
    with serving(tls=True) as server:
        return [_asking("ultra ask, https", "httpx script", server, SCRIPT, pairs)]


def ask_keyring(pairs: int) -> list[Result]:
    """The same with the key in a keyring, beside a script that asks the keyring too."""
    with serving() as server:
        return [
            _asking(
                "ultra ask, http, keyring key",
                "httpx + keyring script",
                server,
                KEYRING_SCRIPT,
                pairs,
                key="keyring:bench",
            )
        ]


def ask_cached(pairs: int) -> list[Result]:
    """An answer that serves again beside one that is asked for."""
    checks = Checks()
    command = [*ultra(), "ask", "-P", "bench"]
    with serving() as server, home(server.base_url(chunks=CHUNKS)) as place:
        left, right = paired(
            _run([*command, "--cache", Q], place, checks), _run([*command, Q], place, checks), pairs
        )
        requests = server.seen()[1]
        checks.equal("requests", requests, pairs + 2)
        checks.equal("rows written (good, all)", place.rows(), (pairs + 2, 2 * (pairs + 1)))
        seen = {"peak": "1", "rows": str(2 * (pairs + 1))}
    name = "ultra ask --cache, a hit"
    return [compared(name, "ultra ask", left, right, target=1.3, checks=checks, seen=seen)]


def ask_llm(pairs: int) -> list[Result]:
    """`llm` beside ultra, where it is installed in the same environment."""
    command = installed("llm")
    if command is None:
        return [Result("ultra ask, http", "llm", note="`llm` is not installed here")]
    with serving() as server:
        return [
            _asking(
                "ultra ask, http", "llm", server, [command, "-m", "bench", Q], pairs, target=None
            )
        ]


def _beside_pass(name: str, arguments: list[str], target: float, pairs: int) -> Result:
    command = [*ultra(), *arguments]
    with home("http://127.0.0.1:1/v1") as place:
        left, right = paired(
            lambda: timed(command, place.env)[0], lambda: timed(PASS, place.env)[0], pairs
        )
        checks = Checks()
        checks.equal("rows written", place.rows(), (0, 0))
    return compared(
        name, "python -c pass", left, right, target=target, checks=checks, seen={"rows": "0"}
    )


def _asking(  # noqa: PLR0913  what differs between the benches
    name: str,
    peer: str,
    server: Server,
    script: list[str],
    pairs: int,
    *,
    key: str = "env:BENCH_KEY",
    target: float | None = 1.3,
) -> Result:
    base_url = server.base_url(chunks=CHUNKS)
    checks = Checks()
    with home(base_url, key) as place:
        _prepare(place, server, base_url)
        server.reset()
        left, right = paired(
            _run([*ultra(), "ask", "-P", "bench", Q], place, checks),
            _run(script, place, checks),
            pairs,
        )
        peak, requests = server.seen()
        checks.equal("server's peak", peak, 1)
        checks.equal("requests", requests, 2 * (pairs + 1))
        checks.equal("rows written (good, all)", place.rows(), (pairs + 1, pairs + 1))
        seen = {"peak": str(peak), "rows": str(place.rows()[0])}
    return compared(name, peer, left, right, target=target, checks=checks, seen=seen)


def _prepare(place: Home, server: Server, base_url: str) -> None:
    """What each peer needs to find the server and its key."""
    if server.authority is not None:
        place.env["SSL_CERT_FILE"] = str(server.authority)
    place.env["PYTHON_KEYRING_BACKEND"] = "benchmarks.peers.file_keyring.FileKeyring"
    llm = place.directory / "llm"
    llm.mkdir()
    (llm / "extra-openai-models.yaml").write_text(LLM_MODELS.format(base_url=base_url))
    place.env["LLM_USER_PATH"] = str(llm)
    place.env["OPENAI_API_KEY"] = place.env["BENCH_KEY"]


def _run(command: list[str], place: Home, checks: Checks) -> Callable[[], float]:
    wanted = "word " * CHUNKS

    def run() -> float:
        seconds, said = timed(command, place.env)
        checks.equal(f"answer of {Path(command[0]).name}", said.strip(), wanted.strip())
        return seconds

    return run
