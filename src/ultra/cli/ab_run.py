"""How `ab run` goes from what was typed to a verdict and an exit code."""

import msgspec
from msgspec import Struct

from ultra.cli.asking import wished
from ultra.cli.compare_batch import expectations_for, read_file
from ultra.cli.confirming import agreed, show_plan
from ultra.cli.context import Session
from ultra.cli.exit_codes import OK, code_of_ab
from ultra.cli.terms import Terms, action_of, hand_over
from ultra.core.batch import ROW_TAG
from ultra.core.errors import UsageError
from ultra.core.experiments import EXPERIMENT_VERSION, TAG, Arm, Design, Experiment, Report
from ultra.output.batch_progress import BatchProgress
from ultra.output.events import encode_json
from ultra.output.experiments import (
    render_report,
    report_markdown,
    told_prospect,
    underpowered,
)
from ultra.runtime.batch import Tally
from ultra.runtime.batch_job import Job, checked_rows
from ultra.runtime.comparing import Trial as Held
from ultra.runtime.comparing import tried
from ultra.runtime.designs import check_design, check_name, metric_of, seed_of, smallest_of
from ultra.runtime.estimate import plan_all
from ultra.runtime.experiments import (
    Trial,
    check_registered,
    named,
    prospect,
    register,
    selected,
    trial_of,
)
from ultra.runtime.methods import Wish
from ultra.runtime.prompting import Ask, sampling_of
from ultra.runtime.prompts_file import PromptsFile
from ultra.runtime.spending import check_affordable
from ultra.runtime.trials import Carried, Work

RESERVED = (TAG, ROW_TAG)


class Given(Struct, frozen=True):
    """What was said of an experiment, by flag; systems and options are those of A and of B."""

    models: tuple[str, ...] = ()
    prompts: str = ""
    metric: str | None = None
    expect: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    criteria: str = ""
    reference: str = ""
    self_judging: bool = False
    systems: tuple[str, str] = ("", "")
    options: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    max_tokens: int | None = None
    size: int | None = None
    repeats: int = 1
    mde: float | None = None
    alpha: float = 0.05
    sequential: bool = False
    mid_p: bool = False
    seed: int | None = None


def run_ab(session: Session, name: str, given: Given, terms: Terms) -> int:
    """Register an experiment, or find it, and ask what is left of it; the exit code."""
    terms.check()
    check_name(name)
    _check_tags(terms)
    experiment = named(session.runtime, name)
    design, file = _design(session, name, given, experiment, terms)
    trial = trial_of(name, design, file, _job(session, design, file, terms))
    if experiment is None:
        fresh = Experiment(name, session.runtime.clock.time(), trial.registration)
        if not _wanted(session, Work(session.runtime, fresh, trial), fresh, trial, terms):
            return OK
        experiment = register(session.runtime, fresh)
        check_registered(experiment, trial.registration)
        work = Work(session.runtime, experiment, trial)
    else:
        check_registered(experiment, trial.registration)
        work = Work(session.runtime, experiment, trial)
        work.recall()
        if not _wanted(session, work, experiment, trial, terms):
            return OK
    carried = _carry_out(session, work, trial)
    session.runtime.close()
    hand_over_report(session, carried.report, terms)
    _tell(session, carried)
    if carried.interrupted is None:
        session.runtime.alert()
    return code_of_ab(carried)


def hand_over_report(session: Session, report: Report, terms: Terms) -> None:
    """Write what an experiment says, in the form that was asked for."""
    if terms.form == "json":
        hand_over(
            session, msgspec.json.format(encode_json(report), indent=2).decode() + "\n", terms
        )
    elif terms.form == "markdown":
        hand_over(session, report_markdown(report), terms)
    else:
        hand_over(session, render_report(report, streams=session.streams), terms)


def _design(
    session: Session, name: str, given: Given, experiment: Experiment | None, terms: Terms
) -> tuple[Design, PromptsFile]:
    """The design as flags have it, or as it is registered where only the name was given."""
    if experiment is not None and given == Given():
        design = experiment.registration.design
        file = read_file(session, design.prompts)
        if file.sha != experiment.registration.prompts_sha:
            raise UsageError(
                f"`{design.prompts}` has changed since `{name}` was registered; nothing was sent",
                hint="put the file back to go on, or begin another experiment",
            )
        return design, file
    if experiment is not None and not (given.models and given.prompts):
        raise UsageError(
            f"experiment `{name}` is registered, and these flags say but a part of it",
            hint=f"`ultra ab run {name}` alone goes on with it",
        )
    if not given.models or len(given.models) > 2:
        raise UsageError(
            f"an experiment has two arms, not {len(given.models)}",
            hint="`-m` names A and then B; one alone is asked two ways",
        )
    if not given.prompts:
        raise UsageError("nothing is to be asked", hint="name a file with `--prompts`")
    file = read_file(session, given.prompts)
    return check_design(_designed(session, name, given, file, terms)), file


