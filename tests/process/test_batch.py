"""A batch as a process: killed, stopped, watched; nothing that was answered is paid for twice."""

import asyncio
import json
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.patience import in_time, until
from tests.support.process import USAGE, Ultra, chunk, signal_code
from tests.support.pty import OnTerminal
from tests.support.server import Exchange, Loopback, loopback

PROMPTS = 60
PAIR = ("-m", "good", "-m", "other")
SHOWN = re.compile(r"<answer-\w+ label=(\w+)>")


class Lab:
    """Answers every prompt with itself; from the call `hold` on it keeps callers waiting.

    Answers that are `signed` have the name of the model in them.
    """

    def __init__(self) -> None:
        self.begun: Counter[tuple[str, str]] = Counter()
        self.answered: Counter[tuple[str, str]] = Counter()
        self.hold: int | None = None
        self.signed = False
        self.judging = True
        self.judged = asyncio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        body = exchange.seen.json()
        assert isinstance(body, dict)
        if "response_format" in body:
            await self.judge(exchange, str(body["messages"][-1]["content"]))
            return
        who = (str(body["model"]), str(body["messages"][-1]["content"]))
        self.begun[who] += 1
        if self.hold is not None and self.begun.total() > self.hold:
            await exchange.stall()
        words = f"{who[0]}: {who[1]}" if self.signed else who[1]
        await exchange.sse([chunk(words), chunk(finish="stop"), USAGE])
        self.answered[who] += 1

    async def judge(self, exchange: Exchange, shown: str) -> None:
        """Prefer nothing but the order shown, or keep the caller waiting."""
        self.judged.set()
        if not self.judging:
            await exchange.stall()
        labels = SHOWN.findall(shown)
        reviews = [{"label": one, "strengths": [], "errors": []} for one in labels]
        choice = {"winner": "tie"} if len(labels) == 2 else {"ranking": labels}
        word = json.dumps({"reviews": reviews, **choice})
        await exchange.sse([chunk(word), chunk(finish="stop"), USAGE])

    async def held_up(self, process: asyncio.subprocess.Process) -> None:
        """Wait until nothing goes on any more."""
        hold = self.hold
        assert hold is not None
        await until(
            lambda: (
                process.returncode is not None
                or (self.begun.total() > hold and self.answered.total() >= hold)
            )
        )
        assert process.returncode is None


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
async def server(lab: Lab) -> AsyncIterator[Loopback]:
    async with loopback(lab) as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "prompts.csv"
    rows = "".join(f"question {n},question {n}\n" for n in range(PROMPTS))
    path.write_text(f"prompt,expected\n{rows}", encoding="utf-8")
    return str(path)


async def logged(ultra: Ultra, process: asyncio.subprocess.Process, calls: int) -> None:
    """Wait until so many answers are in the log: an answer that came is written a moment later."""
    query = "SELECT count(*) FROM attempts WHERE status = 'ok'"
    await until(lambda: process.returncode is not None or ultra.rows(query)[0][0] >= calls)
    assert process.returncode is None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
async def test_a_batch_that_was_cut_goes_on_where_it_was(
    ultra: Ultra, lab: Lab, file: str, number: signal.Signals
) -> None:
    """Whatever ended it: what was answered is asked once, what was not once more."""
    lab.hold = 51
    process = await ultra.start("compare", *PAIR, "--prompts", file, "--json")
    await lab.held_up(process)
    await logged(ultra, process, lab.hold)
    process.send_signal(number)
    _, err = await in_time(process.communicate())
    answered, lab.hold = lab.answered.copy(), None
    ended = await ultra.run("compare", *PAIR, "--prompts", file, "--resume", "--json")

    assert (ended.code, ended.err.count("error:")) == (0, 0), ended.err
    document = json.loads(ended.out)
    assert document["done"] == PROMPTS
    assert [one["passed"] for one in document["models"]] == [PROMPTS, PROMPTS]
    assert answered.total() == 51
    assert {lab.begun[who] for who in answered} == {1}
    assert set(lab.answered.values()) == {1}
    assert lab.answered.total() == 2 * PROMPTS
    if number != signal.SIGKILL:
        assert process.returncode == signal_code(number)
        assert b"the same command with `--resume` goes on" in err


JUDGED = ("--judge", "lab:judge")


