"""What an attempt that ended amounts to: whether it is complete, and what it cost."""

import pytest
from msgspec.structs import replace

from tests.support.fakes import Bench, Script, Step, Wait, fails, says, spec, target
from tests.support.virtual import virtual
from ultra.core.answer import Answer
from ultra.core.cost import FREE
from ultra.core.errors import CallError, ErrorClass
from ultra.core.ledger import AttemptResult
from ultra.core.ports import AttemptBudget, CallSpec
from ultra.core.request import TOOL_PREAMBLE, CallRequest, Sampling, said
from ultra.core.stream import Finished, ReasoningDelta, TextDelta, ToolCallDelta, UsageReported
from ultra.core.usage import Usage
from ultra.engine.accounting import DEFAULT_OUTPUT_TOKENS, estimate_nano

USAGE = Usage(text_input_tokens=10, text_output_tokens=5)
EXACT = 10 * 1_000 + 5 * 2_000
"""Nano-dollars of `USAGE` at the test's price."""

ASKED_TOKENS = 8 + 7
"""The bound of the test's question: 20 bytes and a turn."""


def ended(script: Script, **fields: object) -> tuple[Answer, AttemptResult]:
    """One try by this script."""

    async def main() -> tuple[Answer, AttemptResult]:
        bench = Bench({"a": script}, deadline_s=100.0)
        once = AttemptBudget(1, 1)
        async with bench.caller.open([spec(target(**fields), attempts=once)]) as calls:  # type: ignore[arg-type]
            (answer,) = await calls.settle(None, None)
        bench.check()
        return answer, bench.ledger.results[0]

    return virtual(main())


def test_what_the_provider_counts_is_the_cost() -> None:
    """To the nano-dollar, and it is what is charged."""
    answer, row = ended(says("blue"))

    assert (row.cost_nano, row.charged_nano, row.usage_source) == (EXACT, EXACT, "provider")
    assert (row.price_source, row.finish_reason, row.native_finish_reason) == (
        "test",
        "stop",
        "stop",
    )
    assert (answer.cost_nano, answer.usage) == (EXACT, USAGE)


def test_what_never_left_costs_nothing() -> None:
    """A refused port, a missing key."""
    answer, row = ended([CallError(ErrorClass.NETWORK, "refused")])

    assert (row.cost_nano, row.charged_nano, answer.cost_nano) == (0, 0, 0)
    assert (row.usage, row.usage_source) == (None, None)


def test_an_error_status_costs_nothing() -> None:
    """Nobody bills a 500."""
    _, row = ended([fails(status=500)])

    assert (row.cost_nano, row.charged_nano) == (0, 0)


def test_what_never_left_costs_nothing_even_without_a_price() -> None:
    """0 is known, whatever the price."""
    _, row = ended([CallError(ErrorClass.NETWORK, "refused")], price=None)

    assert (row.cost_nano, row.charged_nano) == (0, 0)


def test_a_stream_that_was_cut_costs_an_unknown_amount() -> None:
    """The charge is the input with the output seen, as an upper estimate."""
    answer, row = ended([ReasoningDelta("x" * 30), TextDelta("y" * 60), fails()])

    assert row.status == "partial"
    assert (row.cost_nano, row.usage_source) == (None, "partial")
    assert row.charged_nano == ASKED_TOKENS * 1_000 + 30 * 2_000
    assert answer.cost_nano is None
    assert answer.charged_nano == row.charged_nano


def test_a_cut_stream_is_charged_at_least_what_the_provider_counted() -> None:
    """Usage that came before the cut is a lower bound of the output."""
    report = UsageReported(Usage(text_input_tokens=4_000, text_output_tokens=100))
    _, row = ended([report, TextDelta("y"), fails()])

    assert row.cost_nano is None
    assert row.charged_nano == 4_000 * 1_000 + 100 * 2_000


