"""The first profile, written out of what was found."""

import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.config import FakeCatalog, Home, make_home
from ultra.config.scaffold import (
    FoundKey,
    FoundServer,
    default_model,
    profile_text,
    write_profile,
)
from ultra.core.catalog import ModelFacts
from ultra.core.cost import Price, Rate
from ultra.core.errors import ConfigError


def _written(home: Home, keys: list[FoundKey], servers: list[FoundServer], **urls: str) -> str:
    text = profile_text(keys, servers, home.catalog, lookup=urls.get)
    home.write(home.paths.profiles_dir / "new.yaml", text)
    return text


def test_what_was_found_becomes_a_profile_that_holds(home: Home) -> None:
    """A provider and a model for each key, the models of each server, defaults over them."""
    text = _written(
        home,
        [FoundKey("openai", "env:OPENAI_KEY"), FoundKey("anthropic", "keyring:anthropic")],
        [
            FoundServer("ollama", "http://127.0.0.1:11434/", ("llama3.2:latest", "qwen")),
            FoundServer("ollama", "http://127.0.0.1:9/", ("a", "b", "c", "d")),
            FoundServer("my server!", "http://127.0.0.1:8/v1", ("x/y",)),
        ],
    )

    profile = home.load("new")

    assert list(profile.providers) == ["openai", "anthropic", "ollama", "ollama-2", "my-server"]
    assert profile.providers["ollama-2"].base_url == "http://127.0.0.1:9"
    assert {name: str(target.ref) for name, target in profile.models.items()} == {
        "openai": "openai:gpt",
        "ollama-llama3.2-latest": "ollama:llama3.2:latest",
        "ollama-qwen": "ollama:qwen",
        "ollama-2-a": "ollama-2:a",
        "ollama-2-b": "ollama-2:b",
        "ollama-2-c": "ollama-2:c",
        "my-server-x-y": "my-server:x/y",
    }
    assert (profile.defaults.ask, profile.defaults.compare) == ("openai", ("@all",))
    assert profile.warnings == ()
    assert "# key from env:OPENAI_KEY" in text
    assert "warns at 80% and at 100%" in text
    assert "# budget: {day_usd: 5, mode: soft}" in text


def test_nothing_found_is_still_a_profile(home: Home) -> None:
    """To be filled in by hand."""
    _written(home, [], [])

    profile = home.load("new")

    assert (profile.providers, profile.models, profile.defaults.ask) == ({}, {}, "")


def test_a_vendor_whose_url_lacks_a_variable_is_only_mentioned(home: Home) -> None:
    """A profile that does not hold is of no use to a beginner."""
    found = [FoundKey("azure", "env:AZ_KEY")]

    assert "  # azure: {}" in _written(home, found, [])
    assert home.problems("new") == []
    assert "\n  azure: {}" in _written(home, found, [], AZ="mine")


def test_a_vendor_that_no_catalog_knows_is_left_out(home: Home) -> None:
    """Its key was found by a newer ultra."""
    assert "telepathy" not in _written(home, [FoundKey("telepathy", "env:T")], [])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    models=st.lists(st.text(max_size=30), max_size=5).map(tuple),
    source=st.text(max_size=30),
    vendor=st.text(max_size=20),
)
def test_no_name_that_a_server_lists_breaks_the_profile(
    tmp_path_factory: pytest.TempPathFactory, models: tuple[str, ...], source: str, vendor: str
) -> None:
    """Quotes, line breaks, escapes: left out, or written so that they read back."""
    home = make_home(tmp_path_factory.mktemp("scaffold"))

    _written(
        home,
        [FoundKey("openai", source)],
        [FoundServer(vendor, "http://127.0.0.1:9", models)],
    )

    assert home.problems("new") == []


def test_the_profile_is_written_for_its_owner_alone(home: Home) -> None:
    """And never over another one unless that is asked for."""
    path = home.paths.user_profile

    write_profile(path, "one")
    with pytest.raises(ConfigError, match="is there already"):
        write_profile(path, "two")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("one", 0o600)

    write_profile(path, "two", force=True)
    assert path.read_text() == "two"


def test_a_dangling_link_counts_as_a_file(home: Home) -> None:
    """It leads to where somebody keeps their profile."""
    home.paths.config.mkdir(parents=True)
    home.paths.user_profile.symlink_to(home.root / "elsewhere")

    with pytest.raises(ConfigError, match="is there already"):
        write_profile(home.paths.user_profile, "")


class _Priced(FakeCatalog, frozen=True):
    known: tuple[ModelFacts, ...] = ()

    def models(self, vendor: str) -> list[ModelFacts]:
        return list(self.known)


def _facts(model: str, nano: int | None, *, deprecated: bool = False) -> ModelFacts:
    price = None if nano is None else Price(Rate(nano), Rate(nano))
    return ModelFacts(model, price, deprecated=deprecated)


def test_a_preferred_model_is_taken_while_the_catalog_knows_it() -> None:
    """And is not outdated."""
    known = (_facts("gpt-5-mini", 1), _facts("gpt-4.1-mini", 1), _facts("zzz", 1))
    old = (_facts("gpt-5-mini", 1, deprecated=True), *known[1:])

    assert default_model("openai", _Priced(known=known)) == "gpt-5-mini"
    assert default_model("openai", _Priced(known=old)) == "gpt-4.1-mini"


def test_otherwise_one_of_middling_price_is_taken() -> None:
    """Of those that chat, are priced, and are not outdated."""
    known = (
        _facts("cheap", 1),
        _facts("middling", 5),
        _facts("dear", 9),
        _facts("unpriced", None),
        _facts("free", 0),
        _facts("outdated", 5, deprecated=True),
        _facts("tts-1", 5),
        _facts("two words", 5),
    )

    assert default_model("openai", _Priced(known=known)) == "middling"
    assert default_model("openai", _Priced()) is None
