"""What a run would do and cost, said before anything is sent."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.budget import READ_TOKENS
from ultra.core.cost import FREE, ceiling_nano
from ultra.core.model import Target
from ultra.core.request import Message, input_tokens_bound, input_tokens_least, said
from ultra.core.strategies import strategy_row
from ultra.runtime.action import Action
from ultra.strategies.plans import Foreseen, Scheme, foreseen

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


def scheme_of(action: Action) -> Scheme:
    """What a run's calls are foreseen from; an answer that is on record costs nothing."""
    selection, prompt = action.selection, action.prompt
    members = [
        replace(one, price=FREE, ensemble=None) if place in action.recalled else one
        for place, one in enumerate(selection.members)
    ]
    return Scheme(
        selection.strategy,
        (*members, *selection.rescuers),
        selection.synthesizer,
        selection.method,
        schema=prompt.json_schema is not None,
        repair=prompt.repair,
        before=tuple(input_tokens_bound(turns) for turns in action.branches),
        given=input_tokens_bound((said("assistant", action.given.text),)) if action.given else 0,
    )


def plan(action: Action) -> Plan:
    """The calls of a run in the order they could be made, retries left out."""
    strategy, cap = action.selection.strategy, action.prompt.sampling.max_output_tokens
    asked = input_tokens_bound(action.prompt.messages, action.prompt.tools)
    calls: list[PlannedCall] = []
    for one in foreseen(scheme_of(action)):
        size = _read(one, asked, calls)
        calls.append(_call(one, size, cap if one.capped else None))
    return Plan(
        strategy,
        strategy_row(strategy).calls,
        tuple(calls),
        _sum([call.expected_nano for call in calls if call.likely]),
        _sum([call.at_most_nano for call in calls]),
    )


def plan_all(actions: Sequence[Action]) -> Plan:
    """The calls of several runs alike, those to one model in one role added up."""
    plans = [plan(action) for action in actions]
    same: dict[tuple[str, str, str, bool], list[PlannedCall]] = {}
    for call in (call for one in plans for call in one.calls):
        same.setdefault((call.role, call.name, call.model, call.likely), []).append(call)
    return Plan(
        plans[0].strategy,
        f"{len(plans):,} x ({plans[0].formula})",
        tuple(_added(calls) for calls in same.values()),
        _sum([one.expected_nano for one in plans]),
        _sum([one.at_most_nano for one in plans]),
    )


def _added(calls: Sequence[PlannedCall]) -> PlannedCall:
    return replace(
        calls[0],
        role=f"{len(calls):,} x {calls[0].role}",
        input_tokens=sum(call.input_tokens for call in calls),
        output_cap=_sum([call.output_cap for call in calls]),
        expected_nano=_sum([call.expected_nano for call in calls]),
        at_most_nano=_sum([call.at_most_nano for call in calls]),
    )


def _read(one: Foreseen, asked: int, before: Sequence[PlannedCall]) -> _Size:
    """What goes into a call: the prompt, our own texts, and the answers that it reads.

    A token of an answer counts for two at the most once it is read: its bytes over three.
    """
    usual = most = asked + one.more
    bounded = True
    for voice in one.reads:
        calls = [before[place] for place in voice]
        likely = [call for call in calls if call.likely] or calls
        usual += max(_usual(call.output_cap) for call in likely)
        caps = [call.output_cap for call in calls]
        bounded = bounded and None not in caps
        most += max(READ_TOKENS * (limit or 0) for limit in caps)
    return _Size(usual, most if bounded else None)


def overflow(members: Sequence[Target], messages: tuple[Message, ...]) -> bool:
    """Whether the prompt surely exceeds every member's window.

    A window that is unknown may hold anything.
    """
    least = input_tokens_least(messages)
    windows = [member.context_window for member in members]
    return all(window is not None and least > window for window in windows)


def _call(one: Foreseen, size: _Size, cap: int | None) -> PlannedCall:
    target = one.target
    limit = cap or target.max_output_tokens
    unbounded = limit is None or size.most is None
    return PlannedCall(
        one.role,
        target.name,
        target.endpoint.provider,
        target.model,
        urlsplit(target.endpoint.base_url).netloc.rpartition("@")[2] or target.endpoint.protocol,
        size.usual,
        limit,
        ceiling_nano(target.price, size.usual, _usual(limit)),
        None if unbounded else ceiling_nano(target.price, size.most or 0, limit or 0),
        likely=one.likely,
    )


def _usual(cap: int | None) -> int:
    return min(cap or EXPECTED_OUTPUT_TOKENS, EXPECTED_OUTPUT_TOKENS)


def _sum(parts: list[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None
