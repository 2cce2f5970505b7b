"""Cases that take more than one run: state that stays, processes that meet, time that passed.

A script plays its case and gives back what its last run came to, which is held against the case's
`expect`; what lies on the way is asserted here. Time that would have to pass is written into the
log by hand.
"""

import asyncio
import json
import os
import resource
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing

from msgspec.structs import replace

from tests.chaos.cases import IMPATIENT, SPARE, Case
from tests.chaos.faults import ANSWER
from tests.chaos.stage import Seen, Stage
from tests.support.ledger import quick_once
from tests.support.patience import until
from tests.support.process import Ended
from ultra.core.model import Endpoint, KeyRef, Target
from ultra.store.schema import MIGRATIONS

Script = Callable[[Stage, Case], Awaitable[Seen]]

SCRIPTS: dict[str, Script] = {}

USED_UP = "SELECT max(spent_nano + reserved_nano + uncertain_nano)"


def script(play: Script) -> Script:
    """Register a script under its name."""
    SCRIPTS[play.__name__] = play
    return play


@script
async def breaker_opens(stage: Stage, case: Case) -> Seen:
    """Two runs make three requests; the third run makes none, and a spare answers at once."""
    await stage.ask()
    second = await stage.ask(*IMPATIENT)
    assert (second.exit, second.calls) == (75, 3)
    assert stage.value("SELECT state FROM breaker WHERE kind = 'endpoint'") == "open"
    third = await stage.ask(*IMPATIENT)
    spared = await stage.ask("-m", "faulty", *SPARE)
    assert (spared.exit, spared.answer, spared.calls, spared.spare) == (0, ANSWER, 3, 1)
    return third


@script
async def breaker_bears(stage: Stage, case: Case) -> Seen:
    """Four runs, eight requests: the breaker is the profile's."""
    for _ in range(3):
        await stage.ask(*IMPATIENT)
    return await stage.ask(*IMPATIENT)


@script
async def shown_by_health(stage: Stage, case: Case) -> Seen:
    """`ultra health` says who is left alone, why, and sends nothing for it."""
    await stage.ask()
    await stage.ask(*IMPATIENT)
    shown = await stage.ultra.run("health", "--no-probe")
    assert "lab:500" in shown.out
    assert "open" in shown.out, shown.out
    return replace(stage.seen(Ended(shown.code, "", shown.err)), error_class=None)


@script
async def pause_for_all(stage: Stage, case: Case) -> Seen:
    """Whoever asks next, in whichever process, waits out what the first one was told."""
    first = asyncio.create_task(stage.ask())
    await stage.server.until(lambda server: len(server.requests) == 1)
    second = await stage.ask()
    await first
    told, *after = stage.provider.at
    assert min(after) - told >= 1.0
    # Which of the two goes first once the wait is over is left to chance.
    return replace(second, rows=tuple(sorted(stage.seen(Ended(0, "", "")).rows)))


@script
async def not_before_the_date(stage: Stage, case: Case) -> Seen:
    """A date has whole seconds: two ahead is at least one away."""
    seen = await stage.ask()
    told, after = stage.provider.at
    assert after - told >= 1.0
    return seen


@script
async def again(stage: Stage, case: Case) -> Seen:
    """Run it, and run it once more."""
    await stage.ask(*case.argv)
    return await stage.ask(*case.argv, *IMPATIENT)


@script
async def again_elsewhere(stage: Stage, case: Case) -> Seen:
    """What one process was told holds for the next: it sends nothing."""
    first = await stage.ask()
    assert (first.exit, first.calls) == (75, 1)
    return await stage.ask(*IMPATIENT)


@script
async def two_profiles(stage: Stage, case: Case) -> Seen:
    """Another profile names the same place and key otherwise; the gate is the same."""
    await stage.ask()
    source = stage.ultra.home / "config" / "ultra.yaml"
    text = source.read_text(encoding="utf-8")
    other = stage.ultra.home / "config" / "other.yaml"
    other.write_text(text.replace("  lab:", "  bench:").replace('"lab:', '"bench:'), "utf-8")
    return await stage.ask("-P", str(other), *IMPATIENT)


@script
async def key_is_not_blamed(stage: Stage, case: Case) -> Seen:
    """An overloaded provider says nothing about the key."""
    seen = await stage.ask()
    assert stage.value("SELECT count(*) FROM breaker WHERE kind = 'credential'") == 0
    return seen


