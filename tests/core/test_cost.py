"""Cost arithmetic, held against genai-prices on every model of the shipped file."""

import random
from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise

import msgspec
import pytest
from genai_prices import Usage as PeerUsage
from genai_prices.data import providers as peer_providers
from genai_prices.types import ModelInfo, Provider
from hypothesis import given
from hypothesis import strategies as st

from ultra.core.catalog import Vendor
from ultra.core.cost import (
    FREE,
    NANO,
    PER,
    Price,
    Rate,
    Tier,
    ceiling_nano,
    cost_nano,
    costs_differ,
    usd,
)
from ultra.core.usage import Usage
from ultra.providers.catalog import PRICES, ShippedCatalog

AT = datetime.fromisoformat(msgspec.json.decode(PRICES.read_bytes())["valid_at"])
CATALOG = ShippedCatalog(
    {
        provider.id: Vendor(provider.id, provider.name, "openai-chat", "", "", prices=provider.id)
        for provider in peer_providers
    }
)
EDGES = [0, 1, 99_999, 100_000, 128_001, 199_999, 200_000, 200_001, 272_000, 272_001, 2_000_000]
KINDS = Usage.__struct_fields__
OPTIONAL_KINDS = [
    name
    for name in Price.__struct_fields__
    if name not in ("input", "output", "request_nano", "source")
]


def priced() -> Iterator[tuple[Provider, ModelInfo, Price]]:
    """Every model of the source that the shipped file prices."""
    for provider in peer_providers:
        facts = {fact.model: fact for fact in CATALOG.models(provider.id)}
        for model in provider.models:
            price = facts[model.id].price
            if price is not None:
                yield provider, model, price


def random_usage(dice: random.Random) -> Usage:
    """Any kinds, of sizes around the tiers' starts as often as of any other size."""
    kinds = {
        kind: dice.choice([0, dice.choice(EDGES), dice.randrange(3_000_000)])
        for kind in KINDS
        if dice.random() < 0.7
    }
    return Usage(**{"text_input_tokens": 0, "text_output_tokens": 0, **kinds})


def as_peer(usage: Usage) -> PeerUsage:
    """The same consumption in the words of genai-prices, whose kinds contain each other."""

    def total(*kinds: int | None) -> int:
        return sum(kind or 0 for kind in kinds)

    return PeerUsage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=total(usage.cache_read_tokens, usage.cache_audio_read_tokens),
        cache_write_tokens=total(usage.cache_write_tokens, usage.cache_write_1h_tokens),
        cache_write_1h_tokens=total(usage.cache_write_1h_tokens),
        input_audio_tokens=total(usage.audio_input_tokens, usage.cache_audio_read_tokens),
        cache_audio_read_tokens=total(usage.cache_audio_read_tokens),
        output_reasoning_tokens=total(usage.reasoning_tokens),
        output_audio_tokens=total(usage.audio_output_tokens),
    )


def rates(price: Price) -> list[Rate]:
    """All rates that a price sets."""
    values = [getattr(price, name) for name in price.__struct_fields__]
    return [value for value in values if isinstance(value, Rate)]


def exactly_nano(price: Price, model: ModelInfo) -> bool:
    """Whether the source's own numbers are whole nano-dollars per million tokens."""
    source = vars(model.get_prices(AT)).values()
    numbers = [value for value in source if isinstance(value, Decimal)]
    return all(value * NANO == int(value * NANO) for value in numbers)


def test_costs_equal_those_of_genai_prices_for_every_priced_model() -> None:
    """A cost is the peer's, rounded up to a nano-dollar, whatever the usage is made of."""
    dice = random.Random(20261121)
    models = list(priced())

    for provider, model, price in models:
        for _ in range(8):
            usage = random_usage(dice)
            theirs = model.calc_price(as_peer(usage), provider, genai_request_timestamp=AT)
            nano = (theirs.total_price * NANO).to_integral_value(ROUND_CEILING)
            if not exactly_nano(price, model):
                # The source carries fractions of a nano-dollar (0.0833333333333333 a million);
                # ours is rounded up, by less than one nano-dollar for each million tokens.
                total = (usage.input_tokens or 0) + (usage.output_tokens or 0)
                assert -1 <= (cost_nano(usage, price) or 0) - nano <= total // PER + 1
                continue
            assert cost_nano(usage, price) == nano, (provider.id, model.id, usage)

    assert len(models) > 2_000


def test_the_catalog_never_prices_more_tokens_lower() -> None:
    """Tiers rise in every shipped price, so a ceiling for more input is a ceiling for less."""
    falling = [
        (provider.id, model.id)
        for provider, model, price in priced()
        for rate in rates(price)
        for low, high in pairwise([rate.nano_per_mtok, *(t.nano_per_mtok for t in rate.tiers)])
        if high < low
    ]

    assert falling == []


