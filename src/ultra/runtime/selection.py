"""From the names on the command line to a strategy and its members."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from ultra.core.errors import ConfigError, GuardError, UsageError
from ultra.core.model import Choice, Ensemble, Method, Route, Target
from ultra.core.profile import Profile, forbidden
from ultra.core.request import Prompt
from ultra.core.strategies import OWN, strategy_row, unknown
from ultra.runtime.action import Selection
from ultra.runtime.methods import NOTHING, Wish, method_of, runs_of, samples_of
from ultra.strategies import refusals

Resolve = Callable[[str], Target]
"""Finds a model that is written `provider:model`. Raises `UsageError` for an unknown provider."""

DEFAULT_STRATEGY = "fusion"
USUAL = Method()


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
    profile: Profile,
    names: Sequence[str],
    strategy: str | None,
    resolve: Resolve,
    wish: Wish = NOTHING,
) -> Selection:
    """One answer: a model, a route, an ensemble, or several models (fusion unless told otherwise).

    Raises `UsageError` for names, strategies and wishes that do not go together, `ConfigError` when
    there is nobody to ask, `GuardError` for a model that the profile lets nobody ask.
    """
    if strategy in OWN:
        raise unknown(strategy)
    asked = profile.expand(tuple(names) or _words(profile.defaults.ask))
    if not asked:
        raise no_model(profile)
    chooser = _Chooser(profile, resolve, wish)
    chosen = chooser.one(asked[0], strategy) if len(asked) == 1 else chooser.all(asked, strategy)
    if not strategy_row(chosen.strategy).one_answer:
        raise UsageError(
            f"strategy `{chosen.strategy}` gives no single answer", hint="`ultra compare` shows all"
        )
    if chosen.route is None:  # the plan of a route leaves out what is forbidden, with the reason
        check_allowed(profile, chosen)
    return chosen


def select_for_compare(
    profile: Profile,
    names: Sequence[str],
    resolve: Resolve,
    wish: Wish = NOTHING,
) -> Selection:
    """Every answer: of at least one model or ensemble, routes not among them.

    Judges are those that are wished for: comparing costs nothing beyond its members otherwise.
    """
    asked = profile.expand(tuple(names) or profile.defaults.compare)
    if not asked:
        raise no_model(profile)
    names = [name for name in asked for _ in range(runs_of(wish))]
    chosen = _Chooser(profile, resolve, wish).all(names, "all")
    check_allowed(profile, chosen)
    return chosen


def select_for_replay(
    profile: Profile, names: Sequence[str], resolve: Resolve, wish: Wish = NOTHING
) -> Selection:
    """The one model or ensemble that logged prompts are sent to, and who judges its answers."""
    if not names:
        raise UsageError("whom the prompts are to be sent to is not said", hint="name it with `-m`")
    asked = profile.expand(tuple(names))
    if len(asked) > 1:
        raise UsageError(
            f"prompts are replayed to one model at a time, not to {len(asked)}",
            hint="`ultra compare --prompts` asks several",
        )
    chosen = _Chooser(profile, resolve, wish).all(asked, "replay")
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


def check_passable(selection: Selection, prompt: Prompt) -> None:
    """Raise `UsageError` where nothing says which answers of a cascade are good enough."""
    schema = prompt.json_schema is not None
    refusals.check_passable(selection.strategy, selection.members, selection.method, schema=schema)


def _words(name: str) -> tuple[str, ...]:
    return (name,) if name else ()


def synthesizer(profile: Profile, resolve: Resolve) -> Target | None:
    """The profile's default synthesizer; None when it names none."""
    name = profile.defaults.synthesizer
    return _model(profile, name, resolve) if name else None


def _model(profile: Profile, name: str, resolve: Resolve) -> Target:
    choice = find(profile, name, resolve)
    if isinstance(choice, Target):
        return choice
    kind = "an ensemble" if isinstance(choice, Ensemble) else "a route"
    raise UsageError(
        f"`{name}` is {kind}, not one model",
        hint="ask it alone, or name its models instead",
    )