@script
async def counted_as(stage: Stage, case: Case) -> Seen:
    """What the provider does not count is estimated, and marked."""
    seen = await stage.ask()
    assert stage.value("SELECT usage_source FROM attempts") == "estimated"
    assert stage.value("SELECT charged_nano > 0 FROM attempts") == 1
    return seen


@script
async def costs_nothing(stage: Stage, case: Case) -> Seen:
    """A provider that says 0 is believed."""
    seen = await stage.ask()
    assert stage.ultra.rows("SELECT usage_source, cost_nano FROM attempts") == [("provider", 0)]
    return seen


@script
async def counted_once(stage: Stage, case: Case) -> Seen:
    """The last report counts: 10 tokens in at 1 and 6 out at 2 dollars a million."""
    seen = await stage.ask()
    assert stage.value("SELECT cost_nano FROM attempts") == 10 * 1000 + 6 * 2000
    return seen


@script
async def ends_in_time(stage: Stage, case: Case) -> Seen:
    """The deadline ends the run, whatever goes on for ever."""
    return await _in_time(stage, case, "ask")


@script
async def compared_in_time(stage: Stage, case: Case) -> Seen:
    """The same for a fan-out; which of the two rows is the first is left to chance."""
    seen = await _in_time(stage, case, "compare")
    return replace(seen, rows=tuple(sorted(seen.rows)))


async def _in_time(stage: Stage, case: Case, verb: str) -> Seen:
    """The first run that had the time to get as far as the case goes: a slow machine gets more.

    How soon after its deadline a run is over is held in virtual time, by the tests of the engine.
    """
    assert case.expect is not None
    far = (case.expect.calls, case.expect.spare, case.expect.answer)
    models = () if verb == "compare" else ("-m", "faulty")
    others: list[str] = []
    for deadline_s in (1.0, 3.0, 9.0, 27.0):
        seen = await stage.ask(*models, *case.argv, "--deadline", f"{deadline_s}", verb=verb)
        if (seen.calls, seen.spare, seen.answer) == far:
            return seen
        others.append(f"{deadline_s:g} s: {seen}")
        stage.change("DELETE FROM runs")
        stage.provider.calls.clear()
    raise AssertionError("not as far as it should:\n" + "\n".join(others))


@script
async def loser_is_stopped(stage: Stage, case: Case) -> Seen:
    """Its connection is closed by the time the run ends; what it said by then is in the log."""
    verb = "ask" if "--strategy" in case.argv else "compare"
    speaks = case.setting.model == "stall"
    if speaks:
        stage.provider.spare_goes.clear()
    running = asyncio.create_task(stage.ask(*case.argv, verb=verb))
    await stage.server.until(lambda server: len(server.requests) > 1)
    await until(lambda: not speaks or stage.value("SELECT count(*) FROM pieces"))
    stage.provider.spare_goes.set()
    seen = await running
    await stage.server.until(lambda server: server.left == 1)
    return replace(seen, rows=tuple(sorted(seen.rows)))


@script
async def slow_for_once(stage: Stage, case: Case) -> Seen:
    """The log knows the model to be quick; rows and charges are those of this run alone."""
    endpoint = Endpoint("lab", "openai-chat", f"{stage.server.url}/lab/v1", KeyRef("none"))
    await quick_once(stage.ultra.database, Target("faulty", case.setting.model, endpoint))
    before = len(stage.rows())
    if case.expect is not None and case.expect.spare > 1:
        hedged = await stage.ask(*case.argv)
        assert "hedge ok" in hedged.rows
        before = len(hedged.rows)
    seen = await stage.ask(*case.argv)
    rows = stage.rows()[before:]
    return replace(seen, rows=seen.rows[before:], charged=sum(row[3] or 0 for row in rows))


@script
async def reader_leaves(stage: Stage, case: Case) -> Seen:
    """Nothing on stderr; the provider is left although it says nothing more."""
    reads, writes = os.pipe()
    process = await stage.ultra.start("ask", "hello there", stdout=writes)
    os.close(writes)
    said = b""
    while len(said) < len("The answer is"):
        said += await asyncio.to_thread(os.read, reads, 100)
    os.close(reads)
    _, err = await process.communicate()
    await stage.server.until(lambda server: server.left == 1)
    assert err == b""
    assert stage.value("SELECT usage_source FROM attempts") == "partial"
    return stage.seen(Ended(process.returncode or 0, said.decode(), ""))


