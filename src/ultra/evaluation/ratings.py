"""How strong models are by who was preferred to whom. The one home of statsmodels (`stats`)."""

import warnings
from collections.abc import Sequence
from itertools import combinations

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.contests import Meeting
from ultra.core.errors import UsageError

try:
    import numpy as np
    from scipy import stats
    from statsmodels.api import GLM
    from statsmodels.genmod.families import Binomial
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning
except ImportError as error:
    raise UsageError(
        f"rankings need statsmodels, which cannot be loaded: {error}",
        hint='`pip install "ultra-llm[stats]"`',
    ) from error

Floats = np.typing.NDArray[np.float64]


class Rating(Struct, frozen=True):
    """A model's strength in log-odds against the mean of all, with its 95% interval."""

    model: str
    strength: float
    low: float
    high: float
    meetings: int


class Ratings(Struct, frozen=True):
    """All models, strongest first.

    `order_effect` is the log-odds of merely being shown first; None where that cannot be told from
    the strengths, since no pair was shown in another order, or nothing was shown at all.
    """

    ratings: tuple[Rating, ...]
    order_effect: float | None


def bradley_terry(meetings: Sequence[Meeting]) -> Ratings:
    """Strengths by Bradley-Terry with an order effect, errors clustered by prompt.

    A model that won or lost every meeting has no finite strength, and an order that decided all of
    them no finite effect: each pair that met is then given one tie in each order. Source: R. A.
    Bradley and M. E. Terry (1952); R. R. Davidson and R. J. Beaver (1977) for the order effect.
    Raises `ValueError` for fewer than two models.
    """
    models = sorted({name for one in meetings for name in (one.first, one.second)})
    if len(models) < 2:
        raise ValueError("there is nobody to compare with")
    rows = [*meetings, *(_ties(meetings) if _separated(meetings, models) else ())]
    ordered = _order_shows(meetings, models)
    try:
        params, spread = _fitted(rows, models, ordered=ordered)
    except (PerfectSeparationWarning, RuntimeWarning):
        params, spread = _fitted([*meetings, *_ties(meetings)], models, ordered=ordered)
    found = _centred(models, meetings, params, spread)
    return found if ordered else replace(found, order_effect=None)


def _design(rows: Sequence[Meeting], models: Sequence[str]) -> Floats:
    """A column for the order and one for each model but the first."""
    place = {name: at for at, name in enumerate(models)}
    design = np.zeros((len(rows), len(models)))
    for at, row in enumerate(rows):
        design[at, 0] = float(row.ordered)
        for name, sign in ((row.first, 1.0), (row.second, -1.0)):
            if place[name]:
                design[at, place[name]] += sign
    return design


def _order_shows(meetings: Sequence[Meeting], models: Sequence[str]) -> bool:
    """Whether what the order does can be told from what the models are."""
    design = _design(meetings, models)
    return bool(np.linalg.matrix_rank(design) > np.linalg.matrix_rank(design[:, 1:]))


def _fitted(
    rows: Sequence[Meeting], models: Sequence[str], *, ordered: bool
) -> tuple[Floats, Floats]:
    """The order effect with the strengths of all models but the first, and their covariance.

    Without `ordered` the effect is held at zero.

    Raises `PerfectSeparationWarning` or `RuntimeWarning` (a division by nothing) where order and
    strengths together explain so much that some of them grow without end.
    """
    design = _design(rows, models)[:, 0 if ordered else 1 :]
    prompts = sorted({row.prompt for row in rows})
    number = {prompt: at for at, prompt in enumerate(prompts)}
    groups = np.array([number[row.prompt] for row in rows])
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        warnings.simplefilter("error", RuntimeWarning)
        fitted = GLM([row.share for row in rows], design, family=Binomial()).fit(
            cov_type="cluster", cov_kwds={"groups": groups}
        )
    params, spread = np.asarray(fitted.params), np.asarray(fitted.cov_params())
    if ordered:
        return params, spread
    return np.concatenate(([0.0], params)), np.pad(spread, ((1, 0), (1, 0)))


def _centred(
    models: Sequence[str], meetings: Sequence[Meeting], params: Floats, spread: Floats
) -> Ratings:
    """Strengths against their mean: the first model is the reference of the fit, at zero."""
    count = len(models)
    turn = np.eye(count) - 1.0 / count
    turn[:, 0] = 0.0
    free = np.array([0.0, *params[1:]])
    strengths = free - free.mean()
    covariance = np.array(spread)
    covariance[0, :] = covariance[:, 0] = 0.0
    errors = np.sqrt(np.clip(np.diag(turn @ covariance @ turn.T), 0.0, None))
    z = float(stats.norm.ppf(0.975))
    found = [
        Rating(
            name,
            float(strengths[at]),
            float(strengths[at] - z * errors[at]),
            float(strengths[at] + z * errors[at]),
            sum(name in (one.first, one.second) for one in meetings),
        )
        for at, name in enumerate(models)
    ]
    ordered = sorted(found, key=lambda one: -one.strength)
    return Ratings(tuple(ordered), float(params[0]))


def _separated(meetings: Sequence[Meeting], models: Sequence[str]) -> bool:
    """Whether some group of models won, or lost, everything against the others."""
    beats: dict[str, set[str]] = {name: set() for name in models}
    for one in meetings:
        if one.share > 0.0:
            beats[one.first].add(one.second)
        if one.share < 1.0:
            beats[one.second].add(one.first)
    return any(len(_reach(beats, name)) < len(models) for name in models)


def _reach(beats: dict[str, set[str]], name: str) -> set[str]:
    """The models that one reaches over chains of wins: all of them, where strengths are finite.

    Source: L. R. Ford (1957), Solution of a ranking problem from binary comparisons.
    """
    seen, waiting = {name}, [name]
    while waiting:
        fresh = beats[waiting.pop()] - seen
        seen |= fresh
        waiting.extend(fresh)
    return seen


def _ties(meetings: Sequence[Meeting]) -> list[Meeting]:
    met = {frozenset((one.first, one.second)) for one in meetings}
    names = sorted({name for pair in met for name in pair})
    pairs = [pair for pair in combinations(names, 2) if frozenset(pair) in met]
    return [
        Meeting(f"tie {left} {right}", first, second, 0.5)
        for left, right in pairs
        for first, second in ((left, right), (right, left))
    ]
