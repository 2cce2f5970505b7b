"""The profiles there are: list, choose, show, check."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from ultra.config.build import Builder
from ultra.config.discover import (
    USER,
    Chosen,
    active_name,
    choose,
    choose_own,
    find_named,
    find_project,
    named_profiles,
    shipped_dir,
)
from ultra.config.documents import read_document
from ultra.config.dump import dollars, to_yaml
from ultra.config.facts import Witness
from ultra.config.files import read_regular, shown, write_private
from ultra.config.paths import Paths
from ultra.config.resolve_alerts import shown_alert
from ultra.config.trust import Standing, grants, standing
from ultra.core.catalog import Catalog
from ultra.core.cost import FREE, Price, Rate
from ultra.core.errors import ConfigError, Problem
from ultra.core.model import Endpoint, Ensemble, Method, Route, Target, Timers
from ultra.core.profile import (
    BreakerRules,
    BudgetRules,
    CacheRules,
    GuardRules,
    LogRules,
    Profile,
    RetryRules,
)
from ultra.core.text import did_you_mean, one_line

Origin = Literal["shipped", "user", "project"]


class ProfileEntry(Struct, frozen=True):
    """One profile that can be chosen.

    `trust` is `needless` for a file that holds no field that needs it, and for the user's own.
    `active` marks the one that serves here when nothing is said.
    """

    name: str
    path: str
    origin: Origin
    trust: Standing | Literal["needless"]
    active: bool


def profiles(*, environ: Mapping[str, str], cwd: Path, paths: Paths) -> list[ProfileEntry]:
    """The project's profile if there is one, then the user's, then the shipped ones."""
    try:
        serving = choose(None, environ=environ, cwd=cwd, paths=paths)
    except ConfigError:
        serving = Chosen("")
    found: list[ProfileEntry] = []
    project = find_project(environ=environ, cwd=cwd)
    if project.path is not None and project.path.parent != paths.config:
        here = serving.path == project.path
        trusted = trust_of(project.path, paths=paths)
        found.append(ProfileEntry(project.name, str(project.path), "project", trusted, here))
    for name, path in named_profiles(paths).items():
        origin: Origin = "shipped" if path.parent == shipped_dir() else "user"
        found.append(ProfileEntry(name, str(path), origin, "needless", serving.path == path))
    return found


def trust_of(path: Path, *, paths: Paths) -> Standing | Literal["needless"]:
    """How far a project file is trusted, `needless` when nothing in it needs trust."""
    try:
        raw = read_regular(path)
        document = read_document(path, raw)
        now = standing(document, raw, paths=paths, witness=Witness({}))
    except (FileNotFoundError, ConfigError):
        return "untrusted"
    return "needless" if now == "untrusted" and not grants(document) else now


def use(name: str | None, *, paths: Paths) -> Path | None:
    """Make a profile the one that serves when none is named; None goes back to the usual.

    Returns its file. Raises `ConfigError` for an unknown name, naming the nearest.
    """
    if name is None or name == USER:
        paths.active_file.unlink(missing_ok=True)
        return choose_own(paths).path
    path = find_named(name, paths)
    if path is None:
        raise ConfigError(
            f"there is no profile `{one_line(name, 80)}`",
            hint=did_you_mean(name, named_profiles(paths)) or "`ultra profiles list` shows all",
        )
    write_private(paths.active_file, f"{name}\n".encode())
    return path


def active(paths: Paths) -> str | None:
    """The name that `use` chose, None when none was."""
    return active_name(paths)


def check(
    chosen: Chosen, *, environ: Mapping[str, str], paths: Paths, catalog: Catalog
) -> list[Problem]:
    """Everything that is wrong with a profile as it would be used; empty when it holds.

    A project file that asks for trust is checked as if it had it.
    """
    path = chosen.path or Path()
    asks = chosen.project and trust_of(path, paths=paths) == "untrusted"
    try:
        Builder(environ, paths, catalog, Witness(environ), trusting=asks).build(chosen)
    except ConfigError as error:
        return list(error.problems) or [Problem(shown(path), "", error.message, error.hint)]
    return []


def show(profile: Profile) -> str:
    """The profile with everything resolved, as YAML that is a profile itself.

    Keys are references. Prices of the catalog are left out, as they would only grow old here.
    """
    defaults = {
        "ask": profile.defaults.ask,
        "compare": list(profile.defaults.compare),
        "synthesizer": profile.defaults.synthesizer,
        "judge": profile.defaults.judge,
    }
    sections: dict[str, Any] = {
        "version": 1,
        "environment": profile.environment,
        "providers": {
            name: _provider(endpoint, profile.timers)
            for name, endpoint in profile.providers.items()
        },
        "models": {name: _model(target) for name, target in profile.models.items()},
        "groups": {name: list(members) for name, members in profile.groups.items()},
        "ensembles": {name: _ensemble(one, profile) for name, one in profile.ensembles.items()},
        "routes": {name: _route(route, profile) for name, route in profile.routes.items()},
        "defaults": _told(**defaults),
        "retry": _changed(profile.retry, RetryRules()),
        "breaker": _changed(profile.breaker, BreakerRules()),
        "budget": _budget(profile.budget),
        "cache": _changed(profile.cache, CacheRules()),
        "guardrails": _changed(profile.guardrails, GuardRules()),
        "log": _changed(profile.log, LogRules()),
        "alerts": {rule.name: shown_alert(rule) for rule in profile.alerts},
        "timers": _changed(profile.timers, Timers()),
        "confirm_usd": profile.confirm_usd,
    }
    return to_yaml({name: value for name, value in sections.items() if value not in ({}, None)})


def _ensemble(one: Ensemble, profile: Profile) -> dict[str, Any]:
    said = _changed(one.method, Method())
    if one.method.extract is not None:
        said["extract"] = str(one.method.extract)
    if one.method.expect:
        said["expect"] = [str(wanted) for wanted in one.method.expect]
    if one.method.judges:
        said["judges"] = [_name(judge, profile) for judge in one.method.judges]
    return _told(
        strategy=one.strategy,
        members=[_name(member, profile) for member in one.members],
        synthesizer=one.synthesizer and _name(one.synthesizer, profile),
        **{name: said[name] for name in Method.__struct_fields__ if name in said},
    )


def _route(route: Route, profile: Profile) -> dict[str, Any]:
    def names(targets: tuple[Target, ...]) -> list[str]:
        return [_name(target, profile) for target in targets]

    rules = route.rules
    return _told(
        policy=route.policy,
        candidates=names(route.candidates),
        on_failure=names(route.on_failure),
        on_context_length=names(route.on_context_length),
        on_content_filter=names(route.on_content_filter),
        weights=rules.weights,
        min_quality=rules.min_quality,
        slo_s=rules.slo_s,
        slo=None if rules.slo == "p50" else rules.slo,
        allow_unpriced=rules.allow_unpriced or None,
    )


def _budget(rules: BudgetRules) -> dict[str, Any]:
    limits = {f"{limit.period}_usd": dollars(limit.limit_nano) for limit in rules.limits}
    mode = next((limit.mode for limit in rules.limits if limit.mode == "hard"), None)
    return _told(**limits, mode=mode, cost_center=rules.cost_center)


def _provider(endpoint: Endpoint, timers: Timers) -> dict[str, Any]:
    simulated = endpoint.simulated
    key = "default" if endpoint.key.kind == "default" else str(endpoint.key)
    return _told(
        vendor=endpoint.vendor,
        protocol=endpoint.protocol,
        base_url=endpoint.base_url,
        key=None if simulated else key,
        auth=None if simulated else endpoint.auth,
        headers=None if endpoint.vendor else endpoint.headers,
        limits=_told(
            concurrency=endpoint.concurrency,
            requests_per_minute=endpoint.requests_per_minute,
            tokens_per_minute=endpoint.tokens_per_minute,
        ),
        timers=_changed(endpoint.timers, timers),
        options=endpoint.options,
    )


def _model(target: Target) -> str | dict[str, Any]:
    price = "free" if target.price == FREE else _price(target.price)
    details = _told(
        price=price if price != "free" or not target.endpoint.simulated else None,
        context_window=target.context_window,
        max_output_tokens=target.output_cap,
        capabilities=None if target.capabilities is None else list(target.capabilities),
        options=target.options,
        tier=target.tier,
    )
    return {"model": str(target.ref), **details} if details else str(target.ref)


def _price(price: Price | None) -> dict[str, Decimal] | None:
    if price is None or price.source != "profile":
        return None
    rates: dict[str, Rate | None] = {
        "input_per_mtok": price.input,
        "output_per_mtok": price.output,
        "cache_read_per_mtok": price.cache_read,
        "cache_write_per_mtok": price.cache_write,
        "cache_write_1h_per_mtok": price.cache_write_1h,
        "audio_input_per_mtok": price.audio_input,
        "audio_output_per_mtok": price.audio_output,
        "reasoning_per_mtok": price.reasoning,
    }
    said = {name: dollars(rate.nano_per_mtok) for name, rate in rates.items() if rate is not None}
    return {**said, "request_usd": dollars(price.request_nano)} if price.request_nano else said


def _name(target: Target, profile: Profile) -> str:
    if target.ensemble is not None:
        return target.name
    return target.name if profile.models.get(target.name) == target else str(target.ref)


def _changed(value: Struct, usual: Struct) -> dict[str, Any]:
    now, before = msgspec.to_builtins(value), msgspec.to_builtins(usual)
    return {name: now[name] for name in now if now[name] != before.get(name)}


def _told(**fields: Any) -> dict[str, Any]:
    """The fields that say something."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
