"""Processes that share budgets, without the processes: each has an owner and a connection."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests.support.ledger import ENDPOINT, attempt_record
from ultra.core.budget import Bound, Limit
from ultra.core.ledger import Admitted, AttemptRecord, AttemptResult, Refused, RunEnd, RunRecord
from ultra.core.model import Target
from ultra.core.profile import BreakerRules
from ultra.store.admission import Admission
from ultra.store.database import Place, open_database
from ultra.store.limits import keep_limits
from ultra.store.operations import Admit, Close, End, Operation, Reply
from ultra.store.owner import myself, to_text
from ultra.store.transactions import PromptCache, commit

NOON = 1_790_164_800.0
"""2026-09-23, 12:00 UTC, a Wednesday."""

CENT = 10_000_000


class Process:
    """One process as the file sees it; `owner` None is this very process, which lives."""

    def __init__(
        self, path: Path, now: Callable[[], float], *, owner: str | None = None, network: str = ""
    ) -> None:
        place = Place(path, mounts=path.with_name("no-mounts"))
        self.connection = open_database(place, now()).connection
        self.owner = owner or to_text(myself())
        self.admission = Admission(BreakerRules(), self.owner, now)
        self.admission.lies_on(network)
        self._prompts = PromptCache()

    def limit(
        self,
        nano: int,
        scope: str = "all",
        period: str = "day",
        mode: str = "hard",
        zone: str = "UTC",
    ) -> None:
        """Set a limit of the store."""
        limit = Limit(scope, period, nano, mode, zone)  # type: ignore[arg-type]
        keep_limits(self.connection, [limit], NOON)

    def commit(self, *operations: Operation) -> list[Admitted | Refused]:
        """Put a group on record."""
        return commit(self.connection, operations, self.owner, self._prompts, self.admission)

    def admit(self, attempt: AttemptRecord, run: RunRecord) -> Admitted | Refused:
        """Ask for one attempt."""
        return self.commit(asking(attempt, run))[0]

    def close(self, attempt: AttemptRecord, nano: int | None, **fields: Any) -> None:
        """End an attempt that was charged so much."""
        self.commit(ending(attempt, nano, **fields))

    def end(self, run: RunRecord) -> None:
        """End a run."""
        self.commit(End(run, RunEnd("ok", NOON, 1.0)))

    def counters(self, scope: str = "all", period: str = "day") -> list[tuple[Any, ...]]:
        """Window, spent, reserved and uncertain of a budget, oldest first."""
        return self.connection.execute(
            "SELECT window_id, spent_nano, reserved_nano, uncertain_nano FROM budget"
            " WHERE scope = ? AND period = ? ORDER BY window_id",
            (scope, period),
        ).fetchall()


def asking(attempt: AttemptRecord, run: RunRecord) -> Admit:
    """The admission of an attempt that somebody waits for."""
    waiting: Any = object()
    return Admit(attempt, run, Reply(waiting, waiting))


def ending(attempt: AttemptRecord, nano: int | None, **fields: Any) -> Close:
    """The end of an attempt."""
    told: dict[str, Any] = {
        "status": "ok",
        "ended_at": NOON,
        "duration_s": 1.0,
        "cost_nano": nano,
        "charged_nano": nano,
        **fields,
    }
    return Close(attempt.attempt_id, AttemptResult(**told), True, attempt)


def run_of(run_id: str = "run000000001", **fields: Any) -> RunRecord:
    """A run of a profile called `home`."""
    told = {"verb": "ask", "strategy": "single", "started_at": NOON, "profile": "home"}
    return RunRecord(run_id, **{**told, **fields})


def attempt_of(
    run: RunRecord,
    call: int = 1,
    number: int = 1,
    *,
    cost: int = CENT,
    at: float = NOON,
    provider: str = "lab",
    **fields: Any,
) -> AttemptRecord:
    """An attempt that costs exactly so much: all of it for its input."""
    endpoint = replace(ENDPOINT, provider=provider)
    told: dict[str, Any] = {
        "target": Target("fast", "m-1", endpoint),
        "bound": Bound(cost, 0),
        "charged_nano": cost,
        "started_at": at,
    }
    return attempt_record(run.run_id, call, number, **{**told, **fields})