@script
async def left_binds_the_next(stage: Stage, case: Case) -> Seen:
    """The first is answered; the second knows by that answer that it would be refused."""
    first = await stage.ask()
    assert (first.exit, first.answer) == (0, ANSWER)
    return await stage.ask(*IMPATIENT)


@script
async def no_half_calls(stage: Stage, case: Case) -> Seen:
    """Half a call is never handed on as one."""
    tools = stage.ultra.folder / "tools.json"
    tools.write_text(json.dumps([{"name": "weather", "parameters": {"type": "object"}}]))
    plain = await stage.ask("--text", "--tools", str(tools))
    assert "weather" not in plain.out
    return plain


@script
async def many_for_few(stage: Stage, case: Case) -> Seen:
    """Six at once: two are served, and who is refused has sent nothing.

    Each sets 132,000 nano-dollars aside, all of which the answer costs.
    """
    runs = await asyncio.gather(*(stage.ask("--max-tokens", "60") for _ in range(6)))
    assert sorted(run.exit for run in runs) == [0, 0, 5, 5, 5, 5]
    assert stage.value(f"{USED_UP} FROM budget WHERE period = 'day'") == 264_000
    return next(stage.seen(Ended(run.exit, run.out, run.err)) for run in runs if run.exit)


@script
async def killed_in_stream(stage: Stage, case: Case) -> Seen:
    """What a dead process held is charged, and nothing stays reserved."""
    process = await stage.ultra.start("ask", "hello there")
    await stage.server.until(lambda server: len(server.requests) == 1)
    await until(lambda: stage.value("SELECT count(*) FROM pieces"))
    process.kill()
    await process.wait()
    assert stage.value("SELECT count(*) FROM reservation WHERE state = 'held'") == 1
    text = (stage.ultra.home / "config" / "ultra.yaml").read_text(encoding="utf-8")
    hasty = text.replace("idle_s: 10.0", "idle_s: 2.0")
    (stage.ultra.home / "config" / "ultra.yaml").write_text(hasty, encoding="utf-8")
    seen = await stage.ask()
    assert stage.value("SELECT count(*) FROM reservation WHERE state = 'held'") == 0
    assert stage.value("SELECT sum(reserved_nano) FROM budget") == 0
    return seen


@script
async def one_probe(stage: Stage, case: Case) -> Seen:
    """Of eight that meet a breaker whose time is over, one asks and seven do not."""
    await stage.ask()
    await stage.ask(*IMPATIENT)
    stage.change("UPDATE breaker SET open_until = 1, state = 'open'")
    running = {asyncio.create_task(stage.ask()) for _ in range(8)}
    refused: set[asyncio.Task[Seen]] = set()
    while len(running) > 1:
        done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        refused |= done
    stage.provider.go.set()
    (probe,) = running
    assert {run.result().error_class for run in refused} == {"breaker_open"}
    assert (await probe).exit == 0
    assert stage.value("SELECT state FROM breaker WHERE kind = 'endpoint'") == "closed"
    return probe.result()


@script
async def prober_killed(stage: Stage, case: Case) -> Seen:
    """Whoever probes and dies keeps others out until its lease is over, and no longer."""
    await stage.ask()
    await stage.ask(*IMPATIENT)
    stage.change("UPDATE breaker SET open_until = 1, state = 'open'")
    process = await stage.ultra.start("ask", "hello there")
    await stage.server.until(lambda server: len(server.requests) == 4)
    process.kill()
    await process.wait()
    kept_out = await stage.ask()
    assert (kept_out.exit, kept_out.error_class, kept_out.calls) == (75, "breaker_open", 4)
    stage.change("UPDATE breaker SET probe_until = 1")
    seen = await stage.ask()
    assert stage.value("SELECT state FROM breaker WHERE kind = 'endpoint'") == "closed"
    return seen


@script
async def one_of_many_down(stage: Stage, case: Case) -> Seen:
    """19 answers and one failure by name, and no storm at the one that is down."""
    many = [flag for _ in range(19) for flag in ("-m", "spare")]
    seen = await stage.ask("-m", "faulty", *many, verb="compare")
    # Who begins and ends when among twenty is left to chance.
    return replace(seen, rows=tuple(sorted(seen.rows)))


