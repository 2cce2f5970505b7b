"""The answer as Markdown on a real pseudo-terminal."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.patience import PATIENCE_S
from tests.support.runs import HOSTILE, ManualClock, Script
from tests.support.terminal import Grid, Terminal
from ultra.core.clock import SystemClock
from ultra.output.blocks import markdown, preview, split_finished
from ultra.output.markdown import MarkdownSink
from ultra.output.screen import Screen
from ultra.output.stdout import StdoutWriter

ANSWER = """# Paris

It is **Paris**, see [the map](http://maps.example/paris) & `code`.

- one
- two
  - three

```python
def f():
    return "<b>"
```

| a | b |
|---|---|
| 1 | 2 |

Text with <b>html</b> and :smile: [red]markup[/red].
"""


async def shown(terminal: Terminal, script: Script, *, frame_s: float = 0.0) -> str:
    streams = terminal.streams(environ={"NO_COLOR": "1"})
    assert streams.out_screen is not None
    sink = MarkdownSink(streams.out_screen, clock=SystemClock())
    for event in script.events:
        sink.on_event(event)
        await sink.drained(event.call)
        await asyncio.sleep(frame_s)
    sink.close()
    await streams.finish(PATIENCE_S)
    return terminal.grid().text


def told(*pieces: str) -> Script:
    return Script().begin("a").call(1).text(1, *pieces).finish(1).conclude(1).end()


async def test_an_answer_is_rendered() -> None:
    """Headings, lists, code and tables are drawn; links show where they lead; HTML is words."""
    with Terminal(80) as terminal:
        text = await shown(terminal, told(ANSWER))

    assert "Paris, see the map (http://maps.example/paris) & code." in text
    assert " • one\n • two\n" in text
    assert 'return "<b>"' in text
    assert "Text with <b>html</b> and :smile: [red]markup[/red]." in text
    assert "**" not in text


@pytest.mark.parametrize("columns", [20, 80, 200], ids=str)
async def test_what_is_left_does_not_depend_on_how_it_came(columns: int) -> None:
    """Streamed with frames in between, or at once: the same lines remain, each once."""
    pieces = [ANSWER[start : start + 40] for start in range(0, len(ANSWER), 40)]
    with Terminal(columns) as one, Terminal(columns) as other:
        streamed = await shown(one, told(*pieces), frame_s=0.1)
        at_once = await shown(other, told(ANSWER))

    assert "".join(streamed.split()) == "".join(at_once.split())


async def test_a_long_answer_scrolls_and_is_there_whole() -> None:
    """Finished blocks are printed once for all, on a screen of five rows."""
    paragraphs = [f"paragraph {number}\n\n" for number in range(30)]
    with Terminal(40, 5) as terminal:
        text = await shown(terminal, told(*paragraphs), frame_s=0.01)

    assert text.split("\n\n") == [paragraph.strip() for paragraph in paragraphs]


@pytest.mark.parametrize("columns", [20, 80, 200], ids=str)
async def test_hostile_words_are_inert(columns: int) -> None:
    """Nothing but allowed sequences reaches the terminal, while streaming and at the end."""
    pieces = [HOSTILE[start : start + 7] for start in range(0, 500, 7)] + [HOSTILE[504:]]
    with Terminal(columns) as terminal:
        text = await shown(terminal, told(*pieces), frame_s=0.005)

    assert "[red]rich[/red]" in " ".join(text.split()) or columns == 20
    assert terminal.grid().wrapped == 0


async def test_an_answer_that_was_not_streamed_is_drawn_at_the_conclusion() -> None:
    """A race's winner comes whole."""
    script = Script().begin("a").call(1, "member").text(1, "*won*").finish(1).conclude(1).end()
    with Terminal(80) as terminal:
        assert await shown(terminal, script) == "won"


async def test_a_run_that_was_cut_keeps_what_came() -> None:
    """The live tail is printed for good when the run ends."""
    script = Script().begin("a").call(1).text(1, "half of *it").fail(1).end(status="partial")
    with Terminal(80) as terminal:
        assert await shown(terminal, script) == "half of *it"


async def test_frames_leave_most_of_the_time_to_the_run() -> None:
    """After a frame that took long, the next one waits four times as long."""
    clock = ManualClock()
    writer = StdoutWriter(1)
    frames: list[float] = []

    class Slow(Screen):
        def show(self, slot: str, lines: object, *, above: object = ()) -> None:
            frames.append(clock.now)
            clock.now += 1.0

    sink = MarkdownSink(Slow(writer, size=lambda: (80, 24), colour=False), clock=clock)
    for event in told("a", "b").events[:-3]:
        sink.on_event(event)
    sink._frame()
    for event in told("c").events[3:4]:
        sink.on_event(event)
    sink._frame()
    clock.now += 4.1
    sink._frame()
    sink._ticker.stop()

    assert frames == [100.0, 105.1]


def test_the_last_block_is_the_only_one_that_may_still_change() -> None:
    """A list, a fence and a paragraph stay open until another block begins."""
    assert split_finished("# a\n\ntext\n\n- x\n- y") == ("# a\n\ntext\n", "- x\n- y")
    assert split_finished("```\n# a\n\nb") == ("", "```\n# a\n\nb")
    assert split_finished("") == ("", "")


@given(text=st.text(alphabet="ab \n#->`*_|[]()!1.", max_size=200))
def test_splitting_loses_nothing(text: str) -> None:
    """Both parts together are the text."""
    finished, tail = split_finished(text)

    assert (f"{finished}\n{tail}" if finished else tail) == text or finished + tail == text


def test_a_huge_block_is_previewed_by_its_end() -> None:
    """Only what a screen can hold is drawn while a block grows, still in its fence."""
    code = "```py\n" + "x = 1\n" * 5000
    prose = "word " * 5000

    assert preview(code).startswith("```py\n")
    assert len(preview(code)) < 8100
    assert not preview(prose).startswith("word word\n")
    assert preview("short") == "short"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("42.", ["42."]),
        ("so\n\n7)\n\n-\n", ["so", "", "7)", "", "-"]),
        ("> 1.", ["▌ 1."]),
        ("```\n1.\n```\n\n1.", ["1.", "", "1."]),
        ("see [1]\n\n[1]: http://a.example/b", ["see [1]", "", "[1]: http://a.example/b"]),
        ("<br>", ["<br>"]),
    ],
    ids=["number", "several", "quoted", "in-code", "definition", "html"],
)
def test_an_answer_is_never_mistaken_for_nothing(text: str, said: list[str]) -> None:
    """What Markdown would leave out is shown as it was written."""
    screen = Screen(StdoutWriter(1), size=lambda: (80, 24), colour=False)

    lines = [line.strip() for line in screen.render(markdown(text), 80)]

    assert [line for line in lines if line] == [line for line in said if line]