def test_a_sent_request_without_a_word_back_is_charged_for_its_input() -> None:
    """A hang may have been billed."""
    _, row = ended([Wait()])

    assert (row.status, row.cost_nano) == ("error", None)
    assert row.charged_nano == ASKED_TOKENS * 1_000


def test_missing_usage_is_estimated_and_the_cost_unknown() -> None:
    """An estimate is never told as a cost."""
    answer, row = ended(says("x" * 300, usage=None))

    assert row.status == "ok"
    assert row.usage == Usage(text_input_tokens=ASKED_TOKENS, text_output_tokens=100)
    assert (row.usage_source, row.cost_nano) == ("estimated", None)
    assert row.charged_nano == ASKED_TOKENS * 1_000 + 100 * 2_000
    assert answer.usage_source == "estimated"
    assert answer.usage == row.usage


def test_usage_that_misses_a_side_is_an_unknown_cost() -> None:
    """Half a count is no count; the other half is estimated for the charge."""
    _, row = ended(says("x" * 300, usage=Usage(text_input_tokens=10)))

    assert (row.cost_nano, row.charged_nano) == (None, 10 * 1_000 + 100 * 2_000)


def test_a_free_model_costs_nothing_whatever_happens() -> None:
    """Known without knowing the usage."""
    for script in (says("x"), says("x", usage=None), [TextDelta("x"), fails()], [Wait()]):
        _, row = ended(script, price=FREE)

        assert (row.cost_nano, row.charged_nano) == (0, 0)


def test_a_model_without_a_price_has_an_unknown_cost() -> None:
    """Never 0."""
    for script in (says("x"), says("x", usage=None), [TextDelta("x"), fails()]):
        _, row = ended(script, price=None)

        assert (row.cost_nano, row.charged_nano, row.price_source) == (None, None, None)


@pytest.mark.parametrize(
    ("finish", "kind"),
    [
        (Finished("content_filter", "SAFETY"), ErrorClass.CONTENT_FILTER),
        (Finished("length", "max_tokens"), ErrorClass.BAD_RESPONSE),
        (Finished("stop", "stop"), ErrorClass.BAD_RESPONSE),
        (Finished("error", "oops"), ErrorClass.BAD_RESPONSE),
    ],
    ids=["filter", "length", "empty", "error"],
)
def test_an_answer_without_words_that_was_counted_costs_what_was_counted(
    finish: Finished, kind: ErrorClass
) -> None:
    """The stream came to its end and the provider bills it: that is known to the nano-dollar."""
    answer, row = ended([UsageReported(USAGE), finish])

    assert (row.cost_nano, row.charged_nano, row.usage_source) == (EXACT, EXACT, "provider")
    assert (row.status, answer.status) == ("error", "error")
    assert answer.error is not None
    assert answer.error.error_class is kind


def test_a_provider_that_counted_nothing_charges_nothing() -> None:
    """Usage 0 is 0."""
    _, row = ended(says("x", usage=Usage(text_input_tokens=0, text_output_tokens=0)))

    assert (row.cost_nano, row.charged_nano) == (0, 0)


def test_the_last_report_of_usage_counts() -> None:
    """Reports are totals; the provider's own cost is kept beside ours."""
    early = UsageReported(Usage(text_input_tokens=10, text_output_tokens=1))
    script: list[Step] = [
        early,
        TextDelta("x"),
        UsageReported(USAGE, cost_nano=77),
        Finished("stop"),
    ]
    _, row = ended(script)

    assert (row.cost_nano, row.provider_cost_nano, row.chunks) == (EXACT, 77, 4)


def test_tries_add_up() -> None:
    """A failed try that cost an unknown amount makes the call's cost unknown; its charge stays."""

    async def main() -> Answer:
        bench = Bench({"a": [[fails()], says("x")]})
        async with bench.caller.open([spec()]) as calls:
            (answer,) = await calls.settle(None, None)
        return answer

    answer = virtual(main())

    assert answer.cost_nano is None
    assert answer.charged_nano == ASKED_TOKENS * 1_000 + EXACT


