"""What was spent by window, how fast and where that leads."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.budgets import CENT, Process, attempt_of, run_of
from ultra.core.costs import CostReport
from ultra.core.scope import Scope
from ultra.core.totals import Filter, Tag
from ultra.runtime.cost import Wanted, costs
from ultra.runtime.runtime import Runtime

BERLIN = "Europe/Berlin"
HOUR = 3_600.0


class Still:
    """A clock that stands where it is put."""

    def __init__(self, at: float) -> None:
        self.at = at

    def time(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


def berlin(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).timestamp()


class Place:
    """A home with a log, looked at when its clock says so."""

    def __init__(self, folder: Path) -> None:
        self._number = 0
        self.clock = Still(berlin("2026-10-25T12:00"))
        (folder / "data").mkdir()
        self._environ = {"ULTRA_HOME": str(folder), "HOME": str(folder)}
        self._folder = folder
        self.process = Process(folder / "data" / "ultra.db", self.clock.time)

    def call(self, at: str, nano: int | None = CENT, **fields: Any) -> None:
        """One call that cost so much, at that time in Berlin."""
        self._number += 1
        provider, ended = fields.pop("provider", "lab"), fields.pop("ended", {})
        run = run_of(f"run{self._number:09}", **fields)
        attempt = attempt_of(run, at=berlin(at), provider=provider)
        self.process.admit(attempt, run)
        self.process.close(attempt, nano, **ended)
        self.process.end(run)

    def report(self, period: Any = None, *, by: Any = (), **asked: Any) -> CostReport:
        runtime = Runtime(None, environ=self._environ, cwd=self._folder, warn=lambda text: None)
        runtime.clock = self.clock  # type: ignore[assignment]
        return costs(runtime, Wanted(period, by, Scope(timezone=BERLIN, **asked)))

    def spent(self, period: Any = None, **asked: Any) -> dict[str, int]:
        found = self.report(period, **asked)
        return {window.window: window.spent.known_nano for window in found.windows}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_days_turn_at_midnight_there_when_clocks_change(place: Place) -> None:
    """The day of 25 hours has all of its calls and no other's."""
    for at in ("2026-10-24T23:59", "2026-10-25T00:00", "2026-10-25T02:30", "2026-10-25T11:59"):
        place.call(at)

    assert place.spent("day") == {"2026-10-24": CENT, "2026-10-25": 3 * CENT}


def test_a_rate_of_the_long_day_is_by_its_own_hours(place: Place) -> None:
    """By noon 13 hours have passed, and 12 are left."""
    place.call("2026-10-25T01:00", 13 * CENT)

    (today,) = place.report("day").windows

    assert today.pace is not None
    assert round(today.pace.nano_per_s * HOUR) == CENT
    assert today.pace.forecast_nano == 25 * CENT


def test_the_overview_is_today_this_week_and_this_month(place: Place) -> None:
    """A week may begin in the month before."""
    place.clock.at = berlin("2026-10-02T12:00")  # a Friday
    for at in ("2026-09-27T12:00", "2026-09-28T12:00", "2026-10-01T12:00", "2026-10-02T11:00"):
        place.call(at)

    assert place.spent() == {
        "2026-10-02": CENT,
        "2026-09-28": 3 * CENT,
        "2026-10-01": 2 * CENT,
    }


def test_so_many_whole_windows_are_shown(place: Place) -> None:
    """Seven days with today; `--since` shows others."""
    for day in range(10, 26):
        place.call(f"2026-10-{day}T10:00")

    assert min(place.spent("day")) == "2026-10-19"
    assert min(place.spent("day", since="2026-10-12")) == "2026-10-12"
    assert place.spent("day", since="2026-10-12", until="2026-10-13").keys() == {
        "2026-10-12",
        "2026-10-13",
    }


def test_only_a_whole_window_is_forecast(place: Place) -> None:
    """Of a day of which only a part is asked about nobody knows the rate."""
    place.call("2026-10-25T11:00")

    (part,) = place.report("day", since="3h").windows

    assert part.spent.known_nano == CENT
    assert part.pace is None


def test_unknown_prices_are_named_and_never_taken_for_nothing(place: Place) -> None:
    """The sum is from below."""
    place.call("2026-10-25T10:00")
    place.call("2026-10-25T10:00", None)

    report = place.report("day")

    assert report.windows[0].spent.cost_nano is None
    assert report.unpriced == (("lab:m-1", 1),)
    assert report.priced_on


def test_parts_are_told_apart_by_whatever_one_likes(place: Place) -> None:
    """Dearest first; what has no such tag stands for itself."""
    place.call("2026-10-25T10:00", CENT, provider="lab", tags={"team": "red"})
    place.call("2026-10-25T10:00", 3 * CENT, provider="other", cost_center="x")

    def parts(**asked: Any) -> list[tuple[tuple[str, ...], int]]:
        (window,) = place.report("day", **asked).windows
        return [(part.key, part.spent.known_nano) for part in window.parts]

    assert parts(by=("provider",)) == [(("other",), 3 * CENT), (("lab",), CENT)]
    assert parts(by=(Tag("team"),)) == [(("",), 3 * CENT), (("red",), CENT)]
    assert parts(by=("provider",), filter=Filter(cost_center=("x",))) == [(("other",), 3 * CENT)]


def test_simulated_calls_are_in_none_of_it(place: Place) -> None:
    """Not as calls, not as money."""
    place.call("2026-10-25T10:00")
    place.process.connection.execute("UPDATE call_totals SET simulated = 1")

    (today,) = place.report("day").windows

    assert (today.spent.calls, today.spent.known_nano) == (0, 0)


def test_a_budget_says_when_it_is_used_up(place: Place) -> None:
    """At the rate of its own window; one that lasts says nothing of the kind."""
    place.process.limit(20 * CENT, "all", "day", "soft", zone=BERLIN)
    place.process.limit(1_000 * CENT, "all", "month", "soft", zone=BERLIN)
    place.call("2026-10-25T01:00", 13 * CENT)

    day, month = place.report().budgets

    assert day.exhausted_at == pytest.approx(berlin("2026-10-25T19:00"))
    assert month.exhausted_at is None


def test_without_a_log_nothing_was_spent(tmp_path: Path) -> None:
    """And the report says so without making one."""
    runtime = Runtime(
        None, environ={"ULTRA_HOME": str(tmp_path)}, cwd=tmp_path, warn=lambda text: None
    )

    report = costs(runtime, Wanted("month"))

    assert [window.spent.calls for window in report.windows] == [0]
    assert not (tmp_path / "data").exists()
