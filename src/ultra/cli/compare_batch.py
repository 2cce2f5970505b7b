"""How `compare --prompts` goes from a file of prompts to a report and an exit code."""

from collections.abc import Sequence
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from ultra.cli.asking import Typed, gather, piped_bytes, wished
from ultra.cli.compare_run import Wanted
from ultra.cli.confirming import agreed, show_plan
from ultra.cli.context import Session
from ultra.cli.exit_codes import OK, code_of_batch
from ultra.cli.terms import action_of
from ultra.core.batch import BatchDocument
from ultra.core.conditions import Condition, parse_condition
from ultra.core.errors import Problem, StoreError, UsageError
from ultra.core.expect import ExpectKind, kind_of
from ultra.output.batch import BatchReport, batch_table
from ultra.output.batch_formats import BatchFormat, render_batch
from ultra.output.batch_progress import BatchProgress
from ultra.output.files import write_atomic
from ultra.runtime.baseline import check_conditions, read_baseline
from ultra.runtime.batch import Runner, Tally
from ultra.runtime.batch_job import Job, checked_rows
from ultra.runtime.batches import (
    BatchResult,
    batch_to_resume,
    held_to,
    new_batch,
    recall,
    result_of,
    run_batch,
    unfinished,
)
from ultra.runtime.comparing import tried
from ultra.runtime.estimate import plan_all
from ultra.runtime.materials import decoded, read_bytes
from ultra.runtime.prompts_file import PromptsFile, check_lines, read_prompts
from ultra.runtime.spending import check_affordable
from ultra.runtime.spool import Spool

RESERVED = ("batch", "row", "prompts")
"""Tags that a batch gives its runs."""

MOST_LOSSES = 5
"""Of more reasons why answers did not come the report says how many there are."""


class Bulk(Struct, frozen=True):
    """What is asked of many prompts at once, by flag."""

    prompts: str
    resume: bool = False
    baseline: str | None = None
    fail_if: Sequence[str] = ()


def run_bulk(session: Session, typed: Typed, wanted: Wanted, bulk: Bulk) -> int:
    """Ask every prompt of a file of everybody, report, and give the exit code."""
    _check(typed, wanted)
    file = read_file(session, bulk.prompts)
    conditions = [parse_condition(text) for text in bulk.fail_if]
    baseline = read_baseline(bulk.baseline) if bulk.baseline else None
    job = _job(session, typed, wanted, file)
    expects = bool(job.kinds or job.base.selection.method.expect)
    check_conditions(conditions, baseline, job.members, expects=expects)
    if baseline is not None and baseline.prompts_sha != file.sha:
        session.warn(f"the baseline was made with other prompts (`{baseline.file}`)")
    spool = Spool()
    if bulk.resume:
        job = replace(job, batch=batch_to_resume(job, session.runtime.log))
    runner = Runner(job, spool)
    if bulk.resume:
        recall(runner, job.batch, session.runtime.log)
        session.note(f"batch {job.batch}: {len(spool):,} of {len(file.rows):,} prompts are there")
    else:
        _tell_unfinished(session, job)
    if not _wanted(session, job, runner, wanted):
        return OK
    return _carry_out(session, runner, wanted, job, (conditions, baseline))


def _tell_unfinished(session: Session, job: Job) -> None:
    """Say that a batch like this one could go on; a log that cannot be read tells of none."""
    with suppress(StoreError):
        if unfinished(job, session.runtime.log):
            session.note("a batch of this file was not finished; `--resume` goes on with it")


def _check(typed: Typed, wanted: Wanted) -> None:
    wanted.terms.check()
    if typed.words:
        raise UsageError(
            "`--prompts` and a prompt do not go together", hint="what all share goes into `-s`"
        )
    barred = {
        "--blind": wanted.trial.blind,
        f"--{wanted.only}": wanted.only is not None,
        "--events": wanted.events,
    }
    for flag, given in barred.items():
        if given:
            raise UsageError(f"`--prompts` and `{flag}` do not go together")
    for tag in wanted.terms.tags:
        if tag.partition("=")[0] in RESERVED:
            raise UsageError(f"`--tag {tag}`: with `--prompts` that tag is given to each run")


def read_file(session: Session, source: str) -> PromptsFile:
    """The prompts of a file, or of stdin for `-`. Raises `UsageError`."""
    stdin = source == "-"
    data = piped_bytes(session.streams) if stdin else read_bytes(source, "prompts file")
    file = read_prompts(source, data, decoded(data, "stdin" if stdin else f"`{source}`"))
    if file.unused:
        names = ", ".join(f"`{name}`" for name in file.unused)
        session.note(f"nothing is done with {names} of `{source}`")
    return file


def _job(session: Session, typed: Typed, wanted: Wanted, file: PromptsFile) -> Job:
    """The job, every row of it checked. Raises what makes a row impossible, before anything."""
    kinds, texts = expectations_for(wanted.trial.expect, file)
    secrets = wanted.terms.secrets
    wish = wished(session, wanted.wish, secrets=secrets)
    trial = replace(wanted.trial, expect=tuple(texts))
    selection = tried(session.runtime.select_all(wanted.models, wish), trial)
    shared = gather(session, replace(typed, read_stdin=False), secrets=secrets)
    base = action_of(
        "compare",
        selection,
        terms=wanted.terms,
        ask=lambda: replace(shared, words="?"),  # each row stands in its place
        session="",
    )
    job = Job(file, base, shared, kinds, batch="", agree=wanted.trial.agree)
    guard = session.runtime.guard(secrets)
    job = checked_rows(job, guard)
    guard.settle(session.warn)
    return replace(job, batch=new_batch(job, session.runtime.clock.time()))


