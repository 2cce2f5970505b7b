"""Breakers that all processes share: one for each endpoint's model, one for each credential."""

import random
import sqlite3
from collections.abc import Sequence
from typing import Any

from msgspec import structs

from ultra.core.breaker import (
    BreakerState,
    Bucket,
    Outcome,
    Seen,
    breaker_key,
    credential_outcome,
    endpoint_outcome,
    forced,
    note,
    released,
    standing,
    take,
)
from ultra.core.ledger import AttemptRecord, AttemptResult, Refused
from ultra.core.profile import BreakerRules
from ultra.core.refusals import breaker_refusal
from ultra.core.text import one_line
from ultra.store.identity import Identity, identity
from ultra.store.rows import storable, without_credentials

_COLUMNS = [name for name in BreakerState.__struct_fields__ if name != "buckets"]
_NAMES = ", ".join(_COLUMNS)
_PUT = (
    f"INSERT OR REPLACE INTO breaker (k, {_NAMES})"  # noqa: S608  (names of our own struct)
    f" VALUES (?{', ?' * len(_COLUMNS)})"
)
_READ = f"SELECT {_NAMES} FROM breaker"  # noqa: S608


class Breakers:
    """Reads and moves the rows of `breaker`, inside the caller's transaction.

    Rows are read once a transaction and written once, by `finish`. `rng` spreads how long an
    endpoint is left alone.
    """

    def __init__(self, rules: BreakerRules, owner: str, rng: random.Random | None = None) -> None:
        self._rules = rules
        self._owner = owner
        self._rng = rng or random.Random()  # noqa: S311 - spreads waits
        self._rows: dict[str, BreakerState | None] = {}
        self._changed: set[str] = set()
        self._gens: dict[str, dict[str, int]] = {}
        self._ended: list[str] = []

    def begin(self) -> None:
        """Forget what was read."""
        self._rows.clear()
        self._changed.clear()
        self._ended.clear()

    def written(self) -> None:
        """Forget the attempts that have ended, now that this is committed."""
        for attempt_id in self._ended:
            self._gens.pop(attempt_id, None)

    def look(
        self, connection: sqlite3.Connection, attempt: AttemptRecord, now: float
    ) -> Refused | None:
        """Why the attempt must not leave; None when nothing is open.

        A probe that the user asked for does not wait for its time.
        """
        target = attempt.target
        for state in self._met(connection, identity(attempt)):
            found = standing(state, now)
            if found in ("forced", "probing") or (found == "open" and attempt.kind != "probe"):
                return breaker_refusal(state, target, now, attempt.key_source)
        return None

    def take(self, connection: sqlite3.Connection, attempt: AttemptRecord, now: float) -> None:
        """Take the lease of the probe where the breaker is half open."""
        gens: dict[str, int] = {}
        for state in self._met(connection, identity(attempt)):
            taken = take(
                state,
                now,
                owner=self._owner,
                lease_s=attempt.lease_s,
                eager=attempt.kind == "probe",
            )
            self._put(state, taken)
            if taken.gen:
                gens[taken.key] = taken.gen
        if gens:
            self._gens[attempt.attempt_id] = gens

    def note(
        self,
        connection: sqlite3.Connection,
        attempt: AttemptRecord,
        result: AttemptResult,
        now: float,
        *,
        keep_text: bool = True,
    ) -> None:
        """Move the breakers by how the attempt ended; `keep_text` false keeps its words out."""
        self._ended.append(attempt.attempt_id)
        who = identity(attempt)
        self._read(connection, who)
        for key, outcome in (
            (who.model, endpoint_outcome(result)),
            (who.credential, credential_outcome(result)),
        ):
            if outcome == "bad" or self._rows[key] is not None:
                self._move(key, attempt, _seen(outcome, result, now, keep_text=keep_text))

    def _move(self, key: str, attempt: AttemptRecord, seen: Seen) -> None:
        gen = self._gens.get(attempt.attempt_id, {}).get(key, 0)
        before = self._rows[key] or _fresh(attempt, key)
        after = note(before, structs.replace(seen, gen=gen), self._rules, self._rng.random())
        self._put(before, after, provider=attempt.target.endpoint.provider)

    def finish(self, connection: sqlite3.Connection) -> None:
        """Write what has changed, each row once."""
        for key in sorted(self._changed):
            state = self._rows[key]
            if state is not None:
                write(connection, state)
        self._changed.clear()

    def _put(self, before: BreakerState, after: BreakerState, provider: str = "") -> None:
        if after is before:
            return
        self._rows[after.key] = structs.replace(after, provider=provider or after.provider)
        self._changed.add(after.key)

    def _met(self, connection: sqlite3.Connection, who: Identity) -> list[BreakerState]:
        self._read(connection, who)
        found = [self._rows[key] for key in (who.credential, who.endpoint, who.model)]
        return [state for state in found if state is not None]

    def _read(self, connection: sqlite3.Connection, who: Identity) -> None:
        """Have the rows of an attempt at hand."""
        keys = (who.credential, who.endpoint, who.model)
        missing = [key for key in keys if key not in self._rows]
        if missing:
            self._rows.update(dict.fromkeys(missing))
            self._rows.update((state.key, state) for state in _load(connection, missing))


