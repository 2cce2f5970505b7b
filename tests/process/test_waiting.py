"""Gates, breakers, races and reserves through the real command line."""

import asyncio
import signal
import time
from pathlib import Path

from tests.support.ledger import attempt_record, ledger_at, result, run_record
from tests.support.process import USAGE, WORDS, Ultra, chunk
from tests.support.server import Exchange, loopback
from ultra.core.model import Endpoint, KeyRef, Target

ANSWER = "".join(WORDS)
GOOD = [*(chunk(word) for word in WORDS), chunk(finish="stop"), USAGE]


async def misbehaving(exchange: Exchange) -> None:
    """Answers by the model's name: down, over its limit, silent, or deaf to caps."""
    body = exchange.seen.json()
    assert isinstance(body, dict)
    match body["model"]:
        case "down":
            await exchange.json({"error": {"message": "boom"}}, status=500)
        case "limited":
            error = {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}
            await exchange.json(error, status=429, headers={"retry-after": "50"})
        case "lame":
            await exchange.stall()
        case "deaf":
            await exchange.sse([chunk("word ") for _ in range(5000)], delay_s=0.001)
        case _:
            await exchange.sse(GOOD)


async def test_an_outage_costs_one_fast_line_and_no_request(tmp_path: Path) -> None:
    """After three failures nobody is asked, and the exit code says to try later."""
    async with loopback(misbehaving) as server:
        ultra = Ultra(tmp_path, server.url)
        for _ in range(2):
            await ultra.run("ask", "-m", "lab:down", "is it up?")
        before = len(server.requests)

        ended = await ultra.run("ask", "-m", "lab:down", "is it up?")

        assert (ended.code, ended.out, len(server.requests) - before) == (75, "", 0)
        errors = [line for line in ended.err.splitlines() if line.startswith("error:")]
        (line,) = errors
        assert "`lab:down` failed: breaker open" in line


async def test_a_gate_that_is_shut_for_long_fails_at_once_and_leaves_no_row(
    tmp_path: Path,
) -> None:
    """Any process that comes after the refusal knows; with a deadline of its own as well."""
    async with loopback(misbehaving) as server:
        ultra = Ultra(tmp_path, server.url)
        first = await ultra.run("ask", "-m", "lab:limited", "--deadline", "5", "now?")
        second = await ultra.run("ask", "-m", "lab:limited", "--deadline", "5", "now?")

        assert (first.code, second.code, len(server.requests)) == (75, 75, 1)
        assert "it asks to wait 50 s" in first.err
        assert len(ultra.attempts()) == 1


async def test_ctrl_c_ends_a_wait_at_a_gate(tmp_path: Path) -> None:
    """Nothing was sent, so nothing is owed."""
    async with loopback(misbehaving) as server:
        ultra = Ultra(tmp_path, server.url)
        await ultra.run("ask", "-m", "lab:limited", "--deadline", "5", "now?")
        waiting = await ultra.start("ask", "-m", "lab:limited", "--events", "now?")
        assert waiting.stdout is not None
        while b"call_waiting" not in await asyncio.wait_for(waiting.stdout.readline(), 30.0):
            pass

        waiting.send_signal(signal.SIGINT)
        await asyncio.wait_for(waiting.communicate(), 30.0)

        assert (waiting.returncode, len(server.requests)) == (130, 1)


async def test_a_model_that_ignores_its_cap_is_cut_at_the_budget(tmp_path: Path) -> None:
    """What came is the answer, the user is told, and at most one piece more is charged."""
    price = "prices: {input_per_mtok: 1.0, output_per_mtok: 1000.0}".replace("prices", "price")
    async with loopback(misbehaving) as server:
        ultra = Ultra(tmp_path, server.url)
        profile = ultra.home / "config" / "ultra.yaml"
        text = profile.read_text().replace(
            "  unpriced:", f'  deaf: {{model: "lab:deaf", {price}}}\n  unpriced:'
        )
        profile.write_text(text)

        ended = await ultra.run("ask", "-m", "deaf", "--max-cost", "0.10", "go on")

        assert ended.code == 0
        assert ended.out.startswith("word word")
        assert "was cut at the $" in ended.err
        rows = ultra.rows("SELECT finish_reason, native_finish_reason, charged_nano FROM attempts")
        ((reason, native, charged),) = rows
        assert (reason, native) == ("length", "budget")
        assert charged <= 100_000_000 + 1_000_000


async def test_a_first_model_that_is_slow_is_raced(tmp_path: Path) -> None:
    """By the log's word for slow; the loser is on record, stopped and charged."""
    async with loopback(misbehaving) as server:
        ultra = Ultra(tmp_path, server.url)
        await _fast_once(ultra.database, f"{server.url}/v1")

        ended = await ultra.run(
            "ask", "-m", "lab:lame", "-m", "lab:good", "--strategy", "fallback", "--hedge", "hi?"
        )

        assert (ended.code, ended.out.strip(), ended.err) == (0, ANSWER, "")
        rows = ultra.rows(
            "SELECT c.model, a.kind, a.status, a.charged_nano IS NULL FROM attempts a"
            " JOIN calls c USING (call_id) ORDER BY a.rowid DESC LIMIT 2"
        )
        assert rows == [("good", "hedge", "ok", 1), ("lame", "primary", "cancelled", 1)]


async def _fast_once(database: Path, base_url: str) -> None:
    """Put forty quick answers of the slow model into the log."""
    database.parent.mkdir(parents=True, exist_ok=True)
    lame = Target("lame", "lame", Endpoint("lab", "openai-chat", base_url, KeyRef("none")))
    ledger, at = ledger_at(database), time.time() - 600.0
    for number in range(40):
        run = f"run{number:09}"
        ledger.begin_run(run_record(run, started_at=at))
        await ledger.admit(attempt_record(run, target=lame, started_at=at))
        ledger.close(f"{run}-1.1", result(ttft_s=0.05, ended_at=at + 1.0))
    assert await ledger.flush(30.0)
    ledger.shutdown(30.0)
