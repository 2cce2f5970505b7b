"""Gates, breakers, races and reserves through the real command line."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Literal

from tests.support.ledger import quick_once
from tests.support.patience import in_time
from tests.support.process import USAGE, WORDS, Ultra, chunk
from tests.support.server import Exchange, Loopback, loopback
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
        first = await ultra.run("ask", "-m", "lab:limited", "--deadline", "20", "now?")
        second = await ultra.run("ask", "-m", "lab:limited", "--deadline", "20", "now?")

        assert (first.code, second.code, len(server.requests)) == (75, 75, 1)
        assert "it asks to wait 50 s" in first.err
        assert len(ultra.attempts()) == 1


async def test_ctrl_c_ends_a_wait_at_a_gate(tmp_path: Path) -> None:
    """Nothing was sent, so nothing is owed."""
    async with loopback(misbehaving) as server:
        ultra = Ultra(tmp_path, server.url)
        await ultra.run("ask", "-m", "lab:limited", "--deadline", "20", "now?")
        waiting = await ultra.start("ask", "-m", "lab:limited", "--events", "now?")
        assert waiting.stdout is not None
        while b"call_waiting" not in await in_time(waiting.stdout.readline()):
            pass

        waiting.send_signal(signal.SIGINT)
        await in_time(waiting.communicate())

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


PRICED = "price: {input_per_mtok: 1.0, output_per_mtok: 2.0}, max_output_tokens: 500"
RACERS = f"""\
version: 1
providers:
  lab: {{protocol: openai-chat, base_url: "URL/v1", key: none}}
models:
  one: {{model: "lab:lame", {PRICED}}}
  two: {{model: "lab:spare", {PRICED}}}
routes:
  race: {{candidates: [one, two]}}
defaults: {{ask: race}}
"""
ROWS = """\
SELECT c.model, a.kind, a.status, a.error_class, a.cost_nano, a.charged_nano
FROM attempts a JOIN calls c USING (call_id) WHERE c.run_id NOT LIKE 'run0%' ORDER BY a.rowid"""


class Racers:
    """The first model does what a test says once the copy is there; then the copy does."""

    def __init__(self, first: Literal["answers", "fails", "hangs"], copy: bool) -> None:
        self._first = first
        self._copy = copy
        self.copied, self._over = asyncio.Event(), asyncio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        body = exchange.seen.json()
        assert isinstance(body, dict)
        if body["model"] == "lame":
            await self.copied.wait()
            if self._first == "fails":
                await exchange.json({"error": {"message": "no"}}, status=401)
            elif self._first == "answers":
                await exchange.sse(GOOD)
            self._over.set()
            await exchange.stall()
        else:
            self.copied.set()
            await self._over.wait()
            await (exchange.sse(GOOD) if self._copy else exchange.stall())


async def raced(ultra: Ultra, server: Loopback) -> None:
    """Make a profile of two racers, with a first one that the log knows to be quick."""
    profile = ultra.home / "config" / "ultra.yaml"
    profile.write_text(RACERS.replace("URL", server.url), encoding="utf-8")
    endpoint = Endpoint("lab", "openai-chat", f"{server.url}/v1", KeyRef("none"))
    await quick_once(ultra.database, Target("lame", "lame", endpoint))


async def test_a_copy_that_speaks_first_is_the_answer(tmp_path: Path) -> None:
    """The first model is hung up on; its row stays, and is charged for what was sent."""
    async with loopback(Racers("hangs", copy=True)) as server:
        ultra = Ultra(tmp_path, server.url)
        await raced(ultra, server)

        ended = await ultra.run("ask", "--hedge", "--json", "hi?")
        await server.until(lambda seen: seen.left == 1)

        (lame, primary, stopped, error, cost, charged), copy = ultra.rows(ROWS)
        document = json.loads(ended.out)
        assert (ended.code, document["answer"], document["degraded"]) == (0, ANSWER, False)
        assert (lame, primary, stopped, error, cost) == ("lame", "primary", "cancelled", None, None)
        assert charged == 9_000  # the prompt, and none of the answer
        assert copy == ("spare", "hedge", "ok", None, 22_000, 22_000)
        assert document["provenance"] == ["lab:spare"]


async def test_a_first_model_that_speaks_before_its_copy_is_the_answer(tmp_path: Path) -> None:
    """The copy is what is hung up on then, and nothing of it is lost from the log either."""
    async with loopback(Racers("answers", copy=False)) as server:
        ultra = Ultra(tmp_path, server.url)
        await raced(ultra, server)

        ended = await ultra.run("ask", "--hedge", "hi?")
        await server.until(lambda seen: seen.left >= 1)

        first, (spare, kind, stopped, _, cost, charged) = ultra.rows(ROWS)
        assert (ended.code, ended.out.strip()) == (0, ANSWER)
        assert first == ("lame", "primary", "ok", None, 22_000, 22_000)
        assert (spare, kind, stopped, cost) == ("spare", "hedge", "cancelled", None)
        assert charged == 9_000


async def test_a_first_model_that_fails_in_a_race_leaves_it_to_its_copy(tmp_path: Path) -> None:
    """The copy that is under way is the fallback: nobody is asked twice."""
    async with loopback(Racers("fails", copy=True)) as server:
        ultra = Ultra(tmp_path, server.url)
        await raced(ultra, server)

        ended = await ultra.run("ask", "--hedge", "hi?")

        assert (ended.code, ended.out.strip()) == (0, ANSWER)
        assert len(server.requests) == 2
        first, copy = ultra.rows(ROWS)
        assert first[:4] == ("lame", "primary", "error", "auth")
        assert copy == ("spare", "hedge", "ok", None, 22_000, 22_000)


async def test_ctrl_c_in_a_race_ends_both_and_keeps_both_rows(tmp_path: Path) -> None:
    """Each charged for what was sent."""
    racers = Racers("hangs", copy=False)
    async with loopback(racers) as server:
        ultra = Ultra(tmp_path, server.url)
        await raced(ultra, server)
        process = await ultra.start("ask", "--hedge", "hi?")
        await in_time(racers.copied.wait())

        process.send_signal(signal.SIGINT)
        await in_time(process.communicate())

        rows = ultra.rows(ROWS)
        assert process.returncode == 130
        assert [row[:3] for row in rows] == [
            ("lame", "primary", "cancelled"),
            ("spare", "hedge", "cancelled"),
        ]
        assert [row[5] for row in rows] == [9_000, 9_000]
