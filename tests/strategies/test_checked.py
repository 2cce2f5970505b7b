"""What a schema promises of a run: a valid answer, a clear failure, one repair if asked."""

from typing import Any

import pytest

from tests.support.fakes import Bench, Script, fails, says, target
from tests.support.virtual import virtual
from ultra.core.errors import ErrorClass
from ultra.core.events import CallStarted
from ultra.core.ports import Outcome, Settings
from ultra.core.request import CallRequest, Prompt, said
from ultra.core.stream import Finished, ToolCallDelta
from ultra.strategies.checked import MISMATCH
from ultra.strategies.registry import load_strategy

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"age": {"type": "integer"}},
    "required": ["age"],
}
GOOD, BAD = '{"age":36}', '{"age":"old"}'


def run(
    name: str, *scripts: Script, repair: bool = False, schema: dict[str, Any] | None = SCHEMA
) -> tuple[Outcome, Bench]:
    """A strategy over members `a`, `b`, ... each with its scripts in turn, and writer `s`."""

    async def main() -> tuple[Outcome, Bench]:
        names = [chr(97 + place) for place in range(len(scripts))]
        bench = Bench(dict(zip(names, scripts, strict=True)))
        prompt = Prompt((said("user", "how old?"),), json_schema=schema, repair=repair)
        outcome = await load_strategy(name)(
            prompt, [target(one) for one in names], bench.caller, bench.emit, Settings(seed=7)
        )
        bench.check()
        return outcome, bench

    return virtual(main())


def test_a_valid_answer_is_passed_on_untouched() -> None:
    """No further call is made of it."""
    outcome, bench = run("single", says(GOOD), repair=True)

    assert outcome.answer is not None
    assert (outcome.answer.text, outcome.answer.ok, outcome.reasons) == (GOOD, True, ())
    assert len(bench.provider.requests) == 1


def test_without_a_schema_nothing_is_checked() -> None:
    """Free text stays free."""
    outcome, _ = run("single", says("anything"), schema=None)

    assert outcome.answer is not None
    assert outcome.answer.ok


@pytest.mark.parametrize("name", ["single", "first", "fallback"])
@pytest.mark.parametrize("text", [BAD, "not json", "```json\n" + GOOD + "\n```"])
def test_an_answer_off_the_schema_fails_the_run_and_says_why(name: str, text: str) -> None:
    """The text is kept, the class is `bad_response`, and the next step is named."""
    outcome, bench = run(name, says(text))

    answer = outcome.answer
    assert answer is not None
    assert answer.error is not None
    assert (answer.ok, answer.text, answer.error.code) == (False, text, MISMATCH)
    assert answer.error.error_class is ErrorClass.BAD_RESPONSE
    assert "--repair" in (answer.error.hint or "")
    assert "does not match the schema" in outcome.reasons[-1]
    assert outcome.answers[-1] is answer
    assert len(bench.provider.requests) == 1


def test_a_repair_quotes_what_was_wrong_and_is_its_own_call() -> None:
    """The same model sees its words and the reason, with the schema still asked for."""
    outcome, bench = run("single", [says(BAD), says(GOOD)], repair=True)

    assert outcome.answer is not None
    assert (outcome.answer.text, outcome.answer.ok, outcome.reasons) == (GOOD, True, ())
    first, second = bench.provider.requests
    assert second.messages[: len(first.messages)] == first.messages
    assert [message.role for message in second.messages[-2:]] == ["assistant", "user"]
    assert second.messages[-2].text == BAD
    assert "`$.age`: 'old' is not of type 'integer'" in second.messages[-1].text
    assert second.json_schema == SCHEMA
    assert [body.role for body in bench.sink.bodies(CallStarted)] == ["answer", "answer"]  # type: ignore[union-attr]
    assert len(bench.ledger.admitted) == 2