def _designed(session: Session, name: str, given: Given, file: PromptsFile, terms: Terms) -> Design:
    expects = bool(given.expect) or file.expects
    judges = bool(given.judges)
    # A column `expected` decides only where nothing else was said to.
    metric = metric_of(
        given.metric,
        judges=judges,
        expects=expects and (given.metric is not None or bool(given.expect) or not judges),
    )
    if given.expect and metric != "pass":
        raise UsageError(f"`--metric {metric}` has no use for `--expect`", hint="leave one out")
    kinds, texts = expectations_for(given.expect, file) if metric == "pass" else ((), [])
    wish = wished(
        session,
        Wish(criteria=given.criteria, reference=given.reference),
        secrets=terms.secrets,
    )
    guard = session.runtime.guard(terms.secrets)
    a, b = (
        Arm(model, guard.text(system, f"the system prompt of {arm}"), options)
        for arm, model, system, options in zip(
            "AB", (given.models * 2)[:2], given.systems, given.options, strict=True
        )
    )
    guard.settle(session.warn)
    return Design(
        a,
        b,
        _place(file),
        metric,
        smallest_of(metric, given.mde),
        expect=tuple(texts),
        kinds=kinds,
        judges=given.judges,
        criteria=wish.criteria,
        reference=wish.reference,
        self_judging=given.self_judging,
        max_tokens=given.max_tokens,
        alpha=given.alpha,
        most=given.size,
        repeats=given.repeats,
        sequential=given.sequential,
        mid_p=given.mid_p,
        seed=seed_of(name, file) if given.seed is None else given.seed,
    )


def _place(file: PromptsFile) -> str:
    """Where the prompts lie, so that the experiment can go on from anywhere."""
    from pathlib import Path

    return file.name if file.name == "-" else str(Path(file.name).absolute())


def _job(session: Session, design: Design, file: PromptsFile, terms: Terms) -> Job:
    """How each prompt is asked of both arms, every one of them looked through."""
    selection = tried(selected(session.runtime, design), Held(expect=design.expect))
    shared = Ask("?", sampling=sampling_of((), design.max_tokens))
    base = action_of("ab", selection, terms=terms, ask=lambda: shared, session="")
    guard = session.runtime.guard(terms.secrets)
    job = checked_rows(Job(file, base, shared, design.kinds, batch=""), guard)
    guard.settle(session.warn)
    return job


def _check_tags(terms: Terms) -> None:
    for tag in terms.tags:
        if tag.partition("=")[0] in RESERVED:
            raise UsageError(f"`--tag {tag}`: an experiment gives that tag to each run")


def _wanted(
    session: Session, work: Work, experiment: Experiment, trial: Trial, terms: Terms
) -> bool:
    """Say what it can find and may cost; whether to go on."""
    left = work.left()
    report = work.report()
    if not left:
        return not terms.dry_run
    if terms.max_cost is not None:
        check_affordable(left[0])
    found = prospect(trial, left)
    lines = told_prospect(found, report)
    if terms.dry_run:
        if terms.form == "json":
            told = {"registration": trial.registration, "prospect": found}
            document = {"version": EXPERIMENT_VERSION, "type": "ab_plan", "name": experiment.name}
            hand_over(session, _pretty({**document, **told}), terms)
        else:
            show_plan(session.streams, plan_all(left), cached=False, as_json=False)
            session.streams.write("".join(f"{line}\n" for line in lines))
        return False
    _foretell(session, lines, underpowered(found, report))
    if terms.confirmed or not session.streams.interactive:
        return True
    if agreed(session, plan_all(left), f"experiment `{experiment.name}`", cached=False):
        return True
    session.note("nothing was sent")
    return False


def _foretell(session: Session, lines: list[str], too_few: str) -> None:
    """Say what so many prompts can find: all of it to somebody at a terminal."""
    if session.streams.interactive or session.streams.verbose:
        for line in lines:
            session.note(line)
    if too_few:
        session.warn(too_few)


def _pretty(document: object) -> str:
    return msgspec.json.format(encode_json(document), indent=2).decode() + "\n"


def _carry_out(session: Session, work: Work, trial: Trial) -> Carried:
    """Carry it out, showing on a terminal how far it is."""
    screen = session.streams.err_screen
    if screen is None or session.streams.quiet:
        return work.carry_out()
    bar = BatchProgress(
        screen,
        session.runtime.clock,
        prompts=trial.registration.places,
        before=work.done,
    )

    def watch(done: int, tally: Tally) -> None:
        bar.show(done, tally.lost, tally.known_nano)

    work.watch = watch
    try:
        return work.carry_out()
    finally:
        bar.close()


def _tell(session: Session, carried: Carried) -> None:
    """Say on stderr why it is not at its end, and how to go on."""
    report = carried.report
    if carried.stopped:
        session.messages.error(f"stopped: {carried.stopped}")
    again = report.verdict == "inconclusive (missing data)"
    if report.stage != "done" or again:
        what = "asks for what is missing" if again else "goes on and pays for nothing twice"
        session.messages.hint(f"`ultra ab run {report.name}` {what}")
