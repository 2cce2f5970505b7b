"""An A/B experiment: what is settled before its first call, what each pair came to, what it says.

Durations are seconds, costs nano-dollars with None for unknown. Differences are A - B, turned so
that a positive one is in favour of A.
"""

from typing import Literal

from msgspec import Struct, field

from ultra.core.expect import ExpectKind

EXPERIMENT_VERSION = 1

TAG = "ab"
"""The tag of an experiment's runs in the log; its value is the name."""

Metric = Literal["pass", "preference", "latency", "cost"]
"""`pass` is the share of answers that are as expected, `preference` how much oftener judges put one
arm first, `latency` the logarithm of the seconds of a whole answer, `cost` dollars an answer."""

Test = Literal["exact McNemar", "mid-p McNemar", "sign-flip permutation", "e-process"]
Verdict = Literal["A", "B", "equivalent", "inconclusive", "inconclusive (missing data)"]
Stage = Literal["registered", "unfinished", "done"]

MOST_MISSING = 0.05
"""The share of pairs without both answers beyond which nothing is concluded."""


class Arm(Struct, frozen=True):
    """Who answers in one arm, by the name in the profile, and what it is told beyond the prompt.

    `options` are `name=value`. An empty `system` leaves that to the prompt.
    """

    name: str
    system: str = ""
    options: tuple[str, ...] = ()


class Design(Struct, frozen=True):
    """What the user settles. `prompts` is the file; `kinds` say how its expected texts are meant.

    `alpha` is the chance of telling equal arms apart that is put up with, `smallest` the smallest
    difference that matters, in the metric's own unit. Of `most` prompts, None for all, each is
    asked `repeats` times. With `sequential` it ends as soon as the evidence does.
    """

    a: Arm
    b: Arm
    prompts: str
    metric: Metric
    smallest: float
    expect: tuple[str, ...] = ()
    kinds: tuple[ExpectKind, ...] = ()
    judges: tuple[str, ...] = ()
    criteria: str = ""
    reference: str = ""
    self_judging: bool = False
    max_tokens: int | None = None
    alpha: float = 0.05
    most: int | None = None
    repeats: int = 1
    sequential: bool = False
    mid_p: bool = False
    seed: int = 0


class Registration(Struct, frozen=True):
    """A design with what it was found to mean, as it stands before the first call, for good.

    `better` is the direction of the metric. `prompts` is how many take part and `prompts_sha` is of
    the file's bytes; models are `provider:model`. `simulated` says that answers are made up.
    """

    design: Design
    better: Literal["higher", "lower"]
    test: Test
    stopping: str
    prompts: int
    prompts_sha: str
    a_models: tuple[str, ...]
    b_models: tuple[str, ...]
    judge_models: tuple[str, ...]
    simulated: bool = False

    @property
    def places(self) -> int:
        """How many pairs of answers there are to be."""
        return self.prompts * self.design.repeats


class Experiment(Struct, frozen=True):
    """A registration under its name. `registered_at` is UTC seconds since the epoch."""

    name: str
    registered_at: float
    registration: Registration


class Side(Struct, frozen=True, omit_defaults=True):
    """What one arm gave to one pair. `value` is in the metric's unit, None where it is missing.

    `error` says in words why there is no whole answer, and `again` that asking once more may help.
    """

    value: float | None = None
    seconds: float | None = None
    cost_nano: int | None = None
    error: str = ""
    again: bool = False

    @property
    def missing(self) -> bool:
        """Whether it says nothing of the arm."""
        return self.value is None


class Pair(Struct, frozen=True, omit_defaults=True):
    """Both answers to one prompt. `place` is its turn, from 1; `row` the prompt's in the file.

    `judging_nano` is what judging it cost, None for judges without a price.
    """

    place: int
    row: int
    run_id: str
    a: Side
    b: Side
    judging_nano: int | None = 0

    @property
    def whole(self) -> bool:
        """Whether neither answer is missing."""
        return not (self.a.missing or self.b.missing)


class ArmFigures(Struct, frozen=True):
    """One arm over all prompts that count.

    `mean` is of the metric, for `latency` the geometric one in seconds, with its interval where
    there is one. `missing` are answers that were asked for and not had, `unpriced` those without a
    known cost.
    """

    arm: Literal["A", "B"]
    name: str
    models: tuple[str, ...]
    asked: int
    missing: int
    mean: float | None
    low: float | None
    high: float | None
    cost_nano: int | None
    known_nano: int
    unpriced: int


class Report(Struct, frozen=True):
    """What an experiment says.

    Of `planned` prompts `pairs` count. One with a fixed number of prompts is judged once, at its
    end: until then all that tells how it goes is None. At `only_a` and `only_b` prompts one arm
    did better. `difference` is A - B in favour of A, with its interval, which is named; of a
    sequential one it is of `share`, how many of the prompts that tell the arms apart A won, and
    holds whenever one looks. `p` is of the registered test, or always valid; `e` is the most
    evidence there was. `detectable` is the smallest difference that so many prompts find four
    times in five. `why` says the verdict in words. `losses` counts why answers are missing.
    """

    version: int
    type: str
    name: str
    registered_at: str
    stage: Stage
    registration: Registration
    pairs: int
    planned: int
    arms: tuple[ArmFigures, ArmFigures]
    verdict: Verdict | None
    why: str
    only_a: int | None = None
    only_b: int | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    interval: str = ""
    share: float | None = None
    share_low: float | None = None
    share_high: float | None = None
    p: float | None = None
    e: float | None = None
    detectable: float | None = None
    judging_nano: int | None = 0
    losses: dict[str, int] = field(default_factory=dict)


class Prospect(Struct, frozen=True):
    """What an experiment can find and may cost, said before anything is spent.

    `finds` are the smallest differences that so many prompts find four times in five, by the share
    of prompts that tell the arms apart (`"0.2"`), None for none at all; `needed` the prompts that
    the smallest difference of interest takes. Where the spread is not known before, `finds` has one
    in standard deviations of the differences, under `"sd"`. `answers` and `ballots` are yet to be
    asked for, at costs that are None for unknown.
    """

    prompts: int
    answers: int
    ballots: int
    finds: dict[str, float | None]
    needed: dict[str, int]
    expected_nano: int | None
    at_most_nano: int | None
