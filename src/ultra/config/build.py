"""From a chosen file to a checked profile: read, trust, lay over each other, resolve."""

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from ultra.config.discover import Chosen, candidates, choose_own, find_named, is_path
from ultra.config.documents import Document, merge, read_document
from ultra.config.endpoints import vendor_url
from ultra.config.facts import Witness
from ultra.config.files import is_file, shown
from ultra.config.paths import Paths
from ultra.config.reader import KeyPath
from ultra.config.resolve import resolve
from ultra.config.schema import AliasesSpec
from ultra.config.secrets import KeyStatus, key_status
from ultra.config.trust import restrict, standing
from ultra.core.catalog import Catalog, Vendor
from ultra.core.errors import ConfigError, Problem
from ultra.core.model import Endpoint
from ultra.core.profile import Profile

MOST_EXTENDS = 16


class Builder(Struct):
    """Everything that building a profile needs of the world, and what it saw of it.

    `trusting` takes every project file as if the user trusted it, to look for mistakes in it.
    """

    environ: Mapping[str, str]
    paths: Paths
    catalog: Catalog
    witness: Witness
    trusting: bool = False

    def build(self, chosen: Chosen) -> Profile:
        """The checked profile. Raises one `ConfigError` that lists every mistake."""
        merged = self.merged(chosen)
        profile = resolve(chosen.name, merged, catalog=self.catalog, lookup=self.witness.value)
        if profile.environment == "production":
            self._fit_for_production(profile, merged)
        if merged.problems:
            raise mistakes(chosen.name, merged.problems)
        return profile

    def merged(self, chosen: Chosen) -> Document:
        """What a choice says, with everything it stands on, mistakes included.

        Raises `ConfigError` for a project file that goes further than it is trusted.
        """
        stack = self._stack(chosen)
        merged = merge([*stack, self._aliases(stack)])
        merged.path = chosen.path
        return merged

    def _stack(self, chosen: Chosen) -> list[Document]:
        if chosen.path is None:
            return [found_in_environment(self.catalog, self.witness)]
        raw = self.witness.read(chosen.path)
        if raw is None:
            raise ConfigError(f"there is no profile at `{shown(chosen.path)}`")
        top = read_document(chosen.path, raw)
        if not chosen.project:
            return self._chain(top)
        known = standing(top, raw, paths=self.paths, witness=self.witness)
        trusted = "trusted" if self.trusting else known
        own = self._own()
        if trusted != "trusted":
            restrict(top, merge([*own, self._aliases(own)]), granted=trusted == "granted")
        if trusted == "untrusted" and top.problems:
            raise mistakes(chosen.name, top.problems)
        alone = "extends" in top.data or "providers" in top.data
        return self._chain(top) if alone else [top, *own]

    def _own(self) -> list[Document]:
        """What a project file stands on: the user's own choice, or the keys that are found."""
        own = choose_own(self.paths)
        for path in (
            self.paths.active_file,
            self.paths.user_profile,
            *candidates(own.name, self.paths),
        ):
            self._glance(path)
        return self._stack(own)

    def _chain(self, top: Document) -> list[Document]:
        """A document and what it extends, down to the last."""
        chain = [top]
        seen = {_real(top.path)}
        while (name := chain[-1].data.get("extends")) is not None:
            current = chain[-1]
            path = self._extended(name, current.path or Path())
            if path is None:
                current.object_to(("extends",), "names a profile that does not exist")
                break
            if _real(path) in seen or len(chain) > MOST_EXTENDS:
                current.object_to(("extends",), "leads back to a profile that extends this one")
                break
            seen.add(_real(path))
            try:
                raw = self.witness.read(path)
            except ConfigError as error:
                current.object_to(("extends",), error.message, error.hint)
                break
            chain.append(read_document(path, raw or b""))
        return chain

    def _extended(self, name: str, origin: Path) -> Path | None:
        if is_path(name):
            path = Path(os.path.normpath(origin.parent / name))
            return path if is_file(path) else None
        for path in candidates(name, self.paths):
            if path != origin:
                self._glance(path)
        return find_named(name, self.paths, besides=origin)

    def _glance(self, path: Path) -> None:
        """Remember whether a file is there, whatever is in it."""
        try:
            self.witness.read(path)
        except ConfigError:
            return

    def _aliases(self, stack: list[Document]) -> Document:
        """The user's own short names, those left out whose provider nothing here offers."""
        path = self.paths.aliases_file
        raw = self.witness.read(path)
        if raw is None:
            return Document(path)
        aliases = read_document(path, raw, AliasesSpec)
        offered = {name for document in stack for name in document.data.get("providers", {})}
        offered.update(self.catalog.vendors())
        aliases.data["models"] = {
            name: model
            for name, model in aliases.data.get("models", {}).items()
            if model is None or _provider(model) in offered
        }
        return aliases

    def _fit_for_production(self, profile: Profile, merged: Document) -> None:
        """Production answers for real or not at all: nothing simulated, no key missing."""
        keyless: set[str] = set()
        aliases = _from_aliases(merged, self.paths)
        for path, endpoint in _endpoints(profile):
            if path in aliases:
                continue
            if endpoint.simulated:
                merged.object_to(path, f"production refuses the simulated `{endpoint.provider}`")
            elif endpoint.provider not in keyless:
                status = self._key_status(endpoint)
                if status.source is None:
                    keyless.add(endpoint.provider)
                    merged.object_to(
                        path, f"production needs the key of `{endpoint.provider}`", status.detail
                    )

    def _key_status(self, endpoint: Endpoint) -> KeyStatus:
        if endpoint.key.kind in ("default", "env"):
            for name in endpoint.key.name.split(","):
                self.witness.is_set(name)
        return key_status(endpoint, self.environ)


