"""Rate gates that all processes share: one for each credential at each model."""

import sqlite3

from msgspec import structs

from ultra.core.errors import ErrorClass
from ultra.core.gate import (
    GateState,
    Hold,
    OwnLimits,
    asked_to_wait,
    book,
    hold,
    observe,
    own_hold,
    refund,
    spend,
)
from ultra.core.ledger import AttemptRecord, AttemptResult, Refused
from ultra.core.refusals import gate_refusal
from ultra.store.identity import identity

_COLUMNS = GateState.__struct_fields__
_NAMES = ", ".join(_COLUMNS)
_PUT = (
    f"INSERT OR REPLACE INTO gate (k, {_NAMES})"  # noqa: S608  (names of our own struct)
    f" VALUES (?{', ?' * len(_COLUMNS)})"
)
_READ = f"SELECT {_NAMES} FROM gate"  # noqa: S608


class Gates:
    """Reads and moves the rows of `gate`, inside the caller's transaction.

    Rows are read once a transaction and written once, by `finish`.
    """

    def __init__(self) -> None:
        self._rows: dict[str, GateState | None] = {}
        self._changed: set[str] = set()
        self._line: dict[str, float] = {}

    def begin(self) -> None:
        """Forget what was read."""
        self._rows.clear()
        self._changed.clear()

    def look(
        self, connection: sqlite3.Connection, attempt: AttemptRecord, now: float
    ) -> Refused | None:
        """Why the attempt must wait; None when there is room."""
        state = self._state(connection, identity(attempt).gate)
        held = None if state is None else hold(state, attempt.tokens, now)
        own = own_limits(attempt)
        if held is None and own is not None:
            gate = self._own(connection, attempt)
            held = own_hold(gate, own, attempt.tokens, now)
            if held is not None and held.wait_s is not None:
                held = self._queued(gate, own, Hold(held.why, held.wait_s), attempt, now)
        return None if held is None else gate_refusal(held, attempt.target, attempt.tokens)

    def take(self, connection: sqlite3.Connection, attempt: AttemptRecord, now: float) -> None:
        """Count the attempt against what is left."""
        state = self._state(connection, identity(attempt).gate)
        if state is not None:
            self._put(state, spend(state, attempt.tokens))
        own = own_limits(attempt)
        if own is not None:
            gate = self._own(connection, attempt)
            self._put(gate, book(gate, own, attempt.tokens, now))

    def note(
        self, connection: sqlite3.Connection, attempt: AttemptRecord, result: AttemptResult
    ) -> None:
        """Learn what is left from what the provider said, and give back what was not used."""
        asked = _asked(result)
        if result.quota is not None or asked is not None:
            before = self._state(connection, identity(attempt).gate)
            before = after = before or _fresh(attempt, attempt.target.model)
            if result.quota is not None:
                after = observe(after, result.quota, _heard_at(result))
            if asked is not None:
                after = asked_to_wait(after, asked, result.ended_at)
            self._put(before, after)
        own = own_limits(attempt)
        if own is not None:
            gate = self._own(connection, attempt)
            self._put(gate, refund(gate, own, attempt.tokens - _used(attempt, result)))

    def finish(self, connection: sqlite3.Connection) -> None:
        """Write what has changed, each row once."""
        for key in sorted(self._changed):
            state = self._rows[key]
            if state is not None:
                write(connection, state)
        self._changed.clear()

    def _queued(
        self, gate: GateState, own: OwnLimits, held: Hold, attempt: AttemptRecord, now: float
    ) -> Hold:
        """The wait until this attempt's turn among those of this process, each a place behind.

        Else a fan-out would come back all at once, and all but one would be refused again.
        """
        wait = max(held.wait_s or 0.0, self._line.get(gate.key, 0.0) - now)
        steps = [60.0 / own.requests] if own.requests else []
        if own.tokens:
            steps.append(60.0 * attempt.tokens / own.tokens)
        self._line[gate.key] = now + wait + max(steps)
        return Hold(held.why, wait)

    def _own(self, connection: sqlite3.Connection, attempt: AttemptRecord) -> GateState:
        """The gate of the profile's own limits, which hold for all models of the endpoint."""
        return self._state(connection, identity(attempt).own) or _fresh(attempt, "")

    def _state(self, connection: sqlite3.Connection, key: str) -> GateState | None:
        if key not in self._rows:
            row = connection.execute(f"{_READ} WHERE k = ?", (key,)).fetchone()
            self._rows[key] = GateState(*row) if row else None
        return self._rows[key]

    def _put(self, before: GateState, after: GateState) -> None:
        if after is not before:
            self._rows[after.key] = after
            self._changed.add(after.key)


def _fresh(attempt: AttemptRecord, model: str) -> GateState:
    """A gate of the attempt's credential that knows nothing yet."""
    who = identity(attempt)
    return GateState(attempt.target.endpoint.provider, who.base_url, model, who.key_fp)


def own_limits(attempt: AttemptRecord) -> OwnLimits | None:
    """What the profile lets the attempt's endpoint do; None without a limit."""
    endpoint = attempt.target.endpoint
    if endpoint.requests_per_minute is None and endpoint.tokens_per_minute is None:
        return None
    return OwnLimits(endpoint.requests_per_minute, endpoint.tokens_per_minute)


def _asked(result: AttemptResult) -> float | None:
    """Seconds that the provider wants everybody to wait; None where it does not."""
    failure = result.failure
    if failure is None or failure.error_class is not ErrorClass.RATE_LIMIT:
        return None
    return failure.retry_after_s if (failure.retry_after_s or 0.0) > 0.0 else None


def _heard_at(result: AttemptResult) -> float:
    """When the head of the answer came: a long answer tells what was left long ago."""
    if result.ttft_s is None:
        return result.ended_at
    return result.ended_at - max(0.0, result.duration_s - result.ttft_s)


def _used(attempt: AttemptRecord, result: AttemptResult) -> int:
    """The tokens that an attempt took, all that were expected where that is not known."""
    usage = result.usage
    if usage is None:
        return 0 if result.charged_nano == 0 else attempt.tokens
    told = (usage.input_tokens, usage.output_tokens)
    return sum(part for part in told if part is not None)


def gates(connection: sqlite3.Connection) -> list[GateState]:
    """Every gate that a provider or the profile ever set, by provider and model."""
    found = [GateState(*row) for row in connection.execute(_READ)]
    return sorted(found, key=lambda one: (one.provider, one.base_url, one.model, one.key_fp))


def reset(
    connection: sqlite3.Connection, *, provider: str | None, model: str | None, now: float
) -> int:
    """Let calls through that a provider's word kept back; how many gates were shut.

    `provider` None means all of them, `model` None all of the provider's.
    """
    shut = [
        state
        for state in gates(connection)
        if provider in (None, state.provider)
        and model in (None, state.model)
        and hold(state, 1, now) is not None
    ]
    for state in shut:
        write(connection, _opened(state))
    return len(shut)


def _opened(state: GateState) -> GateState:
    return structs.replace(
        state, until=0.0, remaining_requests=None, remaining_tokens=None, next_request=0.0
    )


def write(connection: sqlite3.Connection, state: GateState) -> None:
    """Put the gate's row as it is now."""
    connection.execute(_PUT, [state.key, *structs.astuple(state)])
