"""Routes as a process: who is asked, what is said of it, what the log keeps."""

import json
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import WORDS, Ultra, chat_handler
from tests.support.server import Exchange, Loopback, loopback

ANSWER = "".join(WORDS) + "\n"

PROFILE = """\
version: 1
providers:
  lab: {{protocol: openai-chat, base_url: {url}/v1, key: none}}
  other: {{protocol: openai-chat, base_url: {url}/other/v1, key: none}}
  locked: {{protocol: openai-chat, base_url: {url}/locked/v1, key: "env:NOT_SET"}}
models:
  good: {{model: "lab:good", price: {{input_per_mtok: 1.0, output_per_mtok: 2.0}}, tier: 1}}
  dear: {{model: "lab:dear", price: {{input_per_mtok: 9.0, output_per_mtok: 9.0}}, tier: 4}}
  down: {{model: "lab:status-500", price: free}}
  refused: {{model: "other:status-401", price: free}}
  wrong: {{model: "other:status-400", price: free}}
  limited: {{model: "lab:limited", price: free}}
  later: {{model: "other:later", price: free}}
  short: {{model: "lab:short", price: free, context_window: 4000}}
  large: {{model: "lab:large", price: free, context_window: 100000}}
  locked: "locked:x"
routes:
  sturdy: {{candidates: [down], on_failure: [refused, good]}}
  strict: {{candidates: [wrong, good]}}
  cheap: {{candidates: [dear, good, locked], policy: cheapest, allow_unpriced: true}}
  turns: {{candidates: [dear, good], policy: round-robin}}
  limits: {{candidates: [limited, later]}}
  long: {{candidates: [short], on_context_length: [large]}}
defaults: {{ask: sturdy}}
retry: {{attempts: 4, per_target: 1}}
"""


async def handler(exchange: Exchange) -> None:
    body = exchange.seen.json()
    model = body["model"] if isinstance(body, dict) else ""
    waits = {"limited": "50", "later": "20"}
    if model in waits:
        headers = {"retry-after": waits[model]}
        await exchange.json({"error": {"message": "slow"}}, status=429, headers=headers)
    elif model == "short":
        error = {"message": "too long", "code": "context_length_exceeded"}
        await exchange.json({"error": error}, status=400)
    else:
        await chat_handler(exchange)


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback(handler) as running:
        yield running


@pytest.fixture
def ultra(tmp_path: Path, server: Loopback) -> Ultra:
    made = Ultra(tmp_path, server.url)
    (made.home / "config" / "ultra.yaml").write_text(PROFILE.format(url=server.url))
    return made


def asked(server: Loopback) -> list[str]:
    bodies = [seen.json() for seen in server.requests]
    return [body["model"] for body in bodies if isinstance(body, dict)]


async def explained(ultra: Ultra, route: str) -> dict[str, Any]:
    ended = await ultra.run("ask", "-m", route, "--explain", "--json", "what is it?")
    assert ended.code == 0, ended.err
    document: dict[str, Any] = json.loads(ended.out)
    return document


async def test_an_outage_costs_a_line_on_stderr(ultra: Ultra, server: Loopback) -> None:
    """The answer comes from whoever stands by; who failed, why and who answered is said."""
    ended = await ultra.run("ask", "what is it?")

    assert (ended.code, ended.out) == (0, ANSWER)
    assert asked(server) == ["status-500", "status-401", "good"]
    line, hint = ended.err.splitlines()
    assert line == (
        "warning: `lab:status-500` failed: server (500): the server says 500;"
        " `other:status-401` failed: auth (401): the server says 401;"
        " `lab:good` answered instead"
    )
    assert hint.startswith("hint: no key was sent; `other` has `key: none` in the profile")
    assert ultra.rows("SELECT kind FROM attempts ORDER BY started_at") == [
        ("primary",),
        ("fallback",),
        ("fallback",),
    ]


async def test_a_fan_out_that_loses_members_says_so_in_one_line(ultra: Ultra) -> None:
    """Who failed, why, and who answered; a reason that several share is said once."""
    named = [f"-m{name}" for name in ("good", "lab:status-503", "lab:status-403", "dear")]
    shared = [f"-mother:{name}" for name in "abcd"]
    await ultra.run("ask", "-m", "refused", "what is it?")  # its provider's key is put aside

    lost = await ultra.run("compare", "--json", *named, "what is it?")
    many = await ultra.run("compare", "--json", "-mgood", *shared, "what is it?")

    assert (lost.code, many.code) == (4, 4)
    assert lost.err == (
        "warning: `lab:status-503` failed: overloaded (503): the server says 503;"
        " `lab:status-403` failed: permission (403): the server says 403;"
        " `lab:good`, `lab:dear` answered\n"
    )
    line, hint = many.err.splitlines()
    assert line.startswith("warning: 4 models failed: auth: a call without a key was refused")
    assert line.endswith("; `lab:good` answered")
    assert "`ultra health reset other`" in hint


