"""`core.ledger` on a SQLite file."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from ultra.core.ledger import Admitted, AttemptRecord, AttemptResult, Refused, RunEnd, RunRecord
from ultra.core.ports import Clock
from ultra.core.profile import BreakerRules
from ultra.core.verdict import Verdict
from ultra.store.committer import Committer
from ultra.store.database import Place
from ultra.store.operations import Admit, Close, End, Flush, Judged, Reply, Served, Stop
from ultra.store.unrecorded import verdict
from ultra.store.writer import Writer

SPARE_S = 1.0
"""How much longer than for a lock an attempt waits for its row: a disk may hang for ever."""


class SqliteLedger:
    """Fills `ports.Ledger`. Opens its file with the first attempt, on a thread of its own.

    `warn` is told, on the event loop, what the user should know of the file. A log that cannot be
    written lets every attempt go, and is tried again when the next run begins.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        warn: Callable[[str], None],
        place: Place | None = None,
        checkpoint_s: float = 1.0,
        breaker: BreakerRules | None = None,
    ) -> None:
        self._place = place or Place(path)
        self._clock = clock
        self._committer = Committer(
            self._place, now=clock.time, warn=warn, breaker=breaker or BreakerRules()
        )
        self._writer = Writer(self._committer, checkpoint_s)
        self._runs: dict[str, RunRecord] = {}
        self._open: dict[str, tuple[AttemptRecord, RunRecord]] = {}

    @property
    def commits(self) -> int:
        """Transactions that wrote, for benchmarks."""
        return self._committer.commits

    def begin_run(self, run: RunRecord) -> None:
        """Note the run; it is committed together with its first attempt."""
        self._runs[run.run_id] = run
        self._committer.try_again()

    async def admit(self, attempt: AttemptRecord) -> Admitted | Refused:
        """Commit the attempt's row with those of its run, call and prompt.

        When the wait is cancelled the attempt is closed as cancelled and free: it never left.
        """
        run = self._runs[attempt.run_id]
        self._open[attempt.attempt_id] = (attempt, run)
        reply = _reply()
        asked = Admit(attempt, run, reply)
        self._writer.post(asked)
        held_up = self._committer.held_up
        try:
            async with asyncio.timeout(0.0 if held_up else self._place.busy_s + SPARE_S):
                outcome = await reply.future
        except TimeoutError:
            asked.reply = None  # what is decided here is not decided once more by the writer
            warning = held_up or f"the log `{self._place.path}` does not answer"
            late = verdict(attempt, run, self._committer.limits, warning)
            if isinstance(late, Refused):
                self.close(attempt.attempt_id, _never_left(self._clock.time()))
            return late
        except asyncio.CancelledError:
            self.close(attempt.attempt_id, _never_left(self._clock.time()))
            raise
        assert isinstance(outcome, Admitted | Refused)  # noqa: S101  the reply to an admit
        if isinstance(outcome, Refused):
            del self._open[attempt.attempt_id]
        return outcome

    def serve(self, attempt: AttemptRecord, result: AttemptResult) -> None:
        """Put a call on record that an earlier answer served. Never blocks."""
        self._writer.post(Served(attempt, result, self._runs[attempt.run_id]))

    def checkpoint(self, attempt_id: str, piece: str) -> None:
        """Keep more of a text that is still coming, at most once a second. Never blocks."""
        known = self._open.get(attempt_id)
        if known and known[1].keep_text:
            self._writer.add_text(attempt_id, piece)

    def close(self, attempt_id: str, result: AttemptResult) -> None:
        """Complete the attempt's row, and its call's with the last attempt. Never blocks."""
        attempt, run = self._open.pop(attempt_id, (None, None))
        self._writer.drop_text(attempt_id)
        keep_text, hash_key = (run.keep_text, run.hash_key) if run else (False, b"")
        self._writer.post(Close(attempt_id, result, keep_text, attempt, hash_key))

    def add_verdict(self, run_id: str, verdict: Verdict) -> None:
        """Keep what was found when the run's answers were compared. Never blocks."""
        self._writer.post(Judged(run_id, verdict))

    def end_run(self, run_id: str, end: RunEnd) -> None:
        """Complete the run's row, made now if no attempt ever left. Never blocks."""
        run = self._runs.pop(run_id)
        self._writer.post(End(run, end))

    async def flush(self, timeout_s: float, *, patient: bool = False) -> bool:
        """Wait until all that was said is committed; false when it took too long or cannot be.

        With `patient` the time in which the file is brought up to date does not count.
        """
        if not self._writer.started:
            return True
        reply = _reply()
        self._writer.post(Flush(reply))
        held_up = True
        while held_up and not reply.future.done():
            before = self._committer.held_up
            await asyncio.wait([reply.future], timeout=timeout_s)
            held_up = patient and bool(before or self._committer.held_up)
        return reply.future.done() and reply.future.result() is True

    def shutdown(self, timeout_s: float = 1.0) -> None:
        """Commit what was said and let go of the file, waiting at most so long.

        Nobody waits any more for a file that is still brought up to date.
        """
        if self._writer.started:
            self._writer.post(Stop())
            self._writer.join(0.0 if self._committer.held_up else timeout_s)


def _reply() -> Reply:
    loop = asyncio.get_running_loop()
    return Reply(loop, loop.create_future())


def _never_left(now: float) -> AttemptResult:
    return AttemptResult("cancelled", now, 0.0, cost_nano=0, charged_nano=0)
