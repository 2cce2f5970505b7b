"""Logged prompts sent again to another model, and its answers held against the logged ones."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from ultra.core.batch import ROW_TAG, TAG, PromptRow, RowResult
from ultra.core.errors import UsageError
from ultra.core.expect import Expectation
from ultra.core.model import Target, models_of
from ultra.core.moments import span_s
from ultra.core.records import RunDocument
from ultra.core.replay import OF_TAG, REPLAY_VERSION, Case, Found, Logged, ReplayDocument
from ultra.core.request import Prompt
from ultra.core.tags import Marks
from ultra.evaluation.replay import UNREAD, figures, share_of_expectations, share_of_reading
from ultra.runtime.action import Action, Interruption, Selection
from ultra.runtime.batch import Runner
from ultra.runtime.batch_job import Job, settings_of
from ultra.runtime.prompting import Ask, check_fits
from ultra.runtime.prompts_file import PromptsFile
from ultra.runtime.runtime import Runtime
from ultra.store.reading import reading
from ultra.store.replays import Sought, logged
from ultra.strategies.judging import check_windows, own_answer, own_model

if TYPE_CHECKING:
    from ultra.runtime.guarding import Guard

NOBODY = "no judge may see it: one of the answers is of the judge's own model"
UNFIT = "it does not fit, or holds what the model or a judge cannot take"


class Scope(Struct, frozen=True):
    """Which logged prompts: of some runs, or of all since a span ago with the marks.

    `limit` takes the newest, or with `seed` as many drawn by it; None takes all.
    """

    runs: tuple[str, ...] = ()
    since: str | None = None
    marks: Marks = Marks()
    limit: int | None = None
    seed: int | None = None

    @property
    def bounded(self) -> bool:
        """Whether anything was said of which."""
        return bool(
            self.runs or self.since or self.limit or self.marks.tags or self.marks.cost_center
        )


class ReplayJob(Job, frozen=True):
    """A job whose prompts come from the log, each with the answer that it had."""

    logged: dict[int, Logged] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether a row stands or falls as one."""
        return bool(self.base.selection.method.judges)

    def expectations(self, _row: PromptRow) -> tuple[Expectation, ...]:
        """What the answers to a row are held to."""
        return self.base.selection.method.expect

    def action(self, row: PromptRow, _members: Sequence[Target] | None = None) -> Action:
        """The run that asks a row again."""
        one = self.logged[row.number]
        own = {TAG: self.batch, ROW_TAG: str(row.number), OF_TAG: one.answer.call_id}
        prompt = replace(self.base.prompt, messages=one.messages)
        return replace(self.base, prompt=prompt, given=one.answer, tags=self.base.tags | own)


def find(runtime: Runtime, scope: Scope, *, simulated: bool) -> Found:
    """The logged answers that are meant. Raises `UsageError`, also where there is none."""
    runs = tuple(runtime.log.run(prefix).run_id for prefix in scope.runs)
    since = 0.0
    if scope.since is not None:
        since = runtime.clock.time() - span_s("--since", scope.since)
    with reading(runtime.paths.database) as connection:
        sought = Sought(runs, since, scope.marks, simulated=simulated)
        found = logged(connection, sought) if connection else Found((), {})
    if not found.logged:
        raise UsageError(
            f"there is nothing to replay{told_skipped(found.skipped)}",
            hint="`ultra logs -n 0` lists what was asked",
        )
    return found


def told_skipped(skipped: dict[str, int]) -> str:
    """What was left out and why, in words that go on from others; empty for nothing."""
    told = ", ".join(f"{count:,} ({why})" for why, count in sorted(skipped.items()))
    return f": left out {told}" if told else ""


def check_way(selection: Selection) -> None:
    """Raise `UsageError` unless exactly one way says whether an answer is as good."""
    method = selection.method
    ways = [bool(method.judges), bool(method.expect), method.extract is not None]
    if sum(ways) == 1:
        return
    said = "several things say" if any(ways) else "nothing says"
    raise UsageError(
        f"{said} whether an answer is as good as the logged one",
        hint="name a `--judge`, or what answers are held to (`--expect`), or what is read from"
        " both (`--extract number`): one of these",
    )


def job_of(
    base: Action, found: Found, scope: Scope, guard: "Guard"
) -> tuple[ReplayJob, dict[str, int]]:
    """The prompts that are asked, and how many of the log were left out for what.

    Each is looked through for secrets, which the model may not have seen yet: the guard is left to
    be settled. Raises `UsageError` when nothing is left.
    """
    skipped = Counter(found.skipped)
    able = []
    for one in found.logged:
        why = _why_not(one, base.selection)
        skipped.update([why] if why else [])
        able += [] if why else [one]
    if not able:
        hint = "name another judge, or let it with `--allow-self-judge`"
        raise UsageError(
            f"nothing can be replayed{told_skipped(dict(skipped))}",
            hint=hint if skipped[NOBODY] else "`ultra models --json` tells what each takes",
        )
    chosen = _chosen(able, scope)
    items = {
        number: replace(one, messages=guard.turns(one.messages))
        for number, one in enumerate(chosen, start=1)
    }
    rows = tuple(
        PromptRow(number, number, Prompt(one.messages).question, name=one.run_id[:8])
        for number, one in items.items()
    )
    settings = settings_of(base.selection, Ask(""), ())
    job = ReplayJob(
        PromptsFile("the log", "", rows), base, Ask(""), (), f"replay-{settings}", logged=items
    )
    return job, dict(skipped)


