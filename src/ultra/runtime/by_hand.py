"""`ultra health open` and `ultra health reset`: breakers and gates that the user moves."""

from ultra.core.errors import UsageError
from ultra.core.text import did_you_mean, one_line
from ultra.runtime.auditing import author
from ultra.runtime.runtime import Runtime
from ultra.runtime.watched import targets_named
from ultra.store import by_hand
from ultra.store.by_hand import Goal
from ultra.store.database import Place


def goals_of(runtime: Runtime, name: str) -> list[Goal]:
    """What `provider`, `provider:model`, an alias, an ensemble, a route or a `@group` stands for.

    Raises `UsageError` for a name that stands for nothing.
    """
    profile = runtime.profile
    if name in profile.providers and profile.named(name) is None:
        endpoint = profile.providers[name]
        return [Goal(endpoint.provider, endpoint.base_url)]
    if ":" not in name and profile.named(name) is None and not name.startswith("@"):
        known = [*profile.providers, *profile.names]
        raise UsageError(
            f"profile `{profile.name}` has no provider and no name `{one_line(name, 80)}`",
            hint=did_you_mean(name, known) or "`ultra health` shows all it has",
        )
    return [
        Goal(target.endpoint.provider, target.endpoint.base_url, target.model)
        for target in targets_named(profile, name, runtime.resolve)
    ]


def reset(runtime: Runtime, name: str | None) -> int:
    """Let calls through again; how many breakers and gates kept any back. None is all there are.

    Raises `UsageError` and `StoreError`.
    """
    goals = None if name is None else goals_of(runtime, name)
    place = Place(runtime.paths.database, tell=runtime.warn)
    return by_hand.reset(place, goals, runtime.clock.time(), author(runtime))


def open_(runtime: Runtime, name: str) -> list[Goal]:
    """Let no call through until it is reset; what that holds for. Raises as `reset` does."""
    goals = goals_of(runtime, name)
    place = Place(runtime.paths.database, tell=runtime.warn)
    by_hand.force_open(place, goals, runtime.clock.time(), author(runtime))
    return goals
