"""Alerts in the log: what is measured, and that each crossing is given to one process once."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.budgets import CENT, NOON, Process, attempt_of, run_of
from ultra.core.alerts import Crossing, Rule, position
from ultra.core.budget import Limit
from ultra.core.errors import ErrorClass, Failure
from ultra.core.windows import begins, next_window
from ultra.store.alerts import CLAIM_S, AlertBook

DAY = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def process(tmp_path: Path, clock: Clock) -> Process:
    return Process(tmp_path / "ultra.db", clock)


@pytest.fixture
def book(tmp_path: Path, clock: Clock) -> AlertBook:
    return AlertBook(tmp_path / "ultra.db", clock)


_runs = iter(range(10**9))


def call(process: Process, nano: int = CENT, *, at: float = NOON, **fields: Any) -> None:
    """One call that cost so much; `ended` is how."""
    ended = fields.pop("ended", {})
    provider = fields.pop("provider", "lab")
    run = run_of(f"run{next(_runs):09}", **fields)
    attempt = attempt_of(run, at=at, provider=provider)
    process.admit(attempt, run)
    process.close(attempt, nano, **ended)
    process.end(run)


def failed(process: Process, **fields: Any) -> None:
    failure = Failure(ErrorClass.INVALID_REQUEST, "no")
    call(process, 0, ended={"status": "error", "failure": failure}, **fields)


def spend(over: int = 3 * CENT, **fields: Any) -> Rule:
    return Rule("daily", "spend", float(over), command=("true",), **fields)


def words(found: list[Crossing]) -> list[str]:
    return [one.words for one in found]


def test_what_is_not_crossed_is_claimed_by_nobody(process: Process, book: AlertBook) -> None:
    """And nothing is written for it."""
    call(process, CENT)

    assert book.claim([spend()]) == []
    assert process.connection.execute("SELECT count(*) FROM alerts").fetchone() == (0,)


def test_a_crossing_is_given_away_once(process: Process, book: AlertBook) -> None:
    """Whoever asks next, while it is told or later, is given none."""
    call(process, 3 * CENT)

    (found,) = book.claim([spend()])
    while_it_is_told = book.claim([spend()])
    book.settle(found, told=True)
    call(process, 3 * CENT)

    assert found.words == "$0.0300 was charged this day"
    assert while_it_is_told == []
    assert book.claim([spend()]) == []


def test_a_crossing_that_was_not_told_is_not_lost(process: Process, book: AlertBook) -> None:
    """The next one to look is given it."""
    call(process, 3 * CENT)
    (found,) = book.claim([spend()])

    book.settle(found, told=False)

    assert words(book.claim([spend()])) == [found.words]


def test_a_process_that_died_while_it_told_is_taken_over_from(
    process: Process, book: AlertBook, clock: Clock
) -> None:
    """Once its claim is over."""
    call(process, 3 * CENT)
    book.claim([spend()])

    clock.now += CLAIM_S

    assert len(book.claim([spend()])) == 1


def test_a_new_day_is_a_new_crossing(process: Process, book: AlertBook, clock: Clock) -> None:
    """Even where nobody looked in between."""
    call(process, 3 * CENT)
    (found,) = book.claim([spend()])
    book.settle(found, told=True)

    clock.now += DAY
    call(process, 4 * CENT, at=clock.now)

    assert words(book.claim([spend()])) == ["$0.0400 was charged this day"]


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"], ids=["23 hours", "25 hours"])
def test_a_day_is_counted_from_midnight_to_midnight(
    day: str, process: Process, book: AlertBook, clock: Clock
) -> None:
    """Where the machine's clocks change, too."""
    begin, end = begins(day, None), begins(next_window("day", day), None)
    for moment in (begin - 1.0, begin, end - 1.0):
        call(process, CENT, at=moment)

    clock.now = end - 1.0
    (watched,) = book.watch([spend()])

    assert (end - begin) / 3600 != 24
    assert watched.readings[0].value == 2 * CENT


def test_a_scope_counts_its_own_calls(process: Process, book: AlertBook) -> None:
    """By provider, profile, cost center and tag."""
    call(process, CENT, provider="lab", cost_center="red", tags={"team": "a"})
    call(process, CENT, provider="other")

    scopes = ("all", "provider:lab", "profile:home", "cost_center:red", "tag:team=a", "provider:x")
    values = [book.watch([spend(scope=scope)])[0].readings[0].value for scope in scopes]

    assert values == [2 * CENT, CENT, 2 * CENT, CENT, CENT, 0]


def test_simulated_calls_cross_nothing(process: Process, book: AlertBook) -> None:
    """They cost nothing and say nothing of a provider."""
    call(process, 9 * CENT)
    process.connection.execute("UPDATE call_totals SET simulated = 1")

    assert book.claim([spend()]) == []


