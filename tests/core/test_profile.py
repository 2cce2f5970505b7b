"""Names of a checked profile."""

from typing import Any

import pytest

from ultra.core.errors import UsageError
from ultra.core.model import Endpoint, Ensemble, KeyRef, ModelRef, Route, Target
from ultra.core.profile import GuardRules, Profile, forbidden

PLACE = Endpoint("openai", "openai-chat", "https://api.openai.com/v1", KeyRef("default", "KEY"))
FAST = Target("fast", "gpt-5-mini", PLACE)
SMART = Target("smart", "gpt-5", PLACE, capabilities=("reasoning",))
PANEL = Ensemble("panel", "fusion", (FAST, SMART))
USUAL = Route("usual", (FAST,))
PROFILE = Profile(
    "mine",
    models={"fast": FAST, "smart": SMART},
    groups={"council": ("fast", "@both"), "both": ("smart", "fast")},
    ensembles={"panel": PANEL},
    routes={"usual": USUAL},
)


def test_every_name_is_listed_once() -> None:
    """Models, ensembles, routes, and groups with their `@`."""
    assert PROFILE.names == ["fast", "smart", "panel", "usual", "@council", "@both"]


def test_a_name_stands_for_its_model_ensemble_or_route() -> None:
    """One namespace; None for what is not in it."""
    assert PROFILE.named("fast") is FAST
    assert PROFILE.named("panel") is PANEL
    assert PROFILE.named("usual") is USUAL
    assert PROFILE.named("council") is None


def test_groups_expand_in_order_inside_each_other() -> None:
    """Members keep their order and may come twice: that is two samples."""
    assert PROFILE.expand(("a:b", "@council", "fast")) == ("a:b", "fast", "smart", "fast", "fast")


def test_an_unknown_group_names_the_nearest() -> None:
    """A typo is told before anything is sent."""
    with pytest.raises(UsageError, match="no group `@concil`") as caught:
        PROFILE.expand(("@concil",))

    assert caught.value.hint == "did you mean `@council`?"


def test_an_unknown_group_far_from_all_names_the_list() -> None:
    """When nothing is close, the hint says where to look."""
    with pytest.raises(UsageError) as caught:
        PROFILE.expand(("@zzz",))

    assert caught.value.hint == "`ultra models` lists what it has"


def test_the_first_colon_splits_a_model() -> None:
    """Ollama's tags keep their colon."""
    ref = ModelRef.parse("ollama:llama3:8b")

    assert ref == ModelRef("ollama", "llama3:8b")
    assert str(ref) == "ollama:llama3:8b"


@pytest.mark.parametrize("text", ["gpt-5", ":gpt-5", "openai:", ""])
def test_half_a_model_is_refused(text: str) -> None:
    """Both halves are needed."""
    with pytest.raises(UsageError, match="is not a model"):
        ModelRef.parse(text)


@pytest.mark.parametrize(
    ("ref", "shown"),
    [
        (KeyRef("env", "OPENAI_API_KEY"), "env:OPENAI_API_KEY"),
        (KeyRef("none"), "none"),
        (KeyRef("stdin"), "stdin"),
    ],
)
def test_a_key_reference_is_shown_as_it_is_written(ref: KeyRef, shown: str) -> None:
    """The reference, never the key."""
    assert str(ref) == shown


def test_a_target_knows_its_full_name_and_whether_it_reasons() -> None:
    """Unknown capabilities are no promise of reasoning."""
    assert str(FAST.ref) == "openai:gpt-5-mini"
    assert not FAST.reasons
    assert SMART.reasons
    assert not PLACE.simulated


def at(url: str, provider: str = "lab", protocol: str = "openai-chat") -> Target:
    return Target("it", "llama", Endpoint(provider, protocol, url, KeyRef("none")))


def guarded(**rules: Any) -> Profile:
    return Profile("mine", source="/home/me/ultra.yaml", guardrails=GuardRules(**rules))


def test_without_rules_every_model_may_be_asked() -> None:
    """Nothing is forbidden until the profile says so."""
    assert forbidden(Profile("mine"), at("https://api.openai.com/v1")) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:11434",
        "http://LOCALHOST./v1",
        "http://models.localhost/v1",
        "http://127.0.0.1:8000/v1",
        "http://127.8.9.1/v1",
        "http://[::1]:8000/v1",
        "http://user:word@127.0.0.1/v1",
    ],
)
def test_local_only_lets_this_machine_be_asked(url: str) -> None:
    """Loopback is told by the name alone."""
    assert forbidden(guarded(local_only=True), at(url)) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "http://192.168.1.4:8000/v1",
        "http://localhost.example.com/v1",
        "http://127.0.0.1.example.com/v1",
        "http://127.0.0.1@example.com/v1",
        "http://example.com\\@localhost/v1",
        "http://desktop.local/v1",
        "not a url",
        "http://[::1",
        "",
    ],
)
def test_local_only_lets_no_other_host_be_asked(url: str) -> None:
    """What is not this machine for certain is another, whatever its name looks like."""
    why = forbidden(guarded(local_only=True), at(url))

    assert why is not None
    assert "`guardrails.local_only` of `/home/me/ultra.yaml`" in why


def test_local_only_lets_simulated_models_be_asked() -> None:
    """Their answers are made up here."""
    assert forbidden(guarded(local_only=True), at("", protocol="simulated")) is None


def test_only_the_named_providers_may_be_asked() -> None:
    """The reason names the file, the key, and who is left."""
    rules = guarded(providers=("lab", "openai"))

    assert forbidden(rules, at("https://example.com/v1", "openai")) is None
    why = forbidden(rules, at("https://example.com/v1", "mistral"))
    assert (
        why == "`guardrails.providers` of `/home/me/ultra.yaml` lets only `lab`, `openai` be asked"
    )


def test_both_rules_hold_together() -> None:
    """A provider that is named may still be on another host."""
    rules = guarded(providers=("openai",), local_only=True)

    assert forbidden(rules, at("https://example.com/v1", "openai")) is not None
    assert forbidden(rules, at("http://localhost/v1", "openai")) is None
    assert forbidden(rules, at("http://localhost/v1", "lab")) is not None
