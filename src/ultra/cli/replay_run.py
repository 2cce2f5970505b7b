"""How `replay` goes from what was typed to a report and an exit code."""

from msgspec import Struct

from ultra.cli.asking import wished
from ultra.cli.compare_batch import Shown
from ultra.cli.confirming import agreed, show_plan
from ultra.cli.context import Session
from ultra.cli.exit_codes import OK, code_of_runner
from ultra.cli.terms import Terms, action_of, hand_over
from ultra.core.errors import UsageError
from ultra.core.replay import ReplayDocument
from ultra.output.replay import render_replay, replay_json, replay_markdown
from ultra.output.tables import prose
from ultra.runtime.batch import Runner
from ultra.runtime.batches import run_batch
from ultra.runtime.estimate import plan_all
from ultra.runtime.methods import Wish
from ultra.runtime.prompting import Ask
from ultra.runtime.replaying import (
    ReplayJob,
    Scope,
    check_way,
    find,
    job_of,
    recall,
    report,
)
from ultra.runtime.spending import check_affordable
from ultra.runtime.spool import Spool


class Wanted(Struct, frozen=True):
    """What was asked of a replay, by flag."""

    models: tuple[str, ...]
    terms: Terms
    wish: Wish
    scope: Scope


def run_replay(session: Session, wanted: Wanted) -> int:
    """Ask what was logged of somebody else, report, and give the exit code."""
    job, skipped = _job(session, wanted)
    with Spool() as spool:
        return _carry_out(session, wanted.terms, Runner(job, spool), (job, skipped))


def _carry_out(
    session: Session, terms: Terms, runner: Runner, what: tuple[ReplayJob, dict[str, int]]
) -> int:
    job, skipped = what
    recall(runner, job, session.runtime)
    before = len(runner.spool)
    if before:
        session.note(f"{before:,} of {len(job.file.rows):,} prompts were replayed before")
    if not _go(session, job, runner, terms):
        return OK
    interrupted = None
    if runner.todo:
        with Shown(session, job, runner):
            interrupted = run_batch(session.runtime, job, runner)
    session.runtime.close()
    document = report(session.runtime, job, runner, skipped, interrupted)
    _deliver(session, document, terms)
    _tell(session, document, runner)
    if interrupted is None:
        session.runtime.alert()
    return code_of_runner(runner, interrupted, prompts=document.prompts)


def _job(session: Session, wanted: Wanted) -> tuple[ReplayJob, dict[str, int]]:
    terms, scope = wanted.terms, wanted.scope
    terms.check()
    if not scope.bounded:
        raise UsageError(
            "which prompts are to be replayed is not said",
            hint="a run id, `--since 30d`, `--tag NAME=VALUE` or `--limit N`",
        )
    if scope.seed is not None and scope.limit is None:
        raise UsageError("`--seed` draws as many as `--limit` says", hint="add `--limit N`")
    runtime = session.runtime
    selection = runtime.select_to_replay(
        wanted.models, wished(session, wanted.wish, secrets=terms.secrets)
    )
    check_way(selection)
    found = find(runtime, scope, simulated=selection.members[0].simulated)
    base = action_of(
        "replay", selection, terms=terms, ask=lambda: Ask("?"), session=""
    )  # each prompt stands in its place
    guard = runtime.guard(terms.secrets)
    job, skipped = job_of(base, found, scope, guard)
    guard.settle(session.warn)
    return job, skipped


def _go(session: Session, job: ReplayJob, runner: Runner, terms: Terms) -> bool:
    """Whether to go on: not for a plan, and not when the user says no to its cost."""
    todo = runner.todo
    if todo and terms.max_cost is not None:
        check_affordable(runner.action(todo[0]))
    cached = session.runtime.may_serve(job.base)
    if terms.dry_run and not todo:
        session.note("every prompt was replayed before; nothing would be sent")
    if terms.dry_run and todo:
        planned = plan_all([runner.action(row) for row in todo])
        show_plan(session.streams, planned, cached=cached, as_json=terms.form == "json")
    if terms.dry_run:
        return False
    if terms.confirmed or not todo or not session.streams.interactive:
        return True
    planned = plan_all([runner.action(row) for row in todo])
    prompts = f"{len(todo):,} prompt{'' if len(todo) == 1 else 's'}"
    if agreed(session, planned, f"{prompts} to `{job.members[0].name}`", cached=cached):
        return True
    session.note("nothing was sent")
    return False


def _deliver(session: Session, document: ReplayDocument, terms: Terms) -> None:
    render = {"json": replay_json, "markdown": replay_markdown, "text": render_replay}
    text = render[terms.form](document)
    if terms.form == "text" and terms.output is None:
        text = prose(text.splitlines(), streams=session.streams)
    hand_over(session, text, terms)


def _tell(session: Session, document: ReplayDocument, runner: Runner) -> None:
    for (model, kind, reason), count in runner.tally.losses.items():
        answers = f"{count:,} answer{'s' if count > 1 else ''}"
        session.warn(f"`{model}`: {answers} lost: {kind or 'cut'}: {reason or 'no whole answer'}")
    if document.done < document.prompts:
        session.messages.hint("the same command goes on and pays for nothing twice")
