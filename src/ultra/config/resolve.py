"""From the merged words of profiles to the values that they mean, with every mistake noted."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from ultra.config.documents import Document
from ultra.config.endpoints import Lookup, Providers
from ultra.config.reader import KeyPath
from ultra.config.resolve_alerts import alert
from ultra.config.resolve_ensembles import check_ensemble, method_of, row_of
from ultra.config.resolve_providers import apply_timers, check_options, resolve_provider
from ultra.config.resolve_routes import route_rules
from ultra.config.schema import EnsembleSpec, ModelSpec, PriceSpec, ProfileSpec
from ultra.core.alerts import Rule
from ultra.core.budget import RUN, Limit, Period
from ultra.core.catalog import Catalog
from ultra.core.cost import FREE, Price, Rate
from ultra.core.errors import UltraError
from ultra.core.model import ENSEMBLE, Endpoint, Ensemble, Route, Target, Timers
from ultra.core.profile import (
    BreakerRules,
    BudgetRules,
    CacheRules,
    Defaults,
    GuardRules,
    LogRules,
    Profile,
    RetryRules,
)
from ultra.core.text import did_you_mean, one_line

MOST_MEMBERS = 256
"""Names that a group may expand to, nested groups included."""


def resolve(name: str, merged: Document, *, catalog: Catalog, lookup: Lookup) -> Profile:
    """The profile, as far as it holds; mistakes are added to `merged.problems`."""
    return _Resolver(merged, catalog, lookup).profile(name)


def price_of(spec: PriceSpec) -> Price:
    """A profile's price, which never has tiers."""

    def rate(nano: int | None) -> Rate | None:
        return None if nano is None else Rate(nano)

    return Price(
        input=Rate(spec.input_per_mtok),
        output=Rate(spec.output_per_mtok),
        cache_read=rate(spec.cache_read_per_mtok),
        cache_write=rate(spec.cache_write_per_mtok),
        cache_write_1h=rate(spec.cache_write_1h_per_mtok),
        audio_input=rate(spec.audio_input_per_mtok),
        reasoning=rate(spec.reasoning_per_mtok),
        audio_output=rate(spec.audio_output_per_mtok),
        request_nano=spec.request_usd or 0,
        source="profile",
    )


