"""Budgets against a model in Python: any order of calls, deaths, clocks and limits."""

import tempfile
from datetime import UTC
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from tests.support.budgets import NOON, Process, attempt_of, run_of
from ultra.core.ledger import Admitted, AttemptRecord, RunRecord
from ultra.core.windows import begins, window_at
from ultra.store.check import check
from ultra.store.dead import release_dead
from ultra.store.owner import myself, to_text

DEAD = to_text(replace(myself(), boot="an earlier one"))
SCOPES = (("all", "day"), ("provider:lab", "week"), ("profile:home", "month"))


class Row:
    """What the model knows of one attempt."""

    def __init__(self, attempt: AttemptRecord, run: RunRecord, place: int, amount: int) -> None:
        self.attempt, self.run, self.place, self.amount = attempt, run, place, amount
        self.charged = amount
        self.state = "held"
        self.windows: list[tuple[str, str, str]] = []


class BudgetMachine(RuleBasedStateMachine):
    """Three processes that live and die, one file, one clock that may lie."""

    @initialize()
    def begin(self) -> None:
        self.home = tempfile.TemporaryDirectory()
        self.now = NOON
        path = Path(self.home.name) / "ultra.db"
        self.processes = [Process(path, lambda: self.now) for _ in range(3)]
        self.limits: dict[tuple[str, str], int] = {}
        self.counters: dict[tuple[str, str, str], list[int]] = {}
        self.rows: list[Row] = []
        self.calls = 0

    def teardown(self) -> None:
        for process in self.processes:
            process.connection.close()
        self.home.cleanup()

    @rule(which=st.sampled_from(SCOPES), nano=st.integers(0, 3_000))
    def limit(self, which: tuple[str, str], nano: int) -> None:
        """The user sets a hard limit, perhaps in the middle of its window."""
        self.processes[0].limit(nano, *which)
        self.limits[which] = nano

    @rule(
        place=st.integers(0, 2),
        provider=st.sampled_from(["lab", "other"]),
        cost=st.integers(1, 1_000),
    )
    def admit(self, place: int, provider: str, cost: int) -> None:
        """An attempt goes exactly if it fits into every window that bounds it."""
        self.calls += 1
        run = run_of(f"run{self.calls:09}")
        attempt = attempt_of(run, cost=cost, at=self.now, provider=provider)
        row = Row(attempt, run, place, cost)
        bounding = [
            which for which in self.limits if which[0] != "provider:lab" or provider == "lab"
        ]
        row.windows = [self._current(which) for which in bounding]
        fits = all(sum(self.counters[key]) + cost <= self.limits[key[:2]] for key in row.windows)

        outcome = self.processes[place].admit(attempt, run)

        assert isinstance(outcome, Admitted) == fits
        if fits:
            for key in row.windows:
                self.counters[key][1] += cost
            self.rows.append(row)

    @precondition(lambda self: any(row.state == "held" for row in self.rows))
    @rule(data=st.data(), share=st.integers(0, 150))
    def close(self, data: st.DataObject, share: int) -> None:
        """An attempt ends at what it came to, which may exceed what was set aside."""
        row = self._pick(data, "held")
        self._settle(row, row.amount * share // 100)

    @precondition(lambda self: any(row.state == "settled" for row in self.rows))
    @rule(data=st.data())
    def close_again(self, data: st.DataObject) -> None:
        """A second close has no effect on any budget."""
        row = self._pick(data, "settled")
        self.processes[row.place].close(row.attempt, row.charged)

    @rule(place=st.integers(0, 2))
    def die(self, place: int) -> None:
        """A process is killed; the next sweep takes what it held for uncertain."""
        connection = self.processes[0].connection
        for row in self.rows:
            if row.place == place and row.state == "held":
                row.state = "uncertain"
                for key in row.windows:
                    self.counters[key][1] -= row.amount
                    self.counters[key][2] += row.amount
                connection.execute(
                    "UPDATE reservation SET owner = ? WHERE attempt_id = ?",
                    (DEAD, row.attempt.attempt_id),
                )
        connection.execute("BEGIN IMMEDIATE")
        release_dead(connection, self.now)
        connection.execute("COMMIT")

    @precondition(lambda self: any(row.state == "uncertain" for row in self.rows))
    @rule(data=st.data())
    def close_too_late(self, data: st.DataObject) -> None:
        """What was swept is not settled any more by whoever comes back."""
        row = self._pick(data, "uncertain")
        self.processes[row.place].close(row.attempt, row.charged)

    @rule(seconds=st.sampled_from([60.0, 3_600.0, 86_400.0, 7 * 86_400.0, -3_600.0, -86_400.0]))
    def tick(self, seconds: float) -> None:
        """Time passes, or jumps back."""
        self.now += seconds

    @invariant()
    def the_counters_are_those_of_the_model(self) -> None:
        """Spent, reserved and uncertain in every window that was ever opened."""
        if not hasattr(self, "processes"):
            return
        found = self.processes[0].connection.execute(
            "SELECT scope, period, window_id, spent_nano, reserved_nano, uncertain_nano FROM budget"
        )
        assert {tuple(row[:3]): list(row[3:]) for row in found} == self.counters

    @invariant()
    def everything_adds_up(self) -> None:
        """The checker of `ultra doctor` finds nothing."""
        if hasattr(self, "processes"):
            assert check(self.processes[0].connection, self.now) == []

    def _current(self, which: tuple[str, str]) -> tuple[str, str, str]:
        """The window that money goes to: the calendar's, but never one before the latest."""
        wanted = window_at(which[1], self.now, UTC)
        latest = max((key[2] for key in self.counters if key[:2] == which), default="")
        if latest >= wanted:
            return (*which, latest)
        begin = begins(wanted, UTC)
        before = sum(
            row.charged
            for row in self.rows
            if row.attempt.started_at >= begin
            and (which[0] != "provider:lab" or row.attempt.target.endpoint.provider == "lab")
        )
        self.counters[*which, wanted] = [before, 0, 0]
        return (*which, wanted)

    def _settle(self, row: Row, charged: int) -> None:
        self.processes[row.place].close(row.attempt, charged)
        row.state, row.charged = "settled", charged
        for key in row.windows:
            self.counters[key][0] += charged
            self.counters[key][1] -= row.amount

    def _pick(self, data: st.DataObject, state: str) -> Row:
        rows = [row for row in self.rows if row.state == state]
        chosen: int = data.draw(st.sampled_from(range(len(rows))))
        return rows[chosen]


TestBudgets = BudgetMachine.TestCase
TestBudgets.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
