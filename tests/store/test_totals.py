"""What calls came to: by anything, exactly, in any zone's days."""

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.totals import filled, opened
from ultra.core.errors import StoreError
from ultra.core.totals import Filter, Group, Span, Tag, Totals, dimensions_of
from ultra.core.usage import Usage
from ultra.store.database import Place, open_database
from ultra.store.schema import MIGRATIONS
from ultra.store.totals import sums, totals

BERLIN = "Europe/Berlin"


def at(text: str, zone: str = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def asked(
    path: Path, by: Sequence[str] = (), span: Span | None = None, **chosen: Any
) -> list[Group]:
    with opened(path) as connection:
        return totals(connection, span or Span(), Filter(**chosen), dimensions_of(by) if by else ())


def calls(groups: Sequence[Group]) -> dict[tuple[str, ...], int]:
    return {group.key: group.totals.calls for group in groups}


def test_one_group_has_all_there_is_to_tell(tmp_path: Path) -> None:
    """How calls ended, tokens by kind, money with what is not known of it, and the cache."""
    path = filled(
        tmp_path / "log.db",
        {"ttft_s": 1.0, "duration_s": 4.0, "attempts": 2},
        {"cached": 1, "known_nano": 0, "saved_nano": 700, "attempts": 0, "duration_s": 0.1},
        {"cached": 1, "known_nano": 0, "attempts": 0},
        {"status": "error", "error_class": "timeout", "duration_s": 60.0, "unpriced": 2},
        {"status": "partial", "error_class": "server", "reasoning_tokens": 4},
        {"status": "error", "error_class": None, "text_input_tokens": None, "attempts": 0},
        {"status": "partial", "error_class": None, "text_input_tokens": None},
        {"status": "cancelled", "error_class": "cancelled", "text_input_tokens": None},
    )

    (group,) = asked(path)

    told = group.totals
    assert (told.calls, told.answered, told.cached, told.cancelled) == (8, 3, 2, 2)
    assert told.errors == {"server": 1, "timeout": 1, "unknown": 1}
    assert (told.failed, told.attempts) == (3, 6)
    assert told.usage == Usage(text_input_tokens=50, text_output_tokens=248, reasoning_tokens=4)
    assert (told.known_nano, told.unpriced, told.cost_nano) == (6_000_000, 1, None)
    assert (told.saved_nano, told.unsaved) == (700, 1)
    assert told.tokens_per_s == pytest.approx(30 / 3.0)
    assert told.duration_s is not None
    assert (told.duration_s.calls, told.duration_s.max) == (1, 4.0)


def test_percentiles_are_times_that_were_measured(tmp_path: Path) -> None:
    """By nearest rank: of a hundred, the fiftieth, the 95th and the 99th."""
    rows = [{"duration_s": float(n), "ttft_s": n / 100} for n in range(1, 101)]
    path = filled(tmp_path / "log.db", *reversed(rows))

    (group,) = asked(path)

    whole, first = group.totals.duration_s, group.totals.ttft_s
    assert whole is not None
    assert first is not None
    assert (whole.avg, whole.min, whole.max) == (50.5, 1.0, 100.0)
    assert (whole.p50, whole.p95, whole.p99) == (50.0, 95.0, 99.0)
    assert (first.p50, first.p99) == (0.5, 0.99)


def test_what_was_simulated_never_stands_with_what_was_not(tmp_path: Path) -> None:
    """Whatever calls are told apart by, and last."""
    path = filled(tmp_path / "log.db", {"simulated": 1}, {"simulated": 1}, {})

    for by in ([], ["model"], ["day"]):
        assert [(one.simulated, one.totals.calls) for one in asked(path, by)] == [
            (False, 1),
            (True, 2),
        ]


def test_calls_are_told_apart_by_anything_at_once(tmp_path: Path) -> None:
    """Traits, tags and a window; of whom there are most come first where no window is asked for."""
    path = filled(
        tmp_path / "log.db",
        {"run_id": "r1", "cost_center": "ops", "route": "good"},
        {"run_id": "r2", "provider": "other"},
        {"run_id": "r2", "provider": "other"},
        tags={"r1": {"job": "nightly"}, "r2": {"task": "sql"}},
    )

    assert calls(asked(path, ["model", "tag:job"])) == {
        ("other:m-1", ""): 2,
        ("lab:m-1", "nightly"): 1,
    }
    assert [one.key for one in asked(path, ["provider"])] == [("other",), ("lab",)]
    assert calls(asked(path, ["tag:job,tag:task"])) == {("", "sql"): 2, ("nightly", ""): 1}
    assert calls(asked(path, ["cost-center", "route", "verb", "role", "strategy"])) == {
        ("", "", "ask", "answer", "single"): 2,
        ("ops", "good", "ask", "answer", "single"): 1,
    }
    assert calls(asked(path, ["name", "profile", "environment", "month"])) == {
        ("fast", "default", "development", "2026-09-01"): 3
    }


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"model": ("fast",)}, 1 + 2),
        ({"model": ("lab:m-1",)}, 1),
        ({"model": ("m-1", "m-2")}, 1 + 2 + 4),
        ({"model": ("other",)}, 2 + 4),
        ({"provider": ("lab",)}, 1),
        ({"cost_center": ("ops", "dev")}, 2 + 4),
        ({"environment": ("production",), "verb": ("compare",)}, 4),
        ({"route": ("good",)}, 4),
        ({"name": ("slow",), "role": ("judge",), "strategy": ("vote",)}, 4),
        ({"profile": ("work",), "provider": ("lab",)}, 0),
        ({"tags": {"job": "x"}}, 1 + 2),
        ({"tags": {"job": "x", "task": "y"}}, 2),
        ({"tags": {"job": "nobody's"}}, 0),
        ({"simulated": True}, 4),
        ({"simulated": False, "provider": ("other",)}, 2),
    ],
)
def test_filters_choose_calls(tmp_path: Path, chosen: dict[str, Any], found: int) -> None:
    """Any of the values of one trait, all traits, all tags. The cost says which calls they are."""
    path = filled(
        tmp_path / "log.db",
        {"run_id": "a", "known_nano": 1},
        {"run_id": "b", "known_nano": 2, "provider": "other", "cost_center": "ops"},
        {
            "run_id": "c",
            "known_nano": 4,
            "provider": "other",
            "model": "m-2",
            "name": "slow",
            "simulated": 1,
            "cost_center": "dev",
            "environment": "production",
            "verb": "compare",
            "route": "good",
            "role": "judge",
            "strategy": "vote",
            "profile": "work",
        },
        tags={"a": {"job": "x"}, "b": {"job": "x", "task": "y"}, "c": {}},
    )

    assert sum(one.totals.known_nano for one in asked(path, **chosen)) == found


