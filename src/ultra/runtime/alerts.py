"""Alerts of the profile: evaluated after a run, by hand or from cron; each crossing told once."""

from msgspec import Struct

from ultra.core.alerts import Crossing, Watched
from ultra.core.errors import StoreError, UltraError, UsageError
from ultra.core.text import did_you_mean, one_line
from ultra.runtime.runtime import Runtime
from ultra.runtime.telling import tell
from ultra.store.alerts import AlertBook
from ultra.store.database import Place

BUSY_S, KNOWN_S = 5.0, 0.2
"""How long a locked log is waited for: by itself, and by a run that waited for it before."""


class Told(Struct, frozen=True):
    """A crossing that this process told, or tried to; `problem` is None where it worked."""

    crossing: Crossing
    problem: UltraError | None


def after_run(runtime: Runtime) -> None:
    """Tell of what was crossed. A failure is a warning and changes nothing: the run is over.

    Where the user knows of the log already, it is neither waited for nor told of again.
    """
    known = runtime.told_of_log
    try:
        for told in check(runtime, busy_s=KNOWN_S if known else BUSY_S):
            if told.problem is not None:
                runtime.warn(not_told(told))
    except StoreError as error:
        if not known:
            runtime.warn(f"alerts could not be looked at: {error.message}")


def check(runtime: Runtime, *, busy_s: float = BUSY_S) -> list[Told]:
    """Claim what was crossed, and tell of it. Raises `StoreError`.

    What could not be told is tried again by whoever looks next. `busy_s` is how long a lock is
    waited for.
    """
    kept = _book(runtime, busy_s)
    crossings = kept.claim(runtime.profile.alerts)
    if not crossings:
        return []
    found = []
    for crossing, problem in tell(runtime, crossings):
        kept.settle(crossing, told=problem is None)
        found.append(Told(crossing, problem))
    return sorted(found, key=lambda one: crossings.index(one.crossing))


def watched(runtime: Runtime) -> list[Watched]:
    """Every alert of the profile as it stands. Raises `StoreError`."""
    return _book(runtime).watch(runtime.profile.alerts)


def send_test(runtime: Runtime, name: str) -> None:
    """Send one alert as if it had crossed, marked as a test; its state stays as it is.

    Raises `UsageError` for a name that the profile has not, and what telling raises.
    """
    rules = {rule.name: rule for rule in runtime.profile.alerts}
    rule = rules.get(name)
    if rule is None:
        raise UsageError(
            f"profile `{runtime.profile.name}` has no alert `{one_line(name, 60)}`",
            hint=did_you_mean(name, rules) or "`ultra alerts` lists those it has",
        )
    crossing = Crossing(rule, rule.scope, f"a test of: {rule.words}", runtime.clock.time())
    ((_, problem),) = tell(runtime, [crossing], test=True)
    if problem is not None:
        raise problem


def not_told(told: Told) -> str:
    """What the user is warned of."""
    problem = told.problem.message if told.problem else ""
    return (
        f"alert `{told.crossing.rule.name}` was not told: {problem};"
        f" the next run tries again ({told.crossing.words})"
    )


def _book(runtime: Runtime, busy_s: float = BUSY_S) -> AlertBook:
    place = Place(runtime.paths.database, busy_s=busy_s, tell=runtime.warn)
    return AlertBook(place.path, runtime.clock.time, runtime.profile.budget.limits, place=place)
