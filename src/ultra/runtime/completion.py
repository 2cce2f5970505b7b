"""Names that may stand on a command line, for shells that complete: no YAML, no network, no key.

A profile is read from the cache of checked ones; what it says is there again after the next run.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from ultra.config.paths import Paths
from ultra.core.errors import UltraError
from ultra.core.model import Ensemble, Route, Target
from ultra.core.profile import Profile
from ultra.core.text import one_line
from ultra.providers.catalog import ShippedCatalog

MOST = 400
"""Candidates that are given at once: more than anybody reads."""

RUNS = 50

_PLAIN = re.compile(r"[\w@./:+-]+")
"""What a candidate may hold. A shell takes it as it is, and a project's profile is not ours."""

Candidate = tuple[str, str]
"""A word and what to say beside it, which may be nothing."""


class Completer:
    """Finds candidates by kind. `selector` is `-P` as far as it was typed, None without one."""

    def __init__(self, selector: str | None, *, environ: Mapping[str, str], cwd: Path) -> None:
        self._selector = selector
        self._environ = environ
        self._cwd = cwd
        self._paths = Paths.from_env(environ)
        self._catalog = ShippedCatalog(fresher=self._paths.prices_file)

    def candidates(self, kind: str, prefix: str) -> list[Candidate]:
        """What begins with `prefix`, best first; nothing for a kind that is not known.

        A profile or a log that cannot be read offers nothing: nobody asked for its errors here.
        """
        finder = self._finders.get(kind)
        found: list[Candidate] = []
        if finder is None:
            return found
        try:
            for word, told in finder(prefix):
                if word.startswith(prefix) and _PLAIN.fullmatch(word) and len(found) < MOST:
                    found.append((word, one_line(told, 80)))
        except (UltraError, OSError):
            return found
        return found

    @property
    def _finders(self) -> dict[str, Callable[[str], Iterator[Candidate]]]:
        return {
            "models": self._models,
            "aliases": self._aliases,
            "profiles": self._profiles,
            "templates": self._templates,
            "strategies": self._strategies,
            "runs": self._runs,
            "providers": self._providers,
            "sources": self._sources,
        }

    @cached_property
    def _profile(self) -> Profile:
        from ultra.config.load import load_cached

        kept = load_cached(
            self._selector,
            environ=self._environ,
            cwd=self._cwd,
            paths=self._paths,
            catalog=self._catalog,
        )
        return kept or Profile("")

    def _models(self, prefix: str) -> Iterator[Candidate]:
        profile = self._profile
        for name in profile.names:
            yield name, _about(profile, name)
        if prefix and not prefix.startswith("@"):
            yield from self._references(prefix)

    def _references(self, prefix: str) -> Iterator[Candidate]:
        """`provider:model`, of the profile's providers; of every vendor when it has none."""
        vendors = {name: place.vendor for name, place in self._profile.providers.items()}
        for name, vendor in (vendors or {row: row for row in self._catalog.vendors()}).items():
            if name.startswith(prefix) or prefix.startswith(f"{name}:"):
                for facts in self._catalog.models(vendor):
                    yield f"{name}:{facts.model}", ""

    def _aliases(self, _prefix: str) -> Iterator[Candidate]:
        for name, target in self._profile.models.items():
            yield name, str(target.ref)

    def _profiles(self, _prefix: str) -> Iterator[Candidate]:
        from ultra.config.discover import named_profiles

        for name, path in named_profiles(self._paths).items():
            yield name, str(path)

    def _templates(self, _prefix: str) -> Iterator[Candidate]:
        for path in sorted(self._paths.templates_dir.glob("*.yaml")):
            yield path.stem, ""

    def _strategies(self, _prefix: str) -> Iterator[Candidate]:
        from ultra.core.plugins import plugin_names
        from ultra.core.strategies import STRATEGIES

        for name, row in STRATEGIES.items():
            yield name, row.summary
        for name in plugin_names():
            if name not in STRATEGIES:
                yield name, ""

    def _runs(self, prefix: str) -> Iterator[Candidate]:
        from ultra.store.queries import Log

        for run_id in Log(self._paths.database).call_ids(prefix, RUNS):
            yield run_id, ""

    def _providers(self, _prefix: str) -> Iterator[Candidate]:
        for name in self._profile.providers:
            yield name, ""
        for row in self._catalog.vendors().values():
            if row.name not in self._profile.providers:
                yield row.name, row.title

    def _sources(self, _prefix: str) -> Iterator[Candidate]:
        yield "-", "the first line of stdin"
        for row in self._catalog.vendors().values():
            for variable in row.key_env:
                if variable in self._environ:
                    yield f"env:{variable}", row.title
        for name in self._profile.providers:
            yield f"keyring:{name}", ""


def _about(profile: Profile, name: str) -> str:
    if name.startswith("@"):
        return ", ".join(profile.groups[name[1:]])
    choice = profile.named(name)
    match choice:
        case Target():
            return str(choice.ref)
        case Ensemble():
            return f"{choice.strategy} of {', '.join(member.name for member in choice.members)}"
        case Route():
            by = "" if choice.policy == "order" else f"{choice.policy}: "
            return by + " then ".join(target.name for target in choice.usual)
        case None:
            return ""
