"""When a credential has to wait before a model: rules on frozen values.

What the provider said of its limits binds all processes until it is over; limits of the profile's
own are kept as the generic cell rate algorithm keeps them: one number says when the whole of the
allowance is there again. Source: ITU-T I.371, annex A.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.quota import Allowance, Quota

LONGEST_S = 600.0
"""How far ahead a shut gate is believed: a clock may jump, and a request costs little to ask."""

WINDOW_S = 60.0
"""The minute of `requests_per_minute`, the allowance of which may be used up at once."""

_ROUNDING_S = 1e-3
"""Less than this is no wait: seconds since the epoch are kept to less than a microsecond."""

Why = Literal["asked", "requests", "tokens", "own_requests", "own_tokens", "never"]
"""What keeps an attempt back: the provider's word, its limits, our own; `never` is larger than the
whole of our own."""


class Hold(Struct, frozen=True):
    """Why an attempt has to wait, and how long in seconds (None for `never`)."""

    why: Why
    wait_s: float | None


class GateState(Struct, frozen=True):
    """One gate. Times are UTC seconds since the epoch, 0 for never.

    `model` is empty for the limits of our own, which hold for the endpoint as a whole. Nobody goes
    before `until`. `remaining_...` is what the provider had left when it was `seen`, less what went
    since; None is not known. `next_...` is when the whole of our own allowance is there again.
    """

    provider: str
    base_url: str
    model: str
    key_fp: str
    until: float = 0.0
    limit_requests: int | None = None
    remaining_requests: int | None = None
    reset_requests: float | None = None
    limit_tokens: int | None = None
    remaining_tokens: int | None = None
    reset_tokens: float | None = None
    next_request: float = 0.0
    next_token: float = 0.0
    seen: float = 0.0

    @property
    def key(self) -> str:
        """What tells it from every other gate."""
        return gate_key(self.base_url, self.key_fp, self.model)


class OwnLimits(Struct, frozen=True):
    """What the profile lets an endpoint do in a minute, None for all it likes."""

    requests: int | None = None
    tokens: int | None = None


def gate_key(base_url: str, key_fp: str, model: str) -> str:
    """The key of a gate: whatever profiles call the provider, a shared key is one gate."""
    return f"{base_url}|{key_fp}|{model}"


def hold(state: GateState, tokens: int, now: float) -> Hold | None:
    """Why the provider's own limits keep an attempt of so many tokens back; None when not.

    A request larger than a whole limit goes when all of it is there: what is expected of it is an
    upper estimate, and the provider decides.
    """
    if _ahead(state.until, now):
        return Hold("asked", state.until - now)
    requests = Allowance(state.limit_requests, state.remaining_requests, state.reset_requests)
    left = Allowance(state.limit_tokens, state.remaining_tokens, state.reset_tokens)
    return _longer(_lack("requests", requests, 1, now), _lack("tokens", left, tokens, now))


def _lack(why: Why, left: Allowance, wanted: int, now: float) -> Hold | None:
    """Whether too little is left until it is whole again; `reset_s` is a point in time here."""
    if left.remaining is None or left.reset_s is None or not _ahead(left.reset_s, now):
        return None
    wanted = wanted if left.limit is None else min(wanted, left.limit)
    return Hold(why, left.reset_s - now) if left.remaining < wanted else None


def _longer(one: Hold | None, other: Hold | None) -> Hold | None:
    if one is None or other is None:
        return one or other
    return one if (one.wait_s or 0.0) >= (other.wait_s or 0.0) else other


def _ahead(until: float, now: float) -> bool:
    return now < until <= now + LONGEST_S


def spend(state: GateState, tokens: int) -> GateState:
    """The gate once an attempt was let go: that much less is left of what the provider said."""
    requests, left = state.remaining_requests, state.remaining_tokens
    if requests is None and left is None:
        return state
    return replace(
        state,
        remaining_requests=None if requests is None else max(0, requests - 1),
        remaining_tokens=None if left is None else max(0, left - tokens),
    )


def asked_to_wait(state: GateState, retry_after_s: float, at: float) -> GateState:
    """The gate shut for as long as the provider wants, counted from when it said so."""
    until = at + min(retry_after_s, LONGEST_S)
    believed = state.until if _ahead(state.until, at) else 0.0
    return replace(state, until=max(until, believed), seen=max(state.seen, at))


def observe(state: GateState, quota: Quota, at: float) -> GateState:
    """The gate after the provider said what is left; an older word than the last changes nothing.

    A clock that was put back makes everything else look newer: beyond ten minutes it is not.
    """
    if at < state.seen <= at + LONGEST_S:
        return state
    requests, tokens = quota.requests or Allowance(), quota.tokens or Allowance()
    return replace(
        state,
        limit_requests=requests.limit,
        remaining_requests=requests.remaining,
        reset_requests=_reset(requests, at),
        limit_tokens=tokens.limit,
        remaining_tokens=tokens.remaining,
        reset_tokens=_reset(tokens, at),
        seen=at,
    )


def _reset(allowance: Allowance, at: float) -> float | None:
    """When the allowance is whole again, ten minutes ahead at most: then it is asked anew."""
    return None if allowance.reset_s is None else at + min(allowance.reset_s, LONGEST_S)


def own_hold(state: GateState, own: OwnLimits, tokens: int, now: float) -> Hold | None:
    """Why limits of our own keep an attempt back; None when not."""
    if own.tokens is not None and tokens > own.tokens:
        return Hold("never", None)
    requests = _end(state.next_request, own.requests, 1, now)
    left = _end(state.next_token, own.tokens, tokens, now)
    return _longer(_late("own_requests", requests, now), _late("own_tokens", left, now))


def _late(why: Why, end: float | None, now: float) -> Hold | None:
    wait = 0.0 if end is None else end - WINDOW_S - now
    return Hold(why, wait) if wait > _ROUNDING_S else None


def book(state: GateState, own: OwnLimits, tokens: int, now: float) -> GateState:
    """The gate with an attempt counted against limits of our own."""
    requests = _end(state.next_request, own.requests, 1, now)
    left = _end(state.next_token, own.tokens, tokens, now)
    return replace(
        state,
        next_request=state.next_request if requests is None else requests,
        next_token=state.next_token if left is None else left,
        seen=now,
    )


def refund(state: GateState, own: OwnLimits, tokens: int) -> GateState:
    """The gate with tokens given back that an attempt had booked and did not use."""
    if own.tokens is None or tokens <= 0:
        return state
    return replace(state, next_token=state.next_token - tokens * WINDOW_S / own.tokens)


def _end(whole: float, limit: int | None, wanted: int, now: float) -> float | None:
    """When the whole of the allowance is there again if the attempt goes; None without a limit.

    Further ahead than a minute it can only be where a clock was put back.
    """
    if limit is None:
        return None
    believed = whole if whole <= now + WINDOW_S + _ROUNDING_S else now
    return max(now, believed) + wanted * WINDOW_S / limit
