"""Budgets that many processes share: a wall that no two of them get over together."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from tests.support.patience import until
from tests.support.process import UNMEASURED, Ended, Ultra, chat_handler, chunk
from tests.support.server import Exchange, loopback
from ultra.store.check import check

CROWD, FITTING = 48, 8
IN, OUT = 10, 100
COST = IN * 1_000 + OUT * 2_000
"""What each answer costs in nano-dollars: all that was reserved for it."""

PROFILE = """\
version: 1
providers:
  lab: {{protocol: openai-chat, base_url: "{url}/v1", key: none}}
models:
  good: {{model: "lab:good", price: {{input_per_mtok: 1.0, output_per_mtok: 2.0}}}}
  cut: {{model: "lab:halfway", price: {{input_per_mtok: 1.0, output_per_mtok: 2.0}}}}
  lost: {{model: "lab:status-500", price: free}}
defaults: {{ask: good}}
{more}
"""


def ultra_at(folder: Path, url: str, more: str = "") -> Ultra:
    ultra = Ultra(folder)
    config = ultra.home / "config"
    config.mkdir()
    (config / "ultra.yaml").write_text(PROFILE.format(url=url, more=more), encoding="utf-8")
    return ultra


async def dear(exchange: Exchange) -> None:
    """An answer that uses up its cap, a moment after it was asked for."""
    await asyncio.sleep(0.05)
    usage = {"prompt_tokens": IN, "completion_tokens": OUT, "total_tokens": IN + OUT}
    last = {**chunk(), "choices": [], "usage": usage}
    await exchange.sse([chunk("forty-two"), chunk(finish="stop"), last])


class Poller:
    """Reads the counters until all is `over`, and keeps the most that was ever used."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self.most = 0
        self.over = False

    async def watch(self) -> None:
        with closing(sqlite3.connect(self._database)) as connection:
            while True:
                last = self.over
                row = connection.execute(
                    "SELECT spent_nano + reserved_nano + uncertain_nano FROM budget"
                ).fetchone()
                self.most = max(self.most, row[0] if row else 0)
                if last:
                    return
                await asyncio.sleep(0.002)


def problems(ultra: Ultra, *, later_s: float = 0.0) -> list[str]:
    with closing(sqlite3.connect(ultra.database)) as connection:
        return check(connection, time.time() + later_s)


async def test_forty_eight_processes_do_not_get_over_a_budget_for_eight(tmp_path: Path) -> None:
    """At no instant is more set aside or spent than the limit, and the server served no more."""
    async with loopback(dear) as server:
        ultra = ultra_at(tmp_path, server.url)
        limit = FITTING * COST + COST // 2
        await ultra.run("budgets", "set", "all", f"{limit / 1e9:.9f}", "--mode", "hard")
        poller = Poller(ultra.database)
        watching = asyncio.create_task(poller.watch())
        few = asyncio.Semaphore(12)  # two cores start no more at once

        async def ask() -> Ended:
            async with few:
                argv = ("ask", "hi", "--max-tokens", str(OUT), "--no-stdin")
                return await ultra.run(*argv, environ=UNMEASURED)

        ended = await asyncio.gather(*(ask() for _ in range(CROWD)))
        poller.over = True
        await watching

    codes = [one.code for one in ended]
    assert sorted(set(codes)) == [0, 5]
    assert codes.count(0) == len(server.requests) == FITTING
    assert COST < poller.most <= limit
    assert ultra.rows("SELECT spent_nano, reserved_nano FROM budget") == [(FITTING * COST, 0)]
    assert problems(ultra) == []
    refused = next(one for one in ended if one.code == 5)
    assert "the hard budget of" in refused.err
    assert refused.out == ""


async def test_a_killed_process_leaves_what_it_may_have_cost(tmp_path: Path) -> None:
    """Its reservation becomes uncertain with the next run, and the user, told how far it came, can
    settle it.
    """
    async with loopback(chat_handler) as server:
        ultra = ultra_at(tmp_path, server.url)
        await ultra.run("budgets", "set", "all", "1", "--mode", "hard")
        process = await ultra.start("ask", "-m", "cut", "hi", "--max-tokens", str(OUT))
        assert process.stdout is not None
        await process.stdout.readexactly(3)
        await until(lambda: ultra.rows("SELECT count(*) FROM pieces") != [(0,)])
        process.kill()
        await process.wait()

        listed = await ultra.run("budgets", "reconcile")
        shown = await ultra.run("budgets", "reconcile", "--all", "--cost", "0.0001")
        before = ultra.rows("SELECT spent_nano, reserved_nano, uncertain_nano > 0 FROM budget")
        done = await ultra.run("budgets", "reconcile", "--all", "--cost", "0.0001", "--apply")

    assert "lab:halfway" in listed.out
    assert " 0 characters" not in listed.out
    assert "`--apply` would settle each at $0.0001" in shown.err
    assert before == [(0, 0, 1)]
    assert "settled at $0.0001 each" in done.err
    assert ultra.rows("SELECT spent_nano, uncertain_nano FROM budget") == [(100_000, 0)]
    assert ultra.rows("SELECT charged_nano, cost_nano FROM attempts") == [(100_000, 100_000)]
    assert problems(ultra) == []


async def test_a_free_model_does_not_fall_back_to_a_paid_one_on_an_empty_budget(
    tmp_path: Path,
) -> None:
    """The free one may be asked; nothing is sent to the other, and why is said."""
    async with loopback(chat_handler) as server:
        ultra = ultra_at(tmp_path, server.url, "retry: {attempts: 2, per_target: 1}")
        await ultra.run("budgets", "set", "all", "0", "--mode", "hard")

        ended = await ultra.run("ask", "-m", "lost", "-m", "good", "--strategy", "fallback", "hi")

    assert ended.code == 75
    assert [one.json()["model"] for one in server.requests] == ["status-500"]  # type: ignore[index]
    assert "`lab:good` was left out: the hard budget of $0 a day for `all` has $0" in ended.err


async def test_max_cost_bounds_a_run_and_says_what_it_needs(tmp_path: Path) -> None:
    """An amount that buys nothing is a usage error, one that buys little caps the answer."""
    async with loopback(chat_handler) as server:
        ultra = ultra_at(tmp_path, server.url)

        little = await ultra.run("ask", "hi", "--max-cost", "0.0000001")
        wrong = [await ultra.run("ask", "hi", "--max-cost", text) for text in ("nan", "-1", "inf")]
        capped = await ultra.run("ask", "hi", "--max-cost", "0.0002")

    assert [one.code for one in (little, *wrong)] == [2, 2, 2, 2]
    assert "with the shortest of answers it may cost $0.000137" in little.err
    assert capped.code == 0
    assert "answers are capped at 95 tokens" in capped.err
    assert [one.json()["max_tokens"] for one in server.requests] == [95]  # type: ignore[index]
    assert ultra.rows("SELECT count(*) FROM budget") == [(0,)]
