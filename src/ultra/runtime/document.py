"""The document of a run from what the run itself knows, in the shape that the log gives it."""

from collections.abc import Iterable

from msgspec.structs import replace

from ultra.core.ports import AttemptRecord, AttemptResult, RunEnd, RunRecord
from ultra.core.records import RunDocument
from ultra.store.documents import run_document
from ultra.store.rows import (
    AttemptRow,
    CallRow,
    RunRows,
    attempt_end,
    attempt_row,
    call_row,
    ended,
    run_row,
)

Attempts = Iterable[tuple[AttemptRecord, AttemptResult | None]]
"""Every attempt with how it ended; None while it runs."""


def document_of(run: RunRecord, attempts: Attempts, end: RunEnd) -> RunDocument:
    """The run as `--json` prints it: whole, also when its words are kept out of the log."""
    calls: dict[str, CallRow] = {}
    tries: list[AttemptRow] = []
    for record, result in attempts:
        call = calls.get(record.call_id) or call_row(record, keep_text=True)
        row = attempt_row(record)
        if result is not None:
            row = replace(row, end=attempt_end(result, keep_text=True))
            call = replace(call, status=result.status, ended_at=result.ended_at)
        calls[record.call_id] = call
        tries.append(row)
    return run_document(
        RunRows(
            ended(run_row(replace(run, keep_text=True), owner=""), end),
            tuple(calls.values()),
            tuple(tries),
            verdict=end.verdict,
            tags=dict(sorted(run.tags.items())),
        )
    )