def test_a_free_try_leaves_the_cost_known() -> None:
    """500, then an answer: one charge."""

    async def main() -> Answer:
        bench = Bench({"a": [[fails(status=500)], says("x")]})
        async with bench.caller.open([spec()]) as calls:
            (answer,) = await calls.settle(None, None)
        return answer

    assert virtual(main()).cost_nano == EXACT


@pytest.mark.parametrize(
    ("script", "kind", "message", "status"),
    [
        ([TextDelta("a")], ErrorClass.BAD_RESPONSE, "without a finish reason", "partial"),
        ([Finished("stop")], ErrorClass.BAD_RESPONSE, "the answer is empty", "error"),
        ([TextDelta(" \n"), Finished("stop")], ErrorClass.BAD_RESPONSE, "is empty", "error"),
        ([ReasoningDelta("a"), Finished("stop")], ErrorClass.BAD_RESPONSE, "is empty", "error"),
        ([ReasoningDelta("a"), Finished("length")], ErrorClass.BAD_RESPONSE, "used up", "error"),
        (
            [TextDelta("a"), Finished("content_filter", "SAFETY")],
            ErrorClass.CONTENT_FILTER,
            "`SAFETY`",
            "partial",
        ),
        ([TextDelta("a"), Finished("error", "oops")], ErrorClass.BAD_RESPONSE, "`oops`", "partial"),
    ],
    ids=["cut", "empty", "blank", "thought-only", "length-only", "filtered", "error"],
)
def test_what_is_not_an_answer_is_a_failure(
    script: Script, kind: ErrorClass, message: str, status: str
) -> None:
    """Each with its class and its words; blank is not text."""
    answer, row = ended(script)

    assert answer.error is not None
    assert (answer.error.error_class, row.status, answer.status) == (kind, status, status)
    assert message in answer.error.message
    assert not answer.ok


@pytest.mark.parametrize(
    "script",
    [
        [TextDelta("a"), Finished("length")],
        [ToolCallDelta(0, "id", "look", '{"q":1}'), Finished("tool_call")],
        [TextDelta("a"), Finished("other")],
    ],
    ids=["truncated", "tool", "other"],
)
def test_what_is_an_answer(script: Script) -> None:
    """A truncated answer is one, and so is a tool call without words."""
    answer, row = ended(script)

    assert (answer.ok, row.status) == (True, "ok")


def test_tool_calls_stand_in_the_row() -> None:
    """As JSON."""
    _, row = ended([ToolCallDelta(0, "id", "look", '{"q":1}'), Finished("tool_call")])

    assert row.tool_calls_json == '[{"id":"id","name":"look","arguments":"{\\"q\\":1}"}]'


def test_length_without_words_is_not_tried_again() -> None:
    """The cap would be used up again; the hint says what to raise."""

    async def main() -> None:
        bench = Bench({"a": [Finished("length")]})
        async with bench.caller.open([spec()]) as calls:
            (answer,) = await calls.settle(None, None)

        assert answer.attempts == 1
        assert answer.error is not None
        assert answer.error.hint == "raise `--max-tokens`"

    virtual(main())


def test_times_are_seconds_from_the_start() -> None:
    """First token and duration of the try, and of the call with its waits."""
    script: list[Step] = [Wait(2.0), TextDelta("a"), Wait(3.0), Finished("stop")]
    answer, row = ended(script)

    assert (row.ttft_s, row.duration_s, answer.ttft_s, answer.duration_s) == (2.0, 5.0, 2.0, 5.0)


