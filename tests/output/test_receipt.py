"""The one line at the end of a run."""

import pytest

from tests.support.runs import Script
from ultra.core.answer import Answer
from ultra.core.events import CallFinished
from ultra.output.receipt import Receipt, ReceiptSink
from ultra.output.width import cell_width


def line(script: Script, width: int | None = None) -> str:
    receipt = Receipt()
    for event in script.events:
        receipt.take(event)
    return receipt.line(width)


def three(**more: object) -> Script:
    script = Script().begin("a", "b", "c", **more)  # type: ignore[arg-type]
    for number in (1, 2, 3):
        script.call(number, "member", name="abc"[number - 1], index=number - 1).finish(number)
    return script


def test_it_says_who_how_long_how_much_and_which_run() -> None:
    """Tokens are those of all calls together."""
    assert line(three().end()) == (
        "3 members · 2.1 s · $0.0123 · 1,218 tokens in, 603 out · run ab12cd34"
    )


def test_one_member_is_named() -> None:
    """A single model goes by its own name."""
    assert line(Script().begin("fast").call(1).finish(1).end()).startswith("fast · 2.1 s")


def test_simulated_and_degraded_are_said() -> None:
    """Nobody mistakes a made-up or a lessened answer for a whole one."""
    script = three(simulated=True).conclude(1, degraded=True, reasons=("lost c", "late")).end()

    assert line(script).endswith("run ab12cd34 · simulated · degraded: lost c; late")


def test_a_degraded_run_without_an_answer_still_says_so() -> None:
    """The end of the run is believed when there was no conclusion."""
    assert line(three().end(degraded=True)).endswith(" · degraded")


@pytest.mark.parametrize(
    ("cost", "known", "said"),
    [(None, 0, "cost unknown"), (None, 5_000_000, "at least $0.005"), (0, 0, "$0")],
    ids=["unknown", "lower-bound", "free"],
)
def test_unknown_cost_is_never_zero(cost: int | None, known: int, said: str) -> None:
    """A part that is unknown makes the sum a lower bound."""
    assert f" · {said} · " in line(three().end(cost_nano=cost, known_nano=known))


def test_usage_that_nobody_reported_is_said() -> None:
    """Missing tokens are a lower bound, or unknown when none is known."""
    mute = Script().begin("a").call(1)
    mute.say(CallFinished(Answer("c", "a", "openai", "gpt", "ok", attempts=1)), mute.id(1))
    some = three()
    some.say(CallFinished(Answer("c", "a", "openai", "gpt", "ok", attempts=1)), some.id(1))

    assert "tokens unknown" in line(mute.end())
    assert "≥1,218 tokens in, ≥603 out" in line(some.end())


@pytest.mark.parametrize("width", [8, 20, 40, 80, 200], ids=str)
def test_it_fits_one_line_of_any_terminal(width: int) -> None:
    """What matters least is left out first; that it was simulated is never left out."""
    script = three(simulated=True).conclude(1, degraded=True, reasons=("x" * 300,)).end()

    said = line(script, width)

    assert cell_width(said) <= width
    assert said.startswith("simulat") or "simulated" in said


def test_twenty_columns_keep_cost_and_run() -> None:
    """The two things that are looked up later."""
    assert line(three().end(), 20) == "$0.0123 · ab12cd34"


def test_an_empty_run_says_what_little_it_knows() -> None:
    """A run that ended before any call has no tokens to tell."""
    assert line(Script().begin("a").end(cost_nano=0)) == "2.1 s · $0 · run ab12cd34"
    assert Receipt().line() == ""


async def test_the_sink_tells_once_at_the_end() -> None:
    """Nothing is told before the run has finished."""
    told: list[str] = []
    sink = ReceiptSink(told.append, width=None)
    for event in three().end().events:
        sink.on_event(event)
        await sink.drained(event.call)
    sink.close()

    assert len(told) == 1
