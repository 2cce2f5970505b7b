"""What many prompts come to for each model: accuracy with its interval, wins, times, cost."""

from array import array
from bisect import insort
from collections.abc import Sequence
from math import ceil, fsum
from typing import TYPE_CHECKING

from ultra.core.batch import Cell, Latencies, ModelFigures, RowResult
from ultra.core.errors import UsageError

if TYPE_CHECKING:
    from ultra.evaluation.statistics import Interval

Who = tuple[str, str]
"""A model by its name and its `provider:model`."""


class Scoreboard:
    """Folds results row by row; what it keeps of a row is a few numbers."""

    def __init__(self, models: Sequence[Who]) -> None:
        self._columns = {who: _Column(who) for who in models}
        self.better = [[0] * len(models) for _ in models]
        self.rows = 0

    def take(self, result: RowResult) -> None:
        """Take in one row."""
        self.rows += 1
        cells: dict[Who, list[Cell]] = {}
        for cell in result.cells:
            cells.setdefault((cell.name, cell.model), []).append(cell)
        marks = []
        for who, column in self._columns.items():
            own = cells.get(who, [])
            column.take(own)
            marks.append(_mark(own))
        self._compare(marks)

    def _compare(self, marks: Sequence[float | None]) -> None:
        """Count who did better than whom, and who alone did best; nobody against one without."""
        known = [mark for mark in marks if mark is not None]
        columns = list(self._columns.values())
        for i, mine in enumerate(marks):
            if mine is None or len(known) < 2:
                continue
            columns[i].compared += 1
            columns[i].wins += mine == max(known) and known.count(mine) == 1
            for j, other in enumerate(marks):
                self.better[i][j] += other is not None and mine > other

    def figures(self, *, hurried: bool = False) -> tuple[list[ModelFigures], str]:
        """The figures of every model, and why accuracy has no interval; empty where it has.

        Who is `hurried` gets none rather than wait for scipy.
        """
        columns = list(self._columns.values())
        if hurried or not any(column.checked for column in columns):
            why = "no intervals: interrupted" if hurried else ""
            return [column.figures(None) for column in columns], why
        try:
            # scipy takes a second to import, which only who checks answers has a use for.
            from ultra.evaluation.statistics import mean_interval, wilson  # noqa: PLC0415
        except UsageError as error:
            return [column.figures(None) for column in columns], (
                f"no intervals without scipy: {error.hint}"
            )
        found = []
        for column in columns:
            interval: Interval | None = None
            if column.single and column.checked:
                interval = wilson(column.passed, column.checked)
            elif column.checked:
                interval = mean_interval(column.shares)
            found.append(column.figures(interval))
        return found, ""

    def latencies(self) -> list[Latencies]:
        """The times of every model's whole answers."""
        return [Latencies(one.who[0], tuple(one.seconds)) for one in self._columns.values()]


class _Column:
    """One model. `single` says that no prompt was put to it more than once."""

    def __init__(self, who: Who) -> None:
        self.who = who
        self.asked = self.errors = self.passed = self.checked = 0
        self.wins = self.compared = 0
        self.known_nano = self.unpriced = 0
        self.input_tokens = self.output_tokens = self.cached = 0
        self.seconds = array("d")
        self.shares = array("d")
        self.single = True

    def take(self, cells: Sequence[Cell]) -> None:
        """Take in what it said to one prompt."""
        self.single = self.single and len(cells) < 2
        for cell in cells:
            self._count(cell)
        met = [cell.met for cell in cells if cell.ok and cell.met is not None]
        if met:
            self.passed += sum(met)
            self.checked += len(met)
            self.shares.append(sum(met) / len(met))

    def _count(self, cell: Cell) -> None:
        self.asked += 1
        self.errors += not cell.ok
        self.known_nano += cell.cost_nano or 0
        self.unpriced += cell.cost_nano is None
        self.input_tokens += cell.input_tokens or 0
        self.output_tokens += cell.output_tokens or 0
        self.cached += cell.cached
        if cell.ok and not cell.cached and cell.duration_s is not None:
            insort(self.seconds, max(0.0, cell.duration_s - cell.wait_s))

    def figures(self, interval: "Interval | None") -> ModelFigures:
        """What it all comes to."""
        return ModelFigures(
            *self.who,
            asked=self.asked,
            errors=self.errors,
            passed=self.passed,
            checked=self.checked,
            accuracy=fsum(self.shares) / len(self.shares) if self.shares else None,
            low=max(0.0, interval.low) if interval else None,
            high=min(1.0, interval.high) if interval else None,
            wins=self.wins,
            compared=self.compared,
            cost_nano=None if self.unpriced else self.known_nano,
            known_nano=self.known_nano,
            unpriced=self.unpriced,
            p50_s=_percentile(self.seconds, 0.50),
            p95_s=_percentile(self.seconds, 0.95),
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cached=self.cached,
        )


def _mark(cells: Sequence[Cell]) -> float | None:
    """How good a model's answers to one prompt are: by judges, else by what was expected."""
    for marks in (
        [cell.score for cell in cells if cell.ok and cell.score is not None],
        [float(cell.met) for cell in cells if cell.ok and cell.met is not None],
    ):
        if marks:
            return fsum(marks) / len(marks)
    return None


def _percentile(ascending: Sequence[float], share: float) -> float | None:
    """The nearest rank: a time that was measured. Source: ISO 3534-1, order statistics."""
    if not ascending:
        return None
    return ascending[max(0, ceil(share * len(ascending)) - 1)]