def test_a_repair_that_is_no_better_fails_the_run() -> None:
    """It is asked once more and never again."""
    outcome, bench = run("single", says(BAD), repair=True)

    assert outcome.answer is not None
    assert outcome.answer.error is not None
    assert outcome.answer.error.code == MISMATCH
    assert "twice" in (outcome.answer.error.hint or "")
    assert len(bench.provider.requests) == 2


def test_a_repair_that_fails_says_both_reasons() -> None:
    """Its own failure speaks, and why it was made is not lost."""
    outcome, _ = run("single", [says(BAD), [fails(ErrorClass.AUTH)]], repair=True)

    assert outcome.answer is not None
    assert outcome.answer.error is not None
    assert outcome.answer.error.error_class is ErrorClass.AUTH
    assert "does not match the schema" in " ".join(outcome.reasons)


def test_a_failed_answer_keeps_its_own_failure() -> None:
    """What never came is not held to a schema."""
    outcome, _ = run("single", [fails(ErrorClass.AUTH)], repair=True)

    assert outcome.answer is not None
    assert outcome.answer.error is not None
    assert outcome.answer.error.error_class is ErrorClass.AUTH


def test_a_tool_call_is_not_held_to_the_schema() -> None:
    """The model asks for something before it answers."""
    outcome, _ = run("single", [ToolCallDelta(0, "1", "f", "{}"), Finished("tool_call")])

    assert outcome.answer is not None
    assert outcome.answer.ok


def test_compare_marks_the_members_that_are_off_the_schema() -> None:
    """Each is judged by itself, and the run is degraded in the open."""
    outcome, bench = run("all", says(GOOD), says(BAD), repair=True)

    assert [answer.ok for answer in outcome.answers] == [True, False]
    assert outcome.degraded
    assert outcome.reasons == ("lab:model-b failed (schema)",)
    assert len(bench.provider.requests) == 2


def fused(written: str, repaired: str) -> tuple[Outcome, Bench]:
    """Two members who say 36 and 1, a writer, and its repair."""

    def writes(request: CallRequest, _number: int) -> Script:
        if request.messages[-2:][0].role == "assistant":
            return says(repaired)
        told = request.messages[0].role == "system"
        return says(written) if told else says(GOOD)

    async def main() -> tuple[Outcome, Bench]:
        bench = Bench({"a": says(GOOD), "b": says('{"age":1}'), "s": writes})
        prompt = Prompt((said("user", "how old?"),), json_schema=SCHEMA, repair=True)
        outcome = await load_strategy("fusion")(
            prompt,
            [target("a"), target("b")],
            bench.caller,
            bench.emit,
            Settings(seed=7, synthesizer=target("s")),
        )
        bench.check()
        return outcome, bench

    return virtual(main())


def test_the_fused_answer_is_repaired_by_its_writer() -> None:
    """Members' answers are material; what the writer wrote is what counts."""
    outcome, bench = fused(BAD, GOOD)

    assert outcome.answer is not None
    assert (outcome.answer.text, outcome.answer.name) == (GOOD, "s")
    assert bench.provider.to("s")[-1].messages[0].role == "user"


@pytest.mark.parametrize(
    ("written", "repaired", "told"),
    [
        ('{"age":"77"}', GOOD, ()),
        ('{"age":"77"}', '{"age":77}', ("77",)),
        ('{"age":"36"}', '{"age":88}', ("88",)),
        ('{"age":"77"}', '{"age":88}', ("88",)),
    ],
    ids=["gone", "kept", "new", "another"],
)
def test_what_stands_nowhere_is_told_of_the_repaired_answer(
    written: str, repaired: str, told: tuple[str, ...]
) -> None:
    """It is the one that is given; what the repair threw out is no longer told."""
    outcome, _ = fused(written, repaired)

    assert outcome.answer is not None
    assert outcome.answer.text == repaired
    assert (outcome.verdict.unsupported_tokens if outcome.verdict else ()) == told