def recall(runner: Runner, job: ReplayJob, runtime: Runtime) -> None:
    """Tell the runner of every answer that the same replay had before, the oldest first.

    A prompt goes by the call that it is of, so that a span that has moved on, or a higher limit,
    asks for what is new alone.
    """
    number = {one.answer.call_id: number for number, one in job.logged.items()}
    for run in reversed(runtime.log.runs(limit=0, marks=Marks(tags={TAG: job.batch}))):
        document = runtime.log.run(run.run_id)
        place = number.get(document.tags.get(OF_TAG, ""))
        if place is not None:
            tags = document.tags | {ROW_TAG: str(place)}
            runner.recall(replace(document, tags=tags))


def report(
    runtime: Runtime,
    job: ReplayJob,
    runner: Runner,
    skipped: dict[str, int],
    interrupted: Interruption | None,
) -> ReplayDocument:
    """What all of it comes to."""
    cases = [_case(job, one, runtime) for one in runner.spool]
    told, tally = figures(cases), runner.tally
    costs = [one.cost_nano for one in cases]
    then = [one.logged_nano for one in cases]
    return ReplayDocument(
        REPLAY_VERSION,
        "replay",
        model=str(job.members[0].ref),
        judges=[str(judge.ref) for judge in job.base.selection.method.judges],
        prompts=len(job.file.rows),
        done=len(cases),
        failed=sum(one.text is None for one in cases),
        unjudged=sum(one.text is not None and one.share is None for one in cases),
        judged=told.judged,
        as_good=told.as_good,
        better=told.better,
        low=told.low,
        high=told.high,
        cost_share=told.cost_share,
        costed=told.costed,
        time_share=told.time_share,
        timed=told.timed,
        logged_nano=None if None in then else sum(one or 0 for one in then),
        cost_nano=None if None in costs else sum(one or 0 for one in costs),
        known_nano=tally.known_nano,
        unpriced=tally.unpriced,
        judges_nano=tally.helpers_nano,
        simulated=tally.simulated,
        skipped=skipped,
        cases=cases,
        unmeasured=told.unmeasured,
        stopped=runner.stopped or ("interrupted" if interrupted else ""),
    )


def _why_not(one: Logged, selection: Selection) -> str | None:
    """Why a logged prompt cannot be replayed; None when it can."""
    method, member = selection.method, selection.members[0]
    free = [
        judge
        for judge in method.judges
        if method.self_judging
        or not (own_answer(judge, one.answer, ()) or own_model(judge, member))
    ]
    if method.judges and not free:
        return NOBODY
    prompt = Prompt(one.messages)
    try:
        check_fits(prompt, models_of(selection.members))
        check_windows(prompt, free)
    except UsageError:
        return UNFIT
    return None


def _chosen(able: Sequence[Logged], scope: Scope) -> list[Logged]:
    if scope.limit is None or scope.limit >= len(able):
        return list(able)
    if scope.seed is None:
        return list(able[: scope.limit])
    drawn = random.Random(scope.seed).sample(range(len(able)), scope.limit)  # noqa: S311
    return [able[place] for place in sorted(drawn)]


def _case(job: ReplayJob, result: RowResult, runtime: Runtime) -> Case:
    """One prompt with what was found of its new answer."""
    one = job.logged[result.row.number]
    cell = result.cells[0]
    share, why, remarks = None, cell.error or "no whole answer", tuple[str, ...]()
    if cell.ok:
        share, why, remarks = _weighed(job, one, result, runtime)
    return Case(
        one.run_id,
        result.run_id,
        result.row.prompt,
        f"{one.answer.provider}:{one.answer.model}",
        one.answer.text,
        cell.text if cell.ok else None,
        share,
        why,
        remarks,
        one.cost_nano,
        None if cell.cached else cell.cost_nano,
        one.duration_s,
        None if cell.cached else cell.duration_s,
    )


def _weighed(
    job: ReplayJob, one: Logged, result: RowResult, runtime: Runtime
) -> tuple[float | None, str, tuple[str, ...]]:
    """What the new answer won, why that is not known, and what is wrong with it."""
    method, cell = job.base.selection.method, result.cells[0]
    text = cell.text or ""
    if method.judges:
        if cell.score is None:
            return None, "no ballot was cast", ()
        lost = cell.score < 0.5
        return cell.score, "", _errors(runtime.log.run(result.run_id), cell.call_id) if lost else ()
    if method.extract is not None:
        share, remarks = share_of_reading(one.answer.text, text, method.extract)
        return share, UNREAD if share is None else "", remarks
    share, remarks = share_of_expectations(one.answer.text, text, method.expect)
    return share, "", remarks


def _errors(document: RunDocument, call_id: str) -> tuple[str, ...]:
    """What judges hold against an answer, each thing once."""
    verdict = document.verdict
    said = [
        error
        for remark in (verdict.remarks if verdict else ())
        if remark.call_id == call_id
        for error in remark.errors
    ]
    return tuple(dict.fromkeys(said))