def found_in_environment(catalog: Catalog, witness: Witness) -> Document:
    """A profile made of the keys that stand in the environment: providers, and no models."""
    vendors = catalog.vendors().values()
    found = [row.name for row in vendors if row.key_env and _ready(row, witness)]
    return Document(data={"version": 1, "providers": {name: {} for name in found}})


def mistakes(name: str, problems: list[Problem]) -> ConfigError:
    """One error for everything that is wrong, in the order of the file."""
    once = list(dict.fromkeys(problems))
    count = "a mistake" if len(once) == 1 else f"{len(once)} mistakes"
    return ConfigError(f"profile `{name}` has {count}", problems=sorted(once, key=_order))


def _ready(row: Vendor, witness: Witness) -> bool:
    keyed = [witness.is_set(variable) for variable in row.key_env]
    try:
        vendor_url(row, witness.value)
    except ConfigError:
        return False
    return any(keyed)


def _order(problem: Problem) -> tuple[str, int, int]:
    file, line, column = ("::" + problem.where).rsplit(":", 2)
    return (file, int(line), int(column)) if line.isdigit() and column.isdigit() else ("", 0, 0)


def _provider(model: object) -> str:
    text = model.get("model", "") if isinstance(model, dict) else str(model)
    return str(text).partition(":")[0]


def _endpoints(profile: Profile) -> list[tuple[tuple[str, str], Endpoint]]:
    """Every endpoint that the profile can reach by name, with where it is named."""
    found = [(("providers", name), endpoint) for name, endpoint in profile.providers.items()]
    found += [(("models", name), target.endpoint) for name, target in profile.models.items()]
    for name, ensemble in profile.ensembles.items():
        found += [(("ensembles", name), member.endpoint) for member in ensemble.everyone]
    for name, route in profile.routes.items():
        found += [(("routes", name), target.endpoint) for target in route.everyone]
    return found


def _from_aliases(merged: Document, paths: Paths) -> set[KeyPath]:
    """What came from the user's aliases, which are no part of what production promises."""
    file = f"{shown(paths.aliases_file)}:"
    return {path for path, place in merged.places.items() if place.startswith(file)}


def _real(path: Path | None) -> str:
    return os.path.realpath(path or "")
