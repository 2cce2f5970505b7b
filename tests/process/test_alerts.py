"""Alerts in real processes: who is told, once, and what a run makes of one that cannot be told."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import UNMEASURED, Ended, Ultra, chat_handler, signal_code
from tests.support.server import Exchange, Loopback, loopback

CROWD = 40

PROFILE = """\
version: 1
providers:
  lab: {{protocol: openai-chat, base_url: "{url}/v1", key: none}}
models:
  good: {{model: "lab:good", price: {{input_per_mtok: 1.0, output_per_mtok: 2.0}}}}
defaults: {{ask: good}}
alerts:
  daily: {{spend_usd: 0.00001, timeout_s: {patience}, {how}}}
{more}
"""

KEPT = "import pathlib, sys; pathlib.Path(sys.argv[1]).open('a').write(sys.stdin.read())"


class Hooks:
    """A webhook that remembers what it was posted; `answers` are its next status codes."""

    def __init__(self, *answers: int) -> None:
        self.posted: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._answers = list(answers)

    async def __call__(self, exchange: Exchange) -> None:
        if not exchange.seen.path.startswith("/hook/"):
            await chat_handler(exchange)
            return
        body = exchange.seen.json()
        assert isinstance(body, dict)
        self.posted.append(body)
        self.headers.append(dict(exchange.seen.headers))
        status = self._answers.pop(0) if self._answers else 200
        if status == 0:
            await exchange.stall()
        await exchange.json({}, status=status)


def ultra_at(
    folder: Path,
    server: Loopback,
    how: str,
    more: str = "",
    patience: float = 50.0,
    **environ: str,
) -> Ultra:
    ultra = Ultra(folder, **environ)
    config = ultra.home / "config"
    config.mkdir(exist_ok=True)
    text = PROFILE.format(
        url=server.url, how=how.format(url=server.url), more=more, patience=patience
    )
    (config / "ultra.yaml").write_text(text, encoding="utf-8")
    return ultra


def keeping(path: Path) -> str:
    return f"command: {json.dumps([sys.executable, '-c', KEPT, str(path)])}"


WEBHOOK = 'webhook: "{url}/hook/T0P-SECRET"'


async def test_forty_processes_that_cross_together_tell_once(tmp_path: Path) -> None:
    """Whoever claims the crossing tells it; the others go their ways."""
    told = tmp_path / "told"
    async with loopback(chat_handler) as server:
        ultra = ultra_at(tmp_path, server, keeping(told))
        await ultra.run("logs", "path")

        async def ask() -> Ended:
            words = ("ask", "-m", "good", "why?")
            return await ultra.run(*words, timeout_s=240.0, environ=UNMEASURED)

        ended = await asyncio.gather(*(ask() for _ in range(CROWD)))

    (line,) = told.read_text().splitlines()
    assert {one.code for one in ended} == {0}
    assert json.loads(line)["alert"] == "daily"


async def test_what_is_told_holds_no_word_of_the_prompt(tmp_path: Path) -> None:
    """The rule, what it was met by and when."""
    told = tmp_path / "told"
    async with loopback(chat_handler) as server:
        ultra = ultra_at(tmp_path, server, keeping(told))
        ended = await ultra.run("ask", "a very private question")

    assert ended.code == 0
    text = told.read_text()
    assert "private" not in text
    assert "forty" not in text
    assert {"alert", "measure", "rule", "subject", "text", "profile", "since"} <= set(
        json.loads(text)
    )


async def test_a_webhook_is_posted_once_with_its_key(tmp_path: Path) -> None:
    """The second run has nothing to tell."""
    hooks = Hooks()
    async with loopback(hooks) as server:
        how = f'{WEBHOOK}, key: "env:HOOK_KEY", header: X-Token'
        ultra = ultra_at(tmp_path, server, how, HOOK_KEY="abc123")
        first = await ultra.run("ask", "why?")
        second = await ultra.run("ask", "why not?")

    assert [one["alert"] for one in hooks.posted] == ["daily"]
    assert hooks.headers[0]["x-token"] == "abc123"
    assert (first.err, second.err) == ("", "")


async def test_a_webhook_that_fails_is_tried_again_by_the_next_run(tmp_path: Path) -> None:
    """The answer and the exit code are those of the run; the URL is nowhere to be read."""
    hooks = Hooks(500)
    async with loopback(hooks) as server:
        ultra = ultra_at(tmp_path, server, WEBHOOK)
        first = await ultra.run("ask", "why?")
        second = await ultra.run("ask", "why not?")
        third = await ultra.run("ask", "why indeed?")

    assert (first.code, first.out.strip()) == (0, "The answer is forty-two.")
    assert "alert `daily` was not told: the webhook answered 500" in first.err
    assert "T0P-SECRET" not in first.err
    assert (second.err, third.err) == ("", "")
    assert len(hooks.posted) == 2


async def test_a_webhook_that_hangs_is_given_up_and_tried_again(tmp_path: Path) -> None:
    """The answer was out before."""
    hooks = Hooks(0)
    async with loopback(hooks) as server:
        ultra = ultra_at(tmp_path, server, WEBHOOK, patience=0.5)
        first = await ultra.run("ask", "why?")
    hanging = len(hooks.posted)
    async with loopback(hooks) as server:
        ultra = ultra_at(tmp_path, server, WEBHOOK)
        second = await ultra.run("ask", "why not?")

    assert (first.code, first.out.strip()) == (0, "The answer is forty-two.")
    assert "did not answer within 0.5 s" in first.err
    assert (second.err, len(hooks.posted) - hanging) == ("", 1)


async def test_a_webhook_of_the_environment_is_held_to_the_same_rules(tmp_path: Path) -> None:
    """A secret URL may stand in a variable; plain http to another host may not."""
    async with loopback(chat_handler) as server:
        ultra = ultra_at(
            tmp_path, server, 'webhook: "env:HOOK"', HOOK="http://hooks.example/T0P-SECRET"
        )
        ended = await ultra.run("ask", "why?")

    assert ended.code == 0
    assert "plain http" in ended.err
    assert "T0P-SECRET" not in ended.err


async def test_a_command_that_fails_says_why_and_changes_nothing(tmp_path: Path) -> None:
    """What it says is on stderr only then."""
    script = "import sys; print('no notifier here'); sys.exit(3)"
    how = f"command: {json.dumps([sys.executable, '-c', script])}"
    async with loopback(chat_handler) as server:
        ultra = ultra_at(tmp_path, server, how)
        ended = await ultra.run("ask", "why?")

    assert (ended.code, ended.out.strip()) == (0, "The answer is forty-two.")
    assert "ended with 3: no notifier here" in ended.err


async def test_a_command_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    """Nobody's answer depends on it."""
    async with loopback(chat_handler) as server:
        ultra = ultra_at(tmp_path, server, "command: /nowhere/notify")
        ended = await ultra.run("ask", "why?")

    assert ended.code == 0
    assert "cannot run `notify`: No such file or directory;" in ended.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_the_command_and_what_was_told_stays_told(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Nothing is left behind without a limit, and the next run tells nobody twice."""
    told, alive = tmp_path / "told", tmp_path / "alive"
    os.mkfifo(alive)
    stuck = ["sh", "-c", f"exec 3>{alive}; sleep 600"]
    more = f"  again: {{spend_usd: 0.00001, timeout_s: 50, command: {json.dumps(stuck)}}}"
    async with loopback(chat_handler) as server:
        ultra = ultra_at(tmp_path, server, keeping(told), more)
        process = await ultra.start("ask", "why?")
        end = await asyncio.to_thread(alive.open)
        async with asyncio.timeout(60.0):
            while _untold(ultra) > 1:  # noqa: ASYNC110  a process tells nobody
                await asyncio.sleep(0.05)
        process.send_signal(number)
        out, err = await asyncio.wait_for(process.communicate(), 60.0)
        await asyncio.wait_for(asyncio.to_thread(end.read), 60.0)
        end.close()

    assert out.decode().strip() == "The answer is forty-two."
    assert (process.returncode, err.decode()) == (signal_code(number), "")
    again, daily = ultra.rows("SELECT told_at, claimed_until > 0 FROM alerts ORDER BY rule")
    assert again == (None, 1)
    assert daily[0] is not None


def _untold(ultra: Ultra) -> int:
    ((untold,),) = ultra.rows("SELECT count(*) FROM alerts WHERE told_at IS NULL")
    return int(untold)


async def test_cron_looks_without_a_run(tmp_path: Path) -> None:
    """`check` tells what is crossed and fails when it cannot; `test` tells without a crossing."""
    hooks = Hooks(500, 200, 200)
    async with loopback(hooks) as server:
        ultra = ultra_at(tmp_path, server, WEBHOOK)
        await ultra.run("ask", "why?")
        checked = await ultra.run("alerts", "check")
        again = await ultra.run("alerts", "check")
        tested = await ultra.run("alerts", "test", "daily")
        listed = await ultra.run("alerts", "--json")

    assert [one["test"] for one in hooks.posted] == [False, False, True]
    assert (checked.code, again.code, tested.code) == (0, 0, 0)
    assert "was told" in checked.err
    assert "T0P-SECRET" not in listed.out
    assert json.loads(listed.out)["alerts"][0]["readings"][0]["told_at"] is not None


async def test_a_test_of_an_alert_that_nobody_has_is_a_usage_error(tmp_path: Path) -> None:
    """With the nearest name."""
    async with loopback(chat_handler) as server:
        ultra = ultra_at(tmp_path, server, WEBHOOK)
        ended = await ultra.run("alerts", "test", "dayly")

    assert ended.code == 2
    assert "did you mean `daily`" in ended.err


async def test_a_profile_without_alerts_looks_at_nothing(ultra: Ultra) -> None:
    """No row, no import."""
    script = (
        "import sys; from ultra.cli.main import main; code = main(['ask', 'why?']);"
        " print('ultra.runtime.alerts' in sys.modules, file=sys.stderr); sys.exit(code)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        env=ultra.environ,
        cwd=ultra.folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()

    assert (process.returncode, err.decode().splitlines()[-1]) == (0, "False")


@pytest.mark.parametrize("local", [True, False], ids=["local only", "open"])
async def test_a_profile_that_lets_nothing_leave_posts_nowhere_else(
    tmp_path: Path, local: bool
) -> None:
    """Its file is refused, and the words do not repeat the URL."""
    more = "guardrails: {local_only: true}" if local else ""
    async with loopback(chat_handler) as server:
        ultra = ultra_at(tmp_path, server, 'webhook: "https://hooks.example/T0P-SECRET"', more)
        ended = await ultra.run("profiles", "check")

    assert (ended.code == 0) is not local
    assert ("guardrails.local_only" in ended.err) is local
    assert "T0P-SECRET" not in ended.err + ended.out
