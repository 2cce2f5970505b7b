"""One row of the view of models, made out of what the profile, the catalog or a live list says."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.catalog import Catalog, ModelFacts
from ultra.core.cost import Price
from ultra.core.model import Capability, Choice, Endpoint, Ensemble, Route, Target
from ultra.core.profile import Profile
from ultra.providers.wire import LiveModel
from ultra.store.experience import Experience

Kind = Literal["model", "ensemble", "route", "group", "catalog", "live"]
Source = Literal["profile", "catalog", "live"]


class ModelRow(Struct, frozen=True):
    """One thing that can be asked and what is known of it; None is not known.

    `name` is the profile's alias, empty for a model that only `model` (`provider:model`) names;
    `sources` are who told of it. `members` are those of an ensemble, route or group. `ttft_s`,
    `duration_s` (medians) and `success` (0..1) are of the latest `calls` in the user's own log.
    `verified` is the date on which recordings of the vendor's traffic were last read right.
    """

    name: str
    kind: Kind
    model: str = ""
    provider: str = ""
    vendor: str = ""
    protocol: str = ""
    context_window: int | None = None
    max_output_tokens: int | None = None
    capabilities: tuple[Capability, ...] | None = None
    price: Price | None = None
    ttft_s: float | None = None
    duration_s: float | None = None
    success: float | None = None
    calls: int = 0
    verified: str | None = None
    members: tuple[str, ...] = ()
    simulated: bool = False
    deprecated: bool = False
    strategy: str = ""
    sources: tuple[Source, ...] = ()

    def matches(self, words: Sequence[str]) -> bool:
        """Whether every word is somewhere in its names, case ignored."""
        text = " ".join([self.name, self.model, self.vendor, self.protocol, *self.members]).lower()
        return all(word.lower() in text for word in words)


def offered(profile: Profile, catalog: Catalog) -> list[ModelRow]:
    """The names of the profile, in its own order: models, ensembles, routes, groups."""
    choices: list[Choice] = [
        *profile.models.values(),
        *profile.ensembles.values(),
        *profile.routes.values(),
    ]
    groups = [
        ModelRow(f"@{name}", "group", members=members, sources=("profile",))
        for name, members in profile.groups.items()
    ]
    return [*(_of_choice(choice, catalog) for choice in choices), *groups]


def of_facts(
    endpoint: Endpoint, facts: ModelFacts, catalog: Catalog, kind: Literal["catalog", "live"]
) -> ModelRow:
    """A model that no name of the profile stands for."""
    return ModelRow(
        "",
        kind,
        model=f"{endpoint.provider}:{facts.model}",
        provider=endpoint.provider,
        vendor=endpoint.vendor,
        protocol=endpoint.protocol,
        context_window=facts.context_window,
        max_output_tokens=facts.max_output_tokens,
        capabilities=facts.capabilities,
        price=facts.price,
        deprecated=facts.deprecated,
        verified=_verified(endpoint, catalog),
        sources=(kind,),
    )


def with_live(row: ModelRow, told: LiveModel, facts: ModelFacts | None) -> ModelRow:
    """A row with what the endpoint itself says, which wins over the catalog.

    What the profile sets wins over both: it is what differs from the `facts` of the catalog.
    """
    known = facts or ModelFacts(told.id)
    set_here = "profile" in row.sources
    fixed = {
        name: set_here and before not in (None, usual)
        for name, before, usual in (
            ("context_window", row.context_window, known.context_window),
            ("max_output_tokens", row.max_output_tokens, known.max_output_tokens),
            ("capabilities", row.capabilities, known.capabilities),
        )
    }
    said = {
        "context_window": told.context_window,
        "max_output_tokens": told.max_output_tokens,
        "capabilities": told.capabilities,
    }
    new = {name: value for name, value in said.items() if value is not None and not fixed[name]}
    sources = dict.fromkeys([*row.sources, "live"])
    return replace(row, **new, sources=tuple(sources))


def with_experience(row: ModelRow, seen: Experience) -> ModelRow:
    """A row with how the model fared in the user's own log."""
    return replace(
        row,
        ttft_s=seen.ttft_s,
        duration_s=seen.duration_s,
        success=seen.success,
        calls=seen.calls,
    )


def _of_choice(choice: Choice, catalog: Catalog) -> ModelRow:
    match choice:
        case Target():
            return _of_target(choice, catalog)
        case Ensemble():
            return _several(choice.name, "ensemble", choice.members, choice.strategy)
        case Route():
            return _several(choice.name, "route", choice.usual, "fallback")


def _of_target(target: Target, catalog: Catalog) -> ModelRow:
    endpoint = target.endpoint
    return ModelRow(
        target.name,
        "model",
        model=str(target.ref),
        provider=endpoint.provider,
        vendor=endpoint.vendor,
        protocol=endpoint.protocol,
        context_window=target.context_window,
        max_output_tokens=target.max_output_tokens,
        capabilities=target.capabilities,
        price=target.price,
        simulated=endpoint.simulated,
        verified=_verified(endpoint, catalog),
        sources=("profile",),
    )


def _several(name: str, kind: Kind, members: tuple[Target, ...], strategy: str) -> ModelRow:
    return ModelRow(
        name,
        kind,
        members=tuple(member.name for member in members),
        simulated=any(member.simulated for member in members),
        strategy=strategy,
        sources=("profile",),
    )


def _verified(endpoint: Endpoint, catalog: Catalog) -> str | None:
    row = catalog.vendors().get(endpoint.vendor)
    return row.verified if row else None
