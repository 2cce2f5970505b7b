"""From the name of a provider to an endpoint, and from `provider:model` to a target."""

import os
import re
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.catalog import Catalog, Vendor
from ultra.core.cost import FREE
from ultra.core.errors import ConfigError, UsageError
from ultra.core.model import Endpoint, KeyRef, ModelRef, Quirks, Target, Timers
from ultra.core.profile import Profile
from ultra.core.text import did_you_mean, one_line

Lookup = Callable[[str], str | None]
"""The value of an environment variable, None when it is not set."""

NO_KEY = KeyRef("none")

_HOLE = re.compile(r"\{([^{}]+)\}")
_HOST_PART = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_WHOLE = re.compile(
    r"(?:https://[A-Za-z0-9.-]+|http://(?:localhost|127\.0\.0\.1))(?::[0-9]{1,5})?"
    r"(?:/[A-Za-z0-9._~/-]*)?"
)


class Providers(Struct, frozen=True):
    """Everything that a `provider:` may name: the profile's own first, then the catalog's.

    A provider that the profile got wrong stands in `own` as None.
    """

    own: Mapping[str, Endpoint | None]
    catalog: Catalog
    lookup: Lookup
    timers: Timers = Timers()

    def endpoint(self, name: str) -> Endpoint | None:
        """The endpoint of a provider; None for one that has already been found wrong.

        Raises `UsageError` for an unknown name, `ConfigError` when its URL lacks a variable.
        """
        if name in self.own:
            return self.own[name]
        vendors = self.catalog.vendors()
        row = vendors.get(name)
        if row is None:
            raise UsageError(
                f"there is no provider `{one_line(name, 80)}`",
                hint=did_you_mean(name, [*self.own, *vendors])
                or "a profile can define any server by `protocol` and `base_url`",
            )
        if row.protocol == "simulated":
            raise UsageError(
                f"`{name}` makes its answers up, and this profile does not offer it",
                hint="`-P development` is a simulated profile; so is `ultra demo`",
            )
        return vendor_endpoint(row, lookup=self.lookup, timers=self.timers)

    def target(self, name: str, text: str) -> Target | None:
        """One model by `provider:model`, with what the catalog knows of it."""
        ref = ModelRef.parse(text)
        endpoint = self.endpoint(ref.provider)
        return describe(name, ref.model, endpoint, self.catalog) if endpoint else None


def resolve_target(
    profile: Profile, text: str, catalog: Catalog, *, lookup: Lookup = os.environ.get
) -> Target:
    """One model by `provider:model` that the profile has no name for.

    A model id that no catalog knows passes through with its price unknown. `lookup` finds the
    variables that some vendors' URLs are made of. Raises `UsageError` or `ConfigError`.
    """
    if ":" not in text:
        raise UsageError(
            f"profile `{profile.name}` has no model `{one_line(text, 80)}`",
            hint=did_you_mean(text, profile.names) or "`ultra models` lists what it has",
        )
    providers = Providers(profile.providers, catalog, lookup, profile.timers)
    target = providers.target(text, text)
    if target is None:
        raise UsageError(f"`{one_line(text, 80)}` names a provider that the profile got wrong")
    return target


def vendor_endpoint(row: Vendor, *, lookup: Lookup, timers: Timers, name: str = "") -> Endpoint:
    """The endpoint of a catalog row, under another name if one is given. Raises `ConfigError`."""
    return Endpoint(
        provider=name or row.name,
        protocol=row.protocol,
        base_url=vendor_url(row, lookup),
        key=default_key(row),
        vendor=row.name,
        auth=row.auth,
        headers=row.headers,
        quirks=vendor_quirks(row, lookup),
        timers=timers,
    )


def default_key(row: Vendor) -> KeyRef:
    """Where the key of a vendor is looked for when nobody says."""
    return KeyRef("default", ",".join(row.key_env)) if row.key_env else NO_KEY


def describe(name: str, model: str, endpoint: Endpoint, catalog: Catalog) -> Target:
    """A target with the catalog's facts; a simulated model costs nothing unless a price is set."""
    facts = catalog.facts(endpoint.vendor, model) if endpoint.vendor else None
    return Target(
        name=name,
        model=model,
        endpoint=endpoint,
        price=facts.price if facts else FREE if endpoint.simulated else None,
        context_window=facts.context_window if facts else None,
        max_output_tokens=facts.max_output_tokens if facts else None,
        capabilities=facts.capabilities if facts else None,
    )


def vendor_url(row: Vendor, lookup: Lookup) -> str:
    """The base URL of a catalog row. Raises `ConfigError` naming the variable that is missing."""
    for asking, url in row.elsewhere.items():
        name, _, wanted = asking.partition("=")
        value = (lookup(name) or "").strip()
        if value and wanted in ("", value):
            return fill(url, lookup).rstrip("/")
    return fill(row.base_url, lookup).rstrip("/")


def vendor_quirks(row: Vendor, lookup: Lookup) -> Quirks:
    """The quirks of a catalog row, its query filled in. Raises `ConfigError`."""
    query = {name: fill(value, lookup) for name, value in row.quirks.query.items()}
    return replace(row.quirks, query=query) if query else row.quirks


def holes(text: str) -> list[str]:
    """What is to be filled in a vendor's URL, as it stands between the braces."""
    return _HOLE.findall(text)


def fill(text: str, lookup: Lookup) -> str:
    """The URL with every `{NAME}` replaced. Raises `ConfigError` naming what is missing.

    A value may only be part of a host name: with a `/` or `@` in it the key would go elsewhere.
    Only a hole at the very beginning takes a URL.
    """
    template = text
    for hole in holes(template):
        before, after = text.split(f"{{{hole}}}", 1)
        name, value = _filling(hole, lookup)
        whole = not before and after.startswith("/")
        if not (_WHOLE if whole else _HOST_PART).fullmatch(value):
            raise ConfigError(
                _unfit(name, value, whole=whole),
                hint=f"it stands in `{template}`",
            )
        # Some portals show the address with the path that is to be added.
        value = value.rstrip("/").removesuffix(after.rstrip("/")) if whole else value
        text = before + value + after
    return text


def _filling(hole: str, lookup: Lookup) -> tuple[str, str]:
    """The variable that fills a hole and its value; the first one, empty, when none is set."""
    names = hole.split("|")
    for name in names:
        value = name[1:] if name.startswith("=") else (lookup(name) or "").strip()
        if value:
            return name, value
    return " or ".join(f"`{name}`" for name in names).strip("`"), ""


def _unfit(name: str, value: str, *, whole: bool) -> str:
    if not value:
        return f"`{name}` is not set"
    return f"`{name}` is not {'an `https` URL' if whole else 'part of a host name'}"
