"""What a shell prompt is told of the log."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.budgets import CENT, NOON, Process, attempt_of, run_of
from ultra.core.budget import Limit
from ultra.core.glance import Glance
from ultra.core.windows import begins, window_at
from ultra.store.glance import glance

DAY = 86_400.0


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "ultra.db"


@pytest.fixture
def process(log: Path) -> Process:
    return Process(log, lambda: NOON)


def seen(log: Path, now: float = NOON) -> Glance:
    found = glance(log, now)
    assert found is not None
    return found


def spend(process: Process, nano: int | None = CENT, **fields: Any) -> None:
    run = run_of(**fields)
    attempt = attempt_of(run, at=NOON)
    process.admit(attempt, run)
    process.close(attempt, nano)
    process.end(run)


def test_without_a_log_there_is_nothing_to_see(log: Path) -> None:
    """And none is made."""
    assert glance(log, NOON) is None
    assert not log.exists()


def test_today_is_what_was_spent_since_midnight_here(process: Process, log: Path) -> None:
    """A second before the next midnight it counts, at it no more."""
    spend(process)
    tomorrow = begins(window_at("day", NOON + DAY, None), None)

    assert seen(log, tomorrow - 1).spent_nano == CENT
    assert seen(log, tomorrow).spent_nano == 0


def test_an_unknown_price_is_told_apart(process: Process, log: Path) -> None:
    """It is never taken for nothing."""
    spend(process, None)

    assert (seen(log).spent_nano, seen(log).unpriced) == (0, 1)


def test_simulated_calls_cost_nothing(process: Process, log: Path) -> None:
    """Whatever they were charged."""
    process.connection.execute("DROP TRIGGER attempt_corrected")
    spend(process)
    process.connection.execute("UPDATE call_totals SET simulated = 1")

    assert seen(log).spent_nano == 0


def test_the_budget_that_has_least_is_told(process: Process, log: Path) -> None:
    """Of the store's and of the profile that ran, each in its own window."""
    process.limit(10 * CENT, "all", "month")
    spend(process, limits=(Limit("profile:home", "day", 3 * CENT, "soft"),))

    assert (seen(log).left_nano, seen(log).limit_nano) == (2 * CENT, 3 * CENT)
    assert seen(log, NOON + DAY).left_nano == 9 * CENT


def test_a_limit_that_its_profile_took_back_is_forgotten(process: Process, log: Path) -> None:
    """The next run of the profile says so."""
    spend(process, limits=(Limit("profile:home", "day", 3 * CENT, "soft"),))
    spend(process, run_id="run000000002")

    assert seen(log).left_nano is None


def test_a_budget_of_another_zone_ends_there(process: Process, log: Path) -> None:
    """At noon UTC it is tomorrow already in Kiritimati (+14)."""
    process.limit(10 * CENT, zone="Pacific/Kiritimati")
    spend(process)

    assert seen(log, NOON).left_nano == 9 * CENT
    assert seen(log, NOON + 23 * 3600).left_nano == 10 * CENT


def breaker(process: Process, provider: str, kind: str, state: str, until: float) -> None:
    process.connection.execute(
        "INSERT INTO breaker (k, kind, provider, base_url, state, open_until, updated)"
        " VALUES (?, ?, ?, 'http://lab', ?, ?, 0)",
        (provider, kind, provider, state, until),
    )


def test_red_are_those_that_no_call_is_let_through_to(process: Process, log: Path) -> None:
    """An opening whose time is over lets the next call try."""
    breaker(process, "down", "endpoint", "open", NOON + 10)
    breaker(process, "forced", "endpoint", "forced_open", 0)
    breaker(process, "over", "endpoint", "open", NOON - 1)
    breaker(process, "fine", "endpoint", "closed", 0)
    breaker(process, "refused", "credential", "open", NOON + 10)

    assert (seen(log).down, seen(log).refused) == (["down", "forced"], ["refused"])
