"""What is known of families of models by the beginning of their ids."""

import pytest

from ultra.core.model import Capability
from ultra.providers.catalog import ShippedCatalog
from ultra.providers.families import families, family_of, holds
from ultra.providers.vendors import VENDORS

EVERY: tuple[Capability, ...] = ("vision", "files", "tools", "json_schema", "reasoning")


@pytest.mark.parametrize(
    ("vendor", "model", "can", "cap"),
    [
        ("openai", "gpt-4o-2024-11-20", EVERY[:4], 16_384),
        ("openai", "gpt-4o-2024-05-13", EVERY[:3], 4_096),
        ("openai", "gpt-4.1-nano", EVERY[:4], 32_768),
        ("openai", "gpt-5-mini-2025-08-07", EVERY, 128_000),
        ("openai", "o3-mini", EVERY[2:], 100_000),
        ("openrouter", "openai/o4-mini", EVERY, 100_000),
        ("anthropic", "claude-3-haiku-20240307", EVERY[:3], 4_096),
        ("anthropic", "claude-sonnet-4-5-20250929", EVERY, 64_000),
        ("aws", "us.anthropic.claude-opus-4-1-20250805-v1:0", EVERY, 32_000),
        ("google", "models/gemini-2.5-pro", (*EVERY[:2], "audio", *EVERY[2:]), 65_536),
        ("mistral", "pixtral-large-latest", EVERY[:4], None),
        ("groq", "meta-llama/llama-4-scout-17b-16e-instruct", ("vision", *EVERY[2:4]), None),
        ("deepseek", "deepseek-reasoner", ("tools", "reasoning"), None),
        ("x-ai", "grok-3-mini-fast", EVERY[2:], None),
        ("cohere", "command-a-03-2025", EVERY[2:4], 8_192),
    ],
)
def test_a_family_is_known_by_its_beginning(
    vendor: str, model: str, can: tuple[Capability, ...], cap: int | None
) -> None:
    """Whatever path or region a seller puts before the id."""
    family = family_of(vendor, model)

    assert family is not None
    assert set(family.capabilities or ()) == set(can)
    assert family.max_output_tokens == cap


@pytest.mark.parametrize(
    ("vendor", "model"),
    [
        ("openai", "gpt-4o-mini-tts"),
        ("openai", "gpt-4o-realtime-preview"),
        ("google", "gemini-2.5-flash-image"),
        ("openai", "gpt-5-chat-latest"),
        ("anthropic", "claude-9"),
        ("cerebras", "llama-4-scout-17b-16e-instruct"),
        ("openrouter", "deepseek-chat"),
    ],
)
def test_nothing_is_said_of_what_the_pages_leave_open(vendor: str, model: str) -> None:
    """A model that speaks, paints or is new; an open model at a seller who may run it otherwise."""
    family = family_of(vendor, model)

    assert family is None or family.capabilities is None


def test_every_row_that_says_something_names_its_page() -> None:
    """And the file its day."""
    told = [row for row in families().families if row.capabilities is not None]

    assert len(told) >= 30
    assert all(row.docs.startswith("https://") for row in told)
    assert families().date >= "2026-11-21"


def test_rules_hold_as_those_of_prices_do() -> None:
    """Whole, beginning, end, part, expression, and all of several."""
    rules = ("=gpt", "^gp", "$pt", "~p", "/g.t", ["^g", "$t"])

    assert all(holds(rule, "gpt") for rule in rules)
    assert not any(holds(rule, "claude") for rule in rules)


def test_what_is_known_reaches_whoever_asks_the_catalog() -> None:
    """The first-token timer of models that think, and the refusal of pictures, live on it."""
    catalog = ShippedCatalog()

    thinks = catalog.facts("openai", "gpt-5-mini")
    text = catalog.facts("deepseek", "deepseek-chat")

    assert thinks is not None
    assert thinks.max_output_tokens == 128_000
    assert "reasoning" in (thinks.capabilities or ())
    assert text is not None
    assert text.capabilities == ("tools",)


def test_most_models_of_the_large_labs_are_known() -> None:
    """Those that chat, by the vendors that make them."""
    catalog = ShippedCatalog()
    known = {
        name: sum(facts.capabilities is not None for facts in catalog.models(name))
        for name in ("openai", "anthropic", "gemini", "xai")
    }

    assert known["openai"] >= 30
    assert known["anthropic"] >= 15
    assert known["gemini"] >= 15
    assert known["xai"] >= 8
    assert sum(len(catalog.models(name)) for name in VENDORS) >= 300
