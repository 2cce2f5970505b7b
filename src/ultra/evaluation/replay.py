"""On how many logged prompts a model is as good as who answered then."""

from collections.abc import Sequence

from msgspec import Struct

from ultra.core.errors import UsageError
from ultra.core.expect import Expectation
from ultra.core.extract import Extractor
from ultra.core.replay import Case
from ultra.evaluation.expectations import unmet
from ultra.evaluation.extraction import extracted, groups_of

AS_GOOD = 0.5 - 1e-9
"""The least of the logged answer's share that is as good: sums of thirds may lack a little."""

UNREAD = "nothing could be read from the logged answer"


class Figures(Struct, frozen=True):
    """What some cases come to; see `ReplayDocument`."""

    judged: int
    as_good: int
    better: int
    low: float | None
    high: float | None
    cost_share: float | None
    costed: int
    time_share: float | None
    timed: int
    unmeasured: str = ""


def share_of_expectations(
    logged: str, new: str, expect: Sequence[Expectation]
) -> tuple[float, tuple[str, ...]]:
    """What the new answer won by what both are held to, and what it does not meet."""
    then = [one for wanted in expect if (one := unmet(logged, wanted)) is not None]
    now = [one for wanted in expect if (one := unmet(new, wanted)) is not None]
    return 0.5 + (bool(then) - bool(now)) / 2, tuple(now)


def share_of_reading(
    logged: str, new: str, extractor: Extractor
) -> tuple[float | None, tuple[str, ...]]:
    """One half where both come to the same, 0 where not; None where the logged one is unread."""
    keys = [extracted(logged, extractor), extracted(new, extractor)]
    if keys[0] is None:
        return None, ()
    if keys[1] is None:
        return 0.0, ("nothing could be read from it",)
    same = len(groups_of(keys)) == 1
    return (0.5, ()) if same else (0.0, (f"it comes to {keys[1]}, not {keys[0]}",))


def figures(cases: Sequence[Case]) -> Figures:
    """The share of prompts on which the new answer is as good, and what it cost and took."""
    shares = [one.share for one in cases if one.share is not None]
    as_good = sum(share >= AS_GOOD for share in shares)
    low, high, unmeasured = _interval(as_good, len(shares))
    costs = [
        (float(one.cost_nano), float(one.logged_nano))
        for one in cases
        if one.cost_nano is not None and one.logged_nano is not None
    ]
    times = [
        (one.duration_s, one.logged_s)
        for one in cases
        if one.duration_s is not None and one.logged_s is not None
    ]
    return Figures(
        len(shares),
        as_good,
        sum(share > 1.0 - AS_GOOD for share in shares),
        low,
        high,
        _share(costs),
        len(costs),
        _share(times),
        len(times),
        unmeasured,
    )


def _interval(good: int, total: int) -> tuple[float | None, float | None, str]:
    if not total:
        return None, None, ""
    try:
        # scipy takes a second to import, which only who measures has a use for.
        from ultra.evaluation.statistics import wilson  # noqa: PLC0415
    except UsageError as error:
        return None, None, f"no interval without scipy: {error.hint}"
    found = wilson(good, total)
    return found.low, found.high, ""


def _share(pairs: Sequence[tuple[float, float]]) -> float | None:
    """What the new ones sum up to, as a share of the logged ones; None of nothing."""
    then = sum(logged for _, logged in pairs)
    return sum(new for new, _ in pairs) / then if then else None
