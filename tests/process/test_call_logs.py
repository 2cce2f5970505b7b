"""`ultra stats --json-logs --follow` beside other processes: each call once, and how it ends."""

import asyncio
import json
import signal
from typing import Any

from tests.support.patience import in_time
from tests.support.process import Ultra

FOLLOW = ("stats", "--json-logs", "--follow")


async def line(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    told: dict[str, Any] = json.loads(await in_time(process.stdout.readline()))
    return told


async def test_calls_of_other_processes_come_as_they_end(ultra: Ultra) -> None:
    """Also into a log that was not there when it was begun; Ctrl-C is 130."""
    process = await ultra.start(*FOLLOW)

    await ultra.run("ask", "--tag", "job=x", "what is it?")
    first = await line(process)
    await ultra.run("compare", "what is it?")
    rest = [await line(process), await line(process)]
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()

    assert (first["verb"], first["tags"], first["status"]) == ("ask", {"job": "x"}, "ok")
    assert {one["model"] for one in rest} == {"good", "other"}
    assert (process.returncode, err) == (130, b"")


async def test_who_left_is_noticed_while_nothing_ends(ultra: Ultra) -> None:
    """A collector that is gone leaves no follower behind: 141."""
    process = await ultra.start(*FOLLOW)
    assert process.stdout is not None

    await ultra.run("ask", "what is it?")
    await line(process)
    transport = process.stdout._transport  # type: ignore[attr-defined]
    transport.close()

    assert await in_time(process.wait()) == 141


async def test_a_collector_that_begins_again_loses_and_doubles_nothing(ultra: Ultra) -> None:
    """Killed after any line, with calls that ended while nobody followed."""
    await ultra.run("ask", "one?")
    process = await ultra.start(*FOLLOW)
    seen = [await line(process)]
    process.kill()
    await process.wait()
    await ultra.run("compare", "two?")

    again = await ultra.start(*FOLLOW, "--after", seen[-1]["call_id"])
    seen += [await line(again), await line(again)]
    await ultra.run("ask", "three?")
    seen.append(await line(again))
    again.terminate()
    await again.wait()

    ended = ultra.rows("SELECT call_id FROM call_totals ORDER BY seq")
    assert [(one["call_id"],) for one in seen] == ended
    assert len(ended) == 4