def expectations_for(
    given: Sequence[str], file: PromptsFile
) -> tuple[tuple[ExpectKind, ...], list[str]]:
    """How each row's own expected text is meant, and what all answers are held to besides.

    Raises `UsageError` when a kind is named and rows have nothing that it could check.
    """
    named = [(text, kind_of(text)) for text in given]
    kinds = tuple(dict.fromkeys(kind for _, kind in named if kind is not None))
    if not kinds:
        return (("exact",) if file.expects else ()), list(given)
    if not file.expects:
        raise UsageError(
            f"`{file.name}` has no column `expected`, which `--expect {kinds[0]}` is to check",
            hint="add the column, or write what all answers are held to: `--expect KIND:WHAT`",
        )
    where = [f"{file.name}:{row.line}" for row in file.rows if row.expected is None]
    check_lines(file.name, [Problem(place, "", "no `expected`") for place in where])
    return kinds, [text for text, kind in named if kind is None]


def _wanted(session: Session, job: Job, runner: Runner, wanted: Wanted) -> bool:
    """Whether to send anything: not for a plan, and not when the user says no to its cost."""
    todo, terms = runner.todo, wanted.terms
    if todo and terms.max_cost is not None:
        check_affordable(runner.action(todo[0]))
    cached = session.runtime.may_serve(job.base)
    if terms.dry_run:
        if todo:
            planned = plan_all([runner.action(row) for row in todo])
            as_json = terms.form == "json"
            show_plan(session.streams, planned, cached=cached, as_json=as_json)
        else:
            session.note("every prompt has its answers; nothing would be sent")
        return False
    if terms.confirmed or not todo or not session.streams.interactive:
        return True
    planned = plan_all([runner.action(row) for row in todo])
    what = f"{len(todo):,} prompts to {len(job.members)} models"
    if agreed(session, planned, what, cached=cached):
        return True
    session.note("nothing was sent")
    return False


def _carry_out(
    session: Session,
    runner: Runner,
    wanted: Wanted,
    job: Job,
    tests: tuple[Sequence[Condition], BatchDocument | None],
) -> int:
    clock = session.runtime.clock
    started, since = clock.time(), clock.monotonic()
    interrupted = None
    if runner.todo:
        with Shown(session, job, runner):
            interrupted = run_batch(session.runtime, job, runner)
    session.runtime.close()
    result = held_to(
        result_of(
            job,
            runner,
            started=started,
            duration_s=clock.monotonic() - since,
            interrupted=interrupted,
            profile=session.runtime.profile.name,
        ),
        *tests,
    )
    _deliver(session, result, wanted)
    _tell(session, result, wanted)
    if interrupted is None:
        session.runtime.alert()
    return code_of_batch(result, allow_partial=wanted.allow_partial)


class Shown:
    """Shows how far a batch is while it runs, on a terminal."""

    def __init__(self, session: Session, job: Job, runner: Runner) -> None:
        screen = session.streams.err_screen
        self._bar: BatchProgress | None = None
        if screen is not None and not session.streams.quiet:
            self._bar = BatchProgress(
                screen,
                session.runtime.clock,
                prompts=len(job.file.rows),
                before=runner.tally.done,
            )
            runner.told = self._show
            self._show(runner.tally)

    def _show(self, tally: Tally) -> None:
        if self._bar is not None:
            self._bar.show(tally.done, tally.lost, tally.known_nano)

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()


def _deliver(session: Session, result: BatchResult, wanted: Wanted) -> None:
    """Write the report to its file, else to stdout, piece by piece."""
    form, output = wanted.terms.form, wanted.terms.output
    streams = session.streams
    if form == "text" and output is None:
        streams.write(batch_table(result.document, streams))
        return
    report = BatchReport(result.document, result.rows, result.latencies)
    pieces = render_batch(report, _format(form))
    if output is not None:
        write_atomic(output, pieces)
        return
    for piece in pieces:
        streams.write(piece)


def _format(form: str) -> BatchFormat:
    return form  # type: ignore[return-value]  # checked where it was typed


def _tell(session: Session, result: BatchResult, wanted: Wanted) -> None:
    """Say on stderr what was lost, what came true that may not, and how to go on."""
    document, tally = result.document, result.runner.tally
    losses = sorted(tally.losses.items(), key=lambda one: -one[1])
    for (model, kind, reason), count in losses[:MOST_LOSSES]:
        what = kind.replace("_", " ") or "cut"
        answers = f"{count:,} answer{'s' if count > 1 else ''}"
        session.warn(f"`{model}`: {answers} lost: {what}: {reason or 'no whole answer'}")
    if len(losses) > MOST_LOSSES:
        session.warn(f"{len(losses) - MOST_LOSSES} more reasons for lost answers")
    for one in document.failed:
        session.messages.error(f"`{one.condition}`: {one.model}: {one.found}")
    if tally.disagreed:
        session.warn(f"the models do not agree at {tally.disagreed:,} of {document.done:,} prompts")
    if document.stopped:
        session.warn(
            f"stopped after {document.done:,} of {document.prompts:,} prompts: {document.stopped}"
        )
    if document.done < document.prompts:
        session.messages.hint("the same command with `--resume` goes on and pays for nothing twice")