async def test_whoever_is_left_alone_is_told_with_its_wait_once(ultra: Ultra) -> None:
    """A single model is not the soonest of several."""
    for _ in range(3):
        await ultra.run("ask", "-m", "down", "what is it?")

    held = await ultra.run("ask", "-m", "down", "what is it?")

    line, hint = held.err.splitlines()
    assert (held.code, line.count("left alone for another")) == (75, 1)
    assert hint == "hint: `ultra health reset lab:status-500` tries it at once"


async def test_who_was_not_asked_for_want_of_tries_is_said(ultra: Ultra) -> None:
    """When all fail, the user learns that somebody was left."""
    text = (ultra.home / "config" / "ultra.yaml").read_text()
    few = text.replace("attempts: 4", "attempts: 2")
    (ultra.home / "config" / "ultra.yaml").write_text(few)

    ended = await ultra.run("ask", "what is it?")

    assert ended.code == 1
    assert "warning: lab:good was not asked (no tries are left)" in ended.err


async def test_a_request_that_is_wrong_goes_to_nobody_else(ultra: Ultra, server: Loopback) -> None:
    """A 400 would be one everywhere."""
    ended = await ultra.run("ask", "-m", "strict", "what is it?")

    assert ended.code == 1
    assert asked(server) == ["status-400"]


async def test_of_all_that_ask_to_wait_the_shortest_is_told(ultra: Ultra) -> None:
    """Beside what each one said, the first one first."""
    ended = await ultra.run("ask", "-m", "limits", "what is it?")

    assert ended.code == 75
    errors = [line for line in ended.err.splitlines() if line.startswith("error:")]
    assert "lab:limited" in errors[0]
    assert "`other:later` may be asked again in 20 s" in ended.err


async def test_a_prompt_that_is_too_long_goes_to_a_larger_window(
    ultra: Ultra, server: Loopback
) -> None:
    """After the provider's refusal; one that cannot fit is not even sent there."""
    short = await ultra.run("ask", "-m", "long", "what is it?")
    before = asked(server)
    long = await ultra.run("ask", "-m", "long", stdin="word " * 8000)

    assert (short.code, short.out, before) == (0, ANSWER, ["short", "large"])
    assert (long.code, long.out, asked(server)[2:]) == (0, ANSWER, ["large"])


async def test_explain_sends_nothing_and_says_why(ultra: Ultra, server: Loopback) -> None:
    """Every candidate with what is known of it, and who would be asked first."""
    told = await explained(ultra, "cheap")

    assert asked(server) == []
    assert (told["version"], told["route"], told["policy"]) == (1, "cheap", "cheapest")
    assert (told["chosen"], told["order"], told["propensity"]) == (
        "lab:good",
        ["lab:good", "lab:dear"],
        1.0,
    )
    by_name = {one["name"]: one for one in told["candidates"]}
    assert by_name["dear"]["quality_from"] == "prior"
    assert by_name["locked"]["excluded"]["why"] == "key"
    assert not by_name["locked"]["eligible"]


async def test_explain_is_a_table_for_people(ultra: Ultra, server: Loopback) -> None:
    """Also of one model; strategies that ask all at once have nothing to explain."""
    route = await ultra.run("ask", "-m", "cheap", "--explain", "what is it?")
    single = await ultra.run("ask", "-m", "good", "--explain", "what is it?")
    several = await ultra.run("ask", "-m", "good", "-m", "dear", "--explain", "what is it?")

    lines = route.out.splitlines()
    assert lines[0].split()[:3] == ["#", "MODEL", "ANSWERED"]
    assert lines[1].endswith("chosen")
    assert "there is no key: set `NOT_SET`" in lines[3]
    assert lines[-1].startswith("route cheap, policy cheapest: `good` is asked first")
    assert (single.code, several.code, asked(server)) == (0, 2, [])
    assert "`--dry-run`" in several.err


