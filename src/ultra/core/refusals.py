"""What the user reads when an attempt is held back by what earlier ones learnt."""

import math

from ultra.core.breaker import BreakerState, standing
from ultra.core.errors import ErrorClass, Failure
from ultra.core.gate import Hold, Why
from ultra.core.key_hint import new_key, place_of
from ultra.core.ledger import Refused
from ultra.core.model import Target

PROBE_PATIENCE_S = 2.0
"""When to ask again while another call is trying: it has hardly longer to prove anything."""


def breaker_refusal(state: BreakerState, target: Target, now: float, source: str = "") -> Refused:
    """Why a breaker keeps an attempt back, and when it would not.

    A refused credential is told in the class that refused it, since that is what must be put right;
    waiting for it is no use. `source` is where the key of the attempt came from, empty where only
    the profile says where it is looked for.
    """
    found = standing(state, now)
    if found == "forced":
        return _open(target, "switched off by hand with `ultra health open`", None, "lets it in")
    if state.kind == "credential":
        return _credential(state, target, now, source)
    why = _why(state)
    if found == "probing":
        wait = min(PROBE_PATIENCE_S, state.probe_until - now)
        return _open(target, f"another call is just trying it again: {why}", wait, _AT_ONCE)
    wait = state.open_until - now
    return _open(target, f"left alone for another {span(wait)}: {why}", wait, _AT_ONCE)


_AT_ONCE = "tries it at once"


def _open(target: Target, message: str, wait_s: float | None, what: str) -> Refused:
    failure = Failure(
        ErrorClass.BREAKER_OPEN,
        message,
        provider=target.endpoint.provider,
        model=target.model,
        hint=f"`ultra health reset {target.ref}` {what}",
        retry_after_s=wait_s,
    )
    return Refused(failure, wait_s)


def _why(state: BreakerState) -> str:
    many = f"its last {state.fails} calls failed" if state.fails > 1 else "too many calls failed"
    last = (state.last_class or "").replace("_", " ")
    words = f" ({state.last_message})" if state.last_message else ""
    return f"{many}, the last one with {last}{words}"


def _credential(state: BreakerState, target: Target, now: float, source: str) -> Refused:
    provider = target.endpoint.provider
    again = f"`ultra health reset {provider}` tries {'this one' if state.key_fp else 'it'} at once"
    ago = span(max(0.0, now - (state.last_fail or now)))
    words = f" ({state.last_message})" if state.last_message else ""
    if state.last_class == ErrorClass.QUOTA.value:
        kind, what = ErrorClass.QUOTA, f"had no credit or quota left {ago} ago{words}"
        hint = f"once there is credit, `ultra health reset {provider}` tries it at once"
        who = "the account"
    else:
        kind, what = ErrorClass.AUTH, f"was refused {ago} ago{words}"
        place = source or place_of(target.endpoint, keyed=bool(state.key_fp))
        hint = f"{new_key(provider, place)}; {again}"
        who = "the key" if state.key_fp else "a call without a key"
    until = state.open_until if state.state == "open" else state.probe_until
    message = f"{who} {what}; not sent, tried again in {span(until - now)}"
    return Refused(Failure(kind, message, provider=provider, model=target.model, hint=hint))


_HELD: dict[Why, str] = {
    "asked": "the provider asked every caller to wait",
    "requests": "no requests are left of the provider's rate limit",
    "tokens": "too few tokens are left of the provider's rate limit",
    "own_requests": "the profile's `requests_per_minute` are used up",
    "own_tokens": "the profile's `tokens_per_minute` are used up",
}


def gate_refusal(held: Hold, target: Target, tokens: int) -> Refused:
    """Why a gate keeps an attempt of so many tokens back, and when it would not."""
    provider = target.endpoint.provider
    if held.wait_s is None:
        limit = target.endpoint.tokens_per_minute
        failure = Failure(
            ErrorClass.LOCAL_LIMIT,
            f"the request may take {tokens:,} tokens, more than the whole"
            f" `tokens_per_minute` of `{provider}` ({limit:,})",
            provider=provider,
            model=target.model,
            hint="raise that limit in the profile, shorten the prompt or lower `--max-tokens`",
            code="own_limit",
        )
        return Refused(failure)
    failure = Failure(
        ErrorClass.RATE_LIMIT,
        f"{_HELD[held.why]}; not sent before {span(held.wait_s)} are over",
        provider=provider,
        model=target.model,
        retry_after_s=held.wait_s,
    )
    return Refused(failure, held.wait_s)


def retries_used_up(target: Target) -> Refused:
    """Why there is no other try while a provider fails most of them."""
    provider = target.endpoint.provider
    failure = Failure(
        ErrorClass.LOCAL_LIMIT,
        f"no retries are left for `{provider}`, which fails too often; answers earn new ones",
        provider=provider,
        model=target.model,
        code="retry_tokens",
    )
    return Refused(failure)


def span(seconds: float) -> str:
    """A wait as people say it, rounded up: in seconds up to two minutes, then in minutes up to two
    hours, in hours up to two days, in days.
    """
    if seconds <= 120.0:
        return f"{max(1, math.ceil(seconds))} s"
    if seconds <= 7200.0:
        return f"{math.ceil(seconds / 60.0)} min"
    if seconds <= 172_800.0:
        return f"{math.ceil(seconds / 3600.0)} h"
    return f"{math.ceil(seconds / 86_400.0)} days"
