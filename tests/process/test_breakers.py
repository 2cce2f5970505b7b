"""Processes that live for a moment share one breaker, one rate gate and one bucket of retries."""

import asyncio
import json
import re
import signal
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.process import UNMEASURED, WORDS, Ended, Ultra, chunk
from tests.support.server import Exchange, Handler, Loopback, loopback

ANSWER = "".join(WORDS) + "\n"

PROFILE = """\
version: 1
providers:
  {name}:
    protocol: openai-chat
    base_url: {url}/v1
    key: "env:LAB_KEY"
    limits: {limits}
models: {{good: "{name}:good"}}
defaults: {{ask: good}}
"""


class Lab:
    """A server whose answers a test turns: `status` None answers, `held` waits until it is set."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.held = asyncio.Event()
        self.held.set()

    async def __call__(self, exchange: Exchange) -> None:
        await self.held.wait()
        if self.status is not None:
            error = {"error": {"message": f"the server says {self.status}"}}
            await exchange.json(error, status=self.status, headers=self.headers)
            return
        events = [*(chunk(word) for word in WORDS), chunk(finish="stop")]
        await exchange.sse(events, headers=self.headers)


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
async def server(lab: Handler) -> AsyncIterator[Loopback]:
    async with loopback(lab) as running:
        yield running


@pytest.fixture
def ultra(tmp_path: Path, server: Loopback) -> Ultra:
    made = Ultra(tmp_path, LAB_KEY="key-one")
    profile(made, server)
    return made


def profile(ultra: Ultra, server: Loopback, name: str = "lab", limits: str = "{}") -> None:
    """The user's own profile for the lab, or another one by the provider's name."""
    folder = ultra.home / "config"
    path = folder / ("ultra.yaml" if name == "lab" else f"profiles/{name}.yaml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PROFILE.format(name=name, url=server.url, limits=limits), encoding="utf-8")


async def tripped(ultra: Ultra, lab: Lab) -> None:
    """Open the breaker by three failures, and let its time be over."""
    lab.status = 500
    await ultra.run("ask", "hi")
    await ultra.run("ask", "hi")
    assert ultra.rows("SELECT state, fails FROM breaker") == [("open", 3)]
    lab.status = None
    change(ultra, "UPDATE breaker SET open_until = 1")


def change(ultra: Ultra, statement: str) -> None:
    """Let time pass, as far as the file knows."""
    with sqlite3.connect(ultra.database) as connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.slow
async def test_forty_asks_in_a_loop_make_few_calls_to_a_dead_endpoint(
    ultra: Ultra, lab: Lab, server: Loopback
) -> None:
    """Three calls open the breaker; after that one line on stderr costs no call."""
    lab.status = 500
    first = [await ultra.run("ask", "hi"), await ultra.run("ask", "hi")]
    gate = asyncio.Semaphore(4)

    async def one() -> Ended:
        async with gate:
            return await ultra.run("ask", "hi", environ=UNMEASURED)

    rest = await asyncio.gather(*(one() for _ in range(38)))

    assert {ended.code for ended in (*first, *rest)} == {75}
    assert len(server.requests) <= 5  # three, and a probe or two if this machine is slow
    refused = next(ended.err for ended in rest if "breaker open" in ended.err)
    assert re.search(r"its last \d calls failed", refused)
    assert "the last one with server (the server says 500)" in refused
    assert "`ultra health reset lab:good` tries it at once" in refused


@pytest.mark.slow
async def test_thirty_two_processes_at_half_open_send_one_probe(
    ultra: Ultra, lab: Lab, server: Loopback
) -> None:
    """The rest are told that somebody is trying; the probe's answer closes the breaker."""
    await tripped(ultra, lab)
    before = len(server.requests)
    lab.held.clear()

    asked = [ultra.run("ask", "hi", environ=UNMEASURED) for _ in range(32)]
    running = [asyncio.create_task(one) for one in asked]
    await server.until(lambda seen: len(seen.requests) > before)
    left = set(running)
    while len(left) > 1:
        _, left = await asyncio.wait(left, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    probes = len(server.requests) - before
    lab.held.set()
    ended = [await one for one in running]

    assert probes == 1
    assert sorted(one.code for one in ended) == [0] + [75] * 31
    assert all("another call is just trying it again" in one.err for one in ended if one.code)
    assert ultra.rows("SELECT state, fails, gen FROM breaker") == [("closed", 0, 1)]


async def test_the_lease_of_a_killed_probe_runs_out(
    ultra: Ultra, lab: Lab, server: Loopback
) -> None:
    """Nobody probes beside it for its deadline and five seconds; the next after that does."""
    await tripped(ultra, lab)
    before = len(server.requests)
    lab.held.clear()
    process = await ultra.start("ask", "hi", "--deadline", "20")
    await server.until(lambda running: len(running.requests) > before)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    lab.held.set()

    beside = await ultra.run("ask", "hi")
    ((state, lease_s),) = ultra.rows(
        "SELECT b.state, b.probe_until - a.started_at FROM breaker b, attempts a"
        " ORDER BY a.started_at DESC LIMIT 1"
    )
    change(ultra, "UPDATE breaker SET probe_until = 1")
    after = await ultra.run("ask", "hi")

    assert (beside.code, state) == (75, "half_open")
    assert 24.0 < lease_s <= 25.5
    assert (after.code, after.out) == (0, ANSWER)
    assert ultra.rows("SELECT state, gen FROM breaker") == [("closed", 2)]
    assert len(server.requests) == before + 2


async def test_a_probe_that_is_interrupted_gives_its_lease_back(
    ultra: Ultra, lab: Lab, server: Loopback
) -> None:
    """Ctrl-C on the probe leaves the next call to be it."""
    await tripped(ultra, lab)
    before = len(server.requests)
    lab.held.clear()
    process = await ultra.start("ask", "hi")
    await server.until(lambda running: len(running.requests) > before)
    process.send_signal(signal.SIGINT)
    await process.communicate()
    lab.held.set()

    after = await ultra.run("ask", "hi")

    assert process.returncode == 130
    assert (after.code, after.out) == (0, ANSWER)


async def test_a_refused_key_is_told_again_without_a_call_and_another_key_is_tried(
    ultra: Ultra, lab: Lab, server: Loopback
) -> None:
    """The same exit code and the next step; the new key is another credential."""
    lab.status = 401

    first = await ultra.run("ask", "hi")
    second = await ultra.run("ask", "hi")
    lab.status = None
    other = await ultra.run("ask", "hi", environ={"LAB_KEY": "key-two"})

    assert (first.code, second.code, other.code) == (3, 3, 0)
    assert "the key was refused" in second.err
    assert "set `LAB_KEY` to a new one" in second.err
    assert len(server.requests) == 2


async def test_a_refused_key_of_one_run_is_to_be_replaced_where_it_came_from(
    ultra: Ultra, lab: Lab
) -> None:
    """Where `--key` named it, not where the profile looks for one; also when nothing is sent."""
    lab.status = 401
    argv, environ = ("ask", "--key", "env:OTHER", "hi"), {"OTHER": "key-two"}

    first = await ultra.run(*argv, environ=environ)
    second = await ultra.run(*argv, environ=environ)

    assert "not sent" in second.err
    for said in (first, second):
        assert said.code == 3
        assert "set `OTHER` to a new one" in said.err
        assert "LAB_KEY" not in said.err


async def test_a_missing_key_is_told_as_such_whatever_other_callers_met(
    ultra: Ultra, lab: Lab, server: Loopback
) -> None:
    """It is not taken for a call without a key, which the server has just refused."""
    path = ultra.home / "config" / "ultra.yaml"
    keyless = f"  open: {{protocol: openai-chat, base_url: {server.url}/v1, key: none}}\nmodels:"
    path.write_text(path.read_text().replace("models:", keyless, 1))
    lab.status = 401

    refused = await ultra.run("ask", "-m", "open:good", "hi")
    missing = await ultra.run("ask", "-m", "lab:good", "--json", "hi", environ={"LAB_KEY": ""})

    assert (refused.code, missing.code, len(server.requests)) == (3, 3, 1)
    assert missing.err == (
        "error: `lab:good` failed: config: there is no key for `lab`\nhint: set `LAB_KEY`\n"
    )
    (call,) = json.loads(missing.out)["calls"]
    assert (call["error"]["error_class"], call["attempts"]) == ("config", [])


async def test_an_account_without_credit_is_not_asked_again(
    ultra: Ultra, lab: Lab, server: Loopback
) -> None:
    """The second run says since when, and what to do once there is credit."""
    lab.status = 402

    first = await ultra.run("ask", "hi")
    second = await ultra.run("ask", "hi")

    assert (first.code, second.code, len(server.requests)) == (1, 1, 1)
    assert "the account had no credit or quota left" in second.err
    assert "once there is credit, `ultra health reset lab`" in second.err


async def test_when_one_process_is_told_to_wait_the_others_wait(
    ultra: Ultra, lab: Lab, server: Loopback
) -> None:
    """One that has the time goes after the wait; one that has not says so and sends nothing."""
    lab.status, lab.headers = 429, {"retry-after": "30"}
    first = await ultra.run("ask", "hi", "--deadline", "5")
    lab.status = None

    hasty = await ultra.run("ask", "hi", "--deadline", "5")
    change(ultra, "UPDATE gate SET until = (julianday('now') - 2440587.5) * 86400 + 1.5")
    patient = await ultra.run("ask", "hi")

    assert (first.code, hasty.code) == (75, 75)
    assert "the provider asked every caller to wait" in hasty.err
    assert (patient.code, patient.out) == (0, ANSWER)
    assert len(server.requests) == 2
    ((until, started),) = ultra.rows(
        "SELECT g.until, a.started_at FROM gate g, attempts a WHERE a.status = 'ok'"
    )
    assert started >= until


async def test_two_profiles_that_share_a_key_share_a_gate(
    ultra: Ultra, lab: Lab, server: Loopback
) -> None:
    """Whatever they call the provider; with another key the gate is another one."""
    profile(ultra, server, "other")
    lab.status, lab.headers = 429, {"retry-after": "30"}
    await ultra.run("ask", "hi", "--deadline", "5")
    lab.status = None

    shared = await ultra.run("ask", "hi", "--deadline", "5", "-P", "other")
    apart = await ultra.run("ask", "hi", "-P", "other", environ={"LAB_KEY": "key-two"})

    assert (shared.code, apart.code) == (75, 0)
    assert len(server.requests) == 2


async def test_what_the_provider_says_is_left_binds_the_next_process(
    ultra: Ultra, lab: Lab, server: Loopback
) -> None:
    """Nothing is left for half a minute: the next one does not ask for a refusal."""
    lab.headers = {
        "x-ratelimit-limit-requests": "10",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "30s",
    }
    first = await ultra.run("ask", "hi")

    second = await ultra.run("ask", "hi", "--deadline", "5")

    assert (first.code, second.code, len(server.requests)) == (0, 75, 1)
    assert "no requests are left of the provider's rate limit" in second.err


async def test_limits_of_the_profile_hold_for_all_processes(ultra: Ultra, server: Loopback) -> None:
    """Two a minute are two a minute, whoever makes them; more than all of it is said at once."""
    profile(ultra, server, limits="{requests_per_minute: 2}")
    codes = [(await ultra.run("ask", "hi", "--deadline", "5")).code for _ in range(3)]
    profile(ultra, server, limits="{tokens_per_minute: 100}")
    large = await ultra.run("ask", "hi")

    assert codes == [0, 0, 75]
    assert large.code == 1
    assert "more than the whole `tokens_per_minute` of `lab` (100)" in large.err
    assert len(server.requests) == 2


async def test_without_retry_tokens_a_failure_is_told_after_one_call(
    ultra: Ultra, lab: Lab, server: Loopback
) -> None:
    """The provider's own error is what the user reads; answers earn retries again."""
    await ultra.run("ask", "hi")
    change(ultra, "INSERT INTO retry_bucket VALUES ('lab', 4)")
    lab.status = 500
    failed = await ultra.run("ask", "hi")
    calls = len(server.requests)
    lab.status = None
    await ultra.run("ask", "hi")

    assert (failed.code, calls) == (75, 2)
    assert "the server says 500" in failed.err
    assert ultra.rows("SELECT tokens FROM retry_bucket") == [(5.0,)]


async def test_healthy_calls_leave_no_state(ultra: Ultra) -> None:
    """Nothing but the record is written while all goes well."""
    for _ in range(2):
        assert (await ultra.run("ask", "hi")).code == 0

    for table in ("breaker", "breaker_bucket", "gate", "retry_bucket"):
        assert ultra.rows(f"SELECT * FROM {table}") == []
