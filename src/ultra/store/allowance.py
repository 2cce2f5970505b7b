"""What budgets allow a call or a whole fan-out, and the words for what they do not."""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from ultra.core.budget import (
    FLOOR_TOKENS,
    RUN,
    STEPS,
    Bound,
    Limit,
    Planned,
    largest_cap,
    plan_nano,
)
from ultra.core.cost import usd
from ultra.core.errors import ErrorClass, Failure
from ultra.core.windows import next_window
from ultra.store.counters import Reservation, Window, Windows


class Line(Struct, frozen=True):
    """A limit and the window that it bounds."""

    limit: Limit
    window: Window

    @property
    def hard(self) -> bool:
        """Whether it refuses."""
        return self.limit.mode == "hard"

    @property
    def left(self) -> int:
        """Nano-dollars that may still be set aside; negative once it is overdrawn."""
        return self.limit.limit_nano - self.window.used

    @property
    def nearly_used(self) -> bool:
        """Whether more than nine tenths are used: too little for a call that is no necessity."""
        return 10 * self.left < self.limit.limit_nano


def lines_of(
    scopes: Collection[str],
    stored: Sequence[Limit],
    own: Sequence[Limit],
    windows: Windows,
    run_id: str,
) -> list[Line]:
    """The limits that bound some scopes, those of the store before a run's own, with their windows.

    Whoever lowers a limit of the store counts in its time zone.
    """
    zones = {(limit.scope, limit.period): limit.timezone for limit in stored}
    return [
        Line(
            limit,
            windows.current(
                limit.scope, limit.period, run_id, zones.get((limit.scope, limit.period), "")
            ),
        )
        for limit in (*stored, *own)
        if limit.scope in scopes
    ]


class Allowed(Struct, frozen=True):
    """What is set aside for a call, and how long its answer may get for that.

    `output_tokens` is a cap that nobody asked for, None for none; `note` says so to the user.
    """

    nano: int
    output_tokens: int | None = None
    note: str = ""


class Share(Struct, frozen=True):
    """What a fan-out sets aside, by provider; `cap` is the longest answer that this pays for."""

    costs: Mapping[str, int]
    cap: int
    note: str = ""


def allow(
    bound: Bound, lines: Sequence[Line], fund: Reservation | None, share: Share | None
) -> Allowed | Failure:
    """What hard budgets allow a call, which may draw on `fund`, its run's part of the `share`.

    The answer may be as long as the tightest budget pays for, never shorter than is worth while.
    """
    tightest = min(lines, key=lambda line: _room(line, fund))
    left = _room(tightest, fund)
    wanted = bound.most_tokens if share is None else min(bound.most_tokens, share.cap)
    paid = bound.affordable_tokens(left)
    tokens = wanted if paid is None else min(wanted, paid)
    if bound.nano(tokens) > left or tokens < min(FLOOR_TOKENS, bound.most_tokens):
        return _refusal(tightest, left, bound.least_nano, "this call needs")
    if tokens < wanted:
        return Allowed(bound.nano(tokens), tokens, _capped(tokens, tightest.limit, left))
    if share is not None and tokens < bound.most_tokens:
        return Allowed(bound.nano(tokens), tokens, share.note)
    if bound.output_tokens is None:
        return Allowed(bound.nano(tokens), tokens, _unknown_cap(tokens))
    return Allowed(bound.nano(tokens))


def allow_whole(plan: Sequence[Planned], lines: Mapping[str, Sequence[Line]]) -> Share | Failure:
    """What hard budgets allow a fan-out as a whole; `lines` are those of each provider."""
    for call in plan:
        if call.price is None and lines[call.provider]:
            return no_price(lines[call.provider][0].limit, f"a model of `{call.provider}`")
    walls = {(line.limit, line.window.key): line for some in lines.values() for line in some}

    def shortest(costs: Mapping[str, int]) -> tuple[int, int, Line]:
        """By how much the costs exceed the tightest budget (negative: they fit), and what of it."""
        needed = [
            (sum(costs.get(name, 0) for name in lines if line in lines[name]), line)
            for line in walls.values()
        ]
        return max(((need - line.left, need, line) for need, line in needed), key=lambda it: it[0])

    cap = largest_cap(plan, lambda costs: shortest(costs)[0] <= 0)
    if cap is None:
        _, need, line = shortest(plan_nano(plan, FLOOR_TOKENS))
        return _refusal(line, line.left, need, f"the {len(plan)} calls of this run need")
    costs = plan_nano(plan, cap)
    _, need, line = shortest(costs)
    return Share(costs, cap, f"{_capped(cap, line.limit, line.left)} for {len(plan)} calls")


def warning(line: Line) -> str | None:
    """What a soft budget has to say, once for each step that it passes; None for nothing new."""
    window, limit = line.window, line.limit
    gone = window.spent + window.uncertain
    passed = [step for step in STEPS if gone * 100 >= limit.limit_nano * step[1]]
    new = [step for step in passed if not window.warned & step[0]]
    if line.hard or not new:
        return None
    for bit, _ in new:
        window.warned |= bit
    if passed[-1] == STEPS[-1]:
        return f"the {limit.words} is used up: {usd(gone)} is spent"
    return f"the {limit.words} is used to {gone * 100 // limit.limit_nano}%: {usd(gone)} is spent"


def no_price(limit: Limit, who: str) -> Failure:
    """Nobody can hold a call to a budget whose price is not known."""
    return Failure(
        ErrorClass.BUDGET,
        f"the {limit.words} cannot hold a call whose price is not known, as that of {who}",
        hint="give the model a `price:` in the profile (`price: free` is one), or ask another",
    )


def on_network(limit: Limit, kind: str) -> Failure:
    """Locks of network file systems are not to be relied on, and so is no sum kept there."""
    return Failure(
        ErrorClass.BUDGET,
        f"the {limit.words} cannot be kept on a network file system (`{kind}`)",
        hint="put the log on a local disk (`ULTRA_HOME`), or make the budget soft",
    )


def _room(line: Line, fund: Reservation | None) -> int:
    """What a call may take in a window; what its run has set aside there is part of it."""
    return line.left + (fund.amount if fund and line.window.key in fund.windows else 0)


def _capped(tokens: int, limit: Limit, left: int) -> str:
    return f"answers are capped at {tokens:,} tokens: the {limit.words} has {usd(left)} left"


def _unknown_cap(tokens: int) -> str:
    return (
        f"answers are capped at {tokens:,} tokens: a hard budget bounds them, and the model's own"
        " cap is not known"
    )


def _refusal(line: Line, left: int, need: int, who: str) -> Failure:
    limit, window = line.limit, line.window
    aside = f" ({usd(window.reserved)} is set aside for calls under way)" if window.reserved else ""
    hint = (
        "raise the limit (`--max-cost`, `ultra budgets set run` and `run_usd` of the profile all"
        " hold), cap the answer with `--max-tokens`, or ask a cheaper model"
    )
    if limit.scope != RUN:
        hint = (
            f"`ultra budgets` shows what it went on; it begins anew on"
            f" {next_window(limit.period, window.window_id)}"
        )
    return Failure(
        ErrorClass.BUDGET,
        f"the {limit.words} has {usd(max(0, left))} left{aside}, and {who} at least {usd(need)}:"
        f" {usd(need - left)} short",
        hint=hint,
    )