MARKS = ["", "# ", "- ", "1. ", "> ", "  ", "    ", "[a]: ", "<b>", "| ", "~~", "`", "**", "> - "]


@settings(deadline=None, max_examples=150)
@given(lines=st.lists(st.tuples(st.sampled_from([*MARKS, "\n"]), st.booleans()), max_size=12))
def test_no_word_of_an_answer_is_lost(lines: list[tuple[str, bool]]) -> None:
    """Whatever stands before a word, it is there once it is drawn."""
    words = [f"w{number}w" for number in range(len(lines))]
    text = "\n".join(
        f"{mark}{word}{' |' if bar else ''}" for (mark, bar), word in zip(lines, words, strict=True)
    )
    screen = Screen(StdoutWriter(1), size=lambda: (400, 24), colour=False)

    drawn = "".join(screen.render(markdown(text), 400))

    assert [word for word in words if word not in drawn] == []


@settings(deadline=None, max_examples=60)
@given(
    text=st.text(
        st.one_of(st.characters(), st.sampled_from(list("\x1b\x9b\n\t`*_#>-[](){}<>|&;~!1."))),
        max_size=120,
    ),
    columns=st.sampled_from([1, 20, 80]),
)
def test_any_text_renders_and_is_inert(text: str, columns: int) -> None:
    """Whatever a model says, rich draws it and the terminal obeys nothing."""
    screen = Screen(StdoutWriter(1), size=lambda: (columns, 24), colour=True)

    lines = screen.render(markdown(text), columns)

    Grid(1000).feed("".join(f"{line}\n" for line in lines))