class _Resolver:
    def __init__(self, found: Document, catalog: Catalog, lookup: Lookup) -> None:
        self._found = found
        self._catalog = catalog
        self._spec = msgspec.convert(found.data, ProfileSpec)
        timers = apply_timers(Timers(), self._spec.timers)
        own: dict[str, Endpoint | None] = {}
        self._providers = Providers(own, catalog, lookup, timers)
        vendors = catalog.vendors()
        for name, spec in self._spec.providers.items():
            if name == ENSEMBLE:
                found.object_to(("providers", name), "is what ensembles have for a provider")
            own[name] = (
                resolve_provider(
                    name, spec, found=found, vendors=vendors, lookup=lookup, timers=timers
                )
                if spec
                else None
            )
        self._models: dict[str, Target | None] = {}
        self._ensembles: dict[str, Ensemble | None] = {}
        self._open: list[str] = []

    def profile(self, name: str) -> Profile:
        self._models = {
            name: self._model(name, spec) if spec else None
            for name, spec in self._spec.models.items()
        }
        self._check_groups()
        spec = self._spec
        return Profile(
            name=name,
            environment=spec.environment or "development",
            source=str(self._found.path) if self._found.path else "",
            providers=_whole(self._providers.own.items()),
            models=_whole(self._models.items()),
            groups={name: members for name, members in spec.groups.items() if members},
            ensembles=_whole((name, self._ensemble(name)) for name in spec.ensembles),
            routes=_whole((name, self._route(name)) for name in spec.routes),
            defaults=self._defaults(),
            retry=self._retry(),
            confirm_usd=Profile("").confirm_usd if spec.confirm_usd is None else spec.confirm_usd,
            timers=self._providers.timers,
            breaker=_filled(BreakerRules(), spec.breaker),
            budget=self._budget(name),
            cache=_filled(CacheRules(), spec.cache),
            guardrails=_filled(GuardRules(), spec.guardrails),
            log=_filled(LogRules(), spec.log),
            alerts=self._alerts(),
            warnings=tuple(self._found.warnings),
        )

    def _model(self, name: str, spec: str | ModelSpec) -> Target | None:
        text = spec if isinstance(spec, str) else spec.model
        path = ("models", name) if isinstance(spec, str) else ("models", name, "model")
        target = self._try(path, lambda: self._providers.target(name, text))
        if target is None or isinstance(spec, str):
            return target
        if not target.endpoint.simulated:
            check_options(self._found, ("models", name, "options"), spec.options)
        price = FREE if spec.price == "free" else spec.price and price_of(spec.price)
        changes = {
            "price": price,
            "context_window": spec.context_window,
            "max_output_tokens": spec.max_output_tokens,
            "output_cap": spec.max_output_tokens,
            "capabilities": spec.capabilities,
            "options": spec.options or None,
            "tier": spec.tier,
        }
        said = {field: value for field, value in changes.items() if value is not None}
        return msgspec.structs.replace(target, **said)

    def _check_groups(self) -> None:
        for name, members in self._spec.groups.items():
            path: KeyPath = ("groups", name)
            for index, member in enumerate(members or ()):
                self._known((*path, index), member)
            if self._loops(name, set(), name):
                self._found.object_to(path, f"the group `@{name}` contains itself")
            elif len(self._expand((f"@{name}",))) > MOST_MEMBERS:
                self._found.object_to(path, f"expands to more than {MOST_MEMBERS} names")

    def _loops(self, name: str, seen: set[str], member: str) -> bool:
        """Whether the group `name` can be reached from its own `member`."""
        inner = [one[1:] for one in self._spec.groups.get(member) or () if one.startswith("@")]
        fresh = [one for one in inner if one not in seen]
        seen.update(fresh)
        return name in inner or any(self._loops(name, seen, one) for one in fresh)

    def _expand(self, names: Sequence[str]) -> list[str]:
        """Groups replaced by their members, at most one more than may be; loops end there too."""
        waiting, steps = list(reversed(names)), 0
        flat: list[str] = []
        while waiting and len(flat) <= MOST_MEMBERS and steps < 8 * MOST_MEMBERS:
            steps += 1
            name = waiting.pop()
            if name.startswith("@"):
                waiting.extend(reversed(self._spec.groups.get(name[1:]) or ()))
            else:
                flat.append(name)
        return flat

    def _ensemble(self, name: str) -> Ensemble | None:
        """An ensemble, made once; None for one that is wrong or that stands in itself."""
        if name not in self._ensembles:
            self._ensembles[name] = None  # whoever asks for it meanwhile stands inside it
            self._open.append(name)
            spec = self._spec.ensembles[name]
            self._ensembles[name] = None if spec is None else self._assembled(name, spec)
            self._open.pop()
        return self._ensembles[name]

    def _assembled(self, name: str, spec: EnsembleSpec) -> Ensemble:
        path: KeyPath = ("ensembles", name)
        row = row_of(self._found, path, spec)
        writer = None
        if spec.synthesizer is not None:
            writer = self._one((*path, "synthesizer"), spec.synthesizer)
        judges = self._several((*path, "judges"), spec.judges or ())
        if row is not None and len(self._expand(spec.members)) < row.members:
            self._found.object_to(
                (*path, "members"), f"`{spec.strategy}` needs {row.members} members or more"
            )
        members = self._several((*path, "members"), spec.members, ensembles=True)
        method = method_of(self._found, path, spec, judges, members)
        ensemble = Ensemble(name, spec.strategy, members, writer, method)
        if row is not None:
            judge = bool(self._spec.defaults and self._spec.defaults.judge)
            check_ensemble(self._found, path, row, ensemble, judge=judge)
        return ensemble

    def _route(self, name: str) -> Route | None:
        spec = self._spec.routes[name]
        if spec is None:
            return None
        path = ("routes", name)
        candidates = self._several((*path, "candidates"), spec.candidates)
        return Route(
            name,
            candidates,
            spec.policy,
            on_failure=self._several((*path, "on_failure"), spec.on_failure),
            on_context_length=self._several((*path, "on_context_length"), spec.on_context_length),
            on_content_filter=self._several((*path, "on_content_filter"), spec.on_content_filter),
            rules=route_rules(self._found, path, spec, candidates),
        )

    def _several(
        self, path: KeyPath, names: Sequence[str], *, ensembles: bool = False
    ) -> tuple[Target, ...]:
        targets: list[Target | None] = []
        for index, name in enumerate(names):
            here = (*path, index)
            if not name.startswith("@"):
                targets.append(self._member(here, name, ensembles=ensembles))
            elif self._known(here, name):
                targets.extend(
                    self._member(here, member, ensembles=ensembles)
                    for member in self._expand((name,))
                )
        return tuple(target for target in targets if target is not None)

    def _member(self, path: KeyPath, name: str, *, ensembles: bool) -> Target | None:
        """One model, or an ensemble where one may stand for a model."""
        if not ensembles or name not in self._spec.ensembles or name in self._models:
            return self._one(path, name)
        if name in self._open:
            self._found.object_to(path, f"the ensemble `{name}` stands inside itself")
            return None
        inner = self._ensemble(name)
        return None if inner is None else inner.target

    def _one(self, path: KeyPath, name: str) -> Target | None:
        """One model by alias or `provider:model`; anything else is a mistake."""
        if name in self._models:
            return self._models[name]
        for kind, taken in (
            ("an ensemble", name in self._spec.ensembles),
            ("a route", name in self._spec.routes),
        ):
            if taken:
                self._found.object_to(path, f"`{name}` is {kind}, and a model belongs here")
                return None
        if ":" in name:
            return self._try(path, lambda: self._providers.target(name, name))
        self._unknown(path, name, list(self._models))
        return None

    def _known(self, path: KeyPath, name: str) -> bool:
        """Whether a name means something; a mistake when it does not."""
        if name.startswith("@"):
            known = name[1:] in self._spec.groups
        elif self._named(name):
            known = True
        elif ":" in name:
            self._try(path, lambda: self._providers.target(name, name))
            return True
        else:
            known = False
        if not known:
            self._unknown(path, name, self._names())
        return known

    def _named(self, name: str) -> bool:
        spec = self._spec
        return name in spec.models or name in spec.ensembles or name in spec.routes

    def _names(self) -> list[str]:
        spec = self._spec
        groups = [f"@{name}" for name in spec.groups]
        return [*spec.models, *spec.ensembles, *spec.routes, *groups]

    def _unknown(self, path: KeyPath, name: str, known: list[str]) -> None:
        self._found.object_to(
            path,
            f"nothing is called `{one_line(name, 80)}`",
            did_you_mean(name, known) or "write an alias, `@group` or `provider:model`",
        )

    def _defaults(self) -> Defaults:
        spec = self._spec.defaults
        if spec is None:
            return Defaults()
        if spec.ask is not None:
            self._known(("defaults", "ask"), spec.ask)
        compare = (spec.compare,) if isinstance(spec.compare, str) else spec.compare or ()
        for index, name in enumerate(compare):
            path: KeyPath = ("defaults", "compare")
            self._known(path if isinstance(spec.compare, str) else (*path, index), name)
        for role, chosen in (("synthesizer", spec.synthesizer), ("judge", spec.judge)):
            if chosen is not None:
                self._one(("defaults", role), chosen)
        return Defaults(spec.ask or "", compare, spec.synthesizer or "", spec.judge or "")

    def _retry(self) -> RetryRules:
        usual, spec = RetryRules(), self._spec.retry
        if spec is None:
            return usual
        return RetryRules(spec.attempts or usual.attempts, spec.per_target or usual.per_target)

    def _budget(self, name: str) -> BudgetRules:
        spec = self._spec.budget
        if spec is None:
            return BudgetRules()
        mode = spec.mode or "soft"
        own: tuple[tuple[str, Period, int | None], ...] = (
            (RUN, "run", spec.run_usd),
            (f"profile:{name}", "day", spec.day_usd),
            (f"profile:{name}", "week", spec.week_usd),
            (f"profile:{name}", "month", spec.month_usd),
        )
        limits = (Limit(scope, period, usd, mode) for scope, period, usd in own if usd is not None)
        return BudgetRules(tuple(limits), spec.cost_center or "")

    def _alerts(self) -> tuple[Rule, ...]:
        guard = self._spec.guardrails
        local = bool(guard and guard.local_only)
        found = [
            alert(self._found, name, spec, local_only=local)
            for name, spec in self._spec.alerts.items()
            if spec is not None
        ]
        return tuple(rule for rule in found if rule is not None)

    def _try(self, path: KeyPath, make: Callable[[], Target | None]) -> Target | None:
        try:
            return make()
        except UltraError as error:
            self._found.object_to(path, error.message, error.hint)
            return None


_Value = TypeVar("_Value")
_Rules = TypeVar("_Rules", bound=msgspec.Struct)


def _filled(usual: _Rules, spec: msgspec.Struct | None) -> _Rules:
    """The usual rules with what a section says otherwise; its fields bear the same names."""
    said = {} if spec is None else msgspec.structs.asdict(spec)
    told = {name: value for name, value in said.items() if value is not None}
    return msgspec.structs.replace(usual, **told)


def _whole(entries: Iterable[tuple[str, _Value | None]]) -> dict[str, _Value]:
    """The entries that came to something."""
    return {name: value for name, value in entries if value is not None}