@script
async def no_tokens_left(stage: Stage, case: Case) -> Seen:
    """Without tokens the first failure is the last; every answer gives one back."""
    await stage.ask("-m", "spare")
    stage.change("DELETE FROM runs")
    stage.change("INSERT OR REPLACE INTO retry_bucket (provider, tokens) VALUES ('lab', 4)")
    failed = await stage.ask()
    assert (failed.exit, failed.calls) == (75, 1)
    await stage.ask()
    assert stage.value("SELECT tokens FROM retry_bucket WHERE provider = 'lab'") == 5
    healed = await stage.ask()
    return replace(healed, spare=0)


@script
async def asked_once(stage: Stage, case: Case) -> Seen:
    """The second waits for the first, and costs nothing."""
    first = asyncio.create_task(stage.ask("--cache"))
    await stage.server.until(lambda server: len(server.requests) == 1)
    second = asyncio.create_task(stage.ask("--cache"))
    await asyncio.wait([first, second], timeout=0.5)
    stage.provider.go.set()
    assert (await first).answer == (await second).answer
    return await second


@script
async def another_key(stage: Stage, case: Case) -> Seen:
    """What one key paid for is not given to another."""
    await stage.ask("--cache")
    return await stage.ask("--cache", LAB_KEY="lab-another-key-0123456789")


@script
async def full_disk(stage: Stage, case: Case) -> Seen:
    """A wall that cannot be written down is no wall: nothing is sent."""

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    ended = await stage.ultra.run("ask", "--json", "hello there", preexec_fn=full)
    return stage.seen(ended)


@script
async def migrated_at_once(stage: Stage, case: Case) -> Seen:
    """One of the two moves the file on, and both are in it."""
    stage.ultra.database.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(stage.ultra.database)) as connection:
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    first, second = await asyncio.gather(stage.ask(), stage.ask())
    assert (first.exit, second.exit) == (0, 0)
    assert stage.value("PRAGMA user_version") == len(MIGRATIONS)
    assert stage.value("PRAGMA integrity_check") == "ok"
    return stage.seen(Ended(second.exit, second.out, second.err))


@script
async def clock_was_ahead(stage: Stage, case: Case) -> Seen:
    """A breaker that is to stay open for a day is not believed."""
    await stage.ask()
    await stage.ask(*IMPATIENT)
    stage.change("UPDATE breaker SET open_until = open_until + 86400")
    return await stage.ask(*IMPATIENT)


@script
async def cut_at_its_reserve(stage: Stage, case: Case) -> Seen:
    """The stream is stopped where the money ends; what came is an answer that was cut."""
    seen = await stage.ask(*case.argv)
    assert stage.value("SELECT finish_reason FROM attempts") == "length"
    assert stage.value("SELECT charged_nano FROM attempts") <= 400_000 + 20_000
    assert seen.answer is not None
    assert seen.answer.startswith("word and word")
    return replace(seen, answer=None)


@script
async def three_fail(stage: Stage, case: Case) -> Seen:
    """Four tries in all, whatever stands by."""
    models = ("-m", "faulty", "-m", "lab:500+500", "-m", "lab:500+500+500")
    return await stage.ask(*models, "--strategy", "fallback")


@script
async def nothing_hidden(stage: Stage, case: Case) -> Seen:
    """One request, with the user's words and no others."""
    seen = await stage.ask("-m", "faulty", *SPARE)
    (request,) = stage.server.requests
    body = request.json()
    assert isinstance(body, dict)
    assert body["messages"] == [{"role": "user", "content": "hello there"}]
    return seen


@script
async def all_open(stage: Stage, case: Case) -> Seen:
    """Where everything is left alone, a run that has the time waits for the first to be free."""
    await stage.ask()
    await stage.ask(*IMPATIENT)
    hurried = await stage.ask(*IMPATIENT)
    assert (hurried.exit, hurried.calls) == (75, 3)
    stage.change("UPDATE breaker SET open_until = CAST(strftime('%s', 'now') AS REAL) + 1.5")
    seen = await stage.ask("--deadline", "20")
    return replace(seen, error_class=hurried.error_class)