@pytest.mark.parametrize(
    ("begin", "go_on"),
    [
        (("compare", *PAIR, "--prompts", "FILE"), ("--resume",)),
        (("compare", *PAIR, "--runs", "2", "--prompts", "FILE"), ("--resume",)),
        (("ab", "run", "liked", *PAIR, "--seed", "1", "--prompts", "FILE"), ()),
    ],
    ids=["compare", "runs", "ab"],
)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
async def test_answers_that_were_being_judged_are_not_asked_for_again(
    ultra: Ultra,
    lab: Lab,
    tmp_path: Path,
    begin: tuple[str, ...],
    go_on: tuple[str, ...],
    number: signal.Signals,
) -> None:
    """They are paid; judges are asked about them as if they had just come."""
    path = tmp_path / "few.txt"
    path.write_text("one?\ntwo?\n", encoding="utf-8")
    command = [str(path) if word == "FILE" else word for word in begin]
    samples = 2 if "--runs" in begin else 1
    lab.signed, lab.judging = True, False
    process = await ultra.start(*command, *JUDGED, "--json")
    await in_time(lab.judged.wait())
    await logged(ultra, process, 2 * 2 * samples)
    process.send_signal(number)
    await in_time(process.communicate())
    lab.judging = True
    ended = await ultra.run(*command, *JUDGED, *go_on, "--json")

    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert set(lab.begun.values()) == {samples}
    if "ab" in begin:
        assert document["losses"] == {}
        return
    cells = [cell for row in document["rows"] for cell in row["cells"]]
    assert {cell["text"] for cell in cells} == {": ".join(who) for who in lab.begun}
    assert not any(cell["cached"] or not cell["cost_nano"] for cell in cells)
    assert [one["asked"] for one in document["models"]] == [2 * samples] * 2
    assert all(cell["ballots"] for cell in cells)
    again = await ultra.run(*command, *JUDGED, *go_on, "--json")
    assert json.loads(again.out)["rows"] == document["rows"]
    assert set(lab.begun.values()) == {samples}


async def test_what_was_done_is_reported_after_ctrl_c(ultra: Ultra, lab: Lab, file: str) -> None:
    """A report of the rows that are whole, which says that it is not all."""
    lab.hold = 40
    process = await ultra.start("compare", *PAIR, "--prompts", file, "--json")
    await lab.held_up(process)
    await logged(ultra, process, lab.hold)
    process.send_signal(signal.SIGINT)
    out, _ = await in_time(process.communicate())

    document = json.loads(out)
    assert 0 < document["done"] < PROMPTS
    assert len(document["rows"]) == document["done"]
    assert document["stopped"] == "interrupted"


async def test_words_that_were_not_kept_are_asked_for_again(
    ultra: Ultra, lab: Lab, file: str
) -> None:
    """With `-n` a row that is done is known by its checks; its words are nowhere."""
    await ultra.run("compare", *PAIR, "--prompts", file, "-n")
    ended = await ultra.run("compare", *PAIR, "--prompts", file, "-n", "--resume", "--json")

    document = json.loads(ended.out)
    assert set(lab.begun.values()) == {1}
    assert [one["passed"] for one in document["models"]] == [PROMPTS, PROMPTS]
    assert {cell["text"] for row in document["rows"] for cell in row["cells"]} == {None}


async def test_a_pipe_sees_no_progress(ultra: Ultra, file: str) -> None:
    ended = await ultra.run("compare", *PAIR, "--prompts", file)

    assert (ended.code, ended.err) == (0, "")
    assert "\x1b" not in ended.out


async def test_a_terminal_sees_how_far_it_is(ultra: Ultra, lab: Lab, file: str) -> None:
    """One line that is redrawn, and gone when the table stands."""
    async with OnTerminal(ultra, "compare", *PAIR, "--prompts", file, columns=100) as on:
        await on.until("of 60 prompts")
        code = await on.ended()

    assert code == 0
    assert "━" in on.text
    assert "of 60 prompts" not in on.grid().text
    assert "60 prompts, 2 models" in on.grid().text


async def test_a_dear_batch_is_asked_about_once(ultra: Ultra, lab: Lab, tmp_path: Path) -> None:
    """The sum of all prompts is what counts; no means that nothing is sent."""
    path = tmp_path / "many.txt"
    path.write_text("".join(f"question {n}\n" for n in range(300)), encoding="utf-8")
    async with OnTerminal(ultra, "compare", *PAIR, "--prompts", str(path), columns=120) as on:
        await on.until("for 300 prompts to 2 models; go on? [y/N]")
        on.type("n\r")
        code = await on.ended()

    assert (code, lab.begun.total()) == (0, 0)
    assert "nothing was sent" in on.text
