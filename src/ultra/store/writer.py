"""The one thread that writes: what has been said meanwhile is committed as one group."""

import queue
import threading
import time

from ultra.store.committer import RETRY_S, Committer
from ultra.store.operations import URGENT, Flush, Operation, Pieces, Stop, Wake

LINGER_S = 0.01
"""How long closes wait for company: a fan-out then costs a few commits, not one a call."""


class Writer:
    """Gathers what is said into groups and hands them to the committer, on a daemon thread.

    `checkpoint_s` is how often texts under way are kept.
    """

    def __init__(self, committer: Committer, checkpoint_s: float) -> None:
        self._committer = committer
        self._checkpoint_s = checkpoint_s
        self._queue: queue.SimpleQueue[Operation] = queue.SimpleQueue()
        self._texts: dict[str, list[str]] = {}
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._waiting: list[Operation] = []
        self._checkpoint_at: float | None = None

    @property
    def started(self) -> bool:
        """Whether anything was ever said."""
        return self._thread is not None

    def post(self, operation: Operation) -> None:
        """Say what is to be put on record. Never blocks."""
        self._queue.put(operation)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="ultra-log", daemon=True)
            self._thread.start()

    def add_text(self, attempt_id: str, piece: str) -> None:
        """Keep a piece for the next checkpoint. Never blocks; cheap enough for every chunk."""
        with self._guard:
            first = not self._texts
            self._texts.setdefault(attempt_id, []).append(piece)
        if first:
            self.post(Wake())

    def drop_text(self, attempt_id: str) -> None:
        """Forget pieces that wait for a checkpoint: the whole text is about to be said."""
        with self._guard:
            self._texts.pop(attempt_id, None)

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end after `Stop`."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _work(self) -> None:
        stopped = False
        while not stopped:
            group = self._gather()
            stopped = any(isinstance(item, Stop) for item in group)
            self._waiting += group
            if self._waiting:
                self._waiting = self._committer.settle(self._waiting)
        self._committer.close()

    def _gather(self) -> list[Operation]:
        """What there is to do, after a moment for closes to gather company."""
        group = self._next(self._patience_s())
        end = time.monotonic() + LINGER_S
        while group and not any(isinstance(item, URGENT) for item in group):
            more = self._next(max(0.0, end - time.monotonic()))
            if not more:
                break
            group += more
        return self._with_texts(group)

    def _next(self, timeout_s: float | None) -> list[Operation]:
        """All that is queued, waiting for the first so long; None waits for ever."""
        group: list[Operation] = []
        try:
            group.append(self._queue.get(timeout=timeout_s))
            while True:
                group.append(self._queue.get_nowait())
        except queue.Empty:
            return group

    def _patience_s(self) -> float | None:
        waits = [RETRY_S] if self._waiting else []
        if self._checkpoint_at is not None:
            waits.append(max(0.0, self._checkpoint_at - time.monotonic()))
        return min(waits, default=None)

    def _with_texts(self, group: list[Operation]) -> list[Operation]:
        """The group without its wake-ups, and with the checkpoint when that is due."""
        work: list[Operation] = [item for item in group if not isinstance(item, Wake)]
        now = time.monotonic()
        if self._checkpoint_at is None and len(work) < len(group):
            self._checkpoint_at = now + self._checkpoint_s
        if self._checkpoint_at is None:
            return work
        if now < self._checkpoint_at and not any(isinstance(item, Flush | Stop) for item in work):
            return work
        self._checkpoint_at = None
        with self._guard:
            texts, self._texts = self._texts, {}
        joined = {attempt_id: "".join(pieces) for attempt_id, pieces in texts.items()}
        return [Pieces(joined), *work] if joined else work