class _Chooser:
    """Makes selections out of names, with what was wished for."""

    def __init__(self, profile: Profile, resolve: Resolve, wish: Wish) -> None:
        self._profile = profile
        self._resolve = resolve
        self._wish = wish

    def one(self, name: str, strategy: str | None) -> Selection:
        """What one name stands for; samples of one model are fused unless told otherwise."""
        choice = find(self._profile, name, self._resolve)
        match choice:
            case Ensemble():
                return self._made(
                    strategy or choice.strategy,
                    self._inner(choice.members),
                    choice.method,
                    writer=choice.synthesizer,
                    label=name,
                )
            case Route():
                return self._routed(strategy, choice)
            case Target():
                usual = "single" if self._wish.samples is None else DEFAULT_STRATEGY
                return self._made(strategy or usual, (choice,))

    def all(self, names: Sequence[str], strategy: str | None) -> Selection:
        """Several models, of which some may be ensembles."""
        members = tuple(self._member(name) for name in names)
        return self._made(strategy or DEFAULT_STRATEGY, members)

    def _member(self, name: str) -> Target:
        choice = find(self._profile, name, self._resolve)
        if isinstance(choice, Ensemble):
            return self._settled(choice).target
        return self._model(name)

    def _inner(self, members: tuple[Target, ...]) -> tuple[Target, ...]:
        return tuple(
            one if one.ensemble is None else self._settled(one.ensemble).target for one in members
        )

    def _settled(self, ensemble: Ensemble) -> Ensemble:
        """An ensemble as it is asked: with the profile's own people where it names none.

        Raises `UsageError` for one that makes no sense; what flags say is not for it.
        """
        chooser = _Chooser(self._profile, self._resolve, NOTHING)
        made = chooser.one(ensemble.name, None)
        if not strategy_row(made.strategy).one_answer:
            raise UsageError(
                f"the ensemble `{ensemble.name}` gives no single answer",
                hint="name its models instead",
            )
        return replace(
            ensemble, members=made.members, synthesizer=made.synthesizer, method=made.method
        )

    def _model(self, name: str) -> Target:
        return _model(self._profile, name, self._resolve)

    def _routed(self, strategy: str | None, route: Route) -> Selection:
        """A route; a strategy of the user's own takes its candidates as they are written."""
        if self._wish.samples is not None:
            usual = DEFAULT_STRATEGY
            return self._made(strategy or usual, route.usual, label=route.name)
        if strategy in (None, "fallback"):
            method = self._method("fallback", USUAL)
            return Selection("fallback", route.usual, label=route.name, route=route, method=method)
        return self._made(strategy, route.usual, label=route.name)

    def _made(
        self,
        strategy: str,
        members: tuple[Target, ...],
        base: Method = USUAL,
        *,
        writer: Target | None = None,
        label: str = "",
    ) -> Selection:
        row = strategy_row(strategy)
        members = samples_of(self._wish, members)
        writes = "synthesizer" in row.knobs and ("escalate" not in row.knobs or base.escalate)
        if self._wish.synthesizer and strategy == "vote" and not writes:
            raise UsageError(
                "a vote asks no synthesizer",
                hint="unless `escalate` in its ensemble says that answers without a consensus are"
                " fused",
            )
        writer = self._writer(writer) if writes else None
        method = self._method(strategy, base, panel=writer is None or writer in members)
        refusals.check_method(strategy, members, method)
        return Selection(
            strategy,
            members,
            writer,
            label=label,
            route=Route(label, members) if strategy == "fallback" else None,
            method=method,
        )

    def _method(self, strategy: str, base: Method, *, panel: bool = False) -> Method:
        """What flags say, then the ensemble, then for who cannot do without a judge the profile.

        So it is where the panel would weigh its own answers, `panel` being who writes.
        """
        method = method_of(self._wish, strategy, base, self._model)
        row, judge = strategy_row(strategy), self._profile.defaults.judge
        own = panel and row.writes and "judges" in row.knobs
        if (row.judged or own) and judge and not method.judges:
            return replace(method, judges=(self._model(judge),))
        return method

    def _writer(self, own: Target | None) -> Target | None:
        if self._wish.synthesizer:
            return self._model(self._wish.synthesizer)
        return own or synthesizer(self._profile, self._resolve)
