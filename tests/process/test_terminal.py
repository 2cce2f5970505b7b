"""`ultra` at a real pseudo-terminal: what is drawn, what the keys do, what model text cannot do."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.process import (
    USAGE,
    WORDS,
    Ultra,
    chat_handler,
    chunk,
)
from tests.support.pty import OnTerminal
from tests.support.server import Exchange, Loopback, loopback
from tests.support.terminal import ALLOWED

ANSWER = "".join(WORDS)

HOSTILE = (
    "safe \x1b]0;stolen title\x07", "\x1b]52;c;c3RvbGVu\x07", "\x1b[2J\x1b[Hcleared? ",
    "over\rwritten ", "\x9b31mC1 ", "[bold red]markup[/] ", "\u202eright to left\u202c ",
    "\x1b", "[2Jsplit ", "\x1bP1$r\x1b\\dcs ", "\x07\x08bell ", "\x1b[?1049hscreen ",
    "日本語 👩‍👩‍👧 ", "end\n",
)  # fmt: skip
STOLEN = ("stolen", "c3RvbGVu", "\x1b]", "\x1bP", "\x9b", "\x07", "\x08", "\u202e", "[2J", "1049")
MARKDOWN = (
    "# Title\n\nSome **bold** and `code`:\n\n", "```python\nprint(1)\n```\n\n", "- one\n- two\n"
)  # fmt: skip


async def drawn(exchange: Exchange) -> None:
    """The models of `chat_handler` and three that are about what is drawn."""
    body = exchange.seen.json()
    assert isinstance(body, dict)
    said = {
        "hostile": HOSTILE,
        "markdown": MARKDOWN,
        "wordy": [f"word{number} " for number in range(10_000)],
        "echo": [f"you said {len(body['messages'])}: {body['messages'][-1]['content']}"],
    }.get(str(body["model"]))
    if said is None:
        await chat_handler(exchange)
    else:
        await exchange.sse([*[chunk(piece) for piece in said], chunk(finish="stop"), USAGE])


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    """A server whose models misbehave on the screen."""
    async with loopback(drawn) as running:
        yield running


@pytest.fixture
def ultra(tmp_path: Path, server: Loopback) -> Ultra:
    """The command line over an empty home, with one dear model in its profile."""
    made = Ultra(tmp_path, server.url)
    config = made.home / "config" / "ultra.yaml"
    dear = (
        'models:\n  dear: {model: "lab:dear", price: {input_per_mtok: 9, output_per_mtok: 999}}\n'
    )
    config.write_text(config.read_text().replace("models:\n", dear))
    return made


def only_allowed(text: str) -> None:
    """Every escape in the text begins a sequence that ultra may send."""
    for found in re.finditer("\x1b", text):
        assert ALLOWED.match(text, found.start()), text[found.start() : found.start() + 30]


@pytest.mark.parametrize("columns", [20, 80, 200])
async def test_an_answer_is_drawn_as_markdown_with_a_receipt(ultra: Ultra, columns: int) -> None:
    """The marks are gone, the words are there, the last line is the receipt."""
    async with OnTerminal(ultra, "ask", "-m", "lab:markdown", "hello there", columns=columns) as on:
        code = await on.ended()

    shown = on.grid().text
    assert code == 0
    assert all(words in shown for words in ("Title", "bold", "code", "print(1)", "one", "two"))
    assert not any(marks in shown for marks in ("**", "```", "# Title"))
    assert "cost unknown" in shown.splitlines()[-1]
    assert on.grid().wrapped == 0


@pytest.mark.parametrize("columns", [20, 80, 200])
@pytest.mark.parametrize(
    "args", [["ask"], ["ask", "--no-stream"], ["compare", "-m", "good"], ["ask", "--sanitize"]],
    ids=" ".join,
)  # fmt: skip
async def test_model_text_is_data_on_a_terminal(
    ultra: Ultra, args: list[str], columns: int
) -> None:
    """No title, clipboard, cursor, C1, bell or direction reaches the terminal; markup is words."""
    async with OnTerminal(ultra, *args, "-m", "lab:hostile", "hello", columns=columns) as on:
        code = await on.ended()

    flat = "".join(on.grid().text.split())
    assert code == 0
    assert "safe" in flat
    assert "markup[/]" in flat
    assert not any(part in on.text for part in STOLEN)


@pytest.mark.parametrize("columns", [20, 80, 200])
async def test_hostile_text_in_the_log_is_data_too(ultra: Ultra, columns: int) -> None:
    """`logs`, `logs show` and `logs -r` show what was kept without obeying it."""
    await ultra.run("ask", "-m", "lab:hostile", "what \x1b]0;stolen\x07 title")
    (run,) = ultra.rows("SELECT run_id FROM runs")[0]

    for args in (["logs"], ["logs", "show", run], ["logs", "-r"], ["logs", "-x"]):
        async with OnTerminal(ultra, *args, columns=columns) as on:
            code = await on.ended()
        assert code == 0
        assert on.grid().text
        assert not any(part in on.text for part in STOLEN if part != "stolen")


@pytest.mark.parametrize("columns", [20, 80])
async def test_ten_thousand_words_are_drawn_once(ultra: Ultra, columns: int) -> None:
    """A long answer scrolls: its end is on the screen, and nothing was sent ten times over."""
    async with OnTerminal(ultra, "ask", "-m", "lab:wordy", "hello", columns=columns) as on:
        code = await on.ended()

    only_allowed(on.text)
    assert code == 0
    assert "word9999" in on.text
    assert len(on.text) < 100_000 * 10


@pytest.mark.parametrize("columns", [20, 80, 200])
async def test_members_are_seen_while_they_run_and_lost_ones_are_told(
    ultra: Ultra, columns: int
) -> None:
    """A panel a member on the way, then the one answer, the receipt, and who was lost."""
    models = ("-m", "good", "-m", "lab:slow", "-m", "lab:status-400")
    async with OnTerminal(ultra, "ask", *models, "hello there", columns=columns) as on:
        code = await on.ended()

    flat = "".join(on.grid().text.split())
    assert code == 0
    assert "streaming" in on.text or columns == 20
    assert "".join(ANSWER.split()) in flat
    assert "thelab:status-400" not in flat
    assert "warning:`lab:status-400`failed" in flat


@pytest.mark.parametrize(("columns", "beside"), [(20, False), (80, False), (200, True)])
async def test_a_comparison_is_live_in_columns_where_there_is_room(
    ultra: Ultra, columns: int, beside: bool
) -> None:
    """Side by side when wide, stacked when not; below either the figures, then the receipt."""
    models = ("-m", "lab:slow", "-m", "good", "-m", "lab:markdown")
    async with OnTerminal(ultra, "compare", *models, "hello there", columns=columns) as on:
        code = await on.ended()

    shown = on.grid().text
    assert code == 0
    assert ("│" in on.text) == beside
    assert shown.lower().rindex("similarity") > shown.index("The answer")
    assert "at least" in shown.splitlines()[-1]
    assert columns == 20 or on.grid().wrapped == 0


async def test_ctrl_c_keeps_what_came_and_leaves_the_terminal_sane(ultra: Ultra) -> None:
    """Mid-stream: the words stay, exit 130, the settings are as they were, the row is partial."""
    async with OnTerminal(ultra, "ask", "-m", "lab:halfway", "hello there") as on:
        await on.until("The answer is")
        on.type("\x03")
        code = await on.ended()
        after = on.settings()

    assert code == 130
    assert "The answer is" in on.grid().text
    assert after == on.before
    assert ultra.attempts()[0][:2] == ("partial", "The answer is")


async def test_ctrl_c_in_a_comparison_keeps_every_answer_so_far(ultra: Ultra) -> None:
    """What the members had said stays on the screen and in the log."""
    models = ("-m", "lab:halfway", "-m", "good")
    async with OnTerminal(ultra, "compare", *models, "hello there", columns=200) as on:
        await on.until("forty")
        on.type("\x03")
        code = await on.ended()
        after = on.settings()

    assert (code, after == on.before) == (130, True)
    assert "The answer is forty-two." in on.grid().text
    assert sorted(row[0] for row in ultra.attempts()) == ["ok", "partial"]


async def say(on: OnTerminal, line: str, mark: str = "\n> ") -> str:
    """Type a line at the prompt and wait for the next prompt; what came in between."""
    before, start = on.text.count(mark), len(on.text)
    on.type(f"{line}\r")
    await on.until(mark, times=before + 1)
    return on.text[start:]


async def test_a_chat_goes_on_turn_by_turn(ultra: Ultra) -> None:
    """Two turns with what was said before, `/retry`, `/model`, `/multi`; Ctrl-D leaves with 0."""
    async with OnTerminal(ultra, "chat", "-m", "lab:echo") as on:
        await on.until("\n> ")
        assert "you said 1: first" in await say(on, "first")
        assert "you said 3: second" in await say(on, "second")
        assert "you said 3: second" in await say(on, "/retry")
        assert "now talking to good" in await say(on, "/model good")
        assert ANSWER in await say(on, "third")
        assert "did you mean `/model`" in await say(on, "/modle lab:echo")
        assert "no model `nobody`" in await say(on, "/model nobody")
        await say(on, "/model lab:echo")
        await say(on, "/multi", "\n. ")
        await say(on, "two", "\n. ")
        await say(on, "lines", "\n. ")
        assert "you said 7: two" in await say(on, "/end")
        on.type("\x04")
        code = await on.ended()
        after = on.settings()

    assert (code, after == on.before) == (0, True)
    assert "Traceback" not in on.text
    assert ultra.rows("SELECT count(*), count(DISTINCT conversation) FROM runs") == [(5, 1)]


async def test_ctrl_c_during_an_answer_returns_to_the_prompt_of_a_chat(ultra: Ultra) -> None:
    """The words so far stay, the next question is answered, and leaving is no failure."""
    async with OnTerminal(ultra, "chat", "-m", "lab:halfway") as on:
        await on.until("\n> ")
        on.type("hello\r")
        await on.until("The answer is")
        on.type("\x03")
        await on.until("\n> ", times=2)
        await say(on, "/model good")
        assert ANSWER in await say(on, "and now")
        await say(on, "/model lab:silent")
        on.type("hello again\r")
        await on.until("lab:silent waiting")
        on.type("\x03")
        await on.until("\n> ", times=6)
        on.type("\x04")
        code = await on.ended()

    assert code == 0
    assert [row[0] for row in ultra.attempts()] == ["partial", "ok", "cancelled"]


async def test_ctrl_c_at_the_prompt_of_a_chat_leaves(ultra: Ultra) -> None:
    """Nothing was asked: exit 130 and no traceback."""
    async with OnTerminal(ultra, "chat") as on:
        await on.until("> ")
        await on.waits()
        on.type("half a quest\x03")
        code = await on.ended()
        after = on.settings()

    assert (code, after == on.before) == (130, True)
    assert "Traceback" not in on.text


@pytest.mark.parametrize(("key", "sent"), [("y\r", 1), ("n\r", 0), ("\r", 0), ("\x04", 0)])
async def test_a_dear_run_is_asked_about_first(
    ultra: Ultra, server: Loopback, key: str, sent: int
) -> None:
    """Above `confirm_usd` a terminal is asked; anything but yes sends nothing."""
    async with OnTerminal(ultra, "ask", "-m", "dear", "hello there") as on:
        await on.until("go on? [y/N]")
        on.type(key)
        code = await on.ended()

    assert (code, len(server.requests)) == (0, sent)
    assert (ANSWER in on.text) == bool(sent)


async def test_ctrl_c_at_the_question_sends_nothing(ultra: Ultra, server: Loopback) -> None:
    """Exit 130, no traceback."""
    async with OnTerminal(ultra, "ask", "-m", "dear", "hello there") as on:
        await on.until("go on? [y/N]")
        await on.waits()
        on.type("\x03")
        code = await on.ended()

    assert (code, len(server.requests), "Traceback" in on.text) == (130, 0, False)


@pytest.mark.parametrize("args", [["--yes"], ["-m", "good"]], ids=" ".join)
async def test_nobody_is_asked_without_need(ultra: Ultra, args: list[str]) -> None:
    """`--yes`, or a cheap model, goes ahead."""
    models = ["-m", "dear"] if args == ["--yes"] else []
    async with OnTerminal(ultra, "ask", *models, *args, "hello there") as on:
        code = await on.ended()

    assert (code, "go on?" in on.text) == (0, False)


async def test_c_continues_what_was_said_in_this_terminal(ultra: Ultra, server: Loopback) -> None:
    """Two commands in one shell: the second knows the first, and says what it continues."""
    script = "$ultra ask -m lab:echo first; $ultra ask -c second; exec $ultra ask -c third"
    async with OnTerminal(ultra, script=script) as on:
        code = await on.ended()

    assert code == 0
    assert "you said 3: second" in on.text
    assert "you said 5: third" in on.text
    assert "continuing" in on.text


async def test_c_never_continues_what_another_terminal_said(ultra: Ultra) -> None:
    """Exit 2 with the last ids, by which it can be continued on purpose."""
    async with OnTerminal(ultra, "ask", "-m", "lab:echo", "first") as on:
        await on.ended()
    (run,) = ultra.rows("SELECT run_id FROM runs")[0]

    async with OnTerminal(ultra, "ask", "-c", "second") as on:
        refused = await on.ended()
    async with OnTerminal(ultra, "ask", "--cid", run[:4], "second") as other:
        by_id = await other.ended()
    nowhere = await ultra.run("ask", "-c", "third")

    assert (refused, by_id, nowhere.code) == (2, 0, 2)
    assert run[:8] in on.text
    assert run[:8] in nowhere.err
    assert "you said 3: second" in other.text


async def test_a_named_session_is_continued_from_anywhere(ultra: Ultra) -> None:
    """`ULTRA_SESSION` stands for the terminal, in pipes too."""
    named = {"ULTRA_SESSION": "work"}
    await ultra.run("ask", "-m", "lab:echo", "first", environ=named)

    same = await ultra.run("ask", "-c", "second", environ=named)
    other = await ultra.run("ask", "-c", "second", environ={"ULTRA_SESSION": "play"})

    assert (same.code, same.out) == (0, "you said 3: second\n")
    assert other.code == 2


async def test_after_a_comparison_c_refuses_and_lists(ultra: Ultra) -> None:
    """There is no one answer to go on from."""
    named = {"ULTRA_SESSION": "work"}
    await ultra.run("compare", "-m", "good", "-m", "other", "first", environ=named)

    ended = await ultra.run("ask", "-c", "second", environ=named)

    assert ended.code == 2
    assert "`good`" in ended.err
    assert "`other`" in ended.err


@pytest.mark.parametrize("variable", ["NO_COLOR", "TERM"])
async def test_a_plain_terminal_gets_plain_text(ultra: Ultra, variable: str) -> None:
    """`NO_COLOR=1` sends no colours; `TERM=dumb` no sequence at all."""
    environ = {variable: "dumb" if variable == "TERM" else "1"}
    async with OnTerminal(ultra, "ask", "-m", "lab:markdown", "hello", environ=environ) as on:
        code = await on.ended()

    assert code == 0
    assert "print(1)" in on.text
    assert not re.search("\x1b\\[[0-9;]*[34][0-9]", on.text)
    assert variable == "NO_COLOR" or "\x1b" not in on.text


@pytest.mark.parametrize(("key", "code"), [("\x04", 2), ("\x03", 130), ("\r", 2)])
async def test_a_key_is_asked_for_unseen_and_may_be_refused(
    ultra: Ultra, key: str, code: int
) -> None:
    """`keys set` at a terminal: Ctrl-D, Ctrl-C and an empty line store nothing."""
    async with OnTerminal(ultra, "keys", "set", "openai") as on:
        await on.until("key of openai: ")
        await on.waits()
        on.type(key)
        ended = await on.ended()
        after = on.settings()

    assert (ended, after == on.before) == (code, True)
    assert on.text.endswith("\n")
    assert "ultra itself failed" not in on.text


async def test_a_key_for_one_run_is_typed_unseen(ultra: Ultra, server: Loopback) -> None:
    """`--key -` at a terminal asks, sends what was typed, and shows none of it."""
    async with OnTerminal(ultra, "ask", "--key", "-", "hello there") as on:
        await on.until("key: ")
        on.type("sk-typed-0123456789\r")
        code = await on.ended()

    assert (code, "sk-typed" in on.text) == (0, False)
    assert server.requests[0].headers["authorization"] == "Bearer sk-typed-0123456789"


async def test_names_are_hidden_until_the_user_has_picked(ultra: Ultra) -> None:
    """Labels alone are seen and one is typed; then the figures tell who they were."""
    models = ("-m", "good", "-m", "lab:echo")
    async with OnTerminal(ultra, "compare", "--blind", *models, "hello", columns=120) as on:
        await on.until("which is best: A or B?")
        before = on.text
        on.type("nobody\n")
        await on.until("which is best: A or B?", times=2)
        on.type("b\n")
        code = await on.ended()

    assert code == 0
    assert "=== A ===" in before
    assert "echo" not in before
    assert "have answered" not in on.grid().text
    assert "picked: " in on.text
    assert "shown as A: " in on.text
    ((call_id, blind),) = ultra.rows("SELECT call_id, blind FROM picks")
    (name,) = ultra.rows(f"SELECT name FROM calls WHERE call_id = '{call_id}'")[0]
    assert (f"B: {name}" in on.text, blind) == (True, 1)


async def test_nobody_has_to_pick(ultra: Ultra) -> None:
    """Enter shows the names and records nothing."""
    models = ("-m", "good", "-m", "lab:echo")
    async with OnTerminal(ultra, "compare", "--blind", *models, "hello", columns=120) as on:
        await on.until("which is best: A or B?")
        on.type("\n")
        code = await on.ended()

    assert code == 0
    assert "shown as A: " in on.text
    assert ultra.rows("SELECT * FROM picks") == []


async def test_a_diff_is_drawn_in_colour(ultra: Ultra) -> None:
    """With the marks beside it for who sees none."""
    models = ("-m", "good", "-m", "lab:echo")
    async with OnTerminal(ultra, "compare", "--diff", *models, "hello", columns=120) as on:
        code = await on.ended()

    assert code == 0
    assert "[-" in on.grid().text
    assert "{+" in on.grid().text