async def test_what_was_learnt_shows_and_the_choice_is_kept(ultra: Ultra) -> None:
    """Figures come from the log, and every run remembers how its model was chosen."""
    await ultra.run("ask", "-m", "cheap", "-n", "what is it?")
    told = await explained(ultra, "cheap")
    logged = await ultra.run("logs", "-n", "1", "--json")

    (good,) = [one for one in told["candidates"] if one["name"] == "good"]
    assert (good["calls"], good["answered"]) == (1, 1)
    assert good["ttft_p50_s"] > 0.0
    ((kept,),) = ultra.rows("SELECT route FROM runs")
    assert json.loads(kept)["order"] == ["lab:good", "lab:dear"]
    assert json.loads(logged.out)[0]["route"] == json.loads(kept)


async def test_turns_are_taken_across_processes(ultra: Ultra, server: Loopback) -> None:
    """Each process sees whose turn it is by what the others asked."""
    for _ in range(4):
        await ultra.run("ask", "-m", "turns", "what is it?")

    assert asked(server) == ["dear", "good", "dear", "good"]


async def test_an_open_breaker_is_explained_and_passed_over(ultra: Ultra, server: Loopback) -> None:
    """Three failures, then nobody waits for a fourth."""
    for _ in range(3):
        await ultra.run("ask", "-m", "down", "what is it?")
    sent = len(server.requests)

    told = await explained(ultra, "sturdy")
    ended = await ultra.run("ask", "-m", "sturdy", "what is it?")

    (down,) = [one for one in told["candidates"] if one["name"] == "down"]
    assert down["excluded"]["why"] == "breaker"
    assert 0.0 < down["excluded"]["wait_s"] < 30.0
    assert (ended.code, ended.out) == (0, ANSWER)
    assert "status-500" not in asked(server)[sent:]


async def test_under_a_deadline_the_breaker_that_is_due_first_is_waited_for(
    ultra: Ultra, server: Loopback
) -> None:
    """Though it is not that of the last model of the walk, which would be open for too long."""
    for name in ("good", "dear"):
        await ultra.run("health", "open", name)
    with sqlite3.connect(ultra.database) as connection:
        for model, wait_s in (("good", 3.0), ("dear", 500.0)):
            connection.execute(
                "UPDATE breaker SET state = 'open', open_until = ? WHERE model = ?",
                (time.time() + wait_s, model),
            )
    connection.close()

    words = ("-m", "good", "-m", "dear", "--strategy", "fallback", "--deadline", "60")
    ended = await ultra.run("ask", *words, "what is it?")

    assert (ended.code, ended.out) == (0, ANSWER), ended.err
    assert asked(server) == ["good"]


async def test_a_used_up_budget_is_explained_and_leaves_the_word_to_who_is_free(
    ultra: Ultra, server: Loopback
) -> None:
    """The wall is the user's; the one behind it is named with what is short."""
    for provider in ("lab", "other"):
        scope = f"provider:{provider}"
        set_ = await ultra.run("budgets", "set", scope, "0.0002", "--mode", "hard")
        assert set_.code == 0, set_.err
    profile = ultra.home / "config" / "ultra.yaml"
    routes = "routes:\n  frugal: {candidates: [dear, limited], on_failure: [good]}"
    profile.write_text(profile.read_text().replace("routes:", routes))

    told = await explained(ultra, "frugal")
    table = await ultra.run("ask", "-m", "frugal", "--explain", "what is it?")
    ended = await ultra.run("ask", "-m", "frugal", "--quiet", "what is it?")

    (dear,) = [one for one in told["candidates"] if one["name"] == "dear"]
    assert (dear["excluded"]["why"], dear["excluded"]["wait_s"]) == ("budget", None)
    assert "budget: the hard budget of $0.0002 a" in " ".join(table.out.split())
    assert told["order"] == ["lab:limited", "lab:good"]
    assert (ended.code, ended.out) == (0, ANSWER)
    assert asked(server) == ["limited", "good"]


async def test_whom_a_route_left_out_is_told_to_whoever_asks(
    ultra: Ultra, server: Loopback
) -> None:
    """An answer says nothing of it by itself: what was left out did not fail."""
    argv = ("ask", "-m", "locked", "-m", "good", "--strategy", "fallback")

    quiet = await ultra.run(*argv, "what is it?")
    told = await ultra.run(*argv, "--verbose", "what is it?")

    assert (quiet.code, quiet.err) == (0, "")
    assert told.code == 0
    assert "`locked:x` was left out: there is no key: set `NOT_SET`" in told.err
    assert asked(server) == ["good", "good"]
