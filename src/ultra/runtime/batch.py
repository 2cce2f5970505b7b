"""Many prompts to the same models: a run in the log for each, several under way at once."""

import asyncio
from collections.abc import Callable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from ultra.core.batch import ROW_TAG, Cell, PromptRow, RowResult
from ultra.core.budget import plan_nano
from ultra.core.cost import usd
from ultra.core.errors import ErrorClass, UsageError
from ultra.core.model import models_of
from ultra.core.records import CallDocument, RunDocument
from ultra.engine.slot import Everywhere, places_at
from ultra.runtime.action import Action
from ultra.runtime.batch_cells import cells_of, members_of, restored, row_result, told_again
from ultra.runtime.batch_job import AT_ONCE, Job
from ultra.runtime.execute import Services, execute
from ultra.runtime.loop import Interrupt
from ultra.runtime.spending import check_affordable, planned_calls
from ultra.runtime.spool import Spool

RETRIES = 2
"""What of a bound a prompt may use up, in times its estimate: a try that failed may cost too."""

_HOPELESS = frozenset({ErrorClass.AUTH, ErrorClass.CONFIG})
"""Failures that every prompt would meet alike: when nobody answers for these, no more are asked."""


class Tally(Struct):
    """What a batch has come to so far: rows with a result, and money over all of its runs.

    `losses` counts answers that did not come, by model, class and reason.
    """

    done: int = 0
    spent_nano: int = 0
    known_nano: int = 0
    unpriced: int = 0
    helpers_nano: int = 0
    simulated: bool = False
    disagreed: int = 0
    answered: int = 0
    losses: dict[tuple[str, str, str], int] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """How many answers did not come."""
        return sum(self.losses.values())

    def pay(self, document: RunDocument, cells: Sequence[Cell]) -> None:
        """Count what a run cost, and what of it went to others than those who answer."""
        self.spent_nano += sum(call.charged_nano or 0 for call in document.calls if not call.parent)
        self.known_nano += document.known_nano
        self.unpriced += document.unpriced
        own = sum(cell.cost_nano or 0 for cell in cells)
        self.helpers_nano += max(0, document.known_nano - own)
        self.simulated = self.simulated or document.simulated


Told = Callable[[Tally], None]
"""Hears of every row that is done."""


