"""`ultra ask` as a process: what it writes, how it exits, what it leaves in the log."""

import asyncio
import json
import os
import select
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S, in_time, until
from tests.support.process import UNMEASURED, WORDS, Ultra, chat_handler, signal_code
from tests.support.server import Loopback, loopback

ANSWER = "".join(WORDS)


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback(chat_handler) as running:
        yield running


@pytest.fixture
def ultra(tmp_path: Path, server: Loopback) -> Ultra:
    return Ultra(tmp_path, server.url)


async def test_a_pipe_gets_the_bytes_of_the_answer_and_nothing_else(ultra: Ultra) -> None:
    """stdout is the answer, stderr is silent, and the attempt is on record with its exact cost."""
    ended = await ultra.run("ask", "what is it?")

    assert (ended.code, ended.out, ended.err) == (0, ANSWER + "\n", "")
    assert ultra.rows("SELECT status, text, cost_nano FROM attempts") == [("ok", ANSWER, 22_000)]


async def test_a_prompt_without_a_verb_is_asked(ultra: Ultra) -> None:
    """`ultra "two words"` is `ultra ask "two words"`."""
    ended = await ultra.run("what is it?")

    assert (ended.code, ended.out) == (0, ANSWER + "\n")


async def test_a_near_miss_of_a_verb_is_never_a_paid_prompt(ultra: Ultra, server: Loopback) -> None:
    """A misspelt verb exits 2, names the verb and sends nothing."""
    ended = await ultra.run("modles", "--json")

    assert (ended.code, len(server.requests)) == (2, 0)
    assert "`ultra models`" in ended.err


async def test_piped_text_goes_before_the_prompt(ultra: Ultra, server: Loopback) -> None:
    """stdin, a blank line, then the words."""
    await ultra.run("ask", "summarise", stdin="some text\n")

    body = server.requests[0].json()
    assert isinstance(body, dict)
    assert body["messages"][-1]["content"] == "some text\n\nsummarise"