def test_each_budget_is_told_by_itself(process: Process, tmp_path: Path, clock: Clock) -> None:
    """Of the store and of the profile, in its own window."""
    process.limit(10 * CENT, "all", "day", "soft")
    process.limit(100 * CENT, "all", "month", "soft")
    own = Limit("profile:home", "day", 5 * CENT, "soft")
    call(process, 8 * CENT, limits=(own,))
    book = AlertBook(tmp_path / "ultra.db", clock, [own])

    found = book.claim([Rule("nearly", "budget", 0.8, command=("true",))])

    assert sorted(words(found)) == [
        "160% of the soft budget of $0.0500 a day for `profile:home` is used",
        "80% of the soft budget of $0.1000 a day for `all` is used",
    ]


def test_a_share_of_errors_needs_enough_calls(process: Process, book: AlertBook) -> None:
    """Two of three are no rate yet; two of four are half."""
    rule = Rule("errors", "errors", 0.5, min_calls=4, command=("true",))
    call(process)
    failed(process)
    failed(process)
    early = book.claim([rule])
    call(process)

    assert early == []
    assert words(book.claim([rule])) == ["2 of 4 calls failed"]


def test_errors_are_armed_again_once_they_are_few(
    process: Process, book: AlertBook, clock: Clock
) -> None:
    """At nine tenths of the threshold nothing happens; below it the next crossing tells again."""
    rule = Rule("errors", "errors", 0.5, min_calls=2, command=("true",))
    for _ in range(5):
        call(process)
        failed(process)
    (found,) = book.claim([rule])
    book.settle(found, told=True)

    call(process)  # 5 of 11: between 45% and 50%
    hovering = book.claim([rule])
    for _ in range(3):
        call(process)  # 5 of 14
    book.claim([rule])
    for _ in range(4):
        failed(process)  # 9 of 18

    assert hovering == []
    assert words(book.claim([rule])) == ["9 of 18 calls failed"]


def test_errors_that_are_long_past_count_no_more(
    process: Process, book: AlertBook, clock: Clock
) -> None:
    """The window ends with now."""
    rule = Rule("errors", "errors", 0.5, min_calls=1, window_s=600.0, command=("true",))
    failed(process)

    clock.now += 601.0

    assert book.claim([rule]) == []


@pytest.mark.parametrize("measure", ["duration", "first_token"])
def test_slow_answers_cross_by_their_95th_percentile(
    process: Process, book: AlertBook, measure: Any
) -> None:
    """Of answers that came whole."""
    rule = Rule("slow", measure, 20.0, min_calls=2, command=("true",))
    for seconds in (1.0, 30.0):
        call(process, ended={"duration_s": seconds, "ttft_s": seconds - 0.5})

    (found,) = book.claim([rule])

    assert found.words.startswith("95% of 2 ")


def test_each_provider_that_goes_down_is_told(
    process: Process, book: AlertBook, clock: Clock
) -> None:
    """A second one while the first is down still, and the first again when it opens anew."""
    rule = Rule("down", "breaker", command=("true",))

    def opened(provider: str) -> None:
        process.connection.execute(
            "INSERT OR REPLACE INTO breaker (k, kind, provider, base_url, state, open_until,"
            " updated) VALUES (?, 'endpoint', ?, 'http://x', 'open', ?, 0)",
            (provider, provider, clock.now + 100),
        )

    told = []
    for step in (("a",), ("b",), ()):
        for provider in step:
            opened(provider)
        for crossing in book.claim([rule]):
            told.append(crossing.subject)
            book.settle(crossing, told=True)
    clock.now += 200
    book.claim([rule])
    opened("a")
    told += [crossing.subject for crossing in book.claim([rule])]

    assert told == ["a endpoint", "b endpoint", "a endpoint"]


@pytest.mark.parametrize(
    ("base_url", "ahead_s"),
    [("", 100.0), ("http://x", 7_000.0)],
    ids=["a simulated provider", "a clock that was set back"],
)
def test_what_stops_no_call_is_told_to_nobody(
    process: Process, book: AlertBook, clock: Clock, base_url: str, ahead_s: float
) -> None:
    """As screens and prompts have it, which say nothing of these."""
    process.connection.execute(
        "INSERT INTO breaker (k, kind, provider, base_url, state, open_until, updated)"
        " VALUES ('x', 'endpoint', 'lab', ?, 'open', ?, 0)",
        (base_url, clock.now + ahead_s),
    )

    assert book.claim([Rule("down", "breaker", command=("true",))]) == []


def test_a_rule_that_is_changed_begins_anew(process: Process, book: AlertBook) -> None:
    """What was told of another condition says nothing of this one."""
    call(process, 5 * CENT)
    (found,) = book.claim([spend()])
    book.settle(found, told=True)

    assert len(book.claim([spend(4 * CENT)])) == 1


def test_without_a_log_nothing_is_measured(tmp_path: Path) -> None:
    """And none is made."""
    book = AlertBook(tmp_path / "none.db", lambda: NOON)

    assert book.claim([spend()]) == []
    assert not (tmp_path / "none.db").exists()


@given(over=st.floats(1e-6, 1e9), share=st.floats(0, 2))
def test_what_is_over_is_never_armed(over: float, share: float) -> None:
    """Between nine tenths and the threshold nothing moves."""
    found = position(share * over, over)

    assert (found == "over") == (share * over >= over)
    assert found != "under" or share * over <= 0.9 * over
