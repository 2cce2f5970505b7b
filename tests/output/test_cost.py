"""The report of costs as people read it."""

from datetime import UTC, datetime

import pytest

from tests.output.test_tables import piped
from tests.support.terminal import Terminal
from ultra.core.budget import Limit
from ultra.core.costs import BudgetPace, CostReport, CostWindow, Spent
from ultra.core.forecast import pace
from ultra.core.gauges import Gauge
from ultra.core.usage import Usage
from ultra.output.cost import render_cost
from ultra.output.figures import calls

DOLLAR = 1_000_000_000
DAY = 86_400.0

BEGINS = datetime(2026, 11, 16, tzinfo=UTC).timestamp()
NOW = BEGINS + DAY / 2


def report(zone: str = "UTC", budget_zone: str = "") -> CostReport:
    """Half a Monday: of a dollar and a half two thirds are gone, and a call has no price."""
    spent = Spent(9, 0, DOLLAR, 1, DOLLAR, 0, Usage(6_000, 3_000))
    windows = tuple(
        CostWindow(
            period, name, BEGINS, BEGINS + days * DAY, spent,
            pace=pace(period, DOLLAR, BEGINS, BEGINS + days * DAY, NOW),
        )
        for period, name, days in (("day", "2026-11-16", 1), ("week", "2026-11-16", 7))
    )  # fmt: skip
    limit = Limit("all", "day", 3 * DOLLAR // 2, "soft", budget_zone)
    gauge = Gauge(limit, "store", "2026-11-16", BEGINS, BEGINS + DAY, DOLLAR)
    paced = BudgetPace(gauge, pace("day", DOLLAR, BEGINS, BEGINS + DAY, NOW))
    unpriced = (("lab:m-1", 1),)
    return CostReport(NOW, zone, BEGINS, None, (), windows, (paced,), unpriced, "2026-11-01")


@pytest.mark.parametrize("budget_zone", ["UTC", "Pacific/Auckland"])
def test_when_a_budget_is_used_up_is_told_as_the_reader_has_it(budget_zone: str) -> None:
    """Wherever the days of the budget begin."""
    said = render_cost(report("Asia/Tokyo", budget_zone), streams=piped())

    assert "used up 2026-11-17 03:00" in said


def test_how_fast_is_told_on_eighty_columns() -> None:
    """Rates are what is asked for, also where sums are known from below."""
    with Terminal(80) as terminal:
        said = render_cost(report(), streams=terminal.streams())

    assert "$0.0833/h" in said
    assert "at least $2.00" in said


def test_one_call_is_no_calls() -> None:
    """Thousands are told apart."""
    assert [calls(number) for number in (0, 1, 2, 1_000)] == [
        "0 calls",
        "1 call",
        "2 calls",
        "1,000 calls",
    ]
