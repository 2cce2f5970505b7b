"""A small catalog and a home of its own, for tests of profiles and keys."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from ultra.config.load import load_profile
from ultra.config.paths import Paths
from ultra.core.catalog import ModelFacts, Vendor
from ultra.core.cost import FREE, Price, Rate
from ultra.core.errors import ConfigError, Problem
from ultra.core.model import Quirks
from ultra.core.profile import Profile

VENDORS = {
    row.name: row
    for row in (
        Vendor("openai", "OpenAI", "openai-chat", "https://api.openai.com/v1", "", ("OPENAI_KEY",)),
        Vendor(
            "anthropic",
            "Anthropic",
            "anthropic-messages",
            "https://api.anthropic.com/v1",
            "d",
            ("ANTHROPIC_KEY",),
            auth="x-api-key",
            headers={"anthropic-version": "2023-06-01"},
        ),
        Vendor(
            "gemini",
            "Gemini",
            "gemini",
            "https://g.example/v1",
            "d",
            ("GEMINI_KEY", "GOOGLE"),
            quirks=Quirks(max_tokens_field="maxOutputTokens", path="/own/{model}"),
        ),
        Vendor("azure", "Azure", "openai-chat", "https://{AZ}.azure.example/v1", "d", ("AZ_KEY",)),
        Vendor("ollama", "Ollama", "ollama", "http://127.0.0.1:11434", "d", local=True),
    )
}

GPT = ModelFacts("gpt", Price(Rate(1_000), Rate(2_000), source="catalog"), context_window=8000)


class FakeCatalog(Struct, frozen=True):
    """Fills `core.catalog.Catalog` by hand."""

    rows: dict[str, Vendor] = field(default_factory=lambda: VENDORS)
    date: str = "2026-01-01"

    def vendors(self) -> dict[str, Vendor]:
        return self.rows

    def facts(self, vendor: str, model: str) -> ModelFacts | None:
        if self.rows[vendor].local:
            return ModelFacts(model, price=FREE)
        return next((facts for facts in self.models(vendor) if facts.model == model), None)

    def models(self, vendor: str) -> list[ModelFacts]:
        if vendor != "openai":
            return []
        dear = Price(Rate(9_000), Rate(9_000), source="catalog")
        return [GPT, ModelFacts("gpt-audio", dear), ModelFacts("gpt-dear", dear)]

    def price_date(self) -> str:
        return self.date


class Home(Struct):
    """One user's folders below a temporary one, and a project beside them."""

    root: Path
    environ: dict[str, str]
    catalog: FakeCatalog = FakeCatalog()

    @property
    def paths(self) -> Paths:
        return Paths.from_env(self.environ)

    @property
    def project(self) -> Path:
        return self.root / "project"

    def write(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def own(self, name: str, text: str) -> Path:
        """A profile of the user's; `version: 1` is put in front."""
        return self.write(self.paths.profiles_dir / f"{name}.yaml", f"version: 1\n{text}")

    def default(self, text: str) -> Path:
        """The user's `ultra.yaml`; `version: 1` is put in front."""
        return self.write(self.paths.user_profile, f"version: 1\n{text}")

    def repo(self, text: str) -> Path:
        """A project's `ultra.yaml` at a git root; `version: 1` is put in front."""
        (self.project / ".git").mkdir(parents=True, exist_ok=True)
        return self.write(self.project / "ultra.yaml", f"version: 1\n{text}")

    def load(self, selector: str | None = None, **variables: str) -> Profile:
        self.project.mkdir(exist_ok=True)
        return load_profile(
            selector,
            environ={**self.environ, **variables},
            cwd=self.project,
            paths=self.paths,
            catalog=self.catalog,
        )

    def problems(self, selector: str | None = None, **variables: str) -> list[Problem]:
        """What loading finds wrong; empty when it finds nothing."""
        try:
            self.load(selector, **variables)
        except ConfigError as error:
            return list(error.problems)
        return []

    def wrong(self, text: str, **variables: str) -> list[Problem]:
        """What is wrong with a profile of the user's own."""
        self.own("wrong", text)
        return self.problems("wrong", **variables)


def make_home(root: Path, environ: Mapping[str, str] | None = None) -> Home:
    """An empty home; nothing of the machine's own environment is in it."""
    base = {"HOME": str(root / "home"), "ULTRA_HOME": str(root / "ultra"), "PATH": "/usr/bin:/bin"}
    return Home(root, {**base, **(environ or {})})
