"""A watch of the log on a thread of its own."""

import queue
from pathlib import Path

from tests.support.ledger import attempt_record, ledger_at, result, run_record, tell
from tests.support.patience import PATIENCE_S
from tests.support.tui import runtime
from ultra.core.live import Live
from ultra.runtime.watching import Watch


async def test_what_others_write_is_told_until_it_is_closed(tmp_path: Path) -> None:
    made = runtime(tmp_path / "home")
    told: queue.Queue[Live] = queue.Queue()
    ledger = ledger_at(made.paths.database)
    with Watch(made, told.put) as watch:
        attempt = attempt_record(started_at=made.clock.time())
        ledger.begin_run(run_record(started_at=made.clock.time()))
        await ledger.admit(attempt)
        live = told.get(timeout=PATIENCE_S)
        while not live.calls:
            live = told.get(timeout=PATIENCE_S)
        (call,) = live.calls.values()
        assert call.running

        ledger.close(attempt.attempt_id, result(ended_at=made.clock.time()))
        assert await ledger.flush(30.0)
        while live.calls[call.call_id].running:
            live = told.get(timeout=PATIENCE_S)
        assert watch.live is live
    await tell(ledger, "run000000002")
    assert told.empty()
    ledger.shutdown(30.0)
