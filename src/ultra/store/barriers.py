"""What keeps models back at this moment, read for a route before it chooses: never a write."""

import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from ultra.core.breaker import BreakerState, standing
from ultra.core.gate import GateState, hold
from ultra.core.ledger import Refused
from ultra.core.model import Target
from ultra.core.refusals import breaker_refusal, gate_refusal
from ultra.store.breakers import breakers
from ultra.store.gates import gates
from ultra.store.rows import without_credentials


class Caller(Struct, frozen=True):
    """A model with the fingerprint of its key: empty without a key, None where it is not known."""

    target: Target
    key_fp: str | None


class Barrier(Struct, frozen=True):
    """Why a call would be refused now, and until when (UTC seconds; None: until somebody acts)."""

    refused: Refused
    until: float | None


def barriers(
    connection: sqlite3.Connection, callers: Sequence[Caller], *, tokens: int, now: float
) -> list[Barrier | None]:
    """For each caller what admission would say to a call of so many tokens; None if it may go.

    What hangs on a key that is not known is left to admission.
    """
    shut = [state for state in breakers(connection) if standing(state, now) != "closed"]
    held = [state for state in gates(connection) if hold(state, tokens, now) is not None]
    return [
        _broken(shut, caller, now) or _held(held, caller, tokens, now)
        if not caller.target.endpoint.simulated
        else None
        for caller in callers
    ]


def _broken(shut: Sequence[BreakerState], caller: Caller, now: float) -> Barrier | None:
    target = caller.target
    url = without_credentials(target.endpoint.base_url)
    for state in shut:
        if state.base_url != url:
            continue
        if state.kind == "credential":
            met = caller.key_fp is not None and state.key_fp == caller.key_fp
        else:
            met = state.model in ("", target.model)
        found = standing(state, now)
        if met and found in ("forced", "open", "probing"):
            ends = {"forced": None, "open": state.open_until, "probing": state.probe_until}
            return Barrier(breaker_refusal(state, target, now), ends[found])
    return None


def _held(
    gates_held: Sequence[GateState], caller: Caller, tokens: int, now: float
) -> Barrier | None:
    target = caller.target
    url = without_credentials(target.endpoint.base_url)
    for state in gates_held:
        ours = (state.base_url, state.model, state.key_fp) == (url, target.model, caller.key_fp)
        found = hold(state, tokens, now) if ours else None
        if found is not None and found.wait_s is not None:
            return Barrier(gate_refusal(found, target, tokens), now + found.wait_s)
    return None
