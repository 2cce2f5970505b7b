"""A/B experiments: what a design comes to, what it can find, and where it is on record."""

import random
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, astuple, replace

from ultra.core.batch import ROW_TAG, PromptRow
from ultra.core.errors import Problem, UsageError
from ultra.core.experiments import TAG, Arm, Design, Experiment, Prospect, Registration, Report
from ultra.core.model import Target
from ultra.core.request import Message, Sampling, said
from ultra.core.text import did_you_mean, one_line
from ultra.evaluation.experiments import report
from ultra.evaluation.statistics import detectable, detectable_mean, pairs_needed
from ultra.runtime.action import Action, Selection
from ultra.runtime.batch_job import AT_ONCE, Job
from ultra.runtime.designs import deciding
from ultra.runtime.estimate import plan_all
from ultra.runtime.methods import Wish
from ultra.runtime.prompting import sampling_of
from ultra.runtime.prompts_file import PromptsFile, check_lines
from ultra.runtime.runtime import Runtime
from ultra.store.experiments import at
from ultra.strategies.judging import own_model

ARMS = ("A", "B")
"""What the arms go by in the log: one model may be both."""

PARTED = (0.2, 0.4)
"""How often two arms may part, for what is said before anything is known of that."""

WASTED = 4
"""The most pairs under way where the next one may be enough: what is asked beyond it is wasted."""


class PairJob(Job, frozen=True, kw_only=True):
    """Every pair of an experiment as a row, asked of both arms in an order of its own.

    `systems` are what each arm is told besides the prompt, None where both are told the same.
    """

    seed: int
    systems: tuple[str, str] | None = None

    def action(self, row: PromptRow, members: Sequence[Target] | None = None) -> Action:
        """The run that asks a pair, or what is missing of it."""
        asked = list(members or self.members)
        random.Random(f"{self.seed}:{row.number}").shuffle(asked)  # noqa: S311 - repeatable
        own = replace(row, system="") if self.systems else row
        action = Job.action(self, own, asked)
        tags = {TAG: self.batch, ROW_TAG: str(row.number)}
        return replace(
            action, branches=self._told(row, asked), tags=self.base.tags | row.tags | tags
        )

    def _told(self, row: PromptRow, asked: Sequence[Target]) -> tuple[tuple[Message, ...], ...]:
        """The system prompt of each arm where they differ, in the order asked."""
        if self.systems is None:
            return ()
        own = dict(zip(ARMS, self.systems, strict=True))
        texts = [own[member.name] or row.system for member in asked]
        return tuple((said("system", text),) if text else () for text in texts)


class Trial(Struct, frozen=True):
    """An experiment that can be carried out: how each pair is asked, and of which prompt it is.

    `rows` are the numbers of the prompts in the file, by place.
    """

    job: PairJob
    registration: Registration
    rows: tuple[int, ...]

    @property
    def ballots(self) -> int:
        """How many ballots are cast on an answer: both orders of each judge that may judge it."""
        method = self.job.base.selection.method
        members = self.job.members
        barred = [
            judge
            for judge in method.judges
            if not method.self_judging and any(own_model(judge, one) for one in members)
        ]
        return 2 * (len(method.judges) - len(barred))


def selected(runtime: Runtime, design: Design) -> Selection:
    """Both arms as `A` and `B`, and who judges. Raises `UsageError` for what is no arm."""
    wish = Wish(
        judges=design.judges,
        criteria=design.criteria,
        reference=design.reference,
        self_judging=design.self_judging,
    )
    chosen = runtime.select_all([design.a.name, design.b.name], wish)
    if len(chosen.members) != len(ARMS):
        raise UsageError(
            f"`{design.a.name}` and `{design.b.name}` are {len(chosen.members)} models",
            hint="an arm is one model or ensemble; a group is several",
        )
    pairs = zip(chosen.members, (design.a, design.b), ARMS, strict=True)
    members = tuple(_member(target, arm, label) for target, arm, label in pairs)
    return replace(chosen, members=members)


def trial_of(name: str, design: Design, file: PromptsFile, job: Job) -> Trial:
    """The experiment that a design comes to; `job` asks each prompt once.

    Raises `UsageError` for prompts that nothing is expected of, arms without a price where cost
    decides, and fewer prompts than are wanted.
    """
    if design.metric == "pass":
        _check_expected(job)
    if design.metric == "cost":
        _check_priced(job.members)
    chosen = _drawn(job.file.rows, design)
    places = [row for row in chosen for _ in range(design.repeats)]
    rows = tuple(replace(row, number=at, name="") for at, row in enumerate(places, start=1))
    differ = design.a.system != design.b.system
    pairs = PairJob(
        file=replace(job.file, rows=rows),
        base=job.base,
        shared=replace(job.shared, system="" if differ else design.a.system),
        kinds=job.kinds,
        batch=name,
        seed=design.seed,
        at_once=WASTED if design.sequential else AT_ONCE,
        systems=(design.a.system, design.b.system) if differ else None,
    )
    a, b = job.members
    registration = Registration(
        design,
        "lower" if design.metric in ("latency", "cost") else "higher",
        deciding(design),
        _stopping(design, len(chosen)),
        len(chosen),
        file.sha,
        tuple(str(model.ref) for model in a.models),
        tuple(str(model.ref) for model in b.models),
        tuple(str(judge.ref) for judge in job.base.selection.method.judges),
        job.base.selection.simulated,
    )
    return Trial(pairs, registration, tuple(row.number for row in places))


