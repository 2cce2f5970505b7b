"""A stream is stopped at what was set aside for it, and an honest answer never is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes import PRICE, Bench, RecordingLedger, Script, Step, Wait, says, spec
from tests.support.virtual import virtual
from ultra.core.answer import Answer
from ultra.core.errors import ErrorClass
from ultra.core.ledger import Admitted, AttemptResult
from ultra.core.stream import Finished, ReasoningDelta, TextDelta, UsageReported
from ultra.core.usage import Usage
from ultra.engine.accounting import bound_of
from ultra.engine.reserve import CUT

BOUND = bound_of(spec().request)
assert BOUND is not None
TOKEN_NANO = PRICE.output.nano_per_mtok // 1_000_000


def reserved(
    script: Script, tokens: int, *, noted: bool = True
) -> tuple[Answer, AttemptResult, Bench]:
    """A call for which so many tokens of output were set aside."""
    assert BOUND is not None
    nano = BOUND.nano(tokens)

    async def main() -> tuple[Answer, AttemptResult, Bench]:
        terms = Admitted(output_tokens=tokens, reserve_nano=nano if noted else None)
        bench = Bench({"a": script}, ledger=RecordingLedger(refusals=[terms]))
        async with bench.caller.open([spec()]) as calls:
            (answer,) = await calls.settle(None, None)
        bench.check()
        return answer, bench.ledger.results[0], bench

    return virtual(main())


def test_a_stream_beyond_its_reserve_is_stopped_and_is_an_answer_cut_short() -> None:
    """What came is kept and flagged, the user is told, the upstream is closed at once."""
    words: list[Step] = [TextDelta("word ") for _ in range(100)]
    answer, row, bench = reserved([*words, Wait()], 20)

    assert (answer.status, answer.ok, answer.truncated) == ("ok", True, True)
    assert answer.text == "word " * 21
    assert (row.finish_reason, row.native_finish_reason) == ("length", CUT)
    assert bench.provider.open == 0
    (note,) = bench.warnings
    assert note.startswith("`lab:model-a` was cut at the $")


def test_what_is_charged_is_at_most_one_piece_beyond_the_reserve() -> None:
    """Its true cost is not known: nobody counted it."""
    assert BOUND is not None
    words: list[Step] = [TextDelta("word ") for _ in range(100)]
    _, row, _ = reserved([*words, Wait()], 20)

    assert row.cost_nano is None
    assert row.usage_source == "partial"
    assert row.charged_nano == BOUND.nano(21)


def test_an_answer_that_uses_up_its_cap_is_not_cut() -> None:
    """The provider kept the cap; its own end and count hold."""
    usage = Usage(text_input_tokens=10, text_output_tokens=20)
    script = [*(TextDelta("word ") for _ in range(20)), Finished("length"), UsageReported(usage)]
    answer, row, bench = reserved(script, 20)

    assert (answer.text, answer.truncated, bench.warnings) == ("word " * 20, True, [])
    assert (row.usage_source, row.native_finish_reason) == ("provider", "")


@settings(max_examples=100, deadline=None)
@given(
    tokens=st.lists(
        st.sampled_from([" the", "ing", " understanding", "。", "дел", "\n    ", "a", "है", "😀"]),
        min_size=1,
        max_size=60,
    ),
    batch=st.integers(1, 10),
)
def test_no_answer_within_its_tokens_is_cut(tokens: list[str], batch: int) -> None:
    """However many tokens a piece holds, in whatever language."""
    pieces = ["".join(tokens[at : at + batch]) for at in range(0, len(tokens), batch)]
    # A long word may be one token; on average none is longer than six characters.
    allowed = max(len(tokens), len("".join(tokens)) // 6)
    answer, _, bench = reserved(says(*pieces, usage=None), allowed)

    assert (answer.finish_reason, bench.warnings) == ("stop", [])


def test_a_count_of_the_providers_own_is_believed() -> None:
    """Where usage comes with the pieces, tokens that nobody sees are paid for as well."""
    script = [
        TextDelta("a"),
        UsageReported(Usage(text_input_tokens=10, reasoning_tokens=30)),
        TextDelta("b"),
        TextDelta("c"),
        Wait(),
    ]
    answer, _, _ = reserved(script, 20)

    assert (answer.text, answer.finish_reason) == ("ab", "length")


def test_a_count_at_the_end_cuts_nothing() -> None:
    """The stream is over; what it cost is known and settled as it is."""
    usage = Usage(text_input_tokens=10, text_output_tokens=500)
    answer, row, _ = reserved([TextDelta("a"), UsageReported(usage), Finished("stop")], 20)

    assert answer.finish_reason == "stop"
    assert row.cost_nano == 10 * 1_000 + 500 * TOKEN_NANO


def test_thought_that_uses_up_the_reserve_is_a_budget_that_is_used_up() -> None:
    """There is no answer, and raising `--max-tokens` would not help."""
    thought: list[Step] = [ReasoningDelta("hmm ") for _ in range(100)]
    answer, row, _ = reserved([*thought, Wait()], 20)

    assert answer.error is not None
    assert (answer.status, answer.error.error_class) == ("error", ErrorClass.BUDGET)
    assert row.charged_nano is not None


@pytest.mark.parametrize("noted", [True, False])
def test_only_a_reserve_is_held_to(*, noted: bool) -> None:
    """Without one a stream runs on."""
    answer, _, _ = reserved(says(*["word "] * 100), 20, noted=noted)

    assert answer.finish_reason == ("length" if noted else "stop")
