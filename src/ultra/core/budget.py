"""Budgets as plain rules: what a call can cost at most, and what bounds a scope in a period.

A scope is written as people type it: `all`, `profile:NAME`, `cost_center:NAME`, `provider:NAME`,
`key:FINGERPRINT`, `tag:NAME=VALUE` or `run`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from ultra.core.cost import PER, Price, ceiling_nano, usd
from ultra.core.errors import UsageError
from ultra.core.text import did_you_mean, one_line

Period = Literal["run", "day", "week", "month"]
Mode = Literal["soft", "hard"]

ALL, RUN = "all", "run"

KINDS = ("profile", "cost_center", "provider", "key", "tag")
"""What a scope may narrow to, each written `KIND:NAME`."""

FLOOR_TOKENS = 64
"""The shortest answer worth paying for: a budget that buys less refuses the call."""

UNKNOWN_CAP_TOKENS = 4096
"""The answer that a hard budget allows where neither the user nor the catalog knows a cap."""

READ_TOKENS = 2
"""What one token of an answer counts, at most, once it is read: its bytes over three."""

STEPS = ((1, 80), (2, 100))
"""When a soft budget warns: the bit that remembers it, and the percentage."""


class Limit(Struct, frozen=True):
    """How much may be spent by a scope in each period. `soft` warns at it, `hard` refuses.

    `timezone` is the IANA name of where its windows begin at midnight; empty is the machine's.
    """

    scope: str
    period: Period
    limit_nano: int
    mode: Mode
    timezone: str = ""

    @property
    def words(self) -> str:
        """How messages call it."""
        if self.scope == RUN:
            return f"{self.mode} budget of {usd(self.limit_nano)} a run"
        return f"{self.mode} budget of {usd(self.limit_nano)} a {self.period} for `{self.scope}`"


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

    @property
    def free(self) -> bool:
        """Whether the call costs nothing, however long its answer is."""
        return self.input_nano == 0 and self.output_nano_per_mtok == 0

    @property
    def most_tokens(self) -> int:
        """The longest answer that is reckoned with."""
        return UNKNOWN_CAP_TOKENS if self.output_tokens is None else self.output_tokens

    @property
    def least_nano(self) -> int:
        """What the call needs at the very least to be worth making."""
        return self.nano(min(FLOOR_TOKENS, self.most_tokens))


class Planned(Struct, frozen=True):
    """One call of a fan-out, as it is known before anything is sent.

    `price` None is unknown. `reads` are the answers that go into its input, each as the places of
    the calls of which one gives it.
    """

    provider: str
    price: Price | None
    input_tokens: int
    output_tokens: int | None = None
    reads: tuple[tuple[int, ...], ...] = ()

    def tokens(self, cap: int) -> int:
        """The longest answer under a cap."""
        return min(cap, UNKNOWN_CAP_TOKENS if self.output_tokens is None else self.output_tokens)


def plan_nano(plan: Sequence[Planned], cap: int) -> dict[str, int]:
    """The most that a fan-out can cost by provider, no answer being longer than `cap` tokens.

    Calls without a price count nothing: whether they may be made is another question.
    """
    costs: dict[str, int] = {}
    for call in plan:
        longest = (max(plan[place].tokens(cap) for place in voice) for voice in call.reads)
        read = sum(READ_TOKENS * tokens for tokens in longest)
        cost = ceiling_nano(call.price, call.input_tokens + read, call.tokens(cap))
        costs[call.provider] = costs.get(call.provider, 0) + (cost or 0)
    return costs


def largest_cap(plan: Sequence[Planned], fits: Callable[[Mapping[str, int]], bool]) -> int | None:
    """The largest cap, the same for all calls, at which a plan fits; None when none does.

    `fits` judges what the plan costs by provider.
    """
    most = max((call.tokens(2**31) for call in plan), default=0)
    if fits(plan_nano(plan, most)):
        return most
    low, high = min(FLOOR_TOKENS, most), most
    if not fits(plan_nano(plan, low)):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(plan_nano(plan, middle)) else (low, middle)
    return low


def scopes_of(
    profile: str, cost_center: str, tags: Mapping[str, str], provider: str, key_fp: str
) -> tuple[str, ...]:
    """The scopes that an attempt counts in; parts that are empty give none."""
    parts = (("profile", profile), ("cost_center", cost_center), ("provider", provider))
    named = [f"{kind}:{name}" for kind, name in (*parts, ("key", key_fp)) if name]
    return (ALL, RUN, *named, *(f"tag:{name}={value}" for name, value in tags.items()))


def checked_scope(text: str) -> str:
    """A scope as the user typed it. Raises `UsageError` for what is none."""
    kind, _, name = text.partition(":")
    if text in (ALL, RUN):
        return text
    if kind not in KINDS:
        near = did_you_mean(kind, [ALL, RUN, *KINDS])
        raise UsageError(
            f"`{one_line(text, 80)}` is no scope of a budget",
            hint=near or "write `all`, `run`, or `KIND:NAME` with " + ", ".join(KINDS),
        )
    if kind == "tag" and not all(name.partition("=")[::2]):
        raise UsageError(
            f"`{one_line(text, 80)}` names no tag with its value", hint="write `tag:NAME=VALUE`"
        )
    if not name or len(name) > 200 or not name.isprintable():
        raise UsageError(f"`{one_line(text, 80)}` names nothing", hint=f"write `{kind}:NAME`")
    return text
