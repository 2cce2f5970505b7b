"""The one fold from events to an answer."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.core.answer import Answer, AnswerBuilder, ToolCall
from ultra.core.stream import (
    Finished,
    ReasoningDelta,
    ResponseStarted,
    StreamBody,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ultra.core.usage import Usage


def built(*bodies: StreamBody) -> AnswerBuilder:
    """A fold of bodies that came a second apart, from second 1."""
    builder = AnswerBuilder()
    for second, body in enumerate(bodies, 1):
        builder.add(body, float(second))
    return builder


def an_answer(**changes: object) -> Answer:
    """A complete answer, but for the changes."""
    plain = Answer("r-1", "fast", "openai", "gpt", "ok", text="yes")
    return msgspec.structs.replace(plain, **changes)


def pieces(text: str, cuts: list[int]) -> list[str]:
    """The text cut at these places."""
    places = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    return [text[a:b] for a, b in pairwise(places)]


CUTS = st.lists(st.integers(0, 40))


@given(st.text(), CUTS, st.text(), CUTS, st.text(), CUTS)
def test_the_fold_ignores_how_text_is_chunked(
    text: str,
    cuts: list[int],
    thought: str,
    thought_cuts: list[int],
    arguments: str,
    tool: list[int],
) -> None:
    """Answer, reasoning and arguments are the same however they were cut."""
    builder = AnswerBuilder()
    builder.add(ToolCallDelta(0, id="t1", name="look"), 0.0)

    for piece in pieces(text, cuts):
        builder.add(TextDelta(piece), 0.0)
    for piece in pieces(thought, thought_cuts):
        builder.add(ReasoningDelta(piece), 0.0)
    for piece in pieces(arguments, tool):
        builder.add(ToolCallDelta(0, arguments=piece), 0.0)

    assert builder.text == text
    assert builder.reasoning == thought
    assert builder.tool_calls == (ToolCall("t1", "look", arguments),)


def test_tool_calls_keep_the_providers_numbering() -> None:
    """Deltas of several tools may alternate; id and name come once and stay."""
    builder = built(
        ToolCallDelta(1, id="b", name="second"),
        ToolCallDelta(0, id="a", name="first", arguments="{"),
        ToolCallDelta(1, arguments="[1"),
        ToolCallDelta(0, arguments="}"),
        ToolCallDelta(1, arguments="]"),
    )

    assert builder.tool_calls == (ToolCall("a", "first", "{}"), ToolCall("b", "second", "[1]"))


def test_a_later_report_of_usage_replaces_an_earlier_one() -> None:
    """Reports are totals so far and are never added up; a cost once told is kept."""
    builder = built(
        UsageReported(Usage(text_input_tokens=5), cost_nano=7),
        UsageReported(Usage(text_input_tokens=5, text_output_tokens=9), "estimated"),
    )

    assert builder.usage == Usage(text_input_tokens=5, text_output_tokens=9)
    assert builder.usage_source == "estimated"
    assert builder.provider_cost_nano == 7


def test_who_answered_is_kept_when_told_twice() -> None:
    """A second start may add what the first left out, and never erases."""
    builder = built(ResponseStarted("gpt-5-2025", None), ResponseStarted(None, "req-1"))

    assert (builder.resolved_model, builder.request_id) == ("gpt-5-2025", "req-1")


@pytest.mark.parametrize(
    "content",
    [TextDelta("a"), ReasoningDelta("a"), ToolCallDelta(0)],
    ids=["text", "reasoning", "tool"],
)
def test_the_first_content_of_any_kind_commits(content: StreamBody) -> None:
    """From the first content on nothing may be spliced, and its time stands."""
    before = built(ResponseStarted(), UsageReported(Usage()))
    after = built(ResponseStarted(), content, TextDelta("b"))

    assert not before.committed
    assert after.committed
    assert after.first_content_at == 2.0


def test_an_end_is_kept_and_everything_is_counted() -> None:
    """The end is there to be asked for; every body counts as one."""
    builder = built(TextDelta("a"), Finished("length", "max_tokens"))

    assert builder.finished == Finished("length", "max_tokens")
    assert builder.chunks == 2


@pytest.mark.parametrize(
    ("answer", "ok"),
    [
        (an_answer(), True),
        (an_answer(text=" \n"), False),
        (an_answer(text="", tool_calls=(ToolCall("a", "b", "{}"),)), True),
        (an_answer(status="partial"), False),
        (an_answer(status="error"), False),
        (an_answer(finish_reason="content_filter"), False),
        (an_answer(finish_reason="length"), True),
    ],
    ids=["words", "blank", "tool", "partial", "error", "filtered", "capped"],
)
def test_an_answer_serves_when_it_is_complete_and_says_something(answer: Answer, ok: bool) -> None:
    """Blank, refused, cut and failed ones do not."""
    assert answer.ok is ok


def test_an_answer_at_the_cap_is_truncated() -> None:
    """Only the cap makes it so."""
    assert an_answer(finish_reason="length").truncated
    assert not an_answer(finish_reason="stop").truncated


@pytest.mark.parametrize(
    ("tokens", "ttft_s", "duration_s", "speed"),
    [
        (11, 1.0, 3.0, 5.0),
        (1, 1.0, 3.0, None),
        (None, 1.0, 3.0, None),
        (11, None, 3.0, None),
        (11, 3.0, 3.0, None),
    ],
    ids=["known", "one token", "unknown", "nothing came", "all at once"],
)
def test_speed_is_of_the_tokens_after_the_first(
    tokens: int | None, ttft_s: float | None, duration_s: float, speed: float | None
) -> None:
    """None where it cannot be said, never a division by nothing."""
    usage = None if tokens is None else Usage(text_output_tokens=tokens)
    answer = an_answer(usage=usage, ttft_s=ttft_s, duration_s=duration_s)

    assert answer.output_tokens_per_s == speed