class Runner:
    """Carries a job out, results going to `spool`.

    `tally` is where it stands, `stopped` why the rest was not asked; `told` hears of every row.
    """

    def __init__(self, job: Job, spool: Spool) -> None:
        self._job = job
        self.spool = spool
        self.told: Told = lambda _: None
        self._rows = {row.number: row for row in job.file.rows}
        self._left: dict[int, dict[tuple[str, str], Cell]] = {}
        self._said: dict[int, dict[int, CallDocument]] = {}
        self._held: dict[int, int] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self.tally = Tally()
        self.stopped = ""
        self.out_of_budget = False

    @property
    def todo(self) -> list[PromptRow]:
        """The rows without a result, in the order of the file."""
        return [row for row in self._job.file.rows if row.number not in self.spool]

    def recall(self, document: RunDocument) -> None:
        """Take in a run of this batch that was made before; call it with the oldest first."""
        row = self._rows[int(document.tags[ROW_TAG])]
        cells = cells_of(document, self._job.expectations(row))
        self.tally.pay(document, cells)
        checked = bool(self._job.expectations(row))
        good = [cell for cell in cells if cell.ok and (cell.met is not None or not checked)]
        if self._job.whole:
            self._keep(row, document)
            if len(good) == len(self._job.members) and document.status == "ok":
                self._done(row_result(row, document, self._whole(row, document)))
            return
        kept = self._left.setdefault(row.number, {})
        kept.update({(cell.name, cell.model): cell for cell in good})
        if len(kept) == len(self._job.members):
            self._done(row_result(row, document, self._merged(row, ())))

    def action(self, row: PromptRow) -> Action:
        """The run that asks a row of everybody whose answer is missing.

        Of a row that stands or falls as one, answers on record serve, to be judged with the rest.
        """
        if self._job.whole:
            said = self._said.get(row.number, {})
            recalled = {place: told_again(call) for place, call in said.items()}
            return replace(self._job.action(row), recalled=recalled)
        have = self._left.get(row.number, {})
        missing = [one for one in self._job.members if (one.name, str(one.ref)) not in have]
        return self._job.action(row, missing)

    async def run(self, services: Services, interrupt: Interrupt) -> None:
        """Ask every row that has no result; stopping keeps what is whole.

        Raises what a fault of ultra's own raises, once the other rows have ended.
        """
        try:
            for row in self.todo:
                action = await self._turn(row, services.everywhere)
                if action is None:
                    break
                work = self._ask(row, action, services, interrupt)
                self._under_way.add(asyncio.create_task(work))
            while self._under_way:
                await self._one_ends()
        except BaseException as error:
            await _see_off(self._under_way)
            task = asyncio.current_task()
            stopped = isinstance(error, asyncio.CancelledError) and interrupt.cause is not None
            if task is None or not stopped:
                raise
            task.uncancel()

    async def _turn(self, row: PromptRow, everywhere: Everywhere) -> Action | None:
        """The run that asks a row, once it is its turn; None when no more are to be asked."""
        action = self.action(row)
        while len(self._under_way) >= min(room(action, everywhere), self._job.at_once):
            await self._one_ends()
        bound = self._bound(action)
        while bound is None:
            await self._one_ends()
            bound = self._bound(action)
        return None if self.stopped else self._affordable(row, action, bound)

    async def _one_ends(self) -> None:
        """Wait until a run has ended. Raises what one raised."""
        done, self._under_way = await asyncio.wait(
            self._under_way, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            task.result()

    def _bound(self, action: Action) -> int | None:
        """What a row may cost at most so that all keep to `--max-cost`; None to wait for others.

        Without a bound for the batch it is 0, which bounds nothing.
        """
        most = self._job.base.max_cost_nano
        if most is None:
            return 0
        left = most - self.tally.spent_nano - sum(self._held.values())
        wanted = RETRIES * sum(plan_nano(planned_calls(action), 2**31).values())
        if wanted <= left:
            return wanted
        return None if self._held else max(left, 0)

    def _affordable(self, row: PromptRow, action: Action, bound: int) -> Action | None:
        """The run within its bound; None when nothing is left for it, which ends the batch."""
        if self._job.base.max_cost_nano is None:
            return action
        action = replace(action, max_cost_nano=bound)
        try:
            check_affordable(action)
        except UsageError:
            self.stop(
                f"what is left of `--max-cost` ({usd(bound)}) does not pay for another prompt"
            )
            self.out_of_budget = True
            return None
        self._held[row.number] = bound
        return action

    async def _ask(
        self, row: PromptRow, action: Action, services: Services, interrupt: Interrupt
    ) -> None:
        try:
            result = await execute(action, (), services, interrupt)
        finally:
            self._held.pop(row.number, None)
        document = result.document
        cells = cells_of(document, action.selection.method.expect)
        self.tally.pay(document, cells)
        errors = [answer.error for answer in result.outcome.answers if answer.error]
        if interrupt.cause is not None and not all(cell.ok for cell in cells):
            return  # what is whole of it is in the log, and is not asked for again
        budget = [error for error in errors if error.error_class is ErrorClass.BUDGET]
        if budget:
            self.out_of_budget = True
            self.stop(budget[0].message)
            return
        if len(errors) == len(cells) and all(one.error_class in _HOPELESS for one in errors):
            self.stop(errors[0].message)
        whole = self._whole(row, document) if self._job.whole else self._merged(row, cells)
        self._done(row_result(row, document, whole))

    def stop(self, why: str) -> None:
        """Ask no more rows; those that are under way come to their end."""
        self.stopped = self.stopped or why

    def _keep(self, row: PromptRow, document: RunDocument) -> None:
        """Remember the whole answers of a run whose words are there, as they were paid for."""
        said = self._said.setdefault(row.number, {})
        for place, call in members_of(document):
            fresh = not call.cached or place not in said
            if call.status == "ok" and call.text is not None and fresh:
                said[place] = call

    def _whole(self, row: PromptRow, document: RunDocument) -> tuple[Cell, ...]:
        """The answers of a run, those that served again as they were paid for."""
        said = self._said.get(row.number, {})
        return cells_of(restored(document, said), self._job.expectations(row))

    def _merged(self, row: PromptRow, cells: Sequence[Cell]) -> tuple[Cell, ...]:
        """What was there with what came, in the order asked for."""
        have = self._left.pop(row.number, {})
        if not have:
            return tuple(cells)
        every = have | {(cell.name, cell.model): cell for cell in cells}
        keys = [(one.name, str(one.ref)) for one in self._job.members]
        return tuple(every[key] for key in keys if key in every)

    def _done(self, result: RowResult) -> None:
        self.spool.add(result)
        self.tally.done += 1
        for cell in result.cells:
            self.tally.answered += cell.ok
            if not cell.ok:
                loss = (cell.model, cell.error_class, cell.error)
                self.tally.losses[loss] = self.tally.losses.get(loss, 0) + 1
        agree = self._job.agree
        if agree is not None and (result.agreement is None or result.agreement < agree - 1e-9):
            self.tally.disagreed += 1
        self.told(self.tally)
        if result.row.number in self.spool:
            self._said.pop(result.row.number, None)


def room(action: Action, everywhere: Everywhere) -> int:
    """How many runs like one may be under way: what fills the widest endpoint, so that it may grow.

    A run waits for its slowest call, so that a narrow endpoint must not starve a wide one; but
    where the profile sets a limit, no more than twice as many wait there, whose time runs.
    """
    calls: dict[tuple[str, str], int] = {}
    endpoints = {}
    for target in models_of(action.selection.members):
        endpoint = target.endpoint
        if not endpoint.simulated:
            key = (endpoint.provider, endpoint.base_url)
            calls[key] = calls.get(key, 0) + 1
            endpoints[key] = endpoint
    if not calls:
        return AT_ONCE
    wide = max(
        -(-places_at(endpoint, everywhere).limit // calls[key])
        for key, endpoint in endpoints.items()
    )
    narrow = [
        -(-2 * endpoint.concurrency // calls[key])
        for key, endpoint in endpoints.items()
        if endpoint.concurrency is not None
    ]
    return max(1, min(wide, AT_ONCE, *narrow))


async def _see_off(tasks: set[asyncio.Task[None]]) -> None:
    """Cancel runs and wait until each has completed its record."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
