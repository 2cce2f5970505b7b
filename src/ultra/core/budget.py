"""Budgets as plain rules: what a call can cost at most, and what bounds a scope in a period.

A scope is written as people type it: `all`, `profile:NAME`, `cost_center:NAME`, `provider:NAME`,
`key:FINGERPRINT`, `tag:NAME=VALUE` or `run`.
"""

from typing import Literal

from msgspec import Struct

from ultra.core.cost import PER

Period = Literal["run", "day", "week", "month"]
Mode = Literal["soft", "hard"]

ALL, RUN = "all", "run"


class Limit(Struct, frozen=True):
    """How much may be spent by a scope in each period. `soft` warns at it, `hard` refuses."""

    scope: str
    period: Period
    limit_nano: int
    mode: Mode


class Bound(Struct, frozen=True):
    """The most that one call can cost: its input for sure, and so much for each token that comes.

    `output_tokens` is the smaller of the user's cap and the model's; None when neither is known.
    """

    input_nano: int
    output_nano_per_mtok: int
    output_tokens: int | None = None

    def nano(self, output_tokens: int) -> int:
        """The most that the call costs with so many tokens of output, rounded up."""
        return self.input_nano + -(-output_tokens * self.output_nano_per_mtok // PER)

    def affordable_tokens(self, nano: int) -> int | None:
        """The output tokens that so much money buys beside the input; None for any number."""
        if self.output_nano_per_mtok == 0:
            return None if nano >= self.input_nano else 0
        return max(0, (nano - self.input_nano) * PER // self.output_nano_per_mtok)
