"""From the names on the command line to a strategy and its members."""

from collections.abc import Callable, Sequence

from ultra.core.errors import ConfigError, GuardError, UsageError
from ultra.core.model import Choice, Ensemble, Route, Target
from ultra.core.profile import Profile, forbidden
from ultra.runtime.action import Selection
from ultra.strategies.registry import strategy_row

Resolve = Callable[[str], Target]
"""Finds a model that is written `provider:model`. Raises `UsageError` for an unknown provider."""

DEFAULT_STRATEGY = "fusion"


def no_model(profile: Profile) -> ConfigError:
    """What to say when nobody was named and the profile names nobody either."""
    if not profile.providers:
        return ConfigError(
            "no profile, key or local server is set up",
            hint="`ultra init` sets one up, `ultra demo` shows ultra with simulated models",
        )
    return ConfigError(
        f"profile `{profile.name}` names no default model",
        hint="name one with `-m provider:model`, or let `ultra init` write a profile",
    )


def find(profile: Profile, name: str, resolve: Resolve) -> Choice:
    """What a name stands for: the profile's own names first, then `provider:model`."""
    choice = profile.named(name)
    return choice if choice is not None else resolve(name)


def select_for_ask(
    profile: Profile, names: Sequence[str], strategy: str | None, resolve: Resolve
) -> Selection:
    """One answer: a model, a route, an ensemble, or several models (fusion unless told otherwise).

    Raises `UsageError` for names and strategies that do not go together, `ConfigError` when there
    is nobody to ask, `GuardError` for a model that the profile lets nobody ask.
    """
    asked = profile.expand(tuple(names) or _words(profile.defaults.ask))
    if not asked:
        raise no_model(profile)
    if len(asked) == 1:
        chosen = _one(profile, asked[0], strategy, resolve)
    else:
        chosen = _several(profile, asked, strategy or DEFAULT_STRATEGY, resolve)
    if not strategy_row(chosen.strategy).one_answer:
        raise UsageError(
            f"strategy `{chosen.strategy}` gives no single answer", hint="`ultra compare` shows all"
        )
    if chosen.route is None:  # the plan of a route leaves out what is forbidden, with the reason
        check_allowed(profile, chosen)
    return chosen


def select_for_compare(profile: Profile, names: Sequence[str], resolve: Resolve) -> Selection:
    """Every answer: at least one model, ensembles and routes not among them."""
    asked = profile.expand(tuple(names) or profile.defaults.compare)
    if not asked:
        raise no_model(profile)
    chosen = _several(profile, asked, "all", resolve)
    check_allowed(profile, chosen)
    return chosen


def check_allowed(profile: Profile, selection: Selection) -> None:
    """Raise `GuardError` when the profile forbids anybody who would see the prompt."""
    for target in selection.everyone:
        why = forbidden(profile, target)
        if why is not None:
            raise GuardError(
                f"`{target.ref}` may not be asked: {why}",
                hint="name another model with `-m`; `ultra models` lists them",
            )


def _words(name: str) -> tuple[str, ...]:
    return (name,) if name else ()


def _one(profile: Profile, name: str, strategy: str | None, resolve: Resolve) -> Selection:
    choice = find(profile, name, resolve)
    match choice:
        case Ensemble():
            return _checked(
                strategy or choice.strategy,
                choice.members,
                choice.synthesizer or synthesizer(profile, resolve),
                label=name,
            )
        case Route():
            return _routed(strategy or "fallback", choice)
        case Target():
            return _checked(strategy or "single", (choice,), None)


def _several(profile: Profile, names: Sequence[str], strategy: str, resolve: Resolve) -> Selection:
    members = tuple(_model(profile, name, resolve) for name in names)
    return _checked(strategy, members, synthesizer(profile, resolve))


def _model(profile: Profile, name: str, resolve: Resolve) -> Target:
    choice = find(profile, name, resolve)
    if isinstance(choice, Target):
        return choice
    kind = "an ensemble" if isinstance(choice, Ensemble) else "a route"
    raise UsageError(
        f"`{name}` is {kind}, not one model",
        hint="ask it alone, or name its models instead",
    )


def synthesizer(profile: Profile, resolve: Resolve) -> Target | None:
    """The profile's default synthesizer; None when it names none."""
    name = profile.defaults.synthesizer
    return _model(profile, name, resolve) if name else None


def _routed(strategy: str, route: Route) -> Selection:
    """A route; a strategy of the user's own takes its candidates as they are written."""
    if strategy == "fallback":
        return Selection(strategy, route.usual, label=route.name, route=route)
    return _checked(strategy, route.usual, None, label=route.name)


def _checked(
    strategy: str, members: tuple[Target, ...], writer: Target | None, *, label: str = ""
) -> Selection:
    row = strategy_row(strategy)
    if len(members) < row.members:
        raise UsageError(
            f"strategy `{strategy}` needs at least {row.members} models, not {len(members)}",
            hint="name more with `-m`; the same model twice gives two samples",
        )
    if strategy == "single" and len(members) > 1:
        raise UsageError(
            f"strategy `single` takes one model, not {len(members)}",
            hint="`--strategy first` races them, `fallback` takes them in order",
        )
    route = Route(label, members) if strategy == "fallback" else None
    return Selection(strategy, members, writer if row.writes else None, label=label, route=route)
