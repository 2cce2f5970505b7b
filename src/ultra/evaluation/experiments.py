"""What an A/B experiment says: one test, one interval, one verdict, as it was registered.

The unit is the prompt: repeats are averaged before anything is tested. A pair with an answer
missing counts in neither arm.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from math import exp, fsum, log, log1p

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.experiments import (
    EXPERIMENT_VERSION,
    MOST_MISSING,
    Arm,
    ArmFigures,
    Experiment,
    Metric,
    Pair,
    Registration,
    Report,
    Side,
    Verdict,
)
from ultra.evaluation.statistics import (
    Interval,
    bonett_price,
    confidence_sequence,
    detectable,
    detectable_mean,
    finding,
    log_e_value,
    mcnemar,
    mean_interval,
    mid_p,
    permutation_p,
    skewed_interval,
    skewness,
    spread_of,
    wilson,
)

SKEWED = 1.0
"""The skewness beyond which t no longer covers what it says. Source: J. Cohen, P. Cohen, S. West
and L. Aiken (2003), Applied multiple regression, section 4.3."""

LEAST_FOR_BOOTSTRAP = 30


class _Prompt(Struct, frozen=True):
    """One prompt with both answers, each the mean of its repeats."""

    a: float
    b: float

    @property
    def difference(self) -> float:
        return self.a - self.b


def report(experiment: Experiment, pairs: Sequence[Pair]) -> Report:
    """What the pairs that there are say of an experiment; their order does not matter."""
    registration = experiment.registration
    pairs = sorted(pairs, key=lambda one: one.place)
    if registration.design.sequential:
        return _sequential(_bare(experiment, pairs), pairs)
    prompts = _prompts(pairs, registration)
    bare = replace(_bare(experiment, pairs), pairs=len(prompts))
    if len(pairs) < registration.places:
        return bare
    return _judged(_fixed(replace(bare, stage="done"), prompts), pairs)


def settled(experiment: Experiment, pairs: Sequence[Pair]) -> bool:
    """Whether nothing more is to be asked: it is at its end, and not for want of answers."""
    found = report(experiment, pairs)
    return found.stage == "done" and (
        found.verdict != "inconclusive (missing data)" or not any(map(may_heal, pairs))
    )


def may_heal(pair: Pair) -> bool:
    """Whether a pair without both answers may have them once it is asked again."""
    return not pair.whole and (pair.a.again or pair.b.again)


class Evidence:
    """The evidence of a sequential experiment, which grows pair by pair and ends where it does.

    Pairs are taken in their turn, whatever order they come in: what counts first must not depend on
    how fast an answer is. `turns` are those that had their turn, `prompts` those that count.
    """

    def __init__(self, registration: Registration) -> None:
        self._registration = registration
        self._wanted = log(1.0 / registration.design.alpha)
        self._waiting: dict[int, Pair] = {}
        self.turns: list[Pair] = []
        self.prompts: list[_Prompt] = []
        self.only_a = self.only_b = 0
        self.most = 0.0

    @property
    def enough(self) -> bool:
        """Whether it tells the arms apart."""
        return self.most >= self._wanted

    @property
    def complete(self) -> bool:
        """Whether every pair had its turn."""
        return len(self.turns) == self._registration.places

    def take(self, pair: Pair) -> None:
        """Take in a pair; after there is enough nothing counts."""
        self._waiting[pair.place] = pair
        repeats = self._registration.design.repeats
        while not self.enough and len(self.turns) + 1 in self._waiting:
            self.turns.append(self._waiting.pop(len(self.turns) + 1))
            if len(self.turns) % repeats == 0:
                for one in _prompts(self.turns[-repeats:], self._registration):
                    self._count(one)

    def _count(self, one: _Prompt) -> None:
        self.prompts.append(one)
        self.only_a += one.difference > 0.0
        self.only_b += one.difference < 0.0
        self.most = max(self.most, log_e_value(self.only_a, self.only_b))


def _value(metric: Metric, side: Side) -> float:
    """What is averaged, the more the better."""
    found = side.value or 0.0
    if metric == "latency":
        return -log(max(found, 1e-6))
    return -found if metric == "cost" else found


def _prompts(pairs: Sequence[Pair], registration: Registration) -> list[_Prompt]:
    metric = registration.design.metric
    rows: dict[int, list[Pair]] = {}
    for pair in pairs:
        if pair.whole:
            rows.setdefault(pair.row, []).append(pair)
    return [
        _Prompt(
            fsum(_value(metric, one.a) for one in own) / len(own),
            fsum(_value(metric, one.b) for one in own) / len(own),
        )
        for own in rows.values()
    ]


def _bare(experiment: Experiment, pairs: Sequence[Pair]) -> Report:
    registration = experiment.registration
    design = registration.design
    judging = [pair.judging_nano for pair in pairs]
    losses = Counter(side.error for pair in pairs for side in (pair.a, pair.b) if side.error)
    moment = datetime.fromtimestamp(experiment.registered_at, UTC)
    return Report(
        EXPERIMENT_VERSION,
        "ab",
        experiment.name,
        moment.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "unfinished" if pairs else "registered",
        registration,
        0,
        registration.prompts,
        (
            _arm("A", design.a, registration.a_models, [pair.a for pair in pairs]),
            _arm("B", design.b, registration.b_models, [pair.b for pair in pairs]),
        ),
        None,
        f"{len(pairs)} of {registration.places} pairs of answers are in",
        judging_nano=None if None in judging else sum(one or 0 for one in judging),
        losses=dict(losses),
    )


def _arm(which: str, arm: Arm, models: tuple[str, ...], sides: Sequence[Side]) -> ArmFigures:
    known = [side.cost_nano for side in sides if side.cost_nano is not None]
    return ArmFigures(
        "A" if which == "A" else "B",
        arm.name,
        models,
        len(sides),
        sum(side.missing for side in sides),
        None,
        None,
        None,
        sum(known) if len(known) == len(sides) else None,
        sum(known),
        len(sides) - len(known),
    )


def _fixed(bare: Report, prompts: Sequence[_Prompt]) -> Report:
    """The registered test over all prompts, once."""
    design = bare.registration.design
    differences = [one.difference for one in prompts]
    only_a, only_b = _won(differences)
    if not prompts:
        return replace(bare, only_a=0, only_b=0)
    confidence = 1.0 - design.alpha
    found = _measured(replace(bare, only_a=only_a, only_b=only_b), prompts)
    if bare.registration.test in ("exact McNemar", "mid-p McNemar"):
        p = (mid_p if design.mid_p else mcnemar)(only_a, only_b)
        interval: Interval | None = bonett_price(only_a, only_b, len(prompts), confidence)
        parted = min(1.0, (only_a + only_b + 2.0) / (len(prompts) + 2.0))
        least, name = detectable(len(prompts), parted, alpha=design.alpha), "Bonett-Price"
    else:
        p = permutation_p(differences, seed=design.seed)
        interval, name = _interval(differences, bare.registration)
        spread = spread_of(differences)
        least = detectable_mean(len(prompts), spread, alpha=design.alpha)
    return replace(
        found,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        interval=name if interval else "",
        p=p,
        detectable=least,
    )


def _interval(
    differences: Sequence[float], registration: Registration
) -> tuple[Interval | None, str]:
    design = registration.design
    confidence = 1.0 - design.alpha
    if (
        design.metric != "preference"
        and len(differences) >= LEAST_FOR_BOOTSTRAP
        and abs(skewness(differences)) > SKEWED
    ):
        return skewed_interval(differences, seed=design.seed, confidence=confidence), "BCa"
    return mean_interval(differences, confidence), "t"


def _won(differences: Sequence[float]) -> tuple[int, int]:
    return sum(one > 0.0 for one in differences), sum(one < 0.0 for one in differences)


def _measured(found: Report, prompts: Sequence[_Prompt]) -> Report:
    """With the means of both arms, the intervals of rates, and the difference."""
    design = found.registration.design
    confidence = 1.0 - design.alpha
    arms = []
    for figures, own in zip(
        found.arms, ([one.a for one in prompts], [one.b for one in prompts]), strict=True
    ):
        mean = fsum(own) / len(own)
        if design.metric in ("latency", "cost"):
            shown = exp(-mean) if design.metric == "latency" else -mean
            arms.append(replace(figures, mean=shown))
            continue
        rate = (
            wilson(round(fsum(own)), len(own), confidence)
            if design.metric == "pass" and design.repeats == 1
            else None
        )
        low, high = (rate.low, rate.high) if rate else (None, None)
        arms.append(replace(figures, mean=mean, low=low, high=high))
    difference = fsum(one.difference for one in prompts) / len(prompts)
    return replace(found, arms=(arms[0], arms[1]), difference=difference)


def margin_of(registration: Registration) -> float:
    """The smallest difference that matters, on the scale that is tested."""
    design = registration.design
    return log1p(design.smallest) if design.metric == "latency" else design.smallest


def _judged(found: Report, pairs: Sequence[Pair]) -> Report:
    """With the verdict: what the interval says, a winner only where the test agrees."""
    missing = _missing(pairs, found.registration.design.alpha)
    if missing:
        return replace(found, verdict="inconclusive (missing data)", why=missing)
    design = found.registration.design
    if found.low is None or found.high is None or found.p is None:
        return replace(found, verdict="inconclusive", why="too few prompts to tell anything")
    says: Verdict = finding(Interval(found.low, found.high), margin_of(found.registration))
    if says in ("A", "B") and found.p > design.alpha:
        says = "inconclusive"
    return replace(found, verdict=says, why=_why(says))


def _why(says: Verdict) -> str:
    if says == "equivalent":
        return "any difference is smaller than the smallest that was said to matter"
    if says == "inconclusive":
        return "neither a difference nor that there is none can be told from so many prompts"
    return f"{says} is better than chance explains"


def _missing(pairs: Sequence[Pair], alpha: float) -> str:
    """Why so much is missing that nothing can be concluded; empty where it is not."""
    lost = sum(not pair.whole for pair in pairs)
    if lost == len(pairs):
        return "no prompt has both answers"
    if lost > MOST_MISSING * len(pairs):
        return f"{lost} of {len(pairs)} pairs lack an answer, more than {MOST_MISSING:.0%}"
    only_a = sum(pair.a.missing and not pair.b.missing for pair in pairs)
    only_b = sum(pair.b.missing and not pair.a.missing for pair in pairs)
    if mcnemar(only_a, only_b) <= alpha:
        return f"answers are missing unevenly: {only_a} of A alone, {only_b} of B alone"
    return ""


def _sequential(bare: Report, pairs: Sequence[Pair]) -> Report:
    """The evidence prompt by prompt, up to where there was enough of it."""
    evidence = Evidence(bare.registration)
    for pair in pairs:
        evidence.take(pair)
    design, counted = bare.registration.design, len(evidence.prompts)
    done = evidence.enough or evidence.complete
    found = replace(
        bare,
        stage="done" if done else bare.stage,
        pairs=counted,
        only_a=evidence.only_a,
        only_b=evidence.only_b,
    )
    if counted:
        parted = evidence.only_a + evidence.only_b
        share = confidence_sequence(evidence.only_a, evidence.only_b, design.alpha)
        part = min(1.0, (parted + 2.0) / (counted + 2.0))
        found = replace(
            _measured(found, evidence.prompts),
            difference=(evidence.only_a - evidence.only_b) / counted,
            share=evidence.only_a / parted if parted else None,
            share_low=share.low,
            share_high=share.high,
            interval="always valid",
            e=exp(evidence.most),
            p=min(1.0, exp(-evidence.most)),
            detectable=detectable(counted, part, alpha=design.alpha),
        )
    return _decided(found, evidence.turns, stopped=evidence.enough) if done else found


def _decided(found: Report, pairs: Sequence[Pair], *, stopped: bool) -> Report:
    """With the verdict of a sequential experiment that has ended."""
    missing = _missing(pairs, found.registration.design.alpha)
    if missing:
        return replace(found, verdict="inconclusive (missing data)", why=missing)
    says: Verdict = "inconclusive"
    if stopped:
        says = "A" if (found.only_a or 0) > (found.only_b or 0) else "B"
    elif _largest(found) <= found.registration.design.smallest:
        says = "equivalent"
    return replace(found, verdict=says, why=_why(says))


def _largest(found: Report) -> float:
    """The largest difference that the evidence leaves open at any time.

    It is how often the arms part, at most, times how far A's share of that is from a half: two
    statements, each at half of alpha.
    """
    only_a, only_b = found.only_a or 0, found.only_b or 0
    half = found.registration.design.alpha / 2.0
    share = confidence_sequence(only_a, only_b, half)
    parted = confidence_sequence(only_a + only_b, found.pairs - only_a - only_b, half)
    return parted.high * max(abs(2.0 * share.low - 1.0), abs(2.0 * share.high - 1.0))