@st.composite
def prices(draw: st.DrawFn) -> Price:
    """Any price whose tiers rise, as all that vendors publish do."""
    nano = st.integers(0, 200 * NANO)

    def rate() -> Rate:
        base = draw(nano)
        starts = sorted(draw(st.sets(st.sampled_from([100_000, 200_000, 272_000]), max_size=2)))
        steps = [base]
        for _ in starts:
            steps.append(steps[-1] + draw(nano))
        return Rate(base, tuple(map(Tier, starts, steps[1:])))

    kinds = draw(st.sets(st.sampled_from(OPTIONAL_KINDS)))
    fee = draw(st.sampled_from([0, 5_000_000]))
    plain = Price(rate(), rate(), request_nano=fee)
    return msgspec.structs.replace(plain, **{kind: rate() for kind in sorted(kinds)})


COUNTS = st.integers(0, 400_000)
USAGES = st.builds(Usage, **dict.fromkeys(KINDS, COUNTS))


@given(prices(), USAGES, st.sampled_from(KINDS), st.integers(1, 300_000))
def test_more_tokens_of_any_kind_never_cost_less(
    price: Price, usage: Usage, kind: str, more: int
) -> None:
    """Cost is monotone in every kind."""
    larger = msgspec.structs.replace(usage, **{kind: getattr(usage, kind) + more})

    before, after = cost_nano(usage, price), cost_nano(larger, price)

    assert before is not None
    assert after is not None
    assert after >= before


@given(prices(), USAGES)
def test_the_ceiling_covers_every_split_of_the_same_totals(price: Price, usage: Usage) -> None:
    """Whatever kinds the tokens turn out to be, they cost no more than was reserved."""
    assert usage.input_tokens is not None
    assert usage.output_tokens is not None

    ceiling = ceiling_nano(price, usage.input_tokens, usage.output_tokens)
    cost = cost_nano(usage, price)

    assert ceiling is not None
    assert cost is not None
    assert ceiling >= cost


@given(prices())
def test_no_tokens_cost_the_fee_of_the_request_alone(price: Price) -> None:
    """Nothing is charged for nothing but the fee per call."""
    assert cost_nano(Usage(0, text_output_tokens=0), price) == price.request_nano


@pytest.mark.parametrize(
    "usage",
    [None, Usage(), Usage(text_input_tokens=5), Usage(text_output_tokens=5)],
    ids=["none", "empty", "output unknown", "input unknown"],
)
def test_unknown_usage_has_an_unknown_cost(usage: Usage | None) -> None:
    """A side that was not reported is not taken for zero."""
    assert cost_nano(usage, Price(Rate(1), Rate(1))) is None


def test_an_unknown_price_has_an_unknown_cost() -> None:
    """Unknown is None, never 0."""
    assert cost_nano(Usage(1, text_output_tokens=1), None) is None
    assert ceiling_nano(None, 1, 1) is None


def test_what_is_free_costs_nothing_even_when_usage_is_unknown() -> None:
    """A server of one's own that reports no usage still costs 0."""
    assert cost_nano(None, FREE) == 0


def test_a_price_with_one_paid_kind_is_not_free() -> None:
    """Free input and output do not hide a paid cache write."""
    price = Price(Rate(0), Rate(0), cache_write=Rate(NANO))

    assert cost_nano(None, price) is None
    assert cost_nano(Usage(0, cache_write_tokens=2, text_output_tokens=0), price) == 2_000


def test_a_fraction_of_a_nano_dollar_is_rounded_up_once() -> None:
    """Three kinds that cost a third of a nano each cost one nano together, not three."""
    third = Rate(333_333)

    assert cost_nano(Usage(1, 1, text_output_tokens=1), Price(third, third)) == 1


def test_a_tier_holds_for_all_tokens_once_input_exceeds_its_start() -> None:
    """At the start the base price holds, one token later the tier's does, for every token."""
    price = Price(Rate(PER, (Tier(10, 2 * PER),)), Rate(0))

    assert cost_nano(Usage(10, text_output_tokens=0), price) == 10
    assert cost_nano(Usage(11, text_output_tokens=0), price) == 22


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (None, "unknown"),
        (0, "$0"),
        (1, "$0.000000001"),
        (90_000, "$0.00009"),
        (1_234_567, "$0.00123"),
        (12_345_678, "$0.0123"),
        (1_234_567_890_000, "$1,234.57"),
    ],
)
def test_money_is_told_at_a_precision_that_fits(nano: int | None, text: str) -> None:
    """Small sums keep their digits, unknown ones say so."""
    assert usd(nano) == text


@pytest.mark.parametrize(
    ("ours", "theirs", "apart"),
    [
        (1000, 1000, False),
        (1020, 1000, False),
        (1021, 1000, True),
        (979, 1000, True),
        (1, 0, False),
        (2, 0, True),
        (0, 500, True),
        (None, 500, False),
        (500, None, False),
        (None, None, False),
    ],
)
def test_costs_differ_beyond_two_percent(ours: int | None, theirs: int | None, apart: bool) -> None:
    """What is unknown on either side parts from nothing."""
    assert costs_differ(ours, theirs) is apart