def _fresh(attempt: AttemptRecord, key: str) -> BreakerState:
    """A closed breaker of the attempt's endpoint or credential, whichever has the key."""
    who, provider = identity(attempt), attempt.target.endpoint.provider
    if key == who.model:
        return BreakerState("endpoint", provider, who.base_url, attempt.target.model)
    return BreakerState("credential", provider, who.base_url, key_fp=who.key_fp)


def _seen(outcome: Outcome, result: AttemptResult, now: float, *, keep_text: bool) -> Seen:
    failure = result.failure
    if failure is None:
        return Seen(outcome, now, duration_s=result.duration_s)
    return Seen(
        outcome,
        now,
        duration_s=result.duration_s,
        error_class=failure.error_class.value,
        message=storable(one_line(failure.message)) if keep_text else None,
        retry_after_s=failure.retry_after_s,
    )


def breakers(connection: sqlite3.Connection) -> list[BreakerState]:
    """Every breaker that ever had something to say, by provider and model."""
    found = _states(connection, connection.execute(_READ).fetchall())
    return sorted(found, key=lambda one: (one.provider, one.base_url, one.model, one.key_fp))


def reset(
    connection: sqlite3.Connection,
    *,
    provider: str | None,
    model: str | None,
    now: float,
    base_url: str | None = None,
) -> int:
    """Let calls through again; how many breakers kept any back or had counted failures.

    `provider` None means all of them, `model` None all of the provider's. A provider's credentials
    go with any of its models. `base_url` also finds what another profile names otherwise.
    """
    url = without_credentials(base_url) if base_url is not None else None
    held = [
        state
        for state in breakers(connection)
        if (provider is None or state.provider == provider or state.base_url == url)
        and (model is None or state.model in ("", model))
        and (state.state != "closed" or state.fails)
    ]
    for state in held:
        write(connection, released(state, now))
    return len(held)


def force_open(
    connection: sqlite3.Connection, *, provider: str, base_url: str, model: str, now: float
) -> None:
    """Let no call through until `reset`; an empty `model` means every model of the endpoint."""
    url = without_credentials(base_url)
    known = _load(connection, [breaker_key("endpoint", url, model)])
    state = known[0] if known else BreakerState("endpoint", provider, url, model)
    write(connection, structs.replace(forced(state, now), provider=provider))


def write(connection: sqlite3.Connection, state: BreakerState) -> None:
    """Put the breaker's row and its buckets as they are now."""
    row = [getattr(state, name) for name in _COLUMNS]
    connection.execute(_PUT, [state.key, *row])
    connection.execute("DELETE FROM breaker_bucket WHERE k = ?", (state.key,))
    connection.executemany(
        "INSERT INTO breaker_bucket (k, t10, ok, bad) VALUES (?, ?, ?, ?)",
        [(state.key, *structs.astuple(bucket)) for bucket in state.buckets],
    )


def _load(connection: sqlite3.Connection, keys: Sequence[str]) -> list[BreakerState]:
    slots = ", ".join("?" * len(keys))
    rows = connection.execute(f"{_READ} WHERE k IN ({slots})", keys).fetchall()
    return _states(connection, rows)


def _states(connection: sqlite3.Connection, rows: Sequence[Any]) -> list[BreakerState]:
    states = [BreakerState(*row) for row in rows]
    return [
        structs.replace(state, buckets=_buckets(connection, state.key))
        if state.kind == "endpoint"
        else state
        for state in states
    ]


def _buckets(connection: sqlite3.Connection, key: str) -> tuple[Bucket, ...]:
    found = connection.execute(
        "SELECT t10, ok, bad FROM breaker_bucket WHERE k = ? ORDER BY t10", (key,)
    )
    return tuple(Bucket(*row) for row in found)
