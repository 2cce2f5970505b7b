"""A batch from its first row to its report: what is there already, what came, what it came to."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.batch import BATCH_VERSION, FILE_TAG, TAG, BatchDocument, Latencies
from ultra.core.conditions import Condition
from ultra.core.errors import UsageError
from ultra.core.tags import Marks
from ultra.evaluation.scoring import Scoreboard
from ultra.runtime.action import Interruption
from ultra.runtime.baseline import failures
from ultra.runtime.batch import Runner
from ultra.runtime.batch_job import AT_ONCE, Job, content_of, file_tag, settings_of
from ultra.runtime.execute import Services
from ultra.runtime.loop import Interrupt
from ultra.runtime.runtime import Runtime
from ultra.runtime.spool import Spool
from ultra.store.documents import iso
from ultra.store.queries import Log


class BatchResult(Struct, frozen=True):
    """What came of a batch; its rows are read from `rows`, one by one."""

    document: BatchDocument
    rows: Spool
    latencies: tuple[Latencies, ...]
    runner: Runner
    interrupted: Interruption | None = None


def new_batch(job: Job, now: float) -> str:
    """The id of a batch that begins: its file, its settings, and when."""
    return f"{_begins(job)}{int(now * 1000):x}"


def batch_to_resume(job: Job, log: Log) -> str:
    """The newest batch of this file, asked like this.

    Raises `UsageError` when there is none, and when the file or what is asked of it has changed.
    """
    same = _newest(job, log)
    if same is not None:
        return same
    file = job.file.name
    begun = log.tagged(TAG, FILE_TAG)
    last = next((batch for batch, path in begun if path == file_tag(file)), None)
    if last is None:
        raise UsageError(
            f"no batch of `{file}` was begun that could go on", hint="leave out `--resume`"
        )
    if last.partition("-")[0] != content_of(job.file):
        raise UsageError(
            f"`{file}` has changed since batch `{last}` was begun; nothing was sent",
            hint="put the file back to go on, or leave out `--resume` to ask all of it",
        )
    raise UsageError(
        f"batch `{last}` of `{file}` asked other models, or asked otherwise; nothing was sent",
        hint="give the same flags to go on, or leave out `--resume` to ask all of it",
    )


def unfinished(job: Job, log: Log) -> bool:
    """Whether the newest batch like this one has rows left to ask."""
    same = _newest(job, log)
    if same is None:
        return False
    runs = log.runs(limit=0, marks=Marks(tags={TAG: same}))
    return sum(run.status == "ok" for run in runs) < len(job.file.rows)


def _newest(job: Job, log: Log) -> str | None:
    """The newest batch of the file as it is now, asked like this."""
    return next((batch for batch, _ in log.tagged(TAG, FILE_TAG, _begins(job))), None)


def recall(runner: Runner, batch: str, log: Log) -> None:
    """Tell the runner of every run of the batch that is in the log, the oldest first."""
    for run in reversed(log.runs(limit=0, marks=Marks(tags={TAG: batch}))):
        runner.recall(log.run(run.run_id))


def run_batch(runtime: Runtime, job: Job, runner: Runner) -> Interruption | None:
    """Ask all rows that have no result; what stopped it from outside."""
    told: set[str] = set()

    def warn(text: str) -> None:
        """Every prompt may meet the same trouble: it is told once."""
        if text not in told:
            told.add(text)
            runtime.warn(text)

    async def work(services: Services, interrupt: Interrupt) -> Interruption | None:
        await runner.run(replace(services, warn=warn), interrupt)
        return interrupt.cause

    calls = AT_ONCE * len(job.base.selection.everyone)
    return runtime.with_services(job.base, work, calls=calls)


def result_of(
    job: Job,
    runner: Runner,
    *,
    started: float,
    duration_s: float,
    interrupted: Interruption | None,
    profile: str,
) -> BatchResult:
    """The figures over every row with a result."""
    spool = runner.spool
    board = Scoreboard(list(dict.fromkeys((one.name, str(one.ref)) for one in job.members)))
    for result in spool:
        board.take(result)
    models, unmeasured = board.figures(hurried=interrupted is not None)
    tally = runner.tally
    document = BatchDocument(
        BATCH_VERSION,
        "batch",
        batch=job.batch,
        file=job.file.name,
        prompts_sha=job.file.sha,
        prompts=len(job.file.rows),
        done=len(spool),
        started_at=iso(started),
        duration_s=duration_s,
        simulated=tally.simulated,
        judges=[str(judge.ref) for judge in job.base.selection.method.judges],
        models=models,
        better=board.better,
        cost_nano=None if tally.unpriced else tally.known_nano,
        known_nano=tally.known_nano,
        unpriced=tally.unpriced,
        helpers_nano=tally.helpers_nano,
        profile=profile,
        unmeasured=unmeasured,
        stopped=runner.stopped or ("interrupted" if interrupted else ""),
    )
    return BatchResult(document, spool, tuple(board.latencies()), runner, interrupted)


def held_to(
    result: BatchResult, conditions: Sequence[Condition], baseline: BatchDocument | None
) -> BatchResult:
    """The result with what of the conditions came true."""
    found = failures(conditions, result.document, baseline)
    told = [condition.text for condition in conditions]
    return replace(result, document=replace(result.document, conditions=told, failed=found))


def _begins(job: Job) -> str:
    settings = settings_of(job.base.selection, job.shared, job.kinds)
    return f"{content_of(job.file)}-{settings}-"
