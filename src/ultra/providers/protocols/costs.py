"""What providers say they charged, exactly: read from the text of the number, never from a float.

OpenRouter, Vercel's gateway and Avian give `usage.cost` in dollars, Perplexity an object with
`total_cost` (docs.perplexity.ai), DeepInfra `usage.estimated_cost` (deepinfra.com/docs), Venice a
`cost` beside the usage with `usd` in it, xAI `cost_in_usd_ticks` (docs.x.ai).
"""

from decimal import ROUND_CEILING, Decimal, InvalidOperation

import msgspec
from msgspec import Raw, Struct

_NANO_DIGITS = 9
_LIMIT_DIGITS = 6
"""A cost of ten million dollars and more is nonsense and is taken as not said."""

_NOISE = Decimal("0.01")
"""Nano-dollars below this are what a provider's own floats leave behind."""

_LONGEST = 40
"""Characters of a number that can be a cost; 1e-9 dollars take eleven."""

_TICKS = 10
"""xAI's unit: ten ticks are a nano-dollar."""


NOTHING = Raw(b"")
"""A field that was not sent."""


class _Parts(Struct, frozen=True):
    total_cost: Raw = NOTHING
    usd: Raw = NOTHING


_PARTS = msgspec.json.Decoder(_Parts)


def dollars_nano(cost: Raw | bytes) -> int | None:
    """A cost in dollars as nano-dollars, rounded up; None for what is no cost."""
    text = bytes(cost).strip()
    if text.startswith(b"{"):
        try:
            parts = _PARTS.decode(text)
        except msgspec.DecodeError:
            return None
        text = (bytes(parts.total_cost) or bytes(parts.usd)).strip()
    text = text.strip(b'"')
    if len(text) > _LONGEST or not text:
        return None
    try:
        dollars = Decimal(text.decode("ascii"))
    except (InvalidOperation, UnicodeDecodeError):
        return None
    # Before any arithmetic: the power of ten of a hostile number would be written out.
    if not dollars.is_finite() or dollars < 0 or dollars.adjusted() > _LIMIT_DIGITS:
        return None
    if dollars.adjusted() < -_NANO_DIGITS - 3:
        return 0
    nano = dollars.scaleb(_NANO_DIGITS).quantize(_NOISE)
    return int(nano.to_integral_value(ROUND_CEILING))


def ticks_nano(ticks: float | None) -> int | None:
    """XAI's ticks as nano-dollars, rounded up; 0 is what others who copied the field send."""
    if ticks is None or not 0 < ticks < 10 ** (_LIMIT_DIGITS + _NANO_DIGITS) * _TICKS:
        return None
    return -(-int(ticks) // _TICKS)
