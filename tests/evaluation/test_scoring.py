"""What many prompts come to: accuracy, wins, times."""

from collections.abc import Sequence

import pytest

from ultra.core.batch import Cell, PromptRow, RowResult
from ultra.evaluation.scoring import Scoreboard
from ultra.evaluation.statistics import mean_interval, wilson

A, B, C = ("a", "lab:a"), ("b", "lab:b"), ("c", "lab:c")


def said(who: tuple[str, str], met: bool | None = None, **more: object) -> Cell:
    usual: dict[str, object] = {
        "sample": 0, "call_id": "r-1", "status": "ok", "text": "x", "met": met,
        "duration_s": 1.0, "cost_nano": 5, "input_tokens": 2, "output_tokens": 3,
    }  # fmt: skip
    return Cell(*who, **(usual | more))  # type: ignore[arg-type]


def board(*results: Sequence[Cell], models: Sequence[tuple[str, str]] = (A, B)) -> Scoreboard:
    made = Scoreboard(models)
    for number, cells in enumerate(results, start=1):
        made.take(RowResult(PromptRow(number, number, "?"), "r", tuple(cells)))
    return made


def test_accuracy_is_of_whole_answers_with_wilsons_interval() -> None:
    """A call that failed is an error and no wrong answer."""
    lost = said(A, None, status="error", text="")
    (one, _), why = board([said(A, True)], [said(A, False)], [said(A, True)], [lost]).figures()

    found = wilson(2, 3)
    assert (one.asked, one.errors, one.passed, one.checked, why) == (4, 1, 2, 3, "")
    assert (one.accuracy, one.low, one.high) == pytest.approx((2 / 3, found.low, found.high))


def test_samples_of_a_prompt_are_averaged_before_the_interval() -> None:
    """Two prompts, one always right and one half the time: an interval over two, not over four."""
    rows = [[said(A, True), said(A, True)], [said(A, True), said(A, False)]]
    (one, _), _ = board(*rows).figures()

    found = mean_interval([1.0, 0.5])
    assert found is not None
    assert one.accuracy == 0.75
    assert (one.low, one.high) == (max(0.0, found.low), min(1.0, found.high))


def test_a_win_is_being_alone_at_the_top() -> None:
    """By judges where there are some, else by expectations; ties and one answer alone are none."""
    made = board(
        [said(A, True), said(B, False), said(C, False)],
        [said(A, True), said(B, True), said(C, False)],
        [said(A, True)],
        [said(A, False, score=0.9), said(B, True, score=0.2), said(C, score=0.5)],
        models=(A, B, C),
    )

    figures, _ = made.figures()
    assert [one.wins for one in figures] == [2, 0, 0]
    assert [one.compared for one in figures] == [3, 3, 3]
    assert made.better == [[0, 2, 3], [0, 0, 1], [0, 1, 0]]


def test_times_are_those_of_whole_answers_that_were_asked_for() -> None:
    """Without the wait for a place; what the cache served and what failed say nothing."""
    cells = [said(A, duration_s=float(n), wait_s=0.5) for n in range(1, 101)]
    others = [said(A, duration_s=900.0, cached=True), said(A, duration_s=900.0, status="error")]
    made = board(*[[cell] for cell in (*cells, *others)])

    (one, none), _ = made.figures()
    assert (one.p50_s, one.p95_s, one.cached) == (49.5, 94.5, 1)
    assert (none.p50_s, none.accuracy, none.cost_nano) == (None, None, 0)
    assert len(made.latencies()[0].seconds) == 100


def test_a_cost_that_is_not_known_is_not_zero() -> None:
    (one, _), _ = board([said(A)], [said(A, cost_nano=None)]).figures()

    assert (one.cost_nano, one.known_nano, one.unpriced) == (None, 5, 1)
