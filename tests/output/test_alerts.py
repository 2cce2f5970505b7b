"""The list of alerts as people read it."""

import pytest

from tests.output.test_tables import piped
from tests.support.terminal import Terminal
from ultra.core.alerts import Reading, Rule, State, Watched, position
from ultra.output.alerts import alerts_document, render_alerts

NOW = 1_000_000.0
RULE = Rule("daily", "spend", over=5e9, webhook="https://hooks.example.com/T0P-SECRET")
SAID = "$5.02 was charged this day"


def seen(*states: State, value: float = 5.02e9) -> Watched:
    reading = Reading("all", value, position(value, RULE.over), SAID, "2026-11-21")
    return Watched(RULE, [reading], list(states))


def crossed(window: str, told_at: float | None) -> State:
    return State("all", window, True, SAID, NOW - 60, told_at, 0.0)


CASES: dict[str, tuple[Watched, str]] = {
    "below": (seen(value=1.0), "armed"),
    "crossed since the last run": (seen(), "not told yet"),
    "told": (seen(crossed("2026-11-21", NOW - 60)), "told 60 s ago"),
    "not told": (seen(crossed("2026-11-21", None)), "not told yet"),
    "told yesterday": (seen(crossed("2026-11-20", NOW - 60), value=1.0), "armed"),
    "told yesterday, crossed today": (seen(crossed("2026-11-20", NOW - 60)), "not told yet"),
    "yesterday's is not told": (seen(crossed("2026-11-20", None), value=1.0), "not told yet"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_state_is_what_the_next_run_makes_of_it(case: str) -> None:
    """Yesterday's crossing is not today's, and one that no run has met is no quiet."""
    watched, said = CASES[case]

    line = render_alerts([watched], NOW, streams=piped()).splitlines()[1]
    (told,) = alerts_document([watched])[0]["readings"]

    assert f"  {said}  " in line
    assert (told["told_at"] is not None) == said.startswith("told")


def test_what_it_measures_is_told_whole_on_eighty_columns() -> None:
    """Who is told and the rule give way first; nothing of a webhook is shown."""
    rule = Rule("errors", "errors", over=0.2, webhook=RULE.webhook)
    failed = Watched(rule, [Reading("all", 0.3, "over", "3 of 10 calls failed")], [])
    with Terminal(80) as terminal:
        said = render_alerts([seen(), failed], NOW, streams=terminal.streams())

    assert SAID in said
    assert "3 of 10 calls failed" in said
    assert "SECRET" not in said


def test_a_breaker_that_closed_before_anybody_was_told_is_still_owed() -> None:
    """The next run tells of it."""
    rule = Rule("down", "breaker", command=("notify",))
    owed = State("lab endpoint", "", True, "the breaker of `lab` is open", NOW - 60, None, 0.0)

    said = render_alerts([Watched(rule, [], [owed])], NOW, streams=piped())

    assert "the breaker of `lab` is open  not told yet" in said