def prospect(trial: Trial, actions: Sequence[Action]) -> Prospect:
    """What the experiment can find, and what the runs that are left may cost."""
    registration = trial.registration
    design, prompts = registration.design, registration.prompts
    finds: dict[str, float | None] = {}
    needed: dict[str, int] = {}
    if registration.test == "sign-flip permutation" and design.metric != "preference":
        finds["sd"] = detectable_mean(prompts, alpha=design.alpha)
    else:
        for parted in PARTED:
            finds[f"{parted:g}"] = detectable(prompts, parted, alpha=design.alpha)
            if design.smallest <= parted:
                needed[f"{parted:g}"] = pairs_needed(design.smallest, parted, alpha=design.alpha)
    planned = plan_all(actions) if actions else None
    return Prospect(
        prompts,
        sum(len(action.selection.members) - len(action.recalled) for action in actions),
        trial.ballots * len(actions),
        finds,
        needed,
        planned.expected_nano if planned else 0,
        planned.at_most_nano if planned else 0,
    )


def check_registered(found: Experiment, registration: Registration) -> None:
    """Raise `UsageError` where an experiment was registered otherwise: that is never changed."""
    before, now = _told(found.registration), _told(registration)
    changed = [name for name in now if before[name] != now[name]]
    if changed:
        told = "; ".join(f"{one} is `{before[one]}`, not `{now[one]}`" for one in changed)
        raise UsageError(
            f"experiment `{found.name}` was registered otherwise: {one_line(told, 300)}",
            hint=f"a registration is never changed: `ultra ab run {found.name}` goes on with it,"
            " another name begins another",
        )


def named(runtime: Runtime, name: str) -> Experiment | None:
    """The experiment of a name, None when there is none."""
    return at(runtime.paths.database).named(name)


def register(runtime: Runtime, experiment: Experiment) -> Experiment:
    """Put an experiment on record; the one that then stands under its name."""
    return at(runtime.paths.database).register(experiment)


def find(runtime: Runtime, name: str) -> Experiment:
    """The experiment of a name. Raises `UsageError` when there is none."""
    found = named(runtime, name)
    if found is None:
        names = [one.name for one in at(runtime.paths.database).all()]
        raise UsageError(
            f"no experiment is called `{one_line(name, 60)}`",
            hint=did_you_mean(name, names) or "`ultra ab list` shows all",
        )
    return found


def reports(runtime: Runtime) -> list[Report]:
    """What every experiment says, the newest first."""
    store = at(runtime.paths.database)
    return [report(one, store.pairs(one.name)) for one in store.all()]


def report_of(runtime: Runtime, experiment: Experiment) -> Report:
    """What one says."""
    return report(experiment, at(runtime.paths.database).pairs(experiment.name))


def _member(target: Target, arm: Arm, label: str) -> Target:
    """Who answers in an arm, under the arm's name and with its options."""
    if not arm.options:
        return replace(target, name=label)
    if target.ensemble is not None:
        raise UsageError(
            f"`{arm.name}` is an ensemble, whose models have options of their own",
            hint="make another ensemble in the profile",
        )
    return replace(target, name=label, options={**target.options, **_options(arm)})


def _options(arm: Arm) -> dict[str, Any]:
    """What a model is asked with, by the names that a profile has for it."""
    sampling = sampling_of(arm.options, None)
    told, usual = asdict(sampling), asdict(Sampling())
    known = {name: value for name, value in told.items() if value != usual[name]}
    extra = known.pop("extra", {})
    if "max_output_tokens" in known:
        known["max_tokens"] = known.pop("max_output_tokens")
    return {**known, **extra}


def _stopping(design: Design, prompts: int) -> str:
    if design.sequential:
        return f"once e reaches {1.0 / design.alpha:g}, or after {prompts} prompts"
    return f"after {prompts} prompts"


def _drawn(rows: Sequence[PromptRow], design: Design) -> list[PromptRow]:
    """The prompts that take part, in the order they are asked in."""
    if design.most is not None and not 1 <= design.most <= len(rows):
        raise UsageError(f"`--size` takes 1 to {len(rows)} prompts, not `{design.most}`")
    order = list(rows)
    random.Random(f"{design.seed}:prompts").shuffle(order)  # noqa: S311 - must be repeatable
    return order[: design.most]


def _check_expected(job: Job) -> None:
    file = job.file
    bare = [row for row in file.rows if not job.expectations(row)]
    check_lines(
        file.name, [Problem(f"{file.name}:{row.line}", "", "nothing is expected") for row in bare]
    )


def _check_priced(members: Sequence[Target]) -> None:
    for model in (model for member in members for model in member.models):
        if model.price is None:
            raise UsageError(
                f"`{model.ref}` has no price, so that its cost cannot be told",
                hint="write `price:` beside the model in the profile",
            )


def _told(registration: Registration) -> dict[str, str]:
    """A registration in words, by what may differ; where the file of prompts lies is not of it."""
    told = asdict(registration)
    design = asdict(told.pop("design"))
    design.pop("prompts")
    for arm in ("a", "b"):
        design[arm] = ", ".join(map(str, filter(None, astuple(design[arm]))))
    return {name: _word(value) for name, value in {**design, **told}.items()}


def _word(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
