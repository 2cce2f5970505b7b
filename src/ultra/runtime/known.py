"""What the log and the state beside it know of endpoints; nobody is asked."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.breaker import BreakerState, standing
from ultra.core.errors import StoreError
from ultra.core.gate import GateState, hold
from ultra.core.health import (
    WINDOW_S,
    BreakerStanding,
    Check,
    Credential,
    EndpointHealth,
    Gate,
    Traffic,
)
from ultra.core.model import Endpoint
from ultra.core.quota import Allowance, Quota
from ultra.runtime.runtime import Runtime
from ultra.runtime.watched import Watched, watched
from ultra.store.breakers import breakers
from ultra.store.gates import gates
from ultra.store.health import Where, check_of, models_asked, traffic
from ultra.store.reading import reading

Keys = Mapping[str, Credential]
"""Credentials by provider: those who may be asked, and nobody else."""


class Memory(Struct, frozen=True):
    """All that was read in one go. `trouble` says why the log told nothing; None when it did."""

    watched: tuple[Watched, ...]
    traffic: dict[tuple[str, str], Traffic] = {}
    checks: dict[str, Check] = {}
    breakers: tuple[BreakerState, ...] = ()
    gates: tuple[GateState, ...] = ()
    trouble: str | None = None


def recall(runtime: Runtime, keys: Keys) -> Memory:
    """What the log knows of the profile's endpoints; a log that cannot be read knows nothing."""
    try:
        return _recall(runtime, keys)
    except StoreError as error:
        return Memory(_watched(runtime, keys, {}), trouble=error.message)


def _recall(runtime: Runtime, keys: Keys) -> Memory:
    now = runtime.clock.time()
    with reading(runtime.paths.database) as connection:
        if connection is None:
            return Memory(_watched(runtime, keys, {}))
        lately = {
            name: models_asked(connection, where(endpoint), now - WINDOW_S)
            for name, endpoint in runtime.profile.providers.items()
            if name in keys
        }
        seen = _watched(runtime, keys, lately)
        checks = {
            name: check_of(connection, where(runtime.profile.providers[name]), key.fingerprint)
            for name, key in keys.items()
        }
        return Memory(
            seen,
            {
                (one.endpoint.provider, one.model): traffic(
                    connection,
                    where(one.endpoint),
                    one.model,
                    now,
                    keys[one.endpoint.provider].fingerprint,
                )
                for one in seen
            },
            {name: check for name, check in checks.items() if check is not None},
            tuple(breakers(connection)),
            tuple(gates(connection)),
        )


def endpoints(memory: Memory, keys: Keys, now: float) -> list[EndpointHealth]:
    """Every endpoint with what is known of it, not yet judged."""
    return [_known(one, memory, keys[one.endpoint.provider], now) for one in memory.watched]


def where(endpoint: Endpoint) -> Where:
    """The endpoint as the log knows it."""
    return Where.of(endpoint.provider, endpoint.base_url)


def _watched(runtime: Runtime, keys: Keys, lately: Mapping[str, list[str]]) -> tuple[Watched, ...]:
    found = watched(
        runtime.profile, runtime.resolve, lambda endpoint: lately.get(endpoint.provider, [])
    )
    return tuple(one for one in found if one.endpoint.provider in keys)


def _known(one: Watched, memory: Memory, key: Credential, now: float) -> EndpointHealth:
    endpoint, place = one.endpoint, where(one.endpoint)
    own = [state for state in memory.breakers if state.base_url == place.base_url]
    models = [state for state in own if state.kind == "endpoint" and state.model == one.model]
    whole = [state for state in own if state.kind == "endpoint" and not state.model]
    credential = [
        state for state in own if state.kind == "credential" and state.key_fp == key.fingerprint
    ]
    return EndpointHealth(
        endpoint.provider,
        one.model,
        place.base_url,
        "unknown",
        names=one.names,
        simulated=endpoint.simulated,
        traffic=memory.traffic.get((endpoint.provider, one.model), Traffic()),
        breaker=_worst([*whole, *models], now),
        gate=_gate(one, memory, key, now),
        credential=replace(key, breaker=_worst(credential, now)),
        check=memory.checks.get(endpoint.provider),
    )


def _gate(one: Watched, memory: Memory, key: Credential, now: float) -> Gate:
    """What the provider said of its limits for this key at this model, and what holds back."""
    place = where(one.endpoint)
    mine = [
        state
        for state in memory.gates
        if (state.base_url, state.key_fp) == (place.base_url, key.fingerprint)
        and state.model == one.model
    ]
    if not mine or not one.model:
        return Gate()
    (state,) = mine
    held = hold(state, 0, now)
    until = now + held.wait_s if held is not None and held.wait_s is not None else None
    return Gate(until, _quota(state, now), state.seen or None)


def _quota(state: GateState, now: float) -> Quota | None:
    """What is left of the provider's limits; None when it never said, or is whole again."""
    requests = _left(state.limit_requests, state.remaining_requests, state.reset_requests, now)
    tokens = _left(state.limit_tokens, state.remaining_tokens, state.reset_tokens, now)
    return Quota(requests, tokens) if requests or tokens else None


def _left(
    limit: int | None, remaining: int | None, reset_at: float | None, now: float
) -> Allowance | None:
    if limit is None and remaining is None:
        return None
    if reset_at is not None and reset_at <= now:
        return Allowance(limit, limit, None)
    return Allowance(limit, remaining, None if reset_at is None else reset_at - now)


def _worst(states: list[BreakerState], now: float) -> BreakerStanding:
    """The first breaker that stops a call, else the last there is; closed when there is none."""
    told = [_told(state, now) for state in states]
    stops = [one for one in told if one.state in ("forced", "open", "probing")]
    return next(iter([*stops, *reversed(told)]), BreakerStanding())


def _told(state: BreakerState, now: float) -> BreakerStanding:
    word = standing(state, now)
    retry_at = state.open_until if word == "open" else None
    return BreakerStanding(word, state.fails, retry_at, state.last_class)
