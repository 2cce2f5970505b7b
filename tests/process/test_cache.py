"""The answer cache through the real command line: one call for all, and nobody left waiting."""

import asyncio
import json
import signal

from tests.support.process import PROFILE, UNMEASURED, WORDS, Ultra
from tests.support.server import Loopback

ANSWER = "".join(WORDS)


def ask(*more: str, model: str = "lab:good") -> tuple[str, ...]:
    return ("ask", "-m", model, *more, "is it forty-two?")


async def test_forty_processes_that_ask_the_same_make_one_call(
    ultra: Ultra, server: Loopback
) -> None:
    """On a fresh home, all at once: each gets the answer, and one of them paid for it."""
    argv = ask("--cache", model="lab:slow")
    ended = await asyncio.gather(*(ultra.run(*argv, environ=UNMEASURED) for _ in range(40)))

    assert {(one.code, one.out.strip()) for one in ended} == {(0, ANSWER)}
    assert len(server.requests) == 1
    kinds = ultra.rows("SELECT kind, count(*), sum(ttft_s IS NULL) FROM attempts GROUP BY kind")
    assert sorted(kinds) == [("cache", 39, 39), ("primary", 1, 0)]
    assert ultra.rows("SELECT count(*) FROM cache_lease") == [(0,)]
    assert ultra.rows("SELECT DISTINCT status FROM calls") == [("ok",)]


async def test_a_leader_that_is_killed_holds_nobody_up(ultra: Ultra, server: Loopback) -> None:
    """Who waited for it sees that it is gone and asks; the lease was good for minutes."""
    leader = await ultra.start(*ask("--cache", model="lab:silent"))
    await server.until(lambda s: len(s.requests) == 1)
    leader.send_signal(signal.SIGKILL)
    await leader.wait()
    assert ultra.rows("SELECT count(*) FROM cache_lease") == [(1,)]

    follower = await ultra.start(*ask("--cache", model="lab:silent"))
    await server.until(lambda s: len(s.requests) == 2)

    follower.send_signal(signal.SIGINT)
    await follower.communicate()
    assert follower.returncode == 130
    assert ultra.rows("SELECT count(*) FROM cache_lease") == [(0,)]


async def test_a_failure_is_not_kept(ultra: Ultra, server: Loopback) -> None:
    """The next one asks for itself."""
    first = await ultra.run(*ask("--cache", model="lab:status-400"))
    second = await ultra.run(*ask("--cache", model="lab:status-400"))

    assert (first.code, second.code, len(server.requests)) == (1, 1, 2)
    assert ultra.rows(
        "SELECT (SELECT count(*) FROM cache), (SELECT count(*) FROM cache_lease)"
    ) == [(0, 0)]


async def test_nothing_is_kept_and_nothing_served_unless_it_is_asked_for(
    ultra: Ultra, server: Loopback
) -> None:
    """The cache is off; `--no-cache` says so over the profile's head, and `--cache` says yes."""
    await ultra.run(*ask())
    assert ultra.rows("SELECT count(*) FROM cache") == [(0,)]
    await ultra.run(*ask("--cache"))
    await ultra.run(*ask())
    await ultra.run(*ask("--no-cache"))
    assert len(server.requests) == 4

    profile = PROFILE.format(url=server.url) + "cache: {enabled: true}\n"
    (ultra.home / "config" / "ultra.yaml").write_text(profile, encoding="utf-8")
    await ultra.run(*ask())
    assert len(server.requests) == 4
    await ultra.run(*ask("--no-cache"))
    assert len(server.requests) == 5


async def test_an_estimate_says_that_the_cache_may_make_it_less(
    ultra: Ultra, server: Loopback
) -> None:
    """Where an earlier answer may serve; not where it is asked anew or without the cache."""
    told = [
        await ultra.run(*ask("--dry-run", *more)) for more in ((), ("--cache",), ("--refresh",))
    ]

    assert ["less what the cache serves; nothing" in one.out for one in told] == [
        False,
        True,
        False,
    ]
    assert server.requests == []


async def test_a_run_without_the_cache_does_not_even_load_it(ultra: Ultra) -> None:
    """What is off costs nothing."""
    off = await ultra.run(*ask(), environ={"PYTHONVERBOSE": "1"})
    on = await ultra.run(*ask("--cache"), environ={"PYTHONVERBOSE": "1"})

    for module in ("ultra.engine.cache", "ultra.store.cache", "ultra.runtime.cache"):
        assert f"import '{module}'" not in off.err
        assert f"import '{module}'" in on.err


