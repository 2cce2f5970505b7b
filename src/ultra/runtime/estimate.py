"""What a run would do and cost, said before anything is sent."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from msgspec import Struct

from ultra.core.cost import ceiling_nano
from ultra.core.model import Target
from ultra.core.request import Message, input_tokens_bound, input_tokens_least
from ultra.core.strategies import strategy_row
from ultra.runtime.action import Action, Selection

EXPECTED_OUTPUT_TOKENS = 1000
"""The answer that the expected cost assumes when nobody caps it."""


class PlannedCall(Struct, frozen=True):
    """One call that a run may make.

    `host` is where it would go. `likely` is false for a call that is made only when another fails:
    it counts among what a run may cost at most, not among what it is expected to cost. Tokens are
    upper bounds; costs are nano-dollars, None for a model without a price: `at_most_nano` with
    every output cap used up (None without a cap), `expected_nano` with answers of usual length.
    """

    role: str
    name: str
    provider: str
    model: str
    host: str
    input_tokens: int
    output_cap: int | None
    expected_nano: int | None
    at_most_nano: int | None
    likely: bool = True


class Plan(Struct, frozen=True):
    """All calls that a run may make; sums are None as soon as one call has no price or no cap."""

    strategy: str
    formula: str
    calls: tuple[PlannedCall, ...]
    expected_nano: int | None
    at_most_nano: int | None


class _Size(Struct, frozen=True):
    """Tokens that go in: when answers are of usual length, and when they use up their caps."""

    usual: int
    most: int | None


def plan(action: Action) -> Plan:
    """The calls of a run in the order they would be made, retries left out."""
    selection, cap = action.selection, action.prompt.sampling.max_output_tokens
    row = strategy_row(selection.strategy)
    tokens = input_tokens_bound(action.prompt.messages, action.prompt.tools)
    size = _Size(tokens, tokens)
    role = "answer" if row.in_order else "member"
    calls = [
        _call(role, member, size, cap, likely=place == 0 or not row.in_order)
        for place, member in enumerate((*selection.members, *selection.rescuers))
    ]
    if row.writes:
        calls += _written(selection, size, cap)
    return Plan(
        selection.strategy,
        row.calls,
        tuple(calls),
        _sum([call.expected_nano for call in calls if call.likely]),
        _sum([call.at_most_nano for call in calls]),
    )


def _written(selection: Selection, asked: _Size, cap: int | None) -> list[PlannedCall]:
    """The calls that compare and write, each reading every answer."""
    writer = selection.synthesizer or selection.members[0]
    caps = [cap or member.max_output_tokens for member in selection.members]
    known = [limit for limit in caps if limit is not None]
    most = asked.usual + sum(known) if len(known) == len(caps) else None
    read = _Size(asked.usual + sum(_usual(member, cap) for member in selection.members), most)
    limit = writer.max_output_tokens
    compared = _Size(
        read.usual + EXPECTED_OUTPUT_TOKENS,
        None if most is None or limit is None else most + limit,
    )
    return [
        _call("analysis", writer, read, None),
        _call("analysis", writer, compared, None, likely=False),
        _call("writer", writer, compared, cap),
    ]


def overflow(members: Sequence[Target], messages: tuple[Message, ...]) -> bool:
    """Whether the prompt surely exceeds every member's window.

    A window that is unknown may hold anything.
    """
    least = input_tokens_least(messages)
    windows = [member.context_window for member in members]
    return all(window is not None and least > window for window in windows)


def _call(
    role: str, target: Target, size: _Size, cap: int | None, *, likely: bool = True
) -> PlannedCall:
    limit = cap or target.max_output_tokens
    unbounded = limit is None or size.most is None
    return PlannedCall(
        role,
        target.name,
        target.endpoint.provider,
        target.model,
        urlsplit(target.endpoint.base_url).netloc.rpartition("@")[2] or target.endpoint.protocol,
        size.usual,
        limit,
        ceiling_nano(target.price, size.usual, _usual(target, cap)),
        None if unbounded else ceiling_nano(target.price, size.most or 0, limit or 0),
        likely=likely,
    )


def _usual(target: Target, cap: int | None) -> int:
    return min(cap or target.max_output_tokens or EXPECTED_OUTPUT_TOKENS, EXPECTED_OUTPUT_TOKENS)


def _sum(parts: list[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None