def test_a_span_ends_just_before_its_end(tmp_path: Path) -> None:
    """Two spans that meet count every call once."""
    path = filled(tmp_path / "log.db", *({"started_at": float(at)} for at in (10, 20, 30)))

    assert [
        sum(one.totals.calls for one in asked(path, span=span))
        for span in (Span(10.0, 20.0), Span(20.0, None), Span(0.0, 10.0))
    ] == [1, 2, 0]


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-02", 24)]
)
def test_a_day_has_as_many_hours_as_its_clocks_say(tmp_path: Path, day: str, hours: int) -> None:
    """A call in each half hour of the day, of the one before and of the one after."""
    begin = at(f"{day}T00:00")
    halves = [{"started_at": begin + half * 1800.0 + 7.0} for half in range(-48, hours * 2 + 48)]
    path = filled(tmp_path / "log.db", *halves)

    by_day = calls(asked(path, ["day"], Span(0.0, None, BERLIN)))
    whole = Span(begin, begin + hours * 3600.0, BERLIN)
    by_hour = calls(asked(path, ["hour"], whole))

    assert by_day[(day,)] == hours * 2
    assert len(by_day) == 3
    assert len(by_hour) == hours
    assert set(by_hour.values()) == {2}


def test_the_hour_that_comes_twice_is_two(tmp_path: Path) -> None:
    """Told by their offsets, in the order in which they came."""
    path = filled(
        tmp_path / "log.db",
        {"started_at": at("2026-10-25T02:30", fold=1)},
        {"started_at": at("2026-10-25T02:30", fold=0)},
    )

    found = asked(path, ["hour"], Span(0.0, None, BERLIN))

    assert [one.key[0] for one in found] == ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]


