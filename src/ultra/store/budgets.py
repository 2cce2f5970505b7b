"""Budgets that all processes share: reserved before an attempt leaves, settled once after.

A fan-out sets aside the whole of itself before its first attempt leaves; its attempts draw on that,
retries and fallbacks reserve anew.
"""

import sqlite3
from collections.abc import Sequence
from itertools import chain

from msgspec import Struct

from ultra.core.budget import RUN, Bound, Limit, scopes_of
from ultra.core.errors import Failure
from ultra.core.ledger import Admitted, AttemptRecord, AttemptResult, Refused, RunRecord
from ultra.store.allowance import (
    Line,
    Share,
    allow,
    allow_whole,
    lines_of,
    no_price,
    on_network,
    warning,
)
from ultra.store.counters import MOST_NANO, Reservation
from ultra.store.dead import release_dead
from ultra.store.hedges import no_copy
from ultra.store.holding import Holding
from ultra.store.limits import stored_limits

SPARE_S = 60.0
"""How much longer than its run a reservation may be held before its owner counts as late."""


class _Standing(Struct, frozen=True):
    """What was decided for a run as a whole; `holds` are the ids of what it has set aside.

    `bounded` says that it has a budget of its own.
    """

    share: Share | None = None
    refusal: Failure | None = None
    holds: tuple[str, ...] = ()
    bounded: bool = False