async def test_refresh_asks_anew_and_its_answer_serves(ultra: Ultra, server: Loopback) -> None:
    """One question more, and none after it."""
    await ultra.run(*ask("--cache"))
    kept = ultra.rows("SELECT created_at FROM cache")
    await ultra.run(*ask("--refresh"))

    assert len(server.requests) == 2
    assert ultra.rows("SELECT created_at FROM cache") > kept
    await ultra.run(*ask("--cache"))
    assert len(server.requests) == 2


async def test_words_that_are_kept_out_of_the_log_are_kept_out_of_the_cache(
    ultra: Ultra, server: Loopback
) -> None:
    """`-n` reads what others kept, and keeps nothing."""
    await ultra.run(*ask("--cache", "-n"))
    assert ultra.rows("SELECT count(*) FROM cache") == [(0,)]
    await ultra.run(*ask("--cache"))

    third = await ultra.run(*ask("--cache", "-n"))

    assert (third.out.strip(), len(server.requests)) == (ANSWER, 2)
    assert ultra.rows("SELECT text FROM attempts WHERE kind = 'cache'") == [(None,)]


async def test_json_and_events_tell_that_an_answer_was_kept_and_what_it_saved(
    ultra: Ultra, server: Loopback
) -> None:
    """10 tokens in at a dollar a million, 6 out at two: 22 thousand nano-dollars."""
    model = "good"
    await ultra.run(*ask("--cache", model=model))
    whole = json.loads((await ultra.run(*ask("--cache", "--json", model=model))).out)
    told = await ultra.run(*ask("--cache", "--events", model=model))
    logged = json.loads((await ultra.run("logs", "--json", "-n", "1")).out)

    (call,) = whole["calls"]
    assert (call["cached"], call["saved_nano"], call["cost_nano"]) == (True, 22_000, 0)
    assert [attempt["kind"] for attempt in call["attempts"]] == ["cache"]
    assert (whole["cost_nano"], whole["answer"]) == (0, ANSWER)
    kinds = [json.loads(line)["type"] for line in told.out.splitlines()]
    assert kinds[:4] == ["run_started", "call_started", "cache_hit", "response_started"]
    assert "attempt_started" not in kinds
    assert logged[0]["calls"][0]["cached"] is True
    assert len(server.requests) == 1


async def test_compare_is_served_member_by_member(ultra: Ultra, server: Loopback) -> None:
    """Who was asked before is not asked again, and the table says who that was."""
    await ultra.run("compare", "--cache", "-m", "good", "is it forty-two?")
    both = await ultra.run("compare", "--cache", "-m", "good", "-m", "other", "is it forty-two?")

    assert len(server.requests) == 2
    assert "1 of 2 cached, saved $" in both.out
    assert sum("cached" in line for line in both.out.splitlines() if "|" not in line) >= 2


async def test_all_of_a_fused_answer_is_served(ultra: Ultra, server: Loopback) -> None:
    """Labels are those of the question, so that who compares and writes is asked the same."""
    fused = ("ask", "--cache", "-P", "development", "-m", "steady", "-m", "swift", "why?")
    first = await ultra.run(*fused, "--json")
    second = await ultra.run(*fused, "--json")

    one, two = json.loads(first.out), json.loads(second.out)
    assert one["answer"] == two["answer"]
    assert len(two["calls"]) > 2
    assert [call["model"] for call in two["calls"] if not call["cached"]] == []


async def test_stats_say_what_is_kept_and_clear_forgets_it(ultra: Ultra, server: Loopback) -> None:
    """Hits and savings come from the log, and stay when the answers go."""
    for model in ("good", "lab:unpriced"):
        for _ in range(3):
            await ultra.run(*ask("--cache", model=model))
    stats = json.loads((await ultra.run("cache", "--json")).out)["cache"]
    told = await ultra.run("cache")

    assert (stats["entries"], stats["hits"], stats["simulated"]) == (2, 4, 0)
    assert (stats["saved_nano"], stats["unpriced"]) == (44_000, 2)
    assert "4 times" in told.out
    assert "at least $" in told.out
    young = await ultra.run("cache", "clear", "--older-than", "7d")
    assert "no kept answer matches" in young.err
    gone = await ultra.run("cache", "clear", "--model", "good")
    assert "1 kept answer forgotten" in gone.err
    assert (await ultra.run("cache", "clear")).code == 0
    after = json.loads((await ultra.run("cache", "stats", "--json")).out)["cache"]
    assert (after["entries"], after["hits"], after["oldest"]) == (0, 4, None)
    wrong = await ultra.run("cache", "clear", "--older-than", "soon")
    assert (wrong.code, "`--older-than soon` is no span of time" in wrong.err) == (2, True)
