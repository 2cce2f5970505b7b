"""What a shell prompt shows; a value without msgspec, which takes longer to load than that."""

from typing import NamedTuple


class Glance(NamedTuple):
    """Today's known spend and the tries whose price nobody knows; money in nano-dollars.

    `left_nano` is what the tightest budget has left, negative once it is overdrawn, of
    `limit_nano`; both None without a budget. `down` are providers with an open breaker, `refused`
    those whose key or account was refused.
    """

    spent_nano: int
    unpriced: int
    left_nano: int | None
    limit_nano: int | None
    down: list[str]
    refused: list[str]