class Budgets:
    """Reads and moves the rows of `budget` and `reservation`, inside the caller's transaction.

    `network` names the network file system that the file lies on: no hard budget is kept there.
    `known` are the limits of the store as they were last read.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._open: set[str] = set()
        self._runs: dict[str, _Standing] = {}
        self._swept = False
        self.network = ""
        self.known: tuple[Limit, ...] = ()

    def begin(self, connection: sqlite3.Connection, closing: Sequence[str], now: float) -> None:
        """Forget what was not committed, and read the reservations that a transaction is about.

        Without any of this process's own nothing is read.
        """
        holds = chain.from_iterable(run.holds for run in self._runs.values())
        ids = [*holds, *(name for name in closing if name in self._open)]
        self._work = Holding(connection, ids, now)
        self._closing = closing
        self._deciding = dict(self._runs)
        self._stored: tuple[Limit, ...] | None = None

    def reserve(
        self,
        connection: sqlite3.Connection,
        attempt: AttemptRecord,
        run: RunRecord,
        now: float,
    ) -> Admitted | Refused:
        """Set aside what the attempt may cost in every scope, or refuse it in all of them."""
        lines = self._lines_of(connection, attempt, run, now)
        if not lines:
            return Admitted()
        hard = [line for line in lines if line.hard]
        failure = self._forbidden(attempt, run, hard, now)
        if failure is not None:
            return Refused(failure)
        if attempt.bound is not None and attempt.bound.free:
            return Admitted()
        if attempt.bound is not None and hard:
            return self._within(attempt, attempt.bound, lines, now)
        self._count(attempt, lines, now)
        return Admitted(notes=_warnings(lines))

    def _within(
        self, attempt: AttemptRecord, bound: Bound, lines: Sequence[Line], now: float
    ) -> Admitted | Refused:
        """Set aside what hard budgets allow the attempt, and the cap on its answer that buys."""
        fund, share = self._fund(attempt), self._deciding[attempt.run_id].share
        allowed = allow(bound, [line for line in lines if line.hard], fund, share)
        if isinstance(allowed, Failure):
            return Refused(allowed)
        self._take(attempt, lines, allowed.nano, now, fund)
        notes = (*_warnings(lines), *((allowed.note,) if allowed.note else ()))
        return Admitted(notes=notes, output_tokens=allowed.output_tokens, reserve_nano=allowed.nano)

    def count(
        self, connection: sqlite3.Connection, attempt: AttemptRecord, run: RunRecord, now: float
    ) -> None:
        """Set aside what an attempt may cost that has left already, whether it fits or not."""
        lines = self._lines_of(connection, attempt, run, now)
        if lines and not (attempt.bound is not None and attempt.bound.free):
            self._count(attempt, lines, now)

    def settle(self, attempt_id: str, result: AttemptResult) -> None:
        """Turn the reservation into what was spent, exactly once; what never left gives it back."""
        item = self._work.held.get(attempt_id)
        if item is None:
            return
        charged = item.amount if result.charged_nano is None else result.charged_nano
        actual = min(charged, MOST_NANO)
        went = result.status == "ok" or (result.failure is not None and result.failure.sent)
        self._work.end(item, "settled" if actual or went else "released", actual)

    def end_run(self, run_id: str) -> None:
        """Release what is left of what the run had set aside."""
        standing = self._deciding.pop(run_id, None)
        if standing is None:
            return
        for name in standing.holds:
            if name in self._work.held:
                self._work.end(self._work.held[name], "released", 0)
        if standing.bounded:
            self._work.windows.forget_run(run_id)

    def finish(self) -> None:
        """Write what the transaction has changed, in a few statements however many attempts."""
        self._work.write()

    def written(self) -> None:
        """Remember what the transaction has changed, now that it is committed."""
        self._runs = self._deciding
        self._open |= self._work.created.keys()
        self._open.difference_update(self._closing)

    def _lines_of(
        self, connection: sqlite3.Connection, attempt: AttemptRecord, run: RunRecord, now: float
    ) -> list[Line]:
        """What bounds an attempt; nothing for one of a simulated endpoint, which spends nothing."""
        if attempt.target.endpoint.simulated:
            return []
        if self._stored is None:
            self._stored = self.known = stored_limits(connection)
        if (self._stored or run.limits) and not self._swept:
            self._swept = True
            release_dead(connection, now)
        return self._lines(run, attempt.target.endpoint.provider, attempt.key_fp)

    def _lines(self, run: RunRecord, provider: str, key_fp: str) -> list[Line]:
        stored = self._stored or ()
        if not stored and not run.limits:
            return []
        scopes = scopes_of(run.profile, run.cost_center, run.tags, provider, key_fp)
        return lines_of(scopes, stored, run.limits, self._work.windows, run.run_id)

    def _forbidden(
        self, attempt: AttemptRecord, run: RunRecord, hard: Sequence[Line], now: float
    ) -> Failure | None:
        """Why the attempt must not leave whatever is left of the budgets; None when it may."""
        if hard and self.network:
            return on_network(hard[0].limit, self.network)
        if attempt.kind == "hedge" and any(line.nearly_used for line in hard):
            return no_copy(attempt, "a hard budget is nearly used up").failure
        if run.run_id not in self._deciding:
            self._deciding[run.run_id] = self._decide(attempt, run, now)
        refusal = self._deciding[run.run_id].refusal
        if refusal is None and hard and attempt.bound is None:
            return no_price(hard[0].limit, f"`{attempt.target.ref}`")
        return refusal

    def _decide(self, attempt: AttemptRecord, run: RunRecord, now: float) -> _Standing:
        own = attempt.target.endpoint.provider
        lines = {
            name: self._lines(run, name, attempt.key_fp if name == own else "")
            for name in {own, *(call.provider for call in run.plan)}
        }
        bounded = any(line.limit.scope == RUN for line in lines[own])
        hard = {name: [line for line in some if line.hard] for name, some in lines.items()}
        if len(run.plan) < 2 or not any(hard.values()):
            return _Standing(bounded=bounded)
        share = allow_whole(run.plan, hard)
        if isinstance(share, Failure):
            return _Standing(refusal=share, bounded=bounded)
        holds = []
        for provider, nano in share.costs.items():
            if nano and lines[provider]:
                name = f"{run.run_id}/{provider}"
                holds.append(name)
                self._hold(name, run.run_id, nano, lines[provider], now + attempt.lease_s)
        return _Standing(share, holds=tuple(holds), bounded=bounded)

    def _fund(self, attempt: AttemptRecord) -> Reservation | None:
        """What the run has set aside for the attempt; retries and fallbacks have no part in it."""
        if attempt.number > 1 or attempt.kind != "primary":
            return None
        return self._work.held.get(f"{attempt.run_id}/{attempt.target.endpoint.provider}")

    def _count(self, attempt: AttemptRecord, lines: Sequence[Line], now: float) -> None:
        """Reserve the estimate of an attempt; one without a price is only counted."""
        if attempt.charged_nano is not None:
            self._take(attempt, lines, attempt.charged_nano, now, None)
            return
        for window in {line.window.key: line.window for line in lines}.values():
            window.unpriced += 1

    def _take(
        self,
        attempt: AttemptRecord,
        lines: Sequence[Line],
        nano: int,
        now: float,
        fund: Reservation | None,
    ) -> None:
        if fund is not None:
            self._work.draw(fund, min(fund.amount, nano))
        self._hold(attempt.attempt_id, attempt.run_id, nano, lines, now + attempt.lease_s)

    def _hold(self, name: str, run_id: str, nano: int, lines: Sequence[Line], until: float) -> None:
        windows = tuple(dict.fromkeys(line.window.key for line in lines))
        self._work.take(Reservation(name, run_id, nano, windows, self._owner, until + SPARE_S))


def _warnings(lines: Sequence[Line]) -> tuple[str, ...]:
    return tuple(note for line in lines if (note := warning(line)))