@pytest.mark.parametrize(
    ("zone", "day", "week", "month"),
    [
        ("UTC", "2026-02-28", "2026-02-23", "2026-02-01"),
        ("Asia/Kolkata", "2026-03-01", "2026-02-23", "2026-03-01"),
        ("Pacific/Kiritimati", "2026-03-01", "2026-02-23", "2026-03-01"),
        ("America/St_Johns", "2026-02-28", "2026-02-23", "2026-02-01"),
    ],
)
def test_one_moment_lies_in_the_windows_of_its_zone(
    tmp_path: Path, zone: str, day: str, week: str, month: str
) -> None:
    """Half past ten in the evening of a month's last day in Greenwich."""
    path = filled(tmp_path / "log.db", {"started_at": at("2026-02-28T22:30", "UTC")})

    span = Span(0.0, None, zone)

    assert [asked(path, [period], span)[0].key[0] for period in ("day", "week", "month")] == [
        day,
        week,
        month,
    ]


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "started_at": st.integers(1_790_000_000, 1_790_400_000).map(float),
            "model": st.sampled_from(["a", "b"]),
            "status": st.sampled_from(["ok", "ok", "error"]),
            "cached": st.sampled_from([0, 0, 1]),
            "duration_s": st.floats(0.1, 90.0),
            "known_nano": st.integers(0, 10**9),
        }
    ),
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_totals_are_what_the_rows_add_up_to(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    """By model and day there, against the same in Python; and without times the same again."""
    path = filled(tmp_path_factory.mktemp("log") / "log.db", *rows)
    expected: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        moment = datetime.fromtimestamp(row["started_at"], ZoneInfo(BERLIN))
        expected[(f"lab:{row['model']}", moment.date().isoformat())].append(row)

    span = Span(0.0, None, BERLIN)
    found = {one.key: one.totals for one in asked(path, ["model", "day"], span)}
    with opened(path) as connection:
        quick = {one.key: one.totals for one in sums(connection, span, by=("model", "day"))}

    assert found.keys() == expected.keys() == quick.keys()
    for key, own in expected.items():
        _same(found[key], own)
        assert (quick[key].calls, quick[key].duration_s) == (len(own), None)


def _same(told: Totals, rows: Sequence[dict[str, Any]]) -> None:
    times = sorted(row["duration_s"] for row in rows if row["status"] == "ok" and not row["cached"])
    assert told.calls == len(rows)
    assert told.known_nano == sum(row["known_nano"] for row in rows)
    assert told.failed == sum(row["status"] == "error" for row in rows)
    assert (told.duration_s is None) == (not times)
    if told.duration_s is not None:
        assert told.duration_s.p95 == times[math.ceil(0.95 * len(times)) - 1]
        assert told.duration_s.avg == pytest.approx(sum(times) / len(times))


def test_an_empty_log_has_no_groups(tmp_path: Path) -> None:
    """Whatever they would be told apart by."""
    path = filled(tmp_path / "log.db")

    assert [asked(path, by) for by in ([], ["model"], ["hour"], ["tag:job"])] == [[], [], [], []]


def test_a_log_of_an_older_ultra_says_how_it_gets_totals(tmp_path: Path) -> None:
    """It has no such rows until the next run."""
    path = tmp_path / "log.db"
    open_database(Place(path, steps=MIGRATIONS[:7]), 0.0).connection.close()

    with opened(path) as connection, pytest.raises(StoreError, match="of an older ultra"):
        totals(connection, Span(), by=(Tag("job"),))
