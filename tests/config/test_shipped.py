"""The profiles that come with ultra."""

import pytest

from tests.support.config import Home
from ultra.config.discover import named_profiles, shipped_dir
from ultra.config.load import load_profile
from ultra.core.profile import Profile
from ultra.providers.catalog import ShippedCatalog
from ultra.providers.simulated.dials import Dials

NAMES = {"development", "testing", "production", "local", "council", "frugal"}
KEYS = {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k", "GEMINI_API_KEY": "k"}


def _load(home: Home, name: str, **variables: str) -> Profile:
    return load_profile(
        name,
        environ={**home.environ, **variables},
        cwd=home.root,
        paths=home.paths,
        catalog=ShippedCatalog(),
    )


def test_there_are_six(home: Home) -> None:
    """Found from the tree as from a wheel."""
    assert set(named_profiles(home.paths)) == NAMES
    assert shipped_dir().is_dir()


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_holds_without_a_warning(home: Home, name: str) -> None:
    """Against the shipped catalog, with every name it needs by default."""
    profile = _load(home, name, **KEYS)

    assert profile.warnings == ()
    assert profile.defaults.ask
    assert profile.defaults.compare
    assert profile.defaults.synthesizer


@pytest.mark.parametrize("name", ["production", "council", "frugal"])
def test_every_model_that_costs_has_a_known_price(home: Home, name: str) -> None:
    """A shipped profile does not begin with `unknown`."""
    models = _load(home, name, **KEYS).models.values()

    assert all(target.price is not None for target in models)


@pytest.mark.parametrize("name", ["development", "testing"])
def test_simulated_profiles_reach_nothing_else(home: Home, name: str) -> None:
    """And set only dials that there are."""
    profile = _load(home, name)

    assert all(target.endpoint.simulated for target in profile.models.values())
    for target in profile.models.values():
        assert {*target.options, *target.endpoint.options} <= set(Dials.__struct_fields__)


def test_the_local_profile_names_only_this_machine(home: Home) -> None:
    """No key is looked for, and nothing costs."""
    profile = _load(home, "local")

    for endpoint in profile.providers.values():
        assert "localhost" in endpoint.base_url or "127.0.0.1" in endpoint.base_url
        assert endpoint.key.kind == "none"
    assert all(target.price is not None for target in profile.models.values())


def test_only_the_named_profiles_simulate(home: Home) -> None:
    """An answer is made up only when the user said so."""
    simulating = {
        name
        for name in NAMES
        if any(endpoint.simulated for endpoint in _load(home, name, **KEYS).providers.values())
    }

    assert simulating == {"development", "testing"}