def test_an_estimate_bounds_the_cost_before_the_call() -> None:
    """By the user's cap, else the model's, else a usual one; None without a price."""

    def request(cap: int | None, **fields: object) -> CallRequest:
        sampling = Sampling(max_output_tokens=cap)
        return CallRequest(target(**fields), (said("user", "x" * 30),), sampling=sampling)  # type: ignore[arg-type]

    asked = 18 * 1_000
    assert estimate_nano(request(100)) == asked + 100 * 2_000
    assert estimate_nano(request(None, max_output_tokens=200)) == asked + 200 * 2_000
    assert estimate_nano(request(None)) == asked + DEFAULT_OUTPUT_TOKENS * 2_000
    assert estimate_nano(request(None, price=None)) is None


def test_half_a_character_costs_no_answer_and_no_row() -> None:
    """Arguments that are not UTF-8 and broken JSON escapes make lone surrogates."""

    async def main() -> None:
        asked = CallRequest(target(), (said("user", "caf\udce9"),))
        bench = Bench({"a": says("h\ud83d", usage=None)})
        async with bench.caller.open([CallSpec(asked, "answer")]) as calls:
            (answer,) = await calls.settle(None, None)

        bench.check()
        assert answer.status == "ok"
        assert answer.charged_nano is not None

    virtual(main())


def test_a_cut_stream_fills_in_what_the_provider_had_not_yet_said() -> None:
    """Its input is the provider's, its output estimated, and the whole is marked."""
    begun = UsageReported(Usage(text_input_tokens=4_000, cache_read_tokens=50), "partial")
    answer, row = ended([begun, TextDelta("x" * 300), fails()])

    assert row.usage == Usage(text_input_tokens=4_000, cache_read_tokens=50, text_output_tokens=100)
    assert (row.usage_source, answer.usage_source) == ("partial", "partial")


def test_a_count_that_came_before_the_cut_is_kept() -> None:
    """The provider's own count of the output beats an estimate of it."""
    counted = Usage(text_input_tokens=10, text_output_tokens=3)
    _, row = ended([TextDelta("x" * 300), UsageReported(counted, "partial"), fails()])

    assert (row.usage, row.usage_source) == (counted, "partial")


def test_a_complete_answer_with_half_a_count_is_estimated() -> None:
    """What was filled in is told."""
    _, row = ended(says("x" * 300, usage=Usage(text_input_tokens=10)))

    assert row.usage == Usage(text_input_tokens=10, text_output_tokens=100)
    assert row.usage_source == "estimated"


def test_a_count_of_the_middle_stays_partial_to_the_end() -> None:
    """A stream that ends without its last count has the one before it."""
    counted = Usage(text_input_tokens=10, text_output_tokens=3)
    _, row = ended([TextDelta("x"), UsageReported(counted, "partial"), Finished("stop")])

    assert (row.usage, row.usage_source, row.cost_nano) == (counted, "partial", None)


def test_a_known_model_that_was_cut_is_counted_by_its_vocabulary() -> None:
    """With the extra that counts; the charge stays the bound from above."""
    pytest.importorskip("splintr")
    words = "The quick brown fox jumps over the lazy dog. " * 20
    _, row = ended([TextDelta(words), fails()], model="gpt-5")

    assert row.usage is not None
    assert row.usage.output_tokens == 201
    assert row.charged_nano is not None
    assert row.charged_nano > 201 * 2_000


def test_what_is_billed_apart_from_what_was_counted_sets_the_cost() -> None:
    """Cohere bills no instructions of its own; the counts stay what they are."""
    counted = Usage(text_input_tokens=906, text_output_tokens=77)
    report = UsageReported(counted, billed=USAGE)

    _, row = ended([TextDelta("x"), report, Finished("stop")])

    assert (row.usage, row.cost_nano) == (counted, EXACT)


def test_tools_count_towards_the_estimate() -> None:
    """Their own size, and the instructions that providers put before them."""
    bare = CallRequest(target(), (said("user", "x"),))
    tool = {"name": "f", "description": "d" * 300}

    with_tools = replace(bare, tools=(tool,))

    extra = (estimate_nano(with_tools) or 0) - (estimate_nano(bare) or 0)
    assert extra >= (TOOL_PREAMBLE + 100) * 1_000
