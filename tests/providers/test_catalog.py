"""The shipped catalog: vendors, models and prices without asking anybody."""

import runpy
from datetime import date
from pathlib import Path

import pytest
from genai_prices.data import providers as peer_providers

from ultra.core.catalog import Vendor
from ultra.core.cost import FREE, Rate
from ultra.providers.catalog import PRICES, ShippedCatalog
from ultra.providers.vendors import VENDORS

ROOT = Path(__file__).parents[2]


def vendor(name: str, *, prices: str = "", local: bool = False) -> Vendor:
    """A row with nothing to it but its prices."""
    return Vendor(name, name, "openai-chat", "", "", prices=prices, local=local)


CATALOG = ShippedCatalog(
    {
        "mine": vendor("mine", local=True),
        "unpriced": vendor("unpriced"),
        "gone": vendor("gone", prices="a-vendor-the-file-does-not-know"),
        **{row.id: vendor(row.id, prices=row.id) for row in peer_providers},
    }
)


def test_a_dated_model_finds_the_price_of_its_family() -> None:
    """What the provider's own listing calls a model is enough to price it."""
    dated = CATALOG.facts("openai", "gpt-5-mini-2025-08-07")
    plain = CATALOG.facts("openai", "gpt-5-mini")

    assert dated is not None
    assert plain is not None
    assert dated.model == "gpt-5-mini-2025-08-07"
    assert dated.price == plain.price
    assert dated.price is not None
    assert dated.context_window == plain.context_window == 400_000


def test_a_price_says_where_and_when_it_was_taken() -> None:
    """Every price carries its source and date."""
    facts = CATALOG.facts("anthropic", "claude-sonnet-4-5")

    assert facts is not None
    assert facts.price is not None
    assert facts.price.source == f"catalog {CATALOG.price_date()}"
    assert date.fromisoformat(CATALOG.price_date()) >= date(2026, 11, 21)


def test_long_prompts_carry_their_tiers() -> None:
    """Tiers come through the file whole."""
    facts = CATALOG.facts("google", "gemini-2.5-pro")

    assert facts is not None
    assert facts.price is not None
    assert facts.price.input.tiers[0].start == 200_000
    assert facts.price.input.tiers[0].nano_per_mtok > facts.price.input.nano_per_mtok


@pytest.mark.parametrize(
    "names",
    [("openai", "no-such-model"), ("nobody", "gpt-5"), ("unpriced", "x"), ("gone", "x")],
    ids=["model", "vendor", "vendor without prices", "vendor missing in the file"],
)
def test_what_is_not_known_is_none(names: tuple[str, str]) -> None:
    """An unknown model passes through without facts; it is never refused or called free."""
    assert CATALOG.facts(*names) is None


def test_a_server_of_ones_own_is_free() -> None:
    """A local model costs 0, which is known and not a guess."""
    facts = CATALOG.facts("mine", "anything:7b")

    assert facts is not None
    assert facts.price == FREE
    assert CATALOG.models("mine") == []


def test_a_model_that_charges_for_pictures_is_known_but_unpriced() -> None:
    """A price that tokens of text cannot express is unknown, not wrong."""
    facts = CATALOG.facts("openai", "gpt-image-1")

    assert facts is not None
    assert facts.price is None


def test_a_variant_called_free_is_free() -> None:
    """The vendor's own `:free` is taken at its word."""
    facts = CATALOG.facts("openrouter", "deepseek/deepseek-chat-v3-0324:free")

    assert facts is not None
    assert facts.price is not None
    assert (facts.price.input, facts.price.output) == (Rate(0), Rate(0))


def test_a_fee_for_each_request_is_carried() -> None:
    """Perplexity charges per search request beside the tokens: 12 dollars a thousand."""
    facts = CATALOG.facts("perplexity", "sonar")

    assert facts is not None
    assert facts.price is not None
    assert facts.price.request_nano == 12_000_000


def test_models_lists_every_model_of_a_vendor_by_id() -> None:
    """The listing is sorted and complete."""
    known = [facts.model for facts in CATALOG.models("anthropic")]

    peer = next(row for row in peer_providers if row.id == "anthropic")
    assert known == sorted(model.id for model in peer.models)
    assert any(facts.deprecated for facts in CATALOG.models("google"))
    assert CATALOG.models("nobody") == []


def test_names_lead_to_the_same_row_as_in_genai_prices() -> None:
    """Rules survive the reduction: ids, dated ids, capitals and other vendors' models alike."""
    suffixes = ["", "-2025-08-07", "-20251211", "-20250231", "-preview-tts"]
    differing = []

    for peer in peer_providers:
        for model in peer.models[:: 1 if len(peer.models) < 200 else 7]:
            for name in (model.id + suffix for suffix in suffixes):
                found = peer.find_model(name, all_providers=peer_providers)
                rows = [CATALOG._find(peer.id, name.lower())]
                facts = CATALOG.facts(peer.id, name)
                if (found is None) != (facts is None):
                    differing.append((peer.id, name))
                if found and rows[0] and rows[0].id != found.id:
                    differing.append((peer.id, name))

    assert differing == []


@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-5", "GPT-4o-2024-08-06"])
def test_a_reseller_falls_back_to_the_makers_prices(model: str) -> None:
    """Azure sells models of OpenAI and Anthropic that its own list need not repeat."""
    facts = CATALOG.facts("azure", model)

    assert facts is not None
    assert facts.price is not None


def test_the_file_and_its_notice_are_what_the_script_writes() -> None:
    """Nobody edits prices by hand, and the licence of their source travels along."""
    script = runpy.run_path(str(ROOT / "scripts" / "generate_prices.py"))
    taken = date.fromisoformat(CATALOG.price_date())

    rendered = script["render"](taken, script["Report"]())

    assert rendered == PRICES.read_text()
    assert script["notice"]() == (PRICES.parent / "NOTICE").read_text()
    assert "The MIT License" in script["notice"]()


def test_nothing_is_read_until_it_is_asked_for() -> None:
    """A broken file harms nobody who does not need a price, and vendors need none."""
    catalog = ShippedCatalog({"mine": vendor("mine", local=True)}, Path("/nonexistent"))

    assert list(catalog.vendors()) == ["mine"]
    assert catalog.facts("mine", "m") is not None


@pytest.mark.parametrize("row", VENDORS.values(), ids=lambda row: row.name)
def test_every_shipped_vendor_that_names_prices_has_them(row: Vendor) -> None:
    """A row that names a price list has priced models; a local server names none."""
    priced = [facts for facts in ShippedCatalog().models(row.name) if facts.price]

    assert bool(priced) == bool(row.prices)
    assert not (row.local and row.prices)
