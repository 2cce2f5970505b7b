"""Whom a profile may ask: every model that it names anywhere, and whom the log saw asked lately."""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from ultra.core.errors import UltraError
from ultra.core.model import Choice, Endpoint, Ensemble, Route, Target
from ultra.core.profile import Profile

Resolve = Callable[[str], Target]


class Watched(Struct, frozen=True):
    """One model at one endpoint; `names` are the profile's.

    `target` None is an endpoint of which no model is known.
    """

    endpoint: Endpoint
    target: Target | None
    names: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """The model's id, empty for the endpoint only."""
        return "" if self.target is None else self.target.model


def watched(
    profile: Profile, resolve: Resolve, lately: Callable[[Endpoint], Iterable[str]]
) -> list[Watched]:
    """The models of names, ensembles, routes, groups and defaults, then those asked `lately`.

    Providers stand in the profile's order. One of which no model is known stands alone.
    """
    targets: dict[tuple[str, str], Target] = {}
    for target in _targets(profile, resolve):
        targets.setdefault((target.endpoint.provider, target.model), target)
    names: dict[tuple[str, str], list[str]] = {}
    for name, target in profile.models.items():
        names.setdefault((target.endpoint.provider, target.model), []).append(name)
    found: list[Watched] = []
    for provider, endpoint in profile.providers.items():
        mine = {model: one for (owner, model), one in targets.items() if owner == provider}
        for model in lately(endpoint):
            mine.setdefault(model, resolve(f"{provider}:{model}"))
        found += [
            Watched(endpoint, one, tuple(names.get((provider, model), ())))
            for model, one in mine.items()
        ] or [Watched(endpoint, None)]
    return found


def targets_named(profile: Profile, name: str, resolve: Resolve) -> list[Target]:
    """The models that a name stands for: one, or all of an ensemble, route or `@group`.

    Raises `UsageError` for a name that stands for nothing.
    """
    flat = profile.expand((name,))
    return [target for one in flat for target in _members(profile, one, resolve)]


def _targets(profile: Profile, resolve: Resolve) -> Iterator[Target]:
    yield from profile.models.values()
    choices: list[Choice] = [*profile.ensembles.values(), *profile.routes.values()]
    for choice in choices:
        yield from _of(choice)
    defaults = profile.defaults
    named = (defaults.ask, *defaults.compare, defaults.synthesizer, defaults.judge)
    for name in filter(None, (*named, *(f"@{group}" for group in profile.groups))):
        try:
            yield from targets_named(profile, name, resolve)
        except UltraError:  # a default that leads nowhere: `ultra profiles check` is who tells
            continue


def _members(profile: Profile, name: str, resolve: Resolve) -> list[Target]:
    choice = profile.named(name)
    return [resolve(name)] if choice is None else list(_of(choice))


def _of(choice: Choice) -> Iterator[Target]:
    match choice:
        case Target():
            yield choice
        case Ensemble():
            yield from choice.everyone
        case Route():
            yield from choice.everyone
