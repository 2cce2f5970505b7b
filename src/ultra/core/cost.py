"""What tokens cost: exact integers in nano-dollars, or None for unknown, never 0 for unknown.

Prices are nano-dollars per million tokens, so $3 per million is 3_000_000_000. A cost is the sum of
tokens times price, divided once and rounded up. Above a tier's start the tier's price holds for
all tokens of the call, which is how Anthropic, Google and OpenAI bill long prompts.
"""

import re
from decimal import Decimal, localcontext

from msgspec import Struct

from ultra.core.usage import Usage

NANO = 1_000_000_000
"""Nano-dollars in a dollar."""

PER = 1_000_000
"""Tokens that a price is quoted for."""


_ONE_IN = 50
"""The part of a cost by which ours and the provider's may differ without a word: 2%."""


class Tier(Struct, frozen=True):
    """A price that replaces the base for the whole call once input tokens exceed `start`."""

    start: int
    nano_per_mtok: int


class Rate(Struct, frozen=True, omit_defaults=True):
    """Nano-dollars per million tokens of one kind, with the tiers of long prompts, rising."""

    nano_per_mtok: int
    tiers: tuple[Tier, ...] = ()

    def at(self, input_tokens: int) -> int:
        """The price that holds for a call with so many input tokens."""
        for tier in reversed(self.tiers):
            if input_tokens > tier.start:
                return tier.nano_per_mtok
        return self.nano_per_mtok

    @property
    def highest(self) -> int:
        """The dearest price of any tier, for upper bounds."""
        return max(self.nano_per_mtok, *(tier.nano_per_mtok for tier in self.tiers), 0)


class Price(Struct, frozen=True, omit_defaults=True):
    """What one model charges. A kind without a rate of its own is billed as its wider kind.

    `source` names where the price comes from (`catalog 2026-11-01`, `profile`); a free model has
    `input` and `output` of rate 0. `request_nano` is a fee per call.
    """

    input: Rate
    output: Rate
    cache_read: Rate | None = None
    cache_write: Rate | None = None
    cache_write_1h: Rate | None = None
    audio_input: Rate | None = None
    reasoning: Rate | None = None
    audio_output: Rate | None = None
    request_nano: int = 0
    source: str = "profile"
    cache_audio_read: Rate | None = None

    @property
    def free(self) -> bool:
        """Whether nothing is ever charged, which is known without knowing the usage."""
        rates = (*_input_rates(self), *_output_rates(self))
        return self.request_nano == 0 and all(rate.highest == 0 for rate in rates)


FREE = Price(Rate(0), Rate(0), source="free")


def cost_nano(usage: Usage | None, price: Price | None) -> int | None:
    """The cost of one call in nano-dollars, rounded up; None when price or usage is unknown.

    Unknown usage means that input or output as a whole was not reported.
    """
    if price is None:
        return None
    if price.free:
        return 0
    if usage is None or usage.input_tokens is None or usage.output_tokens is None:
        return None
    counts = (
        usage.text_input_tokens,
        usage.cache_read_tokens,
        usage.cache_write_tokens,
        usage.cache_write_1h_tokens,
        usage.audio_input_tokens,
        usage.cache_audio_read_tokens,
        usage.text_output_tokens,
        usage.reasoning_tokens,
        usage.audio_output_tokens,
    )
    rates = (*_input_rates(price), *_output_rates(price))
    size = usage.input_tokens
    micro = sum(count * rate.at(size) for count, rate in zip(counts, rates, strict=True) if count)
    return -(-micro // PER) + price.request_nano


def ceiling_nano(price: Price | None, input_tokens: int, output_tokens: int) -> int | None:
    """The most that so many tokens can cost, of whatever kinds they are; None if unpriced."""
    if price is None:
        return None
    dearest_in = max(rate.at(input_tokens) for rate in _input_rates(price))
    dearest_out = dearest_output(price, input_tokens)
    micro = input_tokens * dearest_in + output_tokens * dearest_out
    return -(-micro // PER) + price.request_nano


def dearest_output(price: Price, input_tokens: int) -> int:
    """The dearest price of a token that comes out of a call with so many going in."""
    return max(rate.at(input_tokens) for rate in _output_rates(price))


def _input_rates(price: Price) -> tuple[Rate, ...]:
    """Text, cache read, cache write, for an hour, audio, cached audio; a kind without its own rate
    is billed as the next wider kind that has one, as genai-prices decomposes usage.
    """
    write = price.cache_write or price.input
    audio = price.audio_input or price.input
    return (
        price.input,
        price.cache_read or price.input,
        write,
        price.cache_write_1h or write,
        audio,
        price.cache_audio_read or price.cache_read or audio,
    )


def _output_rates(price: Price) -> tuple[Rate, ...]:
    """Text, reasoning, audio; see `_input_rates`."""
    return (price.output, price.reasoning or price.output, price.audio_output or price.output)


def costs_differ(ours_nano: int | None, theirs_nano: int | None) -> bool:
    """Whether what we reckon and what the provider says it charged part by more than 2%.

    Unknown on either side parts from nothing. Both are rounded up, so a nano-dollar is no matter.
    """
    if ours_nano is None or theirs_nano is None:
        return False
    apart = abs(ours_nano - theirs_nano)
    return apart > 1 and apart * _ONE_IN > theirs_nano


MOST_USD = 1_000_000
"""The largest amount that anybody may write."""

_AMOUNT = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,4})?", re.ASCII)
_LONGEST_AMOUNT = 40


def nano_of_usd(text: str) -> int:
    """Dollars as somebody wrote them, by their decimal digits: no float ever holds an amount.

    Raises `ValueError` with what is wrong with it.
    """
    if len(text) > _LONGEST_AMOUNT or not _AMOUNT.fullmatch(text):
        raise ValueError("is not an amount of dollars")
    dollars = Decimal(text)
    if dollars < 0:
        raise ValueError("must not be negative")
    if dollars > MOST_USD:
        raise ValueError(f"must be at most {MOST_USD}")
    with localcontext() as exact:
        exact.prec = 2 * _LONGEST_AMOUNT
        nano = dollars * NANO
        if nano != nano.to_integral_value():
            raise ValueError("is finer than a billionth of a dollar")
        return int(nano)


def usd(nano: int | None) -> str:
    """Money for people: cents from a dollar, else four decimals, three digits below a cent.

    None is `unknown`.
    """
    if nano is None:
        return "unknown"
    if nano == 0:
        return "$0"
    dollars = nano / NANO
    if dollars >= 1:
        return f"${dollars:,.2f}"
    if dollars >= 0.01:
        return f"${dollars:.4f}"
    return f"${dollars:.3g}" if dollars >= 1e-4 else f"${dollars:.9f}".rstrip("0")
