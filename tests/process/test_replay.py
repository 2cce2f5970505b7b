"""A replay as a process: what was answered before it was killed is not paid for twice."""

import asyncio
import json
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.patience import until
from tests.support.process import USAGE, Ultra, chunk
from tests.support.server import Exchange, Loopback, loopback

PROMPTS = 6
REPLAY = ("replay", "--since", "1h", "-m", "other", "--extract", "exact", "--json")
JUDGED = ("replay", "--since", "1h", "-m", "other", "--judge", "lab:judge", "--json")
SHOWN = re.compile(r"<answer-\w+ label=(\w+)>")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


class Lab:
    """Answers every prompt with `five`, `other` with `words`.

    From the call `hold` to `other` on it keeps that waiting. As a judge it calls
    everything a tie, once `judging` is set.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.bodies: list[str] = []
        self.words = "five"
        self.hold: int | None = None
        self.judging = asyncio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        body = exchange.seen.json()
        assert isinstance(body, dict)
        model, said = str(body["model"]), json.dumps(body["messages"])
        if model == "other":
            self.asked[said] += 1
            self.bodies.append(said)
            if self.hold is not None and self.asked.total() > self.hold:
                await exchange.stall()
        if "response_format" in body:
            await self.judging.wait()
            labels = SHOWN.findall(str(body["messages"][-1]["content"]))
            reviews = [{"label": one, "strengths": [], "errors": []} for one in labels]
            word = json.dumps({"reviews": reviews, "winner": "tie"})
            await exchange.sse([chunk(word), chunk(finish="stop"), USAGE])
            return
        await exchange.sse(
            [chunk(self.words if model == "other" else "five"), chunk(finish="stop"), USAGE]
        )


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
async def server(lab: Lab) -> AsyncIterator[Loopback]:
    async with loopback(lab) as running:
        yield running


async def test_a_replay_that_was_killed_goes_on(ultra: Ultra, lab: Lab) -> None:
    """The same command asks for what has no answer yet, and for nothing else."""
    for number in range(PROMPTS):
        await ultra.run("ask", f"question {number}?")
    lab.hold = 3
    process = await ultra.start(*REPLAY)
    done = "SELECT count(*) FROM attempts a JOIN calls c USING (call_id) WHERE a.status = 'ok'"
    await until(lambda: ultra.rows(f"{done} AND c.model = 'other'") == [(lab.hold,)])
    assert process.returncode is None
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    lab.hold = None
    before = lab.asked.copy()
    ended = await ultra.run(*REPLAY)

    found = json.loads(ended.out)
    assert ended.code == 0, ended.err
    assert (found["done"], found["as_good"]) == (PROMPTS, PROMPTS)
    assert (lab.asked - before).total() == PROMPTS - 3


async def test_an_answer_that_was_being_judged_is_not_asked_for_again(
    ultra: Ultra, lab: Lab
) -> None:
    """It is paid; judges see it as if it had just come, and it stands at its own cost."""
    for number in range(2):
        await ultra.run("ask", f"question {number}?")
    lab.words = "cinq"
    process = await ultra.start(*JUDGED)
    done = "SELECT count(*) FROM attempts a JOIN calls c USING (call_id) WHERE a.status = 'ok'"
    await until(lambda: ultra.rows(f"{done} AND c.model = 'other'") == [(2,)])
    assert process.returncode is None
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    lab.judging.set()
    ended = await ultra.run(*JUDGED)

    found = json.loads(ended.out)
    assert ended.code == 0, ended.err
    assert (found["done"], found["judged"], found["as_good"]) == (2, 2, 2)
    assert set(lab.asked.values()) == {1}
    assert all(case["cost_nano"] for case in found["cases"])


async def test_attachments_go_out_again(ultra: Ultra, lab: Lab, tmp_path: Path) -> None:
    """As they were: the bytes are in the log."""
    picture = tmp_path / "dot.png"
    picture.write_bytes(PIXEL)
    asked = await ultra.run("ask", "-a", str(picture), "what is it?")
    ended = await ultra.run(*REPLAY)

    assert (asked.code, ended.code) == (0, 0), ended.err
    assert "iVBORw0KGgo" in lab.bodies[0]
