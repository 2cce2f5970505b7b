"""Carries an A/B experiment out: asks what is missing, and no more once the verdict stands."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.batch import ROW_TAG, Cell, RowResult
from ultra.core.errors import TRY_LATER, ErrorClass, UsageError
from ultra.core.experiments import TAG, Experiment, Metric, Pair, Report, Side
from ultra.core.model import models_of
from ultra.core.tags import Marks
from ultra.core.text import one_line
from ultra.evaluation.experiments import Evidence, may_heal, report, settled
from ultra.runtime.action import Action, Interruption
from ultra.runtime.batch import Runner, Tally
from ultra.runtime.batches import run_batch
from ultra.runtime.experiments import ARMS, Trial
from ultra.runtime.runtime import Runtime
from ultra.runtime.spool import Spool
from ultra.store.experiments import at

_AGAIN = TRY_LATER | {
    ErrorClass.AUTH,
    ErrorClass.BUDGET,
    ErrorClass.CANCELLED,
    ErrorClass.CONFIG,
    ErrorClass.DEADLINE,
    ErrorClass.QUOTA,
}
"""Why an answer may be missing that is there once it is asked for again, or the user saw to it."""

_LONGEST = 200
_NANO = 1e9

Watch = Callable[[int, Tally], None]
"""Hears of every pair how many there are, and what was spent."""


class Carried(Struct, frozen=True):
    """What came of carrying an experiment out. `stopped` says why not all of it was asked.

    `classes` are the kinds of failures that there were, by how often.
    """

    report: Report
    stopped: str = ""
    out_of_budget: bool = False
    interrupted: Interruption | None = None
    classes: tuple[str, ...] = ()


class Book(Spool):
    """Pairs as they come; one that is on record and whole, or never will be, is in it."""

    def __init__(self, pairs: dict[int, Pair]) -> None:
        super().__init__()
        self._pairs = pairs
        self.last: RowResult | None = None

    def add(self, result: RowResult) -> None:
        """Keep a pair."""
        super().add(result)
        self.last = result

    def __contains__(self, number: int) -> bool:
        pair = self._pairs.get(number)
        return pair is not None and not may_heal(pair)


class Work:
    """An experiment under way."""

    def __init__(self, runtime: Runtime, experiment: Experiment, trial: Trial) -> None:
        self._runtime = runtime
        self._experiment = experiment
        self._trial = trial
        self._store = at(runtime.paths.database)
        self._pairs = {one.place: one for one in self._store.pairs(experiment.name)}
        self._book = Book(self._pairs)
        self._runner = Runner(trial.job, self._book)
        self._runner.told = self._told
        self._judging_nano = 0
        self._evidence = Evidence(experiment.registration)
        for pair in self._pairs.values():
            if pair.place in self._book:
                self._evidence.take(pair)
        judges = models_of(trial.job.base.selection.method.judges)
        self._priced = all(judge.price is not None for judge in judges)
        self.watch: Watch = lambda done, tally: None

    @property
    def done(self) -> int:
        """How many pairs are on record."""
        return len(self._pairs)

    def left(self) -> list[Action]:
        """The runs that are yet to be made."""
        if settled(self._experiment, list(self._pairs.values())):
            return []
        return [self._runner.action(row) for row in self._runner.todo]

    def report(self) -> Report:
        """What the pairs on record say."""
        return report(self._experiment, list(self._pairs.values()))

    def recall(self) -> None:
        """Take in what earlier runs left of pairs that did not come to their end.

        Raises `UsageError` while another process carries the experiment out.
        """
        log, name = self._runtime.log, self._experiment.name
        runs = log.runs(limit=0, marks=Marks(tags={TAG: name}))
        if any(run.status == "running" for run in runs):
            raise UsageError(
                f"experiment `{name}` is under way in another process; nothing was sent",
                hint=f"`ultra ab show {name}` tells how far it is",
            )
        for run in reversed(runs):
            document = log.run(run.run_id)
            if int(document.tags[ROW_TAG]) not in self._book:
                self._runner.recall(document)

    def carry_out(self) -> Carried:
        """Ask every pair that is left, each in a run of its own."""
        interrupted = None
        if self.left():
            interrupted = run_batch(self._runtime, self._trial.job, self._runner)
        found, runner = self.report(), self._runner
        classes = [kind for _, kind, _ in runner.tally.losses]
        return Carried(
            found,
            runner.stopped if found.stage != "done" else "",
            runner.out_of_budget,
            interrupted,
            tuple(dict.fromkeys(classes)),
        )

    def _told(self, tally: Tally) -> None:
        """Put a pair on record, and stop where the evidence is enough."""
        result = self._book.last
        if result is None:
            return
        place = result.row.number
        judging = tally.helpers_nano - self._judging_nano if self._priced else None
        self._judging_nano = tally.helpers_nano
        metric = self._experiment.registration.design.metric
        pair = replace(
            pair_of(result, metric, self._trial.ballots),
            row=self._trial.rows[place - 1],
            judging_nano=judging,
        )
        if not self._runtime.keeps_words(keep_text=True):  # a provider's may quote the prompt
            pair = replace(pair, a=_wordless(pair.a), b=_wordless(pair.b))
        self._pairs[place] = pair
        self._store.keep(self._experiment.name, pair, self._runtime.clock.time())
        self.watch(self.done, tally)
        self._evidence.take(pair)
        if self._experiment.registration.design.sequential and self._evidence.enough:
            self._runner.stop("the evidence is enough")


def pair_of(result: RowResult, metric: Metric, ballots: int) -> Pair:
    """What a run came to for both arms. `ballots` is how many were to be cast on each answer."""
    cells = {cell.name: cell for cell in result.cells}
    a, b = (_side(cells.get(arm), metric, ballots) for arm in ARMS)
    return Pair(result.row.number, result.row.number, result.run_id, a, b)


def _wordless(side: Side) -> Side:
    return replace(side, error=side.error.partition(":")[0])


def _side(cell: Cell | None, metric: Metric, ballots: int) -> Side:
    if cell is None:
        return Side(error="it was not asked", again=True)
    side = Side(seconds=cell.duration_s, cost_nano=cell.cost_nano)
    if not cell.ok:
        why = f"{cell.error_class.replace('_', ' ')}: {cell.error}" if cell.error_class else "cut"
        again = not cell.error_class or ErrorClass(cell.error_class) in _AGAIN
        return replace(side, error=one_line(why, _LONGEST), again=again)
    if cell.text is not None and not cell.text.strip():
        return replace(side, error="the answer is empty")
    value = _value(cell, metric, ballots)
    if value is not None:
        return replace(side, value=value)
    if metric == "preference":
        return replace(side, error="ballots are missing", again=True)
    return replace(side, error=f"its {metric} is not known")


def _value(cell: Cell, metric: Metric, ballots: int) -> float | None:
    """What is measured of an answer; None where that is not known.

    A judge is asked in both orders, and one of them alone would favour whoever stood first.
    """
    match metric:
        case "pass":
            return None if cell.met is None else float(cell.met)
        case "preference":
            return cell.score if cell.ballots == ballots else None
        case "latency":
            return None if cell.duration_s is None else max(0.0, cell.duration_s - cell.wait_s)
        case "cost":
            return None if cell.cost_nano is None else cell.cost_nano / _NANO
