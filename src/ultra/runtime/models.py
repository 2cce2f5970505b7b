"""Everything that can be asked, in one view: the profile's names, the catalog, live lists."""

from collections.abc import Sequence

from msgspec import Struct

from ultra.core.catalog import Catalog, ModelFacts, Vendor
from ultra.core.errors import StoreError, UltraError
from ultra.core.model import Endpoint, KeyRef
from ultra.core.profile import Profile
from ultra.providers.wire import LiveModel
from ultra.runtime.model_lists import Listed
from ultra.runtime.model_rows import ModelRow, of_facts, offered, with_experience, with_live
from ultra.runtime.runtime import Runtime
from ultra.store.experience import Experience


class Strategy(Struct, frozen=True):
    """A way of asking several models; `calls` says how many calls it makes of N members.

    `plugin` says that another package brings it.
    """

    name: str
    summary: str
    calls: str
    members: int
    plugin: bool = False


class VendorRow(Struct, frozen=True):
    """One vendor of the catalog and how it departs from its protocol.

    `output_cap` is the body's name for the most tokens to write; `models` counts those that the
    price file knows. `verified` None means that nobody has recordings of it.
    """

    name: str
    title: str
    protocol: str
    base_url: str
    key_env: tuple[str, ...]
    docs: str
    models: int
    output_cap: str
    reasoning: str
    usage: str
    limits: str
    verified: str | None
    note: str


def vendors(catalog: Catalog) -> list[VendorRow]:
    """Every vendor of the catalog, in its own order."""
    return [_of_vendor(row, len(catalog.models(name))) for name, row in catalog.vendors().items()]


def view(
    profile: Profile,
    catalog: Catalog,
    *,
    everything: bool,
    lists: Sequence[Listed] = (),
    seen: Sequence[Experience] = (),
) -> list[ModelRow]:
    """The names of the profile, with `everything` the catalog's models, and what was listed.

    A model that a name of the profile stands for has no row of its own. The catalog's are those of
    the profile's providers; of all vendors when the profile has none.
    """
    rows = offered(profile, catalog)
    named = {row.model for row in rows}
    told = {
        f"{one.endpoint.provider}:{model.id}": (one.endpoint, model)
        for one in lists
        for model in one.models
    }
    others = catalogued(profile, catalog) if everything else []
    rows += [row for row in others if row.model not in named]
    known = {row.model for row in rows}
    rows += [
        of_facts(endpoint, _facts(catalog, endpoint, model.id), catalog, "live")
        for name, (endpoint, model) in told.items()
        if name not in known
    ]
    fared = {f"{one.provider}:{one.model}": one for one in seen}
    return [_filled(row, catalog, told.get(row.model), fared.get(row.model)) for row in rows]


def experience(runtime: Runtime) -> list[Experience]:
    """What the log has seen; one that cannot be read is told of, and has seen nothing."""
    try:
        return runtime.log.experience()
    except StoreError as error:
        runtime.warn(error.message)
        return []


def catalogued(profile: Profile, catalog: Catalog) -> list[ModelRow]:
    """The models that the catalog knows of the profile's providers; of all when it has none."""
    places = list(profile.providers.values()) or [
        _endpoint(row) for row in catalog.vendors().values()
    ]
    return [
        of_facts(endpoint, facts, catalog, "catalog")
        for endpoint in places
        if endpoint.vendor
        for facts in catalog.models(endpoint.vendor)
    ]


def strategies() -> list[Strategy]:
    """Every strategy by name, ours first; one that cannot be loaded says why."""
    from ultra.core.plugins import plugin_names
    from ultra.core.strategies import STRATEGIES

    ours = [Strategy(name, row.summary, row.calls, row.members) for name, row in STRATEGIES.items()]
    return [*ours, *(_plugged(name) for name in plugin_names() if name not in STRATEGIES)]


def _plugged(name: str) -> Strategy:
    from ultra.core.strategies import strategy_row

    try:
        row = strategy_row(name)
    except UltraError as error:
        return Strategy(name, error.message, "?", 0, plugin=True)
    return Strategy(name, row.summary, row.calls, row.members, plugin=True)


def _filled(
    row: ModelRow,
    catalog: Catalog,
    told: tuple[Endpoint, LiveModel] | None,
    seen: Experience | None,
) -> ModelRow:
    if told is not None:
        endpoint, model = told
        row = with_live(row, model, catalog.facts(endpoint.vendor, model.id))
    return with_experience(row, seen) if seen is not None else row


def _facts(catalog: Catalog, endpoint: Endpoint, model: str) -> ModelFacts:
    """What the catalog knows, which of a model that nobody has heard of is only its name."""
    return catalog.facts(endpoint.vendor, model) or ModelFacts(model)


def _of_vendor(row: Vendor, models: int) -> VendorRow:
    return VendorRow(
        name=row.name,
        title=row.title,
        protocol=row.protocol,
        base_url=row.base_url,
        key_env=row.key_env,
        docs=row.docs,
        models=models,
        output_cap=row.quirks.max_tokens_field,
        reasoning=row.reasoning,
        usage=row.usage,
        limits=row.limits,
        verified=row.verified,
        note=row.note,
    )


def _endpoint(vendor: Vendor) -> Endpoint:
    """A vendor's endpoint for showing it only: nothing is ever sent there."""
    return Endpoint(
        vendor.name, vendor.protocol, vendor.base_url, KeyRef("none"), vendor=vendor.name
    )
