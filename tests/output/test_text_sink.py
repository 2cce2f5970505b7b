"""The answer as plain text: the model's bytes, once, and nothing else."""

import asyncio
import io
import os

from hypothesis import given
from hypothesis import strategies as st

from tests.support.patience import PATIENCE_S, in_time
from tests.support.runs import HOSTILE, Script
from ultra.core.text import sanitise
from ultra.output.stdout import StdoutWriter
from ultra.output.text import TextSink


def shown(script: Script, *, sanitize: bool = False, stream: bool = True) -> str:
    file = io.StringIO(newline="")
    writer = StdoutWriter(file)
    sink = TextSink(writer, sanitize=sanitize, stream=stream)
    for event in script.events:
        sink.on_event(event)
    sink.close()
    writer.wait(PATIENCE_S)
    return file.getvalue()


def test_the_answer_is_written_as_it_comes_and_ends_in_a_line_feed() -> None:
    """A missing line feed is added, as llm does."""
    script = Script().begin("fast").call(1).text(1, "Par", "is").finish(1).conclude(1).end()

    assert shown(script) == "Paris\n"


def test_a_line_feed_that_is_there_is_not_doubled() -> None:
    """The model's own line end is enough."""
    script = Script().begin("fast").call(1).text(1, "Paris\n").finish(1).conclude(1).end()

    assert shown(script) == "Paris\n"


@given(pieces=st.lists(st.text()))
def test_the_bytes_on_a_pipe_are_the_models(pieces: list[str]) -> None:
    """However it is chunked, what is written is what was said."""
    text = "".join(pieces)
    script = Script().begin("fast").call(1).text(1, *pieces).finish(1).conclude(1).end()
    expected = text.encode("utf-8", "backslashreplace").decode()

    assert shown(script) == (expected if not text or text.endswith("\n") else f"{expected}\n")


def test_members_and_analysis_say_nothing_on_stdout() -> None:
    """Only the writer's words are the answer."""
    script = Script().begin("a", "b").call(1, "member", index=0).text(1, "one").finish(1)
    script.call(2, "analysis").text(2, "two").finish(2).call(3, "writer").text(3, "three")

    assert shown(script.finish(3).conclude(3).end()) == "three\n"


def test_an_answer_that_was_not_streamed_is_written_at_the_conclusion() -> None:
    """A race's winner is a member; its text comes whole."""
    script = Script().begin("a").call(1, "member", index=0).text(1, "won").finish(1)

    assert shown(script.conclude(1).end()) == "won\n"


def test_a_conclusion_after_streaming_is_not_written_twice() -> None:
    """The end of a streamed answer adds no words, even said twice."""
    script = Script().begin("a").call(1).text(1, "once").finish(1).conclude(1).conclude(1).end()

    assert shown(script) == "once\n"


def test_another_calls_conclusion_follows_after_a_blank_line() -> None:
    """What was begun by one and answered by another is not lost."""
    script = Script().begin("a").call(1, "writer").text(1, "part").fail(1)
    script.call(2, "member").text(2, "whole").finish(2)

    assert shown(script.conclude(2).end()) == "part\n\nwhole\n"


def test_a_retried_call_says_its_words_once() -> None:
    """Attempts that fail before the first word leave nothing behind."""
    script = Script().begin("a").call(1).stumble(1).text(1, "ok").finish(1).conclude(1).end()

    assert shown(script) == "ok\n"


def test_a_partial_answer_keeps_what_came() -> None:
    """A run that was cut ends its line."""
    script = Script().begin("a").call(1).text(1, "half of").fail(1).end(status="partial")

    assert shown(script) == "half of\n"


def test_without_streaming_it_is_all_or_nothing() -> None:
    """A whole answer is written at the end, a cut one not at all."""
    whole = Script().begin("a").call(1).text(1, "all of it").finish(1).conclude(1).end()
    cut = Script().begin("a").call(1).text(1, "half of").fail(1).conclude(1).end()

    assert (shown(whole, stream=False), shown(cut, stream=False)) == ("all of it\n", "")


def test_a_second_voice_is_not_mixed_into_the_first() -> None:
    """Two calls that both could answer never interleave."""
    script = Script().begin("a").call(1).call(2).text(1, "a").text(2, "b").text(1, "c").finish(1)

    assert shown(script.conclude(1).end()) == "ac\n"


def test_sanitised_text_has_nothing_a_terminal_obeys() -> None:
    """A sequence split anywhere is still removed."""
    script = Script().begin("a").call(1).text(1, *HOSTILE[:400]).finish(1).conclude(1).end()

    text = shown(script, sanitize=True)

    assert sanitise(text) == text
    assert "\u202e" not in text
    assert "[red]rich[/red]" in text


async def test_only_the_answers_own_call_waits_for_the_reader() -> None:
    """A slow reader slows its own answer and nothing else."""
    reader, out = os.pipe()  # that nobody reads
    writer = StdoutWriter(out, mark=1024)
    sink = TextSink(writer, sanitize=False)
    for event in Script().begin("a").call(1, "member").call(2).events:
        sink.on_event(event)
    writer.write("x" * 400_000)

    await in_time(sink.drained(Script().id(1)))
    waiting = asyncio.create_task(sink.drained(Script().id(2)))
    await asyncio.sleep(0.05)
    held = not waiting.done()
    os.close(reader)
    await in_time(waiting)
    os.close(out)

    assert held
