"""Follows what every process asks of models, by the log, on a thread of its own.

What this process does arrives the same way: through its own rows.
"""

import threading
import time
from collections.abc import Callable

from ultra.core.live import Live
from ultra.runtime.runtime import Runtime
from ultra.store.tail import Tail, last_words

BUSY_S = 0.05
"""The least time between two looks while things happen."""

IDLE_S = 0.25
"""The time between two looks when nothing has happened for a while."""

REMOTE_S = 1.0
"""The least time between two looks at a log on a network file system."""

CALM_S = 2.0
"""How long nothing must happen for looks to become rare."""

TIDY_S = 1.0
"""How often what time alone changes is seen to."""

SHARE = 4.0
"""How many times as long as a look took is rested after it: a full log leaves a core free."""


def said(runtime: Runtime, call_id: str) -> str:
    """The end of what a call has said, as a screen shows it; empty where nothing was kept.

    Raises `StoreError` when the log cannot be read.
    """
    return last_words(runtime.paths.database, call_id)


class Watch:
    """Tells `tell` whenever something is different, on its own thread; `live` is the latest.

    Closed by `close` or by `with`.
    """

    def __init__(self, runtime: Runtime, tell: Callable[[Live], None]) -> None:
        self._tail = Tail(runtime.paths.database)
        self._clock = runtime.clock
        self._tell = tell
        self._live = Live()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="ultra-watch", daemon=True)

    @property
    def live(self) -> Live:
        """What was seen last."""
        return self._live

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self, timeout_s: float = 1.0) -> None:
        """Look no more, and wait so long for the look under way."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        happened = tidied = time.monotonic()
        while not self._over.is_set():
            began = time.monotonic()
            live = self._tail.look(self._clock.time())
            if began - tidied >= TIDY_S:
                live, tidied = self._tail.tidy(self._clock.time()), began
            if live is not self._live:
                happened, self._live = began, live
                self._tell(live)
            took = time.monotonic() - began
            pause = BUSY_S if began - happened < CALM_S else IDLE_S
            if self._tail.remote:
                pause = max(pause, REMOTE_S)
            self._over.wait(max(pause - took, SHARE * took))
        self._tail.close()