@pytest.mark.parametrize("model", ["silent", "headers", "halfway"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
async def test_a_signal_at_any_step_leaves_the_truth(
    ultra: Ultra, server: Loopback, model: str, number: signal.Signals
) -> None:
    """Stopped before the first byte, after the headers and halfway: code, text and row agree."""
    process = await ultra.start("ask", "-m", f"lab:{model}", "hello there")
    said = b""
    if model == "halfway":
        assert process.stdout is not None
        said = await in_time(process.stdout.readexactly(len("The answer is")))
    else:
        await server.until(lambda seen: len(seen.requests) == 1)
        await asyncio.sleep(0.1)  # nobody tells when the headers have come; both end alike

    process.send_signal(number)
    out, _ = await in_time(process.communicate())

    text = "The answer is" if model == "halfway" else ""
    assert (process.returncode, (said + out).decode().strip()) == (signal_code(number), text)
    status = "partial" if text else "cancelled"
    assert ultra.rows("SELECT status, text, cost_nano FROM attempts") == [(status, text, None)]


@pytest.mark.parametrize("model", ["silent", "halfway"])
async def test_kill_9_leaves_a_row_that_the_next_reader_explains(
    ultra: Ultra, server: Loopback, model: str
) -> None:
    """What was received is kept, and the attempt is not left running for ever."""
    process = await ultra.start("ask", "-m", f"lab:{model}", "hello there")
    await server.until(lambda seen: len(seen.requests) == 1)
    text = "The answer is" if model == "halfway" else ""
    await until(lambda: _pieces(ultra) == text)

    process.kill()
    await process.communicate()
    logged = await ultra.run("logs", "-n", "1", "--json")

    (run,) = json.loads(logged.out)
    call = run["calls"][0]
    assert (call["status"], call["text"]) == ("partial" if text else "error", text)


def _pieces(ultra: Ultra) -> str:
    """What has been kept of answers that are still coming."""
    return "".join(text for (text,) in ultra.rows("SELECT text FROM pieces ORDER BY id"))


async def test_a_reader_that_leaves_is_silent_and_141(ultra: Ultra) -> None:
    """`| head -1`: nothing on stderr, the upstream is stopped and the row is completed."""
    process = await asyncio.create_subprocess_shell(
        f'"{_python()}" -m ultra ask -m lab:endless "go on" | head -1; '
        'printf "%s" "${PIPESTATUS[0]}" >&2',
        executable="/bin/bash",
        env=ultra.environ,
        cwd=ultra.folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await in_time(process.communicate())

    assert (out, err) == (b"one more line\n", b"141")
    ((status, text),) = ultra.rows("SELECT status, text FROM attempts")
    assert status == "partial"
    assert text.startswith("one more line\n")


async def test_a_full_disk_under_stdout_is_exit_1(ultra: Ultra) -> None:
    """`> /dev/full` fails loudly, and the paid answer is in the log."""
    with Path("/dev/full").open("wb") as full:
        ended = await ultra.run("ask", "hello there", stdout=full)

    assert ended.code == 1
    assert "No space left" in ended.err
    assert ultra.rows("SELECT status, text FROM attempts") == [("ok", ANSWER)]


async def test_a_stdout_that_nobody_reads_does_not_hold_up_ctrl_c(ultra: Ultra) -> None:
    """The pipe is full and stays full: Ctrl-C ends it all the same."""
    unread, out = os.pipe()
    process = await ultra.start("ask", "-m", "lab:endless", "go on", stdout=out)
    await until(lambda: not select.select([], [out], [], 0)[1])

    process.send_signal(signal.SIGINT)

    assert await in_time(process.wait()) == signal_code(signal.SIGINT)
    os.close(unread)
    os.close(out)


@pytest.mark.parametrize(
    ("model", "code", "words"),
    [
        ("status-400", 1, "the server says 400"),
        ("status-401", 3, "the server says 401"),
        ("status-404", 1, "the server says 404"),
        ("cut", 1, "incomplete"),
        ("html", 1, "HTML"),
    ],
)
async def test_a_failure_names_the_model_and_the_providers_own_words(
    ultra: Ultra, model: str, code: int, words: str
) -> None:
    """One clear line on stderr, the exit code of its class, the row in the log."""
    ended = await ultra.run("ask", "-m", f"lab:{model}", "hello there")

    assert ended.code == code
    assert f"lab:{model}" in ended.err
    assert words.lower() in ended.err.lower()
    assert "Traceback" not in ended.err
    assert ultra.rows("SELECT count(*) FROM attempts")[0][0] >= 1


@pytest.mark.parametrize("model", ["status-429", "status-500"])
async def test_failures_that_may_heal_are_exit_75(
    ultra: Ultra, server: Loopback, model: str
) -> None:
    """Two tries at one target, then `try later`."""
    ended = await ultra.run("ask", "-m", f"lab:{model}", "hello there")

    assert (ended.code, len(server.requests)) == (75, 2)


async def test_a_deadline_ends_the_run_in_time(ultra: Ultra) -> None:
    """`--deadline` bounds a provider that never answers, and says so with 124."""
    ended = await ultra.run("ask", "-m", "lab:silent", "--deadline", "1", "hello")

    assert ended.code == 124
    assert "deadline" in ended.err


async def test_forty_at_once_on_a_fresh_database_lose_nothing(ultra: Ultra) -> None:
    """Forty processes: forty answers, forty rows, none of them open."""
    runs = [
        ultra.run("ask", f"question {number}", timeout_s=4 * PATIENCE_S, environ=UNMEASURED)
        for number in range(40)
    ]
    ended = await asyncio.gather(*runs)

    assert [(one.code, one.out) for one in ended] == [(0, ANSWER + "\n")] * 40
    assert {one.err for one in ended} == {""}
    assert ultra.rows("SELECT status, count(*) FROM attempts GROUP BY status") == [("ok", 40)]


async def test_nothing_set_up_names_init_and_demo(tmp_path: Path) -> None:
    """With no profile, key or server nothing is simulated: exit 3."""
    ended = await Ultra(tmp_path).run("ask", "hello there")

    assert ended.code == 3
    assert "ultra init" in ended.err
    assert "ultra demo" in ended.err


async def test_a_read_only_home_still_answers(tmp_path: Path, server: Loopback) -> None:
    """The log cannot be written: that is a warning, and the answer stays an answer."""
    ultra = Ultra(tmp_path, server.url)
    (ultra.home / "data").write_text("a file where the folder should be", encoding="utf-8")

    ended = await ultra.run("ask", "hello there")

    assert (ended.code, ended.out) == (0, ANSWER + "\n")
    assert "warning:" in ended.err


async def test_json_is_one_document_of_the_shape_the_log_gives(ultra: Ultra) -> None:
    """`ask --json` and `logs --json` agree field for field."""
    ended = await ultra.run("ask", "--json", "hello there")
    logged = await ultra.run("logs", "-n", "1", "--json")

    assert json.loads(ended.out) == json.loads(logged.out)[0]


async def test_no_log_keeps_every_word_out_of_the_log(ultra: Ultra) -> None:
    """`-n`: the row of what was spent stays, the words do not."""
    await ultra.run("ask", "-n", "a most secret question")

    stored = b"".join(path.read_bytes() for path in ultra.database.parent.glob("ultra.db*"))
    assert b"secret question" not in stored
    assert b"forty" not in stored
    assert ultra.rows("SELECT status, cost_nano FROM attempts") == [("ok", 22_000)]


async def test_an_unknown_price_is_unknown_and_never_nothing(ultra: Ultra) -> None:
    """A model without a price has no cost."""
    ended = await ultra.run("ask", "-m", "unpriced", "--json", "hello there")

    document = json.loads(ended.out)
    assert (document["cost_nano"], document["unpriced"]) == (None, 1)


async def test_dry_run_sends_nothing(ultra: Ultra, server: Loopback) -> None:
    """`--dry-run` names calls, hosts and cost bounds."""
    ended = await ultra.run("ask", "-m", "good", "-m", "other", "--dry-run", "hello there")

    assert (ended.code, len(server.requests)) == (0, 0)
    assert "127.0.0.1" in ended.out
    assert "writer" in ended.out
    assert "strategy fusion: N + 2 or 3 calls (here 4 to 5), about" in ended.out


async def test_one_call_is_one(ultra: Ultra) -> None:
    """The plan counts as people do."""
    ended = await ultra.run("ask", "-m", "good", "--dry-run", "hello there")

    assert "strategy single: 1 call, about" in ended.out


async def test_several_models_are_fused_into_one_answer(ultra: Ultra, server: Loopback) -> None:
    """Two members, an analysis that is no JSON (asked twice), a writer: the run says so."""
    ended = await ultra.run("ask", "-m", "good", "-m", "other", "hello there")

    assert (ended.code, ended.out) == (0, ANSWER + "\n")
    assert len(server.requests) == 5
    assert "analysis failed" in ended.err


async def test_a_race_takes_the_first_and_logs_the_rest(ultra: Ultra) -> None:
    """`--strategy first`: the loser is cancelled and on record."""
    ended = await ultra.run(
        "ask", "-m", "lab:silent", "-m", "good", "--strategy", "first", "hello there"
    )

    assert (ended.code, ended.out) == (0, ANSWER + "\n")
    assert sorted(status for status, _, _ in ultra.attempts()) == ["cancelled", "ok"]


async def test_compare_keeps_the_order_asked_for_and_a_lost_member_is_4(ultra: Ultra) -> None:
    """The slow one stands first all the same; the failed one is named."""
    arguments = ("-m", "lab:slow", "-m", "good", "-m", "lab:status-400")
    ended = await ultra.run("compare", *arguments, "--json", "hello there")

    document = json.loads(ended.out)
    assert ended.code == 4
    assert [call["model"] for call in document["calls"]] == ["slow", "good", "status-400"]
    assert [call["status"] for call in document["calls"]] == ["ok", "ok", "error"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--deadline", "nan"],
        ["--deadline", "-1"],
        ["--grace", "0"],
        ["--quorum", "2"],
        ["--quorum", "0"],
        ["--max-tokens", "0"],
        ["-m", "nobody"],
        ["--strategy", "fuson"],
        ["-f", "missing.txt"],
        ["-a", "missing.png"],
        ["-o", "temperature=hot"],
        ["--schema", "{not json"],
        ["--key", "sk-not-a-reference"],
    ],
    ids=" ".join,
)
async def test_bad_input_is_refused_before_anything_is_sent(
    ultra: Ultra, server: Loopback, arguments: list[str]
) -> None:
    """A clear error, exit 2, no request and no row."""
    ended = await ultra.run("ask", *arguments, "hello there")

    assert (ended.code, len(server.requests)) == (2, 0)
    assert ended.err.startswith("error: ")
    assert not ultra.database.exists()


async def test_an_empty_prompt_is_refused(ultra: Ultra, server: Loopback) -> None:
    """Nothing typed and nothing piped is exit 2."""
    ended = await ultra.run("ask")

    assert (ended.code, len(server.requests)) == (2, 0)
    assert "empty" in ended.err


async def test_binary_stdin_is_refused(ultra: Ultra, server: Loopback) -> None:
    """Bytes that are no text go in with `-a`, which the error says."""
    process = await ultra.start("ask", "what is this?", stdin=asyncio.subprocess.PIPE)
    _, err = await in_time(process.communicate(b"\x89PNG\xff\x00\xfe"))

    assert (process.returncode, len(server.requests)) == (2, 0)
    assert b"`-a`" in err


async def test_a_resolver_that_hangs_does_not_hold_up_ctrl_c(tmp_path: Path) -> None:
    """Names are resolved on a thread that nobody waits for."""
    hang = tmp_path / "hang"
    hang.mkdir()
    (hang / "sitecustomize.py").write_text(
        "import pathlib, socket, threading\n"
        "def hang(*args, **kwargs):\n"
        "    pathlib.Path('asked').touch()\n"
        "    threading.Event().wait()\n"
        "socket.getaddrinfo = hang\n",
        encoding="utf-8",
    )
    ultra = Ultra(tmp_path, "http://model.test")
    process = await ultra.start("ask", "hello there", environ={"PYTHONPATH": str(hang)})
    await until((tmp_path / "asked").exists)

    process.send_signal(signal.SIGINT)

    assert await in_time(process.wait()) == signal_code(signal.SIGINT)


async def test_a_second_ctrl_c_ends_at_once(ultra: Ultra) -> None:
    """Two signals in a row: the exit code is still that of Ctrl-C."""
    process = await ultra.start("ask", "-m", "lab:halfway", "hello there")
    assert process.stdout is not None
    await in_time(process.stdout.readexactly(len("The answer is")))

    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)

    assert await in_time(process.wait()) == signal_code(signal.SIGINT)


def _python() -> str:
    import sys

    return sys.executable
